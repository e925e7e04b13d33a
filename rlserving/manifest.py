"""A policy's manifest, `policy.json`: read and checked before what it names is loaded."""

import difflib
import hashlib
import json
import posixpath
from pathlib import Path
from typing import Any, Dict, Iterable, List, NamedTuple, Optional

MANIFEST = "policy.json"
FORMAT = 1
LAWS = ("gumbel", "normal", "uniform")
SPACES = ("Box", "Dict", "Discrete", "MultiBinary", "MultiDiscrete", "Tuple")
INPUT_ROLES = ("observation", "mask", "state", "noise")
OUTPUT_ROLES = ("action", "state", "check")
_BLOCK = 1 << 20


class ManifestError(ValueError):
    """A manifest, or a file that it names, is missing, damaged or of a kind that is unknown."""


class PolicySpec(NamedTuple):
    """One policy of a manifest.

    Attributes:
        graph: File of its ONNX graph.
        observation: The environment's own observation space, as `rlscript.describe_space` has it.
        action: The action space, likewise.
        inputs: The graph's inputs, each with `name`, and `path`, or `role` and `shape`.
        outputs: Its outputs, each with `name`, and perhaps `role`, `of` or `path`.
    """

    graph: str
    observation: Dict[str, Any]
    action: Dict[str, Any]
    inputs: List[Dict[str, Any]]
    outputs: List[Dict[str, Any]]

    def inputs_of(self, role: str) -> List[Dict[str, Any]]:
        """Return the inputs of a role; those without one are parts of the observation."""
        return [each for each in self.inputs if each.get("role", "observation") == role]

    def outputs_of(self, role: str) -> List[Dict[str, Any]]:
        """Return the outputs of a role; those without one are parts of the action."""
        return [each for each in self.outputs if each.get("role", "action") == role]


class Manifest(NamedTuple):
    """What a model folder holds.

    Attributes:
        toolkit: Key of the toolkit that trained the policies.
        release: Its version.
        policies: By name.
        agents: The policy's name by the agent's id; empty where there is only one agent.
        env: The environment's `id` and `kwargs`.
        evaluation: The evaluation during training, None where there was none.
        files: SHA-256 of each file by name.
    """

    toolkit: str
    release: str
    policies: Dict[str, PolicySpec]
    agents: Dict[str, str]
    env: Dict[str, Any]
    evaluation: Optional[Dict[str, Any]]
    files: Dict[str, str]

    def policy_of(self, policy: Optional[str] = None, agent: Optional[str] = None) -> str:
        """Return the name of the policy that is asked by its name, by an agent, or as the only one.

        Raises:
            ValueError: There is none, or several to choose from; the message lists them.
        """
        if agent is not None and agent not in self.agents:
            msg = f"no agent {agent!r}{_known(agent, self.agents)}"
            raise ValueError(msg)
        name = policy if agent is None else self.agents[agent]
        if policy not in (None, name):
            msg = "agent {!r} has the policy {!r}, but {!r} was asked for: name one of the two"
            raise ValueError(msg.format(agent, name, policy))
        if name is None and len(self.policies) > 1:
            msg = "the model holds several policies: name one, policy being {}"
            raise ValueError(msg.format(_listed(self.policies)))
        name = name if name is not None else next(iter(self.policies))
        if name not in self.policies:
            msg = f"no policy {name!r}{_known(name, self.policies)}"
            raise ValueError(msg)
        return name


def read(folder: Path) -> Manifest:
    """Return the manifest of a model folder, after comparing every file with its digest.

    Raises:
        ManifestError: There is no manifest, it is wrong, or a file is missing or another.
    """
    manifest = described(folder)
    for name, digest in manifest.files.items():
        _check_file(folder, name, digest)
    return manifest


def described(folder: Path) -> Manifest:
    """Return the manifest of a model folder; the files are not looked at.

    Raises:
        ManifestError: There is no manifest, or it is wrong.
    """
    path = folder / MANIFEST
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        msg = f"{MANIFEST} cannot be read: {error}"
        raise ManifestError(msg) from error
    except ValueError as error:
        msg = f"{MANIFEST} is no JSON: {error}"
        raise ManifestError(msg) from error
    return parse(document)


