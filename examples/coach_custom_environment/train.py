"""Clipped PPO for a supermarket's tills, until an evaluation of 50 days costs 110 at most.

A rule of thumb (open a till when three wait) costs 105 to 110; four tills all day long, 163.
"""

import rlscript
import rlscript_coach

stop = rlscript.StopRule(evaluation_return=-110.0)
print(rlscript_coach.train(preset="preset_supermarket", stop=stop, seed=1))
