"""Episodes against a model: by whom, with which seeds, and compared with what."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cartpole
import gymnasium
import numpy as np
import pytest
from model_archives import packed

from rlcore.errors import EvaluationFailed, InvalidArgument, InvalidModel, ReleaseUnavailable
from rlcore.spec import ToolkitRelease, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rlcore.evaluation import EvaluationReport
    from rlscript import Turn

    Evaluate = Callable[..., EvaluationReport]
    Source = Callable[[str], Path]


def leaning(turns: Sequence[Turn]) -> list[tuple[Any, Any]]:
    """Act as the archive's policy does, from observations that have come as JSON."""
    weights = np.array(cartpole.LEANING, np.float32)
    return [(int(np.float32(turn.observation) @ weights > 0), None) for turn in turns]


def alone(seed: int) -> float:
    """Return the return of one seed's episode of CartPole, played by itself."""
    environment = gymnasium.make("CartPole-v1")
    observation, _ = environment.reset(seed=seed)
    total, done = 0.0, False
    while not done:
        action = int(observation @ np.array(cartpole.LEANING, np.float32) > 0)
        observation, reward, terminated, truncated, _ = environment.step(action)
        total += float(reward)
        done = terminated or truncated
    return total


def test_every_way_to_the_policy_plays_the_same_episodes(evaluate: Evaluate) -> None:
    """An actor, the policy in process, and a loop written by hand agree, episode by episode."""
    report = evaluate(actors={"endpoint": leaning}, episodes=12, environments=5)

    expected = tuple(alone(1_000_000 + index) for index in range(12))
    assert len(set(expected)) > 6  # a policy that always holds out would tell nothing
    assert expected == report["endpoint"].returns == report["in process"].returns
    assert expected == report["endpoint"].lengths
    (pair,) = report.pairs()
    assert (12, 12, None) == (pair.episodes, pair.equal, pair.first)


def test_the_evaluation_of_the_training_is_paired(evaluate: Evaluate, tmp_path: Path) -> None:
    """Its seeds are the default, and its episodes are compared with those of now."""
    first = evaluate(seed=77, episodes=4)["in process"]
    kept = {"first_seed": 77, "returns": [*first.returns[:3], 1.0], "lengths": first.lengths}
    trained = cartpole.archive(tmp_path, evaluation=kept)

    report = evaluate(trained, episodes=6)

    assert 77 == report.first_seed
    (pair,) = report.pairs()
    assert (("in process", "training"), 4, 3) == (pair.sources, pair.episodes, pair.equal)
    assert (80, first.returns[3], 1.0) == pair.first


def test_the_actions_of_the_training_are_compared(evaluate: Evaluate, tmp_path: Path) -> None:
    """Those of the first episode, which the actor is asked for as often as it has steps."""
    found = evaluate(actors={"endpoint": leaning}, episodes=4, seed=1_000_002)["endpoint"]
    assert found.actions is not None
    assert max(found.lengths) > len(found.actions) == found.lengths[0]
    actions = [*found.actions]
    actions[5] = 1 - actions[5]
    kept = {
        "first_seed": 1_000_002,
        "returns": found.returns,
        "lengths": found.lengths,
        "actions": actions,
    }
    trained = cartpole.archive(tmp_path, evaluation=kept)

    report = evaluate(trained, episodes=4, actors={"endpoint": leaning})

    _, pair, other = report.pairs()
    assert ("endpoint", "training") == pair.sources
    action = (1_000_002, 6, found.actions[5], actions[5])
    assert (3, None, action) == (pair.equal, pair.first, pair.action)
    assert (3, action) == (other.equal, other.action)


@pytest.mark.parametrize(
    "changes",
    [
        {"env": "CartPole-v0"},
        {"env_kwargs": {"sutton_barto_reward": True}},
        {"deterministic": False},
    ],
    ids=str,
)
def test_other_conditions_are_not_compared(
    evaluate: Evaluate, tmp_path: Path, changes: dict[str, Any]
) -> None:
    """Another environment, other arguments or sampled actions: shown, but not paired."""
    kept = {"first_seed": 1_000_000, "returns": [9.0], "lengths": [9]}
    trained = cartpole.archive(tmp_path, evaluation=kept)

    report = evaluate(trained, episodes=1, **changes)

    assert () == report.pairs()
    assert "training was another, and is not compared: CartPole-v1, greedy" in str(report)


def test_sampling_can_be_repeated(evaluate: Evaluate) -> None:
    """Actions that are drawn by chance are drawn from the seed."""
    once, again = (evaluate(deterministic=False)["in process"].returns for _ in range(2))

    assert once == again != evaluate()["in process"].returns


def test_short_episodes_weigh_no_more_than_long_ones(evaluate: Evaluate, source: Source) -> None:
    """With few environments at once, the first to end are not the ones that count."""
    game = source("Draw = Base")
    found = [
        evaluate(env="game:Draw", source=game, episodes=30, environments=count)["in process"]
        for count in (1, 4, 30)
    ]

    assert found[0].lengths == found[1].lengths == found[2].lengths
    assert max(found[0].lengths) > 20


