"""The page in a real browser: it needs no network, every chart follows the slider, and anybody can use it.

Skipped, with the reason, where playwright (extra `browser`) or a Chromium is missing.
"""

import csv
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from replay.cli import main

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install -e '.[browser]'")
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium here: apt-get install chromium")

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
ALL_CHARTS = {"price", "depth", "book", "paid", "tree"}  # of the crash below: it has no fund, nobody is deleveraged


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page of one run, one of two, and one of a run in which everybody pays."""
    folder = tmp_path_factory.mktemp("pages")
    found = {name: folder / f"{name}.html" for name in ("one", "two", "all")}
    assert main(["crash", "gdax-2017", "--report", str(found["one"])]) == 0
    assert main(["compare", "gdax-2017", "--variant", "thick", "--report", str(found["two"])]) == 0
    assert main(["crash", "okex-2018", "--report", str(found["all"])]) == 0
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for all tests."""
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


class Opened:
    """A page that is open, offline, and what it complained of or asked for."""

    def __init__(self, browser: Any, path: Path, **options: Any) -> None:
        """Open it and wait until its charts are drawn."""
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.context = browser.new_context(offline=True, **{"viewport": DESKTOP, **options})
        self.page = self.context.new_page()
        self.page.on(
            "console", lambda said: self.errors.append(said.text) if said.type in ("error", "warning") else None
        )
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("html[data-ready]", state="attached")

    def __enter__(self) -> "Opened":
        """Nothing more to do."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.context.close()

    def pictures(self) -> dict[str, tuple[str, str, str]]:
        """What each chart shows now: its pixels, its veil, and what a screen reader is told."""
        found: dict[str, tuple[str, str, str]] = self.page.evaluate(
            """() => Object.fromEntries(cards.filter((card) => !card.isEmpty).map((card) => [card.given.id, [
                 card.chart.getDataURL(), card.veil.style.left, card.canvas.getAttribute("aria-label")]]))"""
        )
        return found

    def wait_for(self, condition: str) -> None:
        """Wait at most five seconds; the page's policy forbids what playwright would wait with."""
        for _ in range(250):
            if self.page.evaluate(condition):
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(f"expected {condition}, found state.at {self.page.evaluate('state.at')}")

    def seek(self, per_mille: int) -> None:
        """Move the slider as a hand would."""
        self.page.locator("#slider").evaluate(
            "(it, to) => { it.value = to; it.dispatchEvent(new Event('input', { bubbles: true })); }", per_mille
        )


@pytest.mark.parametrize("name", ["one", "two", "all"])
def test_loads_offline_without_a_word(browser: Any, pages: dict[str, Path], name: str, record_property: Any) -> None:
    """No error, no warning, no request but for the file itself; how long it took is measured, not asserted."""
    with Opened(browser, pages[name]) as opened:
        assert opened.errors == []
        assert [url for url in opened.requests if not url.startswith(("file:", "data:", "blob:"))] == []
        ready_ms = opened.page.get_attribute("html", "data-ready")
        record_property("ready_ms", ready_ms)
    assert pages[name].stat().st_size < 8_000_000


def test_slider_moves_every_chart(browser: Any, pages: dict[str, Path]) -> None:
    """Each chart shows another picture, or covers another part of it, and says so, at both ends and between."""
    for name, charts in (("one", ALL_CHARTS), ("two", ALL_CHARTS), ("all", {"price", "fund", "paid", "cuts", "tree"})):
        with Opened(browser, pages[name]) as opened:
            seen = []
            for per_mille in (0, 870, 1000):
                opened.seek(per_mille)
                seen.append(opened.pictures())
            assert charts <= seen[0].keys()
            for chart in seen[0]:
                shown = [picture[chart] for picture in seen]
                assert len({(pixels, veil) for pixels, veil, _ in shown}) >= 2, f"{name}: {chart} stands still"
                assert len({told for *_, told in shown}) >= 2, f"{name}: {chart} says the same"
            assert opened.errors == []


def test_what_is_told_follows_the_slider(browser: Any, pages: dict[str, Path]) -> None:
    """The crash's first price at the start, its low at the end."""
    with Opened(browser, pages["one"]) as opened:
        now = opened.page.locator("#now")
        assert "0.10" in now.inner_text()
        assert "liquidations 150" in now.inner_text()
        opened.seek(10)
        assert "liquidations 0" in now.inner_text()
        assert "price 30" in opened.page.get_attribute("#slider", "aria-valuetext")


