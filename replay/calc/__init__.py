"""Calculators for people: what a position, a price or a plan means under a venue's rules.

`position`: liquidation and bankruptcy price, margin needed, size for a risk, leverage for a move. `cascade`: what would
liquidate at a price, in what order, at what price in a book. `owe`: what a trade that goes wrong leaves, and who pays.
`cascade calc` is their command line.

No calculator has margin rules of its own: each puts the question to a small venue that runs the rules in question, so
that an answer is what the venue would do, whatever its rules are.
"""
