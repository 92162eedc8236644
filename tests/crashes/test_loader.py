"""What a user gets wrong in a crash.toml, or on the command line, is one line with file, key and value."""

import signal
from pathlib import Path

import pytest

from exchange.errors import ConfigError, DataError, ExchangeError
from replay.cli import main
from replay.crash.check import check_crash
from replay.crash.load import load_crash
from replay.crash.run import Query, run
from replay.crash.settings import parse_settings
from replay.flows.setting import MissingRecordingError
from replay.interrupt import asks_to_stop

SOUND = """
[about]
title = "A small crash"
date = "2020-01-01"
kind = "closed form"
start = "2020-01-01T00:00:00Z"
end = "2020-01-01T00:00:10Z"
story = "One.\\n\\nTwo."

[sources]
ME = "myself"

[venue]
preset = "generic_linear"

[[account]]
account = 1
instrument = "BTC-PERP"
size = "1"
entry_price = "1000"
deposit = "100"

[[flow]]
name = "price"
generator = "path"
shows = ["mark"]
points = [["2020-01-01T00:00:01Z", "1000"], ["2020-01-01T00:00:02Z", "900.5"]]

[[flow]]
name = "book"
generator = "depth"
bands = [{ side = "buy", first = "990", last = "980", step = "5", quantity = "1" }]

[[timeline]]
name = "money"
at = "2020-01-01T00:00:00Z"
type = "FundDeposit"
amount = "50"

[[expected]]
name = "low of the mark"
metric = "mark_low"
value = "900.5"
source = "ME"
basis = "predicted"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a sound scenario, in the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    write(SOUND)
    return tmp_path


def write(text: str) -> None:
    """Write the scenario."""
    Path("mine/crash.toml").write_text(text)


def test_a_folder_is_a_scenario(folder: Path) -> None:
    """Its numbers are checked as those that ship."""
    checks = check_crash(load_crash("mine/"))
    assert [(check.is_inside, check.ours) for check in checks] == [(True, "900.5")]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "A', 'titel = "A', "about.titel: expected a known key, found 'titel'; nearest: 'title'"),
        ('kind = "closed form"', 'kind = "true"', "about.kind: Invalid enum value 'true'"),
        (
            'source = "ME"',
            'source = "YOU"',
            r"expected\[0\].source: expected a key of \[sources\], found 'YOU'; nearest: 'ME'",
        ),
        (
            'metric = "mark_low"',
            'metric = "mark_lo"',
            r"expected\[0\].metric: expected a metric, found 'mark_lo'; nearest: 'mark_low'",
        ),
        ('value = "900.5"\n', "", "expected 'low of the mark': expected value or of_variant, found neither"),
        ('basis = "predicted"', 'basis = "guessed"', r"expected\[0\].basis: Invalid enum value 'guessed'"),
        ('preset = "generic_linear"', 'preset = "generic_liner"', "nearest: 'generic_linear'"),
        ('preset = "generic_linear"', "", "venue: expected preset or file, found neither"),
        (
            'generator = "path"',
            'generator = "pth"',
            r"flow\[0\].generator: expected one of .*, found 'pth'; nearest: 'path'",
        ),
        (
            'shows = ["mark"]',
            'show = ["mark"]',
            r"flow\[0\].show: expected a known key, found 'show'; nearest: 'shows'",
        ),
        ('"900.5"]]', '"900.55"]]', r"flow\[0\].points: expected a multiple of 0.1 .tick_size"),
        (
            '["2020-01-01T00:00:02Z"',
            '["2020-01-01T00:00:00Z"',
            "points: expected at least one point, and times that rise",
        ),
        (
            'quantity = "1"',
            'quantity = "1", money = "5"',
            r"flow\[1\].bands\[0\]: expected money or quantity, found both",
        ),
        ('type = "FundDeposit"', 'type = "FundDeposits"', r"timeline\[0\]: type: expected one of"),
        ('amount = "50"', 'amunt = "50"', r"timeline\[0\]: amunt: expected at, type, name, source or a column"),
        ('size = "1"', 'siz = "1"', r"account\[0\]: siz: expected one of"),
        ('name = "book"', 'name = "price"', r"flow\[0\].name: expected a name of its own, found 'price'"),
        (
            'end = "2020-01-01T00:00:10Z"',
            'end = "2019-01-01T00:00:10Z"',
            "about.end: expected a time after",
        ),
        ('kind = "closed form"', 'kind = "recorded"', "about.kind: expected a flow with a recording"),
        ("One.", "One\\u001b[2J.", "expected text without control characters, found"),
        ('type = "FundDeposit"\namount = "50"', 'type = "outage"', r"timeline\[0\]: until: expected a time"),
    ],
)
def test_an_error_names_the_place(folder: Path, old: str, new: str, message: str) -> None:
    """One mistake, one line."""
    assert old in SOUND
    write(SOUND.replace(old, new, 1))
    with pytest.raises(ExchangeError, match=message) as error:
        run(load_crash("mine/"), {}, [])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("fund.opning=1", "fund.opning: expected a known key, found 'opning'; nearest: 'opening'"),
        ("found.opening=1", "--set found.opening: expected a rule, found 'found.opening'; nearest: 'fund'"),
        (
            "flow.bok.thickness_ppm=1",
            "--set flow.bok.thickness_ppm: expected the name of a flow, found 'bok'; nearest: 'book'",
        ),
        ("timeline.money=maybe", "--set timeline.money: expected 'on' or 'off', found 'maybe'"),
        ("seed=x", r"--set seed: expected an integer in 0..2\*\*62 - 1, found 'x'"),
        ("fund..opening=1", "expected names with single dots between them"),
        ("instrument.margin_tiers.7.maintenance_ppm=1", r"expected a place in 0..\d, found '7'"),
    ],
)
def test_a_wrong_setting_names_itself(folder: Path, pair: str, message: str) -> None:
    """And the nearest name, where there is one."""
    with pytest.raises(ConfigError, match=message):
        run(load_crash("mine/"), parse_settings([pair]), [])


def test_settings_reach_rules_markets_flows_and_outside_events(folder: Path) -> None:
    """Each changes what its name says."""
    loaded = load_crash("mine/")
    queries = [Query("fund_start"), Query("mark_low"), Query("fund_end")]

    def values(*pairs: str) -> tuple[int | None, ...]:
        return run(loaded, parse_settings(pairs), queries).values

    money = 1_000_000
    assert values()[0] == 0
    assert values("fund.opening=7")[0] == 7
    assert values("timeline.money.amount=60", "fund.floor=0")[2] == values()[2] + 10 * money  # type: ignore[operator]
    assert values("flow.price.points.1.1=950.0")[1] == 9_500
    assert values("instrument.mark_source=mid", "flow.price=off", "flow.book=off")[1] is None


def test_a_recording_that_is_not_there(folder: Path) -> None:
    """The error names the file and the option."""
    write(SOUND + '\n[[flow]]\nrecorded = "day.csv"\n')
    with pytest.raises(MissingRecordingError, match=r"flow\[2\].recorded: expected day.csv in --data FOLDER"):
        run(load_crash("mine/"), {}, [])


def test_an_expected_value_that_is_no_number(folder: Path) -> None:
    """Said when it is compared, as only then its unit is known."""
    write(SOUND.replace('value = "900.5"', 'value = "much"'))
    with pytest.raises(
        ConfigError, match=r"expected 'low of the mark': expected a number such as -12\.5, found 'much'"
    ):
        check_crash(load_crash("mine/"))


def test_a_venue_of_another_kind_is_refused(folder: Path) -> None:
    """A linear market has no place at an inverse venue."""
    with pytest.raises(ConfigError, match="--venue okex_2018: expected a market that is linear"):
        run(load_crash("mine/"), {}, [], venue="okex_2018")


def test_command_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """List, story, check, JSON, run folder; exit 1 on a miss, 2 for what the user got wrong."""
    assert main(["crash", "--list"]) == 0
    assert "okex-2018" in capsys.readouterr().out
    assert main(["crash", "mine/", "--out", "run"]) == 0
    assert capsys.readouterr().out.splitlines()[1].strip().startswith("kind        closed form:")
    assert Path("run/events.log").is_file()
    assert main(["crash", "mine/", "--check"]) == 0
    assert "ok  low of the mark" in capsys.readouterr().out
    assert main(["crash", "mine/", "--json", "--seed", "3"]) == 0
    assert '"mark_low":9005' in capsys.readouterr().out
    assert main(["crash", "mine/", "--about"]) == 0
    assert "ME: myself" in capsys.readouterr().out
    write(SOUND.replace('value = "900.5"', 'value = "900.4"\nnote = "because"'))
    assert main(["crash", "mine/", "--check"]) == 1
    assert "low of the mark: because" in capsys.readouterr().out
    assert main(["crash", "mine/", "--variant", "none"]) == 2
    assert main(["crash"]) == 2
    assert main(["crash", "okex-2017"]) == 2
    assert "nearest: 'okex-2018'" in capsys.readouterr().err


def test_data_errors_are_data_errors(folder: Path) -> None:
    """A number off the grid is the data's fault, not the configuration's."""
    write(SOUND.replace('entry_price = "1000"', 'entry_price = "1000.05"'))
    with pytest.raises(DataError, match=r"account\[0\]: entry_price"):
        run(load_crash("mine/"), {}, [])


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e400", "-", "12 %", "1_000"])
@pytest.mark.parametrize("key", ["value", "tolerance"])
def test_what_is_no_finite_number_is_refused(folder: Path, key: str, value: str) -> None:
    """As a value and as a tolerance."""
    old = 'value = "900.5"'
    write(SOUND.replace(old, f'value = "{value}"' if key == "value" else f'{old}\ntolerance = "{value}"'))
    with pytest.raises(ConfigError, match=r"expected 'low of the mark': expected a number such as -12\.5, found"):
        check_crash(load_crash("mine/"))


def test_a_tolerance_below_zero_is_refused(folder: Path) -> None:
    """Nothing would be inside."""
    write(SOUND.replace('value = "900.5"', 'value = "900.5"\ntolerance = "-1"'))
    with pytest.raises(ConfigError, match="expected a tolerance of at least 0, found '-1'"):
        check_crash(load_crash("mine/"))


@pytest.mark.parametrize(
    "setting",
    ["flow.stops.count=100000000", "flow.borrowers.count=1000001", "flow.stops.count=-1"],
)
def test_too_many_accounts_are_refused(setting: str) -> None:
    """Before a single one is made."""
    with pytest.raises(ConfigError, match=r"count: expected 0..1,000,000 accounts, found"):
        run(load_crash("gdax-2017"), parse_settings([setting]), [])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("crash nope", "expected a scenario of `cascade crash --list` or a folder, found 'nope'\n"),
        ("crash okex-2018 --seed x", "--seed: expected an integer"),
        ("compare okex-2018 --set fund.opening=0 --seed x", "--seed: expected an integer"),
        ("compare okex-2018 --venue own", "expected two sides or more"),
        ("crash okex-2018 --check --report x.html", "crash --check: expected no --report beside it"),
        ("crash okex-2018 --check --tree", "crash --check: expected no --tree beside it"),
        ("crash --check-all --accounts", "crash --check-all: expected no --accounts beside it"),
        ("crash --check-all okex-2018", "crash --check-all: expected no NAME beside it"),
        ("crash --list okex-2018", "crash --list: expected no NAME beside it"),
        ("crash --list --check-all", "crash --list: expected no --check-all beside it"),
        ("crash okex-2018 --about --set fund.opening=0", "crash --about: expected no --set beside it"),
        ("crash okex-2018 --out /dev/null/x", "/dev/null/x: expected a folder"),
        ("sweep okex-2018 --over fund.opening=0:10:100000000", "a COUNT in 2..1,000,000, found 100,000,000"),
    ],
)
def test_mistakes_on_the_command_line(arguments: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An option that would do nothing is one of them."""
    assert main(arguments.split()) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""


def test_a_check_of_a_what_if_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """And calls nothing given, fitted or predicted."""
    assert main(["crash", "okex-2018", "--check", "--variant", "no-injection"]) == 1
    told = capsys.readouterr().out
    assert "WHAT IF timeline.injection = off: what is expected is of the run as it ships" in told
    assert not any(word in told for word in ("given", "fitted", "predicted", "plain run"))
    assert main(["crash", "okex-2018", "--check"]) == 0
    told = capsys.readouterr().out
    assert "WHAT IF" not in told
    assert "3,730 BTC" in told


def test_ctrl_c_before_the_first_command_is_heard() -> None:
    """Whoever asks a run to stop while its accounts are still being made does not wait for them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with asks_to_stop(is_prompt=True) as should_stop:
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
            assert not should_stop()
            signal.raise_signal(signal.SIGINT)
            assert should_stop()
    finally:
        signal.signal(signal.SIGINT, before)
