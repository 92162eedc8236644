"""`python -m replay` is the command `cascade`.

The command line is imported inside: ctrl-C while that goes on, the first tenth of a second, ends as quietly as later.
"""

import sys

_INTERRUPTED = 130


def main() -> int:
    """Run the command line; return its exit code."""
    try:
        from replay.cli import main as run

        return run()
    except KeyboardInterrupt:
        if sys.stderr is not None:
            sys.stderr.write("cascade: interrupted\n")
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
