"""`ToolkitContract`: everything that a toolkit plugin must keep, for its author to subclass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlcore.testing.contracts.images import ImageChecks
from rlcore.testing.contracts.metrics import MetricChecks
from rlcore.testing.contracts.plugins import PluginChecks
from rlcore.testing.contracts.releases import ReleaseChecks
from rlcore.testing.contracts.scripts import ScriptChecks
from rlcore.testing.contracts.training import TrainingChecks

if TYPE_CHECKING:
    import pytest


class ToolkitContract(
    PluginChecks, ReleaseChecks, ImageChecks, MetricChecks, ScriptChecks, TrainingChecks
):
    """Checks of one plugin key. A subclass says which, and what is special about it.

    For example::

        class TestToy(ToolkitContract):
            key = "toy.pytorch"
            logs = (CapturedLog(version="1.0", path=LOG, metric="reward", values=(1.0, 2.5)),)
            training = ShortTraining(version="1.0", entry_point="train.py", source_dir=EXAMPLE)
            cannot = {"gpu_images": "the images were built for processors alone"}

    Attributes:
        key: The plugin key.
        logs: Captured logs.
        training: A short training, or several.
        cannot: What the toolkit cannot do, as `CAPABILITIES` names it, with the reason; of a single
            version as `capability:version`. The check of it is skipped.
        regions: Where image addresses are asked for.
    """

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run the checks of logs and trainings once for each that is given."""
        for name, given in (("log", self.logs), ("short_training", self._trainings())):
            if name in metafunc.fixturenames:
                metafunc.parametrize(name, given or (None,), ids=str)
