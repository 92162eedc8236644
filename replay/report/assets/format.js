"use strict";
// Numbers to text, and where on a track a moment is. Data are integers: ticks, lots, money units, ns and steps.

const RUNS = JSON.parse(document.getElementById("data").textContent);
const TRACKS = ["fund", "haircuts", "deleveraged", "deleveraged_count", "liquidation_count", "stop_count"];
for (const run of RUNS) {
  const tracks = [...TRACKS.map((name) => run[name]), ...Object.values(run.paid), ...run.markets.flatMap((market) => [market.trades, market.marks, market.indices])];
  for (const track of tracks) for (const places of [track.s, track.t]) for (let i = 1; i < places.length; i++) places[i] += places[i - 1]; // they are stored as differences
}
const state = { axis: RUNS[0].prefer, at: 1, shown: 0, market: 0, speed: 1, isPlaying: false };

const key = () => (state.axis === "time" ? "t" : "s");
const endOf = (run) => (state.axis === "time" ? run.span_ns : run.steps) || 1;
const axisEnd = () => Math.max(...RUNS.map(endOf));
const position = () => state.at * axisEnd();

/** The index of the last point at or before a position; -1 before the first. */
function indexAt(track, where) {
  const places = track[key()];
  let low = 0, high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle] <= where) low = middle + 1; else high = middle;
  }
  return low - 1;
}
function valueAt(track, where, before = null) {
  const index = track ? indexAt(track, where) : -1;
  return index < 0 ? before : track.v[index];
}

const esc = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const grouped = (value, decimals) => value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
const whole = (value) => grouped(value, 0);
const priceText = (market, ticks) => (ticks === null ? "–" : grouped(ticks * market.tick_size, market.decimals));
function rounded(value) {
  const size = Math.abs(value);
  for (const [unit, word] of [[1e12, " trillion"], [1e9, " billion"], [1e6, " million"]]) if (size >= unit) return grouped(value / unit, 2) + word;
  return size >= 1000 ? grouped(value, 0) : size >= 1 ? grouped(value, 2) : size === 0 ? "0" : String(Number(value.toPrecision(3)));
}
function short(value) {
  const size = Math.abs(value);
  for (const [unit, word] of [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]]) if (size >= unit) return String(Number((value / unit).toPrecision(3))) + word;
  return String(Number(value.toPrecision(3)));
}
const money = (run, amount) => `${rounded(amount * run.money_unit)} ${run.currency}`;
const quantity = (market, lots) => rounded(lots * market.lot_size);

