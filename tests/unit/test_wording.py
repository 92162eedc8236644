"""What errors say: the name that the user typed, and nothing of the system's own words."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from exchange.errors import ConfigError
from replay.atomic_file import atomic_file
from replay.cli import main
from replay.sources.text import TextFile
from replay.tape import TapeReader
from replay.wording import os_error_text, shown


def test_found_is_cut() -> None:
    """At 80 characters of its repr, saying how many there were."""
    assert shown("x" * 78) == repr("x" * 78)
    assert shown("0" * 5_000) == "'" + "0" * 59 + "... (5,002 characters)"


def write(path: Path) -> None:
    """Write an empty file."""
    with atomic_file(path):
        pass


def test_writing_names_the_file_itself(tmp_path: Path) -> None:
    """Not its temporary name; and nothing is left."""
    (tmp_path / "folder.tape").mkdir()
    (tmp_path / "file").touch()
    for name, expected in (
        ("absent/x.tape", "expected a folder to write in, found none"),
        ("folder.tape", "expected a file, found a folder"),
        ("file/x.tape", "expected a folder on the way there, found a file"),
        ("x" * 300, "expected a shorter name, found one too long for the disk"),
    ):
        with pytest.raises(ConfigError) as raised:
            write(tmp_path / name)
        assert str(raised.value) == f"{tmp_path / name}: {expected}"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.tape"]


def test_full_disk_is_told_from_other_trouble(tmp_path: Path) -> None:
    """What else goes wrong in the block keeps its own error."""
    with (
        pytest.raises(ConfigError, match=r"x: expected room on the disk, found a full one"),
        atomic_file(tmp_path / "x"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(BrokenPipeError), atomic_file(tmp_path / "x"):
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("reader", [TapeReader, lambda path: list(TextFile(path).lines())])
def test_reading_names_the_file(tmp_path: Path, reader: Callable[[Path], object]) -> None:
    """One that is not there, and a folder."""
    with pytest.raises(ConfigError, match=r"absent: expected a readable file, found none$"):
        reader(tmp_path / "absent")
    with pytest.raises(ConfigError, match=r"expected a file, found a folder$"):
        reader(tmp_path)


def test_unknown_trouble_says_what_was_to_be_done() -> None:
    """With the system's words, as there are no better ones."""
    assert os_error_text(OSError(errno.EIO, "Input/output error"), "x") == (
        "x: expected to read it, found input/output error"
    )


def test_command_line_never_shows_error_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whichever file has the trouble."""
    monkeypatch.chdir(tmp_path)
    Path("folder.csv").mkdir()
    for named, *arguments in (
        ("absent/x.csv", "convert", "demo", "absent/x.csv"),
        ("folder.csv", "convert", "demo", "folder.csv", "--force"),
        ("folder.csv", "run", "folder.csv", "--venue", "generic_linear"),
        ("absent.tape", "info", "absent.tape"),
    ):
        assert main(arguments) == 2
        err = capsys.readouterr().err
        assert "Errno" not in err
        assert "partial" not in err
        assert err.startswith(f"cascade: {named}: expected")
