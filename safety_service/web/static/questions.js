// Hides a question while what it depends on, on the same page, is answered otherwise. What was typed in it stays.

const form = document.querySelector("form[data-questions]");

function given(name) {
  const fields = form.querySelectorAll(`[name="${CSS.escape(name)}"]`);
  const said = (field) => (field.type === "radio" || field.type === "checkbox" ? field.checked : true);
  return [...fields].filter((field) => said(field) && !field.closest("[data-when][hidden]")).map((field) => field.value);
}

function look() {
  for (const group of form.querySelectorAll("[data-when]")) {
    const when = Object.entries(JSON.parse(group.dataset.when));
    const hint = group.querySelector(".govuk-hint[id$='-if']");
    if (hint) {
      hint.hidden = true;
    }
    // In the order of the page: what hides a question hides those that depend on it.
    group.hidden = !when.every(([name, words]) => given(name).some((value) => words.includes(value)));
  }
}

if (form) {
  form.addEventListener("change", look);
  look();
}
