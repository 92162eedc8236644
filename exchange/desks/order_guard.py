"""What may stand between an order and the book: phases, breakers and protections, as desks and matcher see them.

A venue that has none of them never asks. `exchange/phases/guard.py` has the answers.
"""

from mypy_extensions import i64

from exchange.book.live_terms import LiveTerms
from exchange.market import Market
from exchange.records import REJECT_NONE


class OrderGuard:
    """Lets everything pass. An owner word is slot << 32 | account id; 0 is the recorded market, which always passes."""

    def request_refusal(
        self, market: Market, owner: i64, kind: i64, time_in_force: i64, post_only: i64, is_new: bool
    ) -> i64:
        """Return why an account's order, or an amend of one, is not looked at at all, or 0."""
        return REJECT_NONE

    def phase_refusal(
        self, market: Market, owner: i64, kind: i64, time_in_force: i64, post_only: i64, is_new: bool
    ) -> i64:
        """Return why the phase of a market takes no such order, or no amend, or 0."""
        return REJECT_NONE

    def side_refusal(self, account: i64) -> i64:
        """Return why an account may not say something about its orders, such as terms and links, or 0."""
        return REJECT_NONE

    def cancel_refusal(self, owner: i64) -> i64:
        """Return why a cancel or a reduction is not looked at, or 0."""
        return REJECT_NONE

    def order_refusal(
        self, market: Market, owner: i64, side: i64, kind: i64, lots: i64, price: i64, is_new: bool
    ) -> i64:
        """Return why a sound order may not be as large, or have such a price, or 0."""
        return REJECT_NONE

    def band_refusal(self, market: Market, owner: i64, side: i64, price: i64, is_new: bool) -> i64:
        """Return why an order may not have its limit price now, or 0. An amend is not moved to a band, but refused."""
        return REJECT_NONE

    def price_within(self, market: Market, owner: i64, side: i64, price: i64) -> i64:
        """Return the limit price that an accepted order gets: its own, or a band's."""
        return price

    def limit_within(self, market: Market, owner: i64, side: i64, limit: i64) -> i64:
        """Return the worst rank of the other side that an order may trade at now."""
        return limit

    def is_out_of_reach(self, market: Market, owner: i64, side: i64) -> bool:
        """Return whether the best order of the other side is beyond what an order may trade at now."""
        return False

    def match(
        self,
        market: Market,
        owner: i64,
        order_id: i64,
        side: i64,
        limit: i64,
        lots: i64,
        passes_recorded: bool,
        liquidation: i64,
    ) -> i64:
        """Match as `Matcher.match` does, within what is allowed now; return what is left, 0 if that is disposed of."""
        return lots

    def queue_market_order(
        self,
        market: Market,
        owner: i64,
        order_id: i64,
        side: i64,
        time_in_force: i64,
        lots: i64,
        filled: i64,
        terms: LiveTerms | None,
    ) -> bool:
        """Queue a market order, or what is left of one, for an auction; return whether there is one that takes it."""
        return False

    def begin_election(self, market: Market) -> None:
        """Be told that a stop is elected: what trades until `end_election` is its doing."""

    def end_election(self, market: Market) -> None:
        """Be told that an elected stop has run."""
