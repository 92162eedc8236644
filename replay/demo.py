"""The demonstration: a thin market, 2,000 leveraged accounts, and someone who sells too much. Generated, not recorded.

Nothing here looks at the venue: the commands are written in advance from a seed, and what happens is the venue's doing.
A script moves a reference price. Six makers quote around it in turn; takers come and go; a few patient buyers have bids
far below. After 40 seconds a holder sells, for three seconds, more than the bids nearby can take, and the makers
withdraw. Half a minute later they are back.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Final, final

from exchange.codec import decode_commands, encode_command
from exchange.commands import Command
from exchange.enums import BUY, IOC, MARKET, SELL, SideFilter
from exchange.instrument import Instrument
from exchange.units import PPM, random_below
from replay.packing import deposit, mass_cancel, place_order, set_leverage
from replay.population import Bracket, PopulationSpec, account_commands, generate_accounts
from replay.venues import load_venue

VENUE: Final = "demo_thin"
SEED: Final = 1987

START_NS: Final = 1_735_732_800 * 1_000_000_000  # 2025-01-01T12:00:00Z
STEP_NS: Final = 50_000_000
_MILLISECOND_NS: Final = 1_000_000
QUIET_STEPS: Final = 800
SHOCK_STEPS: Final = 60
SHAKEN_STEPS: Final = 140  # the makers are gone
AFTER_STEPS: Final = 600

REFERENCE_TICKS: Final = 25_000
FALLEN_TICKS: Final = 20_300  # where the makers see the price when they come back
RECOVERED_TICKS: Final = 22_500
ACCOUNTS: Final = 2_000
_MAKERS: Final = range(10_001, 10_007)
_TAKERS: Final = range(10_011, 10_021)
_PATIENT: Final = range(10_021, 10_026)
_SELLER: Final = 10_031
_RICH: Final = 2_000_000_000  # 2,000,000 USD

_LEVELS: Final = 12  # of a maker, on each side
_LEVEL_STEP_TICKS: Final = 20
_LEVEL_LOTS: Final = 12
_PATIENT_LEVELS: Final = 40
_PATIENT_STEP_TICKS: Final = 250
_PATIENT_LOTS: Final = 5_000
_SOLD_LOTS: Final = 9_000

# Money at risk per account, in 0.001 USD: many small, few large.
_NOTIONALS: Final = (Bracket(100_000, 500_000, 60), Bracket(500_000, 3_000_000, 30), Bracket(3_000_000, 10_000_000, 10))

_POPULATION_STREAM: Final = 1
_FLOW_STREAM: Final = 2


@final
class DemoSource:
    """The commands of the demonstration, a source like any other. The same seed gives the same bytes everywhere."""

    def __init__(self, seed: int = SEED) -> None:
        """Choose another story with another seed."""
        self.seed = seed
        _, self.instruments = load_venue(VENUE)
        self.description = f"a thin market, {ACCOUNTS:,} leveraged accounts, a selling shock (generated, seed {seed})"
        self.size_bytes = 0
        self.position_bytes = 0

    def commands(self) -> Iterator[Command]:
        """Yield the commands. Each call starts over."""
        for block in self.blocks():
            yield from decode_commands(block)

    def blocks(self) -> Iterator[bytes]:
        """Yield the records of one step after the other."""
        flow = _Flow(self.seed, self.instruments[0])
        yield flow.opening()
        for step in range(QUIET_STEPS + SHOCK_STEPS + SHAKEN_STEPS + AFTER_STEPS):
            yield flow.step(step)


@final
class _Flow:
    """Writes the story step by step."""

    def __init__(self, seed: int, instrument: Instrument) -> None:
        self._seed = seed
        self._instrument = instrument
        self._draws = 0
        self._order_id = 0
        self._reference = REFERENCE_TICKS
        self._path = [self._walk() for _ in range(QUIET_STEPS)]
        self._entries = self._entries_by_step()

    def opening(self) -> bytes:
        """Return what happens before the first step: money, leverage, the first quotes, the bids of the patient."""
        records = []
        for account in (*_MAKERS, *_TAKERS, *_PATIENT, _SELLER):
            records.append(deposit(START_NS, account, _RICH))
            records.append(set_leverage(START_NS, 1, account, 10))
        for level in range(1, _PATIENT_LEVELS + 1):
            buyer = _PATIENT[level % len(_PATIENT)]
            lots = _PATIENT_LOTS // 2 + self._draw(_PATIENT_LOTS)
            records.append(self._limit(START_NS, buyer, BUY, lots, REFERENCE_TICKS - level * _PATIENT_STEP_TICKS))
        for maker in _MAKERS:
            records += self._quotes(START_NS, maker, self._path[0], _LEVEL_LOTS, _LEVEL_STEP_TICKS)
        return b"".join(records)

    def step(self, step: int) -> bytes:
        """Return the records of one step of the script."""
        ts_ns = START_NS + (step + 1) * STEP_NS
        if step < QUIET_STEPS:
            return b"".join(self._quiet(ts_ns, step))
        if step < QUIET_STEPS + SHOCK_STEPS:
            return b"".join(self._shock(ts_ns, step - QUIET_STEPS))
        since = step - QUIET_STEPS - SHOCK_STEPS - SHAKEN_STEPS
        return b"".join(self._shaken(ts_ns) if since < 0 else self._after(ts_ns, since))

    def _quiet(self, ts_ns: int, step: int) -> list[bytes]:
        """A maker renews its quotes, someone takes a little, accounts enter."""
        records = list(self._entries.get(ts_ns, []))
        maker = _MAKERS[step % len(_MAKERS)]
        records.append(mass_cancel(ts_ns, 1, maker))
        records += self._quotes(ts_ns, maker, self._path[step], _LEVEL_LOTS, _LEVEL_STEP_TICKS)
        records.append(self._take(ts_ns + _MILLISECOND_NS, 1 + self._draw(15)))
        return records

    def _shock(self, ts_ns: int, step: int) -> list[bytes]:
        """The holder sells a slice at any price; the makers take their bids away one after the other."""
        lots = _SOLD_LOTS // SHOCK_STEPS
        records = [self._market(ts_ns, _SELLER, SELL, lots)]
        if step % 4 == 0 and step // 4 < len(_MAKERS):
            records.append(mass_cancel(ts_ns + _MILLISECOND_NS, 1, _MAKERS[step // 4], SideFilter.BUY))
        return records

    def _shaken(self, ts_ns: int) -> list[bytes]:
        """Nobody quotes a bid; here and there someone else sells."""
        return [self._market(ts_ns, self._taker(), SELL, 1 + self._draw(10))]

    def _after(self, ts_ns: int, since: int) -> list[bytes]:
        """The makers return, wide at first, and the price recovers in part."""
        way = min(since, AFTER_STEPS // 2)
        self._reference = FALLEN_TICKS + (RECOVERED_TICKS - FALLEN_TICKS) * 2 * way // AFTER_STEPS
        self._reference += self._draw(41) - 20
        maker = _MAKERS[since % len(_MAKERS)]
        records = [mass_cancel(ts_ns, 1, maker)]
        records += self._quotes(ts_ns, maker, self._reference, _LEVEL_LOTS, 2 * _LEVEL_STEP_TICKS)
        records.append(self._take(ts_ns + _MILLISECOND_NS, 1 + self._draw(15)))
        return records

    def _walk(self) -> int:
        """Return the next value of the quiet reference price: a walk that is drawn back to where it began."""
        self._reference += self._draw(21) - 10 - (self._reference - REFERENCE_TICKS) // 50
        return self._reference

    def _entries_by_step(self) -> dict[int, list[bytes]]:
        """Return the commands that open the leveraged accounts, by the time of their step."""
        spec = PopulationSpec(
            seed=self._seed + _POPULATION_STREAM,
            count=ACCOUNTS,
            leverages=((5, 25), (10, 30), (20, 20), (25, 15), (50, 10)),
            notionals=_NOTIONALS,
            share_long_ppm=PPM * 85 // 100,
            spare_margin_ppm=50_000,
        )
        entries = [(START_NS + (step + 1) * STEP_NS, price) for step, price in enumerate(self._path)]
        commands = account_commands(generate_accounts(spec, self._instrument, entries))
        return {
            ts_ns: [encode_command(command) for command in group]
            for ts_ns, group in groupby(commands, key=lambda command: command.ts_ns)
        }

    def _quotes(self, ts_ns: int, maker: int, reference: int, lots: int, step_ticks: int) -> Iterator[bytes]:
        offset = self._draw(step_ticks)
        for level in range(_LEVELS):
            away = 5 + offset + level * step_ticks
            yield self._limit(ts_ns, maker, BUY, lots // 2 + self._draw(lots), reference - away)
            yield self._limit(ts_ns, maker, SELL, lots // 2 + self._draw(lots), reference + away)

    def _take(self, ts_ns: int, lots: int) -> bytes:
        return self._market(ts_ns, self._taker(), self._draw(2), lots)

    def _taker(self) -> int:
        return _TAKERS[self._draw(len(_TAKERS))]

    def _limit(self, ts_ns: int, account: int, side: int, lots: int, price_ticks: int) -> bytes:
        self._order_id += 1
        return place_order(ts_ns, 1, account, self._order_id, side, lots, price_ticks)

    def _market(self, ts_ns: int, account: int, side: int, lots: int) -> bytes:
        self._order_id += 1
        return place_order(ts_ns, 1, account, self._order_id, side, lots, 0, kind=MARKET, time_in_force=IOC)

    def _draw(self, bound: int) -> int:
        self._draws += 1
        return random_below(self._seed + _FLOW_STREAM, self._draws, bound)
