"""Exports of SB3's policies, against SB3's own answers. For an environment of the release."""

import contextlib
import os
import tempfile
import unittest
from pathlib import Path

try:
    import stable_baselines3  # noqa: F401
except ImportError:
    msg = "for an environment that has Stable-Baselines3"
    raise unittest.SkipTest(msg) from None

# Read when it is loaded: tests do not report home either.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import torch
from gymnasium import spaces
from sb3_contrib import MaskablePPO
from stable_baselines3 import PPO
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.torch_layers import FlattenExtractor
from toys import built, here, played, space_of

import rlscript
from rlscript_sb3 import ExportRefused, ExportWrong
from rlscript_sb3.environments import playable
from rlscript_sb3.export import to_onnx
from rlscript_sb3.refusals import SettingRefused
from rlscript_sb3.translation import Policy
from rlscript_sb3.verification import check_export, differing
from rlserving import policies

MANY = 10000
SOME = 1000
PENDULUM = here("make_pendulum")
CARTPOLE = here("make_cartpole")
GSDE = {"use_sde": True, "sde_sample_freq": 4}


@contextlib.contextmanager
def served(learner):
    """Give a learner's exported policy as the endpoint's worker has it."""
    with tempfile.TemporaryDirectory() as folder:
        rlscript.publish_model(Path(folder), *learner.export())
        yield policies.load(folder)


def toy(observation, action, factory="make_toy", **kwargs):
    """Return an environment over two spaces by name, as `built` takes it."""
    return {"env": here(factory), "kwargs": dict(observation=observation, action=action, **kwargs)}


class Kinds(unittest.TestCase):
    """Each algorithm's policy in a real task: equal actions, alone and in batches, equal returns.

    Half of what is asked is of greedy episodes, half of episodes with random actions between.
    """

    CASES = (
        (MANY, {"algorithm": "PPO", "env": CARTPOLE}),
        (MANY, {"algorithm": "PPO", "env": PENDULUM, "normalize": True}),
        (SOME, {"algorithm": "PPO", "env": PENDULUM, "normalize": True, **GSDE}),
        (SOME, {"algorithm": "A2C", "env": CARTPOLE, "normalize": {"norm_reward": False}}),
        (SOME, {"algorithm": "TRPO", "env": PENDULUM}),
        (SOME, {"algorithm": "DQN", "env": CARTPOLE, "normalize": True, "buffer_size": 1000}),
        (SOME, {"algorithm": "QRDQN", "env": CARTPOLE, "buffer_size": 1000}),
        (SOME, {"algorithm": "SAC", "env": PENDULUM, "normalize": True, "buffer_size": 1000}),
        (SOME, {"algorithm": "SAC", "env": PENDULUM, "buffer_size": 1000, **GSDE}),
        (SOME, {"algorithm": "TD3", "env": PENDULUM, "buffer_size": 1000}),
        (SOME, {"algorithm": "DDPG", "env": PENDULUM, "normalize": True, "buffer_size": 1000}),
        (
            SOME,
            {
                "algorithm": "RecurrentPPO",
                "env": here("make_blind"),
                "policy": "MlpLstmPolicy",
                "normalize": True,
            },
        ),
        (
            SOME,
            {
                "algorithm": "RecurrentPPO",
                "env": PENDULUM,
                "policy": "MlpLstmPolicy",
                "normalize": True,
                "policy_kwargs": {"n_lstm_layers": 2, "lstm_hidden_size": 16},
            },
        ),
        (SOME, {"algorithm": "MaskablePPO", **toy("FLOATS", "5", "make_choosy")}),
    )

    def test_equal(self):
        """What is served acts as SB3 does."""
        for count, case in self.CASES:
            masked = case["algorithm"] == "MaskablePPO"

            def make(case=case, masked=masked):
                return playable(case["env"], case.get("kwargs", {}), masked=masked)

            with self.subTest(**case), built(**case) as learner, served(learner) as actor:
                turns = played(learner.act, make, count)
                expected = learner.act(turns)
                self.require_equal(learner, turns, expected, actor.act(turns))
                alone = [actor.act([turn])[0] for turn in turns]
                self.require_equal(learner, turns, expected, alone)
                ours = rlscript.evaluate(learner.act, make, 10)
                theirs = rlscript.evaluate(actor.act, make, 10)
                np.testing.assert_allclose(theirs.returns, ours.returns, rtol=1e-5)
                self.assertEqual(ours.lengths, theirs.lengths)

    def require_equal(self, learner, turns, expected, actual):
        """Actions are equal but for rounding, and so are the states after them."""
        self.assertEqual(len(expected), len(actual))
        one, other = (
            np.stack([np.asarray(each[0]) for each in found]) for found in (expected, actual)
        )
        space = learner._model.action_space  # noqa: SLF001
        self.assertGreater(len(np.unique(one)), 1)
        differ = differing(space, one, other, np.zeros(len(turns), bool))
        self.assertLessEqual(differ.sum(), 0.001 * len(turns) if hasattr(space, "n") else 0)
        for (_, before), (_, after) in zip(expected, actual):
            for name in before or ():
                np.testing.assert_allclose(after[name], before[name], rtol=1e-4, atol=1e-5)


