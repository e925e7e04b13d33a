"""RecurrentPPO of SB3-Contrib on a CartPole that hides its velocities; exports its LSTM.

A job of rlcore, or bare where SB3-Contrib is installed: `python train.py --seed 2`.
"""

import rlscript
import rlscript_sb3

settings = rlscript.hyperparameters(
    stop_return=475.0, stop_steps=100000, evaluation_episodes=100, lr=1e-3, lstm=64, seed=1
)
outcome = rlscript_sb3.train(
    "RecurrentPPO",
    "MlpLstmPolicy",
    env="blind:make",
    n_envs=8,
    normalize={"norm_reward": False},
    n_steps=128,
    batch_size=256,
    n_epochs=5,
    gamma=0.98,
    gae_lambda=0.9,
    learning_rate=settings.lr,
    policy_kwargs={"lstm_hidden_size": settings.lstm, "enable_critic_lstm": False},
    stop=rlscript.StopRule(evaluation_return=settings.stop_return, steps=settings.stop_steps),
    evaluation=rlscript.EvaluationPlan(episodes=settings.evaluation_episodes),
    seed=settings.seed,
)
print(outcome)
