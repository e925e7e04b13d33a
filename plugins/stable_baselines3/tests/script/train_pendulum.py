"""A short training that is stopped and gone on with: SAC, normalised, with a replay buffer."""

import rlscript
import rlscript_sb3

given = rlscript.hyperparameters(algorithm="SAC", env="Pendulum-v1", steps=2400, seed=1, width=16)
off_policy = given.algorithm == "SAC"
settings = {"learning_starts": 200, "train_freq": 8} if off_policy else {"n_steps": 64}
outcome = rlscript_sb3.train(
    given.algorithm,
    env=given.env,
    normalize=True,
    stop=rlscript.StopRule(steps=given.steps),
    evaluation=rlscript.EvaluationPlan(episodes=5, every_steps=1000, improvement=10.0),
    seed=given.seed,
    policy_kwargs={"net_arch": [given.width]},
    **settings,
)
print(outcome)
