// Keeps the board up to date, counts down, and says loudly when it cannot know how things are.
import { patch } from "./board_rows.js";
import { countdown } from "./board_countdown.js";

const SILENT = 15_000; // ms; the service speaks every 5 s
const FIRST = 8_000; // ms in which a page that was just opened hears something for the first time
const AGAIN = 3_000; // ms between attempts of our own
const HELD = 3_000; // ms after which a finger that is still down holds nothing up any more
const $ = (id) => document.getElementById(id);
const board = $("board").dataset;
const title = document.title;

let source;
let mark = board.mark;
let heardAt = -Infinity; // by our clock; nothing was heard yet
let clock = $("as-of").textContent;
let openedAt = Date.now();
const startedAt = openedAt;
let alerts;
let held = 0; // since when a finger is down
let waiting = [];

function open() {
  source?.close();
  openedAt = Date.now();
  const query = new URLSearchParams(board.query);
  query.set("mark", mark);
  source = new EventSource(`/board/events?${query}`);
  source.addEventListener("board", (event) => hear(JSON.parse(event.data), event.lastEventId));
}

/** What changed. While a finger is down nothing moves away from below it. */
function hear(news, id) {
  mark = id;
  heardAt = Date.now();
  clock = news.clock;
  waiting.push(news);
  if (!held) show();
  countdown.set(news.at);
  sign(news.behind);
  countdown.tick();
}

function show() {
  for (const news of waiting.splice(0)) {
    if (news.quiet !== (board.quiet === "1")) return location.reload();
    for (const [name, html] of Object.entries(news.parts ?? {})) keepingFocus($(name), () => ($(name).innerHTML = html));
    if (news.order) keepingFocus($("rows"), () => patch($("rows"), news.rows, news.order));
    const count = news.order ? news.order.length : $("rows").children.length;
    $("count").textContent = count;
    $("nobody").hidden = count > 0;
    $("table").hidden = count === 0;
    tell(news.alerts);
  }
  countdown.look($("rows"));
}

/** Whoever stands on a link stands on the same link afterwards. */
function keepingFocus(where, change) {
  const href = where.contains(document.activeElement) && document.activeElement.getAttribute("href");
  change();
  if (href) [...where.querySelectorAll("a")].find((each) => each.getAttribute("href") === href)?.focus();
}

/** Said aloud, and in the tab: how many alerts are open, and which are new. */
function tell(now) {
  const fresh = alerts ? now.filter((each) => !alerts.includes(each)) : [];
  alerts = now;
  if (fresh.length) $("said").textContent = `New: alert ${fresh.join(", ")}`;
}

function live() {
  return navigator.onLine && Date.now() - heardAt < SILENT;
}

function sign(behind) {
  const lives = live();
  const heard = heardAt > 0;
  // Just opened, it has a few seconds to hear something.
  const dead = !lives && (heard || !navigator.onLine || Date.now() - startedAt > FIRST);
  set($("not-live"), "hidden", !dead);
  if (dead && $("as-of").textContent !== clock) $("as-of").textContent = clock;
  if (behind !== undefined) {
    set($("behind"), "hidden", !behind);
    if ($("behind-why").textContent !== behind) $("behind-why").textContent = behind;
  }
  document.body.classList.toggle("ds-dead", dead);
  if (lives || dead) countdown.running = lives;
  if (lives) say(`Live, ${clock}`);
  else if (dead) say(`Not live. As of ${clock}`);
  const count = alerts?.length ? `(${alerts.length}) ` : "";
  const wanted = dead ? `NOT LIVE ${title}` : count + title;
  if (document.title !== wanted) document.title = wanted;
}

function say(text) {
  if ($("state").textContent !== text) $("state").textContent = text;
}

function set(element, name, value) {
  if (element[name] !== value) element[name] = value;
}

function check() {
  sign();
  const closed = source.readyState === EventSource.CLOSED;
  const silent = Date.now() - Math.max(heardAt, openedAt) > SILENT;
  if ((closed && Date.now() - openedAt > AGAIN) || silent) open();
  if (held && Date.now() - held > HELD) release();
  countdown.tick();
}

function release() {
  held = 0;
  show();
}

addEventListener("pointerdown", () => (held = Date.now()));
for (const each of ["pointerup", "pointercancel", "blur"]) addEventListener(each, release);
addEventListener("online", open);
addEventListener("offline", check);
document.addEventListener("visibilitychange", check);
// A page that the browser kept and shows again shows nothing old as if it were new.
addEventListener("pageshow", (event) => event.persisted && location.reload());

countdown.set(Number(board.at));
countdown.look($("rows"));
open();
setInterval(check, 1_000);