def test_global_generators_are_seeded(evaluate: Evaluate, source: Source) -> None:
    """An environment that draws from `random` and numpy plays the same for every source."""
    game = source(
        """
        class Global(Base):
            def reward(self, action):
                return random.random() + np.random.random()
        """
    )

    report = evaluate(env="game:Global", source=game, actors={"endpoint": leaning})

    assert 5 == report.pairs()[0].equal


def test_output_does_no_harm(evaluate: Evaluate, source: Source) -> None:
    """An environment may print whatever it likes, wherever."""
    game = source(
        """
        class Loud(Base):
            def reward(self, action):
                print('{"result": null}', flush=True)
                os.write(1, b"noise"), os.write(2, b"noise")
                os.system("echo noise")
                return 1.0
        """
    )

    report = evaluate(env="game:Loud", source=game, actors={"endpoint": leaning})

    assert report["endpoint"].returns == report["in process"].returns


def test_arguments_and_files_of_the_users_modules(evaluate: Evaluate, source: Source) -> None:
    """The factory gets the keyword arguments, and the modules lie in the working folder."""
    game = source(
        """
        class Paid(Base):
            def __init__(self, pay):
                self.pay = pay * float(open("level.txt").read())

            def reward(self, action):
                return self.pay
        """
    )
    (game / "level.txt").write_text("3")

    found = evaluate(env="game:Paid", env_kwargs={"pay": 2}, source=game)["in process"]

    assert tuple(6.0 * length for length in found.lengths) == found.returns


def test_source_archive(evaluate: Evaluate, source: Source, tmp_path: Path) -> None:
    """The packed source of a job is as good as its folder; its copies of ours are not used."""
    game = (source("Draw = Base") / "game.py").read_bytes()
    files = {"game.py": game, "rlscript/__init__.py": b"raise ImportError('old')"}
    job = packed(tmp_path / "sourcedir.tar.gz", files)

    expected = evaluate(env="game:Draw", source=tmp_path / "source")["in process"]
    found = evaluate(env="game:Draw", source=job.as_uri())["in process"]

    assert expected.returns == found.returns


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise ZeroDivisionError('boom')", "raised ZeroDivisionError: boom\nTraceback"),
        ("sys.exit(3)", "raised SystemExit: 3"),
        ("print('last words', flush=True); os._exit(3)", "exit code 3.*last words"),
        ("os.kill(os.getpid(), 9)", "ended by SIGKILL. The kernel does so when memory runs out"),
        ("return float('nan')", "reward is nan; a finite number is wanted"),
        ("return 'much'", "could not convert string to float"),
    ],
)
def test_an_environment_that_fails(
    evaluate: Evaluate, source: Source, body: str, message: str
) -> None:
    """What it raised is told with its traceback, what it printed before it died likewise."""
    game = source(f"class Broken(Base):\n    def reward(self, action):\n        {body}\n")

    with pytest.raises(EvaluationFailed, match=f"(?s){message}") as caught:
        evaluate(env="game:Broken", source=game)

    if "Traceback" in message:
        assert 'game.py", line' in str(caught.value)
        assert "rlscript" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (2.5, "answered with 2.5, which is no action of Discrete.2.: 2.5 is no whole number"),
        (float("nan"), "answered with nan"),
        ([1, 0], "one number is wanted, not 2"),
        (None, "answered with None"),
    ],
)
def test_a_policy_that_answers_nonsense(evaluate: Evaluate, answer: Any, message: str) -> None:
    """What is no action of the environment's space is told, and goes no further."""
    with pytest.raises(EvaluationFailed, match=message):
        evaluate(actors={"endpoint": lambda turns: [(answer, None)] * len(turns)})


def test_an_answer_too_few(evaluate: Evaluate) -> None:
    """Every observation wants an action."""
    with pytest.raises(EvaluationFailed, match="answered 5 observations with 4 actions"):
        evaluate(actors={"endpoint": lambda turns: leaning(turns)[1:]})


@pytest.mark.parametrize("answer", [1, (1,), "ab"])
def test_an_answer_that_is_no_pair(evaluate: Evaluate, answer: Any) -> None:
    """The next state goes with each action."""
    with pytest.raises(EvaluationFailed, match="must be a pair of action and next state"):
        evaluate(actors={"endpoint": lambda turns: [answer] * len(turns)})


def test_a_python_that_is_none(evaluate: Evaluate, tmp_path: Path) -> None:
    """What cannot be run is named."""
    with pytest.raises(EvaluationFailed, match="nowhere cannot be run: No such file"):
        evaluate(python=tmp_path / "nowhere")


def test_an_actor_that_fails(evaluate: Evaluate) -> None:
    """Its own error comes out as it is."""

    def unreachable(_: object) -> list[tuple[Any, Any]]:
        msg = "the endpoint is gone"
        raise ConnectionError(msg)

    with pytest.raises(ConnectionError, match="the endpoint is gone"):
        evaluate(actors={"endpoint": unreachable})


