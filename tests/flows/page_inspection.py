"""Pages in a browser, inspected for whatever could run in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from page_checks import Watch
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Route

# The elements of the page that could run, fetch or hide, as the browser parsed them.
ACTIVE_ELEMENTS = """() => {
  const found = [];
  const runs = /^(javascript|vbscript|data|blob|filesystem):/i;
  for (const one of document.querySelectorAll("*")) {
    for (const { name, value } of one.attributes)
      if (/^on/i.test(name) || name === "style" || name === "srcdoc") found.push(one.outerHTML);
    for (const name of ["href", "src", "action", "formAction"]) {
      const address = one[name];
      const own = typeof address === "string" ? address : address?.baseVal ?? "";
      if (runs.test(own)) found.push(one.outerHTML);
    }
  }
  const never = "iframe, object, embed, base, style, img, image, video, audio, math, template";
  const scripts = "script:not([src^='/static/']):not([type='application/ld+json'])";
  for (const one of document.querySelectorAll(`${never}, ${scripts}`)) found.push(one.outerHTML);
  if ("prise" in window || document.body.id === "prise") found.push("it ran");
  return found.map((html) => html.slice(0, 160));
}"""


@dataclass
class PageInspector:
    """Pages of one profile, with the active elements and dialogs in them."""

    page: Page
    watch: Watch
    base: str
    dialogs: list[str] = field(default_factory=list)
    active: list[tuple[str, str]] = field(default_factory=list)
    pages: int = 0

    def open(self, path: str) -> None:
        """Open a page and inspect it."""
        response = self.page.goto(self.base + path, wait_until="load")
        assert response
        assert response.status == 200, path
        self.inspect(path)

    def inspect(self, path: str) -> None:
        """Note what could run in the page as it is now."""
        self.pages += 1
        self.active += [(path, html) for html in self.page.evaluate(ACTIVE_ELEMENTS)]

    def fetch(self, path: str) -> str:
        """Fetch a document as a feed reader does."""
        response = self.page.context.request.get(self.base + path)
        assert response.status == 200, path
        return str(response.text())

    def require_no_attack(self) -> None:
        """Require that nothing ran, nothing could run, and nothing was fetched from elsewhere."""
        assert self.active == []
        assert self.dialogs == []
        assert self.foreign_requests == []
        refusals = [text for text in self.watch.complaints if "the server responded" not in text]
        assert refusals == []

    @property
    def foreign_requests(self) -> list[str]:
        """The requests to other machines."""
        allowed = (self.base + "/", "about:")
        return [url for url in self.watch.requests if not url.startswith(allowed)]


@contextmanager
def inspected_profile(
    browser: Browser, base: str, cookie: str, *, policy: bool
) -> Iterator[PageInspector]:
    """A member's browser, with the policy of the pages or without it."""
    context: BrowserContext = browser.new_context(bypass_csp=not policy, reduced_motion="reduce")
    context.add_cookies([{"name": "registre", "value": cookie, "url": base}])
    context.set_default_timeout(20_000)

    def block_foreign(route: Route) -> None:
        is_local = route.request.url.startswith(base + "/")
        route.continue_() if is_local else route.abort()

    context.route(lambda url: not url.startswith(base + "/"), block_foreign)
    inspector = PageInspector(context.new_page(), Watch(context), base)

    def dismiss(dialog: Dialog) -> None:
        if dialog.type != "beforeunload":
            inspector.dialogs.append(dialog.message)
        dialog.accept()

    context.on("dialog", dismiss)
    try:
        yield inspector
    finally:
        context.close()
