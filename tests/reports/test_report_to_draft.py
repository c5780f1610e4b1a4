"""Mapping of a report's fields to those of a draft."""

from __future__ import annotations

from dataclasses import replace

import pytest
from databases import open_engine
from report_factory import a_report
from sqlalchemy.orm import Session

from register.cases import vocabulary
from register.cases.case_content import Content, ProceedingContent, SourceContent
from register.cases.vocabulary import Vocabulary
from register.reports import report_to_draft
from register.reports.report_content import ReportContent
from register.reports.report_to_draft import ReportedPlace

GAGNY = ReportedPlace("commune", "93032", "Gagny")


@pytest.fixture(scope="module")
def book(registers, tmp_path_factory):
    """The vocabularies as a register has them; no case and no report is needed."""
    folder = tmp_path_factory.mktemp("drafting")
    with (
        registers.new("sqlite", folder) as settings,
        open_engine(settings.database_url) as engine,
        Session(engine) as session,
    ):
        return vocabulary.current_vocabulary(session)


def parts(book: Vocabulary, where: ReportedPlace | None = GAGNY, **fields: object):
    return {one.name: one for one in report_to_draft.draft_parts(a_report(**fields), book, where)}


def faults(part):
    return [(fault.field, fault.key) for fault in part.dropped]


def test_a_draft_takes_over_facts_and_never_the_account(book):
    found = parts(book, date="2008-03-17", actor_text="le premier adjoint, M. X", began="par_cible")
    ticked = {name for name, part in found.items() if part.ticked}
    assert ticked == {"place", "date", "types", "actor", "target", "links"}
    made = report_to_draft.draft_content(found.values(), ticked, book, GAGNY)
    assert made == Content(
        title="Interdiction de filmer, Gagny, 17 mars 2008",
        date="2008-03-17",
        commune="93032",
        actor="maire",
        target="blogueur",
        types=("interdiction_filmer",),
        sources=(SourceContent(url="https://exemple.test/seance", kind="autre"),),
    )


def test_only_ticked_parts_are_taken_over(book):
    found = parts(book, began="par_cible")
    made = report_to_draft.draft_content(found.values(), {"began"}, book)
    assert made == Content(proceedings=(ProceedingContent(direction="par_cible"),))
    assert report_to_draft.draft_content(found.values(), set(), book) == Content()


def test_the_reporters_words_are_not_copied_even_with_every_part_ticked(book):
    own = {"actor_text": "un adjoint", "target_text": "mon blog", "place": "derrière le marché"}
    found = parts(book, None, **own, place_code="", when="un soir de pluie")
    made = report_to_draft.draft_content(found.values(), set(found), book)
    for word in ("caméra", "adjoint", "blog", "marché", "pluie"):
        assert word not in repr(replace(made, target="")), word
    assert made.title == "Interdiction de filmer"
    words = {name for name, part in found.items() if part.is_free_text}
    assert words == {"account", "actor_text", "target_text", "place"}
    assert not any(found[name].changes for name in words)


def test_a_value_that_cannot_be_taken_over_is_dropped_with_a_fault(book):
    found = parts(
        book,
        None,
        place_code="commune:00000",
        when="hier soir",
        types=("inconnu", "interdiction_filmer", "interdiction_filmer"),
        actor="roi",
        target="reine",
        began="jamais",
        links=("javascript:alert(1)", "exemple.test/a", "https://exemple.test/a" + "a" * 2000),
    )
    assert {name: faults(part) for name, part in found.items() if part.dropped} == {
        "place": [("place_label", "unknown_code")],
        "date": [("date", "typed_date")],
        "types": [("types", "unknown_code")],
        "actor": [("actor", "unknown_code")],
        "target": [("target", "unknown_code")],
        "began": [("proceedings.direction", "unknown_code")],
        "links": [("sources.url", "url"), ("sources.url", "url"), ("sources.url", "too_long")],
    }
    made = report_to_draft.draft_content(found.values(), set(found), book)
    assert (made.place_label, made.date, made.actor, made.target) == ("", "", "", "")
    assert (made.types, made.sources, made.proceedings) == (("interdiction_filmer",), (), ())


def test_an_invalid_date_is_dropped(book):
    part = parts(book, date="2008-13-45", when="le 45")["date"]
    assert not part.changes
    assert faults(part) == [("date", "date_impossible")]


def test_only_three_types_are_taken_over(book):
    types = tuple(book.lists["type"])[:4]
    part = parts(book, types=types)["types"]
    assert part.changes == {"types": types[:3]}
    assert faults(part) == [("types", "too_many")]


def test_a_repeated_link_is_taken_over_once(book):
    part = parts(book, links=("https://exemple.test/a",) * 2)["links"]
    assert [source.url for source in part.changes["sources"]] == ["https://exemple.test/a"]


def test_an_empty_answer_makes_no_part(book):
    found = report_to_draft.draft_parts(ReportContent("Seulement ceci"), book, None)
    assert [part.name for part in found] == ["account"]


def test_an_answer_without_a_field_in_the_draft_is_still_a_part(book):
    found = parts(book, target_text="mon blog", began="aucune")
    assert not found["target_text"].changes
    assert not found["began"].changes
