"""Published policies, served without Ray, against RLlib. For an environment of the release."""

import os
import tempfile
import unittest
from pathlib import Path

try:
    import ray  # noqa: F401
except ImportError:
    msg = "for an environment that has Ray"
    raise unittest.SkipTest(msg) from None

# Read when it is loaded: tests do not report home either.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import torch
import toys
from ray.rllib.connectors.env_to_module import FlattenObservations, MeanStdFilter
from toys import built, config, here, recurrent, stir

import rlscript
from rlscript.models import read_manifest
from rlscript_ray.comparison import differing
from rlscript_ray.export import describe, to_onnx
from rlscript_ray.learner import RLlibLearner
from rlscript_ray.seats import seats_of
from rlscript_ray.translation import translate
from rlscript_ray.verification import Reference
from rlserving import policies

COUNT = 10000
# So many may differ in a right export, where two actions are as good.
MOST_TIES = COUNT // 1000


setUpModule = toys.start_cluster


class Published(unittest.TestCase):
    """One task's policy in a model folder, as it was really written."""

    # Trained little, but moved far from the first weights.
    stirred = False
    # How many observations are side by side; each row of them is one sequence.
    rows = COUNT

    def publish(self, model):
        """Return the policies of a model, loaded as an endpoint does."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        rlscript.publish_model(Path(folder.name), *model)
        self.folder = Path(folder.name)
        return policies.load(folder.name)

    def check(self, wanted, factory):
        """Compare actions and returns, and find wrong exports out."""
        make = getattr(toys, factory)
        with built(wanted, here(factory), iterations=1 if self.stirred else 3) as algorithm:
            if self.stirred:
                stir(algorithm)
            model = RLlibLearner(algorithm, here(factory), {}).export()
            loaded = self.publish(model)
            reference = Reference(algorithm, seats_of(algorithm)[0])
            self.space = make().action_space
            seen = observations(make, loaded, COUNT)
            together = steps(seen, self.rows)
            expected = answered(reference, together)
            for size in (COUNT, 1):
                self.assertEqual(0, self.differing(expected, loaded, together, size))
            self.compare_returns(loaded, reference, make)
            with built(wanted, here(factory), seed=4) as untrained:
                wrong = {"initial weights": translate(untrained)["default"]}
            wrong.update(self.wrong(algorithm))
            for name, policy in wrong.items():
                with self.subTest(name):
                    other = self.publish(exported(policy))
                    found = self.differing(expected, other, together, COUNT)
                    self.assertLess(MOST_TIES, found)

    def wrong(self, algorithm):
        """Return exports with a mistake, by its name."""
        policy = translate(algorithm)["default"]
        head = policy.network.head.net.mlp[-1]
        # An untrained head's bias is small; a lost one must be found out all the same.
        torch.nn.init.zeros_(head.bias)
        return {"a bias dropped": policy}

    def differing(self, expected, loaded, batches, size):
        """Return how many actions differ from RLlib's, where so many are asked for at once."""
        actions, states = [], [None] * len(batches[0])
        for batch in batches:
            turns = [rlscript.Turn(each, state) for each, state in zip(batch, states)]
            answers = [each for part in steps(turns, size) for each in loaded.act(part)]
            actions += [action for action, _ in answers]
            states = [state for _, state in answers]
        actual = np.stack(actions)
        return int(differing(self.space, expected[0], actual, expected[1]).sum())

    def compare_returns(self, loaded, reference, make):
        """Each episode earns the same with both, on the same seed."""

        def act(turns):
            found = [reference.step([turn.observation], turn.state) for turn in turns]
            return [(action[0], state) for action, _, state in found]

        expected = rlscript.evaluate(act, make, episodes=20)
        actual = rlscript.evaluate(loaded.act, make, episodes=20)
        self.assertEqual(expected.lengths, actual.lengths)
        np.testing.assert_allclose(actual.returns, expected.returns, rtol=1e-6)
        self.assertLess(1, len(set(actual.returns)))


class Discrete(Published):
    """Discrete actions of plain observations."""

    def test_equal(self):
        """CartPole as it is."""
        self.check(config(), "make_cartpole")


class Rescaled(Published):
    """Continuous actions, rescaled, of normalised observations."""

    stirred = True

    def test_equal(self):
        """Pendulum with RLlib's MeanStdFilter."""
        self.check(config(MeanStdFilter), "make_pendulum")

    def wrong(self, algorithm):
        """The filter lost, and the rescaling lost, as well."""
        found = super().wrong(algorithm)
        found["the filter lost"] = translate(algorithm)["default"]
        found["the filter lost"].before = torch.nn.ModuleList()
        found["the rescaling lost"] = translate(algorithm)["default"]
        found["the rescaling lost"].after = torch.nn.Sequential()
        return found


