"""Who hears an event, and when: after the command, in order of subscription, whatever the other handlers do."""

from typing import Any

import pytest

from exchange.codec import encode_command
from exchange.commands import CancelOrder, Command, Deposit, MassCancel, SetMarkPrice
from exchange.errors import BatchError, ConfigError, DataError, ExchangeError, HandlerError, SinkError
from exchange.event_log import BLOCK_RECORDS
from exchange.events import Deposited, Event, MarkPriceUpdated, OrderAccepted, OrderCanceled, RequestRejected, Trade
from exchange.exchange import Exchange
from tests.helpers import BUY, LINEAR, OTHER, SELL, A, B, bare_venue, margin_venue, order, run_all


class Journal:
    """A command sink that keeps what ran."""

    def __init__(self) -> None:
        self.records: list[bytes] = []

    def write(self, record: bytes) -> None:
        self.records.append(record)


def story() -> list[Command]:
    """Commands with events of many kinds, in two instruments."""
    commands: list[Command] = [SetMarkPrice(1, A, 100), SetMarkPrice(1, B, 50)]
    commands += [Deposit(1, account, 100_000) for account in (1, 2, 3)]
    for number in range(30):
        side = SELL if number % 3 else BUY
        instrument = A if number % 2 else B
        price = (100 if instrument == A else 50) + number % 5 - 2
        commands.append(order(1 + number % 3, number, side, 1 + number % 4, price, 2, instrument))
    commands += [CancelOrder(3, A, 9, 1), MassCancel(3, 0, 1), SetMarkPrice(4, A, 140)]
    return commands


def test_handlers_hear_every_event_in_order() -> None:
    """Without filters, a handler hears just what `apply` returns."""
    venue = Exchange([LINEAR, OTHER])
    heard: list[Event] = []
    venue.bus.subscribe(heard.append)
    returned = [event for command in story() for event in venue.apply(command)]
    assert heard == returned
    assert [event.seq for event in heard] == list(range(1, len(heard) + 1))


def test_handlers_are_called_after_the_command_and_in_order_of_subscription() -> None:
    """Event by event: the first subscriber, then the second; the venue is in its final state by then."""
    venue = bare_venue()
    calls: list[tuple[str, str, object]] = []

    def listen(name: str) -> None:
        venue.bus.subscribe(lambda event: calls.append((name, type(event).__name__, venue.book(A).best_ask())))

    run_all(venue, order(1, 1, SELL, 5, 10))
    listen("b")
    listen("a")
    run_all(venue, order(2, 2, BUY, 3, 10))
    assert calls == [(name, kind, (10, 2)) for kind in ("OrderAccepted", "Trade") for name in ("b", "a")]


def test_filters_by_type_and_instrument() -> None:
    """Types: only those. Instruments: only events that have one of them. Both: both."""
    venue = Exchange([LINEAR, OTHER])
    heard: dict[str, list[Event]] = {name: [] for name in ("all", "trade", "two", "b", "both", "a and b")}
    venue.bus.subscribe(heard["all"].append)
    venue.bus.subscribe(heard["trade"].append, [Trade])
    venue.bus.subscribe(heard["two"].append, {OrderAccepted, Deposited})
    venue.bus.subscribe(heard["b"].append, (), [B])
    venue.bus.subscribe(heard["both"].append, (Trade, MarkPriceUpdated), (B,))
    venue.bus.subscribe(heard["a and b"].append, instruments={A, B})
    for command in story():
        venue.apply(command)
    everything = heard["all"]

    def those(test: Any) -> list[Event]:
        return [event for event in everything if test(event)]

    assert heard["trade"] == those(lambda event: isinstance(event, Trade)) != []
    assert heard["two"] == those(lambda event: isinstance(event, OrderAccepted | Deposited))
    assert heard["b"] == those(lambda event: getattr(event, "instrument", None) == B) != []
    assert heard["both"] == [event for event in heard["b"] if isinstance(event, Trade | MarkPriceUpdated)] != []
    assert heard["a and b"] == those(lambda event: getattr(event, "instrument", None) in (A, B))
    assert not any(isinstance(event, Deposited) for event in heard["a and b"])


