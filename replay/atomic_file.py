"""Files that exist whole or not at all, compressed where their names say so."""

import bz2
import errno
import gzip
import lzma
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast

from exchange.errors import ConfigError
from replay.wording import os_error_text, os_errors_of
from replay.zstd import zstandard_for

_OF_WRITING: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing under a temporary name; it takes its own name when the block ends without an error.

    After an error, or an interrupt, nothing new is left and what stood at `path` before is untouched.
    Raises ConfigError with the file's own name where it cannot be opened or named.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with os_errors_of(path, is_written=True):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        file = partial.open("wb")
    try:
        with file:
            try:
                yield file
            except OSError as error:
                if error.errno in _OF_WRITING:
                    raise ConfigError(os_error_text(error, path, is_written=True)) from error
                raise  # Of something else that the block does.
            with os_errors_of(path, is_written=True):
                file.flush()
                os.fsync(file.fileno())  # Else a power cut could keep the name and lose the bytes.
        with os_errors_of(path, is_written=True):
            partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


@contextmanager
def atomic_text_file(path: Path) -> Iterator[IO[bytes]]:
    """As `atomic_file`, for bytes of text: a name that ends in .gz, .zst, .xz or .bz2 has them compressed.

    The same bytes give the same file: no time is stored.
    """
    with atomic_file(path) as file:
        match path.suffix.lower():
            case ".gz":
                packed = cast(IO[bytes], gzip.GzipFile("", "wb", fileobj=file, mtime=0))
            case ".bz2":
                packed = bz2.BZ2File(file, "wb")
            case ".xz":
                packed = lzma.LZMAFile(file, "wb")  # noqa: SIM115 - closed below, as the others are
            case ".zst":
                packed = zstandard_for(str(path)).ZstdCompressor().stream_writer(file, closefd=False)
            case _:
                yield file
                return
        with packed:
            yield packed
