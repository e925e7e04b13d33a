"""Hyperparameters in the dotted form: pure, on every Python from 3.6 on."""

import enum
import unittest

from rlscript.settings import HyperparameterError
from rlscript_coach import hyperparameters, values
from rlscript_coach.values import Typed


class Scheme(enum.Enum):
    """How deep a network is, as Coach has it."""

    Shallow = "Shallow"
    Medium = "Medium"


class LinearSchedule:
    """A schedule, known by its name as Coach's is."""


class Part:
    """Attributes, as Coach's parameters are."""

    def __init__(self, **attributes):
        """Take them."""
        vars(self).update(attributes)


def preset():
    """Return something of a graph manager's shape."""
    network = Part(learning_rate=0.00025, batch_size=64, scheme=Scheme.Medium, clip_gradients=None)
    algorithm = Part(
        discount=0.99,
        beta_entropy=0,
        optimization_epochs=10,
        use_kl=False,
        schedule=LinearSchedule(),
    )
    return Part(
        agent_params=Part(
            algorithm=algorithm,
            network_wrappers={"main": network},
            exploration={Scheme: Part(noise=0.5), Scheme.Medium: 1.5},
            _hidden=1,
        ),
        env_params=Part(level="CartPole-v0", additional_simulator_parameters={"tills": 5}),
        visualization_parameters=Part(dump_csv=True, video_dump_filters=["a", "b"]),
    )


class Values(unittest.TestCase):
    """What a text stands for."""

    def test_allowed(self):
        """Numbers, texts and types by name, nested and with named arguments."""
        cases = [
            ("EnvironmentSteps(2048)", Typed("EnvironmentSteps", (2048,), {})),
            ("EnvironmentSteps(2048.0)", Typed("EnvironmentSteps", (2048,), {})),
            ("TrainingSteps(num_steps=3)", Typed("TrainingSteps", (3,), {})),
            ("LinearSchedule(1.0, -0.5, 10)", Typed("LinearSchedule", (1.0, -0.5, 10), {})),
            ("[Dense(64), Dense(32)]", [Typed("Dense", (n,), {}) for n in (64, 32)]),
            # As a command line's YAML gives it.
            (["Dense(64)", "Dense(32)"], [Typed("Dense", (n,), {}) for n in (64, 32)]),
            (["LinearSchedule(1.0", 0.1, "10)"], [Typed("LinearSchedule", (1.0, 0.1, 10), {})]),
            (["a (text)", "more) of it"], ["a (text)", "more) of it"]),
            (["a", "b"], ["a", "b"]),
            (" ConstantSchedule(0.1) ", Typed("ConstantSchedule", (0.1,), {})),
            ("CartPole-v0", "CartPole-v0"),
            ("pkg.module:Class", "pkg.module:Class"),
            ("a (text) of words)", "a (text) of words)"),
            (3, 3),
            (None, None),
        ]
        for given, expected in cases:
            with self.subTest(given):
                self.assertEqual(expected, values.parse("rl.x", given))

    def test_forbidden(self):
        """Everything else of Python is refused, with what is allowed and the nearest."""
        cases = [
            ("__import__('os').system('true')", "calls something that is no type"),
            (
                "open('x')",
                "the type 'open' is not allowed. Allowed are numbers, .*ConstantSchedule, Dense",
            ),
            (["open('x')"], "'open' is not allowed"),
            ("EnvironmentStep(5)", "did you mean 'EnvironmentSteps'?"),
            ("EnvironmentSteps(open('x'))", "takes one whole number|'open' is not allowed"),
            ("EnvironmentSteps(2 ** 3)", "holds something that is no number"),
            ("EnvironmentSteps('5')", "EnvironmentSteps takes one whole number"),
            ("EnvironmentSteps(1.5)", "takes one whole number"),
            ("EnvironmentSteps(-5)", "takes one whole number"),
            ("EnvironmentSteps(1e999)", "takes one whole number"),
            ("EnvironmentSteps(1, 2)", "takes one whole number"),
            ("EnvironmentSteps(n=1)", "takes one whole number"),
            ("EnvironmentSteps(**{'num_steps': 1})", "unpacks a dictionary"),
            ("[open('x')]", "'open' is not allowed"),
        ]
        for given, expected in cases:
            with self.subTest(given), self.assertRaisesRegex(HyperparameterError, expected):
                values.parse("rl.x", given)

    def test_type_in_the_name(self):
        """The original's other form: `rl.evaluation_steps:EnvironmentEpisodes`."""
        expected = Typed("EnvironmentEpisodes", (8,), {})
        for given in (8, "8"):
            self.assertEqual(
                expected, values.typed("rl.x:EnvironmentEpisodes", *expected[:1], given)
            )
        with self.assertRaisesRegex(HyperparameterError, "takes one whole number"):
            values.typed("rl.x:EnvironmentEpisodes", "EnvironmentEpisodes", "many")


