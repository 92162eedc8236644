"""Checks on the set of instruments that a file names."""

from collections.abc import Sequence

from exchange.errors import ConfigError
from exchange.instrument import Instrument


def check_instruments(instruments: Sequence[Instrument], where: object) -> None:
    """Raise ConfigError where two instruments have one id or one symbol. `where` opens the message."""
    seen: dict[int | str, int] = {}
    for position, instrument in enumerate(instruments):
        for name, key in (("instrument_id", instrument.instrument_id), ("symbol", instrument.symbol)):
            if key in seen:
                raise ConfigError(
                    f"{where}: instruments[{position}].{name}: expected a value of its own, "
                    f"found {key!r} as in instruments[{seen[key]}]"
                )
            seen[key] = position
