"""The story of one account: a sentence for everything that happens to it, in the units of its instruments."""

import json
from enum import IntEnum

import msgspec
import pytest

from exchange import Exchange
from exchange.commands import Deposit, OpenPosition, PlaceOrder, SetLeverage, SetMarkPrice, Withdraw
from exchange.enums import AccountLevel, Origin, Side
from exchange.events import EVENTS, LevelCrossed, LiquidationStarted, PositionTakenOver
from exchange.instrument import Instrument
from exchange.layout import layout_of
from exchange.rules import LiquidationRules, Rules
from exchange.rules.waterfall import FundRules
from replay.cli import main
from replay.explain import OTHERS_TOLD, Explainer, story_of
from replay.sentences import ACCOUNT_FIELDS, TEMPLATES, Teller, is_written, percent, time_text, who

COIN = Instrument(
    1, "COIN-PERP", tick_size="0.5", lot_size="0.001", money_unit="0.01", currency="USDT", mark_source="external"
)
NAMING = [kind for kind in EVENTS.values() if ACCOUNT_FIELDS & set(kind.__struct_fields__)]


def made_up(kind):
    """Return an event of a kind with a number in every field, an account in account fields."""
    values = {"seq": 1}
    for place in layout_of(1, kind).places:
        if issubclass(place.kind, IntEnum):
            values[place.name] = min(member for member in place.kind)
        else:
            values[place.name] = False if place.kind is bool else 2
    values["account"] = 7
    return kind(**{name: value for name, value in values.items() if name in kind.__struct_fields__})


def run(commands, rules, account):
    """Return the story of an account."""
    exchange = Exchange([COIN], rules)
    explainer = Explainer(account)
    exchange.add_sink(explainer)
    for command in commands:
        exchange.apply(command)
    explainer.write(exchange.open_block(), exchange.open_block_first_seq())
    return explainer.lines(exchange)


def crash(winners=1):
    """Return the commands of a long of 2 coins that is sold far below its bankruptcy price, and shorts in profit."""
    yield Deposit(0, 7, 200_000)
    yield SetLeverage(0, 1, 7, 10)
    yield OpenPosition(0, 1, 7, 2_000, 1_000)
    for number in range(winners):
        yield Deposit(0, 20 + number, 1_000_000)
        yield OpenPosition(0, 1, 20 + number, -2_000, 1_000)
    yield PlaceOrder(0, 1, 0, 5, Side.BUY, 5_000, 700, origin=Origin.RECORDED)
    yield Withdraw(0, 7, 1_000_000)
    yield SetMarkPrice(1_000_000_000, 1, 800)


@pytest.mark.parametrize("kind", NAMING, ids=lambda kind: kind.__name__)
def test_every_event_that_names_an_account_has_a_sentence(kind):
    """No field of a sentence is left as a bare number of ticks, lots or money, and the account is named."""
    text = Teller([COIN]).sentence(made_up(kind))
    assert "account" in text
    assert "{" not in text
    assert "\n" not in text


def test_every_event_that_names_an_account_has_words_of_its_own():
    """One that is told by its docstring and its fields alone wants a template in replay/sentences.py."""
    assert [kind.__name__ for kind in NAMING if not is_written(kind)] == []


@pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.__name__)
def test_every_event_can_be_told_by_its_fields(kind):
    """The fallback for events without words of their own holds each field that is not its place in the log."""
    text = Teller([COIN]).by_fields(made_up(kind))
    assert text.startswith(text.lower()[:5])
    assert text.count(",") >= len(set(kind.__struct_fields__) - {"seq", "command_seq", "ts_ns"}) - 1


@pytest.mark.parametrize("kind", NAMING, ids=lambda kind: kind.__name__)
def test_a_template_names_only_fields_that_exist(kind):
    """A renamed field shows here, and not in somebody's story."""
    assert kind.__name__ not in TEMPLATES or is_written(kind)


def test_the_story_of_a_liquidation_says_what_happened_and_who_paid():
    """Deposit, refusal, the numbers that began the liquidation, each order and price, who paid, and the end."""
    rules = Rules(liquidation=LiquidationRules(order="market"), fund=FundRules(opening=10_000), waterfall=("fund",))
    texts = [line.text for line in run(crash(), rules, 7)]
    assert texts == [
        "account 7 deposited 2,000.00 USDT; its balance is 2,000.00 USDT",
        "account 7 set its leverage in COIN-PERP to 10x",
        "account 7 was given a position of long 2.000 in COIN-PERP at 500.0, worth 20,000.00 USDT",
        "account 7 was refused a request to withdraw: insufficient balance",
        (
            "with COIN-PERP marked at 400.0, the equity of account 7 is -2,000.00 USDT, below its maintenance margin "
            "of 80.00 USDT: liquidation 1 begins"
        ),
        "the venue orders to sell 2.000 COIN-PERP for account 7 at any price (order -1, attempt 1 of liquidation 1)",
        "account 7 sold 2.000 COIN-PERP at 350.0 to the recorded market (order -1 met order 5)",
        "account 7 now holds nothing in COIN-PERP; closing paid -6,000.00 USDT; balance -4,000.00 USDT",
        (
            "the insurance fund paid 100.00 USDT of the 4,000.00 USDT that account 7 was short, and has 0.00 USDT left "
            "(liquidation 1)"
        ),
        (
            "3,900.00 USDT that account 7 was short was paid by nobody: the venue's own loss, 3,900.00 USDT by now "
            "(liquidation 1)"
        ),
        (
            "liquidation 1 of account 7 is over: closed short of money, of which a part was paid by nobody; balance "
            "0.00 USDT"
        ),
        "at the end account 7 holds no position; balance 0.00 USDT, equity 0.00 USDT",
    ]