class Spaces(unittest.TestCase):
    """Every space that is translated, on the check that comes before each publication."""

    CASES = (
        {"algorithm": "PPO", **toy("FLOATS", "3")},
        {"algorithm": "PPO", **toy("DOUBLES", "COUNTS")},
        {"algorithm": "PPO", **toy("DOUBLES", "COUNTS"), "normalize": True},
        {"algorithm": "PPO", **toy("COUNTS", "BITS")},
        {"algorithm": "PPO", **toy("4", "WIDE")},
        {"algorithm": "SAC", **toy("BITS", "WIDE"), "buffer_size": 100},
        {"algorithm": "TD3", **toy("BYTES", "SKEWED"), "buffer_size": 100},
        {"algorithm": "PPO", **toy("FLOATS", "SKEWED"), "policy_kwargs": {"log_std_init": -1.0}},
        {
            "algorithm": "PPO",
            **toy("FLOATS", "SKEWED"),
            **GSDE,
            "policy_kwargs": {"squash_output": True, "use_expln": True, "full_std": False},
        },
        {"algorithm": "PPO", **toy("MIXED", "3"), "policy": "MultiInputPolicy"},
        {
            "algorithm": "PPO",
            **toy("MIXED", "3"),
            "policy": "MultiInputPolicy",
            "normalize": {"norm_obs_keys": ["b", "e"], "clip_obs": 1.5},
        },
        {"algorithm": "PPO", **toy("PIXELS", "3"), "policy": "CnnPolicy"},
        {"algorithm": "A2C", **toy("CHANNELS", "3"), "policy": "CnnPolicy"},
        {"algorithm": "DQN", **toy("PIXELS", "3"), "policy": "CnnPolicy", "buffer_size": 10},
        {
            "algorithm": "PPO",
            **toy("PIXELS", "3"),
            "policy_kwargs": {"normalize_images": False, "share_features_extractor": False},
        },
        {"algorithm": "QRDQN", **toy("SEEN", "3"), "policy": "MultiInputPolicy", "buffer_size": 10},
        {
            "algorithm": "RecurrentPPO",
            **toy("SEEN", "SKEWED"),
            "policy": "MultiInputLstmPolicy",
            "normalize": {"norm_obs_keys": ["speed"]},
        },
        {"algorithm": "MaskablePPO", **toy("FLOATS", "COUNTS", "make_choosy")},
        {"algorithm": "MaskablePPO", **toy("FLOATS", "BITS", "make_choosy", how="method")},
        {
            "algorithm": "MaskablePPO",
            **toy("MIXED", "4", "make_choosy"),
            "policy": "MultiInputPolicy",
        },
    )

    def test_equal(self):
        """The graph answers as SB3, alone and in batches, and rlserving takes its manifest."""
        for case in self.CASES:
            with self.subTest(**case), built(**case) as learner, served(learner) as actor:
                turns = learner._turns  # noqa: SLF001
                expected = np.stack([action for action, _ in learner.act(turns)])
                actions = [action for action, _ in actor.act(turns)]
                np.testing.assert_allclose(np.stack(actions), expected, rtol=1e-5, atol=1e-5)
                space = learner._model.action_space  # noqa: SLF001
                shown = actions[0] if hasattr(actions[0], "dtype") else np.asarray(actions[0])
                self.assertTrue(space.contains(shown.astype(space.dtype)))


NORMAL = {"algorithm": "PPO", "env": PENDULUM, "normalize": True}
DISCRETE = {"algorithm": "PPO", "env": CARTPOLE, "normalize": True}
SQUASHED = {"algorithm": "SAC", "env": PENDULUM, "buffer_size": 100}