def test_types_that_are_no_events_are_refused() -> None:
    """A command's Struct is no event; nothing is subscribed then."""
    venue = margin_venue()
    for wrong in ([Deposit], [Trade, int], ["Trade"]):
        with pytest.raises(ConfigError, match="expected event types"):
            venue.bus.subscribe(print, wrong)  # type: ignore[arg-type]
    assert venue.bus.wanted_types == 0


def test_unsubscribed_handlers_hear_nothing_more() -> None:
    """Once only; the others go on."""
    venue = margin_venue()
    first: list[Event] = []
    second: list[Event] = []
    token = venue.bus.subscribe(first.append)
    venue.bus.subscribe(second.append)
    venue.apply(Deposit(0, 1, 1))
    venue.bus.unsubscribe(token)
    venue.apply(Deposit(0, 1, 2))
    assert (len(first), len(second)) == (1, 2)
    with pytest.raises(ConfigError, match="still active"):
        venue.bus.unsubscribe(token)


def test_a_handler_may_unsubscribe_itself_and_subscribe_others() -> None:
    """While it is being called."""
    venue = margin_venue()
    heard: list[str] = []

    def once(event: Event) -> None:
        heard.append("once")
        venue.bus.unsubscribe(token)
        venue.bus.subscribe(lambda event: heard.append("later"))

    token = venue.bus.subscribe(once)
    venue.apply(Deposit(0, 1, 1))
    venue.apply(Deposit(0, 1, 2))
    assert heard == ["once", "later"]


def test_a_handler_that_raises_stops_neither_the_others_nor_the_venue() -> None:
    """HandlerError holds the events and the exceptions, in order; the state is complete; the next command is clean."""
    venue = bare_venue()
    run_all(venue, order(1, 1, SELL, 5, 10))
    heard: list[Event] = []

    def bad(event: Event) -> None:
        raise KeyError(type(event).__name__)

    token = venue.bus.subscribe(bad)
    venue.bus.subscribe(heard.append)
    with pytest.raises(
        HandlerError, match=r"2 event handler\(s\) raised, first: KeyError\('OrderAccepted'\)"
    ) as caught:
        venue.apply(order(2, 2, BUY, 3, 10))
    assert [type(event) for event in caught.value.events] == [OrderAccepted, Trade]
    assert caught.value.events == heard
    assert [repr(cause) for cause in caught.value.causes] == ["KeyError('OrderAccepted')", "KeyError('Trade')"]
    assert isinstance(caught.value, ExchangeError)
    assert venue.book(A).best_ask() == (10, 2)
    venue.bus.unsubscribe(token)
    assert len(venue.apply(order(2, 3, BUY, 1, 9))) == 1


def test_commands_submitted_by_handlers_run_next_at_the_time_of_their_cause() -> None:
    """First in, first out; their own ts_ns is replaced; `apply` returns the events of its own command only."""
    venue = margin_venue()
    journal = Journal()
    venue.add_command_sink(journal)
    heard: list[Event] = []

    def echo(event: Event) -> None:
        heard.append(event)
        if isinstance(event, Deposited) and event.amount == 10:
            venue.bus.submit(Deposit(0, 1, 11))
            venue.bus.submit(Deposit(999, 1, 12))
            assert venue.command_seq == 1  # not yet

    venue.bus.subscribe(echo)
    events = venue.apply(Deposit(5, 1, 10))
    assert [event.seq for event in events] == [1]
    assert [(event.amount, event.ts_ns, event.command_seq) for event in heard if isinstance(event, Deposited)] == [
        (10, 5, 1),
        (11, 5, 2),
        (12, 5, 3),
    ]
    assert journal.records == [encode_command(Deposit(5, 1, amount)) for amount in (10, 11, 12)]
    venue.check()


def test_submitted_commands_may_cause_more() -> None:
    """A strategy that answers its own fills; its journal replays to the same digest without it."""
    venue = bare_venue()
    journal = Journal()
    venue.add_command_sink(journal)

    def refill(event: Event) -> None:
        if isinstance(event, Trade) and event.maker_account == 1 and event.maker_order_id < 20:
            venue.bus.submit(order(1, event.maker_order_id + 1, SELL, 1, 10))
            venue.bus.submit(order(2, event.maker_order_id + 101, BUY, 1, 10))

    venue.bus.subscribe(refill, [Trade])
    run_all(venue, order(1, 1, SELL, 1, 10), order(2, 101, BUY, 1, 10))
    assert venue.command_seq == 2 + 2 * 19
    again = bare_venue()
    again.run(b"".join(journal.records))
    assert again.digest() == venue.digest()


