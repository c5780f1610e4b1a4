/* Shows a text as its readers will see it, while it is written. The server renders it, with what it
   renders published texts with; without this the button "Aperçu" does the same. */

const PAUSE = 600; // milliseconds without a key

function attach(box) {
  const part = document.getElementById("apercu");
  const shown = part?.querySelector(".prose");
  const token = box.form?.elements.csrf_token;
  if (!shown || !token) return;
  let timer;
  let request;

  async function ask() {
    request?.abort();
    const asked = (request = new AbortController());
    const body = new FormData();
    body.append("texte", box.value);
    body.append("csrf_token", token.value);
    try {
      const answer = await fetch(box.dataset.preview, { method: "POST", body, signal: asked.signal });
      // A page to sign in again is no text of this one.
      if (answer.redirected || (!answer.ok && answer.status !== 422)) return;
      const html = await answer.text();
      if (request !== asked) return;
      shown.innerHTML = html;
      part.hidden = box.value.trim() === "";
    } catch {
      // The text stays as it was shown last.
    }
  }

  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
}

document.querySelectorAll("textarea[data-preview]").forEach(attach);
