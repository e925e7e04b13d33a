"""PPO on CartPole, until a greedy evaluation of 100 episodes reaches 475; exports that policy.

A job of rlcore, or bare where Ray is installed: `python train.py --seed 2`.
"""

from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig

import rlscript
import rlscript_ray

settings = rlscript.hyperparameters(
    env="CartPole-v1",
    env_kwargs={},
    stop_return=475.0,
    stop_steps=400000,
    evaluation_episodes=100,
    env_runners=0,
    envs_per_runner=8,
    hidden=[32],
    lr=3e-4,
    train_batch_size=2000,
    minibatch_size=256,
    epochs=6,
    seed=1,
)
network = DefaultModelConfig(
    fcnet_hiddens=settings.hidden, fcnet_activation="linear", vf_share_layers=True
)
config = PPOConfig().rl_module(model_config=network)
config.env_runners(num_env_runners=settings.env_runners)
config.env_runners(num_envs_per_env_runner=settings.envs_per_runner)
config.training(train_batch_size_per_learner=settings.train_batch_size, num_epochs=settings.epochs)
config.training(lr=settings.lr, minibatch_size=settings.minibatch_size, vf_loss_coeff=0.01)
stop = rlscript.StopRule(evaluation_return=settings.stop_return, steps=settings.stop_steps)
evaluation = rlscript.EvaluationPlan(episodes=settings.evaluation_episodes)
place = {"env": settings.env, "env_kwargs": settings.env_kwargs}
print(rlscript_ray.train(config, stop=stop, evaluation=evaluation, seed=settings.seed, **place))
