"""The falls of the flash-crash model as a picture: one panel per relation, the median with all seeds around it."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median_low
from textwrap import fill
from typing import Any, Final

from exchange.errors import ConfigError
from replay.atomic_file import atomic_file
from replay.paper.gao import RELATIONS, Fall, Relation, amplitudes

_LINE: Final = "#1f5fa8"
_LABEL_WIDTH: Final = 36  # letters, of a panel
_PERCENT_PPM: Final = 10_000


def check_plot() -> None:
    """Raise ConfigError where pictures cannot be drawn here."""
    try:
        import matplotlib.figure  # noqa: F401 - whether it is there is the question
    except ImportError as error:
        raise ConfigError(
            "--png: expected the library matplotlib (pip install cascade-exchange[lab]), found none"
        ) from error


def write_png(falls: Sequence[Fall], path: str | Path) -> Path:
    """Write the picture; the same falls give the same bytes with one version of the library. Raises ConfigError."""
    check_plot()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 3.8), dpi=150, layout="constrained")
    for axes, relation in zip(figure.subplots(1, len(RELATIONS), sharey=True), RELATIONS, strict=True):
        _draw(axes, falls, relation)
    figure.axes[0].set_ylim(bottom=0)  # of all three
    figure.axes[0].set_ylabel("fall from before the sale to the low (%)")
    seeds = len({fall.seed for fall in falls})
    figure.suptitle(f"Synthetic market, median and range over {seeds} seeds; the sign is comparable, the size is not")
    with atomic_file(Path(path)) as file:
        figure.savefig(file, format="png", metadata={"Software": None})
    return Path(path)


def _draw(axes: Any, falls: Sequence[Fall], relation: Relation) -> None:
    found = amplitudes(falls, relation)
    places = [float(value) for value, _ in found]
    percents = [[ppm / _PERCENT_PPM for ppm in amounts] for _, amounts in found]
    axes.fill_between(places, [min(p) for p in percents], [max(p) for p in percents], color=_LINE, alpha=0.15, lw=0)
    for place, amounts in zip(places, percents, strict=True):
        axes.plot([place] * len(amounts), amounts, ".", color=_LINE, alpha=0.5, markersize=4)
    axes.plot(places, [median_low(p) for p in percents], "o-", color=_LINE)
    axes.set_xscale("log", base=2)
    axes.set_xticks(places, [value for value, _ in found])
    axes.minorticks_off()
    axes.set_xlabel(fill(relation.what, _LABEL_WIDTH))
    axes.grid(axis="y", alpha=0.3)
    axes.set_title(relation.step, fontsize="medium")
