"""Clipped PPO on CartPole-v0: one small network each for the policy and its values."""

from rl_coach.agents.clipped_ppo_agent import ClippedPPOAgentParameters
from rl_coach.architectures.layers import Dense
from rl_coach.core_types import EnvironmentEpisodes, EnvironmentSteps
from rl_coach.environments.gym_environment import GymVectorEnvironment
from rl_coach.filters.filter import InputFilter
from rl_coach.filters.observation.observation_normalization_filter import (
    ObservationNormalizationFilter,
)
from rl_coach.graph_managers.basic_rl_graph_manager import BasicRLGraphManager
from rl_coach.graph_managers.graph_manager import ScheduleParameters

schedule = ScheduleParameters()
schedule.heatup_steps = EnvironmentSteps(0)
schedule.improve_steps = EnvironmentSteps(60000)
schedule.steps_between_evaluation_periods = EnvironmentSteps(2048)
schedule.evaluation_steps = EnvironmentEpisodes(50)

agent = ClippedPPOAgentParameters()
agent.algorithm.discount = 0.99
agent.algorithm.gae_lambda = 0.95
agent.algorithm.beta_entropy = 0.0
agent.algorithm.optimization_epochs = 10
agent.algorithm.num_consecutive_playing_steps = EnvironmentSteps(2048)
agent.algorithm.num_steps_between_copying_online_weights_to_target = EnvironmentSteps(2048)

network = agent.network_wrappers["main"]
network.learning_rate = 0.0003
network.batch_size = 64
network.optimizer_epsilon = 1e-5
network.adam_optimizer_beta2 = 0.999
network.input_embedders_parameters["observation"].scheme = [Dense(64)]
network.input_embedders_parameters["observation"].activation_function = "tanh"
network.middleware_parameters.scheme = [Dense(64)]
network.middleware_parameters.activation_function = "tanh"

agent.pre_network_filter = InputFilter()
agent.pre_network_filter.add_observation_filter(
    "observation", "normalize", ObservationNormalizationFilter()
)

graph_manager = BasicRLGraphManager(
    agent_params=agent,
    env_params=GymVectorEnvironment(level="CartPole-v0"),
    schedule_params=schedule,
)
