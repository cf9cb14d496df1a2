// The grid as a ladder of levels with the price between them, and the carry with its two legs.

import { amount, byId, clock, digits, element, keyed, labelled, percent, price, text, tone } from "./format.js";

const STEPS = ["entering", "hedging", "neutral", "exiting", "flat"];

export function ladder({ grids = [], symbols = [] }, chosen) {
  const shown = grids.filter((grid) => !chosen || grid.key === chosen);
  const box = byId("ladder");
  if (!shown.length) {
    box.replaceChildren(element("p", "empty", grids.length ? "no grid on this symbol" : "no grid is configured"));
    return;
  }
  box.querySelector(":scope > .empty")?.remove();
  const make = () => {
    const made = element("section", "grid");
    made.append(element("h3"), element("p", "why"), element("ol", "levels"));
    return made;
  };
  keyed(box, shown, (grid) => grid.strategy, make, (made, grid) => {
    const symbol = symbols.find((one) => one.key === grid.key);
    const places = digits(symbol?.tick_size);
    text(made.children[0], `${grid.strategy}  ${grid.step ? `step ${price(grid.step, places)}` : ""}  net ${labelled(grid.net, grid.quote)}`);
    text(made.children[1], grid.trading ? "trading" : `not trading: ${grid.reason || "unknown"}`);
    made.children[1].className = `why ${grid.trading ? "good" : "warn"}`;
    levels(made.children[2], grid, symbol, places);
  });
}

function levels(list, grid, symbol, places) {
  if (!grid.slots.length) {
    list.replaceChildren(element("li", "empty", grid.anchor ? "no order and no position: waiting for the strategy" : "waiting for the first price to anchor at"));
    return;
  }
  list.querySelector(".empty")?.remove();
  const middle = symbol?.bid ? (Number(symbol.bid) + Number(symbol.ask)) / 2 : null;
  const at = (slot) => Number(slot.order_price ?? slot.price);
  const rows = grid.slots.map((slot) => ({ ...slot, key: slot.level, at: at(slot) }));
  if (middle !== null) rows.push({ key: "price", at: middle, state: "price" });
  rows.sort((a, b) => b.at - a.at || (a.key === "price" ? -1 : 1));
  const make = () => {
    const row = element("li");
    row.append(element("span", "level num"), element("span", "num at"), element("span", "what"), element("span", "num held"));
    return row;
  };
  keyed(list, rows, (row) => row.key, make, (line, row) => {
    const [level, where, what, held] = line.children;
    if (row.key === "price") {
      line.className = "price";
      text(where, price(row.at, places));
      text(what, "price");
      return;
    }
    line.className = `${row.side ?? "none"} ${row.state.replace(" ", "-")}`;
    text(level, `${row.level > 0 ? "+" : ""}${row.level}`);
    text(where, price(row.at, places));
    const part = Number(row.filled) > 0 ? `${amount(row.filled)} of ${amount(row.quantity)}` : amount(row.quantity);
    text(what, row.side ? `${row.side} ${part}${row.state === "working" ? "" : ` · ${row.state}`}` : row.state);
    text(held, Number(row.held) === 0 ? "" : `${Number(row.held) > 0 ? "long" : "short"} ${amount(String(Math.abs(Number(row.held))))} @ ${price(row.cost, places)}`);
  });
}

const nettedAway = (leg) => `${amount(leg.netted)} of ${amount(leg.quantity)} ${leg.symbol} (worth ${price(leg.worth, 2)} ${leg.quote}) is netted by ${leg.by.join(", ")}: the venue holds nothing of it, and pays no funding on it.`;

export function carry({ carries = [], symbols = [] }) {
  const box = byId("carry");
  if (!carries.length) {
    box.replaceChildren(element("p", "empty", "no carry is configured"));
    return;
  }
  box.querySelector(":scope > .empty")?.remove();
  const make = () => {
    const made = element("section", "saga");
    made.append(element("h3"), element("p", "why"), element("ol", "steps"), element("dl", "parts"), element("p", "quiet"), element("p", "netted warn"));
    STEPS.forEach((step) => made.children[2].append(element("li", "", step)));
    return made;
  };
  keyed(box, carries, (one) => one.strategy, make, (made, one) => {
    text(made.children[0], `${one.strategy}  net ${labelled(one.net, one.quote)}`);
    text(made.children[1], one.trading ? "watching funding and basis" : `not trading: ${one.reason || "unknown"}`);
    made.children[1].className = `why ${one.trading ? "good" : "warn"}`;
    [...made.children[2].children].forEach((item) => {
      item.className = item.textContent === one.step ? "now" : "";
    });
    const perp = symbols.find((symbol) => one.keys.includes(symbol.key) && symbol.market === "perp");
    const yearly = perp?.funding_rate ? Number(perp.funding_rate) * (24 / perp.funding_hours) * 365 : null;
    const spot = symbols.find((symbol) => one.keys.includes(symbol.key) && symbol.market === "spot");
    // What an entry would capture: the perpetual sold at its bid, spot bought at its ask.
    const basis = perp?.bid && spot?.ask ? (Number(perp.bid) / Number(spot.ask) - 1) * 1e4 : null;
    const open = Number(one.spot ?? 0) + Number(one.perp ?? 0);
    const parts = [
      ["spot leg", one.step ? amount(one.spot) : "–", ""],
      ["perp leg", one.step ? amount(one.perp) : "–", ""],
      ["unhedged", one.step ? amount(open.toFixed(8)) : "–", Math.abs(open) > 1e-7 ? "bad" : ""],
      ["funding a year", yearly === null ? "–" : percent(yearly, 1), tone(yearly ?? 0)],
      ["basis", basis === null ? "–" : `${basis.toFixed(1)} bps`, tone(basis ?? 0)],
      ["next funding", perp?.funding_ms ? clock(perp.funding_ms, false) : "–", ""],
    ];
    const row = () => {
      const pair = element("div");
      pair.append(element("dt"), element("dd", "num"));
      return pair;
    };
    keyed(made.children[3], parts, (part) => part[0], row, (pair, [name, value, mood]) => {
      text(pair.children[0], name);
      text(pair.children[1], value);
      pair.children[1].className = `num ${mood}`;
    });
    const beyond = one.step && !STEPS.includes(one.step) ? `${one.step}: ` : "";
    text(made.children[4], one.step ? `${clock(one.time_ms)} ${beyond}${one.detail}` : "no entry yet: it waits until funding and basis pay for the fees");
    text(made.children[5], one.netted.map(nettedAway).join(" "));
  });
}
