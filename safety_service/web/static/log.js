// Reading many by keyboard. Each key does what a link or field that says `data-key` does; they can be switched off, for
// whoever speaks to their machine.

const SWITCH = "keys-off";
const rows = [...document.querySelectorAll("[data-row]")];
const line = document.querySelector("[data-keys]");
const knob = line?.querySelector("[data-switch]");
let on = read();

function read() {
  try {
    return localStorage.getItem(SWITCH) === null;
  } catch {
    return true;
  }
}

function draw() {
  knob?.setAttribute("aria-pressed", String(on));
}

function move(by) {
  const next = rows[rows.indexOf(document.activeElement) + by] ?? (by > 0 ? rows.at(-1) : rows[0]);
  next?.focus();
}

knob?.addEventListener("click", () => {
  on = !on;
  try {
    if (on) localStorage.removeItem(SWITCH);
    else localStorage.setItem(SWITCH, "1");
  } catch {
    // Then it holds for this page only.
  }
  draw();
});

document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof Element && event.target.closest("input, textarea, select");
  if (typing && event.key === "Escape") typing.blur();
  if (!on || typing || event.ctrlKey || event.altKey || event.metaKey) return;
  const key = event.key.toLowerCase();
  if (rows.length && (key === "j" || key === "k")) {
    event.preventDefault();
    move(key === "j" ? 1 : -1);
    return;
  }
  const what = /^[a-z/]$/.test(key) ? document.querySelector(`[data-key="${key}"]`) : null;
  if (!what) return;
  event.preventDefault();
  if (what instanceof HTMLAnchorElement) what.click();
  else what.focus();
});

if (line) line.hidden = false;
draw();