class Recurrent(Published):
    """A policy that has to remember."""

    stirred = True
    rows = 50

    def test_equal(self):
        """CartPole without velocities, with an LSTM."""
        self.check(recurrent(), "make_blind")

    def wrong(self, algorithm):
        """The state not carried, as well."""
        found = super().wrong(algorithm)
        policy = found["the state lost"] = translate(algorithm)["default"]
        policy.network.encoder = Forgetful(policy.network.encoder)
        return found


class Forgetful(torch.nn.Module):
    """An encoder that returns the states that it was given."""

    def __init__(self, encoder):
        """Take the encoder."""
        super().__init__()
        self.encoder = encoder

    def forward(self, observation, *states):
        """Return the features, and no new state."""
        return (self.encoder(observation, *states)[0], *(1.0 * state for state in states))


class Sorted(Published):
    """Observations in a dictionary."""

    def test_equal(self):
        """CartPole whose numbers are sorted into a tuple, an array and bits."""
        self.check(config(FlattenObservations), "make_sorted")
        paths = [
            each.get("path") for each in read_manifest(self.folder)["policies"]["default"]["inputs"]
        ]
        self.assertEqual([["cart", 0], ["cart", 1], ["leans"], ["pole"], None], paths)

    def wrong(self, algorithm):
        """Two parts mistaken for each other, as well."""
        found = super().wrong(algorithm)
        policy = found["parts mistaken"] = translate(algorithm)["default"]
        leaves = policy.signature.leaves
        names = [each.name for each in (leaves[3], *leaves[1:3], leaves[0])]
        mistaken = [leaf._replace(name=name) for leaf, name in zip(leaves, names)]
        policy.described = policy.signature._replace(leaves=mistaken)
        return found


class Several(Published):
    """Several policies in one model."""

    def test_agents(self):
        """Each agent is answered by its own policy, sharing or not, as in training."""
        kwargs = {
            "agents": {"red": "NESTED", "blue": "FLOATS", "rod": "NESTED"},
            "action": "COUNTS",
        }
        wanted = recurrent(lambda: FlattenObservations(multi_agent=True))
        wanted.multi_agent(policies={"r", "b"}, policy_mapping_fn=lambda agent, *_, **__: agent[0])
        with built(wanted, here("make_crowd"), kwargs, iterations=1) as algorithm:
            stir(algorithm)
            learner = RLlibLearner(algorithm, here("make_crowd"), kwargs)
            loaded = self.publish(learner.export())
            found = rlscript.evaluate(learner.act, lambda: joint(kwargs), episodes=3)
        self.assertEqual({"red": "r", "rod": "r", "blue": "b"}, loaded.manifest.agents)

        def act(turns):
            return [each_agent(loaded, turn) for turn in turns]

        again = rlscript.evaluate(act, lambda: joint(kwargs), episodes=3)
        self.assertEqual(found, again)
        self.assertEqual((10, 10, 10), found.lengths)
        self.assertLess(1, len(set(found.returns)))


def answered(reference, batches):
    """Return RLlib's actions and the inputs of their distributions, states carried."""
    found, state = [], None
    for batch in batches:
        *told, state = reference.step(batch, state)
        found.append(told)
    return [np.concatenate(parts) for parts in zip(*found)]


def joint(kwargs):
    """Return a crowd as one agent's environment."""
    from rlscript_ray.joint import playable  # noqa: PLC0415  # it needs Ray

    return playable(here("make_crowd"), kwargs)


def each_agent(loaded, turn):
    """Return what each agent's policy answers."""
    actions, states = {}, dict(turn.state or {})
    for agent, seen in turn.observation.items():
        asked = rlscript.Turn(seen, states.get(agent))
        [(actions[agent], states[agent])] = loaded.act([asked], agent=agent)
    return actions, states


def exported(policy):
    """Return a policy as a model, unchecked."""
    graph = to_onnx(policy)
    manifest, files = describe({"default": policy}, {"default": graph}, {}, {"id": "?"})
    told = getattr(policy, "described", None)
    if told:
        name = manifest["policies"]["default"]["graph"]
        manifest["policies"]["default"] = told.describe(name)
    return manifest, files


def observations(make, loaded, count):
    """Return observations, half of greedy episodes and half of such with a tenth random actions."""
    found: list = []
    for share in (0.0, 0.1):
        environment = make()
        environment.action_space.seed(5)
        while len(found) < (count // 2 if share == 0.0 else count):
            found += episode(environment, loaded, share, seed=len(found))
    return found[:count]


def episode(environment, loaded, share, seed):
    """Return one episode's observations."""
    chance, found, state = np.random.default_rng(seed), [], None
    observation, _ = environment.reset(seed=seed)
    done = False
    while not done:
        found.append(observation)
        [(action, state)] = loaded.act([rlscript.Turn(observation, state)])
        if chance.random() < share:
            action = environment.action_space.sample()
        observation, _, terminated, truncated, _ = environment.step(action)
        done = terminated or truncated
    return found


def steps(seen, rows):
    """Return a list in parts of so many."""
    return [seen[start : start + rows] for start in range(0, len(seen), rows)]


if __name__ == "__main__":
    unittest.main()
