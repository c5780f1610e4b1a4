"""The search document of a case: which texts it contains, and which it must never contain."""

from __future__ import annotations

from dataclasses import fields

import attested_acts as acts
import pytest
from case_contents import decided

from register.cases import vocabulary
from register.cases.case_content import Content, RequestContent, SourceContent, StepContent
from register.search.analyzer import token_of
from register.search.document import documents
from register.search.query_parser import parse
from register.search.reference_matcher import strength

pytestmark = pytest.mark.one_database

SOURCE = "zinzolin"


@pytest.fixture
def full(content):
    """A case with a word of its own in each field."""
    return content(
        title="Le maire interdit de filmer la séance",
        summary="Une caméra saisie au conseil.",
        narrative="Premier **paragraphe**.\n\nSuite sur [le blog](https://exemple.test/chemin).",
        commune="93059",
        linked_communes=("69123",),
        actor_text="député-maire et partisans",
        outlets=("La Voix du Nord",),
        precision_note="deux sources donnent deux dates",
        steps_taken="mobilisation du syndicat",
        amount="7400 EUR",
        date="2006-06-26",
        outcome="relaxe",
        types=("interdiction_filmer", "retrait_financement"),
        proceedings=(
            decided(
                direction="contre_cible",
                plaintiff="maire",
                court="cour d’appel de Versailles",
                docket="22PA03737",
                outcome="relaxe",
                outcome_date="2007",
                appeal="non",
                steps=(StepContent(step="audience", note="renvoi demandé"),),
            ),
        ),
        request=RequestContent(asked="notes de frais", asked_of="hôtel de ville"),
        sources=(
            SourceContent(
                url=f"https://{SOURCE}.test/{SOURCE}",
                kind="presse",
                label=SOURCE,
                title=SOURCE,
                publisher=SOURCE,
                archived_url=f"https://archive.test/{SOURCE}",
            ),
        ),
    )


@pytest.fixture
def case_document(session, desk, full, pen, cast):
    case = desk.published(full)
    with pen() as p:
        acts.follow_up(
            p, case.id, by=cast.bruno, reason="suite", title="Audience reportée", text="Au *TGI*."
        )
    reply = desk.received_reply(case, text="Nous contestons formellement.")
    with pen() as p:
        acts.reply(p, reply, by=cast.bruno, reason="droit de réponse")
    (case_document,) = documents(session, [case.number], vocabulary.current_vocabulary(session))
    return case_document


MATCHING_SEARCHES = (
    ("filmer séance", 2, "the title"),
    ("voix du nord", 2, "an outlet"),
    ("lavoixdunord", 1, "an outlet in one word"),
    ("Saint-Denis", 1, "the commune of today"),
    ("Pierrefitte-sur-Seine", 1, "the name it was filed under"),
    ("93066", 1, "the code of today"),
    ("93059", 1, "the code it was filed under"),
    ("93380", 1, "a postal code"),
    ("2006", 1, "the year"),
    ("93", 1, "the département"),
    ("69", 1, "that of a linked commune"),
    ("bâillon", 1, "the direction of a proceeding"),
    ("caméra", 1, "a synonym in the title"),
    ('"caméra"', 0, "the summary"),
    ("paragraphe", 0, "the account"),
    ('"paragraphe suite"', 0, "the account, across its paragraphs"),
    ("partisans", 0, "the actor in the source's words"),
    ("deux dates", 0, "the note on precision"),
    ("mobilisation", 0, "steps taken"),
    ("7400", 0, "an amount"),
    ("cour d'appel de Versailles", 0, "a court"),
    ("22PA03737", 0, "a docket number"),
    ("renvoi", 0, "a step's note"),
    ('"notes de frais"', 0, "what was asked for"),
    ("Lyon", 0, "a linked commune"),
    ("Île-de-France", 0, "the région"),
    ("relaxe", 0, "an outcome's label"),
    ('"interdiction de filmer"', 0, "a type's label"),
    ("subvention", 0, "a synonym of a type's label"),
    ("reportée", 0, "a follow-up's title"),
    ("TGI", 0, "a follow-up's text"),
    ("contestons", 0, "a reply"),
    ("26 juin 2006", 0, "the day"),
    ("juin 2006", 0, "the month"),
    ("avant 2007", 1, "a year before"),
    ("blogger", 0, "an English word for the target"),
    ("filming ban", 0, "a type's English label"),
    ('"le maire interdit"', 1, "a phrase by the letter"),
)


def test_a_search_for_a_public_text_of_a_case_matches_it(case_document):
    for typed, expected, why in MATCHING_SEARCHES:
        assert strength(parse(typed), case_document) == expected, why


OTHER_SEARCHES = (
    (SOURCE, "a source"),
    ("exemple", "the address of a link in the account"),
    ("chemin", "its path"),
    ("exemple.test", "the address of a source"),
    ("suite droit", "reasons of revisions are the members'"),
    ('"séance voix"', "no phrase goes from a field to the next"),
    ("menaces", "the family's label says it, and no word of the case"),
    ('"caméras"', "another form of what is quoted"),
    ("avant 2006", "the case is of that year"),
    ("27 juin 2006", "the day after"),
)


def test_a_search_for_an_unpublished_text_does_not_match(case_document):
    for typed, why in OTHER_SEARCHES:
        assert strength(parse(typed), case_document) is None, why


def test_a_case_without_public_page_has_no_search_document(session, desk, content):
    draft = desk.draft(content())
    cases = [desk.withdrawn(content()), desk.erased(), desk.merged()]
    numbers = [case.number for case in cases]
    assert documents(session, [*numbers, draft.id], vocabulary.current_vocabulary(session)) == []


def test_forms_are_the_words_as_written(case_document):
    strong, weak = (
        {form for field in fields for form in field}
        for fields in (case_document.strong_forms, case_document.weak_forms)
    )
    assert {"interdit", "filmer", "seance", "nord", "lavoixdunord"} <= strong
    assert {"camera", "paragraphe", "versailles"} <= weak - strong


def test_tokens_are_those_of_the_forms_and_codes_follow(case_document):
    for runs, form_runs in (
        (case_document.strong, case_document.strong_forms),
        (case_document.weak, case_document.weak_forms),
    ):
        words, codes = runs[: len(form_runs)], runs[len(form_runs) :]
        assert words == tuple(tuple(map(token_of, field)) for field in form_runs)
        assert codes
        assert all(code.startswith("§") for (code,) in codes)


def test_each_field_of_a_case_is_listed_as_searchable_or_not():
    """A new field of a case belongs to its document or to this list."""
    not_searchable = {"narrative", "date", "end_date", "language", "contested", "links", "sources"}
    searchable = {
        *("title", "summary", "precision_note", "country", "commune", "linked_communes"),
        *("departement", "region", "place_label", "level", "actor", "actor_text", "target"),
        *("outlets", "types", "evidence", "outcome", "steps_taken", "amount", "proceedings"),
        *("request", "pieces"),
    }
    assert {field.name for field in fields(Content)} == searchable | not_searchable
