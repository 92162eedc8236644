"""The orders of one instrument by price and time."""
