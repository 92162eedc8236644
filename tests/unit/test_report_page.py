"""The page as a file: what is in it, what is escaped, and that the same run gives the same bytes."""

import json
import re
from array import array
from pathlib import Path
from typing import Any

import pytest
from msgspec import convert

from exchange import Exchange, FundRules, Instrument, LiquidationRules, Rules
from exchange.commands import Command, Deposit, OpenPosition, PlaceOrder, SetMarkPrice
from exchange.enums import Side
from exchange.errors import ConfigError
from replay.cli import main
from replay.crash.compare import SideSpec, run_side
from replay.crash.compare_text import comparison_tables
from replay.crash.load import load_crash
from replay.report.depth import Snapshot
from replay.report.grid import depth_of
from replay.report.opening import opened, page_path
from replay.report.page import About, in_script, page, write_page
from replay.report.payload import is_sudden, run_payload
from replay.report.recorder import Recorder
from replay.report.units import price_unit, quantity_unit
from replay.report.words import lead, lost, rounded, tiles

HOSTILE = "</script><script>window.hacked=1</script><img src=x onerror='window.hacked=1'>\u2028"


def run() -> dict[str, Any]:
    """A long of 100 lots falls, and is sold at 895 and below; the fund pays what it lacks."""
    perp = Instrument(instrument_id=1, symbol="PERP", mark_source="external", default_leverage=10)
    venue = Exchange(
        [perp], Rules(fund=FundRules(opening=10_000), liquidation=LiquidationRules(order="market")), with_digest=True
    )
    recorder = Recorder()
    venue.add_sink(recorder.attach(venue))
    commands: list[Command] = [
        Deposit(ts_ns=1, account=7, amount=100_000),
        PlaceOrder(2, instrument=1, account=7, order_id=1, side=Side.BUY, qty_lots=100, price_ticks=850),
        Deposit(3, account=8, amount=10_000),
        OpenPosition(4, instrument=1, account=8, size_lots=100, price_ticks=1_000),
        *(
            SetMarkPrice(ts, instrument=1, price_ticks=price)
            for ts, price in enumerate((1_000, 950, 880, 870), start=5)
        ),
    ]
    for command in commands:
        venue.apply(command)
    recorder.finish()
    film, rows = recorder.film(), recorder.rows()
    return run_payload(film, rows, label="A", name="plain", what_if={}, venue="v", digest=venue.digest())


def hostile_page() -> str:
    """A page of which every text wants to be markup."""
    found = run()
    found["markets"][0]["symbol"] = HOSTILE
    for mark in found["liquidations"]:
        mark["symbol"] = HOSTILE
    found["what_if"] = [[HOSTILE, HOSTILE]]
    found["venue"] = found["name"] = found["label"] = HOSTILE
    found["notes"] = [[1, 1, HOSTILE]]
    about = About(
        HOSTILE, HOSTILE, HOSTILE, (HOSTILE,), (HOSTILE,), {HOSTILE: HOSTILE}, [[HOSTILE] * 7], [(HOSTILE, [[HOSTILE]])]
    )
    return page(about, [found])


def test_a_liquidation_and_who_paid_for_it() -> None:
    """The numbers of the page are those of the events: a deficit of 5,000, which the fund pays."""
    found = run()
    assert found["liquidated"] == found["longs"] == 1
    assert found["losses"]["shares"] == {"fund": 5_000}
    assert lost(found) == 5_000
    assert found["fund"]["v"] == [10_000, 5_000]
    assert [mark["average"] for mark in found["liquidations"]] == [850]
    assert found["markets"][0]["low"] == 850
    assert [tile.value for tile in tiles(found)][1:] == ["1", "5,000 USD", "Insurance fund"]
    assert "borne by the insurance fund" in lead(found)


def test_a_gap_does_not_make_a_liquidation_small() -> None:
    """It counts at the mark, but not beyond the bankruptcy price, which is 900 here; the mark is 880."""
    assert run()["liquidations"][0]["size"] == 90_000


def test_the_book_is_on_the_page() -> None:
    """The bid of 100 lots stands until the liquidation takes it."""
    market = run()["markets"][0]
    columns = [column for column in market["depth"]["by_step"] if column is not None]
    assert [column[1::2] for column in columns if column] == [[100]] * sum(bool(column) for column in columns)
    assert columns[-1] == []


