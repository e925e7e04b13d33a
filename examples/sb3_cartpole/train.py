"""PPO of Stable-Baselines3 on CartPole, until 100 greedy episodes all reach 500; exports that.

A job of rlcore, or bare where Stable-Baselines3 is installed: `python train.py --seed 2`. The
settings are those of RL Baselines3 Zoo.
"""

from stable_baselines3.common.utils import LinearSchedule

import rlscript
import rlscript_sb3

settings = rlscript.hyperparameters(
    stop_return=500.0, stop_steps=99840, evaluation_episodes=100, lr=1e-3, clip_range=0.2, seed=1
)
outcome = rlscript_sb3.train(
    "PPO",
    env="CartPole-v1",
    n_envs=8,
    n_steps=32,
    batch_size=256,
    n_epochs=20,
    gamma=0.98,
    gae_lambda=0.8,
    learning_rate=LinearSchedule(settings.lr, 0.0, 1.0),
    clip_range=LinearSchedule(settings.clip_range, 0.0, 1.0),
    stop=rlscript.StopRule(evaluation_return=settings.stop_return, steps=settings.stop_steps),
    evaluation=rlscript.EvaluationPlan(episodes=settings.evaluation_episodes, every_steps=10000),
    seed=settings.seed,
)
print(outcome)
