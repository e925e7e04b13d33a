"""The records: frozen, copied at the door."""

from __future__ import annotations

import copy
import pickle

import attrs
import pytest

from rlcore.spec import Environment, JobRequest, JobState, Plan, ToolkitRelease, Unavailable

AWAY = Unavailable(reason="a test")


def test_a_record_does_not_change_with_what_it_was_made_from() -> None:
    """Mappings are copied, and the copy cannot be written to."""
    given = {"lr": 1}
    request = JobRequest(name="a", entry_point="train.py", hyperparameters=given)

    given["lr"] = 2

    assert {"lr": 1} == request.hyperparameters
    with pytest.raises(TypeError):
        request.hyperparameters["lr"] = 3  # type: ignore[index]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        request.name = "b"


def test_a_record_goes_to_another_process_and_back() -> None:
    """Sweeps hand requests to workers; copies are as read-only as the original."""
    request = JobRequest(name="a", entry_point="train.py", hyperparameters={"lr": [1]})

    for twin in (pickle.loads(pickle.dumps(request)), copy.deepcopy(request)):  # noqa: S301
        assert request == twin
        with pytest.raises(TypeError):
            twin.hyperparameters["lr"] = 3  # type: ignore[index]


def test_a_single_string_is_no_sequence_of_requirements() -> None:
    """A string would silently become its letters."""
    with pytest.raises(TypeError, match="'numpy'"):
        Environment(python=">=3.10", requirements="numpy")


@pytest.mark.parametrize(
    ("framework", "text"), [("pytorch", "toy 1.0 (pytorch 2.3)"), (None, "toy 1.0")]
)
def test_a_release_reads_well(framework: str | None, text: str) -> None:
    """People see the release in tables and messages."""
    release = ToolkitRelease(
        toolkit="toy",
        version="1.0",
        framework=framework,
        framework_version="2.3",
        training=AWAY,
        serving=AWAY,
    )

    assert text == str(release)


def test_a_plan_is_its_text() -> None:
    """A notebook's cell that ends in a plan shows what a person can read, not the record."""
    request = JobRequest(name="a", entry_point="train.py")
    plan = Plan(platform="local", request=request, document={"a": 1}, text="Train <a>")

    assert ("Train <a>", "Train <a>") == (repr(plan), str(plan))
    assert "<pre>Train &lt;a&gt;</pre>" == plan._repr_html_()


def test_exactly_three_states_are_final() -> None:
    """A stopped job has ended; a stopping one has not."""
    assert {"Succeeded", "Failed", "Stopped"} == {state.value for state in JobState if state.final}
