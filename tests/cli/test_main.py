"""Tests of the command line as a whole: help, errors, warnings, exit codes."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from rlcore import cli
from rlcore.errors import InvalidArgument, TrainingFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAVY = {"rich", "attr", "attrs", "yaml", "pluggy", "boto3", "importlib.metadata"}
FAILURE = TrainingFailed("it failed", job_name="job", actual_status="Failed")


def imported(*arguments: str) -> set[str]:
    """Return the modules that a fresh process imports to run the command line."""
    process = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "rlcore", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return {line.rpartition("|")[2].strip() for line in process.stderr.splitlines()}


def commands() -> Iterator[tuple[str, click.Command]]:
    """Yield every command by its words, those of groups too."""
    context = click.Context(cli.main)
    for name in cli.COMMANDS:
        command = cli.main.get_command(context, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {key}", each) for key, each in command.commands.items())


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """Make `rlcore jobs` raise the exception that a test puts into the list."""
    raised: list[BaseException] = []

    @click.command
    def jobs() -> None:
        raise raised[0]

    monkeypatch.setattr("rlcore.cli.jobs.jobs", jobs)
    return raised


def test_help_imports_next_to_nothing() -> None:
    """Help needs neither a command's module nor anything that is slow to import."""
    modules = imported("--help")

    assert set() == modules & HEAVY
    assert {"rlcore.cli"} == {name for name in modules if name.startswith("rlcore.cli")}


def test_the_list_of_toolkits_imports_no_plugin() -> None:
    """The list is made from metadata alone, and plain text needs no rich."""
    modules = imported("toolkits")

    assert set() == {name for name in modules if name.startswith("rl_plugin")}
    assert set() == modules & {"rich", "yaml", "pluggy", "boto3"}


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_the_table_says_what_the_commands_say(name: str) -> None:
    """The table's line is the first sentence of the command's own help."""
    command = dict(commands())[name]

    assert command.help is not None
    assert cli.COMMANDS[name] == command.help.partition("\n")[0]


@pytest.mark.parametrize("words", [words for words, _ in commands()])
def test_help_ends_with_an_example(words: str) -> None:
    """Every command shows how it is called."""
    result = CliRunner().invoke(cli.main, [*words.split(), "--help"])

    assert 0 == result.exit_code
    assert f"\n    rlcore {words}" in result.stdout.partition("Example:")[2]


def test_no_command_shows_help() -> None:
    """`rlcore` alone is asked what it can do."""
    result = CliRunner().invoke(cli.main, [])

    assert (0, True) == (result.exit_code, "Commands:" in result.stdout)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian"], "error: No such command 'trian'. Did you mean 'train'? See 'rlcore --help'.\n"),
        (["attach", "job"], "error: No such command 'attach'. Did you mean 'logs -f'? See"),
        (["jobs", "--limit", "x"], "error: Invalid value for '-n' / '--limit': 'x' is not a valid"),
        (["logs"], "error: Give the NAME of a job, or --last for the newest"),
        (["--bogus"], "error: No such option"),
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], message: str) -> None:
    """What is wrong stands on one line of standard error, and the exit code is 2."""
    result = CliRunner().invoke(cli.main, arguments)

    assert (2, "", 1) == (result.exit_code, result.stdout, result.stderr.count("\n"))
    assert result.stderr.startswith(message)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (InvalidArgument("bad"), 2, "error: bad\n"),
        (FAILURE, 1, "error: it failed\n"),
        (OSError(28, "No space left on device"), 2, "error: [Errno 28] No space left on device\n"),
        (BrokenPipeError(32, "Broken pipe"), 1, ""),
        (KeyboardInterrupt(), 130, "\n"),
    ],
)
def test_errors_become_exit_codes(
    failing: list[BaseException], error: BaseException, code: int, message: str
) -> None:
    """Bad input, a failed job, a reader that left and Ctrl-C differ; none shows a traceback."""
    failing.append(error)

    result = CliRunner().invoke(cli.main, ["jobs"])

    assert (code, message) == (result.exit_code, result.stderr)


@pytest.mark.parametrize(
    ("arguments", "environ"), [(["--traceback"], {}), ([], {"RLCORE_TRACEBACK": "1"})]
)
def test_traceback_on_demand(
    failing: list[BaseException], arguments: list[str], environ: dict[str, str]
) -> None:
    """Whoever looks for a bug sees where the error came from."""
    failing.append(InvalidArgument("bad"))

    result = CliRunner(env=environ).invoke(cli.main, [*arguments, "jobs"])

    assert isinstance(result.exception, InvalidArgument)


def test_warnings_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A warning is for a person: no file name, no line of code."""

    @click.command
    def jobs() -> None:
        warnings.simplefilter("always")
        warnings.warn("look out", UserWarning, stacklevel=1)

    monkeypatch.setattr("rlcore.cli.jobs.jobs", jobs)

    result = CliRunner().invoke(cli.main, ["jobs"])

    assert (0, "warning: look out\n") == (result.exit_code, result.stderr)


def test_version() -> None:
    """The version is that of the distribution."""
    result = CliRunner().invoke(cli.main, ["--version"])

    assert (0, True) == (result.exit_code, result.stdout.startswith("rlcore 0."))
