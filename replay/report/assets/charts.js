// The charts: what each draws, says and lists. Each knows how to draw itself whole, and what a moment changes in it.

const PAYERS = {
  fund: ["Insurance fund", "fund"], owner: ["Their other money", "own"], fees: ["Fees of the venue", "venue"],
  deleveraged: ["Deleveraged accounts", "others"], profits: ["Accounts in profit", "others"], waiting: ["Nobody yet", "index"],
  debt: ["Owed to the venue", "venue"], venue: ["The venue", "venue"], forgiven: ["Forgiven by the venue", "venue"],
  fund_positions: ["Fund, on what it took over", "fund"], backstop: ["Backstop, on what it took over", "others"], unfinished: ["Nobody yet: had not ended", "index"],
};
const OUTCOMES = {
  own: ["own margin was enough", ["cured", "surplus", "even"]], fund: ["insurance fund paid", ["covered"]],
  others: ["other accounts paid", ["socialized", "deleveraged", "deferred"]], venue: ["the venue bore it", ["venue_loss", "owed", "written_off"]],
  index: ["not over, or several", ["running", "several"]],
};
const kindOf = (outcome) => Object.keys(OUTCOMES).find((kind) => OUTCOMES[kind][1].includes(outcome)) || "index";
const isPair = RUNS.length > 1;
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const phone = () => innerWidth <= 560;
const PLOT = () => ({ left: phone() ? 50 : 66, right: phone() ? 12 : 18, top: 34, bottom: 26 });
const marketOf = (run) => run.markets[Math.min(state.market, run.markets.length - 1)];
const tag = (run) => (isPair ? `${run.label}: ` : "");

function base(extra) {
  const text = css("soft");
  return { animation: false, textStyle: { fontFamily: "inherit", color: text }, legend: { show: false }, ...extra,
    tooltip: { confine: true, backgroundColor: css("card"), borderColor: css("line"), textStyle: { color: css("ink"), fontSize: 13 }, ...extra.tooltip } };
}
function xAxis(chart, extra = {}) {
  const most = Math.max(2, Math.floor((chart.width() - 80) / 95));
  const ticks = state.axis === "time" ? timeTicks(RUNS[0], most) : stepTicks(most);
  return { type: "value", min: 0, max: axisEnd(), axisLine: { lineStyle: { color: css("line") } }, splitLine: { show: false },
    axisTick: { customValues: ticks, lineStyle: { color: css("line") } },
    axisLabel: { customValues: ticks, color: css("soft"), hideOverlap: true, formatter: (v) => (state.axis === "time" ? clock(RUNS[0], v, axisEnd()) : short(v)) }, ...extra };
}
function yAxis(formatter, extra = {}) {
  return { type: "value", scale: true, splitNumber: 5, axisLabel: { color: css("soft"), formatter }, splitLine: { lineStyle: { color: css("grid") } }, ...extra };
}
/** The points of a track as a line that holds its value until the next, to the end of its run. */
function points(run, track, scale, from = null) {
  const places = track[key()], found = [];
  if (from !== null && places[0] > 0) found.push([0, from * scale]);
  for (let i = 0; i < places.length; i++) found.push([places[i], track.v[i] * scale]);
  if (found.length) found.push([endOf(run), found[found.length - 1][1]]);
  return found;
}
function line(name, data, color, extra = {}) {
  return { name, type: "line", step: "end", showSymbol: false, symbol: "circle", data, lineStyle: { color, width: 1.6 }, itemStyle: { color }, emphasis: { disabled: true }, ...extra };
}
const legend = (names) => ({ show: true, type: "scroll", top: 0, left: 0, itemWidth: 18, itemHeight: 10, textStyle: { color: css("soft") }, pageTextStyle: { color: css("soft") }, data: names });
const dash = (place) => ["solid", [6, 4], [2, 3], [9, 3, 2, 3]][place];

const CHARTS = [];
function chart(given) { CHARTS.push(given); }

