"""What a desk is to the gateway: the requests it handles, and what each must name to be looked at at all."""

from typing import Final

from mypy_extensions import i64

from exchange.errors import DataError
from exchange.market import Market

NAMES_MARKET: Final = 1  # an instrument that exists
MAY_NAME_MARKET: Final = 2  # one that exists, or 0
NAMES_ACCOUNT: Final = 4  # a participant that exists
OPENS_ACCOUNT: Final = 8  # with NAMES_ACCOUNT: a participant, who may be new
ANY_VENUE: Final = 16  # handled where nobody owns anything, too


class RequestDesk:
    """Handles requests that are not about one order."""

    def requests(self) -> dict[int, int]:
        """Return what each kind of command that this desk handles must name: bits as above."""
        return {}

    def handle(self, kind: i64, market: Market, slot: i64, account: i64, records: bytes, offset: i64) -> None:
        """Apply a request or refuse it. market, slot: as named; the first market and slot 0 where none is."""
        raise DataError(f"expected a desk that handles requests of type {kind}, found none")
