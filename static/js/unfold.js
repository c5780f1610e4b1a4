/* Opens again, on a page that is gone back to, whatever was folded over an answer. */

addEventListener("pageshow", () => {
  for (const fold of document.querySelectorAll("form details")) {
    const answers = [...fold.querySelectorAll("input, select, textarea")];
    fold.open ||= answers.some(({ type, checked, value }) =>
      type === "checkbox" || type === "radio" ? checked && value !== "" : value !== "");
  }
});
