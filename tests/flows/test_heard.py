"""The accessibility tree of pages: what a screen reader speaks, and in which order."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from accessibility_tree import LANDMARKS, essentials, spoken_lines
from demo_site import PAGES, RARE
from page_checks import Opener
from test_accessibility import IN_EACH_RUN

pytestmark = pytest.mark.browser

PROOFS = Path(__file__).resolve().parents[2] / "docs" / "proofs.md"
_DUMP = re.compile(r"### The case page, as it is heard\n.*?```text\n(.*?)```", re.DOTALL)
PAGE_PARAMS = [
    name if name in IN_EACH_RUN else pytest.param(name, marks=pytest.mark.prove)
    for name in (*PAGES, *RARE)
]

# The levels of the headings, in their order.
LEVELS = """() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
  .filter((heading) => heading.checkVisibility()).map((heading) => Number(heading.tagName[1]))"""
# Where the links of each name lead, without those within a text that somebody wrote.
LINK_TARGETS = """() => {
  const led = {};
  for (const link of document.querySelectorAll("a[href]")) {
    if (link.closest(".prose, .page, svg") || !link.checkVisibility()) continue;
    const copy = link.cloneNode(true);
    copy.querySelectorAll("[aria-hidden=true]").forEach((part) => part.remove());
    const name = copy.textContent.replace(/\\s+/g, " ").trim();
    (led[name] ??= new Set()).add(link.href.split("#")[0]);
  }
  return Object.entries(led).filter(([, places]) => places.size > 1)
    .map(([name, places]) => `${name}: ${[...places].join(" ")}`);
}"""


def test_the_accessibility_tree_of_a_case_is_that_of_the_proofs(reader: Opener) -> None:
    """Headings and landmarks, in their order; ``docs/`` has the full text of one day."""
    lines = spoken_lines(reader("case of Gagny").locator("body").aria_snapshot())
    dump = _DUMP.search(PROOFS.read_text(encoding="utf-8"))
    assert dump, "docs/proofs.md has no such text"
    assert essentials(dump[1].splitlines()) == essentials(lines), "\n".join(lines)


def test_the_accessibility_tree_of_a_case_is_in_reading_order(reader: Opener) -> None:
    spoken = "\n".join(spoken_lines(reader("case of Gagny").locator("body").aria_snapshot()))
    deed = re.search(
        r"Le maire \(Gagny\).*acte.*Interdiction de filmer.*selon la.*source.*", spoken
    )
    assert deed
    assert deed[0].endswith("Un blogueur ( [gagny.blogspot.com] )")
    assert spoken.index("Quand: 26 juin 2006") < spoken.index("Issue: Inconnue")
    # Signs for the eyes alone, drawn lines, elements without a name.
    assert not re.search(r"[›·↓×]|^\s*(figure|img|region|navigation)?$", spoken, re.MULTILINE)
    assert not re.search(r"\b(\w{3,}) \1\b", spoken, re.IGNORECASE)


def test_a_removed_section_is_noticed(reader: Opener) -> None:
    """The proof that the first test sees something."""
    page = reader("case of Gagny")
    before = essentials(spoken_lines(page.locator("body").aria_snapshot()))
    page.evaluate("document.querySelector('#sources').closest('section').remove()")
    after = essentials(spoken_lines(page.locator("body").aria_snapshot()))
    assert set(before) - set(after) == {"region Source", "heading 2: Source"}


@pytest.mark.parametrize("name", PAGE_PARAMS)
def test_headings_go_down_step_by_step_and_every_landmark_has_its_name(
    reader: Opener, name: str
) -> None:
    page = reader(name)
    levels = page.evaluate(LEVELS)
    assert levels.count(1) == 1
    assert [pair for pair in itertools.pairwise(levels) if pair[1] > pair[0] + 1] == []
    lines = [line.strip() for line in spoken_lines(page.locator("body").aria_snapshot())]
    landmarks = [line for line in lines if line.split(" ")[0] in LANDMARKS]
    assert len(landmarks) == len(set(landmarks))
    assert {"banner", "main", "contentinfo"} <= set(landmarks)
    assert not {"region", "navigation", "complementary"} & set(landmarks)


@pytest.mark.parametrize("name", PAGE_PARAMS)
def test_links_of_one_name_lead_to_one_address(reader: Opener, name: str) -> None:
    ambiguous = reader(name).evaluate(LINK_TARGETS)
    # Paris is a commune and a département: headings tell the two lists apart.
    assert [line for line in ambiguous if not line.startswith("Paris 1 cas: ")] == []
