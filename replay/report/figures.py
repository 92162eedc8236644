"""The charts of a run as PNG files for a paper: matplotlib draws what the page draws, on the axis it prefers."""

from collections.abc import Mapping
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from exchange.errors import ConfigError
from replay.report.words import PAYER_NAMES, capital, ordered_shares
from replay.wording import os_errors_of

_WIDTH: Final = 7.0  # inches, of a page of text
_DPI: Final = 300
_COLORS: Final = {"price": "#1f4e9e", "mark": "#b45309", "index": "#6b7280", "long": "#c0262d", "short": "#0f766e"}
_LARGEST_MARK: Final = 500  # points squared


def write_figures(folder: Path, run: Mapping[str, Any]) -> list[Path]:
    """Write what a run has of price, depth, fund and who paid; return the files. run: of `run_payload`.

    The same run gives the same pictures with the same matplotlib. Raises ConfigError where it is missing.
    """
    require_matplotlib()
    from matplotlib.figure import Figure

    with os_errors_of(folder, is_written=True):
        folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name, draw in (("price", _price), ("depth", _depth), ("fund", _fund), ("who-paid", _who_paid)):
        figure = Figure(figsize=(_WIDTH, 3.2), layout="constrained")
        axes = figure.add_subplot()
        if not draw(axes, run):
            continue
        axes.spines[["top", "right"]].set_visible(False)
        path = folder / f"{name}.png"
        figure.savefig(path, dpi=_DPI, metadata={"Software": None})
        written.append(path)
    return written


def require_matplotlib() -> None:
    """Raise ConfigError where the library is missing: before a run rather than after it."""
    if find_spec("matplotlib") is None:
        raise ConfigError("--png: expected the library matplotlib, found none: pip install 'cascade-exchange[lab]'")


def _price(axes: Any, run: Mapping[str, Any]) -> bool:
    if not run["markets"]:
        return False
    market = run["markets"][0]
    scale = float(market["tick_size"])
    for name, key in (("index", "indices"), ("mark", "marks"), ("price", "trades")):
        if market[key]["v"]:
            values = [value * scale for value in market[key]["v"]]
            axes.step(_places(run, market[key]), values, where="post", color=_COLORS[name], label=name, linewidth=1)
    largest = max((mark["size"] for mark in run["liquidations"]), default=0) or 1
    for side, symbol, what in (("long", "o", "longs sold"), ("short", "^", "shorts bought back")):
        marks = [mark for mark in run["liquidations"] if mark["side"] == side and mark["symbol"] == market["symbol"]]
        if marks:
            axes.scatter(
                [_place(run, mark["s"], mark["t"]) for mark in marks],
                [(mark["average"] or mark["mark"]) * scale for mark in marks],
                s=[8 + _LARGEST_MARK * mark["size"] / largest for mark in marks],
                color=_COLORS[side],
                alpha=0.35,
                linewidths=0.5,
                marker=symbol,
                label=what,
                zorder=5,
            )
    axes.set_ylabel(market["symbol"])
    axes.set_xlabel(_axis_name(run))
    for handle in axes.legend(frameon=False, fontsize=8).legend_handles:
        if hasattr(handle, "set_sizes"):
            handle.set_sizes([30])
    return True


def _depth(axes: Any, run: Mapping[str, Any]) -> bool:
    market = next((market for market in run["markets"][:1] if "depth" in market), None)
    if market is None:
        return False
    import numpy as np
    from matplotlib.colors import SymLogNorm

    depth = market["depth"]
    columns = depth["by_step" if run["prefer"] == "step" else "by_time"]
    lots = np.zeros((depth["rows"], len(columns)))
    for place, column in enumerate(columns):
        if column is None:
            lots[:, place] = lots[:, place - 1]
        else:
            lots[column[::2], place] = column[1::2]
    lots *= float(market["lot_size"])
    sizes = np.abs(lots[lots != 0])
    scale = float(market["tick_size"])
    low, high = depth["first"] * scale, (depth["first"] + depth["rows"] * depth["step"]) * scale
    largest = sizes.max()
    small = float(np.percentile(sizes, 5))
    norm = SymLogNorm(small, vmin=-largest, vmax=largest, base=10)
    image = axes.imshow(
        lots,
        origin="lower",
        aspect="auto",
        extent=(0, _place(run, run["steps"], run["span_ns"]), low, high),
        cmap="PuOr",
        norm=norm,
        interpolation="nearest",
    )
    bar = axes.figure.colorbar(image, ax=axes, label="asks (negative), bids")
    bar.set_ticks([tick for tick in bar.get_ticks() if abs(tick) >= small and abs(tick) <= largest])
    if market["trades"]["v"]:
        values = [value * scale for value in market["trades"]["v"]]
        axes.step(_places(run, market["trades"]), values, where="post", color="black", linewidth=0.8)
    axes.set_ylim(low, high)
    axes.set_ylabel(market["symbol"])
    axes.set_xlabel(_axis_name(run))
    return True


def _fund(axes: Any, run: Mapping[str, Any]) -> bool:
    if not any(run["fund"]["v"]):
        return False
    scale = float(run["money_unit"])
    places = [*_places(run, run["fund"]), _place(run, run["steps"], run["span_ns"])]
    values = [value * scale for value in run["fund"]["v"]]
    axes.step(places, [*values, values[-1]], where="post", color="#b45309")
    axes.set_ylim(bottom=0)
    axes.set_ylabel(f"insurance fund, {run['currency']}")
    axes.set_xlabel(_axis_name(run))
    return True


def _who_paid(axes: Any, run: Mapping[str, Any]) -> bool:
    amounts = {payer: amount * float(run["money_unit"]) for payer, amount in ordered_shares(run)}
    if not amounts:
        return False
    before = 0.0
    names = ["Beyond their margins", *(capital(PAYER_NAMES[payer]) for payer in amounts)]
    bars = axes.barh(names[:1], [sum(amounts.values())], color="#555c66")
    axes.bar_label(bars, fmt="{:,.4g}", padding=3, fontsize=8)
    for name, amount in zip(names[1:], amounts.values(), strict=True):
        bars = axes.barh([name], [amount], left=[before], color=_COLORS["price"])
        axes.bar_label(bars, labels=[f"{amount:,.4g}"], padding=3, fontsize=8)
        before += amount
    axes.invert_yaxis()
    axes.set_xlabel(run["currency"])
    return True


def _places(run: Mapping[str, Any], track: Mapping[str, Any]) -> list[float]:
    return [_place(run, step, ns) for step, ns in zip(accumulate(track["s"]), accumulate(track["t"]), strict=True)]


def _place(run: Mapping[str, Any], step: int, ns: int) -> float:
    """Return where a moment is on the axis: its step, or the time in the unit of `_axis_name`."""
    return step if run["prefer"] == "step" else ns / _unit(run)[0]


def _unit(run: Mapping[str, Any]) -> tuple[int, str]:
    span = run["span_ns"]
    units = ((86_400 * 10**9, "days"), (3_600 * 10**9, "hours"), (60 * 10**9, "minutes"), (10**9, "seconds"))
    return next((found for found in units if span > 3 * found[0]), (10**6, "milliseconds"))


def _axis_name(run: Mapping[str, Any]) -> str:
    return "step" if run["prefer"] == "step" else f"{_unit(run)[1]} since the start"
