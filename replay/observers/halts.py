"""What a venue did to trading itself: breakers, pauses, auctions, settlement. Some crashes are known for that."""

from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, NamedTuple

from exchange.enums import MarketState, Phase, PhaseCause
from exchange.events import EVENTS, AuctionUncrossed, Event, InstrumentSettled, MarketStateSet, PhaseChanged
from exchange.instrument import Instrument
from replay.sentences import Teller, time_text

What = Literal["breaker", "phase", "state", "settled"]
_TOLD: Final = 3  # halts told one by one
_HALTED: Final = frozenset({Phase.HALT, Phase.REOPENING_AUCTION, Phase.CLOSED})


class Halt(NamedTuple):
    """One time that trading stopped, or ended. until_ns: 0 where it had not gone on. price_ticks: of the auction at its
    end, or of the settlement; 0 without one.
    """

    what: What
    instrument: int
    from_ns: int
    until_ns: int = 0
    price_ticks: int = 0
    state: str = ""


class Halts:
    """Takes the events of a venue in order, one by one: those of `WANTED`."""

    def __init__(self) -> None:
        """Begin before the first event."""
        self.found: list[Halt] = []
        self._open: dict[int, int] = {}  # by instrument: place of what has not ended

    def take(self, event: Event) -> None:
        """Note what stops trading, or lets it go on; any other event is passed over."""
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event)

    def _phase(self, event: PhaseChanged) -> None:
        if event.phase == Phase.CONTINUOUS:
            self._end(event.instrument, event.ts_ns)
        elif event.instrument not in self._open and event.phase in _HALTED:
            what: What = "breaker" if event.cause == PhaseCause.BREAKER else "phase"
            self._begin(Halt(what, event.instrument, event.ts_ns, state=_words(Phase(event.phase).name)))

    def _uncrossed(self, event: AuctionUncrossed) -> None:
        place = self._open.get(event.instrument)
        if place is not None and event.qty_lots > 0:
            self.found[place] = self.found[place]._replace(price_ticks=event.price_ticks)

    def _state(self, event: MarketStateSet) -> None:
        self._end(event.instrument, event.ts_ns)
        if event.state != MarketState.OPEN:
            self._begin(Halt("state", event.instrument, event.ts_ns, state=_words(MarketState(event.state).name)))

    def _settled(self, event: InstrumentSettled) -> None:
        self._end(event.instrument, event.ts_ns)
        self.found.append(Halt("settled", event.instrument, event.ts_ns, price_ticks=event.price_ticks))

    def _begin(self, halt: Halt) -> None:
        self._open[halt.instrument] = len(self.found)
        self.found.append(halt)

    def _end(self, instrument: int, ts_ns: int) -> None:
        place = self._open.pop(instrument, None)
        if place is not None:
            self.found[place] = self.found[place]._replace(until_ns=ts_ns)


_HANDLERS: Final[dict[type[Any], Callable[[Halts, Any], None]]] = {
    AuctionUncrossed: Halts._uncrossed,
    InstrumentSettled: Halts._settled,
    MarketStateSet: Halts._state,
    PhaseChanged: Halts._phase,
}
HALT_EVENTS: Final = frozenset(_HANDLERS)
WANTED: Final = frozenset(number for number, struct in EVENTS.items() if struct in HALT_EVENTS)


def halt_texts(halts: Iterable[Halt], instruments: Iterable[Instrument]) -> list[str]:
    """Return them in words, the first few and a count of the others; what settled always."""
    facts = tuple(instruments)
    teller = Teller(facts)
    stops = [halt for halt in halts if halt.what != "settled"]
    texts = [_told(halt, teller) for halt in stops[:_TOLD]]
    if len(stops) > _TOLD:
        texts.append(f"trading stopped {len(stops):,} times in all")
    ended = [halt for halt in halts if halt.what == "settled"]
    texts += [
        f"{teller.symbol(halt.instrument)} was settled for good at {teller.price(halt.instrument, halt.price_ticks)}, "
        f"{time_text(halt.from_ns)}"
        for halt in ended[:_TOLD]
    ]
    return texts


def _told(halt: Halt, teller: Teller) -> str:
    symbol, began = teller.symbol(halt.instrument), time_text(halt.from_ns)
    if halt.what == "breaker":
        text = f"a breaker stopped {symbol} at {began}"
    else:
        text = f"{symbol} was {'in ' if halt.what == 'phase' else ''}{halt.state} from {began}"
    if not halt.until_ns:
        return f"{text}, to the end"
    text += f" for {span_text(halt.until_ns - halt.from_ns)}"
    return f"{text}; it opened again at {teller.price(halt.instrument, halt.price_ticks)}" if halt.price_ticks else text


def span_text(span_ns: int) -> str:
    """Return how long something took, rounded to its largest fitting unit: 5 s, 45 min, 6.5 d."""
    for unit_ns, name in ((86_400_000_000_000, "d"), (3_600_000_000_000, "h"), (60_000_000_000, "min")):
        if span_ns >= 2 * unit_ns:
            tenths = (span_ns * 10 + unit_ns // 2) // unit_ns
            return f"{tenths // 10:,}{f'.{tenths % 10}' if tenths % 10 else ''} {name}"
    if span_ns >= 1_000_000_000:
        tenths = (span_ns + 50_000_000) // 100_000_000
        return f"{tenths // 10}{f'.{tenths % 10}' if tenths % 10 else ''} s"
    return f"{span_ns // 1_000_000} ms"


def _words(name: str) -> str:
    return name.lower().replace("_", " ")