// --- price ------------------------------------------------------------------------------------------------------------

chart({
  id: "price", title: "Price, mark and liquidations", width_class: "wide", height: () => (phone() ? 320 : 400), isTimed: true,
  caption: "Each circle is a liquidation where it was sold, each triangle one that was bought back; its area is what the position was worth. Dashed outlines stand for several small ones.",
  has: () => RUNS.some((run) => run.markets.length),
  option(self) {
    const series = [], names = [];
    const biggest = Math.max(1, ...RUNS.flatMap((run) => run.liquidations.map((mark) => mark.size)));
    RUNS.forEach((run, place) => {
      const market = marketOf(run);
      if (!market) return;
      const scale = Number(market.tick_size);
      const add = (name, track, color, extra) => { if (track.v.length) { names.push(name); series.push(line(name, points(run, track, scale), color, extra)); } };
      add(`${tag(run)}price`, market.trades, css(isPair ? `run-${place}` : "price"), { z: 4, lineStyle: { color: css(isPair ? `run-${place}` : "price"), width: 2, type: dash(place) },
        markPoint: place === 0 ? lowPoint(run, market, scale) : undefined, markLine: place === 0 ? noteLines(run) : undefined });
      if (!isPair) {
        add("mark", market.marks, css("mark"), { z: 3, markPoint: market.trades.v.length ? undefined : lowPoint(run, market, scale) });
        add("index", market.indices, css("index"), { z: 2, lineStyle: { color: css("index"), width: 1.3, type: [3, 3] } });
      } else if (!market.trades.v.length) add(`${run.label}: mark`, market.marks, css(`run-${place}`), { lineStyle: { color: css(`run-${place}`), width: 2, type: dash(place) } });
      for (const side of ["long", "short"]) {
        const marks = run.liquidations.filter((mark) => mark.side === side && mark.symbol === market.symbol);
        if (!marks.length) continue;
        const name = `${tag(run)}${side === "long" ? "longs sold" : "shorts bought back"}`;
        names.push(name);
        const color = isPair ? css(`run-${place}`) : css(side);
        series.push({ name, type: "scatter", z: 6, symbol: side === "long" ? "circle" : "triangle", itemStyle: { color, opacity: 0.4, borderColor: color, borderWidth: 1 },
          symbolSize: (value) => 4 + (phone() ? 22 : 34) * Math.sqrt(value[2] / biggest),
          data: marks.map((mark) => ({ value: [mark[key()], (mark.average || mark.mark) * scale, mark.size], mark, place,
            itemStyle: mark.count > 1 ? { borderColor: color, borderType: "dashed", borderWidth: 1.5, opacity: 0.25 } : undefined })) });
      }
    });
    return base({ grid: { ...PLOT(), outerBoundsMode: "none" }, legend: legend(names), xAxis: xAxis(self), yAxis: yAxis(axisPrice), series,
      tooltip: { trigger: "axis", axisPointer: { type: "line", lineStyle: { color: css("soft") } }, formatter: priceTip } });
  },
  say() {
    return RUNS.map((run) => {
      const market = marketOf(run);
      if (!market) return "";
      return `${tag(run)}${market.symbol} price ${priceText(market, valueAt(market.trades, position()))}, mark ${priceText(market, valueAt(market.marks, position()))}, ${whole(valueAt(run.liquidation_count, position(), 0))} liquidations so far; lowest of the run ${priceText(market, market.low)}.`;
    }).join(" ");
  },
  table() {
    const rows = [];
    RUNS.forEach((run) => {
      const market = marketOf(run);
      for (const [name, track] of market ? [["price", market.trades], ["mark", market.marks], ["index", market.indices]] : []) {
        track.v.forEach((v, i) => rows.push([run.label, fullClock(run, track.t[i]), track.s[i], name, priceText(market, v)]));
      }
      for (const [s, t, text] of run.notes) rows.push([run.label, fullClock(run, t), s, text, "–"]);
    });
    return { head: ["Run", "Time (UTC)", "Step", "What", "Price"], numbers: [2, 4], rows };
  },
});
function lowPoint(run, market, scale) {
  const at = state.axis === "time" ? market.low_ns : market.low_step;
  const isRight = at > axisEnd() * 0.8;
  return { symbol: "circle", symbolSize: 7, itemStyle: { color: css("ink") }, silent: true,
    label: { show: true, position: isRight ? "left" : "right", formatter: `low ${priceText(market, market.low)}`, color: css("ink"), fontWeight: 600, backgroundColor: css("card"), padding: [2, 4], borderRadius: 3 },
    data: [{ coord: [at, market.low * scale] }] };
}
function noteLines(run) {
  if (!run.notes.length) return undefined;
  let taken = -1;
  return { symbol: "none", silent: true, lineStyle: { color: css("soft"), type: "dashed", width: 1 },
    label: { formatter: (p) => p.name, color: css("soft"), position: "insideEndTop", rotate: 0, fontSize: 11, distance: [0, 2] },
    data: run.notes.map(([s, t, text]) => { const x = state.axis === "time" ? t : s; const isFree = taken < 0 || x - taken > axisEnd() * 0.16; if (isFree) taken = x; return { xAxis: x, name: text, label: { show: isFree, align: x > axisEnd() * 0.7 ? "right" : "left" } }; }) };
}
function priceTip(params) {
  const where = params[0].axisValue;
  const found = [`<b>${esc(whereText(RUNS[0], where))}</b>`];
  for (const run of RUNS) {
    const market = marketOf(run);
    if (!market) continue;
    const rows = [["price", market.trades], ["mark", market.marks], ["index", market.indices]].filter(([, track]) => track.v.length)
      .map(([name, track]) => `${name} ${esc(priceText(market, valueAt(track, where)))}`);
    found.push(`${esc(tag(run))}${rows.join(", ")}`);
  }
  const marks = params.filter((p) => p.seriesType === "scatter").slice(0, 4);
  for (const { data } of marks) found.push(esc(markText(RUNS[data.place], data.mark)));
  return found.join("<br>");
}
function markText(run, mark) {
  if (mark.count > 1) return `${tag(run)}${whole(mark.count)} small ${mark.side}s, ${money(run, mark.size)} together`;
  const cause = mark.cause ? `, set off by ${mark.cause}` : "";
  return `${tag(run)}liquidation ${mark.number}: account ${mark.account}, ${mark.side}, ${money(run, mark.size)}, ${mark.outcome.replace(/_/g, " ")}${cause}`;
}

