// The price chart, drawn by hand: candles, own orders, fills, last price, average entry. It shows; it never computes money.

import { clock, price as priceText } from "./format.js";

const MINUTE = 60_000;
const AXIS = 78;
const FOOT = 22;
const TOP = 10;
const SLOT = { least: 8, most: 26 }; // pixels a candle
const ROOM = 4; // minutes right of the newest

export class Chart {
  constructor(canvas, legend) {
    this.canvas = canvas;
    this.legend = legend;
    this.pointer = null;
    this.data = null;
    this.slot = SLOT.least;
    new ResizeObserver(() => this.draw()).observe(canvas);
    canvas.addEventListener("pointermove", (event) => this.point(event.offsetX, event.offsetY));
    canvas.addEventListener("pointerleave", () => this.point(null));
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  show(data) {
    this.data = data;
    this.draw();
  }

  point(x, y) {
    this.pointer = x === null ? null : { x, y };
    this.draw();
  }

  key(event) {
    const step = { ArrowLeft: -this.slot, ArrowRight: this.slot }[event.key];
    if (!step) return;
    event.preventDefault();
    const x = (this.pointer?.x ?? this.canvas.clientWidth - AXIS) + step;
    this.point(Math.max(0, Math.min(x, this.canvas.clientWidth - AXIS)), this.canvas.clientHeight / 2);
  }

  colours() {
    const style = getComputedStyle(document.documentElement);
    return (name) => style.getPropertyValue(`--${name}`).trim();
  }

  draw() {
    const { canvas, data } = this;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width || !data) return;
    const ratio = devicePixelRatio || 1;
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = "11px ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', monospace";
    const view = this.view(width, height);
    if (!view) return;
    const colour = this.colours();
    this.grid(pen, view, colour);
    this.candles(pen, view, colour);
    this.lines(pen, view, colour);
    this.fills(pen, view, colour);
    this.cross(pen, view, colour);
  }

  view(width, height) {
    const { candles, orders, last, entry, places } = this.data;
    if (!candles.length && last === null) return null;
    const plot = { left: 0, right: width - AXIS, top: TOP, bottom: height - FOOT };
    const newest = candles.length ? candles.at(-1)[0] : Date.now();
    const span = candles.length ? (newest - candles[0][0]) / MINUTE + 1 + ROOM : 0;
    const room = plot.right - plot.left;
    const slot = Math.min(SLOT.most, Math.max(SLOT.least, room / Math.max(span, 1)));
    this.slot = slot;
    const first = newest - (Math.floor(room / slot) - ROOM) * MINUTE;
    const rows = candles.filter((row) => row[0] >= first);
    const prices = rows.flatMap((row) => [row[2], row[3]]).concat(last ?? []);
    let [low, high] = [Math.min(...prices), Math.max(...prices)];
    const middle = last ?? (low + high) / 2;
    const near = orders.map((order) => order.price).filter((at) => Math.abs(at / middle - 1) < 0.02);
    if (entry && Math.abs(entry / middle - 1) < 0.01) near.push(entry);
    low = Math.min(low, ...near);
    high = Math.max(high, ...near);
    const air = Math.max((high - low) * 0.07, middle * 0.00005);
    [low, high] = [low - air, high + air];
    const x = (ms) => plot.left + ((ms - first) / MINUTE + 0.5) * slot;
    const y = (at) => plot.top + ((high - at) / (high - low)) * (plot.bottom - plot.top);
    return { plot, rows, first, slot, low, high, x, y, places, width, height };
  }

  grid(pen, { plot, first, slot, low, high, x, y, places }, colour) {
    pen.strokeStyle = colour("grid");
    pen.fillStyle = colour("quiet");
    pen.lineWidth = 1;
    pen.textBaseline = "middle";
    pen.textAlign = "left";
    const step = nice((high - low) / Math.max(3, Math.floor((plot.bottom - plot.top) / 56)));
    for (let at = Math.ceil(low / step) * step; at < high; at += step) {
      line(pen, plot.left, plot.right, y(at));
      pen.fillText(priceText(at, Math.min(places, Math.max(0, -Math.floor(Math.log10(step))))), plot.right + 8, y(at));
    }
    const each = MINUTE * [2, 5, 10, 15, 30, 60].find((minutes) => minutes * slot > 90);
    pen.textAlign = "center";
    for (let ms = Math.ceil(first / each) * each; x(ms) < plot.right - 20; ms += each) {
      if (x(ms) > plot.left + 24) pen.fillText(clock(ms, false), x(ms), plot.bottom + FOOT / 2 + 2);
    }
  }

