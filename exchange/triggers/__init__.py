"""Stops that wait for a price, and what orders do to each other and to a position."""
