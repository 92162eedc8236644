"""The outside world around the venue: files, sources, scenarios, reports. Imports `exchange`, never the other way."""
