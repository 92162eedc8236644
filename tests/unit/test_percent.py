"""Changes of prices in percent."""

import pytest

from replay.percent import percent_change


@pytest.mark.parametrize(
    ("first", "now", "text"),
    [
        (25_010, 20_500, "-18.0 %"),  # 18.03, and not 18.1 by rounding down
        (31_781, 10, "-99.97 %"),
        (1_000_000_000, 1, "-99.9999999 %"),
        (100, 0, "-100.0 %"),
        (100, 100, "+0.0 %"),
        (100, 350, "+250.0 %"),
    ],
)
def test_change(first: int, now: int, text: str) -> None:
    """To a tenth, but never all of it while something is left."""
    assert percent_change(first, now) == text
