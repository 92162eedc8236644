"""The place of auto-deleveraging among what becomes of a position that orders could not sell."""

from mypy_extensions import i64

from exchange.market import Market


class Offsetter:
    """Closes a position against counterparties, without the book. This one finds none."""

    def offset(self, market: Market, slot: i64, leg: i64, liquidation: i64, lots: i64, price: i64) -> i64:
        """Close up to `lots` (unsigned) of the position of `slot` at a price; return what is left of them."""
        return lots
