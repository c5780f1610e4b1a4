/* Offers places while somebody types one: an editable combobox with list autocomplete, as the ARIA
   Authoring Practices describe it. The form around the box works without it, and whatever fails
   here leaves the form as it was. Words come from the attributes of the box. */

const PAUSE = 150; // milliseconds without a key before places are asked for
const LEAST = 2; // letters

function attach(box) {
  const { suggest, suggestLabel, suggestOne, suggestMany, suggestFill } = box.dataset;
  const list = made("ul", { id: `${box.id}-places`, className: "suggest", hidden: true });
  const status = made("p", { className: "vh" });
  let places = [];
  let active = -1;
  let timer;
  let request;

  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", suggestLabel);
  status.setAttribute("role", "status");
  box.after(list, status);
  for (const [name, value] of [
    ["role", "combobox"],
    ["aria-autocomplete", "list"],
    ["aria-controls", list.id],
    ["aria-expanded", "false"],
  ]) box.setAttribute(name, value);

  function open(shown) {
    list.hidden = !shown;
    box.setAttribute("aria-expanded", String(shown));
    if (!shown) status.textContent = "";
    move(-1);
  }

  function forget() {
    clearTimeout(timer);
    request?.abort();
    open(false);
  }

  function move(to) {
    list.children[active]?.setAttribute("aria-selected", "false");
    active = to;
    const option = list.children[active];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) box.setAttribute("aria-activedescendant", option.id);
    else box.removeAttribute("aria-activedescendant");
  }

  function show(found) {
    places = found;
    list.replaceChildren(...places.map(drawn));
    open(places.length > 0);
    const words = places.length === 1 ? suggestOne : suggestMany;
    if (places.length) status.textContent = words.replace("#", places.length);
  }

  function drawn({ name, within, detail }, index) {
    const option = made("li", { id: `${list.id}-${index}` });
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.append(made("span", { textContent: within ? `${name} (${within})` : name }));
    if (detail) option.append(" ", made("small", { textContent: detail }));
    return option;
  }

  async function ask() {
    const asked = new AbortController();
    const text = box.value.trim();
    request?.abort();
    request = asked;
    if (text.length < LEAST) return forget();
    try {
      // In the body: an address would be in caches and logs.
      const body = new URLSearchParams({ q: text });
      const answer = await fetch(suggest, { method: "POST", body, cache: "no-store", signal: asked.signal });
      const { places: found } = await answer.json();
      // An answer to what the box no longer holds, or to somebody who has gone on, is not shown.
      if (request === asked && document.activeElement === box) show(found);
    } catch {
      if (request === asked) forget();
    }
  }

  function choose(place) {
    forget();
    if (suggestFill === undefined) return location.assign(place.address);
    box.value = place.text;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function confirmed(event) {
    forget();
    // In a long form nobody means to send it with the key that ends a line.
    if (!box.dataset.next) return;
    event.preventDefault();
    document.getElementById(box.dataset.next)?.focus();
  }

  const keys = {
    ArrowDown: (event) => step(event, active + 1),
    ArrowUp: (event) => step(event, active < 0 ? places.length - 1 : active - 1),
    // The box has the caret back, which then moves as it does in any box.
    ArrowLeft: () => move(-1),
    ArrowRight: () => move(-1),
    Home: () => move(-1),
    End: () => move(-1),
    Tab: forget,
    Escape: (event) => {
      if (!list.hidden) event.preventDefault();
      forget();
    },
    Enter: (event) => {
      if (active < 0) return confirmed(event);
      event.preventDefault();
      return choose(places[active]);
    },
  };

  function step(event, to) {
    event.preventDefault();
    if (list.hidden) return ask();
    // No late answer takes the list away from whoever goes through it.
    clearTimeout(timer);
    request?.abort();
    request = undefined;
    move(to < places.length ? to : -1);
  }

  box.addEventListener("keydown", (event) => {
    if (!event.isComposing) keys[event.key]?.(event);
  });
  box.addEventListener("input", () => {
    move(-1);
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  box.addEventListener("blur", forget);
  // Else the box would lose the focus, and its list with it, before the click is done.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(places[[...list.children].indexOf(option)]);
  });
}

function made(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}

/* A box of text with one line in its place, of which no browser remembers what was typed in it: the
   box stays the field that is sent. */
function lineOf(text) {
  const line = made("input", { autocomplete: "off" });
  for (const { name, value } of text.attributes) {
    if (name !== "name" && name !== "rows") line.setAttribute(name, value);
  }
  const typing = document.activeElement === text;
  text.removeAttribute("id");
  text.before(line);
  line.value = text.value;
  // On a slow network somebody types before this script comes.
  if (typing) line.focus();
  text.hidden = true;
  for (const event of ["input", "change"]) {
    line.addEventListener(event, () => { text.value = line.value; });
  }
  return line;
}

function attachAll() {
  document.querySelectorAll("input[data-suggest]").forEach(attach);
  document.querySelectorAll("textarea[data-suggest]").forEach((text) => attach(lineOf(text)));
}

attachAll();
document.addEventListener("registre:page", attachAll);
