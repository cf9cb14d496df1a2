// Strategies of any kind without a panel of its own: what each was told, what it says, holds and has at work.

import { amount, byId, element, keyed, labelled, price, text } from "./format.js";

export function strategies({ strategies = [] }) {
  byId("others").hidden = !strategies.length;
  const make = () => {
    const made = element("section", "saga");
    made.append(element("h3"), element("p", "why"), element("p", "num"), element("p", "quiet"));
    return made;
  };
  keyed(byId("strategies"), strategies, (one) => one.strategy, make, (made, one) => {
    text(made.children[0], `${one.strategy}  net ${labelled(one.net, one.quote)}`);
    text(made.children[1], one.trading ? `trading: ${one.working} orders at work` : `not trading: ${one.reason || "unknown"}`);
    made.children[1].className = `why ${one.trading ? "good" : "warn"}`;
    const held = one.held.map((part) => `${amount(part.quantity)} ${part.symbol} at ${price(part.entry, 2)}`);
    text(made.children[2], [held.join(", ") || "holds nothing", one.note].filter(Boolean).join("; "));
    text(made.children[3], one.told);
  });
}
