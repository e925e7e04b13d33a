"""Tests of `rlcore train` on the local platform, with a real toolkit distribution."""

from __future__ import annotations

import json
import signal
import subprocess
import textwrap
from typing import TYPE_CHECKING

import pytest

from rlcore.cli.jobfile import read_job

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

VW = ("--toolkit", "vw", "--toolkit-version", "8.7.0")


def test_trains(rlcore: Run, rlcore_home: Path) -> None:
    """Log and outcome go to standard output, plain; the job's name goes to standard error."""
    process = rlcore("train", "train.py", *VW, "--job-name", "one", "-H", "rounds=2")

    assert 0 == process.returncode
    assert "example 1\naverage loss = 0.50\n" in process.stdout
    assert "\x1b" not in process.stdout + process.stderr
    assert 1 == process.stdout.count("\nSucceeded one\n")
    assert "Started one\n" == process.stderr
    assert (rlcore_home / "output/one/output/model.tar.gz").exists()


def test_plan_starts_nothing(rlcore: Run, rlcore_home: Path) -> None:
    """A plan is printed, and no file is written."""
    process = rlcore("train", "train.py", *VW, "--job-name", "one", "-H", "lr=3e-4", "--plan")

    assert (0, "") == (process.returncode, process.stderr)
    assert "lr = 0.0003" in process.stdout
    assert not rlcore_home.exists()


def test_plan_as_json(rlcore: Run) -> None:
    """A program reads the platform and what it would be sent."""
    process = rlcore("train", "-f", "job.yaml", "--job-name", "one", "--plan", "--json")

    plan = json.loads(process.stdout)
    assert ("local", "one") == (plan["platform"], plan["document"]["request"]["name"])


def test_the_command_line_wins_over_the_file(rlcore: Run, project: Path) -> None:
    """Mappings are merged name by name; the other vocabulary's name means the same argument."""
    extra = "train_max_run: 60\ntags: [{Key: team, Value: a}, {Key: kind, Value: b}]\n"
    (project / "job.yaml").write_text((project / "job.yaml").read_text() + extra)

    process = rlcore(
        *("train", "-f", "job.yaml", "--plan", "--json", "--max-run", "120"),
        *("-H", "n=1", "-H", "lr=1", "--tag", "team=c"),
    )

    request = json.loads(process.stdout)["document"]["request"]
    assert {"lr": 1, "n": 1} == request["hyperparameters"]
    assert {"team": "c", "kind": "b"} == request["tags"]
    assert 120 == request["resources"]["max_run"]


def test_the_file_may_lie_elsewhere(rlcore: Run, project: Path) -> None:
    """Paths in a job file are read from its folder."""
    (project / "jobs").mkdir()
    text = (project / "job.yaml").read_text().replace("train.py", "../train.py")
    (project / "jobs/job.yaml").write_text(text)

    process = rlcore("train", "-f", "jobs/job.yaml", "--plan")

    assert (0, "") == (process.returncode, process.stderr)


def test_inputs_reach_the_job(rlcore: Run, project: Path) -> None:
    """Channels are named on the command line; one without a name is `training`."""
    (project / "data").mkdir()

    process = rlcore(
        *("train", "-f", "job.yaml", "--plan", "--json"),
        *("--input", "data", "--input", "more=./data"),
    )

    channels = json.loads(process.stdout)["document"]["request"]["channels"]
    address = (project / "data").as_uri()
    expected = [("training", address), ("more", address)]
    assert expected == [(channel["name"], channel["uri"]) for channel in channels]


def test_a_failed_job(rlcore: Run) -> None:
    """The exit code is 1, the outcome names the script's, and no traceback of ours is shown."""
    process = rlcore("train", "train.py", *VW, "--job-name", "one", "-H", "code=7")

    assert 1 == process.returncode
    assert 1 == process.stdout.count("\nFailed one: ")
    assert "exit code 7" in process.stdout
    assert "Started one\n" == process.stderr


def test_a_failed_job_as_json(rlcore: Run) -> None:
    """A program reads state and exit code; standard output holds nothing else."""
    process = rlcore("train", "-f", "job.yaml", "-H", "code=7", "--json")

    status = json.loads(process.stdout)
    assert (1, "Failed", 7) == (process.returncode, status["state"], status["exit_code"])
    assert "error: Error for Training job" in process.stderr


def test_a_successful_job_as_json(rlcore: Run) -> None:
    """The model's address is there."""
    process = rlcore("train", "-f", "job.yaml", "--job-name", "one", "--json")

    status = json.loads(process.stdout)
    assert (0, "one", "Succeeded") == (process.returncode, status["name"], status["state"])
    assert status["model_data"].endswith("/one/output/model.tar.gz")


