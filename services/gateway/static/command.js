// Kill and resume: hold the button, give the token, see what came of it. Nothing is sent by a slip of the hand.

import { byId, text } from "./format.js";
import { command } from "./link.js";

const HOLD_MS = 800;
let token = "";

const WORDS = {
  kill: ["Kill the desk", "Every open order is cancelled, and nothing new is sent until you resume. Positions stay.", "Kill now"],
  resume: ["Resume the desk", "The kill is released. The strategies start trading again.", "Resume now"],
};

function ask(verb) {
  const dialog = byId("ask");
  const [title, explained, go] = WORDS[verb];
  dialog.dataset.verb = verb;
  text(byId("ask-title"), title);
  text(byId("ask-text"), explained);
  text(byId("ask-go"), go);
  text(byId("ask-shell"), `opensqt ${verb}`);
  text(byId("ask-answer"), "");
  byId("ask-go").className = verb === "kill" ? "danger" : "primary";
  byId("ask-token").value = token;
  dialog.showModal();
  (token ? byId("ask-reason") : byId("ask-token")).focus();
}

async function send(event) {
  event.preventDefault();
  const dialog = byId("ask");
  const verb = dialog.dataset.verb;
  token = byId("ask-token").value.trim();
  text(byId("ask-answer"), "sent, waiting for the executors …");
  byId("ask-go").disabled = true;
  const answer = await command(verb, token, { reason: byId("ask-reason").value.trim() || "from the live page" });
  byId("ask-go").disabled = false;
  text(byId("ask-answer"), answer.detail || (answer.ok ? "done" : "refused"));
  byId("ask-answer").dataset.tone = answer.ok ? "good" : "bad";
  if (!answer.ok) token = "";
}

function hold(button, done) {
  let timer = 0;
  const start = (event) => {
    if (timer || (event.type === "keydown" && !["Enter", " "].includes(event.key))) return;
    if (event.type === "keydown") event.preventDefault();
    button.classList.add("held");
    timer = setTimeout(() => {
      stop();
      done();
    }, HOLD_MS);
  };
  const stop = () => {
    clearTimeout(timer);
    timer = 0;
    button.classList.remove("held");
  };
  ["pointerdown", "keydown"].forEach((name) => button.addEventListener(name, start));
  ["pointerup", "pointerleave", "pointercancel", "keyup", "blur"].forEach((name) => button.addEventListener(name, stop));
}

export function wire() {
  hold(byId("kill"), () => ask("kill"));
  byId("resume").addEventListener("click", () => ask("resume"));
  byId("ask").querySelector("form").addEventListener("submit", send);
  byId("ask-cancel").addEventListener("click", () => byId("ask").close());
}
