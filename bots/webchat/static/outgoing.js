// Words on their way to the service. A word is kept on the phone until the service has answered for it, and is sent
// again under the same id: the service takes each id once, so nothing is lost and nothing is said twice.

const TIMEOUT = 10_000; // ms for one attempt
const REFUSED = new Set([400, 413, 415, 422]); // answers that another attempt would not change

export class Outgoing {
  #prefix;
  #onChange;
  #words = new Map(); // id → word, in the order in which they were said
  #flying = new Set();
  #flushing = false;
  #lastFailed = false;

  constructor(person, onChange) {
    this.#prefix = `notes.${person}.`;
    this.#onChange = onChange;
    this.#load();
  }

  /** Words that the service has not answered for yet. */
  get words() {
    return [...this.#words.values()].sort((one, other) => one.at - other.at);
  }

  /** Whether something said is known not to have arrived. */
  get failing() {
    return this.#lastFailed && this.#words.size > 0;
  }

  /** Say something. Urgent words wait behind nothing. */
  say(word) {
    const kept = { ...word, id: crypto.randomUUID?.() ?? randomId(), at: Date.now() };
    this.#words.set(kept.id, kept);
    store(this.#prefix + kept.id, kept);
    this.#onChange();
    if (kept.urgent) this.#send(kept);
    this.flush();
  }

  /** Send what waits, in the order in which it was said; stop at the first that fails. */
  async flush() {
    if (this.#flushing) return;
    this.#flushing = true;
    for (;;) {
      const next = this.words.find((each) => !each.refused && !this.#flying.has(each.id));
      if (!next || !(await this.#send(next))) break;
    }
    this.#flushing = false;
  }

  async #send(word) {
    this.#flying.add(word.id);
    const status = await post("/chat/words", { ...bare(word), clock: new Date().toISOString() });
    this.#flying.delete(word.id);
    if (status === 200) this.#done(word);
    else if (REFUSED.has(status)) word.refused = true;
    else this.#failed();
    this.#lastFailed = status !== 200 && !word.refused;
    this.#onChange(status);
    return status === 200 || word.refused;
  }

  /** What waits behind a word that did not arrive has not arrived either. */
  #failed() {
    for (const each of this.#words.values()) each.failed ||= !this.#flying.has(each.id);
  }

  #done(word) {
    this.#words.delete(word.id);
    word.sent = true;
    forget(this.#prefix + word.id);
    this.#onChange(200, word);
  }

  #load() {
    for (const [key, word] of stored(this.#prefix)) {
      if (word?.id && key === this.#prefix + word.id) this.#words.set(word.id, { ...word, failed: true });
    }
  }
}

/** POST JSON; answers the status, or 0 when nothing came back. */
export async function post(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT),
      redirect: "error",
      keepalive: true,
    });
    return answer.status;
  } catch {
    return 0;
  }
}

function bare({ id, kind, text, token, position, at }) {
  return { id, kind, text, token, position, at: new Date(at).toISOString() };
}

function randomId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// A private window may have no storage: then words live as long as the page.

function store(key, word) {
  try {
    localStorage.setItem(key, JSON.stringify(word));
  } catch {
    // kept in memory
  }
}

function forget(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // was never there
  }
}

function stored(prefix) {
  try {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefix));
    return keys.map((key) => [key, JSON.parse(localStorage.getItem(key))]);
  } catch {
    return [];
  }
}
