"""One hash of everything that happened: equal on every machine for the same commands, compiled or not.

d0 is 32 zero bytes; dk = BLAKE2b-256(dk-1 + the k-th block of 65,536 event records). Reading the digest hashes the open
block as if it were the next, without closing it.
"""

from hashlib import blake2b
from typing import final


@final
class EventDigest:
    """A sink of event blocks."""

    def __init__(self) -> None:
        """Start at d0."""
        self.chained: bytes = bytes(32)

    def write(self, block: bytes, first_seq: int) -> None:
        """Take the next full block."""
        self.chained = self._next(block)

    def read(self, open_block: bytes) -> str:
        """Return the digest, in hexadecimal, with the records that are not in a full block yet."""
        return (self._next(open_block) if open_block else self.chained).hex()

    def _next(self, block: bytes) -> bytes:
        return blake2b(self.chained + block, digest_size=32).digest()
