"""What scripts that were written for the container find on this machine, as whole jobs."""

from __future__ import annotations

import json
import tarfile
import textwrap

import attrs
import pytest

from rlcore import ExportWarning, RLEstimator, source, storage
from rlcore.errors import InterpreterNotFound
from rlcore.spec import Environment, JobState

OLD = Environment(python="==3.6.*", requirements=())
# In the manner of 2019: the entry point names a preset, the launcher beside it does the rest.
ENTRY_POINT = """
    from helpers.launcher import Launcher

    class CartPole(Launcher):
        def preset(self):
            return "preset-cartpole-clippedppo"

    if __name__ == "__main__":
        CartPole.train_main()
"""
LAUNCHER = """
    import json
    import os
    import shutil
    import socket

    CONFIG = "/opt/ml/input/config/"
    INTERMEDIATE = "/opt/ml/output/intermediate"
    CHECKPOINTS = "/opt/ml/output/data/checkpoint"


    def configuration(name):
        with open(CONFIG + name + ".json") as file:
            return json.load(file)


    class Launcher(object):
        def __init__(self):
            self.hyperparameters = configuration("hyperparameters")
            resources = configuration("resourceconfig")
            self.host = resources["current_host"]
            self.address = socket.gethostbyname(self.host)
            self.is_primary = self.host == sorted(resources["hosts"])[0]

        @classmethod
        def train_main(cls):
            cls().launch()

        def launch(self):
            print("%s at %s, really %s" % (self.host, self.address, socket.gethostname()))
            print("preset %s, %s" % (self.preset(), self.hyperparameters["rl.discount"]))
            if not os.path.exists(CHECKPOINTS):
                os.makedirs(CHECKPOINTS)
            with open(os.path.join(CHECKPOINTS, "0_Step-0.ckpt"), "w") as file:
                file.write("weights")
            with open(os.path.join(INTERMEDIATE, "worker_0.csv"), "w") as file:
                file.write("Episode #,Training Iter\\n1,0")
            if self.is_primary:
                shutil.copy(os.path.join(CHECKPOINTS, "0_Step-0.ckpt"), "/opt/ml/model/model.ckpt")
"""


@pytest.mark.usefixtures("namespaces")
def test_an_old_script_unmodified(jobs, tmp_path, monkeypatch):
    """A launcher in `dependencies` that knows the container alone runs on Python 3.6."""
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))  # whatever else the machine has, no display
    texts = {
        "src/train.py": ENTRY_POINT,
        "common/helpers/__init__.py": "",
        "common/helpers/launcher.py": LAUNCHER,
    }
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    bundle = source.bundle("train.py", tmp_path / "src", [tmp_path / "common/helpers"])
    release = attrs.evolve(jobs.request().release, training=OLD, display=True)
    plan = jobs.platform.plan(
        jobs.request(
            release=release, hyperparameters={"rl.discount": 0.99}, output_path=str(tmp_path)
        )
    )
    try:
        jobs.platform.start(plan, bundle)
    except InterpreterNotFound as error:
        pytest.skip(str(error))

    status = jobs.end()

    warning, *lines = jobs.lines()
    assert JobState.SUCCEEDED is status.state, status.failure_reason
    assert warning.startswith("rlcore: warning: no display: Xvfb is not installed")
    assert [
        "algo-1 at 127.0.0.1, really algo-1",
        "preset preset-cartpole-clippedppo, 0.99",
    ] == lines
    output = tmp_path / "job/output"
    assert "Episode #,Training Iter\n1,0" == (output / "intermediate/worker_0.csv").read_text()
    assert {"model.ckpt": b"weights"} == members(status.model_data)
    assert b"weights" == members(status.output_data)["checkpoint/0_Step-0.ckpt"]


@pytest.mark.usefixtures("namespaces")
def test_where_the_paths_of_a_traceback_lead(jobs, rlcore_home):
    """Beside a failure that names `/opt/ml`, the log names the folder that it was."""
    status = jobs.run("import helper", files={"helper.py": "raise RuntimeError('not finite')"})

    assert 'File "/opt/ml/code/helper.py"' in status.failure_reason
    told = f"/opt/ml of this job is {rlcore_home}/jobs/job/opt_ml."
    assert told in jobs.lines(host="rlcore")


@pytest.mark.usefixtures("namespaces")
def test_links_of_a_script(jobs):
    """What is linked from the model is in its archive; a link out of `/opt/ml` is told."""
    script = """
        import os
        with open("/opt/ml/output/intermediate/best", "w") as file:
            file.write("weights")
        os.symlink("/opt/ml/output/intermediate/best", "/opt/ml/model/best")
        os.symlink("/etc/hostname", "/opt/ml/model/elsewhere")
    """

    status = jobs.run(script)

    assert {"best": b"weights"} == members(status.model_data)
    left = "elsewhere -> /etc/hostname, which leads out of the job's /opt/ml"
    assert f"warning: left out of the archives: {left}" in jobs.lines(host="rlcore")


