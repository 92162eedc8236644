"""Dollars and coins in the units of one instrument, so that a linear, an inverse and a spot venue meet one crowd."""

from decimal import ROUND_FLOOR, Decimal

from exchange.instrument import Instrument


class Units:
    """Converts dollars to ticks, lots and money of an instrument, and money back to dollars."""

    def __init__(self, instrument: Instrument) -> None:
        """Copy the facts that conversions depend on."""
        self.instrument = instrument
        self.is_inverse = instrument.kind == "inverse"
        self.tick = Decimal(instrument.tick_size)
        self.money_unit = Decimal(instrument.money_unit)
        self.lot_money = Decimal(instrument.tick_value) / instrument.tick_value_divisor

    def ticks(self, price: Decimal) -> int:
        """Return the price's whole ticks, rounded down."""
        return int((price / self.tick).to_integral_value(ROUND_FLOOR))

    def money(self, dollars: Decimal, price: Decimal) -> int:
        """Return dollars in the venue's money, rounded down: coins at `price` where it settles in coins."""
        worth = dollars / price if self.is_inverse else dollars
        return int((worth / self.money_unit).to_integral_value(ROUND_FLOOR))

    def dollars(self, money: int, price: Decimal) -> Decimal:
        """Return money of the venue in dollars."""
        worth = money * self.money_unit
        return worth * price if self.is_inverse else worth

    def lots(self, dollars: Decimal, price: Decimal) -> int:
        """Return how many lots, at least one, are worth so many dollars at a price, rounded down."""
        ticks = self.ticks(price)
        per_lot = self.lot_money / ticks if self.is_inverse else self.lot_money * ticks
        return max(1, int((self.money(dollars, price) / per_lot).to_integral_value(ROUND_FLOOR)))
