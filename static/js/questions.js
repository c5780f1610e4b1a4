/* Shows the notices and the questions of the types that are ticked. The questions are fetched when a
   type is first ticked; where that fails, the next page asks them, as it does without this script. */

let fetched = null; // the questions, as they are sent to everybody

const ticked = (form) => new Set([...form.querySelectorAll("[name=types]:checked")].map((box) => box.value));

/* Put all questions in their section, beside those that the server put there with their answers. */
async function load(section) {
  fetched ??= fetch(section.dataset.source).then((answer) => (answer.ok ? answer.text() : Promise.reject(answer.status)));
  const page = new DOMParser().parseFromString(await fetched, "text/html");
  if (section.dataset.source === "") return;
  section.dataset.source = "";
  const existing = new Set(section.querySelectorAll(".question"));
  existing.forEach((node) => page.getElementById(node.id)?.replaceWith(node));
  section.querySelectorAll("[data-group], [name=questions_vues]").forEach((node) => node.remove());
  const added = [...page.querySelectorAll(".question")].filter((node) => !existing.has(node));
  section.append(...page.body.childNodes);
  added.forEach((node) => node.dispatchEvent(new Event("registre:part", { bubbles: true })));
}

function show(form) {
  const types = ticked(form);
  for (const node of form.querySelectorAll("[data-types]")) {
    node.hidden = !node.dataset.types.split(" ").some((type) => types.has(type));
  }
  const isEmpty = (node) => !node.querySelector(".question:not([hidden])");
  form.querySelectorAll("[data-group]").forEach((group) => (group.hidden = isEmpty(group)));
  const section = form.querySelector("[data-questions]");
  section.hidden = isEmpty(section);
}

document.addEventListener("change", async ({ target }) => {
  const { form } = target;
  const section = form?.querySelector("[data-questions]");
  if (target.name !== "types" || !section) return;
  if (target.checked) {
    // What must be known at once stands under the box.
    const notice = [...form.querySelectorAll("p[data-types][hidden]")].find((node) => node.dataset.types.split(" ").includes(target.value));
    if (notice) target.closest("div").append(notice);
  }
  show(form);
  if (section.dataset.source) {
    await load(section).catch(() => (fetched = null));
    show(form);
  }
});