// --- liquidations as a table of their own -------------------------------------------------------------------------------

const liquidationTable = () => ({
  head: ["Run", "Number", "Time (UTC)", "Step", "Account", "Side", "Market", "How many", "Worth at mark", "Mark", "Average price", "Lacked", "Set off by", "Outcome"], numbers: [1, 3, 4, 7, 8, 9, 10, 11, 12],
  rows: RUNS.flatMap((run) => run.liquidations.map((mark) => {
    const market = run.markets.find((found) => found.symbol === mark.symbol) || marketOf(run);
    return [run.label, mark.number, fullClock(run, mark.t), mark.s, mark.count > 1 ? "several" : mark.account, mark.side, mark.symbol, mark.count, money(run, mark.size), priceText(market, mark.mark),
      mark.average ? priceText(market, mark.average) : "–", money(run, mark.shortfall), mark.cause || "the market", mark.outcome.replace(/_/g, " ")];
  })),
});

// --- depth ------------------------------------------------------------------------------------------------------------

const shownRun = () => RUNS[state.shown];
function columnsOf(market) {
  const given = market.depth[state.axis === "time" ? "by_time" : "by_step"];
  const found = [];
  given.forEach((column, i) => found.push(column === null ? found[i - 1] : column));
  return found;
}
function columnAt(run, market) {
  const columns = columnsOf(market);
  const at = Math.min(columns.length - 1, Math.max(0, Math.ceil((position() / endOf(run)) * columns.length) - 1));
  return columns[at];
}
const hasDepth = () => RUNS.some((run) => marketOf(run) && marketOf(run).depth);
const rowPrice = (market, row) => market.depth.first + row * market.depth.step;
/** Decades of what stands in the rows of the book: from under a typical small row to the largest. */
function decades(market) {
  if (!market.decades) {
    const found = ["by_time", "by_step"].flatMap((name) => market.depth[name].flatMap((column) => (column || []).filter((_, i) => i % 2))).map(Math.abs).sort((a, b) => a - b);
    market.decades = found.length ? [Math.floor(Math.log10(found[Math.floor(found.length / 20)]) - 0.3), Math.log10(found[found.length - 1])] : [0, 1];
  }
  return market.decades;
}
/** Where a quantity lies between those decades: above 0, at most 1. */
function strength(market, lots) {
  const [low, high] = decades(market);
  return Math.max(0.02, (Math.log10(Math.abs(lots)) - low) / Math.max(high - low, 0.1));
}

