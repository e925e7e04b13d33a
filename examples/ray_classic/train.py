"""PPO on CartPole with classic RLlib, until 100 greedy episodes return 198 in the mean.

A job of rlcore on Ray 0.6.5, 0.8.5 or 1.6.0, or bare where Ray is installed:
`python train.py --seed 2 --rl.training.config.lr 1e-3`.
"""

import rlscript_ray.classic

config = {
    "num_workers": 0,
    "lr": 3e-4,
    "train_batch_size": 2000,
    "sgd_minibatch_size": 256,
    "num_sgd_iter": 8,
    "vf_clip_param": 1000.0,
    # Ray 0.8.5 on PyTorch has one network for values and actions, which the values would shape
    # alone: their error is a thousand times the other. Elsewhere each has its own.
    "vf_loss_coeff": 1e-4,
    "model": {"fcnet_hiddens": [32, 32]},
}
stop = {"evaluation_return_mean": 198, "timesteps_total": 100000}
print(rlscript_ray.classic.train("PPO", env="CartPole-v0", config=config, stop=stop, seed=1))
