"""The README: what it tells people to type works, and what it claims is so."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from replay.cli import main

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [text for name, text in found if name == language]


def test_first_two_commands_are_one_line_each() -> None:
    """One sets up and replays a crash that ships, the other sets up and tests."""
    crash, tests = blocks("sh")[:2]
    assert crash.count("\n") == tests.count("\n") == 1
    assert crash.endswith("cascade crash gdax-2017 --open\n")
    assert "pytest" in tests


def test_example_is_short_and_runs() -> None:
    """At most 30 lines; its long is liquidated, and the fund pays what is missing."""
    (example,) = blocks("python")
    assert len(example.splitlines()) <= 30
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    assert "LiquidationStarted(" in done.stdout
    assert "FundPaid(" in done.stdout
    assert "outcome=<LiquidationOutcome.COVERED" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("0 [Position(instrument=1, size_lots=100,")


def test_story_of_the_crash_is_the_one_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Word for word, up to what depends on the machine."""
    assert main(["crash", "gdax-2017"]) == 0
    told = capsys.readouterr().out.splitlines()
    shown = blocks("")[0].splitlines()
    assert told[2 : 2 + len(shown)] == shown


def test_files_that_it_names_exist() -> None:
    """Links and paths in code spans."""
    for path in re.findall(r"`((?:exchange|replay|docs|tests|benchmarks)/[\w./]*)`|\]\(([\w./]+)\)", README):
        assert (ROOT / (path[0] or path[1])).exists(), path
