"""Random commands with every sort of trigger order: the venue agrees with itself, and nothing reduces too much.

A failure prints the seed and the commands that led there.
"""

import random
from typing import Any

import pytest

from exchange.codec import encode_command
from exchange.commands import (
    AmendOrder,
    BracketTerms,
    CancelOrder,
    Command,
    Deposit,
    LinkOrders,
    MassCancel,
    PlaceOrder,
    PlaceTrailingStop,
    ReduceOrder,
    ReportTrade,
    SetIndexPrice,
    SetMarkPrice,
    SetPositionMode,
)
from exchange.enums import OrderEffect, OrderKind, Origin, PositionSide, Side, SideFilter, TimeInForce, TriggerSource
from exchange.events import BracketAttached, Event, OrderAccepted, OrderCanceled, PositionChanged, StopTrailed, Trade
from exchange.exchange import Exchange
from exchange.instrument import Instrument
from exchange.rules import OrderRules, Rules
from tests.helpers import A

ACCOUNTS = (1, 2, 3)


def commands(source: random.Random, count: int) -> list[Command]:
    """Deposits and a mark, then whatever comes."""
    found: list[Command] = [Deposit(0, account, 1_000_000 if account < 3 else 2_000) for account in ACCOUNTS]
    found += [SetMarkPrice(0, A, 100), SetIndexPrice(0, A, 100)]
    if source.random() < 0.3:
        found.append(SetPositionMode(0, A, 2, True))
    is_hedged = isinstance(found[-1], SetPositionMode)
    for number in range(count):
        account = source.choice(ACCOUNTS)
        order_id = source.randrange(1, 40)
        price = source.randrange(92, 109)
        position = source.choice((PositionSide.LONG, PositionSide.SHORT)) if is_hedged and account == 2 else 0
        side = source.choice(list(Side))
        more: dict[str, Any] = {"is_continued": source.random() < 0.1}
        draw = source.random()
        if draw < 0.55:
            kind = source.choice([OrderKind.LIMIT] * 5 + list(OrderKind)[:6])
            effect = source.choice([OrderEffect.ANY] * 3 + list(OrderEffect))
            has_price = kind in (OrderKind.LIMIT, OrderKind.STOP_LIMIT, OrderKind.TAKE_PROFIT_LIMIT)
            is_stop = kind >= OrderKind.STOP
            if source.random() < 0.2:
                triggers = sorted((price, source.randrange(92, 109)), reverse=side == Side.BUY)
                found.append(BracketTerms(number, A, account, order_id, triggers[0], 0, triggers[1], 0))
                effect = OrderEffect.ANY
            found.append(
                PlaceOrder(
                    number,
                    A,
                    account,
                    order_id,
                    side,
                    0 if effect == OrderEffect.CLOSE_POSITION else source.randrange(1, 9),
                    price if has_price else 0,
                    kind,
                    source.choice([TimeInForce.GTC] * 4 + [TimeInForce.IOC, TimeInForce.FOK]),
                    trigger_ticks=source.randrange(92, 109) if is_stop else 0,
                    position=PositionSide(position),
                    trigger_source=source.choice(list(TriggerSource)) if is_stop else TriggerSource.VENUE,
                    effect=effect,
                    **more,
                )
            )
        elif draw < 0.6:
            found.append(
                PlaceOrder(number, A, 0, order_id + 100, side, source.randrange(1, 9), price, origin=Origin.RECORDED)
            )
        elif draw < 0.66:
            found.append(
                PlaceTrailingStop(
                    number,
                    A,
                    account,
                    order_id,
                    side,
                    source.randrange(1, 9),
                    source.choice((1, 3, 40_000)) if source.random() < 0.5 else 2,
                    source.choice((0, 0, price)),
                    source.randrange(3),
                    source.randrange(2),
                    source.random() < 0.3,
                    PositionSide(position),
                    source.choice(list(TriggerSource)),
                    source.choice([OrderEffect.ANY, OrderEffect.REDUCE_ONLY]),
                )
            )
        elif draw < 0.74:
            found.append(LinkOrders(number, A, account, order_id, source.randrange(-9, 40)))
        elif draw < 0.8:
            amended = source.randrange(0, 9)
            trigger = source.choice((0, price))
            found.append(AmendOrder(number, A, account, order_id, amended, source.choice((0, price)), trigger, **more))
        elif draw < 0.84:
            found.append(ReduceOrder(number, A, account, order_id, source.randrange(1, 4), **more))
        elif draw < 0.88:
            found.append(CancelOrder(number, A, account, source.randrange(-9, 40), **more))
        elif draw < 0.9:
            found.append(MassCancel(number, A, account, source.choice(list(SideFilter))))
        elif draw < 0.94:
            found.append(ReportTrade(number, A, side, price, 1, **more))
        elif draw < 0.97:
            found.append(SetMarkPrice(number, A, price))
        else:
            found.append(SetIndexPrice(number, A, price))
    return found


