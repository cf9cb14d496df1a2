// The tables: positions, orders, fills, balances, processes, and the two tapes.

import { amount, byId, clock, digits, element, keyed, labelled, money, negated, price, significant, table, text, tone } from "./format.js";

const placesOf = (symbols, key) => digits(symbols?.find((symbol) => symbol.key === key)?.tick_size);

export function positions({ positions: rows = [], symbols }) {
  table(byId("positions"), [
    { name: "symbol", left: true, cell: (row) => [row.symbol] },
    { name: "quantity", cell: (row) => [amount(row.quantity), tone(Number(row.quantity) * 1e6)] },
    { name: "entry", cell: (row) => [Number(row.quantity) ? price(row.entry, placesOf(symbols, row.key)) : "flat"] },
    { name: "mark", cell: (row) => [price(row.mark, placesOf(symbols, row.key))] },
    { name: "unrealised", cell: (row) => [money(row.unrealized), tone(row.unrealized)] },
    { name: "realised", cell: (row) => [money(row.realized), tone(row.realized)] },
    { name: "funding", cell: (row) => [money(row.funding), tone(row.funding)] },
    { name: "fees", cell: (row) => [money(negated(row.fees)), tone(negated(row.fees))] },
    { name: "PnL", cell: (row) => [labelled(row.pnl, row.quote), `strong ${tone(row.pnl)}`] },
    { name: "dust", cell: (row) => [Number(row.dust) ? significant(row.dust) : "–", "quiet"] },
    { name: "held by", left: true, cell: (row) => [row.owners.map(owned).join(", "), "quiet"] },
  ], rows, (row) => `${row.account} ${row.key}`, "flat: no position yet");
}

const owned = (owner) => `${owner.strategy} ${amount(owner.quantity)}${Number(owner.netted) ? ` (${amount(owner.netted)} netted)` : ""}`;

export function profit({ profit: rows = [] }) {
  const figure = (name, key, read = (row) => row[key]) => ({ name, cell: (row) => [money(read(row)), tone(read(row))] });
  table(byId("profit"), [
    { name: "strategy", left: true, cell: (row) => [row.strategy] },
    { name: "symbol", left: true, cell: (row) => [row.symbol] },
    { name: "holds", cell: (row) => [Number(row.quantity) ? amount(row.quantity) : "flat"] },
    { name: "round trips", cell: (row) => [String(row.round_trips)] },
    figure("realised", "realized"),
    figure("fees", "fees", (row) => negated(row.fees)),
    figure("funding", "funding"),
    figure("unrealised", "unrealized"),
    { name: "net", cell: (row) => [labelled(row.net, row.quote), `strong ${tone(row.net)}`] },
    { name: "unknown", left: true, cell: (row) => [row.unpriced.length ? `no price of ${row.unpriced.join(", ")}` : "", "warn"] },
  ], rows, (row) => `${row.strategy} ${row.account} ${row.symbol}`, "no trade yet");
}

export function orders({ orders: rows = [], symbols, mode }) {
  text(byId("orders-count"), rows.length ? String(rows.length) : "");
  table(byId("orders-table"), [
    { name: "symbol", left: true, cell: (row) => [row.symbol] },
    { name: "side", left: true, cell: (row) => [row.side, row.side === "buy" ? "good" : "bad"] },
    { name: "price", cell: (row) => [row.type === "market" ? "market" : price(row.price, placesOf(symbols, row.key))] },
    { name: "quantity", cell: (row) => [amount(row.quantity)] },
    { name: "filled", cell: (row) => [Number(row.filled) ? amount(row.filled) : "–"] },
    { name: "state", left: true, cell: (row) => [row.cancelling ? "cancelling" : row.phase.replace("_", " "), row.phase === "unresolved" ? "bad" : row.cancelling ? "warn" : ""] },
    { name: "for", left: true, cell: (row) => [`${row.strategy} ${row.slot}`, "quiet"] },
    { name: "since", cell: (row) => [clock(row.time_ms), "quiet"] },
  ], rows, (row) => row.id, mode?.mode === "KILLED" ? "none: the desk is killed, and nothing is sent until you resume" : "none: the strategies have not asked for one yet");
}

export function fills({ fills: rows = [], symbols }) {
  table(byId("fills-table"), [
    { name: "time", left: true, cell: (row) => [clock(row.time_ms), "quiet"] },
    { name: "symbol", left: true, cell: (row) => [row.symbol] },
    { name: "side", left: true, cell: (row) => [row.side, row.side === "buy" ? "good" : "bad"] },
    { name: "price", cell: (row) => [price(row.price, placesOf(symbols, row.key))] },
    { name: "quantity", cell: (row) => [amount(row.quantity)] },
    { name: "fee", cell: (row) => [`${significant(row.fee)} ${row.fee_asset}`, "quiet"] },
    { name: "as", left: true, cell: (row) => [row.liquidity, row.liquidity === "taker" ? "warn" : "quiet"] },
    { name: "for", left: true, cell: (row) => [row.strategy || "unknown", "quiet"] },
  ], rows, (row) => row.id, "no fill yet: an order fills when the market comes to it");
}

export function balances({ balances: rows = [] }) {
  table(byId("balances"), [
    { name: "account", left: true, cell: (row) => [`${row.account} ${row.wallet}`] },
    { name: "asset", left: true, cell: (row) => [row.asset] },
    { name: "total", cell: (row) => [amount(row.total, 6)] },
  ], rows, (row) => [row.venue, row.account, row.wallet, row.asset].join(" "), "waiting for the first snapshot of the venue");
}

export function processes({ processes: rows = [] }) {
  table(byId("processes"), [
    { name: "process", left: true, cell: (row) => [row.name, row.ready ? "" : "bad"] },
    { name: "state", left: true, cell: (row) => [row.why ? `${row.state}: ${row.why}` : row.state, row.ready ? "good" : "bad"] },
    { name: "restarts", cell: (row) => [String(row.restarts), row.restarts ? "warn" : "quiet"] },
    { name: "lag", cell: (row) => [row.lag === null ? "–" : String(row.lag), "quiet"] },
  ], rows, (row) => row.name, "the processes of this desk are watched elsewhere (no run.json here)");
}

function lines(list, rows, keyOf, shown, empty) {
  if (!rows.length) {
    list.replaceChildren(element("li", "empty", empty));
    return;
  }
  list.querySelector(".empty")?.remove();
  const make = () => {
    const line = element("li");
    line.append(element("time", "num"), element("span"));
    return line;
  };
  keyed(list, rows, keyOf, make, (line, row) => {
    const { ms, content, mood } = shown(row);
    line.className = mood;
    text(line.children[0], clock(ms));
    text(line.children[1], content);
  });
}

export function tape({ tape: rows = [] }) {
  lines(byId("tape"), rows, (row) => `${row.position} ${row.time_ms} ${row.text}`, (row) => ({ ms: row.time_ms, content: row.text, mood: row.tone }), "nothing has happened yet");
}

export function refusals({ refusals: rows = [] }) {
  lines(byId("refusals"), rows, (row) => row.id, (row) => ({ ms: row.time_ms, content: `${row.strategy} ${row.symbol}: ${row.reason} ${row.detail}`, mood: "warn" }), "none: risk approved everything it was asked");
}
