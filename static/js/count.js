/* Tells under a text how many characters are left, or how many lines it has (data-lines, with the width
   of a line). The server counts too; this only says it early. */

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

/* As the server counts them: empty lines too. */
function lines(text, width) {
  return text.split("\n").reduce((sum, line) => sum + Math.max(1, Math.ceil([...line].length / width)), 0);
}

function attachLines(box) {
  const most = Number(box.dataset.lines);
  const told = document.getElementById(box.dataset.told);

  function count() {
    const text = box.value.trim();
    const length = text ? lines(text, Number(box.dataset.width)) : 0;
    told.className = length > most ? "err" : "hint";
    told.textContent = `${UNITS.format(length)} / ${UNITS.format(most)}`;
  }

  box.addEventListener("input", count);
  count();
}

function attachAll() {
  document.querySelectorAll("textarea[data-count]").forEach(attach);
  document.querySelectorAll("textarea[data-lines]").forEach(attachLines);
}

attachAll();
document.addEventListener("registre:page", attachAll);
