"""Populations: accounts from files and from stated distributions, as commands in time order."""

import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.commands import Deposit, OpenPosition, PlaceOrder, SetLeverage, SetMarginMode, SetMarkPrice
from exchange.enums import MarginMode, OrderKind, Side
from exchange.errors import ConfigError, DataError
from exchange.events import OrderRejected, RequestRejected
from exchange.exchange import Exchange
from exchange.instrument import Instrument
from exchange.margin.valuation import Valuation
from replay.population import (
    Bracket,
    InjectedAccount,
    PopulationSpec,
    account_commands,
    generate_accounts,
    load_accounts,
)
from replay.toml_file import convert_table

BTC = Instrument(instrument_id=1, symbol="BTC-PERP", tick_size="0.1", lot_size="0.001", money_unit="0.01")
COIN = Instrument(instrument_id=2, symbol="BTC-COIN", kind="inverse", tick_value=10**10)
SPEC = PopulationSpec(
    seed=7,
    count=2_000,
    leverages=((5, 1), (20, 3)),
    notionals=(Bracket(10_000_000, 20_000_000, 9), Bracket(10**9, 10**9, 1)),
    share_long_ppm=700_000,
)
ENTRIES = [(100 + hour, 300_000 + 10 * hour) for hour in range(24)]

CSV = """account,instrument,size,entry_price,deposit,leverage,time
2,BTC-PERP,-0.5,35000.1,1000.25,10,1.5
1,1,1e-3,35888,10,,1
1,BTC-COIN,3,35888,,,2
"""
TOML = """
[[accounts]]
account = 2
instrument = "BTC-PERP"
size = -0.5
entry_price = 35000.1
deposit = "1000.25"
leverage = 10
time = "1970-01-01T00:00:01.5Z"
[[accounts]]
account = 1
instrument = 1
size = 0.001
entry_price = 35888
deposit = 10
ts_ns = 1_000_000_000
[[accounts]]
account = 1
instrument = "BTC-COIN"
size = 3
entry_price = 35888
ts_ns = 2_000_000_000
"""


def load(tmp_path: Path, name: str, text: str, **options) -> list[InjectedAccount]:
    (tmp_path / name).write_text(text)
    return load_accounts(tmp_path / name, (BTC, COIN), **options)


@pytest.mark.parametrize(("name", "text"), [("accounts.csv", CSV), ("accounts.toml", TOML)])
def test_accounts_are_read_and_become_commands_by_time(tmp_path, name, text):
    """Both formats say the same; each account is funded, then set, then given its position."""
    assert account_commands(load(tmp_path, name, text)) == [
        Deposit(1_000_000_000, 1, 1_000),
        OpenPosition(1_000_000_000, 1, 1, 1, 358_880),
        Deposit(1_500_000_000, 2, 100_025),
        SetLeverage(1_500_000_000, 1, 2, 10),
        OpenPosition(1_500_000_000, 1, 2, -500, 350_001),
        OpenPosition(2_000_000_000, 2, 1, 3, 35_888),
    ]


def test_rows_without_a_time_enter_at_the_time_given(tmp_path):
    """Without one they are refused, because no time is a good guess."""
    text = "account,instrument,size,entry_price,deposit\n1,1,1,1,1\n"
    assert [opened.ts_ns for opened in load(tmp_path, "a.csv", text, default_ts_ns=77)] == [77]
    with pytest.raises(DataError, match=r"a\.csv:2: ts_ns: expected a value, found a blank cell"):
        load(tmp_path, "a.csv", text)


