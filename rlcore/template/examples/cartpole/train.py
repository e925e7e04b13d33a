"""Solves CartPole: a job of rlcore, or bare, `python train.py --seed 2`."""

import rlscript
import rlscript_mytoolkit

settings = rlscript.hyperparameters(
    env="CartPole-v1",
    env_kwargs={},
    stop_return=475.0,
    stop_steps=200000,
    evaluation_episodes=100,
    population=16,
    seed=1,
)
outcome = rlscript_mytoolkit.train(
    env=settings.env,
    env_kwargs=settings.env_kwargs,
    stop=rlscript.StopRule(evaluation_return=settings.stop_return, steps=settings.stop_steps),
    evaluation=rlscript.EvaluationPlan(episodes=settings.evaluation_episodes),
    population=settings.population,
    seed=settings.seed,
)
print(outcome)
