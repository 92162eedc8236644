"""The command line in a process of its own: signals, closed streams, encodings."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.user import CSV, ROOT, Cascade, without_speed


def process(*arguments: str, **options: Any) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "replay", *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hears_ctrl_c,  # noqa: PLW1509 - tests run on one thread
        **options,
    )


def hears_ctrl_c() -> None:
    """A job in the background is started with SIGINT ignored, and so would be the processes of its tests."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Have ctrl-C heard in this process, however it was started."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_leaves_whole_outputs(folder: Path) -> None:
    """The run ends between two commands, with exit code 130; what it wrote is whole and runs to the same digest."""
    run = process("run", "demo", "--check", "--out", "run", "--json")  # --check makes it last half a minute
    for _ in range(2_000):
        if list(folder.glob(".run.*/.events.log.*")):
            break
        time.sleep(0.01)
    time.sleep(0.5)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=60)
    summary = json.loads(out.splitlines()[-1])
    assert (run.returncode, summary["stopped"], err) == (130, "interrupt", "")
    assert sorted(path.name for path in folder.glob("*run*")) == ["run"]
    assert sorted(path.name for path in Path("run").iterdir()) == ["commands.tape", "events.log", "summary.json"]
    again = process("run", "run/commands.tape", "--json")
    out, _ = again.communicate(timeout=60)
    assert json.loads(out)["digest"] == summary["digest"]
    assert json.loads(out)["commands"] == summary["commands"] > 0


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_second_ctrl_c_removes_outputs(folder: Path, ctrl_c: None) -> None:
    """Who cannot wait gets nothing half-written."""
    from replay.interrupt import asks_to_stop

    with asks_to_stop() as should_stop:
        assert not should_stop()
        signal.raise_signal(signal.SIGINT)
        assert should_stop()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_folders_made_for_outputs_go_with_them(cascade: Cascade) -> None:
    """After an error nothing is left of the way to the folder, either; what was there before stays."""
    Path("old").mkdir()
    Path("day.csv").write_text(CSV + "Nonsense,9,BTC,5,1,buy,0.002,100.1,\n")
    assert cascade("run", "day.csv", "--venue", "venue.toml", "--out", "old/new/sub/run")[0] == 2
    assert not list(Path("old").iterdir())


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_sigterm_is_ctrl_c_and_an_ignored_signal_stays_so() -> None:
    """As under a supervisor, and under nohup."""
    from replay.interrupt import asks_to_stop, sigterm_interrupts

    with asks_to_stop() as should_stop:
        signal.raise_signal(signal.SIGTERM)
        assert should_stop()
    with sigterm_interrupts(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with asks_to_stop() as should_stop:
            signal.raise_signal(signal.SIGINT)
            assert not should_stop()
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell")
@pytest.mark.parametrize(("closed", "code"), [(">&-", 0), ("2>&-", 0), (">&- 2>&-", 0)])
def test_closed_streams_are_no_error(folder: Path, closed: str, code: int) -> None:
    """Nobody looks; the run goes on, and nothing lands in a file that took the stream's number."""
    command = f'"{sys.executable}" -m replay run day.csv --venue venue.toml --out run {closed}'
    found = subprocess.run(
        ["sh", "-c", command], env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert (found.returncode, "Traceback" in found.stderr) == (code, False), found.stderr
    verify = process("verify", "run/events.log")
    verify.communicate(timeout=60)
    assert verify.returncode == 0


def test_name_that_the_encoding_lacks_is_printed(folder: Path) -> None:
    """Escaped, where stdout is ASCII."""
    Path("día.csv").write_text(CSV)
    found = subprocess.run(
        [sys.executable, "-m", "replay", "run", "día.csv", "--venue", "venue.toml"],
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, without_speed(found.stderr)) == (0, "")
    assert "d\\xeda.csv" in found.stdout


def test_reader_that_leaves_is_no_error(folder: Path) -> None:
    """`cascade ... | head` ends quietly."""
    run = process("run", "demo")
    assert run.stdout is not None
    run.stdout.close()
    assert run.stderr is not None
    assert without_speed(run.stderr.read()) == ""
    assert run.wait(timeout=60) == 141
    run.stderr.close()


def test_ctrl_c_during_the_imports_is_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first tenth of a second is no traceback, either."""
    from replay.__main__ import main as entry

    def interrupted() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("replay.cli.main", interrupted)
    assert entry() == 130
    assert capsys.readouterr().err == "cascade: interrupted\n"


def test_module_and_script_are_one() -> None:
    """`python -m replay` is `cascade`."""
    run = process("--version")
    out, _ = run.communicate(timeout=60)
    assert out.startswith("cascade ")
