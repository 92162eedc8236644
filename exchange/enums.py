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
    TAKE_PROFIT = 4  # a stop that waits for the other direction: a sell above the market, a buy below it
    TAKE_PROFIT_LIMIT = 5
    MARKET_TO_LIMIT = 6  # what a market order leaves rests at its last fill's price


class TimeInForce(IntEnum):
    """What happens to the part that does not trade on arrival: rests, is dropped, or nothing may trade at all."""

    GTC = 0
    IOC = 1
    FOK = 2
    DAY = 3  # rests until the session ends
    GTD = 4  # rests until a time, which its terms give


class OrderEffect(IntEnum):
    """What an order may do to its account's position."""

    ANY = 0
    REDUCE_ONLY = 1  # never more lots than the position has
    CLOSE_POSITION = 2  # always as many lots as the position has


class TriggerSource(IntEnum):
    """Which price a stop or take-profit watches."""

    VENUE = 0  # what the rules say
    LAST = 1
    MARK = 2
    INDEX = 3
    OPPOSITE_BEST = 4  # the best price that the order could trade at


class Origin(IntEnum):
    """Whose command this is: a participant's, the recorded market's, or one that corrects the recorded market."""

    PARTICIPANT = 0
    RECORDED = 1
    CORRECTION = 2


class PositionSide(IntEnum):
    """Which position an order is for: the only one (one-way), or one side of a hedged pair."""

    NET = 0
    LONG = 1
    SHORT = 2


class MarginMode(IntEnum):
    """What stands behind a position: all that its account has, or a pocket of its own."""

    CROSS = 0
    ISOLATED = 1


class MarginTransferReason(IntEnum):
    """Why money went from an account to the pocket of an isolated position, or back."""

    REQUESTED = 0  # TransferMargin
    ORDER = 1  # an order or an amend needs it
    POSITION = 2  # OpenPosition
    LEVERAGE = 3  # a lower leverage needs it
    RETURNED = 4  # an excess, or everything that a pocket without position and orders has


class SideFilter(IntEnum):
    """Which side of the book a mass cancel sweeps."""

    BUY = 0
    SELL = 1
    BOTH = 2


class RejectReason(IntEnum):
    """Why a request was refused, in the order in which the reasons are checked."""

    NONE = 0
    UNKNOWN_INSTRUMENT = 1
    MARKET_SETTLED = 24  # the instrument was settled for good
    RESERVED_ACCOUNT = 2  # 0 is the recorded market's, negative ids are the venue's own
    UNKNOWN_ACCOUNT = 3
    WRONG_POSITION_SIDE = 33  # LONG or SHORT without hedge mode, or NET with it
    KILL_SWITCH_ON = 120  # the account was shut out
    TOO_MANY_REQUESTS = 121  # in this interval
    MARKET_CLOSED = 122
    MARKET_HALTED = 123  # only cancels
    NOT_IN_THIS_PHASE = 124  # such as an order that has to trade at once, in a call
    ACCOUNT_IN_LIQUIDATION = 4
    ACCOUNT_IN_DEBT = 52  # it owes the venue what its liquidation left unpaid
    WITHDRAWALS_GATED = 53  # nobody withdraws: an account was seen with negative equity
    UNKNOWN_ORDER = 5
    NOT_ORDER_OWNER = 6
    INVALID_QUANTITY = 7
    INVALID_PRICE = 8
    INVALID_TRIGGER = 9
    INVALID_AMOUNT = 10
    NO_DEBT = 54
    INVALID_LEVERAGE = 11
    INVALID_COMBINATION = 12  # such as a post-only market order
    NOTIONAL_TOO_LARGE = 13
    POSITION_TOO_LARGE = 14
    NOTHING_TO_CLOSE = 34  # hedge mode: more than is held and not yet being closed
    WRONG_MARGIN_MODE = 35  # margin of a position that is not isolated
    POSITION_OPEN = 36  # a mode changes only without a position ...
    ORDERS_OPEN = 37  # ... and without orders
    DUPLICATE_ORDER_ID = 15
    ALREADY_LINKED = 111  # to another order
    BELOW_FILLED = 16  # an amend to a total that is already filled
    BOOK_FULL = 17
    INVALID_TERMS = 100  # a term that is no quantity, price or time, or that such an order cannot have
    INVALID_EXPIRY = 101  # GTD until a time that has come
    TOO_MANY_PARTS = 103  # an iceberg that would have to show anew more often than the venue allows
    NOTHING_TO_REDUCE = 110  # a reduce-only order without a position on the other side, or with too small a one
    ORDER_TOO_LARGE = 125  # more lots, or money, than one order may have
    PRICE_OUTSIDE_COLLAR = 126  # a limit price that looks like a mistake
    PRICE_OUTSIDE_BAND = 127
    NO_MARK_PRICE = 18
    ALREADY_TRADED = 19  # OpenPosition after the account's first trade in the instrument
    POST_ONLY_WOULD_TAKE = 20
    MARKET_PAUSED = 40
    MARKET_REDUCE_ONLY = 41
    ACCOUNT_RESTRICTED = 42  # only what reduces a position
    FOK_CANNOT_FILL = 21  # at once, within its limit and for its budget
    MIN_QTY_CANNOT_FILL = 102
    LEVERAGE_ABOVE_TIER = 38  # the tier of so large a position allows less leverage
    INSUFFICIENT_BALANCE = 22
    NOT_BORROWABLE = 90  # the venue lends, but not this asset
    BORROW_LIMIT = 91  # the account would owe more of it than the venue lends
    MARGIN_LEVEL_TOO_LOW = 92  # for more debt, or to let something leave
    INSUFFICIENT_MARGIN = 23


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
    NOTHING_TO_REDUCE = 65  # a reduce-only order whose position is gone, or is closed by others
    LINKED = 66  # the order that it was linked to filled, or is gone
    DELEVERAGED = 52  # its owner's position was closed against a liquidation
    INSTRUMENT_SETTLED = 10
    EXPIRED = 60  # its time, or its day, has ended
    REPLACED = 61  # by an order under another id
    PRICE_BAND = 70  # a breaker's limit was reached
    KILL_SWITCH = 71


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
    COVERED = 3  # the fund, or other money of the venue or of the account's owner, paid the whole deficit
    SOCIALIZED = 4  # profits of other accounts paid what the fund could not
    VENUE_LOSS = 5  # a part was paid by nobody
    DEFERRED = 52  # the rest waits for the end of the session
    OWED = 53  # the account owes the rest
    WRITTEN_OFF = 54  # the venue forgave the rest
    DELEVERAGED = 55  # closed with nothing left, in part against positions of the other side