def test_play_and_pause(browser: Any, pages: dict[str, Path]) -> None:
    """From the end, play begins anew; pause holds; the end is reached and said."""
    with Opened(browser, pages["one"]) as opened:
        page = opened.page
        page.click("#play")
        opened.wait_for("state.at > 0.01 && state.at < 1")
        assert page.inner_text("#play") == "Pause"
        page.click("#play")
        held = page.evaluate("state.at")
        page.wait_for_timeout(150)
        assert page.evaluate("state.at") == held
        opened.seek(990)
        page.select_option("#speed", "4")
        page.click("#play")
        opened.wait_for("state.at >= 1")
        assert page.inner_text("#play") == "Play again"
        assert opened.errors == []


def test_axis_can_be_changed(browser: Any, pages: dict[str, Path]) -> None:
    """A crash that took no time begins step by step; by the clock it is drawn otherwise, without an error."""
    with Opened(browser, pages["one"]) as opened:
        assert opened.page.input_value("#axis") == "step"
        before = opened.pictures()
        opened.page.select_option("#axis", "time")
        after = opened.pictures()
        assert before["price"][0] != after["price"][0]
        assert before["depth"][0] != after["depth"][0]
        assert opened.errors == []


def test_compare_shows_both(browser: Any, pages: dict[str, Path]) -> None:
    """Both runs in the headlines and in every chart of money and price; the book and the tree of either."""
    with Opened(browser, pages["two"]) as opened:
        page = opened.page
        assert page.locator(".tile").first.locator(".value").count() == 2
        names = page.evaluate(
            "cards.find((card) => card.given.id === 'price').chart.getOption().series.map((s) => s.name)"
        )
        assert {"A: price", "B: price"} <= set(names)
        assert "Side by side" in page.inner_text("main")
        assert "Who stands better or worse in B than in A" in page.inner_text("main")
        before = opened.pictures()
        page.select_option("#shown", "1")
        after = opened.pictures()
        assert before["depth"][0] != after["depth"][0]
        assert before["tree"][0] != after["tree"][0]
        assert opened.errors == []


def test_dark_mode(browser: Any, pages: dict[str, Path]) -> None:
    """As the system says, and by the button; the choice is kept where the browser keeps anything."""
    with Opened(browser, pages["one"], color_scheme="dark") as opened:
        page = opened.page
        assert page.get_attribute("html", "data-theme") == "dark"
        assert brightness(page) < 60
        before = opened.pictures()["price"][0]
        page.click("#theme")
        assert brightness(page) > 200
        assert opened.pictures()["price"][0] != before
        page.reload()
        page.wait_for_selector("html[data-ready]", state="attached")
        assert page.get_attribute("html", "data-theme") == "light"
        assert opened.errors == []
    with Opened(browser, pages["one"], color_scheme="light") as opened:
        assert brightness(opened.page) > 200


def brightness(page: Any) -> int:
    """The red of the background, 0 to 255."""
    color: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return int(color.removeprefix("rgb(").split(",")[0])


@pytest.mark.parametrize("name", ["one", "two", "all"])
def test_a_phone_needs_no_sideways_scrolling(browser: Any, pages: dict[str, Path], name: str) -> None:
    """At 390 pixels nothing stands out to the right, with the tables open, and the player leaves most of the screen."""
    with Opened(browser, pages[name], viewport=PHONE, has_touch=True, is_mobile=True) as opened:
        page = opened.page
        page.evaluate("document.querySelectorAll('details.data').forEach((it) => { it.open = true; })")
        page.wait_for_timeout(50)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        wide = page.evaluate(
            "[...document.querySelectorAll('.card, .tile, .player')]"
            ".filter((it) => it.getBoundingClientRect().right > 390.5).length"
        )
        assert wide == 0
        assert page.evaluate("document.getElementById('player').offsetHeight") < 844 / 5
        assert opened.errors == []


@pytest.mark.parametrize("name", ["one", "two", "all"])
def test_tables_stand_behind_every_chart(browser: Any, pages: dict[str, Path], name: str) -> None:
    """Each has rows, named columns, and as many cells in each row; all of them can be saved."""
    with Opened(browser, pages[name]) as opened:
        page = opened.page
        opened.seek(500)
        charts = page.evaluate("cards.filter((card) => !card.isEmpty).map((card) => card.given.id)")
        assert page.locator("details.data").count() == len(charts)
        for chart in charts:
            page.click(f"#{chart} details.data summary")
            page.wait_for_selector(f"#{chart} tbody tr")
            heads = page.locator(f"#{chart} thead th").count()
            assert heads >= 3
            assert page.locator(f"#{chart} tbody tr").first.locator("td").count() == heads
        with page.expect_download() as caught:
            page.click("#price details.data button:has-text('CSV')")
        text = Path(caught.value.path()).read_text()
        rows = list(csv.reader(text.splitlines()))
        assert re.fullmatch(r"Price( \([A-Z]+\))?", rows[0].pop())
        assert rows[0] == ["Run", "Time (UTC)", "Step", "What"]
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", row[1]) for row in rows[1:])
        assert all(re.fullmatch(r"\d+", row[2]) and re.fullmatch(r"(-?\d+(\.\d+)?)?", row[4]) for row in rows[1:])
        assert opened.errors == []


