"""A folder to work in, and the command line in this process."""

from pathlib import Path

import pytest

from replay.cli import main
from tests.cli.user import CSV, VENUE, Cascade, without_speed


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with a venue file and a source."""
    monkeypatch.chdir(tmp_path)
    Path("venue.toml").write_text(VENUE)
    Path("day.csv").write_text(CSV)
    return tmp_path


@pytest.fixture
def cascade(folder: Path, capsys: pytest.CaptureFixture[str]) -> Cascade:
    """Run the command line in this process; return exit code, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(arguments)
        except SystemExit as left:  # argparse
            code = int(left.code or 0)
        out, err = capsys.readouterr()
        return code, out, without_speed(err)

    return run
