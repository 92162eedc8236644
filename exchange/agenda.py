"""What the venue has to look at when it settles: set where something happens, so that a quiet command costs nothing."""

from typing import final


@final
class Agenda:
    """Shared by the markets, which set its flags, and the exchange, which settles and clears them."""

    def __init__(self) -> None:
        """Start with nothing to look at."""
        self.has_touched: bool = False  # a trade touched prices since the stops were last looked at
        self.has_traded: bool = False  # a last price may have changed since the marks were last updated
        self.watches: bool = False  # a call shows its price, or limits are watched, whenever the venue settles
        self.has_moved_mark: bool = False  # a mark moved since breaches were last looked for
        self.has_watches: bool = False  # stops watch other prices than the last trade's, which settling looks at
        self.has_moved_slots: bool = False  # positions changed where reduce-only orders stand
        self.settled: list[int] = []  # instruments settled for good, to which the gateway still has to close