const SECOND = 1e9, DAY = 86400 * SECOND;
function clock(run, ns, span = run.span_ns) {
  const at = BigInt(run.start_ns) + BigInt(Math.round(ns));
  const iso = new Date(Number(at / 1000000n)).toISOString();
  const time = iso.slice(11, 19);
  if (span < 10 * SECOND) return `${time}.${iso.slice(20, 23)}`;
  if (span < 2 * DAY) return time;
  return `${iso.slice(5, 10)} ${iso.slice(11, 16)}`;
}
function fullClock(run, ns) {
  const at = BigInt(run.start_ns) + BigInt(Math.round(ns));
  const iso = new Date(Number(at / 1000000n)).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}.${String(at % 1000000000n).padStart(9, "0").replace(/0{3,6}$/, "")}`;
}
const isoClock = (run, ns) => {
  const at = BigInt(run.start_ns) + BigInt(Math.round(ns));
  return `${new Date(Number(at / 1000000n)).toISOString().slice(0, 19)}.${String(at % 1000000000n).padStart(9, "0")}Z`;
};
const whereText = (run, where) => (state.axis === "time" ? clock(run, where) : `step ${whole(Math.round(where))}`);

/** Count times a unit in decimal text, with every digit and no separators. */
function exact(count, unit) {
  const [mantissa, power = "0"] = String(unit).toLowerCase().split("e"), [head, tail = ""] = mantissa.split(".");
  const decimals = tail.length - Number(power);
  let digits = BigInt(count) * BigInt(head + tail);
  if (decimals <= 0) return String(digits * 10n ** BigInt(-decimals));
  const sign = digits < 0n ? "-" : "";
  digits = String(digits < 0n ? -digits : digits).padStart(decimals + 1, "0");
  return sign + `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`.replace(/\.?0+$/, "");
}

// A cell of a table that is read by people, and by a machine as a file: `shown` is for the one, `plain` for the other.
const cell = (shown, plain) => ({ shown: String(shown), plain: String(plain) });
const nothing = cell("–", "");
const priceCell = (market, ticks) => (ticks === null ? nothing : cell(priceText(market, ticks), exact(ticks, market.tick_size)));
const moneyCell = (run, amount) => cell(rounded(amount * run.money_unit), exact(amount, run.money_unit));
const lotsCell = (market, lots) => cell(quantity(market, lots), exact(lots, market.lot_size));
const countCell = (count) => cell(whole(count), count);
const timeCell = (run, ns) => cell(fullClock(run, ns), isoClock(run, ns));
const whereCell = (run, where) => (state.axis === "time" ? cell(whereText(run, where), isoClock(run, where)) : cell(whole(Math.round(where)), Math.round(where)));
const units = (found) => { const known = [...new Set(found.filter(Boolean))]; return known.length ? ` (${known.join(" or ")})` : ""; };
const moneyUnits = () => units(RUNS.map((run) => run.currency));

/** The ends and the step of an axis, and labels with as many digits as tell its steps apart. unit: of the values. */
function scaleOf(values, { zero = false, parts = 5, unit = "", isMoney = false, low = null, high = null } = {}) {
  let first = low ?? values.reduce((a, b) => Math.min(a, b), zero ? 0 : Infinity), last = high ?? values.reduce((a, b) => Math.max(a, b), zero ? 0 : -Infinity);
  if (!Number.isFinite(first) || !Number.isFinite(last)) [first, last] = [0, 1];
  if (first === last) { const room = Math.abs(last) / 100 || 1; if (!zero || last < 0) first -= room; last += room; }
  const raw = (last - first) / parts, decade = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * decade).find((n) => n >= raw * 0.999);
  const neat = (value) => Number(value.toPrecision(12));
  const min = low ?? neat(Math.floor(neat(first / step)) * step), max = high ?? neat(Math.ceil(neat(last / step)) * step);
  const size = Math.max(Math.abs(min), Math.abs(max));
  const [by, word] = [[1e12, "trillion"], [1e9, "billion"], [1e6, "million"], ...(isMoney ? [[1e5, "thousand"]] : [])].find(([from]) => size >= from) || [1, ""];
  const divisor = by === 1e5 ? 1e3 : by;
  let decimals = 0;
  while (decimals < 8 && Math.abs(step / divisor - Number((step / divisor).toFixed(decimals))) > step / divisor / 1e6) decimals++;
  const ticks = [];
  for (let tick = Math.ceil(neat(min / step)); neat(tick * step) <= max; tick++) ticks.push(neat(tick * step));
  return { min, max, step, ticks, label: (value) => grouped(value / divisor, decimals), unit: [word, unit].filter(Boolean).join(" ") };
}

/** Round places on the time axis: on the clock's own seconds, minutes and hours. */
function timeTicks(run, most) {
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500].flatMap((n) => [n * 1e3, n * 1e6]).concat(
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200].map((s) => s * SECOND), [1, 2, 7, 14, 30].map((d) => d * DAY));
  steps.sort((a, b) => a - b);
  const span = axisEnd();
  const step = steps.find((found) => span / found <= most) || steps[steps.length - 1];
  const over = Number(BigInt(run.start_ns) % BigInt(step));
  const ticks = [];
  for (let tick = over ? step - over : 0; tick <= span; tick += step) ticks.push(tick);
  return ticks;
}
function stepTicks(most) {
  const span = axisEnd();
  const raw = span / most, unit = 10 ** Math.floor(Math.log10(raw || 1));
  const step = Math.max(1, [1, 2, 5, 10].map((n) => n * unit).find((n) => n >= raw) || 1);
  const ticks = [];
  for (let tick = 0; tick <= span; tick += step) ticks.push(tick);
  return ticks;
}
