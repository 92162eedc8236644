"""Pure arithmetic of value and margin."""