def test_numbers_of_a_file_are_exact(browser: Any, pages: dict[str, Path]) -> None:
    """Every digit, no separators, no exponents; and axes whose labels differ."""
    with Opened(browser, pages["one"]) as opened:
        say = opened.page.evaluate
        assert say("exact(123456789, '0.00000001')") == "1.23456789"
        assert say("exact(-5, '0.05')") == "-0.25"
        assert say("exact(1200, '0.50')") == "600"
        assert say("exact(7, '1E-7')") == "0.0000007"
        assert say("exact(-3, '1000')") == "-3000"
        assert say("exact(0, '0.01')") == "0"
        ticks = "((scale) => scale.ticks.map(scale.label))"
        assert say(f"{ticks}(scaleOf([1051, 1124]))") == ["1,040", "1,060", "1,080", "1,100", "1,120", "1,140"]
        assert say(f"{ticks}(scaleOf([1100000, 1120000]))")[:2] == ["1.100", "1.105"]
        assert say("scaleOf([1100000], { unit: 'USD' }).unit") == "million USD"
        assert say("scaleOf([0], { zero: true }).min") == 0


def test_the_book_names_its_best_prices(browser: Any, pages: dict[str, Path]) -> None:
    """At the end of this crash the only bid stands at 0.10, and asks above it."""
    with Opened(browser, pages["one"]) as opened:
        assert "Best bid 0.10" in opened.page.inner_text("#book .caption")
        bid, ask = opened.page.evaluate("bestAt(RUNS[0], RUNS[0].markets[0])")
        assert bid < ask


def test_charts_are_saved_as_pictures(browser: Any, pages: dict[str, Path]) -> None:
    """The button of each chart gives a PNG, three times as fine as the screen."""
    with Opened(browser, pages["one"]) as opened:
        with opened.page.expect_download() as caught:
            opened.page.click("#price button:has-text('PNG')")
        image = Path(caught.value.path()).read_bytes()
        assert image.startswith(b"\x89PNG")
        assert int.from_bytes(image[16:20], "big") > 3_000
        assert opened.errors == []


def test_keyboard_alone(browser: Any, pages: dict[str, Path]) -> None:
    """Tab reaches everything in order, arrows move the slider, space plays, enter opens a table."""
    with Opened(browser, pages["one"]) as opened:
        page = opened.page
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        reached = []
        for _ in range(40):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
        assert {"theme", "play", "slider", "axis", "speed", "SUMMARY"} <= set(reached)
        page.focus("#slider")
        page.keyboard.press("ArrowLeft")
        assert page.input_value("#slider") == "999"
        page.keyboard.press("Home")
        assert page.evaluate("state.at") == 0
        page.focus("#play")
        page.keyboard.press("Space")
        opened.wait_for("state.at > 0")
        page.focus("#price summary")
        page.keyboard.press("Enter")
        page.wait_for_selector("#price tbody tr")
        assert opened.errors == []


@pytest.mark.parametrize(
    ("name", "scheme", "viewport"), [("one", "dark", PHONE), ("two", "light", DESKTOP), ("all", "dark", DESKTOP)]
)
def test_axe_finds_no_fault(
    browser: Any, pages: dict[str, Path], name: str, scheme: str, viewport: dict[str, int]
) -> None:
    """With two tables open and the slider half way; none of any weight, the serious ones named first."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing: extra browser")
    with Opened(browser, pages[name], color_scheme=scheme, viewport=viewport) as opened:
        opened.page.evaluate(
            "document.querySelectorAll('#paid details, #tree details').forEach((it) => { it.open = true; })"
        )
        opened.seek(500)
        found = axe.Axe().run(opened.page).response["violations"]
        serious = [
            (fault["id"], fault["nodes"][0]["html"][:200])
            for fault in found
            if fault["impact"] in ("serious", "critical")
        ]
        assert serious == []
        assert [fault["id"] for fault in found] == []


def test_text_of_a_scenario_stays_text(browser: Any, tmp_path: Path) -> None:
    """Markup in a title, a story, a symbol, a rule or a source is shown, and does nothing."""
    from tests.unit.test_report_page import hostile_page

    path = tmp_path / "hostile.html"
    path.write_text(hostile_page(), encoding="utf-8")
    with Opened(browser, path) as opened:
        assert opened.page.evaluate("window.hacked") is None
        assert opened.page.locator("img").count() == 0
        assert "<img src=x onerror=" in opened.page.inner_text("h1")
        opened.page.hover("#plot-price", position={"x": 400, "y": 200})
        opened.page.wait_for_timeout(100)
        assert opened.page.evaluate("window.hacked") is None
        assert opened.page.locator("img").count() == 0
        assert opened.errors == []
