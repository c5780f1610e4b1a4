/* Looks now and then whether a copy is ready, and puts the page right when it is. Without this
   script a link does. */

const PAUSE = 3000;

async function look() {
  const note = document.querySelector("[data-coming]");
  if (!note) return;
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (answer.ok && !page.querySelector("[data-coming]")) return location.reload();
    } catch {
      // The line is away: the next look may find it.
    }
  }
  setTimeout(look, PAUSE);
}

setTimeout(look, PAUSE);
