/* Sends the forms of a report by fetch, and shows each answer in the place of the page: the history
   then has addresses and no form, and the files of the browser's session neither text nor code.
   Without this script the same forms are sent by the browser itself.

   The element #non-envoye of each of these pages says under which address and title it stands
   (data-address, data-named), and whether it holds what was not sent yet (data-draft). Pages that can be gone
   back to are kept in memory alone, by a random key that says nothing. */

const PRIVATE = /^(\/en)?\/(signaler|suivi)(\/|$)/;
const SHOWN = "registre:page"; // another page was put in place: scripts attach to it

const loaded = new Set([...document.scripts].map((script) => script.src));
const pages = new Map(); // key of a history entry → the page that was left there
let key = history.state ?? newKey();
let sending = false;

const target = (form, button) => new URL(button?.getAttribute("formaction") ?? form.getAttribute("action"), location.href);
const notice = (page = document) => page.querySelector("#non-envoye");

function newKey() {
  return Math.random().toString(36).slice(2);
}

function setUp() {
  for (const form of document.forms) {
    // What a browser restores, it has stored.
    if (PRIVATE.test(target(form).pathname)) form.autocomplete = "off";
  }
}

const current = () => ({ title: document.title, lang: document.documentElement.lang, body: document.body });

/* Show a page, and lead the keyboard and the screen reader to where it begins. */
function show({ title, lang, body }, anchor = "") {
  document.body = body;
  document.title = title;
  // A code typed on the French page may open an English one.
  document.documentElement.lang = lang;
  const part = anchor ? document.getElementById(anchor) : null;
  const start = body.querySelector("[autofocus]") ?? part ?? body.querySelector("h1");
  if (start?.tabIndex < 0) start.setAttribute("tabindex", "-1");
  scrollTo(0, 0);
  start?.focus();
  part?.scrollIntoView();
}

/* Scripts that came with a page that was put in place do not run: those that are new are loaded. */
function load(address) {
  if (loaded.has(address)) return;
  loaded.add(address);
  document.head.append(Object.assign(document.createElement("script"), { type: "module", src: address }));
}

function enter(answer, page, anchor) {
  const { address, named, draft } = notice(page).dataset;
  const scripts = [...page.scripts].map((script) => script.src);
  const shown = { title: named, lang: page.documentElement.lang, body: document.adoptNode(page.body) };
  if (draft === undefined) {
    // It is sent, or left: no page stays in which it would look otherwise.
    for (const [other, { body }] of pages) if (notice(body)) pages.delete(other);
    history.replaceState(key, "", address);
  } else if (answer.ok) {
    pages.set(key, current());
    key = newKey();
    history.pushState(key, "", address);
  }
  show(shown, anchor);
  scripts.forEach(load);
  setUp();
  document.dispatchEvent(new Event(SHOWN));
}

/* What was typed while a form was under way goes into the refused form that replaces it. */
function carry(form, sent, page) {
  for (const { id, name, value } of form.querySelectorAll("textarea, input")) {
    const field = id && page.getElementById(id);
    if (field?.name === name && typeof sent.get(name) === "string" && sent.get(name) !== value) field.value = value;
  }
}

function download(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/* Nothing was confirmed: what was typed stays where it is, and the reason stands above it. */
function fail(form, page) {
  const told = notice();
  if (!told) return form.submit();
  const reason = page?.querySelector("main h1")?.textContent ?? "";
  told.querySelector("[data-reason]").textContent = reason;
  form.before(told);
  told.hidden = false;
  told.focus();
  // It is unsaved again.
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

async function send(form, button) {
  const url = target(form, button);
  const body = new FormData(form);
  if (button?.name) body.append(button.name, button.value);
  let page;
  try {
    const answer = await fetch(url, { method: "POST", body, cache: "no-store", referrerPolicy: "no-referrer" });
    if (answer.headers.get("Content-Disposition")) {
      return download(await answer.blob(), url.pathname.split("/").pop());
    }
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok) carry(form, body, page);
    if (notice(page)) return enter(answer, page, url.hash.slice(1));
  } catch {
    // No network, or an answer that was cut: neither says what became of it.
  }
  fail(form, page);
}

document.addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  if (event.defaultPrevented || form.method !== "post" || !PRIVATE.test(target(form, submitter).pathname)) return;
  event.preventDefault();
  if (sending) return;
  sending = true;
  form.setAttribute("aria-busy", "true");
  try {
    await send(form, submitter);
  } finally {
    sending = false;
    form.removeAttribute("aria-busy");
  }
});

addEventListener("popstate", ({ state }) => {
  // A link to a part of the page made an entry for the page that is open.
  if (state === null) return history.replaceState(key, "");
  if (state === key) return;
  const page = pages.get(state);
  if (page) {
    pages.set(key, current());
    show(page);
  } else if (PRIVATE.test(location.pathname) && notice()) {
    // Of what was sent nothing is left to go back to: the page stays, and so does its address.
    history.replaceState(state, "", notice().dataset.address);
  } else {
    location.reload();
  }
  key = state;
});

history.replaceState(key, "");
setUp();
