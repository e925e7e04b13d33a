"""`rlcore deploy`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rlcore.cli.options import OptionsCommand, pair
from rlcore.cli.output import json_option, print_json, status_record

if TYPE_CHECKING:
    from rlcore.predictor import Predictor

_OF_ARCHIVES = ("toolkit", "toolkit_version", "framework")
_SUFFIXES = (".gz", ".tgz", ".tar")
_EPILOG = """\b
Example:
  rlcore deploy --last --name my-endpoint
  rlcore deploy ray-pytorch-2026-11-22-10-15-00-123
  rlcore deploy ./model.tar.gz
  rlcore deploy s3://bucket/model.tar.gz --toolkit ray --toolkit-version 2.60.0 \\
      --framework pytorch --entry-point inference.py --source-dir src
"""

_LOCAL = "local"
_USEFUL = """
  ask it:      rlcore predict {name}{option} --act OBSERVATION
  look at it:  rlcore endpoints{option}
  delete it:   rlcore delete {name}{option}
  in Python:   Predictor("{name}"{place})"""


@click.command(cls=OptionsCommand, epilog=_EPILOG)
@click.argument("model", required=False, metavar="JOB_OR_ARCHIVE")
@click.option("--last", is_flag=True, help="The newest job.")
@click.option(
    "--name", "endpoint_name", help="Name of the endpoint; made from the time by default."
)
@click.option("--instance-type", help="One of local, local_gpu and the ml.* types.")
@click.option("--platform", help="Platform of the job and the endpoint.  [default: local]")
@click.option("--role", help="Execution role, where the platform wants one.  [default: the job's]")
@click.option("--toolkit", help="Toolkit of an archive that does not say it.")
@click.option("--toolkit-version", help="Version of that toolkit.")
@click.option("--framework", help="Framework of that toolkit.")
@click.option("--entry-point", help="Inference script of your own, relative to --source-dir.")
@click.option("--source-dir", help="Folder of that script.")
@click.option(
    "--dependency", "dependencies", multiple=True, help="File or folder beside it; repeatable."
)
@click.option(
    "-e", "--env", type=pair, multiple=True, metavar="NAME=VALUE",
    help="Environment variable of the model; repeatable.",
)  # fmt: skip
@click.option("--port", type=int, help="Port of the HTTP server; a free one by default.")
@click.option("--strict", is_flag=True, help="Refuse observations outside their bounds.")
@click.option("--max-body-size", type=int, help="Bytes that a request may have.")
@click.option("--workers", "model_server_workers", type=int, help="Processes that answer.")
@click.option("--detach", "--no-wait", is_flag=True, help="Return before it is in service.")
@json_option
def deploy(*, model: str | None, last: bool, detach: bool, as_json: bool, **options: Any) -> None:
    """Deploy a job's model, or one from elsewhere, to an endpoint.

    An archive that rlscript exported says itself what trained it. The endpoint outlives the
    command; its name is printed, with --json the object that `rlcore endpoints --json` has.
    """
    if (model is None) != last:
        msg = "Give the NAME of a job or the path of an archive, or --last for the newest job."
        raise click.UsageError(msg)
    given = _given(options)
    given["wait"] = not detach
    deploying = _of_archive if model and is_archive(model) else _of_job
    predictor = deploying(model, given)
    if as_json:
        print_json(status_record(predictor.status()))
        return
    click.echo(predictor.endpoint_name)
    click.echo(_useful(predictor.endpoint_name, predictor.hosting.name), err=True)


def _useful(name: str, platform: str) -> str:
    """Return what may be done with an endpoint, on the platform where it is."""
    if platform == _LOCAL:
        return _USEFUL.format(name=name, option="", place="")
    option, place = f" --platform {platform}", f', platform="{platform}"'
    return _USEFUL.format(name=name, option=option, place=place)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Return what the command line gives."""
    given = {name: value for name, value in options.items() if value not in (None, (), False)}
    if "env" in given:
        given["env"] = dict(given["env"])
    return given


def is_archive(model: str) -> bool:
    """Tell the path or address of an archive from the name of a job."""
    return "/" in model or model.endswith(_SUFFIXES) or Path(model).exists()


def _of_archive(model: str | None, given: dict[str, Any]) -> Predictor:
    from rlcore.hostingarguments import MODEL  # noqa: PLC0415 - help needs no model
    from rlcore.model import Model  # noqa: PLC0415

    of_model = {*_OF_ARCHIVES, *(argument.name for argument in MODEL)}
    made = Model.from_archive(
        str(model), **{name: given.pop(name) for name in of_model & set(given)}
    )
    return made.deploy(1, given.pop("instance_type", None), **given)


def _of_job(model: str | None, given: dict[str, Any]) -> Predictor:
    from rlcore.cli.jobargument import find_job  # noqa: PLC0415 - help needs no job
    from rlcore.estimator import RLEstimator  # noqa: PLC0415

    unused = [name for name in _OF_ARCHIVES if name in given]
    if unused:
        msg = f"--{unused[0].replace('_', '-')} is for archives; a job says what trained it."
        raise click.UsageError(msg)
    job = find_job(model, given.get("platform"))
    estimator = RLEstimator.attach(job.name, job.platform, wait=False)
    return estimator.deploy(1, given.pop("instance_type", None), **given)
