/* Tells under a text how many characters are left. The server counts too; this only says it early. */

const UNITS = new Intl.NumberFormat(document.documentElement.lang);

function attach(box) {
  const most = Number(box.dataset.count);
  const told = document.createElement("span");
  told.className = "hint";
  // Said to whoever pauses, not at each key.
  told.setAttribute("aria-live", "polite");
  box.after(told);

  function count() {
    const length = [...box.value].length;
    const over = length > most;
    told.className = over ? "err" : "hint";
    // Far from the limit there is nothing to say.
    told.textContent = length < most / 2 ? "" : `${UNITS.format(length)} / ${UNITS.format(most)}`;
  }

  box.addEventListener("input", count);
  count();
}

function attachAll() {
  document.querySelectorAll("textarea[data-count]").forEach(attach);
}

attachAll();
document.addEventListener("registre:page", attachAll);
