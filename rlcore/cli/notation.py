"""YAML by the core schema of version 1.2: what job files and values on the command line are in."""

from __future__ import annotations

import re
from typing import Any

import yaml

from rlcore.cli.scalars import SCALARS
from rlcore.errors import InvalidArgument


def parse_yaml(text: str, source: str) -> Any:
    """Return the value that *text* is; raises `InvalidArgument` that names *source*."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError) as error:
        msg = f"{source} is not valid YAML: {' '.join(str(error).split())}"
        raise InvalidArgument(msg) from error


class _Loader(yaml.SafeLoader):
    """Knows the scalars of the core schema alone, and refuses a key that is there twice."""

    yaml_implicit_resolvers: dict[str | None, Any] = {}  # noqa: RUF012 - PyYAML's own way

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002 - PyYAML's signature
    ) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                problem = f"the key {key!r} is there twice"
                raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        return super().construct_mapping(node, deep)

    def construct_typed(self, tag_suffix: str, node: yaml.ScalarNode) -> Any:
        """Return what the table of scalars makes of a node."""
        construct = next(construct for name, _, construct in SCALARS if name == tag_suffix)
        return construct(self.construct_scalar(node))


for _name, _pattern, _ in SCALARS:
    _Loader.add_implicit_resolver(f"!{_name}", _pattern, None)
    _Loader.add_multi_constructor("!", _Loader.construct_typed)
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"\Z"), [""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"<<\Z"), ["<"])
