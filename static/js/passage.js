/* Takes the passage of a refusal from the selection in the page above the form, until somebody types
   one. Without this script it is copied by hand. */

const box = document.querySelector("textarea[data-passage]");
const sheet = document.querySelector(".public-page .sheet");
let typed = box?.value.trim();

box?.addEventListener("input", () => { typed = box.value.trim(); });
if (box && sheet) {
  document.addEventListener("selectionchange", () => {
    const selection = getSelection();
    const passage = selection.toString().trim();
    const ends = [selection.anchorNode, selection.focusNode];
    if (!typed && passage && ends.every((node) => sheet.contains(node))) box.value = passage;
  });
}
