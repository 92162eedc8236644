"""A slow, obvious twin of the venue, written only from docs/semantics.md. It must give the same events."""
