"""Conventions of the loss waterfall: who pays a deficit, and in which order."""

from typing import Final, Literal

import msgspec

from exchange.units import MAX_FEE_PPM, MAX_MONEY, MAX_SIZE_LOTS, MAX_TS_NS, PPM
from exchange.validation import check_types, expect

WaterfallStep = Literal["own_collateral", "fee_pool", "fund", "socialize", "lenders", "session", "debt", "write_off"]

# Steps that take all of a deficit: nothing is left for one behind them.
TAKE_ALL: Final = ("session", "debt", "write_off")

# In the order of the enum of their name.
DELEVERAGING_SCORES: Final = (
    "profit_leverage",
    "profit",
    "return_leverage",
    "wallet_ratio",
    "value_ratio",
    "size",
)


class FundRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The insurance fund.

    scope: one "shared" fund, or one "per_instrument", behind which what was put into the shared one stands.
    opening: money in it at the start (per_instrument: in each). floor: what it never pays below (each).
    max_claim: the most that it pays for one deficit. window_cap: the most that it pays in one window of `window_ns`,
        counted from 1970; both 0 for no cap.
    drawdown_trigger_ppm: it stops paying for an instrument while its profit there is this far below its highest of the
        last `drawdown_window_ns`, in ppm of the pool's highest; until less than `drawdown_stop_ppm`. 0: never.
    """

    opening: int = 0
    floor: int = 0
    scope: Literal["shared", "per_instrument"] = "shared"
    max_claim: int = 0
    window_cap: int = 0
    window_ns: int = 3_600_000_000_000
    drawdown_trigger_ppm: int = 0
    drawdown_stop_ppm: int = 0
    drawdown_window_ns: int = 28_800_000_000_000

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        where = "rules.fund"
        check_types(self, where)
        for name in ("opening", "floor", "max_claim", "window_cap"):
            expect(0 <= getattr(self, name) <= MAX_MONEY, where, f"{name} in 0..2**60 - 1", getattr(self, name))
        for name in ("window_ns", "drawdown_window_ns"):
            expect(1 <= getattr(self, name) <= MAX_TS_NS, where, f"{name} >= 1", getattr(self, name))
        trigger, stop = self.drawdown_trigger_ppm, self.drawdown_stop_ppm
        expect(0 <= trigger <= PPM, where, "drawdown_trigger_ppm in 0..1,000,000", trigger)
        expect(0 <= stop <= trigger, where, "drawdown_stop_ppm in 0..drawdown_trigger_ppm", stop)


class SocializationRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Losses shared over other accounts.

    base: in proportion to what. "unrealized" profit; "round_gains", what the last change of a mark brought, if that was
        in this step; "session_realized", profit realized since the session began, and "session_total", that and what is
        unrealized; "open_interest", lots of either side, in the instrument of the liquidation.
    scope: positions of the whole "venue", or of the "instrument" of the liquidation (unrealized and round gains).
    levy_ppm: a flat levy on every profit where it brings more than the loss, the rest to the fund; 0: none.
    remainder: who takes what rounding leaves: the "last" or the "first" of the list, the "largest", or the "venue".
    session_ns: length of a session, whose ends lie `session_offset_ns` after multiples of it since 1970; 0: it ends
        only by EndSession. A week: 604,800 s. session_rest: what the session's profits cannot pay: "carry" it into the
        next session, or book it as the venue's loss.
    """

    base: Literal["unrealized", "round_gains", "session_realized", "session_total", "open_interest"] = "unrealized"
    scope: Literal["venue", "instrument"] = "venue"
    levy_ppm: int = 0
    remainder: Literal["last", "first", "largest", "venue"] = "last"
    session_ns: int = 0
    session_offset_ns: int = 0
    session_rest: Literal["venue", "carry"] = "venue"

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        where = "rules.socialization"
        check_types(self, where)
        expect(0 <= self.levy_ppm <= PPM, where, "levy_ppm in 0..1,000,000", self.levy_ppm)
        is_long = self.session_ns == 0 or 1_000_000_000 <= self.session_ns <= MAX_TS_NS
        expect(is_long, where, "session_ns 0 or at least a second", self.session_ns)
        is_inside = 0 <= self.session_offset_ns < max(1, self.session_ns)
        expect(is_inside, where, "session_offset_ns in 0..session_ns - 1", self.session_offset_ns)


class DebtRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an account owes whose deficit reached the step "debt".

    owes: the "rest" that the steps before left, or "all": also what the fund and other accounts paid, who get it back.
    freezes: such an account places no orders. It never withdraws.
    interest_ppb: on what is owed, at every multiple of `interest_period_ns` since 1970, rounded up; the venue's income
        when it is paid.
    recovery: who is repaid by a deposit: "fund_first", then the accounts that paid, then the venue; or all "pro_rata".
    """

    owes: Literal["rest", "all"] = "rest"
    freezes: bool = True
    interest_ppb: int = 0
    interest_period_ns: int = 3_600_000_000_000
    recovery: Literal["fund_first", "pro_rata"] = "fund_first"

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        where = "rules.debt"
        check_types(self, where)
        expect(0 <= self.interest_ppb <= 1_000_000_000, where, "interest_ppb in 0..10**9", self.interest_ppb)
        is_long = 1_000_000_000 <= self.interest_period_ns <= MAX_TS_NS
        expect(is_long, where, "interest_period_ns of at least a second", self.interest_period_ns)


class GuardRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What protects everybody while losses are open.

    withdrawal_gate_ns: nobody withdraws for so long after an account was seen with negative equity; 0: no gate.
    """

    withdrawal_gate_ns: int = 0

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        check_types(self, "rules.guards")
        gate = self.withdrawal_gate_ns
        expect(0 <= gate <= MAX_TS_NS // 2, "rules.guards", "withdrawal_gate_ns in 0..2**61 - 1", gate)


class DeleveragingRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Auto-deleveraging: positions of the other side closed without the book.

    candidates: positions of the other side "in_profit", or "any". overlap: only those whose own bankruptcy price allows
        the price. min_lots: smaller positions are left alone.
    order: "rank" by score; "pro_rata" to size over all; "random" walks the candidates by ascending id from one that
        `seed` draws; "largest" closes the `largest` biggest pro rata to size.
    score: "profit_leverage" (BitMEX), "profit" (Bitfinex), "return_leverage" (Gate), "wallet_ratio" (Binance),
        "value_ratio" (Hyperliquid), "size", or "custom:NAME", a function registered with the venue's policies.
    price: the "bankruptcy" price of the liquidated, "mark", or a "split": the other side `split_ppm` of the way from
        bankruptcy to mark, the difference to the fund.
    refuse_negative: not where one of the two has negative equity, as at a delisting.
    ramp_ppm: closes at once only as much as the margin fraction has fallen below this, all of it at zero; 0: all.
    cancel_orders: the open orders of who is closed, in that instrument. fee_ppm: of the notional, from the other
        side to the venue.
    """

    candidates: Literal["in_profit", "any"] = "in_profit"
    overlap: bool = False
    min_lots: int = 1
    order: Literal["rank", "pro_rata", "random", "largest"] = "rank"
    score: str = "profit_leverage"
    largest: int = 10
    seed: int = 0
    price: Literal["bankruptcy", "mark", "split"] = "bankruptcy"
    split_ppm: int = 333_333
    refuse_negative: bool = False
    ramp_ppm: int = 0
    cancel_orders: bool = True
    fee_ppm: int = 0

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        where = "rules.deleveraging"
        check_types(self, where)
        is_known = self.score in DELEVERAGING_SCORES or self.score.startswith("custom:")
        expect(is_known, where, f"score out of {DELEVERAGING_SCORES} or custom:NAME", self.score)
        expect(1 <= self.min_lots <= MAX_SIZE_LOTS, where, "min_lots in 1..2**46 - 1", self.min_lots)
        expect(1 <= self.largest <= 1_000_000, where, "largest in 1..1,000,000", self.largest)
        expect(0 <= self.seed <= MAX_MONEY, where, "seed in 0..2**60 - 1", self.seed)
        expect(0 <= self.split_ppm <= PPM, where, "split_ppm in 0..1,000,000", self.split_ppm)
        expect(0 <= self.ramp_ppm <= PPM, where, "ramp_ppm in 0..1,000,000", self.ramp_ppm)
        expect(0 <= self.fee_ppm <= MAX_FEE_PPM, where, "fee_ppm in 0..1,000,000", self.fee_ppm)