chart({
  id: "depth", title: "The order book through time", width_class: "two", height: () => (phone() ? 300 : 360), isTimed: true,
  none: "no order stood in it when a look fell on it.", caption: "Blue: bids, orange: asks, darker: more (on a logarithmic scale). The line is the price. Where the colour ends, nobody was left.",
  has: hasDepth,
  option(self) {
    const run = shownRun(), market = marketOf(run);
    if (!market || !market.depth) return base({});
    const { depth } = market, columns = columnsOf(market), scale = Number(market.tick_size);
    const share = endOf(run) / axisEnd();
    const cells = [];
    columns.forEach((column, x) => { for (let i = 0; i < column.length; i += 2) cells.push([x, column[i], Math.sign(column[i + 1]) * strength(market, column[i + 1]), column[i + 1]]); });
    const paper = css("card").match(/[0-9a-f]{2}/gi).map((part) => parseInt(part, 16));
    const shade = (name, a) => `rgb(${css(name).split(",").map((part, i) => Math.round(a * Number(part) + (1 - a) * paper[i])).join(",")})`; // opaque, so that cells do not add up where they touch
    const hidden = { axisLabel: { show: false }, axisTick: { show: false }, axisLine: { show: false }, splitLine: { show: false }, splitArea: { show: false } };
    return base({ grid: { ...PLOT(), top: 10, outerBoundsMode: "none" },
      xAxis: [{ type: "category", data: Array.from({ length: Math.round(columns.length / share) }, (_, i) => i), ...hidden }, xAxis(self, { position: "bottom" })],
      yAxis: [{ type: "category", data: Array.from({ length: depth.rows }, (_, i) => i), ...hidden },
        yAxis(axisPrice, { position: "left", min: depth.first * scale, max: rowPrice(market, depth.rows) * scale, scale: false, axisTick: { show: false }, splitLine: { show: false }, axisLabel: { color: css("soft"), formatter: axisPrice, showMinLabel: false, showMaxLabel: false } })],
      visualMap: { show: false, seriesIndex: 0, dimension: 2, min: -1, max: 1, inRange: { color: [shade("ask", 1), shade("ask", 0.55), shade("ask", 0.12), shade("bid", 0.12), shade("bid", 0.55), shade("bid", 1)] } },
      series: [{ type: "heatmap", data: cells, progressive: 0, emphasis: { disabled: true } },
        line("price", points(run, market.trades, scale), css("ink"), { xAxisIndex: 1, yAxisIndex: 1, z: 5, silent: true, lineStyle: { color: css("ink"), width: 1.5 } })],
      tooltip: { trigger: "item", formatter: (p) => {
        if (p.seriesType !== "heatmap") return "";
        const [x, row, , lots] = p.data;
        return `<b>${esc(whereText(run, ((x + 1) / columns.length) * endOf(run)))}</b><br>${lots > 0 ? "bids" : "asks"} from ${esc(priceText(market, rowPrice(market, row)))} to ${esc(priceText(market, rowPrice(market, row + 1)))}: ${esc(quantity(market, Math.abs(lots)))}`;
      } } });
  },
  say() { return bookText(); },
  table() {
    const rows = [];
    for (const run of RUNS) {
      const market = marketOf(run);
      if (!market || !market.depth) continue;
      const name = state.axis === "time" ? "by_time" : "by_step";
      market.depth[name].forEach((column, x) => {
        const where = ((x + 1) / market.depth[name].length) * endOf(run);
        for (let i = 0; column && i < column.length; i += 2) rows.push([run.label, whereText(run, where), priceText(market, rowPrice(market, column[i])), priceText(market, rowPrice(market, column[i] + 1)), column[i + 1] > 0 ? "bids" : "asks", quantity(market, Math.abs(column[i + 1]))]);
      });
    }
    return { head: ["Run", "Until", "From price", "Below price", "Side", "Quantity"], numbers: [2, 3, 5], rows, note: "Moments at which the book was the same as before are left out." };
  },
});
function bookText() {
  const run = shownRun(), market = marketOf(run);
  if (!market || !market.depth) return "No order book.";
  const column = columnAt(run, market);
  let bids = 0, asks = 0, best = null, worst = null;
  for (let i = 0; i < column.length; i += 2) {
    if (column[i + 1] > 0) { bids += column[i + 1]; best = column[i]; } else { asks -= column[i + 1]; if (worst === null) worst = column[i]; }
  }
  const bid = best === null ? "no bid is left" : `bids of ${quantity(market, bids)} up to about ${priceText(market, rowPrice(market, best + 1))}`;
  const ask = worst === null ? "no ask is left" : `asks of ${quantity(market, asks)} from about ${priceText(market, rowPrice(market, worst))}`;
  return `${tag(run)}${bid}; ${ask}.`;
}
chart({
  id: "book", title: "The book at this moment", isLive: true, width_class: "one", height: () => (phone() ? 260 : 360), isMoving: true,
  none: "as above.", caption: () => bookText(), has: hasDepth,
  option() {
    const run = shownRun(), market = marketOf(run);
    if (!market || !market.depth) return base({});
    const [low, high] = decades(market), end = Math.max(Math.ceil(high), low + 1), skip = Math.ceil((end - low) / 4);
    const ticks = Array.from({ length: Math.floor((end - low) / skip) + 1 }, (_, i) => i * skip);
    const label = (v) => short(10 ** (low + v) * market.lot_size);
    const common = { type: "bar", barGap: "-100%", barCategoryGap: "8%", emphasis: { disabled: true } };
    return base({ grid: { ...PLOT(), top: 10, outerBoundsMode: "none" },
      xAxis: { type: "value", min: 0, max: end - low, axisTick: { customValues: ticks }, axisLabel: { customValues: ticks, color: css("soft"), formatter: label }, splitLine: { lineStyle: { color: css("grid") } } },
      yAxis: { type: "category", data: Array.from({ length: market.depth.rows }, (_, i) => priceText(market, rowPrice(market, i))), axisLabel: { color: css("soft"), interval: Math.ceil(market.depth.rows / 6), formatter: (v) => axisPrice(Number(v.replace(/,/g, ""))) }, axisTick: { show: false }, axisLine: { lineStyle: { color: css("line") } } },
      tooltip: { trigger: "axis", axisPointer: { type: "shadow" }, formatter: (found) => found.filter((p) => p.data).map((p) => `${p.seriesName} from ${esc(p.name)}: ${esc(rounded(10 ** (low + p.data) * market.lot_size))}`).join("<br>") || "nothing" },
      series: [{ ...common, name: "bids", itemStyle: { color: `rgb(${css("bid")})` }, data: [] }, { ...common, name: "asks", itemStyle: { color: `rgb(${css("ask")})` }, data: [] }] });
  },
  move() {
    const run = shownRun(), market = marketOf(run);
    if (!market || !market.depth) return {};
    const bids = new Array(market.depth.rows).fill(0), asks = bids.slice(), column = columnAt(run, market);
    for (let i = 0; i < column.length; i += 2) (column[i + 1] > 0 ? bids : asks)[column[i]] = Math.max(0.05, Math.log10(Math.abs(column[i + 1])) - decades(market)[0]);
    return { series: [{ data: bids }, { data: asks }] };
  },
  say: bookText,
  table() {
    const run = shownRun(), market = marketOf(run), column = columnAt(run, market), rows = [];
    for (let i = column.length - 2; i >= 0; i -= 2) rows.push([priceText(market, rowPrice(market, column[i])), priceText(market, rowPrice(market, column[i] + 1)), column[i + 1] > 0 ? "bids" : "asks", quantity(market, Math.abs(column[i + 1]))]);
    return { head: ["From price", "Below price", "Side", "Quantity"], numbers: [0, 1, 3], rows };
  },
});

