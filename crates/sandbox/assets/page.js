// Keeps the page as the server would draw it: what changed is replaced, what a person is typing stays.
"use strict";

/** The HTML of each live part as the server sent it last, by id. */
const sent = new Map();
/** Fields that a person has changed and not sent yet, by form and name. */
const dirty = new Set();
/** The id of the button that was pressed last outside of a modal: it gets the focus back. */
let pressed = null;
let reading = false;
let again = false;

const parts = () => document.querySelectorAll("[data-live]");
const key = (field) => `${field.form?.id}/${field.name}`;

function remember() {
  for (const part of parts()) sent.set(part.id, part.innerHTML);
}

/** Fields of `part` with what a person put into them, to be put into their successors. */
function typed(part) {
  return [...part.querySelectorAll("input, textarea, select")]
    .filter((field) => field.name && dirty.has(key(field)))
    .map((field) => ({ form: field.form?.id, name: field.name, box: field.type === "checkbox" ? field.value : null,
      value: field.value, checked: field.checked }));
}

function retype(part, fields) {
  for (const kept of fields) {
    for (const field of part.querySelectorAll("input, textarea, select")) {
      if (field.name !== kept.name || field.form?.id !== kept.form) continue;
      if (kept.box === null) field.value = kept.value;
      else if (field.value === kept.box) field.checked = kept.checked;
    }
  }
}

/** Replaces the parts that differ from `html`. */
function show(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const part of parts()) {
    const next = fresh.getElementById(part.id);
    if (!next || sent.get(part.id) === next.innerHTML) continue;
    sent.set(part.id, next.innerHTML);
    const focused = part.contains(document.activeElement) ? document.activeElement : null;
    const at = focused?.id ? { id: focused.id, from: focused.selectionStart, to: focused.selectionEnd } : null;
    const fields = typed(part);
    const open = [...part.querySelectorAll("details[id]")].map((one) => [one.id, one.open]);
    const had = part.querySelector("dialog");
    part.replaceChildren(...next.childNodes);
    retype(part, fields);
    for (const [id, was] of open) {
      const one = document.getElementById(id);
      if (one) one.open = was;
    }
    raise(part);
    if (had && !part.querySelector("dialog")) document.getElementById(pressed)?.focus({ preventScroll: true });
    const again = at && document.getElementById(at.id);
    if (again) {
      again.focus({ preventScroll: true });
      if (at.from != null && again.setSelectionRange && again.type !== "date") again.setSelectionRange(at.from, at.to);
    }
  }
}

/** A modal takes the focus and gives it back; without scripts it stands above the page. */
function raise(part) {
  const modal = part.querySelector("dialog[data-modal]");
  if (!modal || modal.matches(":modal")) return;
  modal.close();
  modal.showModal();
  const wrong = modal.querySelector("[aria-invalid], [data-invalid] input");
  (wrong ?? modal.querySelector(".modal-body :is(input, textarea, select)"))?.focus();
  modal.addEventListener("cancel", (event) => {
    event.preventDefault();
    document.getElementById("modal-close")?.requestSubmit();
  });
}

async function read() {
  if (reading) { again = true; return; }
  reading = true;
  try {
    const answer = await fetch(location.href);
    if (answer.ok) show(await answer.text());
  } catch { /* the demo has ended: the page stays as it is */ } finally {
    reading = false;
    if (again) { again = false; read(); }
  }
}

document.addEventListener("input", (event) => dirty.add(key(event.target)));
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.submit();
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  // By attribute: a button called "action" would hide the property.
  if (form.getAttribute("method") !== "post") return;
  event.preventDefault();
  if (event.submitter?.id && !form.closest("dialog")) pressed = event.submitter.id;
  const data = new FormData(form, event.submitter);
  event.submitter?.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body: new URLSearchParams(data) });
    for (const field of form.elements) dirty.delete(key(field));
    history.replaceState(null, "", answer.url);
    show(await answer.text());
  } finally {
    event.submitter?.removeAttribute("aria-busy");
  }
});

remember();
for (const part of parts()) raise(part);
document.documentElement.dataset.live = "";
new EventSource("/events").onmessage = read;
