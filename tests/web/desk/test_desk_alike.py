"""Likely duplicates beside an open case, with their reasons in words."""

from __future__ import annotations

import re

import pytest

from register.cases import duplicates
from register.cases.case_content import SourceContent
from register.cases.duplicates import DuplicateReason
from register.cases.web.desk import duplicates as alike
from register.web.messages import desk as words


def text(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("\u00a0", " ").split())


def test_a_case_shows_those_that_are_like_it(signed, desk, content):
    elsewhere = (SourceContent(url="https://exemple.test/autre"),)
    public = desk.published(content(sources=elsewhere))
    filed = desk.draft(content())
    desk.draft(content(commune="22001", date="1999", outlets=(), sources=elsewhere, title="Rien"))
    page = signed("bruno").get(f"/moderation/dossiers/{filed.id}").get_data(as_text=True)
    assert "Peut-être le même cas" in page
    assert f'href="/moderation/dossiers/{public.id}"' in page
    told = text(page).partition("Peut-être le même cas")[2]
    assert f"publié nº {public.number}" in told
    assert "même commune, mêmes jours, trois mots communs, même média, un type commun" in told


def test_a_case_like_no_other_has_no_such_list(signed, desk):
    filed = desk.draft()
    page = signed("bruno").get(f"/moderation/dossiers/{filed.id}").get_data(as_text=True)
    assert "Peut-être le même cas" not in page


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        (
            (DuplicateReason("source"), DuplicateReason("jours_proches")),
            "même source, dates proches",
        ),
        ((DuplicateReason("commune"), DuplicateReason("jours")), "même commune, mêmes jours"),
        (
            (DuplicateReason("mots", 3), DuplicateReason("types", 2)),
            "trois mots communs, deux types communs",
        ),
        (
            (DuplicateReason("commune_liee"), DuplicateReason("media", 2)),
            "commune liée, deux médias communs",
        ),
    ],
)
def test_reasons_are_said_in_words(app, reasons, said):
    with app.test_request_context("/moderation"):
        assert alike.reasons_sentence(reasons) == said


def test_every_reason_and_every_kind_has_its_words(app):
    with app.test_request_context("/moderation"):
        assert all(
            alike.reasons_sentence([DuplicateReason(code, 2)]) for code in duplicates._WEIGHTS
        )
    assert set(words.TODO_HEADINGS) == set(words.TODO_LABELS)


@pytest.mark.parametrize("wrong", ["'", " ;", " ?", " !", " :", "« ", " »", "...", "  "])
def test_the_desk_keeps_french_typography(wrong):
    said = [str(part) for pair in words.TODO_HEADINGS.values() for part in pair]
    assert [one for one in (*said, *map(str, words.TODO_LABELS.values())) if wrong in one] == []