def test_errors_of_handlers_of_submitted_commands_are_reported_with_the_first() -> None:
    """One HandlerError at the end, with all causes."""
    venue = margin_venue()

    def bad(event: Event) -> None:
        if isinstance(event, Deposited):
            if event.amount == 1:
                venue.bus.submit(Deposit(0, 1, 2))
            raise ValueError(event.amount)

    venue.bus.subscribe(bad)
    with pytest.raises(HandlerError) as caught:
        venue.apply(Deposit(0, 1, 1))
    assert [cause.args for cause in caught.value.causes] == [(1,), (2,)]
    assert [event.seq for event in caught.value.events] == [1]
    assert venue.account(1).balance == 3


def test_refusals_of_submitted_commands_are_events_like_any_other() -> None:
    """The handler hears of them."""
    venue = margin_venue()
    heard: list[Event] = []
    venue.bus.subscribe(heard.append)
    venue.bus.subscribe(lambda event: venue.bus.submit(Deposit(0, 0, 7)), [Deposited])
    venue.apply(Deposit(0, 1, 1))
    assert [type(event) for event in heard] == [Deposited, RequestRejected]


def test_a_submitted_command_that_cannot_be_encoded_is_the_handlers_error() -> None:
    """The command that was heard has run: HandlerError with its events, and not DataError ("nothing has changed")."""
    venue = margin_venue()
    token = venue.bus.subscribe(lambda event: venue.bus.submit(Deposit(0, 1, 1 << 70)))
    with pytest.raises(HandlerError) as caught:
        venue.apply(Deposit(0, 1, 1))
    assert isinstance(caught.value.causes[0], DataError)
    assert [type(event) for event in caught.value.events] == [Deposited]
    venue.bus.unsubscribe(token)
    assert len(venue.apply(Deposit(0, 1, 1))) == 1


def raise_at_two(event: Event) -> None:
    """A handler that cannot bear an amount of 2."""
    if isinstance(event, Deposited) and event.amount == 2:
        raise ZeroDivisionError


class FullDisk:
    """A sink that fails from its second write on."""

    def __init__(self) -> None:
        self.written = 0

    def write(self, record: bytes) -> None:
        self.written += 1
        if self.written > 1:
            raise OSError("no space left")


def test_a_sink_that_fails_ends_the_run() -> None:
    """Its error comes out once; after it the venue takes no command, since what the sink keeps has a gap."""
    venue = margin_venue()
    venue.add_command_sink(FullDisk())
    venue.apply(Deposit(0, 1, 1))
    with pytest.raises(OSError, match="no space"):
        venue.apply(Deposit(0, 1, 1))
    for attempt in (lambda: venue.apply(Deposit(0, 1, 1)), lambda: venue.run(encode_command(Deposit(0, 1, 1)))):
        with pytest.raises(SinkError, match="2"):
            attempt()
    assert venue.account(1).balance == 2


def test_subscriptions_name_handlers_events_and_instruments() -> None:
    """By id or by symbol; anything else is an error at once, and not a silence later."""
    venue = Exchange([LINEAR, OTHER])
    heard: list[Event] = []
    venue.bus.subscribe(heard.append, [MarkPriceUpdated], [OTHER.symbol])
    run_all(venue, SetMarkPrice(0, A, 5), SetMarkPrice(0, B, 6))
    assert [type(event) for event in heard] == [MarkPriceUpdated]
    wrong: list[tuple[Any, Any, Any]] = [(3, (), ()), (print, [Deposit], ()), (print, (), [99]), (print, (), ["?"])]
    for handler, types, instruments in wrong:
        with pytest.raises(ConfigError, match="expected"):
            venue.bus.subscribe(handler, types, instruments)