def rules_of(source: random.Random) -> Rules:
    """Any rules of these orders."""
    pick = source.choice
    return Rules(
        orders=OrderRules(
            self_trade=pick(("allow", "cancel_taker", "cancel_maker", "cancel_both", "decrement_both")),
            market_remainder=pick(("cancel", "limit_at_last_fill", "limit_at_collar")),
            market_protection=pick(("none", "ticks")),
            protection_amount=4,
            stop_protection_reference=pick(("market", "trigger")),
            stop_already_touched=pick(("elect", "wait")),
            stop_trigger_source=pick(("last", "mark", "index", "opposite_best")),
            trigger_when_side_empty=pick(("wait", "fire")),
            reduce_only_excess=pick(("cap", "reject")),
            reduce_only_cut=pick(("newest", "oldest", "each")),
            oco_partial=pick(("reduce", "cancel", "keep")),
        )
    )


def reducing_ids(venue: Exchange) -> set[int]:
    """The orders that may only reduce."""
    return {order_id for order_id, plan in venue.markets[0].plans.items() if plan.effect}


def check_reductions(events: list[Event], may_only_reduce: set[int]) -> None:
    """A fill of such an order leaves its account's position smaller, on the same side."""
    for at, event in enumerate(events):
        if not isinstance(event, Trade) or event.maker_account == event.taker_account:
            continue
        changed = [later for later in events[at + 1 : at + 3] if isinstance(later, PositionChanged)]
        for order_id, account, sign in (
            (event.maker_order_id, event.maker_account, 1 if event.side == Side.SELL else -1),
            (event.taker_order_id, event.taker_account, -1 if event.side == Side.SELL else 1),
        ):
            if order_id in may_only_reduce and account > 0:
                size = next(later.size_lots for later in changed if later.account == account)
                assert size * sign <= 0, f"order {order_id} of account {account} went to {size}"


@pytest.mark.parametrize("seed", range(60))
def test_the_venue_agrees_with_itself(seed: int) -> None:
    """After every command; and a batch gives the same events."""
    source = random.Random(seed)
    rules = rules_of(source)
    facts = Instrument(instrument_id=A, symbol="A", default_leverage=10)
    venue, again = Exchange([facts], rules), Exchange([facts], rules)
    told = commands(source, 150)
    for at, command in enumerate(told):
        before = reducing_ids(venue)
        try:
            events = venue.apply(command)
            venue.check()
            entered = {event.order_id for event in events if isinstance(event, OrderAccepted) and event.effect}
            check_reductions(events, before | entered)
        except Exception as error:
            raise AssertionError(f"seed {seed}, command {at}: {told[: at + 1][-12:]}") from error
    again.run(b"".join(encode_command(command) for command in told))
    assert again.digest() == venue.digest()


def test_the_commands_reach_everything() -> None:
    """Brackets, cuts, links and trails all happen."""
    seen: set[Any] = set()
    for seed in range(40):
        source = random.Random(seed)
        venue = Exchange([Instrument(instrument_id=A, symbol="A", default_leverage=10)], rules_of(source))
        for command in commands(source, 150):
            for event in venue.apply(command):
                seen.add(type(event))
                if isinstance(event, OrderCanceled):
                    seen.add(event.reason.name)
                if isinstance(event, OrderAccepted):
                    seen.add((event.kind.name, event.effect.name))
    assert {BracketAttached, StopTrailed, "LINKED", "NOTHING_TO_REDUCE", "STOP_REFUSED"} <= seen
    assert {("TAKE_PROFIT", "REDUCE_ONLY"), ("STOP", "CLOSE_POSITION"), ("LIMIT", "REDUCE_ONLY")} <= seen
