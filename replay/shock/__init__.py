"""One shock, one population, any venue: what the same fall of a price does under different rules.

`story` makes the commands for one venue, `run` plays them there, `outcome` counts what came of it, `command` is
`cascade shock`.
"""

from replay.shock.outcome import Outcome
from replay.shock.run import run_shock
from replay.shock.story import Shock, commands, path
from replay.shock.units import Units

__all__ = ["Outcome", "Shock", "Units", "commands", "path", "run_shock"]
