"""Who takes a command in, checks it and carries it out: the gateway, a desk per kind of request, the matcher."""
