"""Conventions of liquidation: when, how much, by which orders, at which pace, and who keeps what is left."""

from typing import Literal

import msgspec

from exchange.units import MAX_ACCOUNT, MAX_FEE_PPM, MAX_MONEY, MAX_QTY_LOTS, MAX_TS_NS, PPM
from exchange.validation import check_types, expect

RemainderStep = Literal["market", "fund", "backstop", "deleverage"]


class ReductionRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much of a leg one order closes.

    kind: 'whole'; 'tiers': down by `tiers` margin tiers, all of it from the lowest `tiers`; 'lowest_tier': straight to
        the lowest tier, all of it from there; 'fraction': `fraction_ppm` of what is held; 'fraction_first': the
        fraction where the notional is above `threshold` and no such order was sent within `cooldown_ns`, else whole;
        'shortage': what brings equity back to the requirement plus `buffer_ppm` of the notional; 'ramp': the same for
        a share of the shortage that grows from `ramp_initial_ppm` to all of it over `ramp_ns` in liquidation.
    fraction_ppm: with `pacing.interval_ns` = 0 the next part of what is left follows at once where one was filled,
        until the account is above its requirement or nothing is left: a small fraction makes thousands of orders.
    buffers_losses: the buffer is asked on an unrealized loss as well. ramp_step_ppm: the share's own grid.
    from_notional: positions worth less are closed whole ('tiers': those of less than so much keep no part).
    min_notional, max_notional, max_portion_ppm: bounds of one order in money at mark, and as a share of the position;
        0 is no bound. The least wins over the most.
    dust_notional: what would be left is closed along where it is worth less.
    book_share_ppm: at most this share of the resting lots within `book_band_ppm` of the mid price (of the best price
        where one side is empty); 0 is no bound. volume_share_ppm: at most this share, rounded
        down, of the lots traded in the instrument since the leg's last order, or since its liquidation started; 0 is no
        bound. The share of the book is rounded up.
    """

    kind: Literal["whole", "tiers", "lowest_tier", "fraction", "fraction_first", "shortage", "ramp"] = "whole"
    tiers: int = 1
    fraction_ppm: int = PPM
    threshold: int = 0
    cooldown_ns: int = 0
    buffer_ppm: int = 0
    buffers_losses: bool = False
    ramp_initial_ppm: int = 0
    ramp_ns: int = 0
    ramp_step_ppm: int = 1
    from_notional: int = 0
    min_notional: int = 0
    max_notional: int = 0
    max_portion_ppm: int = PPM
    dust_notional: int = 0
    book_share_ppm: int = 0
    book_band_ppm: int = 0
    volume_share_ppm: int = 0

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        where = "rules.liquidation.reduction"
        check_types(self, where)
        expect(1 <= self.tiers <= 1_000, where, "tiers in 1..1,000", self.tiers)
        for name in ("fraction_ppm", "max_portion_ppm", "ramp_step_ppm"):
            value = getattr(self, name)
            expect(0 < value <= PPM, where, f"{name} in 1..1,000,000", value)
        for name in ("buffer_ppm", "ramp_initial_ppm", "book_share_ppm", "book_band_ppm", "volume_share_ppm"):
            value = getattr(self, name)
            expect(0 <= value <= PPM, where, f"{name} in 0..1,000,000", value)
        for name in ("threshold", "from_notional", "min_notional", "max_notional", "dust_notional"):
            value = getattr(self, name)
            expect(0 <= value <= MAX_MONEY, where, f"{name} in 0..2**60 - 1", value)
        for name in ("cooldown_ns", "ramp_ns"):
            value = getattr(self, name)
            expect(0 <= value <= MAX_TS_NS, where, f"{name} >= 0", value)


class PriceRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The limit price of a liquidation order.

    kind: 'bankruptcy': the leg's share of the equity (by maintenance margin) is used up; 'zero_equity': the same with
        shares by notional; 'whole_equity': all of the equity is used up by this leg; 'fillable': from mark towards the
        bankruptcy price as equity falls; 'mark', 'last': `offset_ppm` worse than that price; 'bankruptcy_or_mark': the
        worse of bankruptcy price and mark, so that an insolvent account is still sold.
    bankruptcy_adjustment_ppm, spread_ppm: of 'fillable': adjustment x (1 - equity / maintenance), held to 0 .. 1, times
        spread x the leg's maintenance margin is given up.
    fund_improvement_ppm: of 'bankruptcy' and 'bankruptcy_or_mark': how much further the limit is moved; what a fill
        costs beyond bankruptcy is the account's deficit.
    """

    kind: Literal["bankruptcy", "zero_equity", "whole_equity", "fillable", "mark", "last", "bankruptcy_or_mark"] = (
        "bankruptcy"
    )
    offset_ppm: int = 0
    bankruptcy_adjustment_ppm: int = PPM
    spread_ppm: int = 100_000
    fund_improvement_ppm: int = 0

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        where = "rules.liquidation.price"
        check_types(self, where)
        expect(0 <= self.offset_ppm < PPM, where, "offset_ppm in 0..999,999", self.offset_ppm)
        adjustment = self.bankruptcy_adjustment_ppm
        expect(0 <= adjustment <= 1 << 32, where, "bankruptcy_adjustment_ppm in 0..2**32", adjustment)
        expect(0 <= self.spread_ppm <= PPM, where, "spread_ppm in 0..1,000,000", self.spread_ppm)
        improvement = self.fund_improvement_ppm
        expect(0 <= improvement < PPM, where, "fund_improvement_ppm in 0..999,999", improvement)


class PacingRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How fast.

    interval_ns: the next order of a leg goes that long after the last one; 0: at the next trade or mark update of its
        instrument, or at once where the order filled.
    window_ns: length of the windows in which the caps count; a window begins with the first order after the last one
        ended, and empties at once; 0: everything that happens at one time is one window.
    account_notional, market_notional: what may be liquidated in a window, at mark; 0 is no cap.
    fund_loss: what liquidation fills may cost the fund in a window; 0 is no cap.
    once_per_window: a leg sends one order in a window.
    is_fund_guarded: a fill that a claim on the fund could not pay for is not made. With
        `fee = "capped_by_surplus"` only: elsewhere fills cost the fund nothing by themselves.
    queue_order: who goes first of those found at once: 'shortfall': the greatest; 'account': the lowest id;
        'distance': whose first order stands furthest from mark, then the largest; 'random': by `seed`.
    chance_ppm, seed: an order that is due is sent with this probability, else it waits for its next turn.
    """

    interval_ns: int = 0
    window_ns: int = 0
    account_notional: int = 0
    market_notional: int = 0
    fund_loss: int = 0
    once_per_window: bool = False
    is_fund_guarded: bool = False
    queue_order: Literal["shortfall", "account", "distance", "random"] = "shortfall"
    chance_ppm: int = PPM
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        where = "rules.liquidation.pacing"
        check_types(self, where)
        for name in ("interval_ns", "window_ns"):
            value = getattr(self, name)
            expect(0 <= value <= MAX_TS_NS, where, f"{name} >= 0", value)
        for name in ("account_notional", "market_notional", "fund_loss"):
            value = getattr(self, name)
            expect(0 <= value <= MAX_MONEY, where, f"{name} in 0..2**60 - 1", value)
        expect(0 < self.chance_ppm <= PPM, where, "chance_ppm in 1..1,000,000", self.chance_ppm)
        expect(0 <= self.seed < 1 << 62, where, "seed in 0..2**62 - 1", self.seed)


class TakeoverRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who takes what no order could sell, and at which price.

    price: what the account gets: 'mark'; 'bankruptcy' price; 'zero_equity' price.
    mark_share_ppm: the taker pays this much of the way from the account's price to mark; the fund gets the difference.
    fund_cap_ppm: the fund's positions may be worth so much of its balance; 0 is no cap.
    backstop_accounts: participants who take over for the step 'backstop', each in turn. backstop_cap_ppm: their
        positions may be worth so much of their equity; 0: what their initial margin allows.
    backstop_takes_margin: when the last position is gone, what an account has left goes to who took over last.
    declines_insolvent: a backstop account takes nothing from an account whose equity is negative.
    is_proportional: below the backstop level only the part 1 - equity / requirement of a leg is taken at a time.
    """

    price: Literal["mark", "bankruptcy", "zero_equity"] = "mark"
    mark_share_ppm: int = 0
    fund_cap_ppm: int = 0
    backstop_accounts: tuple[int, ...] = ()
    backstop_cap_ppm: int = 0
    backstop_takes_margin: bool = False
    declines_insolvent: bool = False
    is_proportional: bool = False

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        where = "rules.liquidation.takeover"
        check_types(self, where)
        expect(0 <= self.mark_share_ppm <= PPM, where, "mark_share_ppm in 0..1,000,000", self.mark_share_ppm)
        for name in ("fund_cap_ppm", "backstop_cap_ppm"):
            value = getattr(self, name)
            expect(0 <= value <= 1_000 * PPM, where, f"{name} in 0..1,000,000,000", value)
        accounts = self.backstop_accounts
        is_sound = len(set(accounts)) == len(accounts) and all(1 <= account <= MAX_ACCOUNT for account in accounts)
        expect(is_sound, where, "backstop_accounts of distinct participants", accounts)


class DisposalRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the fund works off in the book what it took over.

    step_ns: time between its orders in an instrument, from the first takeover on; 0: it keeps its positions.
    fraction_ppm: of its position per order, rounded up; all of it at `full_lots` or less.
    book_share_ppm: at most this share, rounded up, of the lots on the other side within the band.
    slippage_ppm: the band: no fill further than this from the mid price (from the best price of the other side where
        its own is empty).
    pays_fees: its fills pay the taker fee; without, the rebate of a maker that it meets is a cost of the venue.
    """

    step_ns: int = 0
    fraction_ppm: int = PPM
    full_lots: int = 0
    book_share_ppm: int = PPM
    slippage_ppm: int = PPM - 1
    pays_fees: bool = False

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        where = "rules.liquidation.disposal"
        check_types(self, where)
        expect(0 <= self.step_ns <= MAX_TS_NS, where, "step_ns >= 0", self.step_ns)
        for name in ("fraction_ppm", "book_share_ppm"):
            value = getattr(self, name)
            expect(0 < value <= PPM, where, f"{name} in 1..1,000,000", value)
        expect(0 <= self.full_lots <= MAX_QTY_LOTS, where, "full_lots in range", self.full_lots)
        expect(0 <= self.slippage_ppm < PPM, where, "slippage_ppm in 0..999,999", self.slippage_ppm)


class LiquidationRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the positions of an account below maintenance are sold.

    order: 'ioc_at_bankruptcy': an IOC at the leg's bankruptcy price; 'market': a market order at once, whatever
        max_attempts says; 'ioc', 'fok': at `price`; 'limit': rests at `price` for `lifetime_ns`, and is then priced
        anew; 'none': no order, the remainder rules at once.
    max_attempts: orders of a leg that were not filled in full before the remainder rules take over. Where nobody there
        takes any of it, they are counted anew, so that the next turn sends an order.
    recheck: an account that is back at or above its requirement before a retry is released.
    remainder: what becomes of a position that orders could not sell, in order: a market order, takeover by the fund, by
        a backstop account, auto-deleveraging; what is left after the last waits for the leg's next turn.
    remainder_takes: the whole position, or what the last order left of its own quantity.
    surplus: who keeps the equity left when the position is closed; 'split': the fund `surplus_fund_ppm` of it, rounded
        up.
    fee: the liquidation fee of an instrument is charged 'on_fills', or is 'capped_by_surplus': of what an order brought
        above the bankruptcy price, the fund gets at most the fee; what it brought below is a claim on the fund.
    fee_most_ppm: the fee of an order grows by `fee_step_ppm` for each `fee_step_ns` in liquidation, up to this, once
        `fee_grace_ns` are over; 0: it does not grow. (The fee on an order that rests does not.)
    """

    order: Literal["ioc_at_bankruptcy", "market", "ioc", "fok", "limit", "none"] = "ioc_at_bankruptcy"
    max_attempts: int = 3
    recheck: bool = True
    lifetime_ns: int = 0
    remainder: tuple[RemainderStep, ...] = ("market", "fund")
    remainder_takes: Literal["position", "order"] = "position"
    surplus: Literal["fund", "trader", "split"] = "fund"
    surplus_fund_ppm: int = MAX_FEE_PPM
    fee: Literal["on_fills", "capped_by_surplus"] = "on_fills"
    fee_most_ppm: int = 0
    fee_grace_ns: int = 0
    fee_step_ns: int = 1
    fee_step_ppm: int = 0
    reduction: ReductionRules = ReductionRules()
    price: PriceRules = PriceRules()
    pacing: PacingRules = PacingRules()
    takeover: TakeoverRules = TakeoverRules()
    disposal: DisposalRules = DisposalRules()

    def __post_init__(self) -> None:
        """Refuse rules that could not be applied. Raises ConfigError naming the field."""
        where = "rules.liquidation"
        check_types(self, where)
        expect(1 <= self.max_attempts <= 1_000_000, where, "max_attempts in 1..1,000,000", self.max_attempts)
        expect(0 <= self.lifetime_ns <= MAX_TS_NS, where, "lifetime_ns >= 0", self.lifetime_ns)
        for name in ("fee_most_ppm", "fee_step_ppm"):
            value = getattr(self, name)
            expect(0 <= value <= MAX_FEE_PPM, where, f"{name} in 0..1,000,000", value)
        expect(0 <= self.fee_grace_ns <= MAX_TS_NS, where, "fee_grace_ns >= 0", self.fee_grace_ns)
        expect(1 <= self.fee_step_ns <= MAX_TS_NS, where, "fee_step_ns > 0", self.fee_step_ns)
        is_timed = self.order != "limit" or self.lifetime_ns > 0
        expect(is_timed, where, "lifetime_ns > 0 of orders that rest", self.lifetime_ns)
        is_resting_free = self.order != "limit" or self.fee == "on_fills"
        expect(is_resting_free, where, 'fee = "on_fills" for orders that rest', self.fee)
        follows = self.recheck or self.reduction.kind not in ("shortage", "ramp")
        expect(follows, where, "recheck where the reduction follows the shortage", self.recheck)
        steps = self.remainder
        expect(len(set(steps)) == len(steps), where, "remainder without repetition", steps)
        expect(self.order != "none" or len(steps) > 0, where, 'a remainder where order is "none"', steps)
        has_taker = "backstop" not in steps or len(self.takeover.backstop_accounts) > 0
        expect(has_taker, where, "takeover.backstop_accounts for the step backstop", steps)
        share = self.surplus_fund_ppm
        expect(0 <= share <= PPM, where, "surplus_fund_ppm in 0..1,000,000", share)
        is_needed = not self.pacing.is_fund_guarded and self.pacing.fund_loss == 0
        expect(
            is_needed or self.fee == "capped_by_surplus",
            where,
            'fee = "capped_by_surplus" where fund losses are capped',
            self.fee,
        )
