"""Where the page goes, and showing it to whoever asked for it."""

import os
import sys
import webbrowser
from pathlib import Path

from exchange.errors import ConfigError


def page_path(given: str, name: str) -> Path:
    """Return where to write the page. given: of `--report`, empty for the default: the run's name in this folder.

    Raises ConfigError for a name that is not a page's, so that no file of data is replaced by mistake.
    """
    path = Path(given or f"{name}.html")
    if path.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"--report: expected a name that ends in .html, found {str(path)!r}")
    return path


def opened(path: Path) -> str:
    """Open a page in the user's browser, and return a line that says where it is."""
    where = path.resolve()
    if not _has_display():
        return f"the page is {where} (no display here to open it on)"
    try:
        is_open = webbrowser.open(where.as_uri())
    except webbrowser.Error:
        is_open = False
    return f"opened {where}" if is_open else f"the page is {where} (no browser was found to open it)"


def _has_display() -> bool:
    """Say whether a browser would have a window; one of text would take over the terminal."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
