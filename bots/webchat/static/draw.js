// Draws what was said. A message is drawn once and then only changed, so that a screen reader reads out what is new.

export class Log {
  #root;
  #onPress;
  #drawn = new Map(); // id → element

  constructor(root, onPress) {
    this.#root = root;
    this.#onPress = onPress;
  }

  /** Show these messages, in this order, and no others. */
  show(messages) {
    const following = this.#nearEnd();
    const kept = new Set(messages.map((each) => each.id));
    for (const [id, element] of this.#drawn) {
      if (!kept.has(id)) {
        element.remove();
        this.#drawn.delete(id);
      }
    }
    let place = null;
    for (const message of messages) {
      const element = this.#element(message);
      const here = place ? place.nextElementSibling : this.#root.firstElementChild;
      if (here !== element) this.#root.insertBefore(element, here);
      place = element;
    }
    if (following) this.#root.scrollTop = this.#root.scrollHeight;
  }

  #nearEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.#root;
    return scrollHeight - scrollTop - clientHeight < 120;
  }

  #element(message) {
    const element = this.#drawn.get(message.id) ?? this.#fresh(message);
    const unsent = message.mark === "not sent";
    const asks = message.buttons?.length > 0;
    element.className = `word ${message.mine ? "mine" : "theirs"}${unsent ? " unsent" : ""}${asks ? " asks" : ""}`;
    this.#put(element, ".said", message.text, (part) => part.replaceChildren(...spoken(message)));
    this.#put(element, ".actions", JSON.stringify(message.buttons ?? []), (part) => this.#row(part, message.buttons ?? []));
    this.#put(element, "time", message.clock, (part) => (part.textContent = message.clock));
    this.#put(element, ".mark", message.mark ?? "", (part) => (part.textContent = message.mark ? ` ${message.mark}` : ""));
    return element;
  }

  #fresh(message) {
    const element = make("article", "");
    const foot = make("footer", "");
    foot.append(make("time", ""), make("span", "", "mark"));
    element.append(make("p", "", "said"), make("div", "", "actions"), foot);
    element.dataset.id = message.id;
    this.#drawn.set(message.id, element);
    return element;
  }

  /** Only what changed is touched: a screen reader would say it again. */
  #put(element, part, value, change) {
    const place = element.querySelector(part);
    if (place.shown === value) return;
    place.shown = value;
    change(place);
  }

  #row(row, buttons) {
    row.replaceChildren(
      ...buttons.map((each) => (each.url ? link(each) : press(each, (pressed) => this.#pressed(pressed, row)))),
    );
  }

  #pressed(button, row) {
    // One tap is one word: the row answers again when the service has, or when the word could not be sent.
    for (const each of row.querySelectorAll("button")) each.disabled = true;
    setTimeout(() => row.querySelectorAll("button").forEach((each) => (each.disabled = false)), 4000);
    this.#onPress(button);
  }
}

/** A button of the service's. */
export function press(button, onPress) {
  const element = make("button", button.label);
  element.type = "button";
  element.addEventListener("click", () => onPress(button));
  return element;
}

/** Our words, with every phone number to be rung by one tap: whoever is asked to ring somebody has a minute for it. */
function spoken({ text, mine }) {
  const parts = mine ? [text] : text.split(/(\+?\d(?:[\d ]{8,14})\d)(?!\d)/);
  return parts.map((part, place) => (place % 2 ? number(part) : part));
}

function number(text) {
  const element = make("a", text);
  element.href = `tel:${text.replaceAll(" ", "")}`;
  return element;
}

function link(button) {
  const element = make("a", button.label);
  element.className = "button";
  element.href = button.url;
  element.rel = "noreferrer";
  return element;
}

function make(name, text, className = "") {
  const element = document.createElement(name);
  element.textContent = text;
  element.className = className;
  return element;
}
