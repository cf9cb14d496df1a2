// The link to the gateway: one picture on joining, then what changed, merged by section. It reconnects for ever.

const SILENT_MS = 5000;
const AGAIN_MS = [300, 600, 1200, 2500, 5000];

export class Link {
  constructor(changed, told) {
    this.picture = {};
    this.heard = 0;
    this.tries = 0;
    this.changed = changed;
    this.told = told;
    this.open();
    setInterval(() => this.watch(), 1000);
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}/ws`);
    this.socket.onmessage = (event) => this.take(JSON.parse(event.data));
    this.socket.onclose = () => this.again();
  }

  take(message) {
    this.heard = performance.now();
    this.tries = 0;
    const { type, candles, ...sections } = message;
    if (type === "snapshot") this.picture = { candles: {} };
    Object.assign(this.picture, sections);
    for (const [key, rows] of Object.entries(candles ?? {})) this.candles(key, rows);
    this.told("live");
    this.changed(this.picture, new Set(Object.keys(message)));
  }

  candles(key, rows) {
    const known = new Map((this.picture.candles[key] ?? []).map((row) => [row[0], row]));
    rows.forEach((row) => known.set(row[0], row));
    this.picture.candles[key] = [...known.values()].sort((a, b) => a[0] - b[0]).slice(-240);
  }

  again() {
    this.told("lost");
    const wait = AGAIN_MS[Math.min(this.tries, AGAIN_MS.length - 1)];
    this.tries += 1;
    setTimeout(() => this.open(), wait);
  }

  watch() {
    if (this.heard && this.socket.readyState === WebSocket.OPEN && performance.now() - this.heard > SILENT_MS) this.told("silent");
  }
}

export async function command(verb, token, words) {
  try {
    const reply = await fetch(`/api/${verb}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify(words),
    });
    return await reply.json();
  } catch (error) {
    return { ok: false, detail: `the gateway did not answer (${error.message}): use opensqt ${verb} in a shell` };
  }
}
