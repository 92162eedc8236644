"""Checks of a recorded file: is the recording sound, and does the venue's book follow it?

The check of a LOBSTER or DBN file follows the book twice: by the recording's own rules alone, and in an `Exchange` that
is fed the source's commands, without injected accounts. A fault is a place where the recording contradicts itself, or
where the venue's book is not the recorded one. Every other source shows no book: it is run on a venue, which checks
itself.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from exchange.instrument import Instrument
from exchange.rules import Rules
from replay.sources import Source, open_source
from replay.sources.dbn import DbnSource
from replay.sources.lobster import LobsterSource
from replay.verify.commands import verify_commands
from replay.verify.dbn import verify_dbn
from replay.verify.findings import Fault, VerifyReport
from replay.verify.lobster import verify_lobster

__all__ = [
    "Fault",
    "VerifyReport",
    "shows_its_book",
    "verify_commands",
    "verify_dbn",
    "verify_file",
    "verify_lobster",
    "verify_source",
]


def verify_file(
    path: str | Path, options: Mapping[str, Any] | None = None, *, format_name: str | None = None
) -> VerifyReport:
    """Check a file; the arguments are those of `open_source`. What shows no book runs under default rules."""
    return verify_source(open_source(path, options, format_name=format_name))


def shows_its_book(source: Source) -> bool:
    """Return whether a source is a recording whose book the venue's can be compared with."""
    return isinstance(source, LobsterSource | DbnSource)


def verify_source(
    source: Source, rules: Rules | None = None, instruments: Sequence[Instrument] | None = None
) -> VerifyReport:
    """Check what a source reads. rules, instruments: of the venue that a source without a book is run on.

    Raises DataError where the source cannot be read at all.
    """
    if isinstance(source, LobsterSource):
        return verify_lobster(source)
    if isinstance(source, DbnSource):
        return verify_dbn(source)
    return verify_commands(source, rules or Rules(), instruments or source.instruments)
