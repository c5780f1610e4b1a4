"""What the tests in a browser ask of a page."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page

# ``reader("case", width=320)``: see the fixture of this name.
Opener = Callable[..., Page]

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


class Watch:
    """What the pages of one profile asked for and complained of."""

    def __init__(self, context: BrowserContext) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        context.on("request", lambda request: self.requests.append(request.url))
        context.on("console", lambda message: self.complaints.append(message.text))
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
