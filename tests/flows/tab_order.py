"""A page from its first to its last stop of the tabulator."""

from __future__ import annotations

from input_devices import STOPS_LIMIT
from playwright.sync_api import Page

# All that a mouse can use and a keyboard must reach, in the order of the document. Of choices that
# exclude each other the tabulator reaches one: the one that is made, else the first.
REACHABLE = """() => [...document.querySelectorAll(
    "a[href], button, input, select, textarea, summary, [tabindex='0']")]
  .filter((element) => !element.disabled && element.type !== "hidden"
    && !element.closest("[aria-hidden=true], [inert]")
    && element.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true}))
  .filter((element, _at, all) => {
    if (element.type !== "radio") return true;
    const group = all.filter((other) => other.type === "radio" && other.name === element.name
      && other.form === element.form);
    return element === (group.find((other) => other.checked) ?? group[0]);
  })
  .map((element) => NAME(element))"""
# The focused element, whether its focus is visible, and whether screen readers skip it.
FOCUS = """() => {
  const element = document.activeElement, style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return {
    name: NAME(element),
    away: element === document.body || element === document.documentElement,
    shown: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
      && box.width > 8 && box.height > 8 && box.bottom > 0 && box.top < innerHeight
      && box.right > 0 && box.left < innerWidth,
    unheard: !!element.closest("svg, [aria-hidden=true]"),
  };
}"""
# Elements with a mouse pointer that the keyboard does not reach.
FOR_A_MOUSE_ALONE = """() => [...document.querySelectorAll("body *")]
  .filter((element) => getComputedStyle(element).cursor === "pointer"
    && element.checkVisibility({visibilityProperty: true})
    && !element.closest("a[href], button, summary, label, input, select, textarea, svg"))
  .map((element) => NAME(element))"""
# An element by its place in the document and its words.
_NAME = """const NAME = (element) =>
  `${[...document.querySelectorAll("*")].indexOf(element)} ${element.tagName} `
  + (element.getAttribute("href") ?? element.name ?? element.textContent.trim()).slice(0, 60);
"""


def tab_stops(page: Page) -> list[dict[str, object]]:
    """Every stop from the top of the page, until the keyboard leaves it."""
    reached: list[dict[str, object]] = []
    if page.evaluate("document.activeElement !== document.body"):
        # The page put the keyboard further down: up again, to its first link.
        page.locator(".skip").focus()
    else:
        page.keyboard.press("Tab")
    for _press in range(STOPS_LIMIT):
        focus = page.evaluate(_with_names(FOCUS))
        if focus["away"]:
            return reached
        # A date has a stop for each of its numbers, and one for its calendar, which the browser
        # frames by itself.
        if not reached or reached[-1]["name"] != focus["name"]:
            reached.append(focus)
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not leave the page: {reached[-3:]}")


def faults(page: Page) -> list[str]:
    """The obstacles of a page for somebody with a keyboard alone."""
    expected = page.evaluate(_with_names(REACHABLE))
    messages = [
        f"for a mouse alone: {name}" for name in page.evaluate(_with_names(FOR_A_MOUSE_ALONE))
    ]
    reached = tab_stops(page)
    names = [stop["name"] for stop in reached]
    messages += [f"not reached: {name}" for name in expected if name not in names]
    messages += [f"a stop for nothing: {name}" for name in names if name not in expected]
    if sorted(map(str, names)) == sorted(expected) and names != expected:
        messages.append("not in the order of the document")
    messages += [f"not to be seen: {stop['name']}" for stop in reached if not stop["shown"]]
    messages += [f"not to be heard: {stop['name']}" for stop in reached if stop["unheard"]]
    return messages + _closed_details(page)


def _closed_details(page: Page) -> list[str]:
    """Folded parts that do not open by Enter, or close again by the space bar."""
    messages = []
    for summary in page.locator("details > summary:visible").all():
        folded = summary.locator("xpath=..")
        was_open = folded.evaluate("(details) => details.open")
        summary.focus()
        for key, is_open_after in (("Enter", not was_open), ("Space", was_open)):
            page.keyboard.press(key)
            if folded.evaluate("(details) => details.open") is not is_open_after:
                messages.append(f"{key} does nothing: {summary.inner_text()}")
    return messages


def _with_names(script: str) -> str:
    head, arrow, body = script.partition("=>")
    if body.lstrip().startswith("{"):
        return f"{head}{arrow} {{ {_NAME} return ({script})(); }}"
    return f"{head}{arrow} {{ {_NAME} return {body.strip()}; }}"
