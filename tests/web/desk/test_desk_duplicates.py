"""Possible duplicates on the page of a case, with their reasons in words."""

from __future__ import annotations

import re

import pytest

from register.cases import duplicates
from register.cases.case_content import SourceContent
from register.cases.checklist import STORED_CHECKS
from register.cases.duplicates import DuplicateReason
from register.cases.todo_clauses import TodoKind
from register.cases.web.desk.case_summaries import reasons_sentence
from register.reports.queue_statements import QueueKind
from register.web import messages

pytestmark = pytest.mark.one_database


def page_text(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("\u00a0", " ").split())


def test_case_page_lists_possible_duplicates(signed, desk, content):
    elsewhere = (SourceContent(url="https://exemple.test/autre"),)
    public = desk.published(content(sources=elsewhere))
    draft = desk.draft(content())
    desk.draft(content(commune="22001", date="1999", outlets=(), sources=elsewhere, title="Rien"))
    page = signed("bruno").get(f"/moderation/dossiers/{draft.id}").get_data(as_text=True)
    assert "Peut-être le même cas" in page
    assert f'href="/moderation/dossiers/{public.id}"' in page
    list_text = page_text(page).partition("Peut-être le même cas")[2]
    assert f"publié nº {public.number}" in list_text
    assert "même commune, mêmes jours, trois mots communs, même média, un type commun" in list_text


def test_case_without_duplicates_has_no_list(signed, desk):
    draft = desk.draft()
    page = signed("bruno").get(f"/moderation/dossiers/{draft.id}").get_data(as_text=True)
    assert "Peut-être le même cas" not in page


@pytest.mark.parametrize(
    ("reasons", "sentence"),
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
def test_reasons_in_words(app, reasons, sentence):
    with app.test_request_context("/moderation"):
        assert reasons_sentence(reasons) == sentence


def test_every_reason_and_task_kind_has_a_text(app):
    with app.test_request_context("/moderation"):
        assert all(reasons_sentence([DuplicateReason(code, 2)]) for code in duplicates._WEIGHTS)
    assert set(messages.desk.queue_kinds) == set(QueueKind)
    assert set(messages.desk.todo_labels) == set(TodoKind)
    assert set(messages.desk.lacking) >= STORED_CHECKS


@pytest.mark.parametrize("wrong", ["'", " ;", " ?", " !", " :", "« ", " »", "...", "  "])
def test_task_headings_follow_french_typography(wrong):
    headings = [str(part) for pair in messages.desk.queue_kinds.values() for part in pair]
    labels = map(str, (*messages.desk.todo_labels.values(), *messages.desk.lacking.values()))
    assert [label for label in (*headings, *labels) if wrong in label] == []
