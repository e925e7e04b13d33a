"""`rlcore predict`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from rlcore.cli.endpointargument import hosting_option

if TYPE_CHECKING:
    from rlcore.platforms.base import Hosting

_TYPES = {".npy": "application/x-npy", ".csv": "text/csv"}
_JSON = "application/json"
_EPILOG = """\b
Example:
  rlcore predict my-endpoint --act '[0.01, -0.02, 0.03, 0.04]'
  rlcore predict my-endpoint '{"observations": [[0.01, -0.02, 0.03, 0.04]]}'
  rlcore predict my-endpoint -f observations.npy --accept text/csv
"""


@click.command(epilog=_EPILOG)
@click.argument("name")
@click.argument("data", required=False)
@click.option(
    "-f", "--file", type=click.File("rb"), help="File that holds the data; - is standard input."
)
@click.option(
    "--content-type", help="MIME type of the data.  [default: by the file's suffix, JSON]"
)
@click.option("--accept", default=_JSON, show_default=True, help="MIME type of the answer.")
@click.option("--act", is_flag=True, help="The data is an observation; print the action.")
@click.option("--mask", help="With --act: allowed actions, in JSON.")
@click.option("--policy", help="With --act: which policy, where there are several.")
@click.option("--agent", help="With --act: the agent whose policy is meant.")
@click.option("--sample", is_flag=True, help="With --act: draw the action by chance.")
@click.option("--seed", type=click.IntRange(0), help="With --act: seed of that chance.")
@hosting_option
def predict(  # noqa: PLR0913 - one for each option
    *,
    hosting: Hosting,
    name: str,
    data: str | None,
    file: IO[bytes] | None,
    content_type: str | None,
    accept: str,
    act: bool,
    **question: Any,
) -> None:
    """Ask an endpoint.

    Its answer is printed. DATA is sent as it is; without it, a file or standard input. The exit
    code is 1 where the endpoint answers with an error.
    """
    body = _body(data, file)
    if act:
        _print_action(hosting, name, body, question)
        return
    if any(question.values()):
        msg = "--mask, --policy, --agent, --sample and --seed go with --act."
        raise click.UsageError(msg)
    kind = content_type or _TYPES.get(Path(file.name).suffix if file else "", _JSON)
    answer = hosting.invoke(name, body, content_type=kind, accept=accept)
    out = sys.stdout.buffer
    out.write(answer.body)
    is_text = answer.content_type.startswith(("text/", _JSON))
    out.write(b"\n" if is_text and not answer.body.endswith(b"\n") else b"")
    out.flush()


def _body(data: str | None, file: IO[bytes] | None) -> bytes:
    if data is not None and file is not None:
        msg = "Give DATA or --file, not both."
        raise click.UsageError(msg)
    if data is not None:
        return data.encode()
    if file is not None:
        return file.read()
    if sys.stdin.isatty():
        msg = "What shall be sent? Give DATA, --file, or pipe it in."
        raise click.UsageError(msg)
    return sys.stdin.buffer.read()


def _print_action(hosting: Hosting, name: str, body: bytes, question: dict[str, Any]) -> None:
    from rlcore.predictor import Predictor  # noqa: PLC0415 - help needs none
    from rlcore.serializers import JSONSerializer  # noqa: PLC0415 - likewise

    sample, mask = question.pop("sample"), question.pop("mask")
    action = Predictor(name, hosting=hosting).act(
        _value(body.decode("utf-8", "replace"), "DATA"),
        mask=_value(mask, "--mask") if mask else None,
        deterministic=not sample,
        **question,
    )
    # A plugin may have imported numpy, and then the action is its.
    click.echo(JSONSerializer().serialize(action))


def _value(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        msg = f"{what} is not JSON: {error}"
        raise click.BadParameter(msg) from error
