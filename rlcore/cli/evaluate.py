"""`rlcore evaluate`."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rlcore.cli.options import OptionsCommand, structured
from rlcore.cli.output import json_option, print_json

if TYPE_CHECKING:
    from rlcore.predictor import Predictor

_EPILOG = """\b
Example:
  rlcore evaluate --last
  rlcore evaluate --last --endpoint my-endpoint --episodes 20 --gif episode.gif
  rlcore evaluate ray-pytorch-2026-11-22-10-15-00-123 --env maze:make --env-kwargs '{size: 9}'
  rlcore evaluate ./model.tar.gz --source-dir src --json | jq '.sources[0].return_mean'
"""

env_kwargs_option = click.option(
    "--env-kwargs", type=structured, metavar="YAML", help="Keyword arguments of the environment."
)
source_option = click.option(
    "--source-dir", metavar="DIR", help="Folder of your own modules and their requirements.txt."
)
python_option = click.option(
    "--python",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Interpreter to play in, instead of the release's environment.",
)


@click.command(cls=OptionsCommand, epilog=_EPILOG)
@click.argument("model", required=False, metavar="JOB_OR_ARCHIVE")
@click.option("--last", is_flag=True, help="The newest job.")
@click.option("--endpoint", metavar="NAME", help="Play through this endpoint too.")
@click.option("--env", help="Gymnasium id or module:factory; the one trained in by default.")
@env_kwargs_option
@click.option(
    "--episodes", type=click.IntRange(1), default=100, show_default=True, help="How many."
)
@click.option("--seed", type=click.IntRange(0), help="Seed of the first episode.")
@source_option
@click.option(
    "--gif",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Film the first episode.",
)
@click.option("--sample", is_flag=True, help="Draw actions by chance, not the likeliest ones.")
@click.option(
    "--at-once",
    "environments",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="How many environments may exist at once.",
)
@click.option(
    "--in-process/--no-in-process", default=True, help="Whether to play without the endpoint too."
)
@python_option
@click.option("--platform", help="Platform of the job and the endpoint.  [default: local]")
@json_option
def evaluate(  # noqa: PLR0913 - one for each option
    *,
    model: str | None,
    last: bool,
    endpoint: str | None,
    source_dir: str | None,
    sample: bool,
    platform: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Play episodes with a policy, through its endpoint and without.

    The ways to the policy are compared seed by seed: the endpoint, the policy in the environment's
    own process, and the evaluation during training. The environment is that of the training, made
    from the job's own modules. Without a job or an archive, the model is the endpoint's. The exit
    code is 1 where an episode failed.

    With --json: env, env_kwargs, first_seed, deterministic, gif and notes; sources, each with its
    returns and lengths and their figures; pairs, each with how many episodes are equal.
    """
    from rlcore.evaluation import evaluate_model  # noqa: PLC0415 - help needs no evaluation

    if (last and model is not None) or not (last or model or endpoint):
        msg = (
            "Give the NAME of a job, the path of an archive, --last for the newest job, or"
            " --endpoint alone."
        )
        raise click.UsageError(msg)
    predictor = _predictor(endpoint, platform) if endpoint else None
    given = _model(model, predictor, platform, last=last)
    if source_dir:
        given["source"] = source_dir
    act = functools.partial(predictor.act_all, deterministic=not sample) if predictor else None
    report = evaluate_model(
        **given,
        **options,
        deterministic=not sample,
        actors={"endpoint": act} if act else {},
        log=tell,
    )
    if as_json:
        print_json(report.to_dict())
    else:
        click.echo(report)


def tell(line: str) -> None:
    """Show a line of progress."""
    click.echo(line, err=True)


def _predictor(endpoint: str, platform: str | None) -> Predictor:
    from rlcore.predictor import Predictor  # noqa: PLC0415 - help needs none

    return Predictor(endpoint, platform)


def _model(
    model: str | None, predictor: Predictor | None, platform: str | None, *, last: bool
) -> dict[str, Any]:
    """Return the arguments that say which model it is, what trained it, and with which source."""
    from rlcore.cli.deploy import is_archive  # noqa: PLC0415 - help needs no model
    from rlcore.cli.jobargument import find_job  # noqa: PLC0415 - likewise
    from rlcore.estimator import RLEstimator  # noqa: PLC0415 - likewise

    if model is not None and is_archive(model):
        return {"model_data": model}
    if model is None and predictor and not last:
        return {"model_data": predictor.status().model_data}
    job = find_job(model, platform)
    return {
        "model_data": RLEstimator.attach(job.name, job.platform, wait=False).model_data,
        "release": job.request.release,
        "source": job.request.source_uri,
    }
