"""Checks of a recorded file: is the recording sound, and does the venue's book follow it?

Each check follows the book twice: by the recording's own rules alone, and in an `Exchange` that is fed the source's
commands, without injected accounts. A fault is a place where the recording contradicts itself, or where the venue's
book is not the recorded one.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exchange.errors import ConfigError
from replay.sources import Source, open_source
from replay.sources.dbn import DbnSource
from replay.sources.lobster import LobsterSource
from replay.verify.dbn import verify_dbn
from replay.verify.findings import Fault, VerifyReport
from replay.verify.lobster import verify_lobster

__all__ = ["Fault", "VerifyReport", "verify_dbn", "verify_file", "verify_lobster", "verify_source"]


def verify_file(
    path: str | Path, options: Mapping[str, Any] | None = None, *, format_name: str | None = None
) -> VerifyReport:
    """Check a file; the arguments are those of `open_source`. Raises ConfigError for a format that has no check."""
    return verify_source(open_source(path, options, format_name=format_name))


def verify_source(source: Source) -> VerifyReport:
    """Check what a source reads. Raises DataError where it cannot be read at all."""
    if isinstance(source, LobsterSource):
        return verify_lobster(source)
    if isinstance(source, DbnSource):
        return verify_dbn(source)
    raise ConfigError(f"{source.description}: expected a LOBSTER or DBN file, as others show no book to check against")