class Names(unittest.TestCase):
    """Whose a hyperparameter is."""

    def test_sorted(self):
        """Aliases become paths; own names have types; real booleans."""
        found = hyperparameters.sort(
            {
                "RLCOACH_PRESET": "preset-cartpole",
                "improve_steps": 10000,
                "discount": "0.9",
                "evaluation_episodes": 8,
                "rl.env_params.level": "CartPole-v1",
                "save_model": "False",
                "seed": "3",
                "evaluate_steps": 500,
            }
        )
        paths = {
            "rl.improve_steps": 10000,
            "rl.agent_params.algorithm.discount": "0.9",
            "rl.evaluation_steps:EnvironmentEpisodes": 8,
            "rl.env_params.level": "CartPole-v1",
        }
        expected = hyperparameters.Settings(
            paths, preset="preset-cartpole", evaluate_steps=500, save_model=False, seed=3
        )
        self.assertEqual(expected, found)
        self.assertEqual(False, found.evaluates_only)

    def test_evaluation_alone(self):
        """Only where nothing says how long to improve."""
        for given, expected in (
            ({"evaluate_episodes": 5}, True),
            ({"evaluate_steps": 5, "improve_steps": 1}, False),
            ({"evaluate_steps": 5, "rl.improve_steps:TrainingSteps": 1}, False),
            ({}, False),
        ):
            with self.subTest(given):
                self.assertEqual(expected, hyperparameters.sort(given).evaluates_only)

    def test_refused(self):
        """Unknown names with the nearest, and values of another type."""
        for given, expected in (
            (
                {"improve_step": 1},
                "unknown hyperparameter 'improve_step'; did you mean 'improve_steps'",
            ),
            ({"learning_rate": 1}, "rl.agent_params.algorithm.discount"),
            ({"save_model": "maybe"}, "'save_model' must be of type bool"),
            ({"seed": "x"}, "'seed' must be of type int"),
            ({"evaluations_episodes": 5}, "mean 'evaluate_episodes' .episodes of the evaluation"),
            ({"evaluate_episode": 5}, "or 'evaluation_episodes' .episodes of each evaluation"),
            ({"rl.agent_parms.x": 1}, "rl has no 'agent_parms'; did you mean 'rl.agent_params'"),
            ({"rl.sess": 1}, "rl has no 'sess'. It has agent_params"),
            ({"rl.agent_params.x": "Dens(3)"}, "did you mean 'Dense'"),
            ({"rl.agent_params.x:Dens": 3}, "did you mean 'Dense'"),
            ({"improve_steps": "many"}, "'improve_steps': EnvironmentSteps takes one whole number"),
            ({"evaluation_episodes": 0.5}, "'evaluation_episodes': EnvironmentEpisodes takes one"),
        ):
            with self.subTest(given), self.assertRaisesRegex(HyperparameterError, expected):
                hyperparameters.sort(given)


