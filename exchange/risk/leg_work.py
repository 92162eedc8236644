"""What is remembered of a liquidation while it runs: one record for the account, one for each of its legs."""

from typing import final

from mypy_extensions import i64


@final
class Liquidation:
    """One account between LiquidationStarted and LiquidationEnded."""

    def __init__(self, number: i64, slot: i64, now_ns: i64) -> None:
        """Begin."""
        self.number: i64 = number
        self.slot: i64 = slot
        self.started_ns: i64 = now_ns
        self.has_acted: bool = False  # an order was sent, or a part taken over
        self.freed: int = 0  # money of the shortage that orders have freed so far
        self.taker: i64 = 0  # slot of the backstop account that took over last
        self.is_deleveraged: bool = False  # lots of it were closed against positions of the other side
        self.has_ended: bool = False
        self.works: list[LegWork] = []


@final
class LegWork:
    """One leg of a liquidation.

    ticket: counts its turns; what was put into a queue or a timer under an older ticket is void.
    """

    def __init__(self, liquidation: Liquidation, leg: i64) -> None:
        """Begin, with nothing sent."""
        self.liquidation = liquidation
        self.leg: i64 = leg
        self.ticket: i64 = 0
        self.sent_ns: i64 = -1  # when its last order was sent
        self.has_had_turn: bool = False
        self.attempts: i64 = 0  # orders sent, as their events count them
        self.failures: i64 = 0  # orders that were not filled in full
        self.traded_before: int = 0  # lots traded in the instrument when its last order had run
        self.order_id: i64 = 0  # of its resting order, 0 for none
        self.was_stopped: bool = False  # its last order tripped a breaker that interrupts trading
