"""Text of one cell to the integer it stands for, and back: the only place where decimal text becomes integers.

Everything is exact: a value between two ticks, lots, units or nanoseconds is a DataError, never rounded.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Clamped, Context, Decimal, DecimalException, Inexact, InvalidOperation, Overflow
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from exchange.errors import DataError
from exchange.units import MAX_MONEY, MAX_PRICE_TICKS, MAX_QTY_LOTS, MAX_SIZE_LOTS, MAX_TS_NS
from replay.wording import shown

_DECIMAL: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_INTEGER: Final = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_ISO_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,30}))?(Z|z|[+-]\d\d:\d\d)?", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NS_PER_S: Final = 1_000_000_000
_NANOSECOND: Final = "0.000000001"
_FLAGS: Final = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}

# Wide enough for any whole count that fits 64 bits; a quotient that does not fit exactly is off the grid.
_EXACT: Final = Context(prec=60, traps=[Inexact, InvalidOperation, Overflow, Clamped])
_BETWEEN: Final = Decimal("0.5")

Choice = TypeVar("Choice")


class Cell(NamedTuple):
    """Where a text stands; its str opens an error message. line: a number, or the name of a table."""

    path: Path | str
    line: int | str
    column: str

    def __str__(self) -> str:
        """`file:line: column`."""
        return f"{self.path}:{self.line}: {self.column}"


def parse_price(text: str, tick_size: str, where: object = "price") -> int:
    """Return ticks. Raises DataError off the grid or beyond the limit; `where` opens the message."""
    return _count(text, tick_size, "tick_size", MAX_PRICE_TICKS, where)


def parse_quantity(text: str, lot_size: str, where: object = "qty") -> int:
    """Return lots, > 0. Errors as in `parse_price`."""
    lots = _count(text, lot_size, "lot_size", MAX_QTY_LOTS, where)
    if lots <= 0:
        raise DataError(f"{where}: expected a quantity > 0, found {shown(text)}")
    return lots


def parse_size(text: str, lot_size: str, where: object = "size") -> int:
    """Return signed lots. Errors as in `parse_price`."""
    return _count(text, lot_size, "lot_size", MAX_SIZE_LOTS, where)


def parse_money(text: str, money_unit: str, where: object = "amount") -> int:
    """Return minor units of money. Errors as in `parse_price`."""
    return _count(text, money_unit, "money_unit", MAX_MONEY, where)


def parse_decimal(text: str, where: object) -> Decimal:
    """Return a decimal number as it stands. Raises DataError for what is none, or has a long exponent."""
    if not _DECIMAL.fullmatch(text) or len(text) > 80 or abs(Decimal(text).adjusted()) > 40:
        raise DataError(f"{where}: expected a decimal number, found {shown(text)}")
    return Decimal(text)


def parse_integer(text: str, where: object, lowest: int, highest: int) -> int:
    """Return an integer in lowest..highest."""
    value = int(text) if _INTEGER.fullmatch(text) else None
    if value is None or not lowest <= value <= highest:
        raise DataError(f"{where}: expected an integer in {lowest}..{highest}, found {shown(text)}")
    return value


def parse_time(text: str, where: object = "time") -> int:
    """Return ns since 1970, UTC, of an ISO 8601 time with Z or an offset, or of decimal seconds since 1970."""
    matched = _ISO_TIME.fullmatch(text)
    if matched is None:
        if not _DECIMAL.fullmatch(text):
            raise DataError(f"{where}: expected a time like 2025-10-10T21:15:03.127Z or seconds, found {shown(text)}")
        ts_ns = _count(text, _NANOSECOND, "nanoseconds", MAX_TS_NS, where)
    else:
        date, clock, fraction, offset = matched.groups(default="")
        if not offset:
            raise DataError(f"{where}: expected Z or an offset such as +00:00 at the end, found {shown(text)}")
        if fraction[9:].strip("0"):
            raise DataError(f"{where}: expected whole nanoseconds, found {shown(text)}")
        try:
            moment = datetime.fromisoformat(f"{date}T{clock}{offset.upper()}")
        except ValueError as error:
            raise DataError(f"{where}: expected a time of the calendar, found {shown(text)} ({error})") from error
        ts_ns = (moment - _EPOCH) // timedelta(seconds=1) * _NS_PER_S + int(fraction[:9].ljust(9, "0"))
    return _check_time(ts_ns, text, where)


def parse_ts_ns(text: str, where: object = "ts_ns") -> int:
    """Return ns since 1970, UTC, given as an integer."""
    return parse_integer(text, where, 0, MAX_TS_NS)


def parse_flag(text: str, where: object) -> bool:
    """Return the truth of true/false, yes/no or 1/0, in any case."""
    return parse_choice(text, _FLAGS, where)


def parse_choice(text: str, choices: Mapping[str, Choice], where: object) -> Choice:
    """Return what a word, in any case, stands for. The keys of `choices` are in lower case."""
    found = choices.get(text.lower())
    if found is None:
        raise DataError(f"{where}: expected one of {', '.join(choices)}, found {shown(text)}")
    return found


def format_count(count: int, step: str) -> str:
    """Return the decimal text of `count` steps, never in exponent form."""
    return format(_EXACT.multiply(Decimal(count), _step(step)), "f")


@lru_cache(maxsize=256)
def _step(text: str) -> Decimal:
    return Decimal(text)


def _count(text: str, step: str, grid: str, limit: int, where: object) -> int:
    """Return how many steps a decimal text stands for."""
    if not _DECIMAL.fullmatch(text):
        raise DataError(f"{where}: expected a decimal number, found {shown(text)}")
    value, step_value = Decimal(text), _step(step)
    # Ahead of the grid, which cannot be told of a number that is too long. Compared as decimals: nobody writes out the
    # zeros of 1e9999.
    if value.copy_abs() > _EXACT.multiply(Decimal(limit), step_value):
        raise DataError(f"{where}: expected at most {format_count(limit, step)}, found {shown(text)}")
    try:
        steps = _EXACT.divide(value, step_value)
    except DecimalException:
        steps = _BETWEEN
    if steps != steps.to_integral_value():
        raise DataError(f"{where}: expected a multiple of {step} ({grid}), found {shown(text)}")
    return int(steps)


def _check_time(ts_ns: int, text: str, where: object) -> int:
    if not 0 <= ts_ns <= MAX_TS_NS:
        raise DataError(f"{where}: expected a time from 1970 to 2116, found {shown(text)}")
    return ts_ns