class Paths(unittest.TestCase):
    """Values in a preset."""

    def test_set(self):
        """Each value has the kind of the one that was there."""
        main = "rl.agent_params.network_wrappers.main."
        found = preset()
        hyperparameters.apply(
            found,
            {
                "rl.agent_params.algorithm.discount": "0.9",
                "rl.agent_params.algorithm.beta_entropy": "0.01",
                "rl.agent_params.algorithm.optimization_epochs": "5.0",
                "rl.agent_params.algorithm.use_kl": "true",
                main + "scheme": "EmbedderScheme.Shallow",
                main + "clip_gradients": "40",
                "rl.agent_params.exploration.Scheme.noise": 0.25,
                "rl.agent_params.exploration.Medium": 2,
                "rl.env_params.additional_simulator_parameters.tills": 3,
                "rl.env_params.additional_simulator_parameters.service": 2.5,
                "rl.vis_params.dump_csv": "False",
                "rl.visualization_parameters.video_dump_filters.1": "c",
            },
        )
        algorithm, network = (
            found.agent_params.algorithm,
            found.agent_params.network_wrappers["main"],
        )
        self.assertEqual((0.9, 0.01), (algorithm.discount, algorithm.beta_entropy))
        self.assertEqual((5, True), (algorithm.optimization_epochs, algorithm.use_kl))
        self.assertIs(int, type(algorithm.optimization_epochs))
        self.assertEqual((Scheme.Shallow, 40), (network.scheme, network.clip_gradients))
        exploration = found.agent_params.exploration
        self.assertEqual((0.25, 2), (exploration[Scheme].noise, exploration[Scheme.Medium]))
        expected = {"tills": 3, "service": 2.5}
        self.assertEqual(expected, found.env_params.additional_simulator_parameters)
        view = found.visualization_parameters
        self.assertEqual((False, ["a", "c"]), (view.dump_csv, view.video_dump_filters))

    def test_refused(self):
        """The nearest path, the parts that are there, the types; and nothing is set."""
        for name, value, expected in (
            ("rl.agent_params.algoritm.discount", 1, "did you mean 'rl.agent_params.algorithm'?"),
            ("rl.agent_params.algorithm.discount.x", 1, "has no 'x'. It has no parts"),
            ("rl.agent_params._hidden", 1, "has no '_hidden'"),
            ("rl.agent_params.__class__", 1, "has no '__class__'"),
            ("rl.agent_params.network_wrappers.mian.batch_size", 1, r"network_wrappers\.main'\?"),
            (
                "rl.agent_params.algorithm",
                1,
                "stands for a Part, .*; set a part of it: beta_entropy",
            ),
            ("rl.agent_params.algorithm.use_kl", "2", "must be of type bool"),
            ("rl.agent_params.algorithm.discount", "high", "must be of type float"),
            ("rl.agent_params.network_wrappers.main.scheme", "Deep", "one of Shallow, Medium"),
            ("rl.env_params.level:Environment", 1, "did you mean 'EnvironmentSteps'"),
            ("rl.agent_params.network_wrappers.main.batch_size", 64.5, "must be of type int"),
            ("rl.agent_params.exploration.Shceme.noise", 1, "'rl.agent_params.exploration.Scheme'"),
            ("rl.agent_params.exploration.x", 1, "has no 'x'. It has Medium, Scheme$"),
            (
                "rl.agent_params.algorithm.discount",
                "Dense(3)",
                "stands for 0.99, in whose place Dense",
            ),
            (
                "rl.agent_params.algorithm.schedule",
                "TrainingSteps(3)",
                "place TrainingSteps cannot",
            ),
            ("rl.agent_params.algorithm.discount", "[Dense(3)]", "place a list of layers cannot"),
            ("rl.agent_params.algorithm.discount:TrainingSteps", 3, "place TrainingSteps cannot"),
            ("rl.visualization_parameters.video_dump_filters.7", 1, "has no '7'. It has 0, 1"),
        ):
            found = preset()
            good = {"rl.agent_params.algorithm.optimization_epochs": 3}
            with self.subTest(name), self.assertRaisesRegex(HyperparameterError, expected):
                hyperparameters.apply(found, dict(good, **{name: value}))
            self.assertEqual(10, found.agent_params.algorithm.optimization_epochs)


if __name__ == "__main__":
    unittest.main()
