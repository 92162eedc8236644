"""`cascade compare`: who is better and worse off under other rules, and why; and what the command line makes of it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exchange.errors import ConfigError
from replay.cli import main
from replay.crash.compare import Reason, Side, SideSpec, difference, run_side
from replay.crash.compare_text import comparison_text, reasons_text
from replay.crash.load import load_crash
from replay.observers.outcomes import AccountRow
from replay.sentences import Teller

ROOT = Path(__file__).resolve().parents[2]
NO_INJECTION = {"timeline.injection": "off"}
Cascade = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cascade(capsys: pytest.CaptureFixture[str]) -> Cascade:
    """Run the command line here; return exit code, stdout and stderr without the remark on the interpreter."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        found = capsys.readouterr()
        told = [line for line in found.err.splitlines() if "runs interpreted" not in line]
        return code, found.out, "\n".join(told)

    return run


@pytest.fixture(scope="module")
def okex() -> list[Side]:
    """OKEx as it was, and without the venue's 2,500 BTC."""
    loaded = load_crash("okex-2018")
    return [run_side(loaded, SideSpec("own")), run_side(loaded, SideSpec("none", NO_INJECTION), account=11)]


def row(account: int = 1, **fields: Any) -> AccountRow:
    """An account to which nothing happened, but for what is said."""
    empty: dict[str, Any] = dict.fromkeys(AccountRow._fields, 0)
    return AccountRow(**{**empty, "account": account, "group": "longs", **fields})


def sides(here: AccountRow, there: AccountRow, okex: list[Side]) -> tuple[Side, Side]:
    """Two sides of one account each."""
    first, second = okex
    return first._replace(accounts={here.account: here}), second._replace(accounts={there.account: there})


def test_winners_pay_what_the_venue_did_not_put_in(okex: list[Side]) -> None:
    """2,500 BTC more, in proportion to the profits; the long has lost its deposit on both sides."""
    found = difference(*okex)
    assert [(change.account, change.worth) for change in found.changes] == [
        (11, -134_855_271_616),
        (12, -90_003_217_409),
        (13, -25_141_510_975),
    ]
    assert sum(change.worth for change in found.changes) == -250_000_000_000
    assert all(change.reasons == (Reason("haircut", change.worth),) for change in found.changes)
    assert (found.same, found.only_here, found.only_there) == (2, 0, 0)


def test_comparison_with_itself_finds_nothing(okex: list[Side]) -> None:
    """All accounts are the same."""
    found = difference(okex[0], okex[0])
    assert (found.changes, found.same) == ((), 5)


def test_sums_of_differences_are_those_of_the_sheets(okex: list[Side]) -> None:
    """What accounts gain more, somebody else gains less."""
    found = difference(*okex)
    more = sum(change.there.gain - change.here.gain for change in found.changes)
    here, there = okex[0].sheet, okex[1].sheet
    assert more == there.accounts - here.accounts
    assert here.difference == there.difference == 0


@pytest.mark.parametrize(
    ("here", "there", "worth", "reasons"),
    [
        (
            {"liquidated": 1, "gain": -100, "realized": -100},
            {"gain": 20, "unrealized": 20},
            120,
            [Reason("liquidated only here"), Reason("price", 120)],
        ),
        (
            {},
            {"liquidated": 1, "gain": -5, "realized": -3, "fees": 2},
            -5,
            [Reason("liquidated only there"), Reason("price", -3), Reason("costs", -2)],
        ),
        (
            {"liquidated": 1, "liquidation_lots": 5, "average_liquidation_ticks": 90, "gain": -10, "realized": -10},
            {"liquidated": 1, "liquidation_lots": 5, "average_liquidation_ticks": 80, "gain": -10, "realized": -60}
            | {"covered": 50},
            0,
            [Reason("liquidated elsewhere"), Reason("covered", 50), Reason("price", -50)],
        ),
        ({}, {"debt": 7}, -7, [Reason("owes", -7)]),
        ({}, {"haircut": 4, "realized": -4, "gain": -4}, -4, [Reason("haircut", -4)]),
        (
            {"gain": 9, "unrealized": 9},
            {"gain": 6, "realized": 6, "deleveraged_lots": 3},
            -3,
            [Reason("deleveraged"), Reason("price", -3)],
        ),
        ({"funding": 3, "gain": 3}, {}, -3, [Reason("costs", -3)]),
    ],
)
def test_reasons_add_up(
    here: dict[str, Any], there: dict[str, Any], worth: int, reasons: list[Reason], okex: list[Side]
) -> None:
    """What was done to an account comes first; the amounts of all reasons are the whole difference."""
    (change,) = difference(*sides(row(**here), row(**there), okex)).changes
    assert change.worth == worth == sum(reason.amount for reason in change.reasons)
    assert list(change.reasons) == reasons


