"""The options of `rlcore train`: one for each argument of the estimator, in both vocabularies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from rlcore.arguments import ARGUMENTS, Argument
from rlcore.cli.scalars import scalar
from rlcore.errors import (
    InvalidArgument,
    MissingArgument,
    NotDeployable,
    PlatformError,
    UnsupportedVersion,
)
from rlcore.inputs import DEFAULT_CHANNEL
from rlcore.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

NOT_OPTIONS = {"entry_point", "sagemaker_session"}
"""The one is the command's argument, the other a Python object."""

_WORDS = {
    "platform": "Name of the platform, e.g. local.",
    "instance_type": "One of local, local_gpu and the ml.* types.",
    "code_location": "Folder for the source archive, s3://.",
    "output_path": "Folder for artefacts: s3://, file:// or a path.",
    "hyperparameters": "Value for the script, typed as in YAML; repeatable.",
    "tags": "Tag of the job; repeatable.",
    "environment": "Environment variable of the job; repeatable.",
    "dependencies": "File or folder put beside the script; repeatable.",
    "subnets": "Subnet of the hosts; repeatable.",
    "security_group_ids": "Security group of the hosts; repeatable.",
    "container_arguments": "Argument of that command; repeatable.",
    "container_entry_point": "Word of the container's command; repeatable.",
}
"""Help for what the table of arguments tells a caller in Python."""

_NAMES = {
    "hyperparameters": ("-H", "--hyperparameter", "--hyperparameters"),
    "tags": ("--tag", "--tags"),
    "environment": ("-e", "--env", "--environment"),
    "dependencies": ("--dependency", "--dependencies"),
}
_OF_ARGUMENTS = (
    InvalidArgument,
    MissingArgument,
    NotDeployable,
    PlatformError,
    UnsupportedVersion,
)
_ALONE = r"(?<![\w./-]){}(?![\w./(=-])"
_RELEASE = "toolkit, toolkit_version and framework"  # as errors call what names a release
_CHANNEL = re.compile(r"([A-Za-z0-9.\-_]+)=(.*)", re.DOTALL)


class OptionsCommand(click.Command):
    """A command whose errors name its options, where core's name arguments of Python."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; in a job file the arguments have the names of Python."""
        try:
            return super().invoke(ctx)
        except _OF_ARGUMENTS as error:
            if not ctx.params.get("job_file"):
                error.args = (self._reworded(str(error)),)
            raise

    def _reworded(self, text: str) -> str:
        text = text.replace(_RELEASE, "--toolkit, --toolkit-version and --framework")
        for parameter in self.params:
            flags = [flag for flag in parameter.opts if flag.startswith("--")]
            name, flag = parameter.name or "", flags[0] if flags else parameter.human_readable_name
            text = re.sub(rf"(?<![\w./'-]){name}=(?:'([^']*)'|(?=\S))", rf"{flag} \1", text)
            # A name of several words is nothing else; one of a single word may be just that.
            is_word = "_" not in name
            alone = rf"(?<=`){name}(?=`)|\A{name}(?= must be )" if is_word else _ALONE.format(name)
            text = re.sub(alone, flag, text)
        return text


def pair(text: str) -> tuple[str, str]:
    """Split `NAME=VALUE` at the first equals sign."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        msg = f"{text!r} must be NAME=VALUE."
        raise click.BadParameter(msg)
    return name, value


def hyperparameter(text: str) -> tuple[str, Any]:
    """Split `NAME=VALUE`; a value that begins like a list, mapping or quoted string is YAML."""
    name, value = pair(text)
    return name, structured(value) if value[:1] in set("[{\"'") else scalar(value)


def channel(text: str) -> tuple[str, str]:
    """Split `NAME=URI`; an address alone is the channel `training`."""
    found = _CHANNEL.fullmatch(text)
    return (found[1], found[2]) if found else (DEFAULT_CHANNEL, text)


def structured(text: str) -> Any:
    """Return what *text* is in YAML, and so in JSON."""
    from rlcore.cli.notation import parse_yaml  # noqa: PLC0415 - most values need no YAML

    try:
        return parse_yaml(text, repr(text))
    except InvalidArgument as error:
        raise click.BadParameter(str(error)) from error


def estimator_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for each argument of the estimator; one that is not given is None or empty."""
    for argument in reversed(ARGUMENTS):
        if argument.name not in NOT_OPTIONS:
            command = _options(argument)(command)
    return command


def _options(argument: Argument) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator for both names: two options, so that giving both can be refused."""
    settings = _settings(argument)
    names = _NAMES.get(argument.name, (_flag(argument.name, settings),))
    current = click.option(*names, argument.name, help=_help(argument), **settings)
    if not argument.old_name:
        return current
    old = click.option(
        _flag(argument.old_name, settings), argument.old_name, hidden=True, **settings
    )
    return lambda command: current(old(command))


def _settings(argument: Argument) -> dict[str, Any]:
    of_mapping = hyperparameter if argument.name == "hyperparameters" else pair
    settings: dict[Kind, dict[str, Any]] = {
        Kind.TEXT: {"type": str},
        Kind.INTEGER: {"type": int},
        Kind.FLAG: {"is_flag": True, "default": None},
        Kind.LIST: {"multiple": True},
        Kind.MAPPING: {"type": of_mapping, "multiple": True, "metavar": "NAME=VALUE"},
        Kind.STRUCTURED: {"type": structured, "metavar": "YAML"},
    }
    return settings[argument.kind]


def _flag(name: str, settings: dict[str, Any]) -> str:
    dashed = name.replace("_", "-")
    return f"--{dashed}/--no-{dashed}" if settings.get("is_flag") else f"--{dashed}"


def _help(argument: Argument) -> str:
    words = f"{argument.help[0].upper()}{argument.help[1:]}."
    default = argument.default
    shown = f"  [default: {default}]" if default and not isinstance(default, bool) else ""
    return f"{_WORDS.get(argument.name, words)}{shown}"
