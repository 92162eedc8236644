"""The one door to the optional library `zstandard`."""

from types import ModuleType

from exchange.errors import ConfigError


def zstandard_for(purpose: str) -> ModuleType:
    """Return the module `zstandard`; raises ConfigError that says what needs it where it is not installed."""
    try:
        import zstandard
    except ImportError as error:
        raise ConfigError(
            f"{purpose}: expected the optional library zstandard (pip install 'cascade-exchange[zstd]'), found none"
        ) from error
    return zstandard
