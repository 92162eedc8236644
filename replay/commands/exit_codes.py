"""What the program ends with."""

from typing import Final

OK: Final = 0
FAULTY: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141
