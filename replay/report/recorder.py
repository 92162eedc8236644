"""What is attached to a run so that its page can be made: the film, and who was liquidated by what."""

from typing import Any, NamedTuple

from exchange import Exchange
from replay.observers.attribution import Attribution
from replay.report.film import Film


class _Part(NamedTuple):
    venue: Exchange
    film: Film
    attribution: Attribution


class Recorder:
    """Makes the sinks of a run's venues. Where a rollback opened a venue again, there are two."""

    def __init__(self) -> None:
        """Begin without a venue."""
        self._parts: list[_Part] = []

    def attach(self, venue: Exchange) -> "Watcher":
        """Return a sink for a venue that has not run yet."""
        part = _Part(venue, Film(venue.instruments, venue.fund.balance), Attribution(venue.instruments))
        self._parts.append(part)
        return Watcher(part.film, part.attribution)

    def finish(self) -> None:
        """Hand over the events that stand in no full block, where whoever ran the venue does not."""
        for part in self._parts:
            block, first_seq = part.venue.open_block(), part.venue.open_block_first_seq()
            Watcher(part.film, part.attribution).write(block, first_seq)

    @property
    def was_rolled_back(self) -> bool:
        """Whether the run that is shown was undone."""
        return len(self._parts) > 1

    def film(self) -> Film:
        """Return the film of the run: of what was undone, where something was, as that is the crash."""
        part = self._parts[0]
        part.film.end(part.venue)
        return part.film

    def rows(self) -> list[Any]:
        """Return the liquidations of the same run."""
        return self._parts[0].attribution.rows()


class Watcher:
    """Hands blocks of the event log to both."""

    def __init__(self, film: Film, attribution: Attribution) -> None:
        """Keep them."""
        self._sinks = (film, attribution)

    def write(self, block: bytes, first_seq: int) -> None:
        """Take a block of the event log."""
        for sink in self._sinks:
            sink.write(block, first_seq)
