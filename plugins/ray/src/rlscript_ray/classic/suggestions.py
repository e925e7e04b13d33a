"""What a name that is not known was probably meant to be."""

import difflib
from typing import Iterable, List, Optional

# Other libraries' words, and beginnings of a name of which several go on alike.
_MEANT = {
    "batch_size": ("train_batch_size",),
    "discount": ("gamma",),
    "episode_reward": ("episode_reward_mean",),
    "episode_return_mean": ("episode_reward_mean",),
    "episodes": ("episodes_total",),
    "iterations": ("training_iteration",),
    "learning_rate": ("lr",),
    "minibatch_size": ("sgd_minibatch_size",),
    "n_epochs": ("num_sgd_iter",),
    "n_steps": ("rollout_fragment_length", "sample_batch_size"),
    "steps": ("timesteps_total",),
    "timesteps": ("timesteps_total",),
    "total_timesteps": ("timesteps_total",),
    "workers": ("num_workers",),
}
# Keys that the configs of all of RLlib's trainers have, in each of the releases.
COMMON = (
    "clip_actions",
    "clip_rewards",
    "gamma",
    "horizon",
    "lr",
    "model",
    "num_envs_per_worker",
    "num_gpus",
    "num_workers",
    "observation_filter",
    "train_batch_size",
)


def nearest(given: str, known: Iterable[str]) -> Optional[str]:
    """Return the known name that was probably meant, None where none is near."""
    names = list(known)
    meant = [each for each in _MEANT.get(given, ()) if each in names]
    return next(iter(meant or difflib.get_close_matches(given, names, n=1)), None)


def unknown(what: str, given: str, known: List[str]) -> str:
    """Return the message for a name that is not among those known, with the nearest."""
    near = nearest(given, known)
    hint = "; did you mean {!r}?".format(near) if near else "."
    return "unknown {}{} There are {}".format(what, hint, ", ".join(sorted(known)))
