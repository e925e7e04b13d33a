"""The hooks of a toolkit whose releases stand in a table.

A plugin that has only facts to tell is a JSON file and a class of a few lines::

    class Coach(ReleaseTable):
        @hookimpl
        def model_class(self, release):
            return CoachModel

    plugin = Coach(Path(__file__).with_name("releases.json"))

The file names `toolkit` and `framework`, lists `releases`, oldest first, and says under `defaults`
what is common to them. The keys of a release are the attributes of `Row`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from rlcore.errors import InvalidArgument, PluginError, UnsupportedVersion, did_you_mean
from rlcore.hookspecs import hookimpl
from rlcore.images import ImageTemplate, parse_image_uri, processor
from rlcore.spec import Environment, MetricDefinition, ToolkitRelease, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

_ENVIRONMENTS = ({"python", "lock"}, {"unavailable"})


def _image(value: Mapping[str, Any]) -> ImageTemplate:
    return ImageTemplate(**value)


@attrs.frozen(kw_only=True)
class Row:
    """One release in the table.

    Attributes:
        version: The toolkit's version, as users write it.
        framework_version: The framework's.
        image: The training image; None for a release that has none.
        hosting: The image that serves its models, as `ImageTemplate` has it; kept as
            `release.data["hosting"]`, where `FrameworkModel` finds it.
        training: `{"python": specifier, "lock": file}` or `{"unavailable": reason}`.
        serving: Likewise, the environment that serves its policies.
        native_serving: Likewise, see `ToolkitRelease`; or `"training"`, for the same environment.
        display: See `ToolkitRelease`.
        inspection: Likewise.
        metrics: The regular expression of each metric, by its name.
        step_pattern: See `ToolkitRelease`, as for the rest.
        image_requirements: What a deep-learning image lacks.
        script_packages: Script-side packages that travel with the source.
    """

    version: str
    framework_version: str | None = None
    image: ImageTemplate | None = attrs.field(
        default=None, converter=attrs.converters.optional(_image)
    )
    hosting: Mapping[str, Any] | None = None
    training: Mapping[str, str]
    serving: Mapping[str, str]
    native_serving: Mapping[str, str] | str | None = None
    display: bool = False
    inspection: str | None = None
    metrics: Mapping[str, str] = attrs.field(factory=dict)
    step_pattern: str | None = None
    image_requirements: Sequence[str] = ()
    script_packages: Sequence[str] = ()


class ReleaseTable:
    """The hooks of one plugin key, answered from a JSON file; subclasses add `model_class`."""

    def __init__(self, path: Path) -> None:
        """Read the file; raises `PluginError` where it breaks the format."""
        document = _document(path)
        self._folder = path.parent
        self._toolkit: str = document["toolkit"]
        self._framework: str | None = document.get("framework")
        self._rows: dict[str, Row] = {}
        for release in document["releases"]:
            row = _row({**document.get("defaults", {}), **release}, path)
            if row.version in self._rows:
                msg = f"{path.name} has two rows of release {row.version!r}; keep one."
                raise PluginError(msg)
            self._rows[row.version] = row

    @hookimpl
    def known_versions(self) -> tuple[str, ...]:
        """Return the versions in the order of the file."""
        return tuple(self._rows)

    @hookimpl
    def validate_version(self, version: str) -> ToolkitRelease:
        """Return the release of a version, which keeps the spelling it has in the file."""
        row = self._row(version)
        return ToolkitRelease(
            toolkit=self._toolkit,
            version=row.version,
            framework=self._framework,
            framework_version=row.framework_version,
            training=self._environment(row.training),
            serving=self._environment(row.serving),
            native_serving=self._native(row),
            display=row.display,
            inspection=row.inspection,
            image_requirements=row.image_requirements,
            script_packages=row.script_packages,
            step_pattern=row.step_pattern,
            data={"hosting": row.hosting},
        )

    @hookimpl
    def image_uri(self, release: ToolkitRelease, region: str, instance_type: str) -> str:
        """Return the training image's address; raises `InvalidArgument` where there is none."""
        image = self._row(release.version).image
        if image is None:
            msg = f"{release} has no training image. Train it locally, or name one (image_uri=...)."
            raise InvalidArgument(msg)
        return image.uri(region, processor(instance_type))

    @hookimpl
    def default_metrics(self, release: ToolkitRelease) -> tuple[MetricDefinition, ...]:
        """Return the release's metric definitions in the order of the file."""
        metrics = self._row(release.version).metrics
        return tuple(MetricDefinition(name=name, regex=regex) for name, regex in metrics.items())

    @hookimpl
    def release_from_image(self, image_uri: str) -> ToolkitRelease | None:
        """Return the release whose training image this is, None for an image that tells none."""
        address = parse_image_uri(image_uri)
        for row in self._rows.values():
            if address and row.image and row.image.matches(address):
                return self.validate_version(row.version)
        return None

    def _row(self, version: str) -> Row:
        if version not in self._rows:
            raise UnsupportedVersion(self._unsupported(version))
        return self._rows[version]

    def _unsupported(self, version: str) -> str:
        asked = f"`{self._toolkit}-{version}`"
        if self._framework:
            asked = f"{asked} and `{self._framework}` combination"
        known = self.known_versions()
        return (
            f"Provided {asked} is not supported. Did you mean {nearest_version(version, known)!r}?"
            f" Known versions: {', '.join(known)}."
        )

    def _native(self, row: Row) -> Environment | Unavailable | None:
        given = row.native_serving
        if given is None:
            return None
        if not isinstance(given, str):
            return self._environment(given)
        if given != "training":
            msg = f"native_serving of {row.version} must be an entry or 'training', not {given!r}."
            raise PluginError(msg)
        return self._environment(row.training)

    def _environment(self, entry: Mapping[str, str]) -> Environment | Unavailable:
        if "unavailable" in entry:
            return Unavailable(reason=entry["unavailable"])
        lock = (self._folder / entry["lock"]).read_text(encoding="utf-8")
        # A pin's hashes stand on lines that continue its own.
        lines = [" ".join(line.split()) for line in lock.replace("\\\n", " ").splitlines()]
        requirements = [line for line in lines if line and not line.startswith("#")]
        return Environment(python=entry["python"], requirements=requirements)