def test_observations_that_the_policy_does_not_take(evaluate: Evaluate, source: Source) -> None:
    """Another environment than that of the training is refused with the policy's own words."""
    game = source(
        "class Small(Base):\n    def seen(self):\n        return np.zeros(3, np.float32)\n"
    )

    with pytest.raises(EvaluationFailed, match="must have the shape .4."):
        evaluate(env="game:Small", source=game)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"env": "CartPol-v1"}, "Did you mean: `CartPole`"),
        ({"env": "nowhere:make"}, "names the module 'nowhere', which cannot be imported"),
    ],
)
def test_an_environment_that_is_not_there(
    evaluate: Evaluate, arguments: dict[str, Any], message: str
) -> None:
    """One line says what was looked for."""
    with pytest.raises(EvaluationFailed, match=message) as caught:
        evaluate(**arguments)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"episodes": 0}, "episodes must be a whole number from 1; 0 was given"),
        ({"environments": True}, "environments must be a whole number from 1"),
        ({"seed": -1}, "seed must be a whole number from 0"),
        ({"env_kwargs": {"map": object()}}, "env_kwargs must be JSON values"),
        ({"in_process": False}, "Nobody is to play"),
        ({"gif": "/nowhere/at/all.gif"}, "there is no folder /nowhere/at"),
    ],
)
def test_arguments_that_are_not_allowed(
    evaluate: Evaluate, arguments: dict[str, Any], message: str
) -> None:
    """They are refused before anything is started."""
    with pytest.raises(InvalidArgument, match=message):
        evaluate(**arguments)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"agents": {"red": "default"}}, InvalidModel, "several agents"),
        ({"env": {}}, InvalidArgument, "does not say which environment"),
        ({"format": 2}, InvalidModel, "damaged: policy.json has the format 2"),
    ],
)
def test_models_that_cannot_be_evaluated(
    evaluate: Evaluate,
    tmp_path: Path,
    changes: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    """Each says why."""
    with pytest.raises(error, match=message):
        evaluate(cartpole.archive(tmp_path, **changes))


def test_archives_that_are_no_models(evaluate: Evaluate, tmp_path: Path) -> None:
    """Without a manifest nothing says how to ask; what is no archive is damaged."""
    foreign = packed(tmp_path / "foreign.tar.gz", {"saved_model.pb": b""})
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(b"no archive")

    with pytest.raises(InvalidModel, match="has no policy.json"):
        evaluate(foreign)
    with pytest.raises(InvalidModel, match="no whole .tar.gz archive"):
        evaluate(broken)


def test_a_release_that_does_not_run_here(evaluate: Evaluate) -> None:
    """Its own reason is told."""
    unavailable = Unavailable(reason="It is too old.")
    release = ToolkitRelease(toolkit="toy", version="1", training=unavailable, serving=unavailable)

    with pytest.raises(ReleaseUnavailable, match="cannot run on this machine: It is too old."):
        evaluate(python=None, release=release)


def test_gif(evaluate: Evaluate, source: Source, tmp_path: Path) -> None:
    """The first episode of the first source is filmed, picture by picture."""
    from PIL import Image, ImageSequence  # noqa: PLC0415 - the film's own dependency

    game = source(
        """
        class Drawn(Base):
            metadata = {"render_modes": ["rgb_array"], "render_fps": 20}

            def __init__(self, render_mode=None):
                self.render_mode = render_mode

            def render(self):
                return np.full((40, 60, 3), self.left, np.uint8)
        """
    )

    report = evaluate(env="game:Drawn", source=game, gif=tmp_path / "episode.gif")

    assert tmp_path / "episode.gif" == report.gif
    with Image.open(tmp_path / "episode.gif") as film:
        pictures = len(list(ImageSequence.Iterator(film)))
        assert (report["in process"].lengths[0] + 1, (60, 40)) == (pictures, film.size)
        assert 50 == film.info["duration"]


def test_an_environment_that_draws_nothing(
    evaluate: Evaluate, source: Source, tmp_path: Path
) -> None:
    """It is told how pictures are asked for."""
    with pytest.raises(EvaluationFailed, match='render_mode="rgb_array"'):
        evaluate(
            env="game:Blind",
            source=source("class Blind(Base):\n    def render(self):\n        pass\n"),
            gif=tmp_path / "episode.gif",
        )


def test_interrupt_ends_the_environment(archive: Path, source: Source) -> None:
    """Ctrl-C leaves no process behind, whatever the environment is doing."""
    game = source(
        """
        class Stuck(Base):
            def reward(self, action):
                open("pid", "w").write(str(os.getpid()))
                import time
                while True:
                    time.sleep(60)
        """
    )
    code = f"""
        import pathlib
        from rlcore.evaluation import evaluate_model
        evaluate_model({str(archive)!r}, env="game:Stuck", source={str(game)!r},
                       python=pathlib.Path({sys.executable!r}))
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 60
    while not (game / "pid").exists() or not (game / "pid").read_text():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)

    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)

    assert b"KeyboardInterrupt" in errors
    assert not Path("/proc", (game / "pid").read_text()).exists()
