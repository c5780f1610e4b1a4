/* Shows what the chosen word means under its list. The definitions are those of the page itself,
   in a folded part that anybody can open. */

function attach(list) {
  const told = document.querySelector(`[data-definition-of="${list.id}"]`);
  const words = document.querySelector(`[data-definitions="${list.dataset.definedBy}"]`);
  if (!told || !words) return;
  told.setAttribute("aria-live", "polite");
  list.addEventListener("change", () => {
    const word = words.querySelector(`[data-code="${CSS.escape(list.value)}"]`);
    told.textContent = word ? word.textContent : "";
  });
}

document.querySelectorAll("select[data-defined-by]").forEach(attach);