// --- money ------------------------------------------------------------------------------------------------------------

function moneyChart(given) {
  chart({ height: () => 240, isTimed: true, width_class: "half", ...given,
    option(self) {
      const series = [];
      RUNS.forEach((run, place) => {
        const track = given.track(run);
        const color = isPair ? css(`run-${place}`) : css(given.color);
        if (track.v.length) series.push(line(isPair ? run.label : given.name, points(run, track, Number(run.money_unit), given.from), color, { lineStyle: { color, width: 2, type: dash(place) }, areaStyle: isPair ? undefined : { color, opacity: 0.15 } }));
      });
      return base({ grid: { ...PLOT(), top: isPair ? 34 : 14, outerBoundsMode: "none" }, legend: isPair ? legend(series.map((s) => s.name)) : { show: false }, xAxis: xAxis(self), yAxis: yAxis((v) => short(v), { scale: false }), series,
        tooltip: { trigger: "axis", formatter: (found) => [`<b>${esc(whereText(RUNS[0], found[0].axisValue))}</b>`, ...RUNS.filter((run) => given.track(run).v.length).map((run) => `${esc(tag(run))}${esc(money(run, valueAt(given.track(run), found[0].axisValue, given.from ?? 0)))}`)].join("<br>") } });
    },
    say: () => RUNS.map((run) => `${tag(run)}${given.name} ${money(run, valueAt(given.track(run), position(), given.from ?? 0))}.`).join(" "),
    table: () => ({ head: ["Run", "Time (UTC)", "Step", given.name], numbers: [2, 3], rows: RUNS.flatMap((run) => { const track = given.track(run); return track.v.map((v, i) => [run.label, fullClock(run, track.t[i]), track.s[i], money(run, v)]); }) }),
  });
}
moneyChart({ id: "fund", title: "Insurance fund", name: "insurance fund", color: "fund", track: (run) => run.fund,
  caption: () => RUNS.map((run) => `${tag(run)}${money(run, run.fund.v[0] ?? 0)} at the start, ${money(run, run.fund.v[run.fund.v.length - 1] ?? 0)} at the end.`).join(" "),
  has: () => RUNS.some((run) => run.fund.v.some((v) => v !== 0)), none: "the venue had none." });

