"""docs/formats.md: its examples run, and its tables name what there is."""

import inspect
import re
from importlib import import_module
from pathlib import Path

import msgspec
import pytest

from exchange import Exchange
from exchange.events import OrderRejected, RequestRejected
from replay.cli import main
from replay.population import Bracket, PopulationSpec
from replay.scenario import DEMO, open_scenario
from replay.sources import FORMATS, open_source
from replay.toml_file import convert_table, read_toml
from replay.venues import load_venue

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/formats.md").read_text(encoding="utf-8")
SAMPLE = ROOT / "docs/examples/population.toml"


def section(title: str) -> str:
    """Return the text under a heading."""
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def block(title: str, number: int) -> str:
    """Return a fenced block of a section."""
    found = re.findall(r"^```\w*\n(.*?)^```$", section(title), re.MULTILINE | re.DOTALL)
    return str(found[number])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the page's venue file."""
    monkeypatch.chdir(tmp_path)
    Path("venue.toml").write_text(block("Instruments", 0))
    return tmp_path


@pytest.mark.parametrize(("title", "number", "name"), [("CSV", 1, "day.csv"), ("JSON lines", 0, "day.jsonl")])
def test_example_of_a_day_is_read(folder: Path, title: str, number: int, name: str) -> None:
    """As it stands on the page."""
    Path(name).write_text(block(title, number))
    options = {"instruments": "venue.toml"} if name == "day.csv" else {}
    assert list(open_source(name, options).commands())


def test_example_of_a_day_runs_without_a_refusal(folder: Path) -> None:
    """With the venue of the page, through the command line and through the venue itself."""
    Path("day.csv").write_text(block("CSV", 1))
    assert main(("run", "day.csv", "--venue", "venue.toml", "--check")) == 0
    rules, instruments = load_venue("venue.toml")
    venue = Exchange(instruments, rules)
    events = [
        event
        for command in open_source("day.csv", {"instruments": "venue.toml"}).commands()
        for event in venue.apply(command)
    ]
    assert len(events) == 3
    assert not any(isinstance(event, OrderRejected | RequestRejected) for event in events)


def test_population_table_names_every_field() -> None:
    """And every one of a bracket; the sample is one that the demonstration takes."""
    named = set(re.findall(r"^\| `(\w+)`", section("Population"), re.MULTILINE))
    assert named == {field.name for field in msgspec.structs.fields(PopulationSpec)}
    for field in msgspec.structs.fields(Bracket):
        assert f"`{field.name}`" in section("Population")
    spec = convert_table(read_toml(SAMPLE), PopulationSpec, SAMPLE)
    assert len(open_scenario(DEMO, population=SAMPLE).sources) == 2
    assert spec.count == 500


def test_options_table_names_every_option() -> None:
    """Of every reader; what the page calls an option is one."""
    named = set(re.findall(r"\| `(\w+)` (?=\|)", section("Options of the readers")))
    taken = {"seed"}  # of the demonstration
    for known in FORMATS.values():
        module, _, name = known.factory.partition(":")
        taken |= set(inspect.signature(getattr(import_module(module), name)).parameters) - {"path"}
    assert named - {"demo"} == taken


@pytest.mark.parametrize("until", re.findall(r"^\|[^|]*\| `([^`]+)` \|", section("Until"), re.MULTILINE))
def test_every_form_of_until_is_taken(folder: Path, until: str) -> None:
    """As the examples of the table."""
    Path("day.csv").write_text(block("CSV", 1))
    assert main(("run", "day.csv", "--venue", "venue.toml", "--until", until)) == 0
