"""MaskablePPO of SB3-Contrib on Taxi, which tells in `info` which actions are allowed.

A job of rlcore, or bare where SB3-Contrib is installed: `python train.py --seed 2`.
"""

import rlscript
import rlscript_sb3

settings = rlscript.hyperparameters(
    stop_return=6.5, stop_steps=100000, evaluation_episodes=100, lr=2e-3, seed=1
)
outcome = rlscript_sb3.train(
    "MaskablePPO",
    env="Taxi-v4",
    n_envs=8,
    n_steps=128,
    batch_size=256,
    gamma=0.98,
    gae_lambda=0.9,
    ent_coef=0.01,
    learning_rate=settings.lr,
    normalize={"norm_obs": False},
    stop=rlscript.StopRule(evaluation_return=settings.stop_return, steps=settings.stop_steps),
    evaluation=rlscript.EvaluationPlan(episodes=settings.evaluation_episodes),
    seed=settings.seed,
)
print(outcome)