def test_others_who_pay_are_told_up_to_a_limit():
    """A loss shared by many does not drown the story: so many are told, the rest is counted."""
    rules = Rules(liquidation=LiquidationRules(order="market"), waterfall=("socialize",))
    lines = run(crash(winners=OTHERS_TOLD + 5), rules, 7)
    assert sum(line.event == "HaircutCharged" for line in lines) == 3  # the first, the last told, and a sum of between
    assert any("18 times more of the same" in line.text for line in lines)
    assert any(line.text.startswith("5 more events of other accounts belong to liquidation 1") for line in lines)


def test_a_payer_hears_whom_it_paid_for():
    """The story of an account in profit names the liquidation that its haircut was for."""
    rules = Rules(liquidation=LiquidationRules(order="market"), waterfall=("socialize",))
    texts = [line.text for line in run(crash(), rules, 20)]
    assert "account 20 paid 4,000.00 USDT for liquidation 1 out of its profit of 4,000.00 USDT in COIN-PERP" in texts


def test_times_are_said_once_and_as_long_as_they_need():
    """ISO times in UTC with no, 3, 6 or 9 decimals; a line at the same time as the one before has room in its place."""
    assert time_text(0) == "1970-01-01T00:00:00Z"
    assert time_text(1_500_000_000) == "1970-01-01T00:00:01.500Z"
    assert time_text(1_000_000_001) == "1970-01-01T00:00:01.000000001Z"
    story = story_of(run(crash(), Rules(), 20))
    assert story.count("1970-01-01T00:00:00Z") == 1
    assert percent(12_500, 1_000_000) == "1.25 %"
    assert [who(account) for account in (0, -1, -5, 3)] == [
        "the recorded market",
        "the insurance fund",
        "the venue's account -5",
        "account 3",
    ]


def test_an_event_nobody_wrote_words_for_is_told_by_its_docstring():
    """What a later version adds is told, if less well."""

    class SomethingNew(msgspec.Struct, frozen=True):
        """Somebody did something. With details."""

        seq: int
        command_seq: int
        ts_ns: int
        instrument: int
        account: int
        price_ticks: int
        amount: int
        rate_ppm: int

    told = Teller([COIN]).sentence(SomethingNew(1, 1, 0, 1, 7, 3, 150, 500))
    assert told == (
        "something new (Somebody did something): instrument COIN-PERP, account account 7, price 1.5, amount 1.50 USDT, "
        "rate 0.05 %"
    )


def test_run_explains_an_account(capsys):
    """`cascade run --explain` tells the story ahead of the summary; with --json both are objects."""
    assert main(["run", "demo", "--explain", "17", "--until", "events:50000", "--json"]) == 0
    story, summary = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (story["account"], summary["venue"]) == (17, "demo_thin")
    assert story["story"][0] == {
        "ts_ns": 1_735_732_816_250_000_000,
        "event": "Deposited",
        "text": "account 17 deposited 36.811 USD; its balance is 36.811 USD",
    }
    assert main(["run", "demo", "--explain", "17", "--until", "events:50000"]) == 0
    assert capsys.readouterr().out.startswith(
        "account 17\n\n2025-01-01T12:00:16.250Z  Account 17 deposited 36.811 USD;"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("99999", "which no event names"),
        ("x", "expected an integer"),
        ("0", "expected an integer in 1.."),
        ("-1", "expected an integer in 1.."),
    ],
)
def test_an_account_that_is_not_there_is_said_in_one_line(text, message, capsys):
    """A typing mistake ends in one line and exit code 2."""
    assert main(["run", "demo", "--until", "events:100", "--explain", text]) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_a_level_that_is_restored_asks_for_no_money():
    """0 more brings nobody back; and a takeover is told by its price, whatever rule made that."""
    teller = Teller([Instrument(instrument_id=1, symbol="X")])
    down, up = AccountLevel.NOTICE, AccountLevel.NORMAL
    told = teller.sentence(LevelCrossed(1, 1, 0, 7, 90, 80, 6, down, up))
    assert told.endswith("; 6 USD more would bring it back to normal")
    restored = teller.sentence(LevelCrossed(1, 1, 0, 7, 100, 80, 0, up, down))
    assert "account 7 went from notice to normal" in restored
    assert "more" not in restored
    taken = teller.sentence(PositionTakenOver(1, 1, 0, 1, 7, 1, 10, 85, 850))
    assert "mark" not in taken


def test_a_liquidation_without_a_mark_names_no_price():
    """0 is no price, but where prices may be 0."""
    event = LiquidationStarted(1, 1, 0, 1, 7, 3, -5, 10, 0, 0)
    told = Teller([Instrument(instrument_id=1, symbol="X")]).sentence(event)
    assert told.startswith("with no mark price of X, the equity of account 7 is -5 USD")
    told = Teller([Instrument(instrument_id=1, symbol="X", min_price_ticks=-9)]).sentence(event)
    assert told.startswith("with X marked at 0, the equity")
