// Puts the page together: the picture comes in, every panel whose section changed is drawn once per frame.

import { Chart } from "./chart.js";
import { wire } from "./command.js";
import { byId, clock, digits, element, keyed, percent, price, text } from "./format.js";
import * as head from "./head.js";
import { carry, ladder } from "./ladder.js";
import { Link } from "./link.js";
import * as panels from "./panels.js";
import { strategies } from "./strategies.js";

const PANELS = [
  [["mode"], (picture) => head.mode(picture, linkState)],
  [["money"], head.gains],
  [["desk", "journal"], head.desk],
  [["hours", "money"], head.hours],
  [["grids", "symbols"], (picture) => ladder(picture, chosen)],
  [["carries", "symbols"], carry],
  [["strategies"], strategies],
  [["positions"], panels.positions],
  [["profit"], panels.profit],
  [["orders", "mode"], panels.orders],
  [["fills"], panels.fills],
  [["balances"], panels.balances],
  [["processes"], panels.processes],
  [["tape"], panels.tape],
  [["refusals"], panels.refusals],
  [["candles", "symbols", "orders", "markers", "positions"], drawChart],
];
const LOST = {
  lost: "No connection to the gateway: what you see is old. Check the terminal, or use opensqt status.",
  silent: "The gateway has been silent for 5 s: what you see is old.",
};

let chosen = "";
let waiting = new Set();
let linkState = "connecting";
let heardAt = performance.now();
const chart = new Chart(byId("chart"), (words) => text(byId("quote"), words || quoteOf()));
const link = new Link(changed, told);
const picked = () => link.picture.symbols?.find((symbol) => symbol.key === chosen);

function changed(picture, names) {
  heardAt = performance.now();
  if (!chosen || !picked()) chosen = prefer(picture.symbols ?? []);
  if (!waiting.size) requestAnimationFrame(render);
  names.forEach((name) => waiting.add(name));
}

function prefer(symbols) {
  const perp = symbols.find((symbol) => symbol.market === "perp");
  return (perp ?? symbols[0])?.key ?? "";
}

function render() {
  const names = waiting;
  waiting = new Set();
  if (names.has("symbols") || names.has("choice")) tabs();
  for (const [sections, draw] of PANELS) {
    if (sections.some((name) => names.has(name)) || names.has("choice")) draw(link.picture);
  }
  second();
}

function told(state) {
  linkState = state;
  const pill = byId("link");
  pill.className = `pill ${state === "live" ? "good" : "bad"}`;
  text(pill, { live: "live", lost: "no link", silent: "silent" }[state] ?? state);
  if (document.body.dataset.link !== state) {
    document.body.dataset.link = state;
    head.mode(link?.picture ?? {}, state);
  }
}

function second() {
  const since = performance.now() - heardAt;
  head.tick(link.picture, since);
  head.pills(link.picture, since);
  head.troubles(link.picture, LOST[linkState]);
}

function tabs() {
  const make = () => {
    const tab = element("button");
    tab.type = "button";
    tab.setAttribute("role", "tab");
    tab.append(element("b"), element("span", "num"));
    tab.addEventListener("click", () => choose(tab.dataset.key));
    return tab;
  };
  keyed(byId("tabs"), link.picture.symbols, (symbol) => symbol.key, make, (tab, symbol) => {
    text(tab.children[0], symbol.symbol);
    text(tab.children[1], symbol.bid ? price((Number(symbol.bid) + Number(symbol.ask)) / 2, digits(symbol.tick_size)) : "no price yet");
    tab.setAttribute("aria-selected", String(symbol.key === chosen));
    tab.tabIndex = symbol.key === chosen ? 0 : -1;
  });
}

function choose(key) {
  chosen = key;
  changed(link.picture, new Set(["choice"]));
}

function quoteOf() {
  const symbol = picked();
  if (!symbol?.bid) return "";
  const places = digits(symbol.tick_size);
  const parts = [`bid ${price(symbol.bid, places)}`, `ask ${price(symbol.ask, places)}`];
  if (symbol.mark) parts.push(`mark ${price(symbol.mark, places)}`);
  if (symbol.funding_rate) parts.push(`funding ${percent(symbol.funding_rate)} at ${clock(symbol.funding_ms, false)}`);
  return parts.join("   ");
}

function drawChart({ candles = {}, orders = [], markers = {}, positions = [] }) {
  const symbol = picked();
  const held = positions.find((position) => position.key === chosen && Number(position.quantity));
  const rows = (candles[chosen] ?? []).map((row) => row.map(Number));
  const last = symbol?.bid ? (Number(symbol.bid) + Number(symbol.ask)) / 2 : null;
  byId("chart-empty").hidden = rows.length > 0 || last !== null;
  chart.show({
    candles: rows,
    last,
    entry: held ? Number(held.entry) : null,
    places: digits(symbol?.tick_size),
    orders: orders.filter((order) => order.key === chosen && order.type !== "market").map((order) => ({
      ...order,
      price: Number(order.price),
      atVenue: ["live", "partially_filled"].includes(order.phase) && !order.cancelling,
    })),
    fills: (markers[chosen] ?? []).map(([ms, side, at]) => ({ ms, side, price: Number(at) })),
  });
}

byId("tabs").addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) return;
  const all = [...byId("tabs").children];
  const next = all[(all.findIndex((tab) => tab.dataset.key === chosen) + step + all.length) % all.length];
  next.focus();
  choose(next.dataset.key);
});
addEventListener("resize", () => head.hours(link.picture));
setInterval(second, 250);
wire();
