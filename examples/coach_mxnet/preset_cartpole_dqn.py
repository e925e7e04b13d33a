"""DQN on CartPole-v0."""

from rl_coach.agents.dqn_agent import DQNAgentParameters
from rl_coach.core_types import EnvironmentEpisodes, EnvironmentSteps
from rl_coach.environments.gym_environment import GymVectorEnvironment
from rl_coach.graph_managers.basic_rl_graph_manager import BasicRLGraphManager
from rl_coach.graph_managers.graph_manager import ScheduleParameters
from rl_coach.memories.memory import MemoryGranularity
from rl_coach.schedules import LinearSchedule

schedule = ScheduleParameters()
schedule.heatup_steps = EnvironmentSteps(1000)
schedule.improve_steps = EnvironmentSteps(30000)
schedule.steps_between_evaluation_periods = EnvironmentSteps(500)
schedule.evaluation_steps = EnvironmentEpisodes(50)

agent = DQNAgentParameters()
agent.algorithm.discount = 0.99
agent.algorithm.num_consecutive_playing_steps = EnvironmentSteps(1)
agent.algorithm.num_steps_between_copying_online_weights_to_target = EnvironmentSteps(100)
agent.network_wrappers["main"].learning_rate = 0.00025
agent.memory.max_size = (MemoryGranularity.Transitions, 40000)
agent.exploration.epsilon_schedule = LinearSchedule(1.0, 0.01, 10000)

graph_manager = BasicRLGraphManager(
    agent_params=agent,
    env_params=GymVectorEnvironment(level="CartPole-v0"),
    schedule_params=schedule,
)