class Wrong(unittest.TestCase):
    """The check before each publication finds mistakes out."""

    def refuse(self, case, damage):
        """A policy is published as it is, and not with the damage."""
        with built(**case) as learner:
            learner.export()
            policy = Policy(learner._model, learner._space)  # noqa: SLF001
            damage(policy)
            with self.assertRaises(ExportWrong):
                check_export(
                    learner._reference,  # noqa: SLF001
                    policy.signature,
                    to_onnx(policy),
                    learner._turns,  # noqa: SLF001
                )

    def test_initial_weights(self):
        """The weights of a policy that has not been trained."""
        for case in (NORMAL, DISCRETE, SQUASHED):
            with built(**case, stirred=False) as fresh:
                first = Policy(fresh._model, fresh._space)  # noqa: SLF001

            def initial(policy, first=first):
                policy.network.load_state_dict(first.network.state_dict())

            self.refuse(case, initial)

    def test_normaliser_lost(self):
        """Observations as they come from the environment."""

        def lose(policy):
            del policy.observe.parts[0][0]

        self.refuse(NORMAL, lose)
        self.refuse(DISCRETE, lose)

    def test_bias_dropped(self):
        """A layer without its bias."""

        def drop(policy):
            layers = [each for each in policy.network.modules() if type(each) is torch.nn.Linear]
            layers[0].bias.data.zero_()

        for case in (NORMAL, DISCRETE, SQUASHED):
            self.refuse(case, drop)

    def test_no_rescaling(self):
        """Actions as the network has them: from -1 to 1, or not clipped."""

        def keep(policy):
            policy.network.choice.bounded.forward = lambda action: action

        def pass_on(policy):
            low, high = policy.network.choice.bounded.low, policy.network.choice.bounded.high
            low.sub_(100.0), high.add_(100.0)

        self.refuse(SQUASHED, keep)
        self.refuse({"algorithm": "PPO", **toy("FLOATS", "SKEWED")}, pass_on)

    def test_state_lost(self):
        """A recurrent policy that begins anew in each step."""

        def forget(policy):
            sound = policy.network.forward

            def forward(observation, *states):
                found, *_ = sound(observation, *states)
                return (found, *(1.0 * state for state in states))

            policy.network.forward = forward

        case = {"algorithm": "RecurrentPPO", "env": here("make_blind"), "policy": "MlpLstmPolicy"}
        self.refuse(case, forget)

    def test_mask_lost(self):
        """Actions that are not allowed."""

        def allow(policy):
            sound = policy.network.choice.forward
            policy.network.choice.forward = lambda logits, noise, mask: sound(
                logits, noise, torch.ones_like(mask)
            )

        self.refuse({"algorithm": "MaskablePPO", **toy("FLOATS", "5", "make_choosy")}, allow)

    def test_deviation(self):
        """A deviation that greedy actions do not show."""

        def widen(policy):
            policy.network.head.log_deviation += 0.01

        self.refuse(NORMAL, widen)


class Sampling(unittest.TestCase):
    """Noise samples SB3's own distribution; where it cannot, there is none."""

    COUNT = 20000

    def draws(self, case, damage=lambda _: None):
        """Return as many actions for one observation of the graph, and of SB3."""
        with built(**case) as learner:
            policy = Policy(learner._model, learner._space)  # noqa: SLF001
            damage(policy)
            turn = learner._turns[3]  # noqa: SLF001
            arrays = [np.repeat(each, self.COUNT, 0) for each in policy.signature.arrays([turn])]
            random = np.random.default_rng(0)
            law = getattr(random, policy.signature.law)
            arrays[-1] = law(size=arrays[-1].shape).astype(np.float32)
            with torch.no_grad():
                drawn = policy(*map(torch.as_tensor, arrays))[0].numpy()
            many = [turn] * self.COUNT
            given = (
                {"action_masks": np.stack([turn.mask] * self.COUNT)}
                if turn.mask is not None
                else {}
            )
            seen = learner._reference.observations(many)  # noqa: SLF001
            theirs, _ = learner._model.predict(seen, deterministic=False, **given)  # noqa: SLF001
            return drawn.reshape(self.COUNT, -1), np.asarray(theirs).reshape(self.COUNT, -1)

    CASES = (
        {"algorithm": "PPO", "env": CARTPOLE, "normalize": True},
        {"algorithm": "PPO", **toy("FLOATS", "COUNTS")},
        {"algorithm": "PPO", **toy("FLOATS", "BITS")},
        {"algorithm": "PPO", "env": PENDULUM},
        {"algorithm": "PPO", **toy("FLOATS", "SKEWED")},
        {"algorithm": "SAC", **toy("FLOATS", "SKEWED"), "buffer_size": 100},
        {"algorithm": "MaskablePPO", **toy("FLOATS", "5", "make_choosy")},
        {"algorithm": "MaskablePPO", **toy("FLOATS", "BITS", "make_choosy")},
    )

    def test_shares(self):
        """The shares of actions, or of ranges of them, are SB3's."""
        for case in self.CASES:
            with self.subTest(**case):
                self.assertLess(self.distance(*self.draws(case)), 0.02)

    def distance(self, ours, theirs):
        """Return the greatest difference of the two distribution functions."""
        grid = np.quantile(theirs, np.linspace(0, 1, 41), axis=0)
        both = [(each[:, None, :] <= grid).mean(0) for each in (ours, theirs)]
        return np.abs(both[0] - both[1]).max()

    def test_likeliest_instead(self):
        """The likeliest action in place of a sample would be found out."""

        def silence(policy):
            sound = policy.network.choice.forward
            policy.network.choice.forward = lambda given, noise, mask: sound(given, 0 * noise, mask)

        for case in self.CASES[:4]:
            with self.subTest(**case):
                self.assertGreater(self.distance(*self.draws(case, silence)), 0.1)

    def test_none(self):
        """State-dependent exploration, values and deterministic actors have no noise."""
        for case in (
            {"algorithm": "PPO", "env": PENDULUM, **GSDE},
            {"algorithm": "SAC", "env": PENDULUM, "buffer_size": 100, **GSDE},
            {"algorithm": "DQN", "env": CARTPOLE, "buffer_size": 100},
            {"algorithm": "TD3", "env": PENDULUM, "buffer_size": 100},
        ):
            with self.subTest(**case), built(**case) as learner:
                manifest, _ = learner.export()
                inputs = manifest["policies"]["default"]["inputs"]
                self.assertEqual(["observation"], [each["name"] for each in inputs])


