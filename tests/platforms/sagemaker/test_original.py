"""The same requests as the original: every scenario recorded of its release 1.72.1.

`original.json` has what that release sent to AWS and what it returned, at a frozen clock. What is
different on purpose stands in `OVERRULED`, each with its reason.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from rlcore import RLEstimator, RLFramework, RLToolkit, estimator
from rlcore.errors import RLCoreError

NOW = 1580000000.123456
ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/MyRole"
# The scenario's own id of a file system is one that the service refuses.
ORIGINAL = json.loads(
    Path(__file__).with_name("original.json").read_text("utf-8").replace('"fs-1"', '"fs-12345678"')
)

OVERRULED = {
    "val_toolkit_str": "a toolkit may be named by a string, so that any plugin can be",
    "val_image_and_toolkit_str": "likewise",
    "val_framework_str": "likewise, where there is such a framework",
    "metric_defs_bad": "likewise",
    "val_local_non_local_session": "a local job takes no session at all",
    "val_only_subnets": "subnets without security groups were dropped in silence",
    "image_ml.c6g.large": "the image does not run on Arm",
    "image_ml.trn1.2xlarge": "the image does not run on Trainium",
    "attach_new_ray_container": "the release is read back from its image, as from any other",
    "deploy_ray": "models of Ray are deployed: by their inference script, or by TensorFlow Serving",
}

COACH_MXNET = {
    "toolkit": RLToolkit.COACH,
    "toolkit_version": "0.11.0",
    "framework": RLFramework.MXNET,
}
COACH_TF = {**COACH_MXNET, "toolkit_version": "0.11.1", "framework": RLFramework.TENSORFLOW}
RAY = {"toolkit": RLToolkit.RAY, "toolkit_version": "0.6.5", "framework": RLFramework.TENSORFLOW}
ONE = {"train_instance_count": 1, "train_instance_type": "ml.m4.xlarge"}


class Input:
    """An input object of the original: its `config` is a channel of the service."""

    def __init__(self, uri: str, kind: str = "S3Prefix", **config: Any) -> None:
        """Make the configuration as the original did."""
        distribution = config.pop("distribution", "FullyReplicated")
        data = {"S3DataType": kind, "S3Uri": uri, "S3DataDistributionType": distribution}
        self.config = {"DataSource": {"S3DataSource": data}, **config}


class FileSystem:
    """The original's input from a file system."""

    config = {
        "DataSource": {
            "FileSystemDataSource": {
                "FileSystemId": "fs-12345678",
                "FileSystemType": "EFS",
                "DirectoryPath": "/x",
                "FileSystemAccessMode": "ro",
            }
        }
    }


FULL = {
    **COACH_TF,
    "metric_definitions": [{"Name": "x", "Regex": "x=(.*)"}],
    "train_instance_count": 3,
    "train_instance_type": "ml.p3.2xlarge",
    "train_volume_size": 100,
    "train_volume_kms_key": "vk",
    "train_max_run": 3600,
    "train_use_spot_instances": True,
    "train_max_wait": 7200,
    "input_mode": "Pipe",
    "output_path": "s3://outb/pre",
    "output_kms_key": "ok",
    "base_job_name": "my-job",
    "tags": [{"Key": "a", "Value": "b"}],
    "subnets": ["s1"],
    "security_group_ids": ["g1"],
    "model_uri": "s3://m/model.tar.gz",
    "encrypt_inter_container_traffic": True,
    "checkpoint_s3_uri": "s3://ck/p",
    "checkpoint_local_path": "/opt/ml/ck",
    "enable_sagemaker_metrics": True,
    "container_log_level": 10,
    "code_location": "s3://outb/code",
}
FULL_INPUTS = {
    "a": "s3://data/a",
    "b": Input(
        "s3://data/b",
        "ManifestFile",
        distribution="ShardedByS3Key",
        CompressionType="Gzip",
        ContentType="text/csv",
        InputMode="File",
    ),
    "fs": FileSystem(),
}
EXPERIMENT = {"ExperimentName": "e", "TrialName": "t", "TrialComponentDisplayName": "c"}
OF_EVERY_TYPE = {
    "rl.agent_params.algorithm.discount": 0.9,
    "i": 1,
    "f": 0.5,
    "s": "x",
    "b": True,
    "n": None,
    "l": [1, "a"],
    "d": {"k": 1},
}

