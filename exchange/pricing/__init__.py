"""Prices that are not trades: mark, index, funding rate and delivery price. Pure functions, and models of them."""
