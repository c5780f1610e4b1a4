/* Warns before a page is left in which something was written and not saved. */

const form = document.querySelector("form[data-unsaved]");
// A form that came back with what was typed is not saved either.
let written = form?.dataset.unsaved === "oui";

form?.addEventListener("input", () => { written = true; });
form?.addEventListener("submit", () => { written = false; });
addEventListener("beforeunload", (event) => {
  if (written) event.preventDefault();
});
