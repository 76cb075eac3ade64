// Says of each row how long until its next word is due, by the service's clock; only rows that are on the screen count.

const SECONDS = 120; // nearer than this it is counted in seconds

class Countdown {
  /** null: nothing was heard yet, and what the page came with stands; false: it is not live, and nothing is counted. */
  running = null;
  #ahead = 0; // ms by which the service's clock is ahead of ours
  #seen = new Set();
  #rows = new WeakMap();
  #watch = new IntersectionObserver((entries) => {
    for (const each of entries) each.isIntersecting ? this.#seen.add(each.target) : this.#seen.delete(each.target);
    this.tick();
  });

  /** The service's time is this now. */
  set(at) {
    this.#ahead = at - Date.now();
  }

  /** Rows may be new. */
  look(body) {
    for (const row of body.children) {
      if (this.#rows.has(row)) continue;
      const left = row.querySelector(".ds-left");
      this.#rows.set(row, left && { left, due: Number(left.dataset.due) });
      if (left) this.#watch.observe(row);
    }
    for (const row of this.#seen) if (!row.isConnected) this.#seen.delete(row);
  }

  tick() {
    if (this.running === null) return;
    const now = Date.now() + this.#ahead;
    for (const row of this.#seen) {
      const { left, due } = this.#rows.get(row);
      const text = this.running ? said(Math.round((due - now) / 1000)) : "";
      if (left.textContent !== text) left.textContent = text;
      row.classList.toggle("ds-out--late", due < now);
    }
  }
}

function said(seconds) {
  return seconds >= 0 ? `in ${long(seconds)}` : `late by ${long(-seconds)}`;
}

function long(seconds) {
  if (seconds < SECONDS) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < SECONDS ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const countdown = new Countdown();
