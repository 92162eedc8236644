"""A small market of the published flash-crash models, with somebody who sells a share of its volume: how far it falls.

What Gao et al. 2024 (JASSS 27(2)8, arXiv 2208.13654) study on their own model of the E-mini future of 2010-05-06, on
ours: the amplitude of the crash against the seller's share of the volume, the market makers' inventory limit, and how
often fundamental traders act. Synthetic throughout, in a minute that is six seconds long; calibrated to nothing. So the
sign of a relation means something here, and its size does not. `E_MINI` has the true minute and the true quantity.
"""

from pathlib import Path
from typing import Final

import msgspec

from exchange import Exchange, Instrument, Rules
from exchange.commands import Deposit
from exchange.events import Event, Trade
from exchange.units import PPM
from replay.flows.conductor import Conductor, FixedFlow
from replay.flows.flow import Flow
from replay.flows.market import FundamentalGroup, MakerGroup, MomentumGroup, SmallGroup, TradersSpec
from replay.flows.scripted import ShareSellerSpec
from replay.flows.setting import Setting
from replay.player import play
from replay.sources.cells import parse_time

INSTRUMENT: Final = Instrument(
    1,
    "ES",
    tick_size="0.25",
    money_unit="0.01",
    tick_value=1_250,  # 50 USD a point
    max_price_ticks=20_000,
    mark_source="last",
    default_leverage=20,
)
SELLER: Final = 1
VALUE: Final = "1165"
_FIRST_TRADER: Final = 10
_START: Final = "2010-05-06T18:30:00Z"
_SECOND_NS: Final = 1_000_000_000
_FUNDS: Final = "10000000000"


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of a market and its seller. Times in whole seconds; quantities in contracts.

    starts, ends: of the sale at the latest, and of the run, from the beginning. seller_every, seller_window: durations.
    """

    share_ppm: int = 90_000
    quantity: int = 2_000
    seller_every: str = "100 ms"
    seller_window: str = "6 s"
    starts: int = 15
    ends: int = 90
    makers: MakerGroup = MakerGroup(count=8, every="500 ms", lots=30, limit_lots=200, levels=3)
    fundamental: FundamentalGroup = FundamentalGroup(
        count=20, every="3 s", lots=40, least_edge_ppm=2_000, most_edge_ppm=60_000, spread_ppm=1_000
    )
    momentum: MomentumGroup = MomentumGroup(
        count=10, every="1 s", lots=10, limit_lots=60, window="5 s", threshold_ppm=2_000
    )
    small: SmallGroup = SmallGroup(count=30, every="500 ms", lots=8, limit_lots=100)


E_MINI: Final = Model(
    quantity=75_000,
    seller_every="1 s",
    seller_window="1 min",
    starts=120,
    ends=1_620,
    makers=MakerGroup(count=8, every="500 ms", lots=150, limit_lots=600, levels=3),
    fundamental=FundamentalGroup(
        count=20, every="5 s", lots=100, least_edge_ppm=2_000, most_edge_ppm=60_000, spread_ppm=1_000
    ),
    momentum=MomentumGroup(count=5, every="5 s", lots=20, limit_lots=100, window="30 s", threshold_ppm=5_000),
    small=SmallGroup(count=30, every="1 s", lots=24, limit_lots=300),
)
"""The sale of 2010-05-06: 75,000 contracts, 9 % of the previous minute's volume (CFTC-SEC report of 2010-09-30).

The small traders' quantity is fitted to a volume at which that takes 20 minutes; the rest is made up.
"""


class ModelRun(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run. amplitude_ppm: of the price before the sale, down to the low after it began.

    sold_lots, sale_ns: how much the seller sold and how long that took. volume_lots: of all, while it sold.
    """

    amplitude_ppm: int
    before_ticks: int
    low_ticks: int
    sold_lots: int
    sale_ns: int
    volume_lots: int
    digest: str


def with_inventory_limit(model: Model, limit_lots: int) -> Model:
    """Return the model with another inventory limit of each market maker."""
    return msgspec.structs.replace(model, makers=msgspec.structs.replace(model.makers, limit_lots=limit_lots))


def with_fundamental_turns(model: Model, every: str) -> Model:
    """Return the model with another mean time between two turns of each fundamental trader."""
    return msgspec.structs.replace(model, fundamental=msgspec.structs.replace(model.fundamental, every=every))


def run_model(model: Model, seed: int, out: str | Path | None = None) -> ModelRun:
    """Run a model once; the same arguments give the same result, in any process. out: folder of the run (`play`)."""
    start_ns = parse_time(_START)
    sale_ns, end_ns = start_ns + model.starts * _SECOND_NS, start_ns + model.ends * _SECOND_NS
    traders = TradersSpec(
        value=VALUE,
        first_account=_FIRST_TRADER,
        deposit=_FUNDS,
        makers=(model.makers,),
        fundamental=(model.fundamental,),
        momentum=(model.momentum,),
        small=(model.small,),
        until=_seconds(end_ns),
    )
    seller = ShareSellerSpec(
        account=SELLER,
        side="sell",
        quantity=model.quantity,
        share_ppm=model.share_ppm,
        every=model.seller_every,
        window=model.seller_window,
        at=_seconds(sale_ns),
        until=_seconds(end_ns),
    )
    venue = Exchange([INSTRUMENT], Rules(name="flash-crash-model"), with_digest=True)
    watcher = _Watcher(sale_ns)
    venue.bus.subscribe(watcher.hear, [Trade])
    flows: list[Flow] = [
        FixedFlow([Deposit(start_ns, SELLER, 10**14)]),
        traders.open(_setting(1, seed, start_ns)),
        seller.open(_setting(2, seed, start_ns)),
    ]
    summary = play([Conductor(flows, venue, f"a market of traders (generated, seed {seed})")], venue, out=out)
    return watcher.result(summary.digest)


class _Watcher:
    """Hears the trades and keeps sums only."""

    def __init__(self, sale_ns: int) -> None:
        self._sale_ns = sale_ns
        self._before = self._low = self._sold = self._volume = self._volume_at_last = 0
        self._last_ns = sale_ns

    def hear(self, event: Event) -> None:
        """Take a trade."""
        if not isinstance(event, Trade):
            return
        if event.ts_ns < self._sale_ns:
            self._before = self._low = event.price_ticks
            return
        self._low = min(self._low, event.price_ticks)
        self._volume += event.qty_lots
        if SELLER in (event.taker_account, event.maker_account):
            self._sold += event.qty_lots
            self._last_ns = event.ts_ns
            self._volume_at_last = self._volume

    def result(self, digest: str) -> ModelRun:
        """Return the sums."""
        return ModelRun(
            amplitude_ppm=(self._before - self._low) * PPM // self._before,
            before_ticks=self._before,
            low_ticks=self._low,
            sold_lots=self._sold,
            sale_ns=self._last_ns - self._sale_ns,
            volume_lots=self._volume_at_last,
            digest=digest,
        )


def _setting(number: int, seed: int, start_ns: int) -> Setting:
    return Setting(
        {INSTRUMENT.symbol: INSTRUMENT},
        path=Path("crash model"),
        key_path="",
        number=number,
        seed=seed,
        start_ns=start_ns,
    )


def _seconds(ts_ns: int) -> str:
    """Return a time as decimal seconds since 1970, which the parameters of flows take."""
    return f"{ts_ns // _SECOND_NS}.0"
