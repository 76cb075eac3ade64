// The line from the service: what is new, and whether anybody is there.
//
// The browser reconnects a lost line by itself. It does not after an answer that is an error, nor when a line died
// without a word (a lift, a dead spot): then a new one is opened here, from where the last one ended.

const SILENT = 25_000; // ms; the service speaks every 15 s
const AGAIN = 3_000; // ms between attempts of our own

export class Line {
  #path;
  #onView;
  #onClosed;
  #source = null;
  #after = "";
  #heardAt = Date.now();
  #openedAt = 0;
  #failures = 0;

  constructor(path, { onView, onClosed }) {
    this.#path = path;
    this.#onView = onView;
    this.#onClosed = onClosed;
  }

  /** Whether the service was heard lately. One failure may be a restart; two in a row are not being heard. */
  get alive() {
    return navigator.onLine && this.#failures < 2 && Date.now() - this.#heardAt < SILENT;
  }

  open() {
    this.#source?.close();
    this.#openedAt = Date.now();
    const source = new EventSource(`${this.#path}?after=${encodeURIComponent(this.#after)}`);
    source.addEventListener("beat", () => this.#heard());
    source.addEventListener("view", (event) => {
      this.#heard();
      this.#after = event.lastEventId;
      this.#onView(JSON.parse(event.data));
    });
    source.addEventListener("error", () => this.#failed(source));
    this.#source = source;
  }

  /** Called every second, and when the phone wakes: a line that is silent or closed is opened again. */
  check() {
    const silent = Date.now() - this.#heardAt > SILENT;
    const closed = this.#source?.readyState === EventSource.CLOSED;
    const patience = closed ? AGAIN : SILENT;
    if ((silent || closed) && Date.now() - this.#openedAt > patience) this.open();
  }

  /** The phone says that it is online again: do not wait. */
  wake() {
    if (!this.alive) this.open();
  }

  #heard() {
    this.#heardAt = Date.now();
    this.#failures = 0;
  }

  #failed(source) {
    this.#failures += 1;
    if (source.readyState === EventSource.CLOSED) this.#onClosed();
  }
}