def test_the_best_prices_are_those_of_the_book() -> None:
    """Not the edges of a row of the picture: the highest bid and the lowest ask, wherever they lie; None of nobody."""
    depth = run()["markets"][0]["depth"]
    assert set(depth["best_by_step"]) == {(850, None), (None, None)}
    assert depth["best_by_time"][-1] == (None, None)
    looks = [
        Snapshot(0, 0, array("q", [10, 700, 30]), array("q", [1, 1, 1]), array("q"), array("q")),
        Snapshot(5, 500, array("q", [20]), array("q", [1]), array("q", [9_999, 703]), array("q", [1, 1])),
    ]
    found = depth_of(looks, 100, 800, start_ns=0, end_ns=1_000, steps=10)
    assert found["step"] > 3
    assert found["best_by_time"] == [(700, None)] * 79 + [(20, 703)] * 81
    assert len(found["best_by_step"]) == len(found["by_step"])


@pytest.mark.parametrize(
    ("kind", "symbol", "currency", "price", "quantity"),
    [
        ("linear", "ETH/USD", "USD", "USD", "ETH"),
        ("linear", "ETH", "USDC", "USDC", "units"),
        ("inverse", "XBTUSD", "XBT", "USD", "contracts"),
        ("inverse", "AVAXUSD_PERP", "AVAX", "USD", "contracts"),
        ("inverse", "BTC0928", "BTC", "", "contracts"),
    ],
)
def test_units_of_a_market(kind: str, symbol: str, currency: str, price: str, quantity: str) -> None:
    """What is not known is not said."""
    fact = convert({"instrument_id": 1, "symbol": symbol, "kind": kind, "currency": currency}, Instrument)
    assert (price_unit(fact), quantity_unit(fact)) == (price, quantity)


def test_a_short_run_is_watched_step_by_step() -> None:
    """By the clock there would be nothing to see."""
    perp = Instrument(instrument_id=1, symbol="PERP", mark_source="external")
    venue = Exchange([perp], Rules())
    recorder = Recorder()
    venue.add_sink(recorder.attach(venue))
    for ts_ns in range(1, 301):
        venue.apply(SetMarkPrice(ts_ns * 1_000, instrument=1, price_ticks=1_000 + ts_ns))
    recorder.finish()
    assert not is_sudden(recorder.film())
    assert run()["prefer"] == "step"


def test_same_run_same_bytes(tmp_path: Path) -> None:
    """Nothing of when, where or how fast is in the file."""
    pages = [tmp_path / "a.html", tmp_path / "b.html"]
    for path in pages:
        assert main(["crash", "okex-2018", "--report", str(path)]) == 0
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_nothing_is_fetched() -> None:
    """No address in any attribute or style, and a policy that would refuse one."""
    text = page(About("t", "d", "recorded"), [run()])
    markup = re.sub(r"<script[^>]*>.*?</script>", "", text, flags=re.DOTALL)
    assert re.findall(r"(?:src|href|action|url)\s*[=(]\s*[\"']?(?!#|data:,)[^\s\"'>]+", markup) == []
    assert "default-src 'none'" in markup
    assert "@import" not in markup
    assert "'unsafe-eval'" not in markup


def test_every_script_is_allowed_by_its_hash() -> None:
    """Three scripts run; the data and the licences are none."""
    text = page(About("t", "d", "recorded"), [run()])
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert policy[1].count("'sha256-") == len(re.findall(r"<script>", text)) == 3
    assert "script-src 'unsafe-inline'" not in policy[1]


def test_text_of_a_scenario_is_escaped() -> None:
    """Only our own tags are left, wherever the text stands."""
    text = hostile_page()
    assert text.count("<script") == 5
    assert "<img src=x" not in text
    assert HOSTILE[:30] not in text


def test_tables_of_a_comparison_count_their_rows_and_round() -> None:
    """For a board: no more digits than four or so; the heading says how many accounts there are."""
    loaded = load_crash("okex-2018")
    sides = [run_side(loaded, spec) for spec in (SideSpec("A"), SideSpec("B", {"fund.opening": "5000"}))]
    tables = dict(comparison_tables(sides, 2))
    heading = next(title for title in tables if "that differ" in title)
    rows = tables[heading][1:]
    assert heading.startswith(f"The {len(rows)} accounts of B that differ most from A, of ")
    assert not re.search(r"\.\d{3}", " ".join(row[4] for row in rows))
    heading = next(title for title in dict(comparison_tables(sides, 1_000)) if "that differ" in title)
    assert "most" not in heading