# Name of the scenario -> arguments of the estimator, and of fit.
FITS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "fit_defaults_coach_mxnet": (COACH_MXNET, {"inputs": "s3://data/train"}),
    "fit_defaults_coach_tf_no_inputs": (COACH_TF, {}),
    "fit_defaults_ray_wait_false": (RAY, {}),
    "fit_failed_job": (RAY, {}),
    "fit_stopped_job": (RAY, {}),
    "fit_logs_none": (RAY, {}),
    "fit_custom_image": (
        {"image_name": "123456789012.dkr.ecr.us-west-2.amazonaws.com/my-img:1.0"},
        {},
    ),
    "fit_debugger_false": ({**RAY, "debugger_hook_config": False}, {"job_name": "given-name"}),
    "fit_code_location_other_bucket_kms": (
        {
            **RAY,
            "code_location": "s3://codeb",
            "output_path": "s3://outb/",
            "output_kms_key": "ok",
        },
        {},
    ),
    "fit_full": (FULL, {"inputs": FULL_INPUTS, "experiment_config": EXPERIMENT}),
    "fit_network_isolation": (
        {**COACH_TF, "enable_network_isolation": True},
        {"inputs": "s3://d/x"},
    ),
    "fit_s3_source_dir": ({**COACH_MXNET, "source_dir": "s3://b/p/sourcedir.tar.gz"}, {}),
    "fit_source_dir_deps": (
        {
            **COACH_MXNET,
            "entry_point": "train-coach.py",
            "source_dir": "src_dir",
            "dependencies": ["dep"],
            "hyperparameters": OF_EVERY_TYPE,
        },
        {},
    ),
}

# Name of the scenario -> arguments of the estimator, and inputs.
REFUSED: dict[str, tuple[dict[str, Any], Any]] = {
    "val_missing_all": ({}, None),
    "val_missing_version": ({**COACH_TF, "toolkit_version": None}, None),
    "val_bad_version": ({**COACH_TF, "toolkit_version": "9.9"}, None),
    "val_bad_combo": ({**RAY, "framework": RLFramework.MXNET}, None),
    "val_entry_s3": ({**COACH_TF, "entry_point": "s3://b/x.py"}, None),
    "val_local_gpu_multi": (
        {**COACH_TF, "train_instance_type": "local_gpu", "train_instance_count": 2},
        None,
    ),
    "val_file_output": ({**COACH_TF, "output_path": "file:///tmp/x"}, None),
    "val_bad_instance": (
        {**COACH_TF, "train_instance_type": "p3.2xlarge", "platform": "sagemaker"},
        None,
    ),
    "val_missing_script": ({**COACH_TF, "entry_point": "nope.py"}, None),
    "val_missing_script_in_source_dir": (
        {**COACH_TF, "entry_point": "nope.py", "source_dir": "src_dir"},
        None,
    ),
    "val_bad_input": (COACH_MXNET, "no-such-folder"),
    "val_bad_input_type": (COACH_MXNET, 5),
    "val_file_input": (COACH_MXNET, "file:///tmp/x"),
    "val_tuner_like_duplicate_channel": (
        {**COACH_MXNET, "model_uri": "s3://m/x", "model_channel_name": "training"},
        "s3://d/x",
    ),
    "image_bogus": ({**COACH_TF, "train_instance_type": "bogus", "platform": "sagemaker"}, None),
    "image_ml.inf1.xlarge": ({**COACH_TF, "train_instance_type": "ml.inf1.xlarge"}, None),
}
# A script that is not there is one error, with a folder or without.
OTHER_KINDS = {"val_missing_script": "ValueError"}
# What our message has where it says it in other words.
OTHER_WORDS = {
    "val_bad_combo": "framework",
    "val_bad_version": "9.9",
    "val_missing_script": "nope.py",
    "val_bad_input": "URI input no-such-folder must be a valid S3 or FILE URI",
    "val_bad_input_type": "Cannot format input 5",
    "image_ml.inf1.xlarge": "Inferentia",
}


# The types whose image was asked for; what is not there any more stands above.
IMAGES = (
    "image_ml.c5.large",
    "image_ml.c6g.large",
    "image_ml.g4dn.xlarge",
    "image_ml.g5.xlarge",
    "image_ml.inf1.xlarge",
    "image_ml.m16",
    "image_ml.m4.xlarge",
    "image_ml.p2.xlarge",
    "image_ml.p3.2xlarge",
    "image_ml.p4d.24xlarge",
    "image_ml.trn1.2xlarge",
    "image_ml.x",
)
METRICS = {"metric_defs_coach": RLToolkit.COACH, "metric_defs_ray": RLToolkit.RAY}
BOTH = "val_image_and_toolkit_ok"
# Compared by the modules beside this one, each of which holds its tables against the scenarios.
ATTACHED = {  # test_attach.py
    "attach_coach_mxnet",
    "attach_custom",
    "attach_failed_job",
    "attach_legacy_mxnet",
    "attach_plain_mxnet",
    "attach_ray",
    "attach_unsupported_version",
}
DEPLOYED = {  # test_hosting.py
    "deploy_coach_mxnet",
    "deploy_coach_mxnet_eia",
    "deploy_coach_mxnet_entry_point",
    "deploy_coach_mxnet_entry_point_source_dir",
    "deploy_coach_tf",
    "deploy_coach_tf_eia",
    "deploy_coach_tf_entry_point",
    "deploy_coach_tf_gpu_env_kwarg",
    "deploy_custom_image",
    "deploy_ray",
    "deploy_source_dir_without_entry_point",
    "deploy_without_fit",
}
TRANSFORMED = {"transformer_coach_mxnet", "transformer_coach_tf"}  # test_transforms.py


