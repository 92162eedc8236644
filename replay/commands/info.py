"""`cascade info`: says what a file holds, or what is installed."""

import argparse
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import msgspec

from exchange import __version__
from exchange.build import build_info
from exchange.errors import ConfigError
from replay.commands.exit_codes import OK
from replay.commands.shared import add_source, source_of, warn_of_damage
from replay.contents import contents_text, event_log_contents, is_event_log, source_contents
from replay.sources import FORMATS
from replay.venues import preset_names

SUMMARY: Final = "say what a file holds, or what is installed"
MORE: Final = """\
examples:
  cascade info                          versions, presets, formats, compiled or not
  cascade info day.tape
  cascade info AMZN_2012-06-21_34200000_57600000_message_1.csv --json
  cascade info damaged.tape --option salvage=true
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Give the command its arguments."""
    add_source(parser, is_optional=True)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def act(given: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    if given.source is None:
        if given.option or given.format:
            raise ConfigError("info: expected --option and --format beside a file, found no file")
        contents = _installed()
    elif is_event_log(given.source):
        contents = event_log_contents(given.source)
    else:
        source = source_of(given)
        contents = source_contents(source)
        warn_of_damage(source)
    print(msgspec.json.encode(contents).decode() if given.json else contents_text(contents))
    return OK


def _installed() -> dict[str, Any]:
    build = build_info()
    contents: dict[str, Any] = {
        "cascade": __version__,
        "engine": str(build),
        "compiled": "yes" if build.compiled else "no",
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    names = (
        "librt",
        "msgspec",
        "mypy_extensions",
        "sortedcontainers",
        "rich",
        "zstandard",
        "databento-dbn",
        "pyarrow",
        "matplotlib",
        "distributed",
    )
    for name in names:
        try:
            contents[name] = version(name)
        except PackageNotFoundError:
            contents[name] = "not installed"
    contents["presets"] = ", ".join(preset_names())
    contents["formats"] = ", ".join(FORMATS)
    return contents
