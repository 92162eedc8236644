"""Plays a shock at a venue."""

from collections.abc import Iterable

import msgspec

from exchange import Exchange
from exchange.commands import OpenPosition
from exchange.errors import ConfigError
from exchange.events import PositionOpened, RequestRejected
from exchange.instrument import Instrument
from exchange.rules import Rules
from replay.sentences import Teller
from replay.shock.outcome import Outcome, Tally, outcome_of
from replay.shock.story import Shock, commands
from replay.shock.units import Units


def run_shock(rules: Rules, instruments: Iterable[Instrument], shock: Shock) -> Outcome:
    """Play the shock at a venue, on its first instrument, and have the venue check itself.

    The fund has what the shock says. Raises ConfigError where the venue has no instrument, or no clearing, or refuses
    every position of the crowd.
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
    placed, refusal = 0, None
    for command in commands(shock, rules, markets[0]):
        events = venue.apply(command)
        if isinstance(command, OpenPosition):
            refusal = refusal or next((event for event in events if isinstance(event, RequestRejected)), None)
            placed += any(isinstance(event, PositionOpened) for event in events)
    if placed == 0 and refusal is not None:
        text = Teller(markets).sentence(refusal)
        raise ConfigError(f"{rules.name}: expected a crowd that the venue lets in, found that {text}, and so everybody")
    venue.check()
    digest = venue.digest()
    tally.write(venue.open_block(), venue.open_block_first_seq())
    return outcome_of(venue, tally, Units(markets[0]), shock, digest)
