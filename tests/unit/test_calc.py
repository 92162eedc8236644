"""The calculators on the command line: their figures are the venue's, exact, and mistakes end in one line."""

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.errors import ConfigError, DataError
from exchange.instrument import FeeSchedule, Instrument, MarginTier
from exchange.rules import LiquidationRules, Rules
from exchange.rules.waterfall import FundRules
from replay.calc.market import Market, open_market, parse_rate
from replay.calc.owe import what_is_owed
from replay.calc.plan import Plan
from replay.calc.position import (
    PositionTrial,
    bankruptcy_ticks,
    closing_loss,
    leverage_for_move,
    margin_needed,
    position_prices,
    size_for_risk,
)
from replay.cli import main

VENUE = "generic_linear"
PLAIN = """
[rules]
name = "plain"
waterfall = {waterfall}
[rules.liquidation]
order = "{order}"
[rules.fund]
opening = {fund}
[[instruments]]
instrument_id = 1
symbol = "BTC"
tick_size = "1"
lot_size = "0.001"
money_unit = "0.001"
currency = "USD"
max_leverage = 100
mark_source = "{mark}"
[instruments.fees]
taker_ppm = {taker}
[[instruments.margin_tiers]]
maintenance_ppm = 5000
"""
INVERSE = Instrument(
    1,
    "XBT",
    kind="inverse",
    tick_value=100_000_000,
    tick_size="1",
    money_unit="0.00000001",
    currency="XBT",
    margin_tiers=(MarginTier(maintenance_ppm=5_000),),
)
LINEAR = Instrument(
    1, "BTC", tick_size="1", money_unit="1", margin_tiers=(MarginTier(5_000, 10**6), MarginTier(20_000))
)