def parse(document: Any) -> Manifest:
    """Return a manifest from its JSON value, without looking at files.

    Raises:
        ManifestError: The format, a role, a law, a space or a name is not among those allowed.
    """
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        given = document.get("format") if isinstance(document, dict) else type(document).__name__
        msg = "{} has the format {!r}; this version of rlcore reads {}"
        raise ManifestError(msg.format(MANIFEST, given, FORMAT))
    try:
        return _manifest(document)
    except (KeyError, TypeError, AttributeError) as error:
        msg = f"{MANIFEST} lacks a part, or has it in another form: {error!r}"
        raise ManifestError(msg) from error


def _manifest(document: Dict[str, Any]) -> Manifest:
    files = dict(document["files"])
    for name in files:
        _check_name(name)
    policies = {name: _policy(each) for name, each in document["policies"].items()}
    if not policies:
        msg = f"{MANIFEST} names no policy"
        raise ManifestError(msg)
    for name, policy in policies.items():
        if policy.graph not in files:
            msg = "the graph {!r} of the policy {!r} is not among the files{}"
            raise ManifestError(msg.format(policy.graph, name, _known(policy.graph, files)))
    agents = dict(document.get("agents") or {})
    for agent, name in agents.items():
        _check_one_of(f"the policy of agent {agent!r}", name, policies)
    return Manifest(
        str(document["toolkit"]),
        str(document["release"]),
        policies,
        agents,
        dict(document.get("env") or {}),
        document.get("evaluation"),
        files,
    )


def _policy(document: Dict[str, Any]) -> PolicySpec:
    policy = PolicySpec(
        str(document["graph"]),
        _checked_space(document["observation"]),
        _checked_space(document["action"]),
        [dict(each) for each in document["inputs"]],
        [dict(each) for each in document["outputs"]],
    )
    for each in policy.inputs:
        _check_one_of("role of input {!r}".format(each["name"]), _role(each, 0), INPUT_ROLES)
        if each.get("role") == "noise":
            _check_one_of("law of {!r}".format(each["name"]), each["law"], LAWS)
    for each in policy.outputs:
        _check_one_of("role of output {!r}".format(each["name"]), _role(each, 1), OUTPUT_ROLES)
    states = [each["name"] for each in policy.inputs_of("state")]
    for each in policy.outputs_of("state"):
        _check_one_of("state that {!r} continues".format(each["name"]), each["of"], states)
    return policy


def _role(part: Dict[str, Any], default: int) -> str:
    return str(part.get("role", ("observation", "action")[default]))


def _checked_space(space: Dict[str, Any]) -> Dict[str, Any]:
    _check_one_of("type of space", space["type"], SPACES)
    if space["type"] in ("Dict", "Tuple"):
        parts = space["spaces"]
        for part in parts.values() if isinstance(parts, dict) else parts:
            _checked_space(part)
    return dict(space)


def _check_one_of(what: str, given: Any, allowed: Iterable[str]) -> None:
    if given not in allowed:
        msg = f"{MANIFEST}: unknown {what}: {given!r}{_known(given, allowed)}"
        raise ManifestError(msg)


def _check_name(name: str) -> None:
    normal = posixpath.normpath(name)
    if posixpath.isabs(name) or "\\" in name or normal.split("/")[0] in ("..", "."):
        msg = f"{MANIFEST} names {name!r}, outside the model"
        raise ManifestError(msg)


def _check_file(folder: Path, name: str, digest: str) -> None:
    path = folder / name
    if not path.is_file() or path.is_symlink():
        msg = f"{MANIFEST} names {name!r}, which is not there"
        raise ManifestError(msg)
    found = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(_BLOCK), b""):
            found.update(block)
    if found.hexdigest() != digest:
        msg = "{!r} is not the file that {} names: its SHA-256 is {}, not {}"
        raise ManifestError(msg.format(name, MANIFEST, found.hexdigest(), digest))


def _known(given: Any, known: Iterable[str]) -> str:
    nearest = difflib.get_close_matches(str(given), list(known), n=1)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return "{} there are {}".format(hint or ";", _listed(known))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names) or "none"
