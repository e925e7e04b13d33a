"""`rlcore delete`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rlcore.cli import BAD_INPUT
from rlcore.cli.endpointargument import hosting_option
from rlcore.errors import EndpointNotFound

if TYPE_CHECKING:
    from rlcore.platforms.base import Hosting

_LOCAL = "local"
_EPILOG = """\b
Example:
  rlcore delete ray-pytorch-2026-11-22-10-15-00-123
  rlcore delete --all
"""


@click.command(epilog=_EPILOG)
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--all", "everything", is_flag=True, help="Every endpoint of this machine.")
@click.option("--model", "with_model", is_flag=True, help="The service's model of it, too.")
@hosting_option
def delete(*, hosting: Hosting, names: tuple[str, ...], everything: bool, with_model: bool) -> int:
    """Delete endpoints.

    What is in flight is answered, and the models' archives stay; a service keeps a model beside its
    endpoint, which costs nothing, until --model says otherwise. A name that is not there does not
    keep the others from being deleted; the exit code is then 2.
    """
    if bool(names) == everything:
        msg = "Give the NAME of an endpoint, or --all; `rlcore endpoints` lists them."
        raise click.UsageError(msg)
    if everything and hosting.name != _LOCAL:
        msg = f"--all is for this machine; {hosting.name} may have other people's. Name yours."
        raise click.UsageError(msg)
    if everything:
        names = tuple(status.name for status in hosting.endpoints())
    code = 0
    for name in names:
        try:
            hosting.delete(name)
            if with_model:
                hosting.delete_model(name)
        except EndpointNotFound as error:
            click.echo(f"error: {error}", err=True)
            code = BAD_INPUT
        else:
            click.echo(f"{name}: deleted")
    return code