def test_accounts_of_one_side_only_are_counted(okex: list[Side]) -> None:
    """Nobody is compared with nobody."""
    found = difference(*sides(row(1), row(2), okex))
    assert (found.changes, found.same, found.only_here, found.only_there) == ((), 0, 1, 1)


def test_text_names_sides_totals_groups_and_accounts(okex: list[Side]) -> None:
    """And how many accounts are left out."""
    told = comparison_text(load_crash("okex-2018"), okex, 1)
    assert "  A  own\n  B  none\n" in told
    assert "0 better off by 0.00000000 BTC, 3 worse off by 2,500.00000000 BTC, 2 the same" in told
    assert "pays 1,348.55271616 BTC more for others" in told
    assert "and 2 more: --most 3, or --json" in told


# --- the command line --------------------------------------------------------------------------------------------


def test_set_alone_is_a_side_beside_the_plain_run(cascade: Cascade) -> None:
    """Without a fund the venue's 2,500 BTC still pay."""
    code, out, err = cascade("compare", "okex-2018", "--set", "fund.opening=0")
    assert (code, err) == (0, "")
    assert "A  as it ships\n  B  fund.opening = 0\n" in out


def test_three_sides(cascade: Cascade) -> None:
    """A column each, and both others against the first."""
    code, out, _ = cascade(
        "compare", "okex-2018", "--variant", "no-injection", "--side", "rich: fund.opening=500000000000, seed=3"
    )
    assert code == 0
    assert "  A  as it ships\n  B  no-injection: the venue puts nothing in\n  C  rich\n" in out
    assert "accounts in B against A" in out
    assert "accounts in C against A" in out
    assert "3 better off by 1,219.97173536 BTC" in out


def test_two_venues_leave_the_plain_run_out(cascade: Cascade) -> None:
    """--set then changes both."""
    code, out, _ = cascade(
        "compare", "okex-2018", "--venue", "bitmex_2020", "--venue", "deribit", "--set", "fund.opening=0", "--json"
    )
    assert code == 0
    found = json.loads(out)
    assert [(side["name"], side["venue"], side["settings"]) for side in found["sides"]] == [
        ("bitmex_2020", "bitmex_2020", {"fund.opening": "0"}),
        ("deribit", "deribit", {"fund.opening": "0"}),
    ]


def test_json_has_every_account_and_liquidation(cascade: Cascade) -> None:
    """As plain values, with the kind."""
    code, out, _ = cascade("compare", "okex-2018", "--side", "x: variant=no-injection", "--json")
    assert code == 0
    found = json.loads(out)
    assert found["kind"] == "closed form"
    first, second = found["sides"]
    assert (len(first["accounts"]), len(first["liquidations"]), first["numbers"]["liquidations"]) == (5, 1, 1)
    assert second["settings"] == {"timeline.injection": "off"}
    assert found["differences"][0]["accounts"][0] == {
        "account": 11,
        "group": "accounts",
        "worth": -134_855_271_616,
        "reasons": [{"why": "haircut", "amount": -134_855_271_616}],
    }


