/* Lets whoever chooses a password read what they have typed. Without this script, or where it
   fails, the field is an ordinary one. */

for (const field of document.querySelectorAll("input[data-show]")) {
  const { show, hide } = field.dataset;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn quiet";
  button.setAttribute("aria-controls", field.id);

  function turn(shown) {
    field.type = shown ? "text" : "password";
    button.textContent = shown ? hide : show;
  }

  turn(false);
  button.addEventListener("click", () => turn(field.type === "password"));
  // A browser offers to keep what is sent as a password, and only that.
  field.form.addEventListener("submit", () => turn(false));
  field.after(button);
}
