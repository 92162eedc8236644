"""Accounts, positions and money, and what a fill means for them."""