def nearest_version(given: str, known: Sequence[str]) -> str:
    """Return the one of *known*, oldest first, that is nearest; the newest for no version at all.

    Nearest means the smallest difference in the first component, then in the second, and so on.
    """
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415 - only for the message

    def distance(version: str) -> list[int]:
        pairs = itertools.zip_longest(wanted, Version(version).release, fillvalue=0)
        return [abs(left - right) for left, right in pairs]

    try:
        wanted = Version(given).release
    except InvalidVersion:
        return known[-1]
    return min(known, key=distance)


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        msg = f"{path.name} is no JSON: {error}."
        raise PluginError(msg) from error
    if not isinstance(document, dict) or not {"toolkit", "releases"} <= document.keys():
        msg = f"{path.name} must be an object with the keys 'toolkit' and 'releases'."
        raise PluginError(msg)
    return document


def _row(entry: Mapping[str, Any], path: Path) -> Row:
    try:
        row = Row(**entry)
    except TypeError as error:
        msg = f"{path.name} describes release {entry.get('version')!r} wrongly: {error}."
        raise PluginError(msg) from error
    for name in ("training", "serving", "native_serving"):
        given = getattr(row, name)
        if name == "native_serving" and not isinstance(given, Mapping):
            continue  # None, or a word that is checked when it is read.
        if not isinstance(given, Mapping) or given.keys() not in _ENVIRONMENTS:
            msg = f"{path.name} describes {name} of release {row.version!r} wrongly: it is {given}."
            raise PluginError(msg + _what_is_right(given))
    return row


def _what_is_right(given: Any) -> str:
    known = ("python", "lock", "unavailable")
    unknown = [name for name in given if name not in known] if isinstance(given, Mapping) else []
    hint = "".join(did_you_mean(name, known) for name in unknown)
    return f"{hint} It takes 'python' and 'lock', or 'unavailable' alone."
