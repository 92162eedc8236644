"""Losses shared over other accounts: who pays, how much, and out of what (waterfall.md, section 4)."""

from dataclasses import dataclass

from exchange.enums import SocializationBase
from exchange.errors import InvariantError
from exchange.events import HaircutCharged, LenderCut, LossSocialized, ProfitClawedBack
from exchange.rules import Rules
from tests.reference.clearing import PPM, Account, Clearing, ceil_div
from tests.reference.journal import Journal

PPB = 1_000_000_000
SESSION_BASES = (SocializationBase.SESSION_REALIZED, SocializationBase.SESSION_TOTAL)


@dataclass(eq=False)
class Payer:
    """An account, or one leg of it: in proportion to what it is charged, and the most that it can pay."""

    account: Account
    weight: int
    most: int
    leg: int = 0  # its instrument, 0 for an account


class Socialization:
    """Shares losses."""

    def __init__(self, rules: Rules, clearing: Clearing, journal: Journal) -> None:
        self.rules = rules.socialization
        self.base = SocializationBase[self.rules.base.upper()]
        self.clearing = clearing
        self.journal = journal
        self.marks_before: dict[int, int] = {}  # those that this step found, or the first of all

    # Who pays.

    def payers(self, base: SocializationBase, cause: int) -> list[Payer]:
        """Return who is there to pay, by account, then by instrument."""
        there = [a for _, a in sorted(self.clearing.participants.items()) if not a.is_in_liquidation]
        if base == SocializationBase.SESSION_REALIZED:
            found = [self.by_session(a, a.session_profit, a.balance) for a in there]
        elif base == SocializationBase.SESSION_TOTAL:
            found = [self.by_total(a) for a in there]
        elif base == SocializationBase.OPEN_INTEREST:
            found = [self.by_lots(a, cause) for a in there if cause in a.legs and not self.clearing.spot.is_spot(cause)]
        elif base == SocializationBase.ROUND_GAINS:
            found = [self.by_gain(a, i) for a in there for i in self.legs_in_scope(a, cause)]
        elif self.rules.scope == "instrument":
            found = [self.by_leg_profit(a, i) for a in there for i in self.legs_in_scope(a, cause)]
        else:
            found = [Payer(a, self.clearing.claim(a), self.clearing.claim(a)) for a in there]
        return [payer for payer in found if payer.weight > 0]

    def legs_in_scope(self, account: Account, cause: int) -> list[int]:
        """Return the account's legs, or only that in the cause."""
        return [
            i
            for i in sorted(account.legs)
            if not self.clearing.spot.is_spot(i) and (self.rules.scope == "venue" or i == cause)
        ]

    def by_session(self, account: Account, *bounds: int) -> Payer:
        """An account with a profit of the session: no more than its equity."""
        profit = min(*bounds, self.clearing.equity(account))
        return Payer(account, profit, profit)

    def by_total(self, account: Account) -> Payer:
        """An account with a profit of the session, realized or not: no more than balance and legs have."""
        claim = self.clearing.claim(account)
        return self.by_session(account, account.session_profit + claim, account.balance + claim)

    def by_lots(self, account: Account, cause: int) -> Payer:
        """A leg of either side."""
        return Payer(account, abs(account.legs[cause].size), max(0, self.clearing.equity(account)), cause)

    def by_leg_profit(self, account: Account, instrument_id: int) -> Payer:
        """A leg in profit."""
        profit = self.leg_profit(account, instrument_id)
        return Payer(account, profit, profit, instrument_id)

    def by_gain(self, account: Account, instrument_id: int) -> Payer:
        """A leg that the mark made worth more in this step."""
        gain = 0
        if instrument_id in self.marks_before:
            size = account.legs[instrument_id].size
            before = self.clearing.value(instrument_id, size, self.marks_before[instrument_id])
            gain = self.clearing.leg_value(account, instrument_id) - before
        return Payer(account, gain, gain, instrument_id)

    def leg_profit(self, account: Account, instrument_id: int) -> int:
        """Return the unrealized profit of one leg."""
        return self.clearing.leg_value(account, instrument_id) - account.legs[instrument_id].cost

    # How much.

    def shares(self, base: SocializationBase, payers: list[Payer], deficit: int) -> list[int]:
        """Return what each payer pays of a deficit."""
        weights = [payer.weight for payer in payers]
        if base == SocializationBase.OPEN_INTEREST:
            rate = ceil_div(deficit, sum(weights))
            return [min(rate * payer.weight, payer.most) for payer in payers]
        if base == SocializationBase.ROUND_GAINS:
            received = self.by_weight(sum(weights) - min(deficit, sum(weights)), weights)
            return [weight - kept for weight, kept in zip(weights, received, strict=True)]
        levies = [weight * self.rules.levy_ppm // PPM for weight in weights]
        if sum(levies) > deficit:
            return levies
        return self.by_weight(min(deficit, sum(weights)), weights)

    def by_weight(self, total: int, weights: list[int]) -> list[int]:
        """Return shares in proportion to weights, rounded down, and what rounding leaves by the rule."""
        shares = [total * weight // sum(weights) for weight in weights]
        if self.rules.remainder == "venue":
            return shares
        places = list(range(len(weights)))
        if self.rules.remainder == "last":
            places.reverse()
        if self.rules.remainder == "largest":
            places.sort(key=lambda place: -weights[place])  # stable: the first of equals
        for place in places:
            missing = total - sum(shares)
            shares[place] += min(missing, weights[place] - shares[place])
        return shares

    # A deficit.

    def pay(self, account: Account, liquidation_id: int, cause: int) -> list[tuple[int, int]]:
        """Charge others for an account's deficit; returns who paid how much of it."""
        deficit = -account.balance
        payers = self.payers(self.base, cause)
        if not payers:
            return []
        shares = self.shares(self.base, payers, deficit)
        charged = sum(shares)
        account.balance += min(charged, deficit)
        self.clearing.credit_fund(cause, charged - min(charged, deficit))
        self.journal.write(
            LossSocialized,
            account=account.account_id,
            liquidation_id=liquidation_id,
            deficit=deficit,
            base=sum(payer.weight for payer in payers),
            charged=charged,
            payers=len(payers),
            by=self.base,
        )
        self.charge(self.base, payers, shares, liquidation_id)
        return [(payer.account.account_id, share) for payer, share in zip(payers, shares, strict=True) if share > 0]

    def cut_lenders(self, account: Account, liquidation_id: int, cause: int) -> list[tuple[int, int]]:
        """Charge those who keep money with the venue; returns who paid how much."""
        deficit = -account.balance
        there = [a for _, a in sorted(self.clearing.participants.items()) if not a.is_in_liquidation]
        kept = [(a, min(a.balance, self.clearing.equity(a), self.clearing.spot.cash(a))) for a in there]
        kept = [(a, principal) for a, principal in kept if principal > 0]
        if not kept:
            return []
        base = sum(principal for _, principal in kept)
        rate = min(PPB, ceil_div(deficit * PPB, base))
        cuts = [min(principal, ceil_div(principal * rate, PPB)) for _, principal in kept]
        account.balance += min(sum(cuts), deficit)
        self.clearing.credit_fund(cause, max(0, sum(cuts) - deficit))
        self.journal.write(
            LossSocialized,
            account=account.account_id,
            liquidation_id=liquidation_id,
            deficit=deficit,
            base=base,
            charged=sum(cuts),
            payers=len(kept),
            by=SocializationBase.LENDERS,
        )
        for (lender, principal), cut in zip(kept, cuts, strict=True):
            lender.balance -= cut
            self.journal.write(
                LenderCut,
                account=lender.account_id,
                liquidation_id=liquidation_id,
                amount=cut,
                principal=principal,
                balance=lender.balance,
            )
        return [(lender.account_id, cut) for (lender, _), cut in zip(kept, cuts, strict=True)]

    def charge(self, base: SocializationBase, payers: list[Payer], shares: list[int], liquidation_id: int) -> None:
        """Take every share from its payer."""
        for payer, share in zip(payers, shares, strict=True):
            if share > payer.most:
                raise InvariantError(f"expected a share of at most {payer.most}, found {share}")
            left = share
            if base in SESSION_BASES:
                left -= self.claw_back(payer, share, liquidation_id)
            if payer.leg:
                self.cut(payer.account, payer.leg, left, payer.most, liquidation_id)
                continue
            for instrument_id in sorted(payer.account.legs):
                if self.clearing.spot.is_spot(instrument_id):
                    continue
                profit = self.leg_profit(payer.account, instrument_id)
                paid = min(left, max(0, profit))
                left -= paid
                self.cut(payer.account, instrument_id, paid, profit, liquidation_id)
            if left > 0:
                raise InvariantError(f"expected profits that pay {share}, found {left} too little")

    def claw_back(self, payer: Payer, share: int, liquidation_id: int) -> int:
        """Take what the balance has of a share; returns how much. The same profit pays no second time."""
        account = payer.account
        paid = min(share, max(0, account.balance))
        if paid > 0:
            account.balance -= paid
            account.session_profit -= paid
            account.has_realized = True
            self.journal.write(
                ProfitClawedBack,
                account=account.account_id,
                liquidation_id=liquidation_id,
                amount=paid,
                profit=payer.most,
                balance=account.balance,
            )
        return paid

    def cut(self, account: Account, instrument_id: int, amount: int, profit: int, liquidation_id: int) -> None:
        """Add to a leg's cost, so that its profit shrinks."""
        if amount <= 0:
            return
        leg = account.legs[instrument_id]
        leg.cost += amount
        self.journal.write(
            HaircutCharged,
            instrument=instrument_id,
            account=account.account_id,
            liquidation_id=liquidation_id,
            amount=amount,
            profit=profit,
            cost=leg.cost,
        )