ROW = "account,instrument,size,entry_price,deposit,leverage,ts_ns\n"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("0,1,1,1,1,1,1", ":2: account: expected an integer in 1..2147483647, found '0'"),
        ("1,ETH,1,1,1,1,1", ":2: instrument: expected one of .*BTC-PERP.*, found 'ETH'"),
        ("1,1,0,1,1,1,1", ":2: size: expected a position, found '0'"),
        ("1,1,0.0001,1,1,1,1", ":2: size: expected a multiple of 0.001 .lot_size., found '0.0001'"),
        ("1,1,1,1.05,1,1,1", ":2: entry_price: expected a multiple of 0.1 .tick_size., found '1.05'"),
        ("1,1,1,0,1,1,1", ":2: entry_price: expected at least 1 ticks, found '0'"),
        ("1,1,1,1,0.001,1,1", ":2: deposit: expected a multiple of 0.01 .money_unit., found '0.001'"),
        ("1,1,1,1,-1,1,1", ":2: deposit: expected a deposit >= 0, found '-1'"),
        ("1,1,1,1,,1,1", ":2: deposit: expected a deposit before the first position of 1, found none"),
        ("1,1,1,1,1,101,1", ":2: leverage: expected an integer in 1..100, found '101'"),
        ("1,1,1,1,1,1,now", ":2: ts_ns: expected an integer in"),
        ("1,1,1,1,1,1,1\n1,BTC-PERP,2,1,1,1,1", ":3: account: expected one position .*, found 1 again after 2"),
        ("1,1,1,1,1,1,5\n1,2,1,1,,1,4", ":3: deposit: expected a deposit before the first position of 1"),
    ],
)
def test_an_error_names_line_column_value_and_what_was_expected(tmp_path, row, message):
    """So that the person with the file can mend it."""
    with pytest.raises(DataError, match=r"bad\.csv" + message):
        load(tmp_path, "bad.csv", ROW + row + "\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[account]]\n", r"expected only \[\[accounts\]\] tables, found 'account'"),
        ("accounts = 5\n", r"expected \[\[accounts\]\] tables, found 5"),
        ("[[accounts]]\nsise = 1\n", r"accounts\[0\]: sise: expected one of account, .*, found 'sise'"),
        ("[[accounts]]\ntime = 2025-10-10T00:00:00Z\n", r"accounts\[0\]: time: expected a number or text in quotes"),
        (
            TOML.replace("size = 3", "size = 0.5"),
            r"accounts\[2\]: size: expected a multiple of 1 .lot_size., found '0.5'",
        ),
    ],
)
def test_an_error_in_toml_names_its_table(tmp_path, text, message):
    """TOML keeps no line numbers, so tables are counted as in the key path."""
    with pytest.raises(DataError, match=r"bad\.toml:? ?" + message):
        load(tmp_path, "bad.toml", text)


def test_a_population_has_the_shares_that_were_asked_for():
    """Sides, leverages, notionals and entry times are all as stated, within what chance allows."""
    accounts = generate_accounts(SPEC, BTC, ENTRIES)
    assert sorted(opened.account for opened in accounts) == list(range(1, 2_001))
    assert 1_300 < sum(opened.size_lots > 0 for opened in accounts) < 1_500
    assert 1_400 < sum(opened.leverage == 20 for opened in accounts) < 1_600
    assert {opened.leverage for opened in accounts} == {5, 20}
    large = [opened for opened in accounts if abs(opened.size_lots) * opened.price_ticks > 20_000_000]
    assert 150 < len(large) < 250
    assert {(opened.ts_ns, opened.price_ticks) for opened in accounts} == set(ENTRIES)


def test_a_population_depends_on_nothing_but_its_arguments():
    """The same seed gives the same accounts, another seed others, and a larger count only adds."""
    accounts = generate_accounts(SPEC, BTC, ENTRIES)
    assert generate_accounts(SPEC, BTC, ENTRIES) == accounts
    other_seed = PopulationSpec(seed=8, count=2_000, leverages=SPEC.leverages, notionals=SPEC.notionals)
    assert generate_accounts(other_seed, BTC, ENTRIES) != accounts
    more = PopulationSpec(
        seed=7, count=2_100, leverages=SPEC.leverages, notionals=SPEC.notionals, share_long_ppm=700_000
    )
    assert set(accounts) < set(generate_accounts(more, BTC, ENTRIES))


def test_a_population_may_be_stated_in_toml():
    """A scenario keeps its population beside its rules."""
    text = """
    seed = 7
    count = 2_000
    leverages = [[5, 1], [20, 3]]
    share_long_ppm = 700_000
    notionals = [
        { lowest = 10_000_000, highest = 20_000_000, weight = 9 },
        { lowest = 1_000_000_000, highest = 1_000_000_000 },
    ]
    """
    assert convert_table(tomllib.loads(text), PopulationSpec, "population.toml") == SPEC


