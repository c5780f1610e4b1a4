"""The length of a reply and its limit (décret nº 2007-1527, art. 3)."""

from __future__ import annotations

import pytest

from register.cases import deadlines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", 0),
        ("Faux.", 1),
        ("a" * 75, 1),
        ("a" * 76, 2),
        ("a" * 150, 2),
        ("a\n\nb", 3),
        ("a" * 76 + "\nb", 3),
    ],
)
def test_lines_are_counted_by_the_width_of_the_page(text: str, lines: int) -> None:
    assert deadlines.text_length(text) == deadlines.TextLength(lines, len(text))


def test_a_reply_may_be_as_long_as_the_text_that_it_answers() -> None:
    limit = deadlines.longest_reply(["a" * 80, "b\n\nc", "d" * 10, ""])
    assert limit == deadlines.TextLength(2 + 3 + 1, 80 + 4 + 10)
    assert not deadlines.text_length("a\n" * 5 + "a").exceeds(limit)
    assert deadlines.text_length("a\n" * 6 + "a").exceeds(limit)


def test_a_reply_has_two_hundred_lines_at_most() -> None:
    assert deadlines.longest_reply(["a\n" * 500]).lines == 200
    assert not deadlines.text_length("a\n" * 199 + "a").is_too_long
    assert deadlines.text_length("a\n" * 200 + "a").is_too_long
    # One paragraph without an end is as long as its lines on the page.
    assert deadlines.text_length("a" * (75 * 200 + 1)).is_too_long
