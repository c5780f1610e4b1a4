/* Warns before a page is left in which something was written and not saved. */

// A form that came back with what was typed is not saved either: it is marked "oui" from the start.
let sent = false;

document.addEventListener("input", ({ target }) => {
  const form = target.closest("form[data-unsaved]");
  if (form) form.dataset.unsaved = "oui";
});
document.addEventListener("submit", (event) => {
  sent = !event.defaultPrevented;
});
addEventListener("beforeunload", (event) => {
  if (!sent && document.querySelector('[data-unsaved="oui"]')) event.preventDefault();
});
