"""Checks of the releases: their versions, their environments, their models."""

from __future__ import annotations

import itertools
import warnings
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from rlcore import model
from rlcore.endpoints import Container, ModelRequest
from rlcore.errors import InvalidArgument, NotDeployable, RLCoreError, UnsupportedVersion
from rlcore.spec import Environment, ToolkitRelease, Unavailable
from rlcore.testing.contracts.base import Checks

if TYPE_CHECKING:
    from collections.abc import Iterator


_UNKNOWN = ("99999.1", "0.0.0.dev12345", "no-version")
_MODEL = "s3://bucket/job/output/model.tar.gz"
_SOURCE = "s3://bucket/job/source/sourcedir.tar.gz"
_ROLE = "arn:aws:iam::111122223333:role/rlcore"
_OWN_IMAGE = "111122223333.dkr.ecr.us-west-2.amazonaws.com/mine:1"


class ReleaseChecks(Checks):
    """Whether every release can be named, and is described in full."""

    def test_every_known_version_keeps_its_written_form(self) -> None:
        """`known_versions` lists each version once, oldest first, and each parses to itself."""
        cure = "list them oldest first, as users write them, and hand back the release asked for."
        self._verdict(self._of_known_versions(), cure)

    def test_an_unknown_version_is_answered_with_the_known(self) -> None:
        """A version that there is not raises `UnsupportedVersion`, which names those there are."""
        cure = "raise rlcore.errors.UnsupportedVersion with a message that lists known_versions()."
        self._verdict(self._of_unknown_versions(), cure)

    def test_its_environments_can_be_built_again(self) -> None:
        """Python specifiers parse; every requirement is pinned, without a local version; hashes.

        An environment with the hash of one distribution has the hashes of all. One that does not
        exist says why.
        """
        cure = (
            "make the lock by `uv pip compile --generate-hashes`; where files of one distribution"
            " come from several indexes and no hash fits, say cannot={'hashes:version': reason}."
        )
        problems = [
            f"{release}: {problem}" for release in self._releases() for problem in _of(release)
        ]
        self._verdict([*problems, *self._of_hashes()], cure)

    def test_its_models_make_containers(self) -> None:
        """The model class makes a container of a request, or says by `NotDeployable` why not."""
        cure = "return a subclass of rlcore.Model whose container() is pure; FrameworkModel is one."
        self._verdict(self._of_models(), cure)

    def _of_hashes(self) -> Iterator[str]:
        for release in self._releases():
            bare = list(_without_hash(release))
            if not self._unable("hashes", release.version):
                yield from (f"{release}: {line!r} has no hash, though others have" for line in bare)
            elif not bare and f"hashes:{release.version}" in self.cannot:
                yield f"cannot names 'hashes:{release.version}', but nothing lacks one"

    def _of_known_versions(self) -> Iterator[str]:
        toolkit = self._toolkit()
        versions = toolkit.known_versions()
        yield from _of_versions(versions)
        for version in versions:
            try:
                toolkit.release(version)
            except RLCoreError as error:
                yield f"{version!r}, which known_versions lists, is refused: {error}"

    def _of_unknown_versions(self) -> Iterator[str]:
        toolkit = self._toolkit()
        self._releases()
        known = toolkit.known_versions()
        for version in set(_UNKNOWN) - set(known):
            try:
                toolkit.release(version)
            except RLCoreError as error:
                if not isinstance(error, UnsupportedVersion):
                    yield f"{version!r} is refused by {type(error).__name__}: {error}"
                silent = [each for each in known if each not in str(error)]
                if silent:
                    yield f"the error for {version!r} does not name {', '.join(silent)}: {error}"
            else:
                yield f"{version!r} was taken for a release, but is none"

    def _of_models(self) -> Iterator[str]:
        toolkit = self._toolkit()
        for release in self._releases():
            cls = toolkit.model_class(release)
            for image in (None, _OWN_IMAGE):
                request = ModelRequest(
                    name="model",
                    release=release,
                    model_data=_MODEL,
                    role=_ROLE,
                    image_uri=image,
                    entry_point="inference.py",
                    source_uri=_SOURCE,
                )
                yield from _of_container(cls, request, self.regions[0])


def _of_versions(versions: tuple[str, ...]) -> Iterator[str]:
    if not versions:
        yield "known_versions lists none"
    for doubled in sorted({each for each in versions if versions.count(each) > 1}):
        yield f"known_versions lists {doubled!r} {versions.count(doubled)} times"
    ordered = []
    for version in versions:
        try:
            ordered.append(Version(version))
        except InvalidVersion:
            yield f"{version!r} is no version that can be compared with others (PEP 440)"
    for older, newer in itertools.pairwise(ordered):
        if older > newer:
            yield f"known_versions lists {older} before {newer}, which is older"


def _of(release: ToolkitRelease) -> Iterator[str]:
    for name, environment in _environments(release):
        if isinstance(environment, Unavailable) and not environment.reason.strip():
            yield f"{name} is unavailable without a reason"
        if isinstance(environment, Environment):
            yield from (f"{name}: {problem}" for problem in _of_environment(environment))
    for line in release.image_requirements:
        yield from (f"image_requirements: {problem}" for problem in _of_requirement(line))


def _environments(release: ToolkitRelease) -> Iterator[tuple[str, Environment | Unavailable]]:
    for name in ("training", "serving", "native_serving"):
        environment = getattr(release, name)
        if environment is not None:
            yield name, environment


def _of_environment(environment: Environment) -> Iterator[str]:
    try:
        SpecifierSet(environment.python)
    except InvalidSpecifier:
        yield f"{environment.python!r} is no specifier of Python versions, such as '>=3.10,<3.14'"
    for line in environment.requirements:
        yield from _of_requirement(line)


def _without_hash(release: ToolkitRelease) -> Iterator[str]:
    for _, environment in _environments(release):
        requirements = getattr(environment, "requirements", ())
        bare = [line for line in requirements if "--hash=" not in line]
        if len(bare) < len(requirements):
            yield from bare


def _of_requirement(line: str) -> Iterator[str]:
    text = line.partition(" --hash")[0].strip()
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        yield f"{text!r} is no requirement: {str(error).splitlines()[0]}"
        return
    pins = list(requirement.specifier)
    if len(pins) != 1 or pins[0].operator != "==" or "*" in pins[0].version:
        yield f"{text!r} is not pinned with =="
    elif Version(pins[0].version).local:
        yield f"{text!r} has a local version, which a registry does not have"


def _of_container(cls: type[model.Model], request: ModelRequest, region: str) -> Iterator[str]:
    told = f"{request.release}, {cls.__name__}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # They are meant for whoever deploys for real.
            made = model.make(cls, request, None, None)
            container = made.container(region, "ml.c5.xlarge")
    except (InvalidArgument, NotDeployable) as error:
        if not str(error):
            yield f"{told}: {type(error).__name__} without a word of why"
        return
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises is what it does wrong
        yield f"{told}: container() raised {type(error).__name__}: {error}"
        return
    found: object = container
    if not isinstance(found, Container):
        yield f"{told}: container() answered with {found!r} instead of a Container"
    elif request.image_uri not in {None, container.image_uri}:
        yield f"{told}: container() has {container.image_uri}, not the image that was asked for"
