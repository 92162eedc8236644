"""How far an account has fallen, and what it may still do (docs/semantics/liquidation.md, sections 1 and 2)."""

from exchange.commands import CommandType, RestrictAccount, SetMarketState
from exchange.enums import AccountLevel, MarketState, OrderEffect, Phase, RejectReason, Side
from exchange.events import AccountRestricted, LevelCrossed, MarketStateSet, RequestRejected
from exchange.rules import LevelRules, Rules
from tests.reference.book import Book, Order
from tests.reference.clearing import PPM, Account, Clearing, ceil_div
from tests.reference.journal import Journal

NONE = RejectReason.NONE


class Levels:
    """The level noted for each account, who is restricted by the operator, and the state of each market."""

    def __init__(self, rules: Rules, books: dict[int, Book], clearing: Clearing, journal: Journal) -> None:
        self.rules = rules.levels
        self.has_events = rules.levels != LevelRules()
        self.has_money = rules.clearing == "margin"
        self.books = books
        self.clearing = clearing
        self.journal = journal
        self.noted: dict[int, AccountLevel] = {}  # by account; NORMAL where there is none
        self.restricted: set[int] = set()
        self.states: dict[int, MarketState] = {}  # by instrument; OPEN where there is none
        self.opened_ns: dict[int, int] = {}  # by instrument: when it last left PAUSED
        self.reopened: set[int] = set()  # instruments that left PAUSED since the venue last settled

    # Levels.

    def scales(self) -> list[tuple[AccountLevel, int]]:
        """Return the levels that are used, with their scales."""
        every = (
            (AccountLevel.NOTICE, self.rules.notice_ppm),
            (AccountLevel.RESTRICTED, self.rules.restriction_ppm),
            (AccountLevel.LIQUIDATION, self.rules.liquidation_ppm),
            (AccountLevel.BACKSTOP, self.rules.backstop_ppm),
        )
        return [(level, ppm) for level, ppm in every if ppm > 0]

    def threshold(self, account: Account, ppm: int) -> int:
        """Return the equity below which an account is at the level of a scale."""
        return self.scaled(self.clearing.maintenance(account), ppm)

    def scaled(self, maintenance: int, ppm: int) -> int:
        """Return the equity below which an account with that maintenance margin is at the level of a scale."""
        if self.rules.is_equal_liquidated and maintenance > 0:
            return maintenance * ppm // PPM + 1
        return ceil_div(maintenance * ppm, PPM)

    def requirement(self, account: Account) -> int:
        """Return the threshold of liquidation."""
        return self.threshold(account, self.rules.liquidation_ppm)

    def shortfall(self, account: Account) -> int:
        """Return how far equity is below the threshold of liquidation; positive means a breach."""
        return self.requirement(account) - self.clearing.equity(account)

    def level(self, account: Account) -> AccountLevel:
        """Return the lowest level that the account's equity is below."""
        equity, maintenance = self.clearing.equity(account), self.clearing.maintenance(account)
        below = [level for level, ppm in self.scales() if equity < self.scaled(maintenance, ppm)]
        return max(below, default=AccountLevel.NORMAL)

    def look(self, accounts: list[Account]) -> None:
        """Note and write what changed of accounts that stay above liquidation."""
        if not self.has_events:
            return
        for account in sorted(accounts, key=lambda account: account.account_id):
            level = self.level(account)
            if level < AccountLevel.LIQUIDATION:
                self.note(account, level)

    def look_in_liquidation(self, account: Account) -> AccountLevel:
        """Note and write where an account in liquidation stands: at least at LIQUIDATION."""
        level = max(self.level(account), AccountLevel.LIQUIDATION)
        self.note(account, level)
        return level

    def note(self, account: Account, level: AccountLevel) -> None:
        """Write a crossing, if it is one and the venue has levels."""
        previous = self.noted.get(account.account_id, AccountLevel.NORMAL)
        if level == previous or not self.has_events:
            return
        self.noted[account.account_id] = level
        equity = self.clearing.equity(account)
        self.journal.write(
            LevelCrossed,
            account=account.account_id,
            equity=equity,
            requirement=self.clearing.maintenance(account),
            cure=max(0, max(self.threshold(account, ppm) for _, ppm in self.scales()) - equity),
            level=level,
            previous=previous,
        )

    # Limits.

    def is_paused(self, instrument_id: int) -> bool:
        """Whether nothing may be entered in the market."""
        return self.states.get(instrument_id) == MarketState.PAUSED

    def may_trade(self, instrument_id: int) -> bool:
        """Whether the instrument trades now: neither its state nor its phase keeps it from it."""
        return not self.is_paused(instrument_id) and self.books[instrument_id].phase == Phase.CONTINUOUS

    def is_limited(self, account_id: int) -> bool:
        """Whether the account may only reduce."""
        return account_id in self.restricted or self.noted.get(account_id, 0) >= AccountLevel.RESTRICTED

    def check_order(self, instrument_id: int, order: Order, replaced: Order | None = None) -> RejectReason:
        """A participant's order fits the state of the market and of its account. `replaced`: by an amend."""
        if order.account < 1 or order.is_stop:
            return NONE
        if replaced is not None and order.open_qty <= replaced.open_qty and order.price == replaced.price:
            return NONE
        if self.is_paused(instrument_id):
            return RejectReason.MARKET_PAUSED
        if order.effect != OrderEffect.ANY:
            return NONE
        is_market_limited = self.states.get(instrument_id) == MarketState.REDUCE_ONLY
        if not is_market_limited and not self.is_limited(order.account):
            return NONE
        if self.reduces(instrument_id, order, replaced):
            return NONE
        return RejectReason.MARKET_REDUCE_ONLY if is_market_limited else RejectReason.ACCOUNT_RESTRICTED

    def reduces(self, instrument_id: int, order: Order, replaced: Order | None) -> bool:
        """Whether the order, with what rests beside it, closes no more than is held."""
        account = self.clearing.participants.get(order.account)
        size = self.clearing.leg(account, instrument_id).size if account is not None else 0
        if size == 0 or (size > 0) == (order.side == Side.BUY):
            return False
        resting = self.books[instrument_id].resting_of(order.account, order.side)
        beside = sum(other.open_qty for other in resting if other is not replaced)
        return beside + order.open_qty <= abs(size)

    # The operator's commands.

    def restrict_account(self, command: RestrictAccount) -> None:
        """Limit an account, or lift that."""
        reason = NONE
        if command.account < 1:
            reason = RejectReason.RESERVED_ACCOUNT
        elif self.has_money and command.account not in self.clearing.participants:
            reason = RejectReason.UNKNOWN_ACCOUNT
        elif not self.has_money or command.is_restricted not in (0, 1):
            reason = RejectReason.INVALID_COMBINATION
        if reason:
            self.reject(CommandType.RESTRICT_ACCOUNT, 0, command.account, int(command.is_restricted), reason)
            return
        if command.is_restricted:
            self.restricted.add(command.account)
        else:
            self.restricted.discard(command.account)
        self.journal.write(AccountRestricted, account=command.account, is_restricted=command.is_restricted)

    def set_market_state(self, command: SetMarketState) -> None:
        """Open a market, let it only reduce, or pause it."""
        reason = NONE
        if command.instrument not in self.books:
            reason = RejectReason.UNKNOWN_INSTRUMENT
        elif command.instrument in self.clearing.settled:
            reason = RejectReason.MARKET_SETTLED
        elif not self.has_money or command.state not in tuple(MarketState):
            reason = RejectReason.INVALID_COMBINATION
        if reason:
            self.reject(CommandType.SET_MARKET_STATE, command.instrument, 0, int(command.state), reason)
            return
        previous = self.states.get(command.instrument, MarketState.OPEN)
        self.states[command.instrument] = command.state
        if previous == MarketState.PAUSED and command.state != MarketState.PAUSED:
            self.reopened.add(command.instrument)
            self.opened_ns[command.instrument] = self.journal.ts_ns
        self.journal.write(MarketStateSet, instrument=command.instrument, state=command.state, previous=previous)

    def reject(self, request: CommandType, instrument_id: int, account: int, amount: int, reason: RejectReason) -> None:
        """Refuse a command of the operator."""
        self.journal.write(
            RequestRejected, instrument=instrument_id, account=account, amount=amount, request=request, reason=reason
        )
