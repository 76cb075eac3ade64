// The chat: what the service says and what is said to it, on one page. See line.js, outgoing.js, draw.js.

import { Log, press } from "./draw.js";
import { Line } from "./line.js";
import { Outgoing, post } from "./outgoing.js";
import { position } from "./position.js";

const RETRY = 5_000; // ms between attempts to send what waits
const LAST = "~"; // sorts after every time that the service gives
const SLOW = 1_500; // ms after which a word that is on its way says so
const $ = (id) => document.getElementById(id);

const said = new Map(); // id → message, as the service tells it
const shown = new Set(); // ids that the service knows to be on a screen
let state = { from: null, open: [], always: [] };
let signedOut = false;

const outgoing = new Outgoing(document.body.dataset.person, onSent);
const log = new Log($("log"), pressed);
const line = new Line("/chat/events", { onView, onClosed: askWhy });

function pressed({ kind, label, token, urgent }) {
  if (kind === "position") sharePosition();
  else say({ kind: "button", token, text: label, urgent });
}

function say(word) {
  outgoing.say(word);
  $("log").scrollTop = $("log").scrollHeight;
}

// ---- what comes in

function onView(view) {
  for (const message of view.messages) said.set(message.id, message);
  state = view;
  signedOut = false;
  draw();
  confirm();
  outgoing.flush();
}

/** Tell the service what is on the screen: only then has the message reached somebody. */
async function confirm() {
  if (document.visibilityState !== "visible") return;
  const ids = visible().filter((each) => !each.mine && !each.seen && !shown.has(each.id)).map((each) => each.id);
  if (ids.length === 0) return;
  ids.forEach((id) => shown.add(id));
  const status = await post("/chat/seen", { ids });
  if (status !== 200) ids.forEach((id) => shown.delete(id));
}

/** An answer that is an error closes the line: find out whether this phone is signed out. */
async function askWhy() {
  try {
    const answer = await fetch("/chat/messages", { redirect: "error" });
    signedOut = answer.status === 401;
  } catch {
    // not reachable: the line says so itself
  }
  draw();
}

// ---- what goes out

function onSent(status, word) {
  // The line may have brought it back already.
  if (word && !said.has(word.id)) said.set(word.id, { ...mine(word), mark: "" });
  if (status === 401) signedOut = true;
  draw();
}

function mine(word) {
  const clock = new Date(word.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
  const slow = Date.now() - word.at > SLOW;
  const mark = word.failed || word.refused ? "not sent" : slow ? "sending" : "";
  const at = new Date(word.at).toISOString();
  return { id: word.id, mine: true, at, place: LAST + at, clock, text: word.text, mark };
}

$("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  $("text").value = "";
  say({ kind: "text", text });
});

$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("say").requestSubmit();
  }
});

$("position").addEventListener("click", sharePosition);

async function sharePosition() {
  $("position").disabled = true;
  const place = await position();
  $("position").disabled = false;
  if (place) say({ kind: "position", position: place, text: "My position" });
  $("no-position").hidden = place !== null;
}

// ---- the screen

function visible() {
  const from = state.from ?? "";
  return [...said.values()]
    .filter((each) => each.at >= from)
    .sort((one, other) => (one.place < other.place ? -1 : 1));
}

/** An older question is not answered any more; a page can still be opened. */
function onlyLinks(message) {
  return { ...message, buttons: message.buttons?.filter((each) => each.url) ?? [] };
}

function draw() {
  const shownNow = visible();
  const newest = shownNow.findLast((each) => each.buttons?.some((button) => !button.url));
  const told = shownNow.map((each) => (each === newest || state.open.includes(each.id) ? each : onlyLinks(each)));
  // What stands around the log first: it takes room, and the newest message has to end above it.
  drawAlways();
  drawLine();
  log.show([...told, ...outgoing.words.map(mine)]);
}

function drawAlways() {
  const key = JSON.stringify(state.always);
  if ($("always").drawn === key) return;
  $("always").drawn = key;
  $("always").replaceChildren(...state.always.map((each) => press(each, pressed)));
}

function drawLine() {
  $("signed-out").hidden = !signedOut;
  $("unheard").hidden = line.alive && !outgoing.failing && !signedOut;
}

// ---- the clock

setInterval(() => {
  line.check();
  if (outgoing.words.length) draw();
  else drawLine();
}, 1_000);
setInterval(() => {
  outgoing.flush();
  confirm();
}, RETRY);
window.addEventListener("online", () => {
  line.wake();
  outgoing.flush();
});
window.addEventListener("offline", drawLine);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return;
  line.check();
  confirm();
});

draw();
line.open();
outgoing.flush();