class OwnExtractor(FlattenExtractor):
    """A user's own, which may do anything."""


class OwnPolicy(ActorCriticPolicy):
    """Likewise."""


class OwnActivation(torch.nn.Module):
    """Likewise."""

    def forward(self, features):
        """Do anything."""
        return features * features.abs().mean()


class OwnPPO(PPO):
    """Likewise."""


class Refused(unittest.TestCase):
    """What is not translated is refused by the name of its class."""

    CASES = (
        ("OwnExtractor", {"policy_kwargs": {"features_extractor_class": OwnExtractor}}),
        ("OwnActivation", {"policy_kwargs": {"activation_fn": OwnActivation}}),
        ("OwnPolicy", {"policy": OwnPolicy}),
        ("OwnPPO", {"algorithm": OwnPPO}),
        ("TQC", {"algorithm": "TQC"}),
        ("CrossQ", {"algorithm": "CrossQ"}),
        ("ARS", {"algorithm": "ARS"}),
        ("VecNormalize", {**toy("PIXELS", "3"), "normalize": True, "policy": "CnnPolicy"}),
        (
            "LSTM",
            {
                "algorithm": "RecurrentPPO",
                "policy": "MlpLstmPolicy",
                "policy_kwargs": {"lstm_kwargs": {"proj_size": 8}, "lstm_hidden_size": 16},
            },
        ),
        ("Choosy", {"algorithm": MaskablePPO, **toy("FLOATS", "3", "make_choosy", how="none")}),
    )

    def test_refused(self):
        """The error has the class's name, and comes before anything is trained."""
        for part, case in self.CASES:
            given = {"algorithm": "PPO", "env": CARTPOLE, **case}
            with self.subTest(part), self.assertRaises(ExportRefused) as raised, built(**given):
                pass
            self.assertEqual(part, raised.exception.part)

    def test_settings(self):
        """Unknown algorithms and arguments: the nearest is told."""
        for told, case in (
            ("did you mean 'PPO'", {"algorithm": "PPOO"}),
            ("did you mean 'n_steps'", {"n_step": 5}),
            ("takes no 'tensorboard_log'", {"tensorboard_log": "here"}),
            ("takes no 'clip_ops' here; did you mean 'clip_obs'", {"normalize": {"clip_ops": 5}}),
            ("has no policy 'MlpPolicy'; it has MlpLstmPolicy", {"algorithm": "RecurrentPPO"}),
            ("cannot be made so: .*action spaces", {"algorithm": "DQN", "env": PENDULUM}),
        ):
            given = {"algorithm": "PPO", "env": CARTPOLE, **case}
            with self.assertRaisesRegex(SettingRefused, told), built(**given):
                pass

    def test_observed(self):
        """Exports are checked on what the environment shows, within its space."""
        with built(
            **{"algorithm": "MaskablePPO", **toy("MIXED", "4", "make_choosy")},
            policy="MultiInputPolicy",
        ) as learner:
            turns = learner._turns  # noqa: SLF001
        self.assertEqual(200, len(turns))
        self.assertTrue(all(space_of("MIXED").contains(each.observation) for each in turns))
        self.assertTrue(all(each.mask.any() for each in turns))
        self.assertIsInstance(space_of("MIXED"), spaces.Dict)


if __name__ == "__main__":
    unittest.main()