chart({
  id: "paid", title: "Who bore what the margins did not", isLive: true, width_class: "half", height: () => (isPair ? 300 : 240), isMoving: true,
  caption: () => RUNS.map((run) => `${tag(run)}${money(run, lostAt(run))} so far.`).join(" "),
  has: () => payersShown().length > 0, none: "nobody had to.",
  option() {
    const series = [];
    const labels = payersShown().map((payer) => PAYERS[payer][0]);
    RUNS.forEach((run, place) => {
      series.push({ type: "bar", stack: `run${place}`, silent: true, itemStyle: { color: "transparent" }, data: [] });
      series.push({ name: run.label, type: "bar", stack: `run${place}`, emphasis: { disabled: true }, barMaxWidth: 26, data: [], label: { show: true, position: "right", color: css("ink"), formatter: (p) => (p.data.amount ? short(p.data.amount * run.money_unit) : "") } });
    });
    const end = Math.max(...RUNS.map((run) => totalOf(run) * run.money_unit)) || 1;
    return base({ aria: { enabled: true, decal: { show: false } }, grid: { left: phone() ? 118 : 160, right: 56, top: isPair ? 34 : 8, bottom: 26, outerBoundsMode: "none" },
      xAxis: { type: "value", min: 0, max: end, splitNumber: 4, axisLabel: { color: css("soft"), formatter: short, hideOverlap: true }, splitLine: { lineStyle: { color: css("grid") } } },
      yAxis: { type: "category", inverse: true, data: ["Beyond their margins", ...labels], axisTick: { show: false }, axisLine: { lineStyle: { color: css("line") } }, axisLabel: { color: css("ink"), width: phone() ? 108 : 150, overflow: "break" } },
      tooltip: { trigger: "item", formatter: (p) => esc(`${tag(RUNS[p.data.place])}${p.name}: ${money(RUNS[p.data.place], p.data.amount)}`) }, series });
  },
  move() {
    const series = [];
    RUNS.forEach((run, place) => {
      const amounts = payersShown().map((payer) => valueAt(run.paid[payer], position(), 0));
      const total = amounts.reduce((sum, v) => sum + v, 0);
      let before = 0;
      const bases = [0], bars = [{ amount: total, color: css("soft") }];
      amounts.forEach((amount, i) => { bases.push(before * run.money_unit); before += amount; bars.push({ amount, color: css(PAYERS[payersShown()[i]][1]) }); });
      series.push({ data: bases }, { data: bars.map((bar) => ({ value: bar.amount * run.money_unit, amount: bar.amount, place, itemStyle: { color: isPair ? css(`run-${place}`) : bar.color, opacity: isPair && place ? 0.75 : 1 } })) });
    });
    return { series };
  },
  say: () => RUNS.map((run) => `${tag(run)}${money(run, lostAt(run))} so far: ${payersShown().map((payer) => `${PAYERS[payer][0].toLowerCase()} ${money(run, valueAt(run.paid[payer], position(), 0))}`).join(", ") || "nobody"}.`).join(" "),
  table: () => ({ head: ["Run", "Who", "So far", "In the end"], numbers: [2, 3], note: "Deleveraged accounts: what they would have got at the mark more than they did.",
    rows: RUNS.flatMap((run) => payersShown().map((payer) => [run.label, PAYERS[payer][0], money(run, valueAt(run.paid[payer], position(), 0)), money(run, valueAt(run.paid[payer], Infinity, 0))])) }),
});
const payersShown = () => Object.keys(PAYERS).filter((payer) => RUNS.some((run) => run.paid[payer] && run.paid[payer].v.some((v) => v > 0)));
const lostAt = (run) => payersShown().reduce((sum, payer) => sum + valueAt(run.paid[payer], position(), 0), 0);
const totalOf = (run) => Math.max(...["s", "t"].map(() => payersShown().reduce((sum, payer) => sum + Math.max(0, ...(run.paid[payer] ? run.paid[payer].v : [0])), 0)));

