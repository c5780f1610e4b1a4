/* Sends the files of a report in parts, while somebody still writes: a connection that is lost costs
   one part, which is sent again. What is under way is known to this page alone, and stored nowhere on
   the device. Without this script, the files go with the form. Words come from the attributes. */

const PAUSES = [1, 2, 4, 8, 15, 30]; // seconds, before each new try
const PATIENCE = 240_000; // milliseconds for a part
const AGAIN = [408, 429, 500, 502, 503, 504];

const made = (name, values = {}) => Object.assign(document.createElement(name), values);

/* Until the pause is over, or the network is back. */
function pause(seconds, signal) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, seconds * 1000);
    addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}

function attach(box) {
  if (box.dataset.attached) return;
  box.dataset.attached = "1";
  const words = JSON.parse(box.dataset.words);
  const input = box.querySelector("input[type=file]");
  const form = input.form;
  const list = made("ul", { className: "srcs uploads" });
  const status = made("p", { className: "vh" });
  let queue = Promise.resolve();

  status.setAttribute("role", "status");
  box.append(list, status);
  // What has gone before needs not go with the form, which then may be a small one.
  input.removeAttribute("name");
  for (const button of form.querySelectorAll("[formaction$='/avec-fichiers']")) button.removeAttribute("formaction");

  /* What is said of a file stands beside it too; what is said of the whole stands here alone. */
  function say(text, shown = false) {
    status.className = shown ? "err" : "vh";
    status.textContent = text;
  }

  async function post(step, values, controller) {
    const body = new FormData();
    for (const [name, value] of Object.entries(values)) body.append(name, value);
    const signal = AbortSignal.any ? AbortSignal.any([controller.signal, AbortSignal.timeout(PATIENCE)]) : controller.signal;
    const answer = await fetch(`${box.dataset.uploads}/${step}`, { method: "POST", body, cache: "no-store", signal });
    const read = await answer.json().catch(() => ({}));
    if (answer.ok) return read;
    throw Object.assign(new Error(read.erreur ?? words.failed), { final: !AGAIN.includes(answer.status) || (answer.status === 429 && read.erreur) });
  }

  /* One step, tried until it succeeds, is refused or is cancelled. */
  async function insist(step, values, controller, tell) {
    for (let tries = 0; ; tries++) {
      try {
        return await post(step, values, controller);
      } catch (error) {
        if (error.final || controller.signal.aborted) throw error;
        tell(words.waiting);
        await pause(PAUSES[Math.min(tries, PAUSES.length - 1)], controller.signal);
        if (controller.signal.aborted) throw error;
      }
    }
  }

  async function send(file, controller, bar, tell) {
    const jeton = form.querySelector("[name=jeton]").value;
    const { envoi, octets } = await insist("commencer", { jeton, nom: file.name, taille: file.size }, controller, tell);
    controller.signal.addEventListener("abort", () => post("annuler", { envoi }, new AbortController()).catch(() => {}));
    for (let rang = 0; rang * octets < file.size; rang++) {
      const partie = file.slice(rang * octets, (rang + 1) * octets);
      await insist("partie", { envoi, rang, partie }, controller, tell);
      bar.value = Math.min((rang + 1) * octets, file.size);
      tell(`${Math.floor((bar.value * 100) / file.size)} %`);
    }
    tell(words.checking);
    return insist("finir", { envoi }, controller, tell);
  }

  function add(file) {
    const controller = new AbortController();
    const item = made("li", { className: "upload" });
    const name = made("bdi", { textContent: file.name.slice(-120), translate: false });
    const bar = made("progress", { max: Math.max(file.size, 1), value: 0 });
    const state = made("span", { className: "hint" });
    const button = made("button", { type: "button", className: "btn quiet", textContent: words.cancel });
    const tell = (text) => { state.textContent = text; };
    button.setAttribute("aria-label", `${words.cancel} ${file.name.slice(-120)}`);
    bar.setAttribute("aria-label", words.sending.replace("%(name)s", () => file.name.slice(-120)));
    button.addEventListener("click", () => {
      controller.abort();
      item.remove();
      input.focus();
    });
    item.dataset.pending = "1";
    item.append(name, bar, state, button);
    list.append(item);
    queue = queue.then(async () => {
      if (controller.signal.aborted) return;
      try {
        const arrived = await send(file, controller, bar, tell);
        item.append(made("input", { type: "hidden", name: box.dataset.field, value: arrived.fichier }));
        tell(`${arrived.mots}, ${words.sealed}`);
        say(`${file.name.slice(-120)}, ${words.sealed}`);
      } catch (error) {
        if (controller.signal.aborted) return;
        state.className = "err";
        tell(error.final ? error.message : words.failed);
        say(`${file.name.slice(-120)} – ${state.textContent}`);
      } finally {
        bar.remove();
        delete item.dataset.pending;
        button.textContent = words.remove;
        button.setAttribute("aria-label", `${words.remove} ${file.name.slice(-120)}`);
      }
    });
  }

  input.addEventListener("change", () => {
    say("");
    for (const file of input.files) {
      const count = form.querySelectorAll(`[name=${box.dataset.field}]:is([type=hidden], :checked)`).length;
      if (count + list.querySelectorAll("[data-pending]").length < Number(box.dataset.limit)) add(file);
      else say(words.too_many, true);
    }
    // The same file may be chosen again after it was removed.
    input.value = "";
  });

  // Before the form goes: what is not whole would be left behind.
  form.addEventListener("submit", (event) => {
    if (!list.querySelector("[data-pending]")) return;
    event.preventDefault();
    say(words.pending, true);
    box.scrollIntoView({ block: "center" });
    list.querySelector("[data-pending] button").focus();
  });
}

function attachAll() {
  document.querySelectorAll("[data-uploads]").forEach(attach);
}

attachAll();
document.addEventListener("registre:page", attachAll);
