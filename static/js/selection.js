/* Sends the words selected on the page with the form of a button: a passage to be masked. Without
   this script the words are typed on the page that follows. */

let selected = "";

// A press on the button would empty the selection in some browsers before the click.
document.addEventListener("selectionchange", () => {
  const words = String(getSelection()).trim();
  if (words) selected = words;
});

document.querySelectorAll("button[data-selection]").forEach((button) => {
  button.addEventListener("click", () => {
    button.form.elements[button.dataset.selection].value = selected;
  });
});
