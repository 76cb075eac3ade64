// Keeps an alert's page as it is now, and says loudly when it cannot. What is being typed is never taken away.
import { drawn } from "./alert_map.js";

const SILENT = 25_000; // ms; the service speaks every 15 s
const AGAIN = 3_000; // ms between attempts of our own
const $ = (id) => document.getElementById(id);
const page = $("page");
const path = `/alerts/${page.dataset.alert}`;
//: How far this machine's clock is from the service's.
const skew = Date.now() - Date.parse(page.dataset.read);

let source;
let freshAt = Date.now();
let openedAt = 0;
let asking = false;
let askAgain = false;

function open() {
  source?.close();
  openedAt = Date.now();
  source = new EventSource(`${path}/events`);
  source.addEventListener("changed", renew);
  source.addEventListener("beat", () => {
    freshAt = Date.now();
    sign();
  });
}

async function renew() {
  if (asking) {
    askAgain = true;
    return;
  }
  asking = true;
  try {
    const answer = await fetch(`${path}/now`, { redirect: "error", signal: AbortSignal.timeout(10_000) });
    if (!answer.ok) throw new Error(answer.status);
    put(new DOMParser().parseFromString(await answer.text(), "text/html"));
    freshAt = Date.now();
  } catch {
    // The sign says it.
  }
  asking = false;
  sign();
  if (askAgain) {
    askAgain = false;
    renew();
  }
}

function put(news) {
  const now = news.getElementById("now");
  for (const piece of now.querySelectorAll("[data-piece]")) replace(piece);
  $("as-of").textContent = now.dataset.read;
  document.querySelector(".as-of").textContent = now.dataset.read;
  if ($("acting")) $("acting").hidden = now.dataset.open === "no";
  if ($("pass") && now.dataset.mine === "no") $("pass").hidden = true;
  ages();
}

/** A piece is put in place only where it says something else, with what was open in it, and where one stood. */
function replace(piece) {
  const here = page.querySelector(`[data-piece="${piece.dataset.piece}"]`);
  const html = piece.innerHTML;
  if (!here || here.drawn === html) return;
  if ([...here.querySelectorAll("input:checked, textarea")].some((each) => each.type !== "hidden" && (each.checked || each.value))) return;
  const opened = [...here.querySelectorAll("details[data-keep]")].map((each) => [each.dataset.keep, each.open]);
  const held = here.contains(document.activeElement) ? mark(document.activeElement) : "";
  const first = here.drawn === undefined;
  here.drawn = html;
  if (first && plain(here.innerHTML) === plain(html)) return;
  if (!added(here, piece)) here.innerHTML = html; // our own template, escaped there
  for (const [name, was] of opened) {
    const again = here.querySelector(`details[data-keep="${name}"]`);
    if (again) again.open = was;
  }
  if (held) [...here.querySelectorAll("a, button, summary")].find((each) => mark(each) === held)?.focus({ preventScroll: true });
  if (piece.dataset.piece === "where") draw();
}

/** Where things come one by one, each is put in by itself: what somebody listens to plays on. */
function added(here, piece) {
  const [list, fresh] = [here, piece].map((each) => each.querySelector("[data-one-by-one]"));
  if (!list || !fresh) return false;
  const wanted = [...fresh.children];
  for (const each of [...list.children]) if (!wanted.some((other) => other.isEqualNode(each))) each.remove();
  for (const [at, each] of wanted.entries()) {
    if (!list.children[at]?.isEqualNode(each)) list.insertBefore(each, list.children[at] ?? null);
  }
  return true;
}

/** What somebody who presses it goes by, wherever it now stands. */
const mark = (each) => each.getAttribute("href") ?? each.form?.getAttribute("action") ?? each.textContent.trim();
/** Without what the map and the ages have made of it. */
const plain = (html) => html.replace(/<div class="ds-map[^]*?<ul/g, "<ul").replace(/\(<span data-age[^]*?<\/span>\)/g, "").replace(/\s+/g, " ");

/** How long ago everything is, minute by minute, on the service's clock. */
function ages() {
  for (const each of document.querySelectorAll("[data-age]")) each.textContent = age(Date.parse(each.dataset.age));
}

function age(at) {
  const ms = Date.now() - skew - at;
  const minutes = Math.floor(Math.abs(ms) / 60_000);
  if (minutes === 0) return ms < 0 ? "in less than a minute" : "just now";
  return ms < 0 ? `in ${length(minutes)}` : `${length(minutes)} ago`;
}

function length(minutes) {
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (hours === 0) return `${minutes} min`;
  if (hours < 24) return rest ? `${hours} h ${rest} min` : `${hours} h`;
  const days = Math.floor(hours / 24);
  return days === 1 ? "1 day" : `${days} days`;
}

function draw() {
  const map = document.querySelector("[data-map]");
  if (map) drawn(map);
}

function sign() {
  $("not-live").hidden = navigator.onLine && Date.now() - freshAt < SILENT;
}

function check() {
  sign();
  const closed = source.readyState === EventSource.CLOSED;
  const silent = Date.now() - freshAt > SILENT;
  if ((closed || silent) && Date.now() - openedAt > (closed ? AGAIN : SILENT)) open();
}

draw();
open();
setInterval(check, 1_000);
setInterval(ages, 10_000);
window.addEventListener("online", open);
window.addEventListener("offline", sign);
document.addEventListener("visibilitychange", check);
document.querySelector(".govuk-error-summary")?.focus();