moneyChart({ id: "adl", title: "Deleveraging", name: "closed against their will", color: "others", track: (run) => run.deleveraged, from: 0,
  caption: () => RUNS.map((run) => `${tag(run)}${whole(valueAt(run.deleveraged_count, position(), 0))} accounts in profit had positions closed so far.`).join(" "),
  has: () => RUNS.some((run) => run.deleveraged.v.length), none: "no position was closed against a liquidation." });
moneyChart({ id: "cuts", title: "Haircuts", name: "taken from profits", color: "others", track: (run) => run.haircuts, from: 0,
  caption: () => RUNS.map((run) => `${tag(run)}${whole(run.haircut_count)} charges to ${whole(run.charged_accounts)} accounts by the end.`).join(" "),
  has: () => RUNS.some((run) => run.haircuts.v.length), none: "no profit was cut." });

// --- tree -------------------------------------------------------------------------------------------------------------

chart({
  id: "tree", title: "Which liquidation set off which", width_class: "wide", isMoving: true,
  caption: () => { const run = shownRun(); return `${tag(run)}${whole(run.triggered)} of ${whole(run.liquidated)} liquidations were set off by another one's trades; the longest chain has ${whole(run.longest_chain)}. Larger: worth more.`; },
  keys: () => Object.entries(OUTCOMES).filter(([, [, names]]) => shownRun().tree.some((node) => names.includes(node.outcome))).map(([color, [text]]) => [css(color), text]),
  has: () => RUNS.some((run) => run.tree.length), none: "nobody was liquidated.",
  height() {
    const parents = new Set(shownRun().tree.map((node) => node.parent));
    return Math.max(120, 19 * shownRun().tree.filter((node) => node.number < 0 || !parents.has(node.number)).length + 30);
  },
  option() {
    const run = shownRun();
    return base({ tooltip: { trigger: "item", formatter: (p) => esc(p.data.tip || "The market itself") },
      series: [{ type: "tree", id: "tree", data: [this.root()], left: 64, right: phone() ? 100 : 190, top: 10, bottom: 10, expandAndCollapse: false, symbol: "circle", roam: false, edgeShape: "curve",
        lineStyle: { color: css("line"), width: 1.3, curveness: 0.5 }, emphasis: { disabled: true },
        label: { position: "left", distance: 6, color: css("soft"), fontSize: 12 }, leaves: { label: { position: "right" } } }] });
  },
  move() { return { series: [{ id: "tree", data: [this.root()] }] }; },
  state() { return shownRun().tree.filter((node) => node[key()] <= position()).length; },
  root() {
    const run = shownRun(), where = position(), largest = Math.max(1, ...run.tree.filter((node) => node.times === 1).map((node) => node.size));
    const made = new Map([[0, { name: "Market", symbolSize: 10, itemStyle: { color: css("soft") }, children: [] }]]);
    for (const node of run.tree) {
      const isPast = node[key()] <= where;
      const color = css(kindOf(node.times > 1 ? "several" : node.outcome));
      const text = node.times > 1 ? `${whole(node.times)} others, ${money(run, node.size)} together` : `liquidation ${node.number}: account ${node.account}, ${node.side}, ${money(run, node.size)}, ${node.outcome.replace(/_/g, " ")}`;
      const behind = node.behind ? `; behind it ${whole(node.behind)} more, ${money(run, node.behind_size)}` : "";
      const made_node = { name: node.times > 1 ? `+ ${whole(node.times)} others` : `${node.number}: ${short(node.size * run.money_unit)}`, tip: text + behind, children: [],
        symbolSize: node.times > 1 ? 6 : 5 + 17 * Math.sqrt(node.size / largest), itemStyle: { color, opacity: isPast ? 1 : 0.12, borderWidth: 0 }, label: { opacity: isPast ? 1 : 0.25 }, lineStyle: { opacity: isPast ? 1 : 0.25 } };
      made.set(node.number, made_node);
      made.get(node.parent).children.push(made_node);
    }
    return made.get(0);
  },
  say() { const run = shownRun(); return `${tag(run)}${whole(valueAt(run.liquidation_count, position(), 0))} of ${whole(run.liquidated)} liquidations have begun; ${whole(run.triggered)} in all were set off by another one.`; },
  table: liquidationTable,
});
