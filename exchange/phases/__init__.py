"""How an instrument trades, and what interrupts it: phases, auctions, breakers, protections."""
