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
/** A price on an axis: whole where it is large, a few digits where it is small. */
const axisPrice = (value) => (Math.abs(value) >= 1e6 ? short(value) : Number(value.toPrecision(5)).toLocaleString("en-US", { maximumFractionDigits: 8 }));
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
const whereText = (run, where) => (state.axis === "time" ? clock(run, where) : `step ${whole(Math.round(where))}`);

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
