// Numbers and times as people read them, and the few DOM tools of the page. It never changes a figure, only its look.

const sign = (number) => (number > 0 ? "+" : number < 0 ? "−" : "");

export function digits(step) {
  const text = String(step ?? "");
  const point = text.indexOf(".");
  return point < 0 ? 0 : text.length - point - 1;
}

export function price(text, places) {
  if (text === null || text === undefined || text === "") return "–";
  return Number(text).toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
}

export function amount(text, most = 8) {
  if (text === null || text === undefined || text === "") return "–";
  return Number(text).toLocaleString("en-US", { maximumFractionDigits: most }).replace("-", "−");
}

export function significant(text, most = 4) {
  return Number(text).toLocaleString("en-US", { maximumSignificantDigits: most }).replace("-", "−");
}

export function money(text, places = 2) {
  if (text === null || text === undefined || text === "") return "–";
  const number = Number(text);
  const size = Math.abs(number).toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
  const shown = Number(size.replaceAll(",", "")) === 0 ? "" : sign(number);
  return shown + size;
}

export function labelled(text, asset) {
  return `${money(text)} ${asset}`;
}

// A cost as what it does to the result; what is unknown stays unknown.
export function negated(text) {
  return text === null || text === undefined ? null : String(-Number(text));
}

export function tone(text) {
  const number = Number(text ?? 0);
  return Math.abs(number) < 0.005 ? "" : number > 0 ? "good" : "bad";
}

export function percent(text, places = 4) {
  return text === null || text === undefined ? "–" : `${sign(Number(text))}${(Math.abs(Number(text)) * 100).toFixed(places)} %`;
}

export function clock(ms, seconds = true) {
  return ms ? new Date(ms).toISOString().slice(11, seconds ? 19 : 16) : "–";
}

// A time of yesterday reads as one of today, or to come, without its date.
export function moment(ms) {
  return ms ? new Date(ms).toISOString().slice(0, 16).replace("T", " ") : "–";
}

export function age(ms) {
  if (ms === null || ms === undefined) return "no price";
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}

export const byId = (id) => document.getElementById(id);

export function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

export function element(tag, className = "", content = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (content) made.textContent = content;
  return made;
}

// Keep the children of `parent` in step with `rows`: made once by key, moved and filled afterwards, so nothing flickers.
export function keyed(parent, rows, keyOf, make, fill) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  rows.forEach((row, index) => {
    const key = String(keyOf(row));
    let child = known.get(key);
    if (!child) {
      child = make(row);
      child.dataset.key = key;
    }
    known.delete(key);
    fill(child, row);
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
  known.forEach((child) => child.remove());
}

// A table whose rows are kept by key. A column: {name, cell(row) -> [text, className]}; numbers stand right.
export function table(parent, columns, rows, keyOf, empty) {
  if (!rows.length) {
    if (parent.firstElementChild?.className !== "empty") parent.replaceChildren(element("p", "empty", empty));
    text(parent.firstElementChild, empty);
    return;
  }
  let body = parent.querySelector("tbody");
  if (!body) {
    const made = element("table");
    const head = made.createTHead().insertRow();
    columns.forEach((column) => {
      const cell = element("th", column.left ? "left" : "", column.name);
      cell.scope = "col";
      head.append(cell);
    });
    body = made.createTBody();
    parent.replaceChildren(made);
  }
  const make = () => {
    const row = element("tr");
    columns.forEach((column) => row.append(element("td", column.left ? "left" : "")));
    return row;
  };
  keyed(body, rows, keyOf, make, (line, row) => {
    columns.forEach((column, index) => {
      const [shown, className = ""] = column.cell(row);
      const cell = line.children[index];
      text(cell, shown);
      const wanted = [column.left ? "left" : "", className].filter(Boolean).join(" ");
      if (cell.className !== wanted) cell.className = wanted;
    });
  });
}
