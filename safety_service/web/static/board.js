// Keeps the board's list fresh, and says loudly when it cannot.

const SILENT = 25_000; // ms; the service speaks every 15 s
const AGAIN = 3_000; // ms between attempts of our own
const $ = (id) => document.getElementById(id);

let source;
let freshAt = Date.now();
let openedAt = 0;
let asking = false;
let askAgain = false;

function open() {
  source?.close();
  openedAt = Date.now();
  source = new EventSource("/board/events");
  source.addEventListener("changed", renew);
}

/** The list is put in place whole. Only a list that arrived makes the board fresh. */
async function renew() {
  if (asking) {
    askAgain = true;
    return;
  }
  asking = true;
  try {
    const answer = await fetch("/board/list", { redirect: "error", signal: AbortSignal.timeout(10_000) });
    if (!answer.ok) throw new Error(answer.status);
    put(await answer.text());
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

function put(html) {
  if ($("list").drawn === html) return;
  const held = document.activeElement?.getAttribute("href");
  $("list").drawn = html;
  $("list").innerHTML = html; // our own template, escaped there
  $("as-of").textContent = $("list").querySelector(".as-of").textContent;
  if (held) [...$("list").querySelectorAll("a")].find((each) => each.getAttribute("href") === held)?.focus();
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

open();
setInterval(check, 1_000);
window.addEventListener("online", open);
window.addEventListener("offline", sign);
document.addEventListener("visibilitychange", check);
