"""Every way in which an instrument can be wrong, and what the error says; and the venue's own checks."""

from typing import Any

import pytest

from exchange.errors import ConfigError
from exchange.exchange import Exchange
from exchange.instrument import FeeSchedule, Instrument, MarginTier
from exchange.units import MAX_INSTRUMENT, MAX_LEVERAGE, MAX_MONEY, MAX_PRICE_TICKS


def instrument(**facts: Any) -> Instrument:
    """An instrument that differs from a good one in some fields."""
    return Instrument(**{"instrument_id": 1, "symbol": "X", **facts})


def tiers(*parts: tuple[int, int]) -> tuple[MarginTier, ...]:
    """(up_to, ppm) of each tier."""
    return tuple(MarginTier(maintenance_ppm=rate, up_to=end) for end, rate in parts)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"instrument_id": 0}, "instrument_id in"),
        ({"instrument_id": -1}, "instrument_id in"),
        ({"instrument_id": MAX_INSTRUMENT + 1}, "instrument_id in"),
        ({"symbol": ""}, "symbol of"),
        ({"symbol": "x" * 65}, "symbol of"),
        ({"tick_value": 0}, "tick_value > 0"),
        ({"tick_value": -1}, "tick_value > 0"),
        ({"tick_value": MAX_MONEY + 1}, "tick_value > 0"),
        ({"tick_value_divisor": 0}, "tick_value_divisor > 0"),
        ({"tick_value_divisor": MAX_MONEY + 1}, "tick_value_divisor > 0"),
        ({"min_price_ticks": -MAX_PRICE_TICKS - 1}, "min_price_ticks in range"),
        ({"min_price_ticks": MAX_PRICE_TICKS + 1}, "min_price_ticks in range"),
        ({"min_price_ticks": 10, "max_price_ticks": 9}, "max_price_ticks from"),
        ({"max_price_ticks": MAX_PRICE_TICKS + 1}, "max_price_ticks from"),
        ({"kind": "inverse", "min_price_ticks": 0}, "min_price_ticks >= 1 when inverse"),
        ({"max_leverage": 0}, "max_leverage in"),
        ({"max_leverage": MAX_LEVERAGE + 1}, "max_leverage in"),
        ({"default_leverage": 0}, "default_leverage in"),
        ({"default_leverage": 11, "max_leverage": 10}, "default_leverage in"),
        *(({name: text}, name) for name in ("tick_size", "lot_size", "money_unit") for text in ("", "x", "0", "-1")),
        ({"tick_size": "NaN"}, "tick_size"),
        ({"tick_size": "Infinity"}, "tick_size"),
        ({"fees": FeeSchedule(maker_ppm=1_000_001)}, "fees.maker_ppm"),
        ({"fees": FeeSchedule(maker_ppm=-1_000_001, taker_ppm=10)}, "fees.maker_ppm"),
        ({"fees": FeeSchedule(taker_ppm=1_000_001)}, "fees.taker_ppm"),
        ({"fees": FeeSchedule(liquidation_ppm=1_000_001)}, "fees.liquidation_ppm"),
        ({"fees": FeeSchedule(maker_ppm=-11, taker_ppm=10)}, "maker_ppm \\+ taker_ppm"),
        ({"fees": FeeSchedule(liquidation_ppm=-1)}, "fees.liquidation_ppm >= 0"),
        ({"margin_tiers": ()}, "at least one margin tier"),
        ({"margin_tiers": tiers((0, -1))}, "margin_tiers\\[0\\] rate"),
        ({"margin_tiers": tiers((0, 1_000_000))}, "margin_tiers\\[0\\] rate"),
        ({"margin_tiers": tiers((100, 50), (0, 49))}, "margin_tiers\\[1\\] rate"),
        ({"margin_tiers": tiers((100, 50))}, "margin_tiers\\[0\\].up_to 0 in the last"),
        ({"margin_tiers": tiers((0, 50), (0, 60))}, "margin_tiers\\[0\\].up_to 0 in the last"),
        ({"margin_tiers": tiers((100, 50), (100, 60), (0, 70))}, "margin_tiers\\[1\\].up_to above"),
        ({"margin_tiers": tiers((-5, 50), (0, 60))}, "margin_tiers\\[0\\].up_to above"),
        ({"margin_tiers": tiers((MAX_MONEY + 1, 50), (0, 60))}, "margin_tiers\\[0\\].up_to above"),
    ],
    ids=str,
)
def test_facts_that_could_not_be_traded(facts: dict[str, Any], said: str) -> None:
    """The message names the instrument, the field, and what was found."""
    with pytest.raises(ConfigError, match=f"expected .*{said}.*found") as caught:
        instrument(**facts)
    assert repr(facts.get("symbol", "X")) in str(caught.value)


@pytest.mark.parametrize(
    "facts",
    [
        {"instrument_id": MAX_INSTRUMENT, "symbol": "x" * 64},
        {"tick_value": MAX_MONEY, "tick_value_divisor": MAX_MONEY},
        {"min_price_ticks": -MAX_PRICE_TICKS},
        {"min_price_ticks": MAX_PRICE_TICKS, "max_price_ticks": MAX_PRICE_TICKS},
        {"kind": "inverse", "min_price_ticks": 1},
        {"max_leverage": MAX_LEVERAGE, "default_leverage": MAX_LEVERAGE},
        {"fees": FeeSchedule(maker_ppm=-1_000_000, taker_ppm=1_000_000, liquidation_ppm=1_000_000)},
        {"margin_tiers": tiers((1, 0), (2, 0), (MAX_MONEY, 5), (0, 999_999))},
        {"tick_size": "1e-8", "lot_size": "0.001", "money_unit": "1E+3"},
    ],
    ids=str,
)
def test_facts_at_their_limits(facts: dict[str, Any]) -> None:
    """The other side of each limit opens a venue."""
    assert Exchange([instrument(**facts)]).instruments[0] == instrument(**facts)


def test_the_venue_refuses_none_and_doubles() -> None:
    """At least one instrument; ids and symbols are unique."""
    one = instrument()
    with pytest.raises(ConfigError, match="at least one"):
        Exchange([])
    with pytest.raises(ConfigError, match="ids, found 1 twice"):
        Exchange([one, instrument(symbol="Y")])
    with pytest.raises(ConfigError, match="symbols"):
        Exchange([one, instrument(instrument_id=2)])


def test_instruments_stand_by_id_whatever_order_they_come_in() -> None:
    """The order of settling does not depend on the caller's."""
    venue = Exchange([instrument(instrument_id=number, symbol=str(number)) for number in (5, 1, 3)])
    assert [fact.instrument_id for fact in venue.instruments] == [1, 3, 5]
    assert venue.book("3").instrument.instrument_id == venue.book(3).instrument.instrument_id == 3
    for unknown in (2, "2", 0, ""):
        with pytest.raises(ConfigError, match="expected an instrument out of"):
            venue.book(unknown)


@pytest.mark.parametrize("symbol", ["", "A\n", "\x1b[31m", "x" * 65])
def test_a_symbol_is_printable(symbol: str) -> None:
    """It goes into tables, errors and files."""
    with pytest.raises(ConfigError, match="printable"):
        Instrument(instrument_id=1, symbol=symbol)