class AccountLevel(IntEnum):
    """How far an account's equity has fallen, by the venue's levels."""

    NORMAL = 0
    NOTICE = 1  # a margin call
    RESTRICTED = 2  # no new risk
    LIQUIDATION = 3
    BACKSTOP = 4  # its positions are taken over


class MarketState(IntEnum):
    """What participants may do in a market."""

    OPEN = 0
    REDUCE_ONLY = 1  # orders that reduce a position
    PAUSED = 2  # cancel; liquidations wait


class Phase(IntEnum):
    """How an instrument trades."""

    CONTINUOUS = 0  # orders match as they come
    PRE_OPEN = 1  # orders queue
    OPENING_AUCTION = 2  # orders queue, and a price is shown at which they would trade
    HALT = 3  # cancels only
    REOPENING_AUCTION = 4  # after a halt or an interruption
    CLOSING_AUCTION = 5
    CLOSED = 6  # cancels only


class PhaseCause(IntEnum):
    """Why a phase began."""

    OPERATOR = 0
    TIMETABLE = 1
    BREAKER = 2  # the BreakerTripped before it says which
    BREAKER_OVER = 3  # the time of a breaker's halt or auction is up
    EXTENSION = 4  # the auction would end too far from the breaker's reference


class Breaker(IntEnum):
    """What may interrupt trading. Where two limits are equally tight, the first counts."""

    STATIC_BAND = 0
    DYNAMIC_BAND = 1
    LIMIT_UP_DOWN = 2
    STOP_LOGIC = 3


class LimitState(IntEnum):
    """Whether a market stands at a limit: its best bid at the upper one, or its best ask at the lower one."""

    NONE = 0
    UP = 1
    DOWN = 2


class InterestKind(IntEnum):
    """What a loan was charged for."""

    BORROWED = 0  # the period in which something was borrowed, at once
    CLOCK = 1  # a period, at its start or its end
    REPAID = 2  # the time up to a repayment in full
    OPEN_FEE = 3


class DeleveragingOrder(IntEnum):
    """In which order the other side of a liquidation is closed."""

    RANK = 0
    PRO_RATA = 1
    RANDOM = 2
    LARGEST = 3


class DeleveragingScore(IntEnum):
    """What the other side of a liquidation is ranked by."""

    PROFIT_LEVERAGE = 0
    PROFIT = 1
    RETURN_LEVERAGE = 2
    WALLET_RATIO = 3
    VALUE_RATIO = 4
    SIZE = 5
    CUSTOM = 6


class SocializationBase(IntEnum):
    """In proportion to what a loss is shared over other accounts."""

    UNREALIZED = 0
    ROUND_GAINS = 1
    SESSION_REALIZED = 2
    SESSION_TOTAL = 3
    OPEN_INTEREST = 4
    LENDERS = 5


class FundLimit(IntEnum):
    """What kept the fund from paying more of a deficit."""

    BALANCE = 0  # nothing, or what it has above its floor
    MAX_CLAIM = 1
    WINDOW = 2
    DRAWDOWN = 3


class DeficitSource(IntEnum):
    """Who else paid a deficit."""

    OWN_COLLATERAL = 0  # the main account of an isolated position's owner
    FEE_POOL = 1  # the fees that the venue has earned


class MarkSource(IntEnum):
    """Where an instrument's mark price comes from."""

    EXTERNAL = 0  # SetMarkPrice
    LAST = 1  # price of the last trade
    MID = 2  # (best bid + best ask) / 2, rounded down, while both exist
    MODEL = 3  # made of several sources: MarkRules


BUY: Final = 0
SELL: Final = 1

LIMIT: Final = 0
MARKET: Final = 1
STOP: Final = 2
STOP_LIMIT: Final = 3
TAKE_PROFIT: Final = 4
TAKE_PROFIT_LIMIT: Final = 5
MARKET_TO_LIMIT: Final = 6

GTC: Final = 0
IOC: Final = 1
FOK: Final = 2
DAY: Final = 3
GTD: Final = 4

ANY: Final = 0
REDUCE_ONLY: Final = 1
CLOSE_POSITION: Final = 2

BY_VENUE: Final = 0
BY_LAST: Final = 1
BY_MARK: Final = 2
BY_INDEX: Final = 3
OPPOSITE_BEST: Final = 4

PARTICIPANT: Final = 0
RECORDED: Final = 1
CORRECTION: Final = 2

RECORDED_MARKET: Final = 0  # the account of the recorded flow: unmargined, never liquidated, haircut or deleveraged
INSURANCE_FUND: Final = -1  # the account that takes over what a liquidation cannot sell
