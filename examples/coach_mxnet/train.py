"""DQN on CartPole with Coach, until a greedy evaluation of 50 episodes reaches 198.

A job of rlcore, or bare where Coach is installed: `python train.py --seed 2`.
"""

import rlscript
import rlscript_coach

stop = rlscript.StopRule(evaluation_return=198.0)
print(rlscript_coach.train(preset="preset_cartpole_dqn", stop=stop, seed=1))
