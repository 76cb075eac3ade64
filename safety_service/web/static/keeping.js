// Keeps what is being typed, so that a phone that dies takes nothing with it. Choices are kept by the buttons alone.

const form = document.querySelector("form[data-keeping]");
const said = document.getElementById("kept");
const PAUSE = 4000; // ms without a key

let typed = false;
let waiting = 0;

function say(text) {
  said.textContent = text;
}

async function keep() {
  clearTimeout(waiting);
  if (!typed) {
    return;
  }
  typed = false;
  const fields = new FormData(form);
  fields.set("do", "keep");
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(fields), keepalive: true, redirect: "error" });
    if (answer.status === 401 || answer.status === 409 || answer.status >= 500) {
      throw new Error(String(answer.status));
    }
    const now = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    say(answer.status === 204 ? `What you typed is kept (${now}).` : `What you typed is kept (${now}). Something is still missing.`);
  } catch {
    typed = true;
    say("What you typed is not kept yet. Stay on this page, or press a button below.");
    waiting = setTimeout(keep, PAUSE);
  }
}

if (form && said) {
  form.addEventListener("input", (event) => {
    if (event.target.matches("textarea, input:not([type=radio], [type=checkbox])")) {
      typed = true;
      clearTimeout(waiting);
      waiting = setTimeout(keep, PAUSE);
    }
  });
  form.addEventListener("submit", () => {
    typed = false;
    clearTimeout(waiting);
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && keep());
  addEventListener("pagehide", keep);
}