def test_story_of_one_account_on_both_sides(cascade: Cascade) -> None:
    """In sentences, and then why it stands otherwise."""
    code, out, _ = cascade("compare", "okex-2018", "--variant", "no-injection", "--account", "11")
    assert code == 0
    assert out.count("Account 11 deposited 3,000.00000000 BTC") == 2
    assert "B against A: worse by 1,348.55271616 BTC: pays 1,348.55271616 BTC more for others" in out
    code, out, _ = cascade("compare", "okex-2018", "--variant", "no-injection", "--account", "1")
    assert "B against A: the same" in out


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        (("okex-2018",), ("expected --set, --variant, --venue or --side, found none",)),
        (("okex-2019", "--set", "seed=1"), ("okex-2018",)),
        (("okex-2018", "--set", "fund.opning=1"), ("fund.opning",)),
        (("okex-2018", "--variant", "none"), ("--variant", "no-injection")),
        (("okex-2018", "--side", "no colon"), ("--side", "NAME: rule=value")),
        (("okex-2018", "--side", "a: fund.opening=0", "--side", "a: seed=2"), ("a name for each side", "'a' twice")),
        (("okex-2018", "--venue", "nosuch"), ("nosuch", "preset")),
        (("okex-2018", "--set", "seed=2", "--account", "77"), ("--account", "77")),
        (("okex-2018", "--set", "seed=2", "--account", "x"), ("--account", "'x'")),
        (("okex-2018", "--set", "seed=2", "--most", "-1"), ("--most",)),
        (("okex-2018", "--set", "seed=2", "--data", "nowhere"), ("--data", "nowhere")),
        (("luna-2022", "--variant", "coin-margined"), ("one money", "USDT", "LUNA")),
        (("okex-2018", *(f"--side=s{n}: seed={n}" for n in range(9))), ("at most 8 sides", "10")),
    ],
)
def test_mistakes_are_one_line(cascade: Cascade, arguments: tuple[str, ...], texts: tuple[str, ...]) -> None:
    """Said before anything runs, wherever that is possible."""
    code, out, err = cascade("compare", *arguments)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert all(text in err for text in texts), err


def test_crash_prints_tables_and_tree(cascade: Cascade) -> None:
    """After the story; and with --json the rows."""
    code, out, _ = cascade("crash", "okex-2018", "--attribution", "--tree", "5", "--accounts", "2")
    assert code == 0
    assert "liquidations by notional, money in BTC" in out
    assert "#1 account 1, long 4,168,515, mark 8,015.00: traded 55,706.46799412 BTC at 7,483.00" in out
    assert "and 3 more: --accounts 5, or --json" in out
    code, out, _ = cascade("crash", "okex-2018", "--attribution", "--accounts", "--json")
    found = json.loads(out)
    assert (len(found["liquidations"]), len(found["accounts"])) == (1, 5)
    assert found["sheet"]["fund"] == -251_000_000_000
    code, _, err = cascade("crash", "okex-2018", "--tree", "none")
    assert (code, "--tree" in err) == (2, True)


def test_an_unknown_side_is_named_by_its_error() -> None:
    """So that one of several is found."""
    with pytest.raises(ConfigError, match="accounts"):
        run_side(load_crash("okex-2018"), SideSpec("x", {"accounts.y": 1}))


def test_ctrl_c_says_nothing_half() -> None:
    """Whatever has run of the sides is dropped, without a traceback."""
    command = [sys.executable, "-m", "replay", "compare", "luna-2022", "--set", "fund.opening=0"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "LANG": "C"}
    )
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    if process.returncode == 0:
        pytest.skip("it was over before the signal came")
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err


def test_rows_of_the_fund_add_up(okex: list[Side]) -> None:
    """Before, put in, received, paid, lost and after are all there, and what is left has a row of its own."""
    text = comparison_text(load_crash("okex-2018"), okex, 10)
    assert "2,500 BTC" in next(line for line in text.splitlines() if "put into it from outside" in line)
    assert "insurance fund after" in text
    assert "other income" not in text
    for side in okex:
        values = {name: value or 0 for name, value in side.values.items()}
        before = values["fund_start"] + values["fund_deposited"] + values["fund_received"]
        assert before - values["fund_paid"] - side.losses.fund.realized == values["fund_end"]


def test_a_variant_says_what_it_is(cascade: Cascade) -> None:
    """On the terminal of a comparison and of a run, and what --set adds to all sides, too."""
    title = load_crash("okex-2018").crash.variant["no-injection"].title
    code, text, _ = cascade("compare", "okex-2018", "--variant", "no-injection")
    assert (code, f"B  no-injection: {title}" in text) == (0, True)
    _, text, _ = cascade("compare", "okex-2018", "--variant", "no-injection", "--seed", "3")
    assert "A  as it ships: with seed = 3" in text
    _, text, _ = cascade("crash", "okex-2018", "--variant", "no-injection")
    assert f"WHAT IF     no-injection: {title} (timeline.injection = " in text


def test_reasons_that_are_not_told_are_summed_up(okex: list[Side]) -> None:
    """So that what is printed adds up to the difference."""
    found = difference(*sides(row(), row(gain=1_000, fees=-5), okex)).changes[0]
    assert [reason.why for reason in found.reasons] == ["price", "costs"]
    tell = Teller(okex[0].instruments)
    assert reasons_text(found, tell) == "0.00000995 BTC more by prices; +0.00000005 BTC by what is smaller"