def test_brief_shows_metrics(rlcore: Run) -> None:
    """And the stages; the rest of the log is there for whoever asks."""
    process = rlcore("train", "-f", "job.yaml", "--job-name", "one", "--brief", "-H", "rounds=1")

    assert 0 == process.returncode
    shown = process.stdout.partition("\nSucceeded one\n")[0].splitlines()
    assert ["stage: Training", "average loss = 1.00", "stage: Packing"] == [
        line
        for line in shown
        if line in {"stage: Training", "stage: Packing"} or line.startswith(("average", "example"))
    ]
    assert "example 0\n" in rlcore("logs", "one").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--toolkit", "ray"], "provide `--toolkit-version`, `--framework` or `--image-name`"),
        ([*VW, "--instance-count", "2"], "and --instance-count is 2. Set it to 1."),
        ([*VW, "--max-run", "0"], "--max-run must be"),
        ([*VW, "--image-uri", "mine"], "Leave --image-uri away and name --toolkit, --toolkit-ver"),
        (
            [*VW, "--instance-type", "local", "--train-instance-type", "local"],
            "'--train-instance-type' and '--instance-type' are two names of one argument.",
        ),
    ],
)
def test_errors_name_options(rlcore: Run, arguments: list[str], words: str) -> None:
    """What is written on the command line is called as it is written there."""
    process = rlcore("train", "train.py", *arguments, "--plan")

    assert (2, True) == (process.returncode, words in process.stderr), process.stderr


def test_errors_of_a_job_file_name_its_arguments(rlcore: Run, project: Path) -> None:
    """They have the names of Python there."""
    (project / "job.yaml").write_text("{entry_point: train.py, toolkit: ray}")

    process = rlcore("train", "-f", "job.yaml")

    assert "Please provide `toolkit_version`, `framework` or `image_name`" in process.stderr


def test_quiet_shows_no_log(rlcore: Run) -> None:
    """Only the outcome is told."""
    process = rlcore("train", "-f", "job.yaml", "--quiet")

    assert 0 == process.returncode
    assert process.stdout.startswith("Succeeded ")


@pytest.mark.parametrize("flag", ["--detach", "--no-wait"])
def test_detach(rlcore: Run, flag: str) -> None:
    """The name alone is on standard output; what one may do next is beside it."""
    process = rlcore("train", "-f", "job.yaml", "--job-name", "one", flag)

    assert (0, "one\n") == (process.returncode, process.stdout)
    assert "rlcore logs -f one" in process.stderr
    assert 0 == rlcore("stop", "one", "--wait").returncode


def test_a_stopped_job(rlcore: Run) -> None:
    """A job that reached its time limit is neither a success nor a failure: 3, and a warning."""
    process = rlcore("train", "-f", "job.yaml", "--max-run", "1", "-H", "pause=60")

    assert 3 == process.returncode
    assert "\nwarning: The training job " in process.stderr
    assert "\nStopped " in process.stdout


def test_interrupt(
    rlcore: Run, environment: dict[str, str], project: Path, rlcore_command: list[str]
) -> None:
    """Ctrl-C leaves with 130 and says how to come back; the job goes on."""
    process = subprocess.Popen(
        [*rlcore_command, "train", "-f", "job.yaml", "--job-name", "one", "-H", "pause=60"],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert any(line == "example 0\n" for line in process.stdout)

    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)

    assert 130 == process.returncode
    assert 1 == errors.count("rlcore logs -f one")
    assert "Running" == json.loads(rlcore("jobs", "--json").stdout)[0]["state"]
    assert "one: Stopped\n" == rlcore("stop", "one", "--wait").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "error: What shall be trained? Give ENTRY_POINT"),
        (("gone.py", *VW), "error: "),
        (("train.py", *VW, "--toolkit", "wv", "--framework", "jax"), "answers to 'wv.jax'"),
        (("train.py", "--toolkit", "vw", "--toolkit-version", "9"), "there is 8.7.0"),
        (("train.py", *VW, "--instance-type", "local", "--train-instance-type", "local"), "two"),
        (("train.py", *VW, "--max-rum", "5"), "--max-run"),
        (("train.py", *VW, "-H", "lr"), "'lr' must be NAME=VALUE."),
        (("train.py", *VW, "-H", "x=[1"), "is not valid YAML"),
        (("train.py", *VW, "--input", "gone"), "must be a valid S3 or FILE URI"),
        (("train.py", *VW, "--job-name", "a b"), "a b"),
        (("train.py", *VW, "--instance-type", "ml.c5.large"), "Which region"),
        (("-f", "gone.yaml"), "gone.yaml cannot be read"),
    ],
)
def test_bad_input(rlcore: Run, rlcore_home: Path, arguments: list[str], message: str) -> None:
    """It is told on one line, with exit code 2, before anything is built or started."""
    process = rlcore("train", *arguments)

    assert (2, "") == (process.returncode, process.stdout)
    assert process.stderr.startswith("error: ")
    assert message in process.stderr
    assert 1 == process.stderr.count("\n")
    assert not rlcore_home.exists()


def test_a_name_that_is_taken(rlcore: Run) -> None:
    """A job's name stands for one job."""
    rlcore("train", "-f", "job.yaml", "--job-name", "one")

    process = rlcore("train", "-f", "job.yaml", "--job-name", "one")

    assert 2 == process.returncode
    assert process.stderr.startswith("error: There is a job named 'one' already.")


def test_the_job_file_of_the_help_can_be_copied(rlcore: Run, tmp_path: Path) -> None:
    """It is read as it stands, and its version is quoted: `2.60` would be a number."""
    page = rlcore("train", "--help").stdout
    example = page.partition("by either of their names:\n")[2].partition("\n\n")[0]
    job_file = tmp_path / "help.yaml"
    job_file.write_text(textwrap.dedent(example))

    assert "2.60.0" == read_job(job_file)["toolkit_version"]
    assert 'toolkit_version: "2.60.0"' in example
