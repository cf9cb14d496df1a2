// The first second: is it safe, am I making money, what is wrong, how old are the prices. It says nothing it does not know.

import { age, byId, clock, element, keyed, money, text, tone } from "./format.js";

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
  const [first] = sums;
  const big = byId("pnl");
  text(big, first ? `${money(first.pnl)} ${first.quote}` : "no trade yet");
  big.className = `big num ${first ? tone(first.pnl) : "quiet"}`;
  const parts = sums.flatMap((sum) => [
    [`realised${sums.length > 1 ? ` ${sum.quote}` : ""}`, sum.realized],
    ["unrealised", sum.unrealized],
    ["funding", sum.funding],
    ["fees", `-${sum.fees}`],
  ]);
  const make = () => {
    const box = element("div");
    box.append(element("dt"), element("dd", "num"));
    return box;
  };
  keyed(byId("pnl-parts"), parts, (part) => part[0], make, (box, [name, sum]) => {
    text(box.children[0], name);
    text(box.children[1], money(sum.replace("--", "")));
    box.children[1].className = `num ${tone(sum.replace("--", ""))}`;
  });
}

export function troubles({ troubles: found = [] }, lost) {
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

export function hours({ hours: rows = [] }) {
  const canvas = byId("hours");
  const ratio = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width) return;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const most = Math.max(...rows.map((row) => Math.abs(Number(row.pnl))), 0.01);
  const step = width / rows.length;
  const style = getComputedStyle(document.documentElement);
  rows.forEach((row, index) => {
    const tall = (Number(row.pnl) / most) * (height / 2 - 3);
    pen.fillStyle = style.getPropertyValue(row.fills ? (tall >= 0 ? "--good" : "--bad") : "--line");
    pen.fillRect(index * step + 1, height / 2 - Math.max(tall, 0) - (row.fills ? 1 : 0), step - 2, Math.max(Math.abs(tall), 1) + (row.fills ? 1 : 0));
  });
  const sum = rows.reduce((all, row) => all + Number(row.pnl), 0);
  const count = rows.reduce((all, row) => all + row.fills, 0);
  text(byId("hours-sum"), count ? `${count} fills, ${money(sum)} booked after fees` : "no fill yet");
}
