"""The closed sets of the venue: each a small integer on the wire and a name in the public face.

Members are declared in the order that means something: reject reasons in the order in which they are checked.
The module constants repeat the members that compiled code compares on its hot path.
"""

from enum import IntEnum
from typing import Final


class Side(IntEnum):
    """Direction of an order: a bid rests on the BUY side, an ask on the SELL side."""

    BUY = 0
    SELL = 1


class OrderKind(IntEnum):
    """What makes an order act: at once (limit, market) or when its trigger is touched (stop, stop-limit)."""

    LIMIT = 0
    MARKET = 1
    STOP = 2  # becomes a market order
    STOP_LIMIT = 3  # becomes a limit order


class TimeInForce(IntEnum):
    """What happens to the part that does not trade on arrival: rests, is dropped, or nothing may trade at all."""

    GTC = 0
    IOC = 1
    FOK = 2


class Origin(IntEnum):
    """Whose command this is: a participant's, the recorded market's, or one that corrects the recorded market."""

    PARTICIPANT = 0
    RECORDED = 1
    CORRECTION = 2


class SideFilter(IntEnum):
    """Which side of the book a mass cancel sweeps."""

    BUY = 0
    SELL = 1
    BOTH = 2


class RejectReason(IntEnum):
    """Why a request was refused, in the order in which the reasons are checked."""

    NONE = 0
    UNKNOWN_INSTRUMENT = 1
    UNKNOWN_ACCOUNT = 2
    RESERVED_ACCOUNT = 3  # 0 is the recorded market, negative ids belong to the venue
    ACCOUNT_IN_LIQUIDATION = 4
    INVALID_QUANTITY = 5
    INVALID_PRICE = 6
    INVALID_TRIGGER = 7
    INVALID_AMOUNT = 8
    INVALID_LEVERAGE = 9
    INVALID_COMBINATION = 10  # such as a post-only market order
    NOTIONAL_TOO_LARGE = 11
    DUPLICATE_ORDER_ID = 12
    UNKNOWN_ORDER = 13
    NOT_ORDER_OWNER = 14
    BELOW_FILLED = 15  # an amend to a total that is already filled
    BOOK_FULL = 16
    NO_MARK_PRICE = 17
    POST_ONLY_WOULD_TAKE = 18
    FOK_CANNOT_FILL = 19
    INSUFFICIENT_MARGIN = 20
    INSUFFICIENT_BALANCE = 21
    ALREADY_TRADED = 22  # OpenPosition after the account's first trade
    POSITION_TOO_LARGE = 23


class CancelReason(IntEnum):
    """Why an order, or what was left of it, was taken out without trading."""

    REQUESTED = 0
    MASS_CANCEL = 1
    REDUCED_TO_ZERO = 2
    IOC_REMAINDER = 3
    MARKET_REMAINDER = 4
    PROTECTION = 5  # the market order's collar was reached
    SELF_TRADE = 6
    AMENDED_BELOW_FILLED = 7
    LIQUIDATION = 8
    STOP_REFUSED = 9  # an elected stop that could not be entered, such as for lack of margin


class RecordedKind(IntEnum):
    """Which recorded message could not be applied in full, because injected orders changed the book."""

    ADD = 0
    CANCEL = 1
    REDUCE = 2
    AMEND = 3
    EXECUTE = 4


class LiquidationOutcome(IntEnum):
    """How a liquidation ended."""

    CURED = 0  # equity reached maintenance again before the position was gone
    SURPLUS = 1  # closed with equity left
    EVEN = 2  # closed with equity exactly zero
    COVERED = 3  # the fund paid the whole deficit
    SOCIALIZED = 4  # profits of other accounts paid what the fund could not
    VENUE_LOSS = 5  # a part was paid by nobody


class MarkSource(IntEnum):
    """Where an instrument's mark price comes from."""

    EXTERNAL = 0  # SetMarkPrice
    LAST = 1  # price of the last trade
    MID = 2  # (best bid + best ask) / 2, rounded down, while both exist


BUY: Final = 0
SELL: Final = 1

LIMIT: Final = 0
MARKET: Final = 1
STOP: Final = 2
STOP_LIMIT: Final = 3

GTC: Final = 0
IOC: Final = 1
FOK: Final = 2

PARTICIPANT: Final = 0
RECORDED: Final = 1
CORRECTION: Final = 2

RECORDED_MARKET: Final = 0  # the account of the recorded flow: unmargined, never liquidated, haircut or deleveraged
INSURANCE_FUND: Final = -1  # the account that takes over what a liquidation cannot sell