def test_a_population_is_stable():
    """The first draws, written down: a change to the generator must be a decision."""
    first = min(generate_accounts(SPEC, BTC, ENTRIES), key=lambda opened: opened.account)
    assert first == InjectedAccount(
        account=1, instrument=1, size_lots=-42, price_ticks=300_140, deposit=630_294, leverage=20, ts_ns=114
    )


@given(
    instrument=st.sampled_from([BTC, COIN]),
    seed=st.integers(0, 2**64),
    spare_margin_ppm=st.integers(0, 2_000_000),
    lowest=st.integers(1, 2**40),
    width=st.integers(0, 2**40),
)
def test_every_drawn_account_can_afford_its_position(instrument, seed, spare_margin_ppm, lowest, width):
    """The deposit is at least notional / leverage; the notional is within its bracket, or one lot."""
    spec = PopulationSpec(
        seed=seed,
        count=5,
        leverages=((1, 1), (3, 1), (100, 1)),
        notionals=(Bracket(lowest, lowest + width),),
        spare_margin_ppm=spare_margin_ppm,
    )
    for opened in generate_accounts(spec, instrument, ENTRIES):
        lots = abs(opened.size_lots)
        assert lots >= 1
        notional = Valuation(instrument).notional(lots, opened.price_ticks)
        assert opened.deposit * opened.leverage >= notional
        assert lots == 1 or notional <= lowest + width


@pytest.mark.parametrize("instrument", [BTC, COIN])
def test_the_venue_accepts_a_drawn_population(instrument):
    """Every deposit, leverage and position, when the mark is the entry price; and the books still agree."""
    venue = Exchange([instrument])
    for command in account_commands(generate_accounts(SPEC, instrument, ENTRIES)):
        if isinstance(command, OpenPosition):
            venue.apply(SetMarkPrice(command.ts_ns, instrument.instrument_id, command.price_ticks))
        assert not [event for event in venue.apply(command) if isinstance(event, RequestRejected)]
    assert len([account for account in venue.accounts() if account > 0]) == SPEC.count
    venue.check()


def test_accounts_come_by_time_and_a_tie_by_account():
    """The order is total, so that the commands have one order, too."""
    accounts = generate_accounts(SPEC, BTC, ENTRIES)
    keys = [(opened.ts_ns, opened.account) for opened in accounts]
    assert keys == sorted(set(keys))
    times = [command.ts_ns for command in account_commands(accounts)]
    assert times == sorted(times)
    assert len(times) == 3 * len(accounts)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"count": -1}, "count >= 0"),
        ({"share_long_ppm": 1_000_001}, "share_long_ppm in 0"),
        ({"leverages": ()}, "leverages with weights"),
        ({"leverages": ((0, 1),)}, "leverages in range"),
        ({"leverages": ((5, -1), (6, 2))}, "leverages with weights >= 0"),
        ({"notionals": ()}, "notionals with weights"),
        ({"notionals": (Bracket(5, 4),)}, "1 <= lowest <= highest"),
        ({"first_account": 0}, "first_account >= 1"),
        ({"first_account": 2**31 - 1}, "accounts up to 2147483647"),
        ({"spare_margin_ppm": -1}, "spare_margin_ppm >= 0"),
    ],
)
def test_a_population_that_cannot_be_drawn_is_refused(changes, message):
    """Each with the field that is wrong."""
    fields = {"seed": 1, "count": 2, "leverages": ((5, 1),), "notionals": (Bracket(1, 2),), **changes}
    with pytest.raises(ConfigError, match=message):
        PopulationSpec(**fields)


