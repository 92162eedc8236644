"""`python -m replay` is the command `cascade`."""

import sys

from replay.cli import main

sys.exit(main())