def calc(capsys, *arguments):
    """Run `cascade calc ... --json`, and return its object."""
    assert main(["calc", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def venue(tmp_path, waterfall='["fund"]', order="ioc_at_bankruptcy", fund=0, mark="external", taker=0):
    """Write a venue file, and return its path."""
    path = tmp_path / "plain.toml"
    text = PLAIN.format(waterfall=waterfall, order=order, fund=fund, mark=mark, taker=taker)
    path.write_text(text, encoding="utf-8")
    return str(path)


def owe(capsys, path, *arguments):
    """Run `cascade calc owe` with the entry of the textbooks."""
    return calc(capsys, "owe", "--venue", path, "--entry", "50000", *arguments)


# --- one position ------------------------------------------------------------------------------------------------


def test_a_long_is_liquidated_where_the_venue_does_it(capsys):
    """5,000 behind 1 BTC at 50,000: 45,000 + 0.4 % of the mark is the first price that is too low; 45,000 is zero."""
    found = calc(
        capsys, "liquidation", "--venue", VENUE, "--side", "long", "--entry", "50000", "--size", "1", "--leverage", "10"
    )
    assert (found["liquidation_price"], found["bankruptcy_price"]) == ("45180.7", "45000.0")
    assert (found["initial_margin"], found["maintenance_margin"]) == ("5000.000000", "200.000000")
    # 45,180.7 x 0.996 = 44,999.98 < 45,000 <= 45,180.8 x 0.996 = 45,000.08
    assert Fraction("45180.7") * Fraction("0.996") < 45_000 <= Fraction("45180.8") * Fraction("0.996")


def test_cross_margin_puts_the_whole_balance_behind_a_position(capsys):
    """Twice the balance is twice as far; with all of the notional nothing liquidates a long."""
    shared = ("liquidation", "--venue", VENUE, "--side", "long", "--entry", "50000", "--size", "1", "--leverage", "10")
    found = calc(capsys, *shared, "--balance", "10000")
    assert (found["margin_mode"], found["bankruptcy_price"]) == ("cross", "40000.0")
    found = calc(capsys, *shared, "--balance", "50000")
    assert (found["liquidation_price"], found["bankruptcy_price"]) == (None, None)
    found = calc(capsys, *shared, "--margin", "100")
    assert found["liquidation_price"] == "50000.0"  # at once


@given(
    size=st.integers(-10_000, 10_000).filter(bool),
    entry=st.integers(1_000, 60_000),
    leverage=st.integers(1, 100),
    is_inverse=st.booleans(),
)
def test_the_liquidation_price_is_the_first_that_is_too_bad(size, entry, leverage, is_inverse):
    """At the price the venue liquidates, a tick before it does not, and the bankruptcy price is no better than it."""
    market = Market(Rules(), INVERSE if is_inverse else LINEAR)
    found = position_prices(market, size, entry, leverage)
    if found.liquidated_at is None or found.liquidated_at == entry:
        return
    sign = 1 if size > 0 else -1
    trial = PositionTrial(market, size, entry, leverage, max(found.balance, 1))
    assert trial.is_liquidated_at(found.liquidated_at)
    assert not trial.is_liquidated_at(found.liquidated_at + sign)
    venue_then, _ = trial.open_at(found.liquidated_at + sign)
    account = venue_then.account(1)
    assert account.equity >= account.maintenance
    if found.bankrupt_at is not None:
        assert sign * (found.liquidated_at - found.bankrupt_at) >= 0
        assert found.balance + market.valuation.value(size, found.bankrupt_at) >= market.valuation.value(size, entry)


def test_margin_follows_the_tiers(capsys):
    """20 BTC at 50,000: 0.4 % of 50,000, 0.5 % of the next 200,000 and 1 % of the last 750,000."""
    found = calc(
        capsys, "margin", "--venue", VENUE, "--side", "short", "--price", "50000", "--size", "20", "--leverage", "20"
    )
    assert (found["initial_margin"], found["maintenance_margin"]) == ("50000.000000", "8700.000000")


def test_a_size_for_a_risk_counts_fees_and_rounds_down(capsys):
    """0.095 BTC lose 95 and 4.7025 of fees at the stop; 0.096 would lose more than 1 % of 10,000."""
    shared = ("size", "--venue", VENUE, "--side", "long", "--equity", "10000", "--entry", "50000", "--stop", "49000")
    found = calc(capsys, *shared, "--risk", "1%")
    assert (found["size"], found["loss"], found["fees"]) == ("0.095", "99.702500", "4.702500")
    assert found["is_affordable"] is True
    assert calc(capsys, *shared, "--risk", "0.02")["size"] == "0.190"
    assert calc(capsys, *shared, "--risk", "0.00001")["size"] == "0.000"
    market = open_market(VENUE, None)
    assert closing_loss(market, 96, 500_000, 490_000)[0] > 100_000_000 >= closing_loss(market, 95, 500_000, 490_000)[0]


def test_a_short_is_stopped_above_its_entry():
    """A stop on the side of profit is a mistake."""
    market = open_market(VENUE, "BTC-PERP")
    assert size_for_risk(market, False, 100_000_000, 500_000, 510_000).lots == 95
    with pytest.raises(ConfigError, match="--stop: expected a stop above the entry of 50,000"):
        size_for_risk(market, False, 100_000_000, 500_000, 490_000)


def test_leverage_for_a_move_is_the_highest_that_survives(capsys):
    """10x dies at 45,180.7, 9x at 44,622.9: a fall to 45,000 allows 9x; and not even 1x survives a short's ruin."""
    shared = ("leverage", "--venue", VENUE, "--entry", "50000", "--size", "1")
    found = calc(capsys, *shared, "--side", "long", "--move", "10%")
    assert (found["max_leverage"], found["adverse_price"], found["liquidation_price"]) == (9, "45000.0", "44622.9")
    assert calc(capsys, *shared, "--side", "short", "--move", "200%")["max_leverage"] == 0
    market = open_market(VENUE, None)
    assert leverage_for_move(market, 1_000, 500_000, Fraction(1, 1_000)).leverage == 100


def test_a_position_that_the_venue_refuses_is_said_in_its_words():
    """What cannot be held has no liquidation price."""
    market = Market(Rules(name="small"), Instrument(1, "BTC", max_price_ticks=1 << 40 - 1))
    with pytest.raises(ConfigError, match="small: account 1 was refused a request to open position"):
        margin_needed(market, 1 << 45, 1_000, 1)


def test_a_balance_larger_than_any_loss_has_no_bankruptcy_price():
    """Neither a long whose price cannot fall below zero nor an inverse short ends."""
    assert bankruptcy_ticks(Market(Rules(), LINEAR), 1, 100, 100) is None
    assert bankruptcy_ticks(Market(Rules(), INVERSE), -1, 100, 10**9) is None


# --- what is owed ------------------------------------------------------------------------------------------------


def test_a_fall_by_half_leaves_nothing_of_twofold_leverage(tmp_path, capsys):
    """5,000 at 2x is 10,000 of BTC at 50,000; at 25,000, reached in one gap, equity is zero, and nobody pays."""
    found = owe(capsys, venue(tmp_path), "--deposit", "5000", "--leverage", "2", "--exit", "25000", "--gap")
    assert (found["size"], found["notional"], found["equity_at_exit"]) == ("0.200", "10000.000", "0.000")
    assert (found["balance"], found["owed"], found["paid"]) == ("0.000", "0.000", {})
    assert found["liquidations"][0]["outcome"] == "even"


def test_fees_make_the_same_fall_a_loss_of_the_fund(tmp_path, capsys):
    """With 0.1 % taker fees 15 are missing: 10 of the opening and 5 of the closing order. The fund pays them."""
    path = venue(tmp_path, order="market", fund=1_000_000, taker=1_000)
    shared = ("--deposit", "5000", "--leverage", "2", "--exit", "25000", "--gap")
    found = owe(capsys, path, *shared)
    assert (found["equity_at_exit"], found["paid"]) == ("-10.000", {"the insurance fund": "15.000"})
    assert (found["fund_start"], found["fund_end"]) == ("1000.000", "985.000")
    assert owe(capsys, path, *shared, "--no-fees")["paid"] == {}


def test_what_the_fund_has_not_is_nobodys_or_others(tmp_path, capsys):
    """A gap to 20,000 leaves 1,000 to pay: by who is in profit where the waterfall says so, else by nobody."""
    shared = ("--deposit", "5000", "--leverage", "2", "--exit", "20000", "--gap")
    found = owe(capsys, venue(tmp_path), *shared)
    assert found["paid"] == {"nobody: the venue's own loss": "1000.000"}
    found = owe(capsys, venue(tmp_path, waterfall='["socialize"]'), *shared)
    assert found["paid"] == {"others, by sharing the loss": "1000.000"}
    assert main(["calc", "owe", "--venue", venue(tmp_path), "--entry", "50000", *shared]) == 0
    told = capsys.readouterr().out
    assert "1,000.000 USD   by nobody: the venue's own loss" in told
    assert "waterfall = fund: who pays what an account cannot" in told


@pytest.mark.parametrize(
    ("waterfall", "paid", "owed", "why"),
    [
        ('["debt"]', {}, "1000.000", "by rule: waterfall = debt; debt.owes = rest"),
        (
            '["write_off"]',
            {"nobody: forgiven by the venue": "1000.000"},
            "0.000",
            "by rule: waterfall = write_off, which has no debt",
        ),
        (
            '["session"]',
            {"the profits of the session, at its end": "1000.000"},
            "0.000",
            "by rule: waterfall = session, which has no debt",
        ),
        ('["fee_pool", "debt"]', {"the fee pool": "14.000"}, "1000.000", "by rule: waterfall = fee_pool, debt"),
    ],
)
def test_whether_money_is_owed_is_a_rule(tmp_path, capsys, waterfall, paid, owed, why):
    """A gap to 20,000 leaves 1,000 to pay, and 14 of fees: owed, forgiven or paid, as the waterfall says."""
    taker = 0 if "fee_pool" not in waterfall else 1_000  # 10 of the opening order, 4 of the other
    path = venue(tmp_path, waterfall=waterfall, order="market", taker=taker)
    shared = ("--deposit", "5000", "--leverage", "2", "--exit", "20000", "--gap")
    found = owe(capsys, path, *shared)
    assert (found["paid"], found["owed"]) == (paid, owed)
    assert main(["calc", "owe", "--venue", path, "--entry", "50000", *shared]) == 0
    assert why in capsys.readouterr().out


def test_who_is_deleveraged_is_told(tmp_path, capsys):
    """Where nothing is sold in the book, the other side is closed against the position, at its bankruptcy price."""
    path = venue(tmp_path)
    text = (tmp_path / "plain.toml").read_text(encoding="utf-8")
    text = text.replace('order = "ioc_at_bankruptcy"', 'order = "ioc_at_bankruptcy"\nremainder = ["deleverage"]')
    (tmp_path / "plain.toml").write_text(text, encoding="utf-8")
    found = owe(capsys, path, "--deposit", "5000", "--leverage", "2", "--exit", "20000", "--gap")
    assert found["liquidations"][0]["moved"] == ["0.200 BTC of account 2 was closed against it"]
    assert (found["balance"], found["paid"], found["owed"]) == ("0.000", {}, "0.000")


def test_a_stop_limits_the_loss_where_the_book_allows_it(tmp_path, capsys):
    """1,000 at 1x with a stop at 45,000 on 50,000 loses 10 %; where the price gaps to 40,000 it loses 20 %."""
    shared = ("--deposit", "1000", "--leverage", "1", "--exit", "40000", "--stop", "45000")
    assert owe(capsys, venue(tmp_path), *shared)["balance"] == "900.000"
    assert owe(capsys, venue(tmp_path), *shared, "--gap")["balance"] == "800.000"


def test_a_thousand_at_ten_is_gone_after_a_tenth(tmp_path, capsys):
    """1,000 at 10x controls 10,000: the position is liquidated on the way to 45,000 and leaves at most its 0.5 %."""
    found = owe(capsys, venue(tmp_path), "--deposit", "1000", "--leverage", "10", "--exit", "45000")
    assert (found["notional"], found["equity_at_exit"], found["balance"]) == ("10000.000", None, "0.000")
    assert Fraction(found["liquidations"][0]["surplus_to_fund"]) <= 50


@pytest.mark.parametrize("mark", ["external", "last", "mid"])
@pytest.mark.parametrize("side", ["long", "short"])
def test_a_trade_that_goes_well_is_closed_at_its_exit(tmp_path, capsys, side, mark):
    """Whatever the mark is made of, a tenth in the right direction at 2x earns a fifth."""
    exit_price = "55000" if side == "long" else "45000"
    arguments = ("--deposit", "5000", "--leverage", "2", "--exit", exit_price, "--side", side)
    found = owe(capsys, venue(tmp_path, mark=mark), *arguments)
    assert (found["equity_at_exit"], found["balance"], found["liquidations"]) == ("6000.000", "6000.000", [])


def test_a_thin_book_sells_at_worse_prices(tmp_path, capsys):
    """With 0.05 BTC at each level, 0.2 BTC go through four of them, and closing takes them, too."""
    path = venue(tmp_path)
    shared = ("--deposit", "5000", "--leverage", "2", "--exit", "40000", "--gap")
    assert owe(capsys, path, *shared)["balance"] == "3000.000"
    # 0.05 x (0 + 40 + 80 + 120) less, and nothing was liquidated.
    found = owe(capsys, path, *shared, "--depth", "0.05")
    assert (found["size"], found["balance"], found["liquidations"]) == ("0.200", "2988.000", [])


def test_a_run_in_pieces_is_the_run(tmp_path):
    """The function gives what the command prints."""
    market = Market(
        Rules(name="x", liquidation=LiquidationRules(order="market"), fund=FundRules(opening=5), waterfall=("fund",)),
        Instrument(1, "BTC", money_unit="1", fees=FeeSchedule(), max_leverage=10),
    )
    found = what_is_owed(market, Plan("perp", True, 1_000, 10, 100, 80, steps=1))
    assert (found.size_lots, found.equity, found.paid) == (
        100,
        -1_000,
        {"the insurance fund": 5, "nobody: the venue's own loss": 995},
    )


# --- cascades ----------------------------------------------------------------------------------------------------

ACCOUNTS = """account,instrument,size,entry_price,deposit,leverage
1,BTC,1,50000,5000,10
2,BTC,1,50000,2500,20
3,BTC,1,50000,25000,2
4,BTC,-1,50000,5000,10
"""


def cascade(tmp_path, capsys, book, price, **rules):
    """Run `cascade calc cascade` on the four accounts."""
    (tmp_path / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
    shared = ("--accounts", str(tmp_path / "accounts.csv"), "--book", book, "--price", price)
    return calc(capsys, "cascade", "--venue", venue(tmp_path, **rules), *shared)


def test_who_would_be_liquidated_and_at_what_price(tmp_path, capsys):
    """At 47,600 only the 20x long is; in an even book of 1 BTC it is sold at the best bid."""
    found = cascade(tmp_path, capsys, "1@0.1%", "47600")
    (only,) = found["liquidations"]
    assert (only["account"], only["equity"], only["worst_price"], only["outcome"]) == (2, "100.000", "47600", "surplus")
    assert found["accounts"] == 4
    assert cascade(tmp_path, capsys, "1@0.1%", "50000")["liquidations"] == []


def test_liquidations_eat_the_book_in_their_order(tmp_path, capsys):
    """At 44,000 the one furthest below maintenance goes first and gets the best bid; the next one gets a worse."""
    found = cascade(tmp_path, capsys, "1@1000", "44000", order="market", waterfall='["fund", "socialize"]')
    told = [(item["account"], item["worst_price"], item["outcome"]) for item in found["liquidations"]]
    assert told == [(2, "44000", "socialized"), (1, "43000", "socialized")]


def test_what_cannot_be_sold_at_once_is_tried_again(tmp_path, capsys):
    """Three orders at the bankruptcy price of 47,500 find no bid at 44,000; the fourth takes any."""
    found = cascade(tmp_path, capsys, "5@0.1%", "44000", fund=10_000_000)
    told = [(item["account"], item["worst_price"], item["outcome"]) for item in found["liquidations"]]
    assert told == [(2, "44000", "covered"), (1, "44000", "covered")]
    assert (found["seconds"], found["fund_end"]) == (3, "5500.000")


def test_where_the_last_trade_is_the_mark_it_cascades(tmp_path, capsys):
    """The first liquidation sells at 44,000 what stood there, which liquidates the next: it says by whom."""
    (tmp_path / "book.csv").write_text("side,price,size\nbuy,47500,0.5\nbuy,44000,0.5\nbuy,30000,9\n", encoding="utf-8")
    book = str(tmp_path / "book.csv")
    found = cascade(tmp_path, capsys, book, "47600", order="market", mark="last")
    told = [
        (item["account"], item["triggered_by"], item["mark"], item["worst_price"]) for item in found["liquidations"]
    ]
    assert told == [(2, 0, "47600", "44000"), (1, 1, "44000", "30000")]
    assert found["mark"] == "30000"


def test_a_mark_that_is_the_middle_of_the_book_has_to_be_the_price(tmp_path, capsys):
    """Where the book decides the mark, another price is a mistake; the right one runs."""
    (tmp_path / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
    (tmp_path / "book.csv").write_text("side,price,size\nbuy,47500,5\nsell,47700,5\n", encoding="utf-8")
    shared = ("--accounts", str(tmp_path / "accounts.csv"), "--book", str(tmp_path / "book.csv"))
    path = venue(tmp_path, mark="mid")
    assert calc(capsys, "cascade", "--venue", path, *shared, "--price", "47600")["liquidations"][0]["account"] == 2
    assert main(["calc", "cascade", "--venue", path, *shared, "--price", "47000"]) == 2
    assert "expected 47,600, the middle of the book" in capsys.readouterr().err


def test_a_cascade_is_told_as_a_table(tmp_path, capsys):
    """A row for each liquidation, in order, with who paid."""
    (tmp_path / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
    path = venue(tmp_path, order="market", fund=1_000_000)
    arguments = ["--accounts", str(tmp_path / "accounts.csv"), "--book", "1@1000", "--price", "44000"]
    assert main(["calc", "cascade", "--venue", path, *arguments]) == 0
    told = capsys.readouterr().out
    assert "2 of 4 accounts" in told
    row = next(line for line in told.splitlines() if line.strip().startswith("1 "))
    assert row.split()[:5] == ["1", "2", "-3500.000", "220.000", "sell"]
    assert "the insurance fund 1000.000; nobody: the venue's own loss 2500.000" in row


# --- mistakes ----------------------------------------------------------------------------------------------------

POSITION = ("--venue", VENUE, "--side", "long", "--entry", "50000", "--size", "1")
OWED = ("--venue", VENUE, "--deposit", "5000", "--entry", "50000", "--exit", "25000")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("liquidation", *POSITION, "--leverage", "101"), "--leverage: expected an integer in 1..100, found '101'"),
        (("liquidation", *POSITION, "--balance", "0"), "--balance: expected money > 0"),
        (("liquidation", *POSITION, "--instrument", "ETH"), "--instrument: expected one of BTC-PERP, found 'ETH'"),
        (("liquidation", "--venue", "nowhere", *POSITION[2:]), "expected a .toml file or a preset"),
        (("liquidation", *POSITION[:4], "--entry", "0.05", "--size", "1"), "--entry: expected a multiple of 0.1"),
        (("liquidation", *POSITION[:4], "--entry", "0", "--size", "1"), "--entry: expected a price in 0.1.."),
        (("liquidation", *POSITION[:6], "--size", "0"), "--size: expected a quantity > 0"),
        (("leverage", *POSITION, "--move", "ten"), "--move: expected a share such as 1.5% or 0.015, found 'ten'"),
        (("leverage", *POSITION, "--move", "0%"), "--move: expected a share above 0"),
        (("owe", *OWED, "--product", "loan"), "--product: expected perp for BTC-PERP, which is linear, found loan"),
        (("owe", *OWED, "--leverage", "2", "--steps", "0"), "--steps: expected an integer in 1..100000"),
        (("owe", *OWED[:2], "--deposit", "0.000001", *OWED[4:]), "--deposit: expected enough for the smallest size"),
        (("owe", *OWED, "--depth", "0"), "--depth: expected a quantity > 0"),
    ],
)
def test_a_mistake_ends_in_one_line_and_exit_code_2(arguments, message, capsys):
    """It says what was expected, and what was found."""
    code = main(["calc", *arguments])
    printed = capsys.readouterr()
    assert (code, printed.out) == (2, "")
    assert message in printed.err
    assert printed.err.count("\n") == 1


def test_a_book_that_cannot_be_read_is_a_mistake(tmp_path, capsys):
    """File, line and column are named."""
    (tmp_path / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
    path, book = venue(tmp_path), tmp_path / "book.csv"
    shared = ["calc", "cascade", "--venue", path, "--accounts", str(tmp_path / "accounts.csv"), "--price", "47600"]
    for text, message in (
        ("side,price,size\nup,1,1\n", "book.csv:2: side: expected one of"),
        ("side,price\nbuy,1\n", "book.csv:2: size: expected a value"),
        ("side,price,size,owner\n", "expected a known column"),
    ):
        book.write_text(text, encoding="utf-8")
        assert main([*shared, "--book", str(book)]) == 2
        assert message in capsys.readouterr().err
    for text, message in (("1@0", "expected a step > 0"), ("x@1", "--book: SIZE"), ("none.csv", "none.csv: expected")):
        assert main([*shared, "--book", text]) == 2
        assert message in capsys.readouterr().err


def test_a_share_is_exact():
    """1.5% and 0.015 are the same; nothing else is a share."""
    assert parse_rate("1.5%", "x") == parse_rate("0.015", "x") == Fraction(3, 200)
    for text in ("", "%", "1e3", "1,5%", "0x1"):
        with pytest.raises(DataError):
            parse_rate(text, "x")


def test_a_venue_without_margin_has_nothing_to_calculate():
    """On a bare matching venue nobody owns anything."""
    with pytest.raises(ConfigError, match="expected a venue with clearing 'margin'"):
        Market(Rules(clearing="none"), LINEAR)


# --- coins and loans ---------------------------------------------------------------------------------------------

SPOT = """
[rules]
name = "coins"
waterfall = {waterfall}
[rules.liquidation]
order = "market"
surplus = "trader"
[rules.borrow]
may_borrow = true
withdraw = "borrowed"
leverage = 2
rate_ppb = {rate}
[[rules.borrow.maintenance_tiers]]
ppm = 100000
[[instruments]]
instrument_id = 1
symbol = "BTC"
kind = "spot"
tick_value = 1
tick_value_divisor = 10
lot_size = "0.001"
money_unit = "0.01"
currency = "USD"
max_leverage = 5
[instruments.fees]
taker_ppm = {taker}
"""


def coins(tmp_path, waterfall="[]", rate=0, taker=0):
    """Write a venue of coins, and return its path."""
    path = tmp_path / "coins.toml"
    path.write_text(SPOT.format(waterfall=waterfall, rate=rate, taker=taker), encoding="utf-8")
    return str(path)


def test_coins_bought_on_credit_are_sold_before_the_loan_is_lost(tmp_path, capsys):
    """5,000 at 2x: 0.2 BTC and a debt of 5,000, sold when they are worth less than 5,500: below 27,500."""
    found = owe(capsys, coins(tmp_path), "--product", "spot", "--deposit", "5000", "--leverage", "2", "--exit", "25000")
    (sold,) = found["liquidations"]
    assert (found["size"], sold["mark"], sold["outcome"]) == ("0.200", "27375", "surplus")
    assert found["balance"] == "475.00"
    shared = ("--side", "long", "--entry", "50000", "--size", "0.2", "--leverage", "2")
    prices = calc(capsys, "liquidation", "--venue", coins(tmp_path), *shared)
    assert (prices["liquidation_price"], prices["balance"]) == ("27499", "5000.00")


def test_a_gap_by_half_leaves_nothing_of_coins_bought_at_two(tmp_path, capsys):
    """Equity is exactly zero at 25,000; with interest of the hour that was touched the loan is not covered."""
    shared = ("--product", "spot", "--deposit", "5000", "--leverage", "2", "--exit", "25000", "--gap")
    assert owe(capsys, coins(tmp_path), *shared)["equity_at_exit"] == "0.00"
    found = owe(capsys, coins(tmp_path, rate=1_000_000), *shared)
    assert (found["interest"], found["equity_at_exit"]) == ("5.00", "-5.00")
    assert found["paid"] == {"nobody: the venue's own loss": "5.00"}


def test_where_margin_allows_a_little_less_that_is_taken(tmp_path, capsys):
    """A venue of 3x that asks 52 % of large debts: of 0.3 BTC it allows 0.292, and says so; not far less."""
    path = coins(tmp_path)
    text = (tmp_path / "coins.toml").read_text(encoding="utf-8").replace("leverage = 2", "leverage = 3", 1)
    tiers = "[[rules.borrow.initial_tiers]]\nppm = 520000\n[[instruments]]"
    (tmp_path / "coins.toml").write_text(text.replace("[[instruments]]", tiers), encoding="utf-8")
    shared = ("--product", "spot", "--deposit", "5000", "--exit", "50000")
    found = owe(capsys, path, *shared, "--leverage", "3")
    assert (found["wanted_size"], found["size"]) == ("0.300", "0.292")
    arguments = ["calc", "owe", "--venue", path, "--entry", "50000", *shared]
    assert main([*arguments, "--leverage", "3"]) == 0
    assert "the most that its margin allows" in capsys.readouterr().out
    text = (tmp_path / "coins.toml").read_text(encoding="utf-8").replace("max_leverage = 5", "max_leverage = 50", 1)
    (tmp_path / "coins.toml").write_text(text, encoding="utf-8")
    assert main([*arguments, "--leverage", "10"]) == 2
    assert "refused a request to place order in BTC: insufficient margin" in capsys.readouterr().err


def test_borrowed_coins_that_rise_are_bought_back(tmp_path, capsys):
    """Selling 0.2 BTC that are borrowed with 5,000 of one's own: a rise to 60,000 costs 2,000."""
    arguments = ("--product", "spot", "--side", "short", "--deposit", "5000", "--leverage", "2", "--exit", "60000")
    assert owe(capsys, coins(tmp_path), *arguments)["balance"] == "3000.00"


def test_a_loan_on_coins_is_repaid_by_selling_them(tmp_path, capsys):
    """1 BTC of 50,000 and a loan of 25,000: sold below 27,500, what is left is the borrower's, and so is the loan."""
    shared = ("--product", "loan", "--deposit", "50000", "--leverage", "2")
    found = owe(capsys, coins(tmp_path), *shared, "--exit", "30000")
    assert (found["taken_out"], found["balance"], found["liquidations"]) == ("25000.00", "5000.00", [])
    found = owe(capsys, coins(tmp_path), *shared, "--exit", "25000")
    (sold,) = found["liquidations"]
    assert (sold["mark"], found["balance"]) == ("27375", "2375.00")
    found = owe(capsys, coins(tmp_path, waterfall='["fund"]'), *shared, "--exit", "20000", "--gap")
    assert found["paid"] == {"nobody: the venue's own loss": "5000.00"}


def test_a_loan_of_more_than_the_rules_lend_is_refused(tmp_path, capsys):
    """Three quarters of the coins' value is no loan at a venue that lends a half."""
    arguments = ("--deposit", "50000", "--leverage", "4", "--entry", "50000", "--exit", "30000", "--product", "loan")
    assert main(["calc", "owe", "--venue", coins(tmp_path), *arguments]) == 2
    assert "refused a request to withdraw: insufficient margin" in capsys.readouterr().err


def test_holding_coins_costs_interest_by_the_hour(tmp_path, capsys):
    """0.1 % of 5,000 an hour, on the interest, too: 3 hours cost 15.02, and the hour that is then begun is charged."""
    shared = ("--side", "long", "--size", "0.2", "--price", "50000", "--leverage", "2")
    found = calc(capsys, "hold", "--venue", coins(tmp_path, rate=1_000_000), *shared, "--hours", "3")
    # 5, then 5.005 -> 5.01, 5.01001 -> 5.02 and, at 03:00, 5.01502... -> 5.02
    assert (found["interest"], found["funding"]) == ("20.05", "0.00")


def test_holding_a_perp_costs_its_funding(tmp_path, capsys):
    """0.01 % of 50,000 every 8 hours: three payments a day, paid by the long and received by the short."""
    text = (tmp_path / "plain.toml", venue(tmp_path))[0].read_text(encoding="utf-8")
    path = tmp_path / "funded.toml"
    funding = "[instruments.funding]\ninterval_ns = 28800000000000\n[instruments.fees]"
    path.write_text(text.replace("[instruments.fees]", funding), encoding="utf-8")
    shared = ("--venue", str(path), "--size", "1", "--price", "50000", "--hours", "24", "--funding-rate", "0.01%")
    assert calc(capsys, "hold", *shared, "--side", "long")["funding"] == "15.000"
    assert calc(capsys, "hold", *shared, "--side", "short")["total"] == "-15.000"
    arguments = ["calc", "hold", "--venue", VENUE, *shared[2:], "--side", "long"]
    assert main(arguments) == 2
    assert "BTC-PERP has no funding" in capsys.readouterr().err


def test_a_product_has_to_fit_its_instrument(tmp_path, capsys):
    """A perp is no coin, and a coin no perp."""
    shared = ("--deposit", "5000", "--entry", "50000", "--exit", "25000")
    assert main(["calc", "owe", "--venue", coins(tmp_path), *shared]) == 2
    assert "--product: expected spot or loan for BTC, which is spot, found perp" in capsys.readouterr().err


def test_a_premium_that_is_none_leaves_the_interest(capsys):
    """Index and price agree: 8 hours cost 0.01 % on Binance, and 24 hours from a payment on cost it three times."""
    asked = ("hold", "--venue", "binance_usdm", "--side", "long", "--size", "10", "--price", "10000", "--hours", "24")
    assert calc(capsys, *asked)["funding"] == "30.000000"


@pytest.mark.parametrize(("preset", "told"), [("deribit", "every minute,"), ("binance_usdm", "every 8 hours,")])
def test_how_often_funding_is_paid_is_told_in_its_unit(capsys, preset, told):
    """A minute is not 0 hours."""
    size = "10000" if preset == "deribit" else "1"
    asked = ["calc", "hold", "--venue", preset, "--side", "long", "--size", size, "--price", "10000", "--hours", "1"]
    assert main(asked) == 0
    assert f"funding: {told}" in capsys.readouterr().out


def test_no_price_names_the_range_that_was_looked_at(capsys):
    """A long at 1x is never liquidated; beside the whole equity a size is told by its margin alone."""
    asked = ["calc", "liquidation", "--venue", "generic_linear", "--side", "long", "--size", "1", "--entry", "50000"]
    assert main([*asked, "--leverage", "1"]) == 0
    assert "liquidated at       at no price from 0.1 to 214,748,364.7" in capsys.readouterr().out
    stopped = ("--side", "long", "--equity", "10000", "--risk", "1%", "--entry", "50000", "--stop", "49000")
    found = calc(capsys, "size", "--venue", "generic_linear", *stopped)
    assert (found["liquidation_price"], found["isolated_liquidation_price"]) == (None, "45180.7")


def test_a_venue_that_lends_nothing_to_take_out_says_so(capsys):
    """What it lends is for buying coins; the refusal names the rule and the product that fits."""
    asked = ["calc", "owe", "--venue", "gdax_2017", "--product", "loan", "--deposit", "100", "--leverage", "2"]
    assert main([*asked, "--entry", "100", "--exit", "50"]) == 2
    assert 'by its rule borrow.withdraw = "own"; --product spot' in capsys.readouterr().err


def test_the_example_of_the_help_runs(tmp_path, capsys):
    """The two files that `cascade calc cascade --help` begins with liquidate two of three."""
    with pytest.raises(SystemExit):
        main(["calc", "cascade", "--help"])
    lines = capsys.readouterr().out.splitlines()
    for name, first in (("longs.csv", "account,instrument"), ("book.csv", "side,price")):
        start = next(number for number, line in enumerate(lines) if line.strip().startswith(first))
        sample = [line.strip() for line in lines[start : start + 4] if "," in line]
        (tmp_path / name).write_text("\n".join(sample) + "\n", encoding="utf-8")
    files = ("--accounts", str(tmp_path / "longs.csv"), "--book", str(tmp_path / "book.csv"))
    found = calc(capsys, "cascade", "--venue", "demo_thin", *files, "--price", "23.5")
    assert (found["accounts"], len(found["liquidations"])) == (3, 2)
