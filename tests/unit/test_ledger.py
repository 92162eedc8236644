"""The ledger: slots, legs in the order of instruments, money that does not fit, and conservation."""

import pytest

from exchange.accounts.ledger import (
    COST,
    FIRST_SLOT,
    FUND_SLOT,
    MARKET,
    NEXT_LEG,
    OWNER_SLOT,
    RECORDED_SLOT,
    SIZE,
    Ledger,
)
from exchange.errors import InvariantError
from exchange.units import MAX_STORED_MONEY


def legs_of(ledger: Ledger, slot: int) -> list[int]:
    """The markets of an account's legs, in their chain."""
    found = []
    leg = ledger.first_legs[slot]
    while leg != 0:
        assert ledger.legs[leg + OWNER_SLOT] == slot
        found.append(ledger.legs[leg + MARKET])
        leg = ledger.legs[leg + NEXT_LEG]
    return found


def test_the_venues_own_accounts_stand_first() -> None:
    """Slot 0 is the recorded market's, 1 the fund's; they are found by no participant's id."""
    ledger = Ledger(500)
    assert [ledger.account_ids[slot] for slot in (RECORDED_SLOT, FUND_SLOT)] == [0, -1]
    assert [ledger.balances[slot] for slot in (RECORDED_SLOT, FUND_SLOT)] == [0, 500]
    assert ledger.find(1) == 0
    ledger.conserved()


def test_accounts_beyond_the_first_capacity() -> None:
    """20,000 accounts keep their slots and balances."""
    ledger = Ledger(0)
    for account in range(1, 20_001):
        slot = ledger.open_account(account * 7)
        assert slot == FIRST_SLOT + account - 1
        ledger.post(slot, account)
        ledger.deposits += account
    for account in range(1, 20_001):
        slot = ledger.find(account * 7)
        assert (ledger.account_ids[slot], ledger.balances[slot]) == (account * 7, account)
    assert ledger.find(5) == 0
    ledger.conserved()


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]])
def test_legs_stand_by_instrument_whatever_came_first(order: list[int]) -> None:
    """The chain is ascending, so that everything that walks it is."""
    ledger = Ledger(0)
    slots = [ledger.open_account(account) for account in (1, 2)]
    for market in order:
        for slot in slots:
            ledger.add_leg(slot, market)
    assert [legs_of(ledger, slot) for slot in slots] == [[0, 1, 2, 3]] * 2


def test_legs_beyond_the_first_capacity() -> None:
    """The column grows under the chains."""
    ledger = Ledger(0)
    for account in range(1, 3_001):
        slot = ledger.open_account(account)
        for market in (1, 0):
            ledger.add_leg(slot, market)
    assert all(legs_of(ledger, slot) == [0, 1] for slot in range(FIRST_SLOT, FIRST_SLOT + 3_000))


@pytest.mark.parametrize("sign", [1, -1])
def test_money_past_its_limit_is_not_posted(sign: int) -> None:
    """A balance of MAX_STORED_MONEY either way is the last one; one more is an InvariantError and changes nothing."""
    ledger = Ledger(0)
    slot = ledger.open_account(1)
    ledger.post(slot, sign * MAX_STORED_MONEY)
    for more in (sign, sign * MAX_STORED_MONEY, sign * (1 << 62)):
        with pytest.raises(InvariantError, match="account 1"):
            ledger.post(slot, more)
        assert ledger.balances[slot] == sign * MAX_STORED_MONEY
    ledger.post(slot, -sign)


@pytest.mark.parametrize("what", ["balance", "cost", "size", "fees", "withdrawals", "venue_loss"])
def test_conservation_notices_a_unit(what: str) -> None:
    """One unit of anything out of place is an InvariantError."""
    ledger = Ledger(100)
    slot = ledger.open_account(1)
    ledger.post(slot, 50)
    ledger.deposits += 50
    leg = ledger.add_leg(slot, 0)
    other = ledger.add_leg(RECORDED_SLOT, 0)
    ledger.legs[leg + SIZE], ledger.legs[leg + COST] = 3, 30
    ledger.legs[other + SIZE], ledger.legs[other + COST] = -3, -30
    ledger.conserved()
    if what == "balance":
        ledger.post(slot, 1)
    elif what == "cost":
        ledger.legs[leg + COST] = 31
    elif what == "size":
        ledger.legs[leg + SIZE] = 4
    else:
        setattr(ledger, what, 1)
    with pytest.raises(InvariantError):
        ledger.conserved()
