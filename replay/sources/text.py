"""Lines of a text file, compressed or not, with their numbers and the place in the file."""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import IO, Any, BinaryIO, Final, cast

from exchange.errors import ConfigError, DataError
from replay.wording import os_error_text, os_errors_of
from replay.zstd import zstandard_for

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_XZ: Final = b"\xfd7zXZ\x00"
_BZ2: Final = b"BZh"
_ZIP: Final = b"PK\x03\x04"
_CHUNK_BYTES: Final = 1 << 17
_BOM: Final = b"\xef\xbb\xbf"


class TextFile:
    """A UTF-8 text file; gzip, zstd, xz, bz2 and zip (of one file) are told by their first bytes, whatever its name.

    size_bytes and position_bytes count bytes on disk, compressed where the file is.
    """

    def __init__(self, path: str | Path) -> None:
        """Look at the size only; the file is opened by `lines`. Raises ConfigError where there is none."""
        self.path = Path(path)
        with os_errors_of(self.path):
            self.size_bytes = self.path.stat().st_size
        self.position_bytes = 0

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield (number from 1, text without its line end). Each call starts over.

        Raises DataError, with the line, for bytes that are not UTF-8 and for a damaged or truncated compressed file.
        """
        number = 0
        with os_errors_of(self.path):
            opened = self.path.open("rb")
        with opened as stored:
            try:
                for line in _opened(stored, self.path):
                    number += 1
                    self.position_bytes = stored.tell()
                    content = line.removeprefix(_BOM) if number == 1 else line
                    yield number, content.decode().rstrip("\r\n")
            except UnicodeDecodeError as error:
                found = f"byte {error.object[error.start]:#x}"
                raise DataError(f"{self.path}:{number}: expected UTF-8 text, found {found}") from error
            except (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as error:
                if isinstance(error, OSError) and error.errno is not None:
                    raise ConfigError(os_error_text(error, self.path)) from error  # The disk's trouble, not the data's.
                where = f"{self.path}: after line {number}"
                raise DataError(f"{where}: expected whole compressed text, found {error}") from error

    def first_line(self) -> str:
        """Return the first line. Raises DataError for a file in which there is nothing but blank lines."""
        first: str | None = None
        for _, line in self.lines():
            first = line if first is None else first
            if line.strip():
                return first
        raise DataError(f"{self.path}: expected lines of text, found an empty file")


def _opened(stored: BinaryIO, path: Path) -> IO[bytes]:
    start = stored.read(len(_XZ))
    stored.seek(0)
    if start.startswith(_GZIP):
        return cast(IO[bytes], gzip.GzipFile(fileobj=stored))
    if start.startswith(_XZ):
        return lzma.LZMAFile(stored)
    if start.startswith(_BZ2):
        return bz2.BZ2File(stored)
    if start.startswith(_ZIP):
        return _only_member(stored)
    if start.startswith(_ZSTD):
        return io.BufferedReader(_ZstdStream(stored, zstandard_for(str(path))), _CHUNK_BYTES)
    return stored


def _only_member(stored: BinaryIO) -> IO[bytes]:
    archive = zipfile.ZipFile(stored)
    names = archive.namelist()
    if len(names) != 1:
        raise EOFError(f"a zip archive of {len(names)} files")
    return archive.open(names[0])


class _ZstdStream(io.RawIOBase):
    """Decompressed zstd frames, one after the other; the library's own stream takes a cut frame for a whole one."""

    def __init__(self, stored: BinaryIO, zstandard: ModuleType) -> None:
        self._stored = stored
        self._zstandard = zstandard
        self._frame: Any = None
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            chunk = self._stored.read(_CHUNK_BYTES)
            if not chunk:
                if self._frame is not None:
                    raise EOFError("the end of the file within a zstd frame")
                return 0
            self._ready = self._decompressed(chunk)
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _decompressed(self, chunk: bytes) -> bytes:
        parts: list[bytes] = []
        try:
            while chunk:
                self._frame = self._frame or self._zstandard.ZstdDecompressor().decompressobj()
                parts.append(self._frame.decompress(chunk))
                chunk = self._frame.unused_data
                if self._frame.eof:
                    self._frame = None
        except self._zstandard.ZstdError as error:
            raise EOFError(str(error)) from error
        return b"".join(parts)
