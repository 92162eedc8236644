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
const PLOT = () => ({ left: phone() ? 56 : 70, right: phone() ? 12 : 18, top: 50, bottom: 44 }); // room for names of axes
const LABEL = () => ({ color: css("soft"), fontSize: 12 });
const marketOf = (run) => run.markets[Math.min(state.market, run.markets.length - 1)];
const tag = (run) => (isPair ? `${run.label}: ` : "");

function base(extra) {
  const text = css("soft");
  return { animation: false, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: text }, legend: { show: false }, ...extra,
    tooltip: { confine: true, backgroundColor: css("card"), borderColor: css("line"), textStyle: { color: css("ink"), fontSize: 13 }, ...extra.tooltip } };
}
function xAxis(chart, extra = {}) {
  const most = Math.max(2, Math.floor((chart.width() - 80) / 95));
  const ticks = state.axis === "time" ? timeTicks(RUNS[0], most) : stepTicks(most);
  return { type: "value", min: 0, max: axisEnd(), axisLine: { lineStyle: { color: css("line") } }, splitLine: { show: false },
    axisTick: { customValues: ticks, lineStyle: { color: css("line") } },
    name: placeName(), nameLocation: "middle", nameGap: 25, nameTextStyle: LABEL(),
    axisLabel: { customValues: ticks, ...LABEL(), hideOverlap: true, formatter: (v) => (state.axis === "time" ? clock(RUNS[0], v, axisEnd()) : short(v)) }, ...extra };
}
const placeName = () => (state.axis === "time" ? `Time (UTC), from ${fullClock(RUNS[0], 0).slice(0, 10)}` : phone() ? "Step" : "Step: a trade, price, stop, liquidation or payment");
/** A vertical axis of numbers; its name stands above it. scale: of `scaleOf`. */
function yAxis(what, scale, extra = {}) {
  return { type: "value", min: scale.min, max: scale.max, interval: scale.step, name: [what, scale.unit].filter(Boolean).join(", "), nameGap: 10, nameTextStyle: { ...LABEL(), align: "left", padding: [0, 0, 0, -(PLOT().left - 4)] },
    axisLabel: { ...LABEL(), formatter: scale.label }, splitLine: { lineStyle: { color: css("grid") } }, ...extra };
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
const longest = () => Math.max(axisEnd() / 40, state.axis === "time" ? 0 : 50); // without a trade: as a part of the axis, and never a few steps
/** Stretches without a trade that are long on the axis: [from, to, the price held]. */
function quiet(run, track) {
  const places = track[key()];
  return Array.from(places, (from, i) => [from, i + 1 < places.length ? places[i + 1] : endOf(run), track.v[i]]).filter(([from, to]) => to - from > longest());
}
/** The line of trades, and a dotted one where nobody trades and it only holds the last price. */
function tradeLines(run, market, name, color, extra = {}) {
  const track = market.trades, scale = Number(market.tick_size), held = quiet(run, track), data = points(run, track, scale);
  if (!held.length) return [line(name, data, color, extra)];
  const begins = new Set(held.map(([from]) => from)), broken = [], dotted = [];
  data.forEach(([x, y], i) => {
    broken.push([x, y]);
    const next = data[i + 1];
    if (next && begins.has(x) && next[0] !== x) { broken.push([x, null]); dotted.push([x, y], [next[0], y], next, [next[0], null]); }
  });
  const width = (extra.lineStyle || {}).width || 1.6;
  return [line(name, broken, color, extra), line(`${name}, nobody trading`, dotted, color, { z: extra.z, xAxisIndex: extra.xAxisIndex, yAxisIndex: extra.yAxisIndex, silent: true, lineStyle: { color, width: width * 0.75, type: [2, 4], opacity: 0.85 } })];
}
/** In words: the longest of those stretches. */
function quietText(run, market) {
  const held = market ? quiet(run, market.trades) : [];
  if (!held.length) return "";
  const [from, to, ticks] = held.reduce((a, b) => (b[1] - b[0] > a[1] - a[0] ? b : a));
  return ` ${isPair ? `${run.label}: nobody` : "Nobody"} traded from ${whereText(run, from)} to ${whereText(run, to)}: there the line is dotted and holds the last price, ${priceText(market, ticks)}, whatever the book did.`;
}
const legend = (names) => ({ show: true, type: "scroll", top: 0, left: 0, itemWidth: 18, itemHeight: 10, textStyle: LABEL(), pageTextStyle: { color: css("soft") }, data: names });
const dash = (place) => ["solid", [6, 4], [2, 3], [9, 3, 2, 3]][place];

const CHARTS = [];
function chart(given) { CHARTS.push(given); }

// --- price ------------------------------------------------------------------------------------------------------------

chart({
  id: "price", title: "Price, mark and liquidations", width_class: "wide", height: () => (phone() ? 320 : 400), isTimed: true,
  caption: () => `${RUNS.some((run) => run.liquidations.length) ? "Circles: liquidations, when they began and at the average price they were sold at; triangles: bought back. A thin stem joins each to the price when it began. Area: what the position was worth. Dashed outlines stand for several small ones." : ""}${RUNS.map((run) => quietText(run, marketOf(run))).join("")}`,
  has: () => RUNS.some((run) => run.markets.length),
  option(self) {
    const series = [], names = [];
    const biggest = Math.max(1, ...RUNS.flatMap((run) => run.liquidations.map((mark) => mark.size)));
    RUNS.forEach((run, place) => {
      const market = marketOf(run);
      if (!market) return;
      const scale = Number(market.tick_size);
      const add = (name, track, color, extra) => { if (track.v.length) { names.push(name); series.push(line(name, points(run, track, scale), color, extra)); } };
      const color = css(isPair ? `run-${place}` : "price");
      if (market.trades.v.length) {
        const lines = tradeLines(run, market, `${tag(run)}price`, color, { z: 4, lineStyle: { color, width: 2, type: dash(place) },
          markPoint: place === 0 ? lowPoint(run, market, scale) : undefined, markLine: place === 0 ? noteLines(run) : undefined });
        names.push(...lines.map((found) => found.name));
        series.push(...lines);
      }
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
        series.push({ ...line(name, stems(run, market, marks, scale), color, { z: 5, silent: true, lineStyle: { color, width: 1, opacity: 0.55 } }), step: false }); // of the same name, so that the legend hides both
      }
    });
    const heights = series.flatMap((found) => found.data.map((point) => (point.value || point)[1])).filter((value) => value !== null);
    return base({ grid: { ...PLOT(), outerBoundsMode: "none" }, legend: legend(names), xAxis: xAxis(self), yAxis: yAxis("Price", scaleOf(heights, { unit: marketOf(RUNS[0])?.price_unit })), series,
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
        track.v.forEach((v, i) => rows.push([run.label, timeCell(run, track.t[i]), countCell(track.s[i]), name, priceCell(market, v)]));
      }
      for (const [s, t, text] of run.notes) rows.push([run.label, timeCell(run, t), countCell(s), text, nothing]);
    });
    return { head: ["Run", "Time (UTC)", "Step", "What", `Price${priceUnits()}`], numbers: [2, 4], rows };
  },
});
const priceUnits = () => units(RUNS.map((run) => marketOf(run)?.price_unit));
const lotUnits = () => units(RUNS.map((run) => marketOf(run)?.lot_unit));
/** From the price when each began to where it is drawn. */
function stems(run, market, marks, scale) {
  const track = market.trades.v.length ? market.trades : market.marks;
  return marks.flatMap((mark) => {
    const x = mark[key()], from = valueAt(track, x), to = mark.average || mark.mark;
    return from === null || from === to ? [] : [[x, from * scale], [x, to * scale], [x, null]];
  });
}
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
    label: { formatter: (p) => p.name, color: css("soft"), position: "insideEndTop", rotate: 0, fontSize: 12, distance: [0, 2] },
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
  head: ["Run", "Number", "Time (UTC)", "Step", "Account", "Side", "Market", "How many", `Worth at mark${moneyUnits()}`, `Mark${priceUnits()}`, `Average price${priceUnits()}`, `Lacked${moneyUnits()}`, "Set off by", "Outcome"], numbers: [1, 3, 4, 7, 8, 9, 10, 11, 12],
  rows: RUNS.flatMap((run) => run.liquidations.map((mark) => {
    const market = run.markets.find((found) => found.symbol === mark.symbol) || marketOf(run);
    return [run.label, mark.number, timeCell(run, mark.t), countCell(mark.s), mark.count > 1 ? "several" : mark.account, mark.side, mark.symbol, countCell(mark.count), moneyCell(run, mark.size), priceCell(market, mark.mark),
      mark.average ? priceCell(market, mark.average) : nothing, moneyCell(run, mark.shortfall), mark.cause || "the market", mark.outcome.replace(/_/g, " ")];
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
function placeAt(run, count) { return Math.min(count - 1, Math.max(0, Math.ceil((position() / endOf(run)) * count) - 1)); }
function columnAt(run, market) { const columns = columnsOf(market); return columns[placeAt(run, columns.length)]; }
/** The highest bid and the lowest ask of that moment, in ticks; null where nobody is left. */
function bestAt(run, market) { const best = market.depth[state.axis === "time" ? "best_by_time" : "best_by_step"]; return best[placeAt(run, best.length)]; }
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
  none: "no order stood in it when a look fell on it.", caption: "Blue: bids, orange: asks, darker: more (on a logarithmic scale). The line is the price. Where the colour ends, nobody was left. The line is dotted where nobody trades.",
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
    const prices = scaleOf([], { unit: market.price_unit, low: depth.first * scale, high: rowPrice(market, depth.rows) * scale });
    return base({ grid: { ...PLOT(), top: 28, outerBoundsMode: "none" },
      xAxis: [{ type: "category", data: Array.from({ length: Math.round(columns.length / share) }, (_, i) => i), ...hidden }, xAxis(self, { position: "bottom" })],
      yAxis: [{ type: "category", data: Array.from({ length: depth.rows }, (_, i) => i), ...hidden },
        yAxis("Price", prices, { position: "left", interval: undefined, axisTick: { show: false, customValues: prices.ticks }, splitLine: { show: false }, axisLabel: { ...LABEL(), formatter: prices.label, customValues: prices.ticks } })],
      visualMap: { show: false, seriesIndex: 0, dimension: 2, min: -1, max: 1, inRange: { color: [shade("ask", 1), shade("ask", 0.55), shade("ask", 0.12), shade("bid", 0.12), shade("bid", 0.55), shade("bid", 1)] } },
      series: [{ type: "heatmap", data: cells, progressive: 0, emphasis: { disabled: true } },
        ...tradeLines(run, market, "price", css("ink"), { xAxisIndex: 1, yAxisIndex: 1, z: 5, silent: true, lineStyle: { color: css("ink"), width: 1.5 } })],
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
        for (let i = 0; column && i < column.length; i += 2) rows.push([run.label, whereCell(run, where), priceCell(market, rowPrice(market, column[i])), priceCell(market, rowPrice(market, column[i] + 1)), column[i + 1] > 0 ? "bids" : "asks", lotsCell(market, Math.abs(column[i + 1]))]);
      });
    }
    return { head: ["Run", state.axis === "time" ? "Until (UTC)" : "Until step", `From price${priceUnits()}`, `Below price${priceUnits()}`, "Side", `Quantity${lotUnits()}`], numbers: [2, 3, 5], rows, note: "Moments at which the book was the same as before are left out." };
  },
});
function bookText() {
  const run = shownRun(), market = marketOf(run);
  if (!market || !market.depth) return "No order book.";
  const column = columnAt(run, market);
  let bids = 0, asks = 0;
  for (let i = 0; i < column.length; i += 2) if (column[i + 1] > 0) bids += column[i + 1]; else asks -= column[i + 1];
  const [best, worst] = bestAt(run, market);
  const bid = best === null ? "no bid is left" : `best bid ${priceText(market, best)}, bids of ${quantity(market, bids)} in view`;
  const ask = worst === null ? "no ask is left" : `best ask ${priceText(market, worst)}, asks of ${quantity(market, asks)} in view`;
  const text = `${bid}; ${ask}.`;
  return isPair ? tag(run) + text : text[0].toUpperCase() + text.slice(1);
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
    const every = Math.ceil(market.depth.rows / 6), apart = market.depth.step * every * market.tick_size;
    const digits = Math.min(market.decimals, Math.max(0, 1 - Math.floor(Math.log10(apart))));
    return base({ grid: { ...PLOT(), top: 28, outerBoundsMode: "none" },
      xAxis: { type: "value", min: 0, max: end - low, name: `Quantity, ${[market.lot_unit, "logarithmic"].filter(Boolean).join(", ")}`, nameLocation: "middle", nameGap: 25, nameTextStyle: LABEL(), axisTick: { customValues: ticks }, axisLabel: { customValues: ticks, ...LABEL(), formatter: label }, splitLine: { lineStyle: { color: css("grid") } } },
      yAxis: { type: "category", data: Array.from({ length: market.depth.rows }, (_, i) => priceText(market, rowPrice(market, i))), name: ["Price", market.price_unit].filter(Boolean).join(", "), nameGap: 10, nameTextStyle: { ...LABEL(), align: "left", padding: [0, 0, 0, -(PLOT().left - 4)] }, axisLabel: { ...LABEL(), interval: every - 1, formatter: (v, i) => grouped(rowPrice(market, i) * market.tick_size, digits) }, axisTick: { show: false }, axisLine: { lineStyle: { color: css("line") } } },
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
    for (let i = column.length - 2; i >= 0; i -= 2) rows.push([priceCell(market, rowPrice(market, column[i])), priceCell(market, rowPrice(market, column[i] + 1)), column[i + 1] > 0 ? "bids" : "asks", lotsCell(market, Math.abs(column[i + 1]))]);
    return { head: [`From price${priceUnits()}`, `Below price${priceUnits()}`, "Side", `Quantity${lotUnits()}`], numbers: [0, 1, 3], rows };
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
      const amounts = series.flatMap((found) => found.data.map((point) => point[1]));
      return base({ grid: { ...PLOT(), top: isPair ? 50 : 28, outerBoundsMode: "none" }, legend: isPair ? legend(series.map((s) => s.name)) : { show: false }, xAxis: xAxis(self), yAxis: yAxis("", scaleOf(amounts, { zero: true, isMoney: true, unit: moneyUnits().slice(2, -1) })), series,
        tooltip: { trigger: "axis", formatter: (found) => [`<b>${esc(whereText(RUNS[0], found[0].axisValue))}</b>`, ...RUNS.filter((run) => given.track(run).v.length).map((run) => `${esc(tag(run))}${esc(money(run, valueAt(given.track(run), found[0].axisValue, given.from ?? 0)))}`)].join("<br>") } });
    },
    say: () => RUNS.map((run) => `${tag(run)}${given.name} ${money(run, valueAt(given.track(run), position(), given.from ?? 0))}.`).join(" "),
    table: () => ({ head: ["Run", "Time (UTC)", "Step", `${given.name}${moneyUnits()}`], numbers: [2, 3], rows: RUNS.flatMap((run) => { const track = given.track(run); return track.v.map((v, i) => [run.label, timeCell(run, track.t[i]), countCell(track.s[i]), moneyCell(run, v)]); }) }),
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
    const scale = scaleOf([end], { zero: true, parts: phone() ? 3 : 4, isMoney: true, unit: moneyUnits().slice(2, -1) });
    return base({ aria: { enabled: true, decal: { show: false } }, grid: { left: phone() ? 118 : 160, right: 56, top: isPair ? 34 : 8, bottom: 44, outerBoundsMode: "none" },
      xAxis: { type: "value", min: 0, max: scale.max, interval: scale.step, name: scale.unit, nameLocation: "middle", nameGap: 25, nameTextStyle: LABEL(), axisLabel: { ...LABEL(), formatter: scale.label, hideOverlap: true }, splitLine: { lineStyle: { color: css("grid") } } },
      yAxis: { type: "category", inverse: true, data: ["Beyond their margins", ...labels], axisTick: { show: false }, axisLine: { lineStyle: { color: css("line") } }, axisLabel: { color: css("ink"), fontSize: 12, width: phone() ? 108 : 150, overflow: "break" } },
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
  table: () => ({ head: ["Run", "Who", `So far${moneyUnits()}`, `In the end${moneyUnits()}`], numbers: [2, 3], note: "Deleveraged accounts: what they would have got at the mark more than they did.",
    rows: RUNS.flatMap((run) => payersShown().map((payer) => [run.label, PAYERS[payer][0], moneyCell(run, valueAt(run.paid[payer], position(), 0)), moneyCell(run, valueAt(run.paid[payer], Infinity, 0))])) }),
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