@pytest.mark.usefixtures("namespaces")
def test_the_model_folder_is_a_link(jobs):
    """A script that links it to its best checkpoint has that for its model."""
    script = """
        import os, shutil
        os.makedirs("/opt/ml/checkpoints/best", exist_ok=True)
        with open("/opt/ml/checkpoints/best/weights", "w") as file:
            file.write("hours of work")
        shutil.rmtree("/opt/ml/model")
        os.symlink("/opt/ml/checkpoints/best", "/opt/ml/model")
    """

    status = jobs.run(script)

    assert {"weights": b"hours of work"} == members(status.model_data)
    assert not any("wrote nothing" in line for line in jobs.lines(host="rlcore"))


@pytest.mark.usefixtures("namespaces")
def test_folders_that_are_links_out_of_the_tree(jobs, rlcore_home, tmp_path):
    """Neither what is packed nor what is copied meanwhile brings somebody's files."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/key").write_text("secret")
    script = f"""
        import os, shutil
        for folder in ("/opt/ml/model", "/opt/ml/output/data", "/opt/ml/output/intermediate"):
            shutil.rmtree(folder, ignore_errors=True)
            os.symlink({str(tmp_path / "secrets")!r}, folder)
    """

    status = jobs.run(script)

    lines = jobs.lines(host="rlcore")
    replaced = f"{rlcore_home}/jobs/job/opt_ml/output/intermediate"
    assert ({}, None) == (members(status.model_data), status.output_data)
    assert [] == list((rlcore_home / "output").rglob("key"))
    assert f"warning: not copied, a link by now: {replaced}" in lines
    assert 2 == sum(line.startswith("warning: left out of the archives: ") for line in lines)


def members(uri: str) -> dict[str, bytes]:
    """Return the files of an archive."""
    with tarfile.open(storage.to_path(uri)) as archive:
        files = {member.name: archive.extractfile(member) for member in archive}
        return {name: file.read() for name, file in files.items() if file}


# Its plugin is there, whose releases `attach` finds; what runs is nothing of it.
RAY = {"toolkit": "ray", "version": "2.60.0", "framework": "pytorch"}


def inspected(jobs, module: str, script: str = ""):
    """Run a script whose release has an inspection, the text of a module beside it."""
    release = attrs.evolve(jobs.request().release, inspection="looks", **RAY)
    return jobs.run(script, release=release, files={"looks.py": module})


def test_a_model_that_is_not_what_was_trained(jobs):
    """The log warns, the job keeps it, and whoever deploys is warned by name."""
    answer = {"check": "export", "compared": 13, "equal": 0, "message": "0 of 13 are equal"}

    status = inspected(jobs, f"print({json.dumps(answer)!r})")

    assert (JobState.SUCCEEDED, ("0 of 13 are equal",)) == (status.state, status.warnings)
    assert "warning: 0 of 13 are equal" in jobs.lines(host="rlcore")
    estimator = RLEstimator.attach("job", platform=jobs.platform)
    with pytest.warns(ExportWarning, match="job: 0 of 13 are equal"):
        estimator.create_model()


def test_an_inspection_that_breaks(jobs):
    """One line says that nobody has looked; the job has succeeded, and nobody is warned."""
    status = inspected(jobs, "raise KeyError('layer')")

    told = "The model could not be checked: the inspection ended with 1: KeyError: 'layer'"
    stages = [line for line in jobs.lines(host="rlcore") if line.startswith("stage: ")]
    assert ["Training", "Checking model", "Packing"] == [line[7:] for line in stages[1:-1]]
    assert (JobState.SUCCEEDED, ()) == (status.state, status.warnings)
    assert 1 == jobs.lines(host="rlcore").count(told)
    RLEstimator.attach("job", platform=jobs.platform).create_model()


def test_a_stop_after_the_script_has_ended(jobs, tmp_path, until):
    """A job whose work is done has succeeded, though its inspection is cut short."""
    begun = tmp_path / "begun"
    release = attrs.evolve(jobs.request().release, inspection="looks")
    looks = f"import time; open({str(begun)!r}, 'w').close(); time.sleep(600)"
    jobs.start("", release=release, files={"looks.py": looks})
    until(begun.exists)
    until(lambda: jobs.platform.describe("job").stage == "Checking model")

    jobs.platform.stop("job")

    assert JobState.SUCCEEDED is jobs.end().state
    assert any("could not be checked" in line for line in jobs.lines(host="rlcore"))
