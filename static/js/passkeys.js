/* Passkeys (WebAuthn). A button asks the browser for a passkey, puts its answer in the place of a
   field, and sends the form. In a browser without them, or without this script, the button stays
   hidden: password and code do the same. */

const CHALLENGE = "/compte/cles/defi";
const BINARY = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];

function bytes(base64url) {
  return Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

function base64url(buffer) {
  const base64 = btoa(String.fromCharCode(...new Uint8Array(buffer)));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function requestOptions(form, isCreation) {
  const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
  if (isCreation) body.set("creer", "1");
  const response = await fetch(CHALLENGE, { method: "POST", body, cache: "no-store" });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const options = await response.json();
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  for (const passkey of options.excludeCredentials ?? options.allowCredentials ?? []) passkey.id = bytes(passkey.id);
  return options;
}

function toJSON({ id, rawId, type, response }) {
  const parts = BINARY.filter((name) => response[name]).map((name) => [name, base64url(response[name])]);
  const transports = response.getTransports?.();
  return JSON.stringify({ id, rawId: base64url(rawId), type, response: { ...Object.fromEntries(parts), transports } });
}

function attach(box) {
  const form = box.closest("form");
  const [button, message] = [box.querySelector("button"), box.querySelector("[role=status]")];
  const isCreation = "creation" in box.dataset;
  const answer = Object.assign(document.createElement("input"), { type: "hidden", name: box.dataset.passkeys });
  let isWaiting = false;

  async function ask() {
    if (isWaiting) return;
    const password = "withPassword" in box.dataset ? form.querySelector("[type=password]") : null;
    if (password?.value === "") return password.focus();
    isWaiting = true;
    message.textContent = "";
    try {
      const publicKey = await requestOptions(form, isCreation);
      const credential = await navigator.credentials[isCreation ? "create" : "get"]({ publicKey });
      answer.value = toJSON(credential);
      // Before the field that it replaces: the first of a name counts.
      form.prepend(answer);
      form.submit();
    } catch (error) {
      const cause = { NotAllowedError: "cancelled", AbortError: "cancelled", InvalidStateError: "existing" }[error.name];
      message.textContent = box.dataset[cause ?? "failed"];
    } finally {
      isWaiting = false;
    }
  }

  button.addEventListener("click", ask);
  if (isCreation) {
    // Enter in the field of the name.
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask();
    });
  }
  // A page that is gone back to answers a new challenge.
  addEventListener("pageshow", () => answer.remove());
}

if (window.PublicKeyCredential && navigator.credentials) {
  for (const part of document.querySelectorAll("[data-passkeys]")) {
    part.hidden = false;
    if (part.dataset.passkeys) attach(part);
  }
}
