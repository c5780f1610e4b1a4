"""Mapping of a report's fields to those of a draft."""

from __future__ import annotations

from dataclasses import replace

import pytest
from report_factory import a_report

from register.cases.case_content import Content, ProceedingContent, SourceContent
from register.cases.vocabulary import Vocabulary
from register.reports import report_to_draft
from register.reports.report_content import ReportContent


def parts(vocabularies: Vocabulary, **fields: object):
    return {
        part.name: part for part in report_to_draft.draft_parts(a_report(**fields), vocabularies)
    }


def faults(part):
    return [(fault.field, fault.key) for fault in part.dropped]


def test_a_draft_takes_over_facts_and_never_the_account(vocabularies):
    drafted_parts = parts(
        vocabularies, date="2008-03-17", actor_text="le premier adjoint, M. X", began="par_cible"
    )
    ticked = {name for name, part in drafted_parts.items() if part.ticked}
    assert ticked == {"place", "date", "types", "actor", "target", "links"}
    draft = report_to_draft.draft_content(drafted_parts.values(), ticked, vocabularies)
    assert draft == Content(
        title="Interdiction de filmer, Gagny, 17 mars 2008",
        date="2008-03-17",
        commune="93032",
        actor="maire",
        target="blogueur",
        types=("interdiction_filmer",),
        sources=(SourceContent(url="https://exemple.test/seance", kind="autre"),),
    )


def test_only_ticked_parts_are_taken_over(vocabularies):
    drafted_parts = parts(vocabularies, began="par_cible")
    draft = report_to_draft.draft_content(drafted_parts.values(), {"began"}, vocabularies)
    assert draft == Content(proceedings=(ProceedingContent(direction="par_cible"),))
    assert report_to_draft.draft_content(drafted_parts.values(), set(), vocabularies) == Content()


@pytest.mark.parametrize(
    ("place", "country", "label"),
    [
        ("Charleroi (Belgique)", "BE", "Charleroi"),
        ("Lausanne, Suisse", "CH", "Lausanne"),
        ("Charleroi (Belgium)", "BE", "Charleroi"),
        ("chez ma tante (Belgique)", "BE", ""),
        ("genève", "CH", "Genève"),
        ("Belgique", "BE", ""),
        ("en ligne", "FR", "En ligne"),
        ("sur Facebook", "FR", "En ligne"),
        ("Gagny (France)", "FR", ""),
        ("La Réunion", "FR", ""),
        ("la salle des fêtes, près du lavoir", "FR", ""),
    ],
)
def test_a_draft_is_where_the_place_says(vocabularies, place, country, label):
    drafted_parts = parts(vocabularies, place=place, place_code="")
    draft = report_to_draft.draft_content(drafted_parts.values(), {"place"}, vocabularies)
    assert draft == Content(country=country, place_label=label)
    assert drafted_parts["place"].ticked == (country != "FR" or bool(label))


def test_a_place_abroad_without_a_country_is_said_to_the_member(vocabularies):
    part = parts(vocabularies, place="à l’étranger", place_code="")["place"]
    assert (part.changes, faults(part)) == ({}, [("country", "missing")])


def test_an_interval_fills_the_date_and_the_end_date(vocabularies):
    part = parts(vocabularies, when="entre mars et mai 2024", date="2024-03")["date"]
    assert part.changes == {"date": "2024-03", "end_date": "2024-05"}
    # The recognised date was another one: the words are not read again against it.
    part = parts(vocabularies, when="entre mars et mai 2024", date="2023-03")["date"]
    assert part.changes == {"date": "2023-03"}


def test_the_reporters_words_are_not_copied_even_with_every_part_ticked(vocabularies):
    free_texts = {
        "actor_text": "un adjoint",
        "target_text": "mon blog",
        "place": "derrière le marché",
    }
    drafted_parts = parts(vocabularies, **free_texts, place_code="", when="un soir de pluie")
    draft = report_to_draft.draft_content(drafted_parts.values(), set(drafted_parts), vocabularies)
    for word in ("caméra", "adjoint", "blog", "marché", "pluie"):
        assert word not in repr(replace(draft, target="")), word
    assert draft.title == "Interdiction de filmer"
    words = {name for name, part in drafted_parts.items() if part.is_free_text}
    assert words == {"account", "actor_text", "target_text", "place"}
    assert not any(drafted_parts[name].changes for name in words)


def test_a_value_that_cannot_be_taken_over_is_dropped_with_a_fault(vocabularies):
    drafted_parts = parts(
        vocabularies,
        place_code="commune:00000",
        when="hier soir",
        types=("inconnu", "interdiction_filmer", "interdiction_filmer"),
        actor="roi",
        target="reine",
        began="jamais",
        links=("javascript:alert(1)", "exemple.test/a", "https://exemple.test/a" + "a" * 2000),
    )
    assert {name: faults(part) for name, part in drafted_parts.items() if part.dropped} == {
        "place": [("place_label", "unknown_code")],
        "date": [("date", "typed_date")],
        "types": [("types", "unknown_code")],
        "actor": [("actor", "unknown_code")],
        "target": [("target", "unknown_code")],
        "began": [("proceedings.direction", "unknown_code")],
        "links": [("sources.url", "url"), ("sources.url", "url"), ("sources.url", "too_long")],
    }
    draft = report_to_draft.draft_content(drafted_parts.values(), set(drafted_parts), vocabularies)
    assert (draft.place_label, draft.date, draft.actor, draft.target) == ("", "", "", "")
    assert (draft.types, draft.sources, draft.proceedings) == (("interdiction_filmer",), (), ())


def test_an_invalid_date_is_dropped(vocabularies):
    part = parts(vocabularies, date="2008-13-45", when="le 45")["date"]
    assert not part.changes
    assert faults(part) == [("date", "date_impossible")]


def test_only_three_types_are_taken_over(vocabularies):
    types = tuple(vocabularies.lists["type"])[:4]
    part = parts(vocabularies, types=types)["types"]
    assert part.changes == {"types": types[:3]}
    assert faults(part) == [("types", "too_many")]


def test_a_repeated_link_is_taken_over_once(vocabularies):
    part = parts(vocabularies, links=("https://exemple.test/a",) * 2)["links"]
    assert [source.url for source in part.changes["sources"]] == ["https://exemple.test/a"]


def test_an_empty_field_makes_no_part(vocabularies):
    drafted_parts = report_to_draft.draft_parts(ReportContent("Seulement ceci"), vocabularies)
    assert [part.name for part in drafted_parts] == ["account"]


def test_a_field_without_one_in_the_draft_is_still_a_part(vocabularies):
    drafted_parts = parts(vocabularies, target_text="mon blog", began="aucune")
    assert not drafted_parts["target_text"].changes
    assert not drafted_parts["began"].changes