  candles(pen, { rows, slot, x, y, plot }, colour) {
    const body = Math.max(3, Math.round(slot * 0.32) * 2 - 1);
    for (const [ms, open, top, bottom, close] of rows) {
      const at = Math.round(x(ms));
      if (at < plot.left) continue;
      pen.strokeStyle = pen.fillStyle = colour(close >= open ? "up" : "down");
      pen.beginPath();
      pen.moveTo(at + 0.5, y(top));
      pen.lineTo(at + 0.5, y(bottom));
      pen.stroke();
      pen.fillRect(at + 0.5 - body / 2, Math.min(y(open), y(close)), body, Math.max(1, Math.abs(y(open) - y(close))));
    }
  }

  lines(pen, { plot, y, low, high, places }, colour) {
    const { orders, last, entry } = this.data;
    const inside = (at) => at > low && at < high;
    for (const order of orders.filter((one) => inside(one.price))) {
      pen.strokeStyle = colour(order.side === "buy" ? "good" : "bad");
      pen.globalAlpha = order.atVenue ? 0.85 : 0.4;
      pen.setLineDash(order.atVenue ? [] : [3, 3]);
      line(pen, plot.right - 130, plot.right, y(order.price));
      pen.globalAlpha = order.atVenue ? 0.22 : 0.1;
      line(pen, plot.left, plot.right - 130, y(order.price));
      pen.globalAlpha = 1;
      pen.setLineDash([]);
      pen.fillStyle = pen.strokeStyle;
      pen.fillRect(plot.right, Math.round(y(order.price)) - 1, 5, 2);
    }
    if (entry && inside(entry)) {
      pen.strokeStyle = colour("entry");
      pen.setLineDash([7, 4]);
      line(pen, plot.left, plot.right, y(entry));
      pen.setLineDash([]);
    }
    if (last !== null) {
      pen.strokeStyle = colour("last");
      pen.setLineDash([2, 3]);
      line(pen, plot.left, plot.right, y(last));
      pen.setLineDash([]);
      label(pen, plot.right + 2, y(last), priceText(last, places), colour("last"), colour("ink"));
    }
  }

  fills(pen, { first, x, y, plot, low, high }, colour) {
    for (const fill of this.data.fills) {
      const [at, level] = [x(fill.ms - MINUTE / 2), y(fill.price)];
      if (fill.ms < first || fill.price < low || fill.price > high || at > plot.right) continue;
      const up = fill.side === "buy" ? 1 : -1;
      pen.fillStyle = colour(fill.side === "buy" ? "good" : "bad");
      pen.strokeStyle = colour("card");
      pen.beginPath();
      pen.moveTo(at, level + up * 2);
      pen.lineTo(at - 4.5, level + up * 10);
      pen.lineTo(at + 4.5, level + up * 10);
      pen.closePath();
      pen.fill();
      pen.stroke();
    }
  }

  cross(pen, { plot, rows, x, y, low, high, places }, colour) {
    const at = this.pointer;
    const row = at && rows.reduce((best, one) => (!best || Math.abs(x(one[0]) - at.x) < Math.abs(x(best[0]) - at.x) ? one : best), null);
    if (!row) {
      this.legend("");
      return;
    }
    pen.strokeStyle = colour("quiet");
    pen.globalAlpha = 0.6;
    pen.setLineDash([2, 2]);
    pen.beginPath();
    pen.moveTo(Math.round(x(row[0])) + 0.5, plot.top);
    pen.lineTo(Math.round(x(row[0])) + 0.5, plot.bottom);
    pen.stroke();
    const level = Math.min(Math.max(at.y, plot.top), plot.bottom);
    line(pen, plot.left, plot.right, level);
    pen.setLineDash([]);
    pen.globalAlpha = 1;
    const here = high - ((level - plot.top) / (plot.bottom - plot.top)) * (high - low);
    label(pen, plot.right + 2, level, priceText(here, places), colour("line"), colour("text"));
    const [open, top, bottom, close] = row.slice(1, 5).map((one) => priceText(one, places));
    const order = this.data.orders.find((one) => Math.abs(y(one.price) - at.y) < 4);
    const own = order ? `   ${order.side} ${order.quantity} @ ${priceText(order.price, places)}` : "";
    this.legend(`${clock(row[0], false)}  O ${open}  H ${top}  L ${bottom}  C ${close}  V ${row[5]}${own}`);
  }
}

function line(pen, from, to, at) {
  const sharp = Math.round(at) + 0.5;
  pen.beginPath();
  pen.moveTo(from, sharp);
  pen.lineTo(to, sharp);
  pen.stroke();
}

function label(pen, left, at, content, ground, ink) {
  pen.fillStyle = ground;
  pen.beginPath();
  pen.roundRect(left, at - 9, AXIS - 4, 18, 4);
  pen.fill();
  pen.fillStyle = ink;
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  pen.fillText(content, left + 6, at + 0.5);
}

function nice(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= step);
}