@pytest.fixture(autouse=True)
def frozen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Freeze the clock, name the region, and make the files that the scenarios name."""

    class Clock:
        @staticmethod
        def time() -> float:
            return NOW

    monkeypatch.setattr(estimator, "time", Clock)
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.chdir(tmp_path)
    for name in ("train.py", "src_dir/train-coach.py", "src_dir/requirements.txt", "dep/a.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")


def made(given: dict[str, Any]) -> RLEstimator:
    """Return an estimator with what the scenarios have in common."""
    return RLEstimator(**{"entry_point": "train.py", "role": ROLE, **ONE, **given})


def filled(value: Any) -> Any:
    """Return a part of a plan with what only AWS knows."""
    text = json.dumps(value, default=dict)
    return json.loads(text.replace("{account}", ACCOUNT).replace("{role_arn}", ROLE))


@pytest.mark.parametrize("name", FITS)
def test_training_requests(name: str) -> None:
    """The whole request, but for the tags that are ours and the hook that nobody asked for."""
    given, fit = FITS[name]
    document = filled(made(given).plan(**fit).document)

    request = document["request"]
    ours = [tag for tag in request.pop("Tags", []) if not tag["Key"].startswith("rlcore:")]
    if ours:
        request["Tags"] = ours
    expected = dict(ORIGINAL[name]["requests"]["create_training_job"])
    expected.pop("DebugHookConfig", None)
    assert expected == request
    for upload in ORIGINAL[name].get("uploads", []):
        assert f"s3://{upload['bucket']}/{upload['key']}" == document["source"]


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str) -> None:
    """The same builtin error, in the same words or in clearer ones, before anything is sent."""
    kind, message = ORIGINAL[name]["result"].removeprefix("EXC ").split(": ", 1)
    given, fit_inputs = REFUSED[name]
    with pytest.raises(RLCoreError) as raised:
        made(given).plan(fit_inputs)

    known = {each.__name__ for each in type(raised.value).__mro__}
    assert OTHER_KINDS.get(name, kind) in known
    assert OTHER_WORDS.get(name, message.replace("DIR/", "")) in str(raised.value)


@pytest.mark.parametrize("name", IMAGES)
def test_images(name: str) -> None:
    """The image of every instance type that can run it."""
    if name in OVERRULED or name in REFUSED:
        with pytest.raises(ValueError, match="chips|processors"):
            made(COACH_TF).train_image(instance_type=name.removeprefix("image_"))
        return
    expected = ORIGINAL[name]["result"]
    assert expected == made(COACH_TF).train_image(instance_type=name.removeprefix("image_"))


@pytest.mark.parametrize("name", METRICS)
def test_metric_definitions(name: str) -> None:
    """Names and regular expressions of each toolkit."""
    expected = ORIGINAL[name]["result"]
    assert expected == RLEstimator.default_metric_definitions(METRICS[name])


def test_an_image_and_a_toolkit() -> None:
    """The image wins, and there is neither a toolkit nor a metric."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        both = made({**COACH_TF, "image_name": "my:1"})
    expected = ORIGINAL[BOTH]["result"]
    assert expected == {"has_toolkit": hasattr(both, "toolkit"), "md": both.metric_definitions}


def test_the_debugger_hook_on_demand() -> None:
    """Asked for, it is as the original sent it unasked."""
    plan = made({**COACH_MXNET, "debugger_hook_config": True}).plan()
    original = ORIGINAL["fit_defaults_coach_mxnet"]["requests"]["create_training_job"]
    assert original["DebugHookConfig"] == filled(plan.document["request"]["DebugHookConfig"])


def test_every_scenario_has_its_place() -> None:
    """A scenario is compared here or by a module beside, or has a reason not to be."""
    here = {*FITS, *REFUSED, *OVERRULED, *IMAGES, *METRICS, BOTH}
    assert set(ORIGINAL) == here | ATTACHED | DEPLOYED | TRANSFORMED
