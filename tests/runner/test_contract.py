"""Arguments, variables and failure texts as the container toolkit makes them."""

import json
import pathlib
import signal
import unittest

try:
    from rlcore.runner import contract
except ImportError:  # on a Python that has no rlcore the runner stands alone
    from runner import contract

# What sagemaker-training-toolkit 5.1.0 derived from the files of a sample job.
SAMPLE = json.loads((pathlib.Path(__file__).parent / "container_env.json").read_text("utf-8"))
RESOURCES = json.loads(SAMPLE["env"]["SM_RESOURCE_CONFIG"])
INPUTS = json.loads(SAMPLE["env"]["SM_INPUT_DATA_CONFIG"])
HYPERPARAMETERS = {
    "b": "true",
    "d": '{"k": 1}',
    "f": "0.5",
    "i": "1",
    "l": '[1, "a"]',
    "n": "null",
    "raw": "notjson",
    "rl.training.config.num_workers": "7",
    "rl_cluster_type": '"primary"',
    "s": '"x"',
    "_tuning_objective_metric": '"return"',
    "sagemaker_container_log_level": "20",
    "sagemaker_estimator": '"RLEstimator"',
    "sagemaker_job_name": '"job-1"',
    "sagemaker_program": '"train.py"',
    "sagemaker_region": '"us-west-2"',
    "sagemaker_submit_directory": '"s3://b/job-1/source/sourcedir.tar.gz"',
}


def sample():
    """Return the sample's configuration."""
    return contract.configuration(HYPERPARAMETERS, RESOURCES, INPUTS)


class Contract(unittest.TestCase):
    """What follows from the files of `input/config`."""

    maxDiff = None

    def test_arguments(self):
        """The command line is that of the container, to the letter."""
        self.assertEqual(SAMPLE["args"], contract.arguments(sample().hyperparameters))

    def test_variables(self):
        """Every variable is there, no other, each with the container's own text."""
        training = contract.training_environment("/opt/ml", sample(), 2, 0)

        self.assertEqual(SAMPLE["env"], contract.variables(training))

    def test_variables_below_another_root(self):
        """Only the paths differ where the root does."""
        training = contract.training_environment("/elsewhere", sample(), 2, 0)

        expected = {
            name: value.replace("/opt/ml/", "/elsewhere/") for name, value in SAMPLE["env"].items()
        }
        self.assertEqual(expected, contract.variables(training))

    def test_a_dictionary_as_an_argument(self):
        """Its keys are sorted, whatever their order was."""
        self.assertEqual(["--dd", "a=1,b=2"], contract.arguments({"dd": {"b": 2, "a": 1}}))

    def test_a_name_that_no_variable_can_have(self):
        """A hyperparameter with an equals sign has an argument, but no variable."""
        config = sample()._replace(hyperparameters={"a=b": 1})

        names = contract.variables(contract.training_environment("/opt/ml", config, 1, 0))

        self.assertNotIn("SM_HP_A=B", names)

    def test_commands(self):
        """Shell scripts, packages, scripts and programs each have their own command."""
        table = [
            ("train.py", False, (["py", "train.py", "-a"], False)),
            ("deep/train.py", False, (["py", "deep/train.py", "-a"], False)),
            ("deep/train.py", True, (["py", "-m", "deep.train", "-a"], False)),
            ("train.sh", True, (["./train.sh", "-a"], True)),
            ("train", False, (["./train", "-a"], True)),
        ]
        for program, is_package, expected in table:
            with self.subTest(program=program, is_package=is_package):
                found = contract.command("py", program, ["-a"], is_package=is_package)
                self.assertEqual(expected, found)

    def test_failure_text(self):
        """The toolkit's form, with the last traceback and nothing before it."""
        output = b"step 1\r\nTraceback (most recent call last):\n  File\nValueError: no\n"

        self.assertEqual(
            'ExecuteUserScriptError:\nExitCode 1\nErrorMessage "Traceback (most recent call last):'
            '\n  File\nValueError: no"\nCommand "python train.py"',
            contract.failure_text(1, output, ["python", "train.py"]),
        )

    def test_failure_text_of_a_killed_script(self):
        """A script that was killed is most often out of memory, as the toolkit says."""
        self.assertIn("OutOfMemory", contract.failure_text(137, b"", ["python"]))

    def test_failure_text_is_short(self):
        """However much was printed, the reason stays readable."""
        text = contract.failure_text(1, b"x" * 10000, [])

        self.assertLess(len(text), 2200)

    def test_exit_codes(self):
        """A signal is 128 and its number, as shells have it."""
        self.assertEqual(3, contract.exit_code(3 << 8))
        self.assertEqual(137, contract.exit_code(int(signal.SIGKILL)))

    def test_checkpoint_folders(self):
        """What is asked for below `/opt/ml` is below the root."""
        table = [
            (None, "/tree/checkpoints"),
            ("/opt/ml/mine", "/tree/mine"),
            ("/opt/mlx", "/opt/mlx"),
            ("/data/mine", "/data/mine"),
        ]
        for wanted, expected in table:
            with self.subTest(wanted=wanted):
                self.assertEqual(expected, contract.checkpoint_folder("/tree", wanted))


if __name__ == "__main__":
    unittest.main()
