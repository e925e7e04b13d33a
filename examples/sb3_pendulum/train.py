"""SAC or PPO of Stable-Baselines3 on Pendulum, through `VecNormalize`, which the export contains.

A job of rlcore, or bare where Stable-Baselines3 is installed: `python train.py --algorithm PPO`.
The settings began as those of RL Baselines3 Zoo. Observations are normalised besides; SAC has
smaller networks and learns at every second step; PPO has shorter rollouts and a falling learning
rate.
"""

from stable_baselines3.common.utils import LinearSchedule

import rlscript
import rlscript_sb3

given = rlscript.hyperparameters(
    algorithm="SAC", stop_return=-150.0, stop_steps=0, evaluation_episodes=100, seed=1
)
OF_ALGORITHM = {
    "SAC": {"learning_rate": 1e-3, "train_freq": 2, "policy_kwargs": {"net_arch": [64, 64]}},
    "PPO": {
        "n_envs": 4,
        "n_steps": 256,
        "gamma": 0.9,
        "learning_rate": LinearSchedule(1e-3, 0.0, 1.0),
        "use_sde": True,
        "sde_sample_freq": 4,
    },
}
steps = given.stop_steps or {"SAC": 20000, "PPO": 100000}[given.algorithm]
outcome = rlscript_sb3.train(
    given.algorithm,
    env="Pendulum-v1",
    normalize={"norm_reward": False},
    stop=rlscript.StopRule(evaluation_return=given.stop_return, steps=steps),
    evaluation=rlscript.EvaluationPlan(episodes=given.evaluation_episodes, every_steps=2000),
    seed=given.seed,
    **OF_ALGORITHM[given.algorithm],
)
print(outcome)