@pytest.mark.parametrize(
    ("leverages", "entries", "message"),
    [
        (((5, 1),), [], "expected at least one .ts_ns, price_ticks. entry"),
        (((101, 1),), ENTRIES, "expected leverages <= 100"),
        (((5, 1),), [(1, 0)], "expected entry prices >= 1 tick"),
    ],
)
def test_a_population_that_does_not_fit_its_market_is_refused(leverages, entries, message):
    """What the spec alone cannot know."""
    spec = PopulationSpec(seed=1, count=2, leverages=leverages, notionals=(Bracket(1, 2),))
    with pytest.raises(ConfigError, match=message):
        generate_accounts(spec, BTC, entries)


def changed(**fields: object) -> PopulationSpec:
    """The sample with other fields."""
    return msgspec.structs.replace(SPEC, **fields)


@pytest.mark.parametrize("instrument", [BTC, COIN])
def test_open_interest_is_met_and_the_last_account_is_cut(instrument: Instrument) -> None:
    """To within one lot; the accounts that are drawn are those of a plain population."""
    plain = generate_accounts(SPEC, instrument, ENTRIES)
    total = 5 * 10**9
    drawn = generate_accounts(changed(open_interest=total), instrument, ENTRIES)
    notional = Valuation(instrument).notional
    found = sum(notional(account.size_lots, account.price_ticks) for account in drawn)
    one_lot = max(notional(1, price) for _, price in ENTRIES)
    assert abs(found - total) <= one_lot
    last = max(drawn, key=lambda account: account.account)
    assert set(drawn) - {last} < set(plain)


def test_open_interest_beyond_all_accounts_is_refused() -> None:
    """The population would be a smaller one than was asked for."""
    with pytest.raises(
        ConfigError, match=r"open_interest: expected 2000 accounts that come to it, found .* raise count"
    ):
        generate_accounts(changed(open_interest=10**15), BTC, ENTRIES)


def test_isolated_accounts_and_stops_are_drawn_without_moving_the_rest() -> None:
    """The shares hold, triggers lie against the position, and everything else is as before."""
    spec = changed(share_isolated_ppm=300_000, share_stop_ppm=500_000, stop_distances_ppm=(10_000, 50_000))
    drawn = generate_accounts(spec, BTC, ENTRIES)
    plain = [msgspec.structs.replace(account, is_isolated=False, stop_ticks=0) for account in drawn]
    assert plain == generate_accounts(SPEC, BTC, ENTRIES)
    assert 500 < sum(account.is_isolated for account in drawn) < 700
    stops = [account for account in drawn if account.stop_ticks > 0]
    assert 900 < len(stops) < 1_100
    for account in stops:
        against = account.price_ticks - account.stop_ticks
        distance = against if account.size_lots > 0 else -against
        assert account.price_ticks * 10_000 // 1_000_000 <= distance <= account.price_ticks * 50_000 // 1_000_000


def test_commands_of_an_isolated_account_with_a_stop() -> None:
    """Mode before the position, the stop after it; the venue takes them all."""
    long = InjectedAccount(3, 1, 100, 300_000, 10_000_000, 5, 100, is_isolated=True, stop_ticks=290_000)
    commands = account_commands([long])
    assert [type(command) for command in commands] == [Deposit, SetLeverage, SetMarginMode, OpenPosition, PlaceOrder]
    mode, stop = commands[2], commands[4]
    assert isinstance(mode, SetMarginMode)
    assert isinstance(stop, PlaceOrder)
    assert (mode.mode, stop.kind, stop.side, stop.qty_lots) == (MarginMode.ISOLATED, OrderKind.STOP, Side.SELL, 100)
    venue = Exchange([BTC])
    for command in commands:
        assert not any(isinstance(event, RequestRejected | OrderRejected) for event in venue.apply(command))
    assert venue.account(3).pockets()[0].instrument == 1


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"share_stop_ppm": 1_000_001}, "share_stop_ppm in"),
        ({"share_isolated_ppm": -1}, "share_isolated_ppm in"),
        ({"open_interest": -1}, "open_interest >= 0"),
        ({"stop_distances_ppm": (2, 1)}, "stop_distances_ppm as"),
    ],
)
def test_shares_out_of_range_are_refused(fields: dict[str, object], found: str) -> None:
    """With the field's name."""
    with pytest.raises(ConfigError, match=found):
        changed(**fields)