def test_numbers_that_a_page_does_not_check_are_said(tmp_path: Path) -> None:
    """Those of variants need runs of their own."""
    path = tmp_path / "page.html"
    assert main(["crash", "gdax-2017", "--report", str(path)]) == 0
    known = [found for found in load_crash("gdax-2017").crash.expected if found.variant or found.of_variant is not None]
    assert f"{len(known)} more numbers are about what-if runs" in path.read_text()


def test_a_row_with_a_long_text_can_be_a_block() -> None:
    """On a phone; each of its cells carries the name of its column, and says what it is."""
    text = page(About("t", "d", "recorded", tables=[("T", [["account", "why"], ["7", "because " * 9]])]), [run()])
    assert '<table class="told" role="table">' in text
    assert '<th scope="row" role="rowheader" data-name="account">7</th>' in text
    assert '<td role="cell" data-name="why">because' in text
    text = page(About("t", "d", "recorded", tables=[("T", [["account", "why"], ["7", "so"]])]), [run()])
    assert 'class="told"' not in text


def test_data_in_a_script_tag_stays_data() -> None:
    """What comes back is what went in."""
    told = in_script({"text": HOSTILE})
    assert "<" not in told
    assert json.loads(told) == {"text": HOSTILE}


@pytest.mark.parametrize(
    ("value", "text"), [("0", "0"), ("0.4512", "0.4512"), ("999.994", "999.99"), ("24571.4", "24,571")]
)
def test_round_numbers(value: str, text: str) -> None:
    """About four digits."""
    from decimal import Decimal

    assert rounded(Decimal(value)) == text
    assert rounded(Decimal(1_234_567)) == "1.23 million"


def test_a_page_has_a_name_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No file of data is replaced by mistake, and nothing is left of what was not written."""
    assert page_path("", "gdax-2017") == Path("gdax-2017.html")
    with pytest.raises(ConfigError, match=r"expected a name that ends in \.html"):
        page_path("trades.csv", "x")
    assert main(["crash", "okex-2018", "--report", str(tmp_path / "no" / "x.html")]) == 2
    assert "Traceback" not in capsys.readouterr().err
    write_page(tmp_path / "x.html", About("t", "d", "recorded"), [run()])
    assert [path.name for path in tmp_path.iterdir()] == ["x.html"]


def test_without_a_display_it_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No browser of text takes over the terminal."""
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert (
        opened(tmp_path / "x.html") == f"the page is {(tmp_path / 'x.html').resolve()} (no display here to open it on)"
    )
    monkeypatch.setenv("DISPLAY", ":0")
    asked: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda where: not asked.append(where))  # type: ignore[func-returns-value]
    assert opened(tmp_path / "x.html").startswith("opened ")
    assert asked == [(tmp_path / "x.html").resolve().as_uri()]


def test_what_was_rolled_back_is_shown_and_said(tmp_path: Path) -> None:
    """The crash is what the venue undid; the venue that stands at the end has hardly moved."""
    path = tmp_path / "mtgox.html"
    assert main(["crash", "mtgox-2011", "--report", str(path)]) == 0
    text = path.read_text(encoding="utf-8")
    assert "fell from 17.51 to 0.01" in text
    assert "The venue undid all of it." in text


def test_demonstration_has_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`cascade run` writes one, too, of what ran until a time."""
    path = tmp_path / "demo.html"
    assert main(["run", "demo", "--until", "events:3000", "--report", str(path)]) == 0
    assert capsys.readouterr().out.rstrip().endswith(f"page in {path}")
    assert "The demonstration" in path.read_text(encoding="utf-8")


def test_pictures_for_a_paper(tmp_path: Path) -> None:
    """One PNG for each chart that has something to show; no page unless asked."""
    pytest.importorskip("matplotlib", reason="matplotlib is missing: extra lab")
    assert main(["crash", "okex-2018", "--png", str(tmp_path / "png")]) == 0
    found = sorted(path.name for path in (tmp_path / "png").iterdir())
    assert found == ["depth.png", "fund.png", "price.png", "who-paid.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in (tmp_path / "png").iterdir())
