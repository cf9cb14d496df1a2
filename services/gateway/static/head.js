// The first second: is it safe, am I making money, what is wrong, how old are the prices. It says nothing it does not know.

import { age, byId, clock, element, keyed, labelled, moment, negated, text, tone } from "./format.js";

export function mode({ mode: found, time }, link = "live") {
  if (!found) return;
  if (link !== "live") {
    byId("state").dataset.mode = "UNKNOWN";
    text(byId("mode"), "UNKNOWN");
    text(byId("mode-why"), `last known: ${found.mode} at ${clock(time?.market_ms)}`);
    document.title = "UNKNOWN · OpenSQT";
    return;
  }
  const card = byId("state");
  card.dataset.mode = found.mode;
  text(byId("mode"), found.mode);
  text(byId("mode-why"), found.why || (found.mode === "NORMAL" ? "openings and exits are allowed" : ""));
  const killed = found.mode === "KILLED";
  byId("kill").hidden = killed;
  byId("resume").hidden = !killed;
  document.title = `${found.mode === "NORMAL" ? "" : `${found.mode} · `}OpenSQT`;
}

export function gains({ money: sums = [] }) {
  const big = byId("pnl");
  text(big, sums.length ? sums.map((sum) => labelled(sum.pnl, sum.quote)).join("   ") : "no trade yet");
  big.className = `big num ${sums.length === 1 ? tone(sums[0].pnl) : sums.length ? "" : "quiet"}`;
  const parts = sums.flatMap((sum) => [
    [sum.quote, "24 hours", sum.day],
    [sum.quote, "realised", sum.realized],
    [sum.quote, "unrealised", sum.unrealized],
    [sum.quote, "funding", sum.funding],
    [sum.quote, "fees", negated(sum.fees)],
  ]);
  const make = () => {
    const box = element("div");
    box.append(element("dt"), element("dd", "num"));
    return box;
  };
  keyed(byId("pnl-parts"), parts, ([quote, name]) => `${quote} ${name}`, make, (box, [quote, name, sum]) => {
    text(box.children[0], name);
    text(box.children[1], labelled(sum, quote));
    box.children[1].className = `num ${tone(sum)}`;
  });
}

export function troubles({ troubles: known }, lost) {
  const found = known ?? (lost ? [] : [{ tone: "warn", text: "Waiting for the gateway's first picture: nothing is known yet." }]);
  const rows = lost ? [{ tone: "bad", text: lost }, ...found] : found;
  const shown = rows.length ? rows : [{ tone: "good", text: "Nothing. Everything answers, prices are fresh." }];
  keyed(byId("troubles"), shown, (row) => row.text.replace(/[\d.]+ s old/, "old"), () => element("li"), (line, row) => {
    line.className = row.tone;
    text(line, row.text);
  });
}

export function pills({ symbols = [] }, since) {
  const make = () => {
    const pill = element("span", "pill");
    pill.append(element("b"), element("span", "num"));
    return pill;
  };
  keyed(byId("pills"), symbols, (row) => row.key, make, (pill, row) => {
    const old = row.age_ms === null ? null : row.age_ms + since;
    text(pill.children[0], row.symbol);
    text(pill.children[1], age(old));
    const sick = Object.entries(row.sick);
    pill.className = `pill ${old === null || old > row.age_ms_max || sick.length ? "bad" : old > row.age_ms_max / 2 ? "warn" : "good"}`;
    pill.title = sick.map(([channel, { state, detail }]) => `${channel} ${state} ${detail}`).join("; ") || "age of the last price";
  });
}

export function desk({ desk: found, journal }) {
  if (found) {
    const badge = byId("profile");
    badge.hidden = false;
    text(badge, found.profile.toUpperCase());
    badge.dataset.profile = found.profile;
    text(byId("market"), found.market);
    text(byId("speed"), found.speed === "1" ? "UTC" : `UTC × ${found.speed}`);
  }
  if (journal) {
    const counts = `${journal.orders} orders, ${journal.fills} fills, ${journal.approved} approved, ${journal.refused} refused`;
    text(byId("foot"), `desk ${found?.name ?? ""} · journal ${journal.position} · feed ${journal.generation}:${journal.sequence} · ${counts} · OpenSQT ${found?.version ?? ""}`);
    text(byId("fills-count"), journal.fills ? `${journal.fills} in all` : "");
  }
}

export function tick({ time, desk: found }, since) {
  if (time) text(byId("clock"), clock(time.market_ms + since * Number(found?.speed ?? 1)));
}

// Bars of the first quote asset; an hour whose first price nobody heard has none.
export function hours({ hours: rows = [], money: sums = [] }) {
  const canvas = byId("hours");
  const ratio = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width) return;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const bars = rows.map((row) => row.pnl[sums[0]?.quote] ?? null);
  const most = Math.max(...bars.map((pnl) => Math.abs(Number(pnl ?? 0))), 0.01);
  const step = width / rows.length;
  const style = getComputedStyle(document.documentElement);
  bars.forEach((pnl, index) => {
    const tall = (Number(pnl ?? 0) / most) * (height / 2 - 3);
    const flat = pnl === null || Number(pnl) === 0;
    pen.fillStyle = style.getPropertyValue(flat ? "--line" : tall > 0 ? "--good" : "--bad");
    pen.fillRect(index * step + 1, height / 2 - Math.max(tall, 0) - (flat ? 0 : 1), step - 2, Math.max(Math.abs(tall), 1) + (flat ? 0 : 1));
  });
  const count = rows.reduce((all, row) => all + row.fills, 0);
  const changes = sums.map((sum) => labelled(sum.day, sum.quote)).join(", ");
  const why = sums.some((sum) => sum.day === null) ? " (–: the price then or now is unknown)" : "";
  text(byId("hours-sum"), sums.length ? `${changes} since ${moment(sums[0].day_begin_ms)}, ${count} fills${why}` : "no fill yet");
}
