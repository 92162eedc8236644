"""The story of one account in plain words, from the event log: what it did, what was done to it, and who paid.

A sink of event blocks. It keeps the events that name the account, and those of its liquidations that name others: who
took its position, who paid for it. Of the latter a liquidation tells at most `OTHERS_TOLD`; the rest is counted.
Haircuts, funding and interest in a row are summed up between the first and the last.
"""

import struct
from collections.abc import Callable
from itertools import groupby
from typing import Any, Final, NamedTuple

from exchange import Exchange
from exchange.codec import RECORD_BYTES, decode_events
from exchange.events import Event
from exchange.layout import event_layouts
from replay.sentences import ACCOUNT_FIELDS, Teller, time_text, who

OTHERS_TOLD: Final = 20
_MANY: Final = 4  # of the same in a row, from which on all but the first and the last are summed up
_SUMMED: Final = frozenset({"HaircutCharged", "LenderCut", "ProfitClawedBack", "FundingPaid", "InterestCharged"})


class Line(NamedTuple):
    """One thing that happened. event: the name of its type."""

    ts_ns: int
    event: str
    text: str


class Explainer:
    """Collects what is about one account of a venue."""

    def __init__(self, account: int) -> None:
        """Listen for one account, as a sink of the venue."""
        self.account = account
        self.events: list[Event] = []
        self._liquidations: set[int] = set()
        self._told_of_others: dict[int, int] = {}
        self._readers = _readers()

    def write(self, block: bytes, first_seq: int) -> None:
        """Take a block of event records."""
        offset, seq = 0, first_seq
        while offset < len(block):
            size = RECORD_BYTES * block[offset + 1]
            accounts, liquidation = self._readers[block[offset]]
            if any(read(block, offset)[0] == self.account for read in accounts) or (
                liquidation is not None and liquidation(block, offset)[0] in self._liquidations
            ):
                self._keep(decode_events(block[offset : offset + size], seq)[0])
            offset, seq = offset + size, seq + 1

    def _keep(self, event: Any) -> None:
        is_own = any(getattr(event, name, None) == self.account for name in ACCOUNT_FIELDS)
        liquidation = getattr(event, "liquidation_id", 0)
        if is_own and type(event).__name__ == "LiquidationStarted":
            self._liquidations.add(liquidation)
        if not is_own:
            count = self._told_of_others.get(liquidation, 0) + 1
            self._told_of_others[liquidation] = count
            if count > OTHERS_TOLD:
                return
        self.events.append(event)

    def lines(self, exchange: Exchange) -> list[Line]:
        """Return the story so far, in order; the last lines say how the account stands at a venue now."""
        teller = Teller(exchange.instruments)
        told: list[Line] = []
        for kind, group in groupby(self.events, key=lambda event: type(event).__name__):
            alike: list[Any] = list(group)
            if kind in _SUMMED and len(alike) >= _MANY:
                total = teller.money(sum(event.amount for event in alike[1:-1]))
                between = f"and {len(alike) - 2:,} times more of the same, {total} together"
                told.append(Line(alike[0].ts_ns, kind, teller.sentence(alike[0])))
                told.append(Line(alike[1].ts_ns, kind, between))
                told.append(Line(alike[-1].ts_ns, kind, teller.sentence(alike[-1])))
            else:
                told += [Line(event.ts_ns, kind, teller.sentence(event)) for event in alike]
        for liquidation, count in self._told_of_others.items():
            if count > OTHERS_TOLD:
                text = f"{count - OTHERS_TOLD:,} more events of other accounts belong to liquidation {liquidation}"
                told.append(Line(exchange.ts_ns, "", text))
        if told and self.account in (*exchange.accounts(), -1, 0):
            told.append(Line(exchange.ts_ns, "", self._standing(exchange, teller)))
        return told

    def _standing(self, exchange: Exchange, teller: Teller) -> str:
        view = exchange.account(self.account)
        held = [
            f"{teller.position(position.instrument, position.size_lots)} {teller.symbol(position.instrument)}"
            for position in view.positions()
        ]
        return (
            f"at the end {who(self.account)} holds {' and '.join(held) or 'no position'}; balance "
            f"{teller.money(view.balance)}, equity {teller.money(view.equity)}"
        )


def story_of(lines: list[Line]) -> str:
    """Return the lines with their times, one sentence each; a time is not repeated."""
    told: list[str] = []
    last = ""
    for line in lines:
        when = time_text(line.ts_ns)
        text = line.text[0].upper() + line.text[1:]
        told.append(f"{when if when != last else ' ' * len(when)}  {text}.")
        last = when
    return "\n".join(told)


Reader = Callable[[bytes, int], tuple[int, ...]]


def _readers() -> dict[int, tuple[list[Reader], Reader | None]]:
    """Return, for each type of event, what reads its accounts and its liquidation in place."""
    found: dict[int, tuple[list[Reader], Reader | None]] = {}
    for layout in event_layouts():
        accounts: list[Reader] = []
        liquidation: Reader | None = None
        for place in layout.places:
            at = 8 * place.word + place.shift // 8
            if place.name in ACCOUNT_FIELDS:
                accounts.append(_reader("<i" if place.bits == 32 else "<q", at))
            elif place.name == "liquidation_id":
                liquidation = _reader("<q", at)
        found[layout.type_id] = (accounts, liquidation)
    return found


def _reader(code: str, at: int) -> Reader:
    unpack = struct.Struct(code).unpack_from

    def read(block: bytes, offset: int) -> tuple[int, ...]:
        return unpack(block, offset + at)

    return read
