// Cards around the charts, the slider and play.

const REDRAWN = new Map();
const make = (name, attributes = {}, ...children) => {
  const found = document.createElement(name);
  for (const [at, value] of Object.entries(attributes)) if (at === "class") found.className = value; else if (at.startsWith("on")) found.addEventListener(at.slice(2), value); else found.setAttribute(at, value);
  found.append(...children);
  return found;
};
const textOf = (given, self) => (typeof given === "function" ? given.call(self) : given || "");

/** One chart on the page: its card, its canvas, the veil over what has not happened yet, its table. */
class Card {
  constructor(given) {
    this.given = given;
    this.caption = make("p", { class: "caption" }, textOf(given.caption, given));
    this.canvas = make("div", { class: "canvas", role: "img", id: `plot-${given.id}` });
    this.veil = make("div", { class: "veil" });
    this.plot = make("div", { class: "plot" }, this.canvas);
    if (given.isTimed) this.plot.append(this.veil);
    this.keys = make("ul", { class: "keys", "aria-label": "Colours" });
    this.details = make("details", { class: "data" }, make("summary", {}, "Data table"));
    this.details.addEventListener("toggle", () => { if (this.details.open) this.fill(); });
    const image = make("button", { type: "button", class: "small", "aria-label": `Save ${given.title} as PNG`, onclick: () => this.save() }, "PNG");
    this.element = make("section", { class: `card ${given.width_class}`, id: given.id, "aria-label": given.title }, make("div", { class: "head" }, make("h2", {}, given.title), image), this.caption);
    if (given.keys) this.element.append(this.keys);
    this.isEmpty = !given.has();
    this.element.append(this.plot, this.details);
  }
  width() { return this.canvas.clientWidth || 600; }
  draw() {
    if (this.isEmpty) return;
    this.canvas.style.height = `${this.given.height()}px`;
    if (this.chart) this.chart.dispose();
    this.chart = echarts.init(this.canvas, null, { renderer: "canvas" });
    this.chart.setOption(this.given.option(this));
    if (this.given.keys) this.keys.replaceChildren(...this.given.keys().map(([color, text]) => { const item = make("li", {}, text); item.style.setProperty("--key", color); return item; }));
    REDRAWN.delete(this);
    this.move();
  }
  move() {
    if (this.isEmpty) return;
    const { given } = this;
    if (given.isTimed) {
      const plot = PLOT(), left = plot.left + state.at * (this.width() - plot.left - plot.right);
      const top = given.id === "price" || (isPair && given.id !== "depth") ? plot.top : 28;
      const isBeyond = given.id === "price"; // its marks may stand out over the axes
      Object.assign(this.veil.style, { left: `${left}px`, right: isBeyond ? "0" : `${plot.right}px`, top: `${top}px`, bottom: isBeyond ? "0" : `${plot.bottom}px`, visibility: state.at >= 1 ? "hidden" : "visible" });
    }
    if (given.isMoving) {
      const now = given.state ? given.state() : null;
      if (now === null || REDRAWN.get(this) !== now) this.chart.setOption(given.move());
      REDRAWN.set(this, now);
    }
    if (given.isLive && this.details.open) this.fill();
    if (typeof given.caption === "function") this.caption.textContent = given.caption();
    this.canvas.setAttribute("aria-label", `${given.title}, at ${whereText(RUNS[0], position())}. ${given.say()} The numbers are in the data table below.`);
  }
  fill(count = 200) {
    const { head, rows, numbers = [], note } = this.given.table();
    if (!rows.length) rows.push(head.map((_, i) => (i ? "–" : "nothing at this moment")));
    const columns = head.map((_, i) => i).filter((i) => isPair || head[i] !== "Run");
    const body = make("tbody", {}, ...rows.slice(0, count).map((row) => make("tr", {}, ...columns.map((i) => make("td", numbers.includes(i) ? { class: "number" } : {}, row[i].shown ?? String(row[i]))))));
    const table = make("table", {}, make("thead", {}, make("tr", {}, ...columns.map((i) => make("th", { scope: "col" }, head[i])))), body);
    const parts = [make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${this.given.title}, data` }, table)];
    if (note) parts.unshift(make("p", {}, note));
    const tools = make("p", {}, `${whole(Math.min(count, rows.length))} of ${whole(rows.length)} rows `);
    if (rows.length > count) tools.append(make("button", { type: "button", class: "small", onclick: () => this.fill(count * 5) }, "Show more"), " ");
    tools.append(make("button", { type: "button", class: "small", onclick: () => download(`${this.given.id}.csv`, new Blob([csv(head, rows)], { type: "text/csv" })) }, "Save all as CSV"));
    parts.push(tools);
    this.details.replaceChildren(this.details.firstElementChild, ...parts);
  }
  save() { fetchless(this.chart.getDataURL({ type: "png", pixelRatio: 3, backgroundColor: css("card") }), `${this.given.id}.png`); }
}
/** A file for a machine: plain numbers in full, times with their date. */
const csv = (head, rows) => [head, ...rows].map((row) => row.map((found) => { const text = found.plain ?? String(found); return /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text; }).join(",")).join("\n") + "\n";
function fetchless(url, name) { const link = make("a", { href: url, download: name }); document.body.append(link); link.click(); link.remove(); }
function download(name, blob) { const url = URL.createObjectURL(blob); fetchless(url, name); setTimeout(() => URL.revokeObjectURL(url), 1000); }

// --- the page -----------------------------------------------------------------------------------------------------------

const cards = CHARTS.map((given) => new Card(given));
const slider = document.getElementById("slider"), play = document.getElementById("play"), now = document.getElementById("now");
const axis = document.getElementById("axis"), speed = document.getElementById("speed"), theme = document.getElementById("theme");

function draw() { for (const card of cards) card.draw(); tell(); }
function move() { for (const card of cards) card.move(); tell(); }
function tell() {
  const where = position(), parts = [["", whereText(RUNS[0], where)]];
  if (state.axis === "step") parts.push(["", clock(RUNS[0], timeAt(RUNS[0], where))]);
  for (const run of RUNS) {
    const market = marketOf(run);
    const held = market && quiet(run, market.trades).find(([from, to]) => from < where && (where < to || to === endOf(run)));
    const since = held && where - held[0] > longest() ? ` (no trade since ${whereText(run, held[0])})` : "";
    if (market) parts.push([`${tag(run)}${market.trades.v.length ? `price${since}` : "mark"}`, priceText(market, valueAt(market.trades.v.length ? market.trades : market.marks, where))]);
    parts.push([`${tag(run)}liquidations`, whole(valueAt(run.liquidation_count, where, 0))]);
    if (!isPair) {
      if (run.stop_count.v.length) parts.push(["stops", whole(valueAt(run.stop_count, where, 0))]);
      if (run.fund.v.some((v) => v)) parts.push(["fund", money(run, valueAt(run.fund, where, 0))]);
      if (run.deleveraged_count.v.length) parts.push(["deleveraged", whole(valueAt(run.deleveraged_count, where, 0))]);
    }
    if (payersShown().length) parts.push([`${tag(run)}beyond margins`, money(run, lostAt(run))]);
  }
  now.replaceChildren(...parts.map(([name, value]) => make("span", {}, name ? `${name} ` : "", make("b", {}, value))));
  slider.value = Math.round(state.at * 1000);
  slider.setAttribute("aria-valuetext", parts.map(([name, value]) => `${name} ${value}`.trim()).join(", "));
}
/** Of a step, the time; as the points of the tracks tell it. */
function timeAt(run, step) {
  let found = 0;
  for (const track of [...run.markets.flatMap((market) => [market.trades, market.marks]), run.fund]) {
    let low = 0, high = track.s.length;
    while (low < high) { const middle = (low + high) >> 1; if (track.s[middle] <= step) low = middle + 1; else high = middle; }
    if (low > 0) found = Math.max(found, track.t[low - 1]);
  }
  return step >= run.steps ? run.span_ns : found;
}
function seek(at) { state.at = Math.min(1, Math.max(0, at)); move(); }

let last = null;
function frame(ts) {
  if (!state.isPlaying) return;
  if (last !== null) seek(state.at + ((ts - last) / 20000) * state.speed);
  last = ts;
  if (state.at >= 1) pause(); else requestAnimationFrame(frame);
}
function start() { if (state.at >= 1) seek(0); state.isPlaying = true; last = null; play.textContent = "Pause"; requestAnimationFrame(frame); }
function pause() { state.isPlaying = false; play.textContent = state.at >= 1 ? "Play again" : "Play"; }

function choose(label, id, names, act) {
  const select = make("select", { id, onchange: () => { act(Number(select.value)); } }, ...names.map((name, i) => make("option", { value: i }, name)));
  document.getElementById("switches").append(make("label", {}, `${label} `, select));
}
if (isPair) choose("Book and tree of", "shown", RUNS.map((run) => run.label), (i) => { state.shown = i; draw(); });
if (Math.max(...RUNS.map((run) => run.markets.length)) > 1) choose("Market", "market", RUNS[0].markets.map((market) => market.symbol), (i) => { state.market = i; draw(); });

function lay() {
  const full = cards.filter((card) => !card.isEmpty), empty = cards.filter((card) => card.isEmpty);
  const halves = full.filter((card) => card.given.width_class === "half");
  if (halves.length % 2) halves[halves.length - 1].element.classList.replace("half", "wide");
  document.getElementById("cards").append(...full.map((card) => card.element));
  if (empty.length) document.getElementById("cards").append(make("section", { class: "card wide empty", "aria-label": "Not in this run" }, make("h2", {}, "Not in this run"), make("ul", {}, ...empty.map((card) => make("li", {}, `${card.given.title}: ${card.given.none || "nothing to show."}`)))));
}
lay();
document.getElementById("player").hidden = false;
axis.value = state.axis;
play.addEventListener("click", () => (state.isPlaying ? pause() : start()));
slider.addEventListener("input", () => { pause(); seek(slider.value / 1000); play.textContent = "Play"; });
axis.addEventListener("change", () => { state.axis = axis.value; draw(); });
speed.addEventListener("change", () => { state.speed = Number(speed.value); });
const isDark = () => document.documentElement.dataset.theme === "dark";
function named() { theme.textContent = isDark() ? "Light mode" : "Dark mode"; }
function setTheme(name) { document.documentElement.dataset.theme = name; named(); draw(); }
theme.addEventListener("click", () => { const name = isDark() ? "light" : "dark"; try { localStorage.setItem("cascade-theme", name); } catch { /* no storage */ } setTheme(name); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => { if (!chosenTheme()) setTheme(event.matches ? "dark" : "light"); });
let width = innerWidth;
addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; draw(); } });
named();
draw();
document.documentElement.dataset.ready = String(Math.round(performance.now()));
