"""What `cascade convert` writes: the format that a result's name asks for, and whether it may be written there."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from exchange.errors import ConfigError
from replay.sources import COMPRESSED_SUFFIXES

_FORMATS: Final = {".tape": "tape", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


def result_format(path: str | Path, compression: str = "none") -> str:
    """Return 'tape', 'csv' or 'jsonl', by the last suffix of a name, or the one ahead of a compression's.

    compression: of a tape's blocks. Raises ConfigError for another name, or a compression that the format has not.
    """
    name = Path(path).name
    packed = next((suffix for suffix in COMPRESSED_SUFFIXES if name.lower().endswith(suffix)), "")
    name = name[: len(name) - len(packed)]
    found = _FORMATS.get(Path(name).suffix.lower())
    if found is None:
        suffixes = ", ".join(_FORMATS)
        raise ConfigError(f"{path}: expected a result named {suffixes}, found {Path(path).name!r}")
    if found == "tape" and packed:
        raise ConfigError(f"{path}: expected a tape named .tape, its blocks with --compression zstd, found {packed!r}")
    if found != "tape" and compression != "none":
        raise ConfigError(
            f"{path}: expected --compression with a tape only; text is compressed by its name: {name}.zst"
        )
    return found


def check_target(path: str | Path, inputs: Iterable[object], *, is_forced: bool = False) -> None:
    """Raise ConfigError where a result would replace a file: one of `inputs` in any case, another one unless forced.

    inputs: whatever was given to read from; what is no file is passed over.
    """
    target = Path(path)
    for given in inputs:
        if isinstance(given, str | Path) and target.exists() and Path(given).exists() and target.samefile(given):
            raise ConfigError(f"{path}: expected another file than what is read, found {given}")
    if target.exists() and not is_forced:
        raise ConfigError(f"{path}: expected a new file, or --force to replace it, found one that exists")
