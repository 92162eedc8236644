"""Files that exist whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing under a temporary name; it takes its own name when the block ends without an error.

    After an error, or an interrupt, nothing new is left and what stood at `path` before is untouched.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # Else a power cut could keep the name and lose the bytes.
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
