"""Where the orders of a made-up market come from: one module per kind of flow, and the table that finds the right one.

A flow acts at times that it names itself; when it is its turn it may look at the venue. What it then sends depends on
nothing but its parameters, its seed and what it sees, so the same scenario gives the same bytes everywhere.

A module of a flow has a Struct of its parameters, whose `open` returns the flow; the Struct's fields are the keys of a
`[[flow]]` table. Prices, quantities and money are decimal text there, times ISO 8601, durations such as "250 ms".
"""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any, Final, Protocol

from exchange.errors import ConfigError
from replay.flows.flow import Flow
from replay.flows.setting import Setting
from replay.toml_file import convert_table
from replay.wording import shown


class FlowSpec(Protocol):
    """The parameters of a flow."""

    def open(self, setting: Setting) -> Flow:
        """Return the flow before its first act. Raises ConfigError or DataError naming the parameter."""


FLOWS: Final[dict[str, str]] = {
    "crowd": "replay.flows.crowd:CrowdSpec",
    "depth": "replay.flows.depth:DepthSpec",
    "leverage_ladder": "replay.flows.crowd:LeverageLadderSpec",
    "path": "replay.flows.path:PathSpec",
    "quotes": "replay.flows.path:QuotesSpec",
    "recorded_shocks": "replay.flows.recorded_shocks:RecordedShocksSpec",
    "recorded_trades": "replay.flows.recorded_trades:RecordedTradesSpec",
    "series": "replay.flows.path:SeriesSpec",
    "share_seller": "replay.flows.scripted:ShareSellerSpec",
    "single_order": "replay.flows.scripted:SingleOrderSpec",
    "stops": "replay.flows.crowd:StopsSpec",
    "traders": "replay.flows.market:TradersSpec",
}


def open_flow(name: str, table: Mapping[str, Any], setting: Setting) -> Flow:
    """Return the flow of that name with the parameters of a table. Raises ConfigError naming file, key and value."""
    if name not in FLOWS:
        nearest = get_close_matches(name, FLOWS, 1, 0.0)[0]
        raise ConfigError(
            f"{setting.where('generator')}: expected one of {', '.join(FLOWS)}, found {shown(name)}; "
            f"nearest: {nearest!r}"
        )
    module, _, struct = FLOWS[name].partition(":")
    spec: FlowSpec = convert_table(dict(table), getattr(import_module(module), struct), setting.path, setting.key_path)
    return spec.open(setting)
