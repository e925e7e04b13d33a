"""`rlcore train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rlcore.arguments import fold, tags
from rlcore.cli import FAILED, STOPPED
from rlcore.cli.jobfile import FIT
from rlcore.cli.options import OptionsCommand, channel, estimator_options
from rlcore.cli.output import json_option, print_json, status_record
from rlcore.display import outcome_text
from rlcore.errors import MissingArgument, TrainingFailed
from rlcore.spec import JobState

if TYPE_CHECKING:
    from rlcore.spec import Plan
    from rlcore.training import TrainingJob

_SECTIONS = {
    "entry_point": "What trains",
    "platform": "Where it runs",
    "input_mode": "Inputs and outputs",
    "base_job_name": "The job itself",
    "subnets": "Network and watching",
    "help": "Options",
}
"""Titles in the help, each by the first option under it."""

_EXIT_CODES = {JobState.SUCCEEDED: 0, JobState.FAILED: FAILED, JobState.STOPPED: STOPPED}
_REPEATED = {"hyperparameters", "tags", "environment", "inputs"}

_EPILOG = """\b
Example:
  rlcore train train.py --source-dir src --toolkit ray --toolkit-version 2.60.0 \\
      --framework pytorch -H lr=3e-4 -H 'hiddens=[64, 64]' --input data=./episodes
  rlcore train -f job.yaml -H lr=1e-4 --plan

\b
The job file holds the same arguments, by either of their names:
  entry_point: train.py
  toolkit: ray
  toolkit_version: "2.60.0"
  framework: pytorch
  hyperparameters: {lr: 3e-4}
  inputs: {data: ./episodes}

\b
Exit codes: 0 success, 1 the job failed, 2 bad input, 3 the job was stopped, 130 Ctrl-C.
"""

_USEFUL = """
  follow it:   rlcore logs -f {name}
  its curve:   rlcore curve {name}
  stop it:     rlcore stop {name}
  in Python:   RLEstimator.attach("{name}")"""


class _Train(OptionsCommand):
    """A command with so many options that its help has sections."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under the titles; of a flag only the form that sets it."""
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        title = "Options"
        for parameter in self.get_params(ctx):
            title = _SECTIONS.get(parameter.name or "", title)
            record = parameter.get_help_record(ctx)
            if record and isinstance(parameter, click.Option):
                names, words = record
                sections.setdefault(title, []).append((names.partition(" / ")[0], words))
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)


@click.command(cls=_Train, epilog=_EPILOG)
@click.option(
    "-f",
    "--file",
    "job_file",
    type=click.Path(path_type=Path),
    help="Job file, YAML or TOML; options win over it.",
)
@click.option(
    "--input",
    "inputs",
    type=channel,
    metavar="NAME=URI",
    multiple=True,
    help="Input channel, a folder or an address; repeatable.",
)
@click.option("--job-name", help="Name of the job; made from the time by default.")
@click.option("--plan", "plan_only", is_flag=True, help="Print what would be done, and stop.")
@click.option("--detach", "--no-wait", is_flag=True, help="Start the job and return at once.")
@click.option("--quiet", "log", flag_value="quiet", help="Do not show the log.")
@click.option(
    "--brief", "log", flag_value="brief", help="Of the log, show metrics, warnings and errors."
)
@json_option
@click.argument("entry_point", required=False)
@estimator_options
def train(
    *,
    job_file: Path | None,
    plan_only: bool,
    detach: bool,
    log: str | None,
    as_json: bool,
    **options: Any,
) -> int:
    """Train a script with its toolkit, and follow the job.

    The first generation's names of arguments, such as --train-instance-type, are known too. A flag
    --name that the job file sets is unset by --no-name. With --json the log is not shown, and at
    the end one object is printed, as `rlcore jobs --json` has it.
    """
    from rlcore.estimator import RLEstimator  # noqa: PLC0415 - help needs no estimator

    given = _merged(job_file, options)
    fit = {name: given.pop(name, None) for name in FIT}
    if "entry_point" not in given:
        msg = "What shall be trained? Give ENTRY_POINT, or entry_point in the job file (-f)."
        raise MissingArgument(msg)
    estimator = RLEstimator(**given)
    if plan_only:
        _print_plan(estimator.plan(**fit), as_json=as_json)
        return 0
    estimator.fit(**fit, wait=False)
    job = estimator.jobs[-1]
    if detach:
        _print_started(job, as_json=as_json)
        return 0
    return _follow(job, log, as_json=as_json)


def _merged(job_file: Path | None, options: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of the file and of the command line, which wins, name by name."""
    of_line = _given(options)
    of_file = _read(job_file) if job_file else {}
    both = {name for name in of_line if isinstance(of_file.get(name), dict)}
    return {**of_file, **of_line, **{name: {**of_file[name], **of_line[name]} for name in both}}


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Return what the command line gives, under the names of the second generation."""
    values = {name: value for name, value in options.items() if value not in (None, ())}
    for name in _REPEATED & set(values):
        values[name] = dict(values[name])
    of_fit = {name: values.pop(name) for name in FIT if name in values}
    return {**fold(values), **of_fit}


def _read(job_file: Path) -> dict[str, Any]:
    from rlcore.cli.jobfile import read_job  # noqa: PLC0415 - YAML, only where there is a file

    of_file = read_job(job_file)
    if "tags" in of_file:
        of_file["tags"] = tags(of_file["tags"])
    return of_file


def _print_plan(plan: Plan, *, as_json: bool) -> None:
    if as_json:
        print_json({"platform": plan.platform, "document": plan.document})
    else:
        click.echo(plan.text)


def _print_started(job: TrainingJob, *, as_json: bool) -> None:
    if as_json:
        print_json(status_record(job.status()))
        return
    click.echo(job.name)
    click.echo(_USEFUL.format(name=job.name), err=True)


def _follow(job: TrainingJob, log: str | None, *, as_json: bool) -> int:
    """Wait for the job's end, tell the outcome and return the exit code."""
    shown = log != "quiet" and not as_json
    click.echo(f"Started {job.name}", err=True)
    try:
        job.wait(logs=shown, brief=log == "brief")
    except TrainingFailed:
        if not shown:  # Otherwise its message repeats the lines just seen.
            raise
    finally:
        if as_json:
            print_json(status_record(job.status()))
    status = job.status()
    if not (shown or as_json):  # The log, where it is shown, ends with the outcome.
        click.echo(outcome_text(status, job.curve()))
    return _EXIT_CODES[status.state]
