"""What moves a market in a scenario: books around recorded trades, and traders who react to the book."""
