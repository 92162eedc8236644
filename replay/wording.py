"""How an error says what it found: short, with the name that the user typed, without the system's own words."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from exchange.errors import ConfigError

_LONGEST: Final = 80
_FOUND: Final = {
    errno.EISDIR: ("a file", "a folder"),
    errno.ENOTDIR: ("a folder on the way there", "a file"),
    errno.EEXIST: ("a name that is not taken", "a file or folder of that name"),
    errno.EACCES: ("permission to open it", "none"),
    errno.EPERM: ("permission to open it", "none"),
    errno.EROFS: ("a disk that can be written", "a read-only one"),
    errno.ENOSPC: ("room on the disk", "a full one"),
    errno.EDQUOT: ("room on the disk", "a full quota"),
    errno.ENAMETOOLONG: ("a shorter name", "one too long for the disk"),
    errno.ELOOP: ("a file", "links in a circle"),
}


def shown(value: object) -> str:
    """Return the repr of what was found, cut to about 80 characters."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 20]}... ({len(text):,} characters)"


def os_error_text(error: OSError, path: str | Path | None = None, *, is_written: bool = False) -> str:
    """Return "PATH: expected ..., found ..." for an error of the operating system; path: as the user typed it."""
    name = path if path is not None else error.filename
    if error.errno == errno.ENOENT:
        expected, found = ("a folder to write in" if is_written else "a readable file"), "none"
    else:
        otherwise = ("to write it" if is_written else "to read it", (error.strerror or str(error)).lower())
        expected, found = _FOUND.get(error.errno or 0, otherwise)
    text = f"expected {expected}, found {found}"
    return text if name is None else f"{name}: {text}"


@contextmanager
def os_errors_of(path: str | Path, *, is_written: bool = False) -> Iterator[None]:
    """Raise ConfigError with `os_error_text` in place of the OSErrors of a block that deals with one file."""
    try:
        yield
    except OSError as error:
        raise ConfigError(os_error_text(error, path, is_written=is_written)) from error
