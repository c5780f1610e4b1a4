"""The counts beside the filters: each is read as one number, whatever the width."""

from __future__ import annotations

import pytest
from page_checks import Opener
from viewports import mainly

pytestmark = pytest.mark.browser

# Every count that takes more than a line, or sticks out of its group.
BROKEN = """() => [...document.querySelectorAll(".facet .num")].filter((count) => {
  const line = parseFloat(getComputedStyle(count).lineHeight);
  const box = count.getBoundingClientRect();
  const group = count.closest(".facet").getBoundingClientRect();
  return box.height > line * 1.5 || box.right > group.right + 1;
}).map((count) => count.closest("label").textContent.trim())"""
OPEN = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
LONGEST = """() => document.querySelectorAll(".facet .num").forEach((count) => {
  count.firstChild.data = "12\u202f345";
})"""
NARROWED = """() => {
  document.querySelector(".facet .num").style.cssText =
    "width: 0; white-space: normal; overflow-wrap: anywhere";
}"""
CROSSES = """() => [...document.querySelectorAll(".chips a:not(.all)")].map(
  (chip) => getComputedStyle(chip, "::after").content
)"""


@pytest.mark.parametrize("width", mainly(320, 1280))
def test_no_count_is_broken_in_two(reader: Opener, width: int) -> None:
    page = reader("list", width=width)
    page.evaluate(OPEN)
    assert page.locator(".facet .num").count() > 20
    assert page.evaluate(BROKEN) == []
    # As large a register as there may be.
    page.evaluate(LONGEST)
    assert page.evaluate(BROKEN) == []
    # The proof that this would see a broken one.
    page.evaluate(NARROWED)
    assert len(page.evaluate(BROKEN)) == 1


def test_paper_shows_no_cross_beside_what_is_filtered(reader: Opener) -> None:
    page = reader("filtered")
    assert all("×" in content for content in page.evaluate(CROSSES))
    page.emulate_media(media="print")
    assert set(page.evaluate(CROSSES)) == {"none"}
