"""The command line.

Nothing but click is imported here: a command's module is imported when the command runs.

Exit codes: 0 success; 1 the job, the endpoint, the question to it or the evaluation failed, or a
check found a problem; 2 wrong usage or bad input; 3 the job was stopped; 130 Ctrl-C.
"""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from typing import Any, NoReturn

import click

from rlcore import __version__
from rlcore.errors import (
    EndpointFailed,
    EvaluationFailed,
    InvocationFailed,
    RLCoreError,
    TrainingFailed,
    did_you_mean,
)

COMMANDS = {
    "train": "Train a script with its toolkit, and follow the job.",
    "jobs": "List training jobs, newest first.",
    "logs": "Show a job's log.",
    "curve": "Show a job's learning curve.",
    "stop": "Stop a job; what it saved is kept.",
    "deploy": "Deploy a job's model, or one from elsewhere, to an endpoint.",
    "endpoints": "List endpoints, newest first.",
    "predict": "Ask an endpoint.",
    "delete": "Delete endpoints.",
    "evaluate": "Play episodes with a policy, through its endpoint and without.",
    "check-env": "Look at an environment before training in it.",
    "toolkits": "List toolkits, their releases and where each runs.",
    "env": "List, build and remove environments of toolkits.",
    "new": "Start a package of your own: the plugin of a toolkit.",
}
"""What each command does; it is the function of that name, its hyphens being underscores, in the
module of that name."""

_NAMES_ELSEWHERE = {
    **dict.fromkeys(("attach", "follow", "tail"), "logs -f"),
    **dict.fromkeys(("serve", "host"), "deploy"),
    **dict.fromkeys(("invoke", "query"), "predict"),
    **dict.fromkeys(("undeploy", "rm"), "delete"),
    **dict.fromkeys(("eval", "rollout", "play"), "evaluate"),
}
"""What other tools call a command of ours."""

FAILED, BAD_INPUT, STOPPED, INTERRUPTED = 1, 2, 3, 130
_FAILURES = (TrainingFailed, EndpointFailed, InvocationFailed, EvaluationFailed)


class CommandLine(click.Group):
    """Finds commands in the table, and turns what goes wrong into one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(importlib.import_module(f"rlcore.cli.{name}"), name)
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the table, so that help imports no command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command where there is none of the name."""
        if args[0] not in COMMANDS and not ctx.resilient_parsing:
            ctx.fail(f"No such command {args[0]!r}.{_nearest(args[0])}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, whose answer is the exit code; None is 0."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # click leaves quietly
            raise
        except (RLCoreError, OSError) as error:
            if ctx.params["traceback"]:
                raise
            failure = _Failed if isinstance(error, _FAILURES) else _BadInput
            raise failure(str(error)) from error

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Run the command line and leave the process with its exit code."""
        extra = {"prog_name": "rlcore", **extra, "standalone_mode": False}
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning  # type: ignore[assignment]
            try:
                code = super().main(*args, **extra)
            except click.ClickException as error:
                click.echo(f"error: {_message(error)}", err=True)
                code = error.exit_code
            except click.Abort:
                code = INTERRUPTED
        sys.exit(code)


def _nearest(command: str) -> str:
    elsewhere = _NAMES_ELSEWHERE.get(command)
    return f" Did you mean {elsewhere!r}?" if elsewhere else did_you_mean(command, COMMANDS)


class _BadInput(click.ClickException):
    """One of our errors, or one of the machine's, on its way out."""

    exit_code = BAD_INPUT


class _Failed(click.ClickException):
    """A job, an endpoint or a question to it that failed, likewise."""

    exit_code = FAILED


def _message(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f" See '{context.command_path} --help'." if context else ""
    return f"{error.format_message()}{hint}"


def _show_warning(message: Warning | str, *_: object) -> None:
    click.echo(f"warning: {message}", err=True)


_EPILOG = """\b
Example:
  rlcore train train.py --toolkit ray --toolkit-version 2.60.0 --framework pytorch
  rlcore logs -f --last

\b
Completion of commands and options, for bash (zsh and fish likewise):
  eval "$(_RLCORE_COMPLETE=bash_source rlcore)"
"""


@click.command(
    "rlcore",
    cls=CommandLine,
    epilog=_EPILOG,
    invoke_without_command=True,
    context_settings={"max_content_width": 100},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.option(
    "--traceback",
    is_flag=True,
    envvar="RLCORE_TRACEBACK",
    help="Show where an error came from.  [env: RLCORE_TRACEBACK]",
)
@click.pass_context
def main(ctx: click.Context, *, traceback: bool) -> None:  # noqa: ARG001 - `invoke` reads it
    """Train reinforcement-learning scripts, on this machine or another platform."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        ctx.color = False
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
