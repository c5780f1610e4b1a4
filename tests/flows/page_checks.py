"""Checks of a page, shared by the tests in a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from demo_site import FAILS
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

# ``reader("case", width=320)``: see the fixture of this name.
Opener = Callable[..., Page]
# ``at_desk(390, scripts=False)``: a new browser, for one person.
AtDesk = Callable[..., Page]

# The rules for axe: all that it has of WCAG 2.2 A and AA. It leaves the size of what is pressed
# out by default.
AXE = "axe.run({resultTypes: ['violations'], rules: {'target-size': {enabled: true}}})"

# Everything that sticks out to the right of the window, named by its class and words.
STICKS_OUT = """() => {
  const width = document.documentElement.clientWidth;
  const found = [...document.querySelectorAll("body *")].filter(
    (element) => element.getBoundingClientRect().right > width + 1 && !element.closest(".vh")
  ).map((element) => `${element.tagName}.${element.className}: ${element.textContent.trim()}`);
  if (document.documentElement.scrollWidth > width) found.push("the window scrolls sideways");
  return found.map((text) => text.slice(0, 120));
}"""

# Where the keyboard is, how thick its outline is, and whether it is in the window.
FOCUSED = """() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return {
    name: `${element.tagName} ${element.getAttribute("href") || element.name || ""}`,
    body: element === document.body,
    outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
    seen: box.width > 8 && box.height > 8 && box.left >= 0
      && box.right <= innerWidth && box.bottom > 0 && box.top < innerHeight,
  };
}"""

# A form is sent as its page would send it, with the token of the session.
SEND = """([address, fields]) => {
  const form = document.createElement("form");
  Object.assign(form, {method: "post", action: address, enctype: "multipart/form-data"});
  for (const [name, value] of Object.entries(fields)) {
    form.append(Object.assign(document.createElement("input"), {type: "hidden", name, value}));
  }
  document.body.append(form);
  form.submit();
}"""
# What is there to be pressed on a page, without the links within sentences, and is low.
LOW = """() => [...document.querySelectorAll(
    "main :is(.acts a, .links a, button, input:not([type=hidden]), select, summary, .choice),"
    + ".nav a, .leave button"
  )].filter((element) => element.checkVisibility({visibilityProperty: true})
    && !element.closest(".choice > *, .vh"))
  .map((element) => [element, element.getBoundingClientRect().height])
  .filter(([element, height]) => height < 43.5 && !element.matches(".choice input"))
  .map(([element, height]) => `${element.outerHTML.slice(0, 90)} ${height}`)"""


class Watch:
    """The requests of the pages of one profile, and the complaints of the browser."""

    def __init__(self, context: BrowserContext) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        context.on("request", lambda request: self.requests.append(request.url))
        context.on("console", self.log_message)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def log_message(self, message: ConsoleMessage) -> None:
        """Note a message of the console, except the status of a page that fails on purpose."""
        is_expected = FAILS in message.location["url"] and is_status(message.text)
        if not is_expected:
            self.complaints.append(message.text)


def is_status(complaint: str, first: str = "") -> bool:
    """Whether a complaint of Chromium is about a page's status that begins with ``first``."""
    prefix = f"Failed to load resource: the server responded with a status of {first}"
    return complaint.startswith(prefix)


@contextmanager
def browsers(browser: Browser, base: str, watch: list[Watch]) -> Iterator[AtDesk]:
    """Opens browsers on a register; none may request another machine, or be refused by a policy."""
    contexts: list[BrowserContext] = []

    def open_browser(width: int, *, scripts: bool) -> Page:
        context = browser.new_context(
            base_url=base,
            viewport={"width": width, "height": 844 if width < 600 else 900},
            java_script_enabled=scripts,
            locale="fr-FR",
            timezone_id="Europe/Paris",
            reduced_motion="reduce",
        )
        contexts.append(context)
        watch.append(Watch(context))
        context.set_default_timeout(15_000)
        return context.new_page()

    yield open_browser
    for context in contexts:
        context.close()
    requests = [url for profile in watch for url in profile.requests]
    assert requests
    assert [url for url in requests if not url.startswith(base + "/")] == []
    complaints = [
        text for profile in watch for text in profile.complaints if not _is_harmless(text)
    ]
    assert complaints == [], complaints


def _is_harmless(complaint: str) -> bool:
    """A refused form and a tombstone are answered with a status that Chromium mentions.

    It also says that the part of the page that an address names goes before ``autofocus``, that a
    cache is emptied over HTTPS only, and that a test broke the network.
    """
    prefixes = (
        "Failed to load resource: the server responded with a status of 4",
        "Failed to load resource: net::ERR_FAILED",
        "Autofocus ",
        "Clear-Site-Data header",
    )
    return complaint.startswith(prefixes)
