/* Copies what was reported into the field of the case that it belongs in, one by one; a text is
   added to what stands there. A copy can be undone: the button puts back what the field held.
   Without this script the texts are there to be read and copied by hand. */

const NARROW = matchMedia("(width < 80rem)");

function changed(field) {
  field.closest("details")?.setAttribute("open", "");
  for (const name of ["input", "change"]) field.dispatchEvent(new Event(name, { bubbles: true }));
}

function attach(button) {
  const fields = () => [...document.querySelectorAll(button.dataset.into)];
  if (!fields().length) return;
  const label = button.innerHTML;
  const told = document.createElement("span");
  told.className = "hint";
  told.setAttribute("role", "status");
  button.after(told);
  button.hidden = false;
  let undo = null;

  function copy() {
    const all = fields();
    if (all.some((field) => field.value === button.dataset.copy)) {
      told.textContent = button.dataset.there;
      return;
    }
    // One of several fields is never written over; the only one of its kind can be, and put back.
    const field = all.find((one) => !one.value.trim()) ?? ("many" in button.dataset ? null : all[0]);
    if (!field) {
      told.textContent = button.dataset.full;
      return;
    }
    const before = field.value;
    const joined = field.tagName === "TEXTAREA" && before.trim();
    field.value = joined ? `${before.trimEnd()}\n\n${button.dataset.copy}` : button.dataset.copy;
    changed(field);
    const name = field.labels?.[0]?.firstChild?.textContent.trim() ?? "";
    told.textContent = name && `→ ${name}`;
    button.textContent = button.dataset.undo;
    undo = () => { field.value = before; changed(field); };
  }

  button.addEventListener("click", () => {
    told.textContent = "";
    if (!undo) return copy();
    undo();
    undo = null;
    button.innerHTML = label;
  });
}

document.querySelectorAll("button[data-copy]").forEach(attach);
// On a phone the form begins in view, and the report is a tap away.
if (NARROW.matches) document.querySelectorAll("details[data-fold]").forEach((part) => { part.open = false; });