def test_a_handler_that_raises_in_a_batch_says_how_much_ran() -> None:
    """Its command is complete: going on from `ran` runs nothing twice."""
    venue = margin_venue()
    token = venue.bus.subscribe(raise_at_two)
    records = [encode_command(Deposit(0, 1, amount)) for amount in (1, 2, 3)]
    with pytest.raises(BatchError) as caught:
        venue.run(b"".join(records))
    assert (caught.value.index, caught.value.ran) == (1, 2)
    venue.bus.unsubscribe(token)
    venue.run(b"".join(records[caught.value.ran :]))
    assert venue.account(1).balance == 6


def test_events_are_the_same_with_and_without_subscribers() -> None:
    """Listening changes nothing, command by command or in a batch."""
    records = b"".join(encode_command(command) for command in story())
    digests, counts = set(), []
    for listens in (False, True):
        for is_batch in (False, True):
            venue = Exchange([LINEAR, OTHER])
            heard: list[Event] = []
            if listens:
                venue.bus.subscribe(heard.append)
            if is_batch:
                assert venue.run(records) == len(story())
            else:
                for command in story():
                    venue.apply(command)
            venue.check()
            digests.add(venue.digest())
            counts.append(len(heard))
            assert not listens or len(heard) == venue.seq
    assert len(digests) == 1
    assert counts[2] == counts[3] > counts[0] == 0


def test_a_batch_with_a_subscriber_that_raises_stops_there() -> None:
    """The command is complete; BatchError names its index, its cause holds the exceptions."""
    venue = margin_venue()

    def bad(event: Event) -> None:
        if isinstance(event, Deposited) and event.amount == 3:
            raise ValueError("three")

    venue.bus.subscribe(bad)
    records = b"".join(encode_command(Deposit(0, 1, amount)) for amount in (1, 2, 3, 4))
    with pytest.raises(BatchError, match="record 2") as caught:
        venue.run(records)
    assert isinstance(caught.value.__cause__, HandlerError)
    assert [str(cause) for cause in caught.value.__cause__.causes] == ["three"]
    assert (venue.command_seq, venue.account(1).balance) == (3, 6)
    assert venue.run(records[192:]) == 1


def test_subscribers_and_submissions_across_a_block_boundary() -> None:
    """Full blocks leave the log between two commands; what handlers hear does not skip or repeat."""
    venue = Exchange([LINEAR], with_digest=True)
    heard: list[int] = []

    def echo(event: Event) -> None:
        assert isinstance(event, Deposited)
        heard.append(event.seq)
        if event.amount == 2:
            venue.bus.submit(Deposit(0, 1, 1))

    plain = BLOCK_RECORDS - 5
    record = encode_command(Deposit(0, 1, 2))
    venue.run(record * plain)
    venue.bus.subscribe(echo)
    venue.run(record * 10)
    assert [event.seq for event in venue.apply(Deposit(0, 1, 2))] == [plain + 21]
    assert heard == list(range(plain + 1, plain + 23))
    venue.check()


def test_command_sinks_see_what_ran_and_not_what_was_malformed() -> None:
    """Refused requests ran; commands that raised did not."""
    venue = margin_venue()
    journal = Journal()
    venue.add_command_sink(journal)
    good, refused = Deposit(5, 1, 1), Deposit(5, 0, 1)
    venue.apply(good)
    venue.apply(refused)
    for bad in (Deposit(4, 1, 1), Deposit(5, 1, 1 << 64)):
        with pytest.raises(ExchangeError):
            venue.apply(bad)
    venue.run(encode_command(good) * 2)
    assert journal.records == [encode_command(command) for command in (good, refused, good, good)]


def test_canceled_events_reach_their_subscriber_from_a_mass_cancel() -> None:
    """Many events of one command."""
    venue = bare_venue()
    for number in range(100):
        venue.apply(order(1, number, BUY, 1, 5))
    heard: list[Event] = []
    venue.bus.subscribe(heard.append, [OrderCanceled], [A])
    assert venue.apply(MassCancel(0, 1, 1)) == heard
    assert len(heard) == 100


def test_what_is_submitted_is_a_command() -> None:
    """Anything else is told to who submits it."""
    venue = margin_venue()
    for wrong in ("x", None, venue):
        with pytest.raises(DataError, match="expected a command"):
            venue.bus.submit(wrong)  # type: ignore[arg-type]
