"""Plays a shock at a venue."""

from collections.abc import Iterable

import msgspec

from exchange import Exchange
from exchange.errors import ConfigError
from exchange.instrument import Instrument
from exchange.rules import Rules
from replay.shock.outcome import Outcome, Tally, outcome_of
from replay.shock.story import Shock, commands
from replay.shock.units import Units


def run_shock(rules: Rules, instruments: Iterable[Instrument], shock: Shock) -> Outcome:
    """Play the shock at a venue, on its first instrument, and have the venue check itself.

    The fund has what the shock says. Raises ConfigError where the venue has no instrument, or no clearing.
    """
    markets = tuple(instruments)
    if not markets:
        raise ConfigError(f"{rules.name}: expected at least one [[instruments]] table, found none")
    if rules.clearing == "none":
        raise ConfigError(f"{rules.name}: expected a venue with clearing, found none")
    fund = msgspec.structs.replace(rules.fund, opening=0)
    venue = Exchange(markets, msgspec.structs.replace(rules, fund=fund), with_digest=True)
    tally = Tally()
    venue.add_sink(tally)
    for command in commands(shock, rules, markets[0]):
        venue.apply(command)
    venue.check()
    digest = venue.digest()
    tally.write(venue.open_block(), venue.open_block_first_seq())
    return outcome_of(venue, tally, Units(markets[0]), shock, digest)
