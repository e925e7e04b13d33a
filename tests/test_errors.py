"""The tree of errors, as drawn and as it is."""

from __future__ import annotations

import inspect

import pytest

from rlcore import errors


def tree() -> list[type[Exception]]:
    """Return every error class of the module."""
    found = [value for value in vars(errors).values() if inspect.isclass(value)]
    return [error for error in found if issubclass(error, Exception)]


@pytest.mark.parametrize("error", tree(), ids=lambda error: error.__name__)
def test_every_error_is_drawn_and_is_ours(error: type[Exception]) -> None:
    """The drawing in the module's docstring lists every class, and all have one root."""
    assert error.__name__ in (errors.__doc__ or "")
    assert issubclass(error, errors.RLCoreError)


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (errors.UnsupportedVersion, AttributeError),
        (errors.MissingArgument, AttributeError),
        (errors.InvalidToolkit, ValueError),
        (errors.InvalidFramework, ValueError),
        (errors.UnknownArgument, TypeError),
        (errors.InvalidArgument, ValueError),
        (errors.NotDeployable, NotImplementedError),
        (errors.TrainingFailed, ValueError),
        (errors.TrainingFailed, RuntimeError),
        (errors.PlatformError, RuntimeError),
        (errors.JobNotStarted, ValueError),
        (errors.SourceError, ValueError),
        (errors.DiskFull, OSError),
    ],
)
def test_callers_of_the_original_catch_what_they_caught(
    error: type[Exception], builtin: type[Exception]
) -> None:
    """Each error is also the builtin that the original raised."""
    assert issubclass(error, builtin)


def test_a_failed_training_keeps_its_facts() -> None:
    """The attributes of the original's exception, and the exit code, are there."""
    failed = errors.TrainingFailed("why", job_name="a", actual_status="Failed", exit_code=3)

    assert ("a", "Failed", 3) == (failed.job_name, failed.actual_status, failed.exit_code)
    assert ("Completed", "Stopped") == failed.allowed_statuses
    assert "why" == str(failed)


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("pytorh", " Did you mean 'pytorch'?"),
        ("zzz", ""),
        ("nobob", ""),
        ("toi", " Did you mean 'toy'?"),
    ],
)
def test_the_nearest_name_is_offered_only_when_it_is_near(given: str, hint: str) -> None:
    """A name like no other gets no suggestion."""
    assert hint == errors.did_you_mean(given, ["pytorch", "tensorflow", "bob1", "toy"])
