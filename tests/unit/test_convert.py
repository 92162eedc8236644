"""`cascade convert`: what the result's name asks for, and which files it leaves alone."""

import bz2
import gzip
import lzma
from pathlib import Path

import pytest

from exchange.errors import ConfigError
from replay.cli import main
from replay.convert import check_target, result_format
from replay.sources import open_source
from replay.tape import TapeReader

VENUE = '[[instruments]]\ninstrument_id = 1\nsymbol = "BTC"\ntick_size = 0.1\nlot_size = 0.001\nmoney_unit = 0.01\n'
CSV = "type,ts_ns,account,amount\nDeposit,1,5,1000.00\nDeposit,2,6,1000.00\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a source and its venue, to work in."""
    monkeypatch.chdir(tmp_path)
    Path("venue.toml").write_text(VENUE)
    Path("day.csv").write_text(CSV)
    return tmp_path


def convert(*arguments: str) -> int:
    """Convert the day's file."""
    return main(("convert", "day.csv", *arguments, "--venue", "venue.toml"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("day.tape", "tape"),
        ("foo_message_1.csv", "csv"),
        ("day.CSV.GZ", "csv"),
        ("day.tape.csv", "csv"),
        ("day.jsonl.zst", "jsonl"),
        ("day.ndjson", "jsonl"),
    ],
)
def test_last_suffix_decides(name: str, expected: str) -> None:
    """Or the one ahead of a compression's; nothing else in the name counts."""
    assert result_format(name) == expected


@pytest.mark.parametrize("name", ["day", "day.gz", "day.dbn", "day.csv.txt", ".gz"])
def test_other_names_are_refused(name: str) -> None:
    """Whatever they could mean."""
    with pytest.raises(ConfigError, match="expected a result named"):
        result_format(name)


def test_compression_that_does_not_fit_is_refused() -> None:
    """A tape compresses its blocks, and text is compressed by its name."""
    assert result_format("day.tape", "zstd") == "tape"
    with pytest.raises(ConfigError, match=r"with a tape only; .*x\.csv\.zst"):
        result_format("x.csv", "zstd")
    with pytest.raises(ConfigError, match=r"--compression zstd, found '\.gz'"):
        result_format("x.tape.gz")


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_text_is_compressed_by_its_name(folder: Path, form: str) -> None:
    """The same text under each, and the same bytes twice."""
    pytest.importorskip("zstandard")
    assert convert(f"x.{form}") == 0
    plain = Path(f"x.{form}").read_bytes()
    for suffix, opened in (("gz", gzip.decompress), ("bz2", bz2.decompress), ("xz", lzma.decompress), ("zst", None)):
        name = Path(f"x.{form}.{suffix}")
        assert convert(str(name)) == 0
        first = name.read_bytes()
        assert first != plain
        if opened is not None:
            assert opened(first) == plain
        assert len(list(open_source(name).commands())) == 2
        assert convert(str(name), "--force") == 0
        assert name.read_bytes() == first


def test_file_that_exists_is_replaced_only_by_force(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And the line says how."""
    Path("x.tape").write_text("precious")
    assert convert("x.tape") == 2
    assert "x.tape: expected a new file, or --force" in capsys.readouterr().err
    assert Path("x.tape").read_text() == "precious"
    assert convert("x.tape", "--force") == 0
    assert TapeReader("x.tape").record_count == 2


def test_what_is_read_is_never_replaced(folder: Path) -> None:
    """The source, also by another name of it, the venue, a file named by an option."""
    Path("other.csv").symlink_to("day.csv")
    for name in ("day.csv", "other.csv", "./day.csv"):
        assert convert(name, "--force") == 2
    assert Path("day.csv").read_text() == CSV
    with pytest.raises(ConfigError, match="another file than what is read"):
        check_target("venue.toml", ("day.csv", None, 3, "venue.toml"), is_forced=True)
