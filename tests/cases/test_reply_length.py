"""The length of a reply and its limit (décret nº 2007-1527, art. 3)."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from register.cases import deadlines
from register.cases.case_content import Content, ProceedingContent, StepContent


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
    limit = deadlines.longest_reply(["a\n" * 59 + "a", "b\n\nc", "d" * 76, ""])
    assert limit == deadlines.TextLength(60 + 3 + 2, 119 + 4 + 76)
    assert not deadlines.text_length("a\n" * 64 + "a").exceeds(limit)
    assert deadlines.text_length("a\n" * 65 + "a").exceeds(limit)


def test_a_reply_to_a_short_text_may_have_fifty_lines() -> None:
    assert deadlines.longest_reply(["Une ligne."]).lines == 50
    assert deadlines.longest_reply([]).lines == 50


def test_the_whole_page_of_a_case_counts_but_not_replies_and_corrections() -> None:
    step = StepContent("plainte", note="Étape")
    content = Content(
        title="Titre",
        summary="Résumé",
        narrative="Récit",
        steps_taken="Courrier",
        proceedings=(ProceedingContent("contre_cible", steps=(step,)),),
    )
    fragments = {
        "follow_ups": [{"title": "Suite", "text": "Jugement"}],
        "replies": [{"text": "Réponse"}],
        "corrections": [{"note": "Correction"}],
    }
    document = {**asdict(content), **fragments}
    words = ["Titre", "Résumé", "Récit", "Courrier", "Étape", "Suite", "Jugement"]
    assert list(deadlines.answered_texts(document)) == words
    assert not any(deadlines.answered_texts({}))


def test_a_reply_has_two_hundred_lines_at_most() -> None:
    assert deadlines.longest_reply(["a\n" * 500]).lines == 200
    assert not deadlines.text_length("a\n" * 199 + "a").is_too_long
    assert deadlines.text_length("a\n" * 200 + "a").is_too_long
    # One paragraph without an end is as long as its lines on the page.
    assert deadlines.text_length("a" * (75 * 200 + 1)).is_too_long
