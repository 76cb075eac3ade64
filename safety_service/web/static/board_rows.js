// Puts changed rows in their place. What did not change is not touched: with hundreds of rows that is what counts.

/** `rows`: HTML of our own template by key, escaped there; `order`: every key. */
export function patch(body, rows, order) {
  const wanted = new Set(order);
  for (const row of [...body.children]) if (!wanted.has(row.id) || row.id in rows) row.remove();
  const made = parsed(rows);
  // Rows that did not change stand in their right order already: from the end, only the changed ones move.
  let next = null;
  for (const key of [...order].reverse()) {
    const row = made.get(key) ?? document.getElementById(key);
    if (!row) continue;
    if (row.parentNode !== body || row.nextElementSibling !== next) body.insertBefore(row, next);
    next = row;
  }
}

function parsed(rows) {
  const template = document.createElement("template");
  template.innerHTML = `<table><tbody>${Object.values(rows).join("")}</tbody></table>`;
  return new Map([...template.content.querySelectorAll("tr")].map((row) => [row.id, row]));
}
