"""Who is below maintenance, what is done about it, and who pays."""
