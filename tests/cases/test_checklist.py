"""The checklist: for each item, content that meets it and content that does not."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from register.cases.case_content import (
    Content,
    ProceedingContent,
    RequestContent,
    SourceContent,
    StepContent,
)
from register.cases.checklist import (
    ATTESTATIONS,
    Circumstances,
    build_checklist,
    checklist_columns,
    needs_second,
)
from register.cases.risk_flags import checked_texts, risk_flags
from register.cases.vocabulary import Vocabulary
from register.journal.models import canonical_json

ALL = Circumstances(invited=True, attested=ATTESTATIONS)
VOCABULARY = Vocabulary(
    "test",
    "fr",
    {"issue": {}, "etape": {}},
    family_of={"interdiction_filmer": "acces", "plainte_diffamation": "justice"},
    court_outcomes=frozenset({"relaxe", "annulation"}),
)


def _missing(content, circumstances=ALL):
    return [line.code for line in build_checklist(content, VOCABULARY, circumstances).unmet]


def test_a_complete_case_passes(content):
    assert _missing(content()) == []


def test_items_are_in_display_order(content):
    assert [line.code for line in build_checklist(content(), VOCABULARY, ALL).items] == [
        "texts",
        "summary_length",
        "source",
        "types",
        "parties",
        "place",
        "evidence",
        "outcome",
        "court",
        "invitation",
        "flags",
        "second",
        "attribution",
        "no_private_person",
        "no_private_life",
    ]


@pytest.mark.parametrize(
    ("line", "changes"),
    [
        ("texts", {"title": ""}),
        ("texts", {"summary": ""}),
        ("summary_length", {"summary": "x" * 301}),
        ("source", {"sources": ()}),
        ("types", {"types": ()}),
        ("types", {"types": ("interdiction_filmer", "a", "b", "c")}),
        ("parties", {"actor": ""}),
        ("parties", {"target": ""}),
        ("parties", {"level": ""}),
        ("place", {"commune": ""}),
        ("evidence", {"evidence": ""}),
        ("outcome", {"outcome": ""}),
    ],
)
def test_an_item_is_unmet_when_its_content_is_missing(content, line, changes):
    assert _missing(content(**changes)) == [line]


def test_a_summary_of_exactly_the_limit_passes(content):
    assert _missing(content(summary="x" * 300)) == []


def test_three_types_pass(content):
    assert _missing(content(types=("interdiction_filmer", "a", "b"))) == []


@pytest.mark.parametrize(
    "place", [{"departement": "93"}, {"region": "11"}, {"place_label": "une commune du Nord"}]
)
def test_any_kind_of_place_is_a_place(content, place):
    assert _missing(content(commune="", **place)) == []


# --- a court's outcome: only silence blocks ----------------------------------------------------

RULING = StepContent("jugement", "2007-06-06", "relaxe", court="TGI de Paris", appeal="non")
RULED = ProceedingContent(direction="contre_cible", steps=(StepContent("plainte"), RULING))


@pytest.mark.parametrize(
    ("changes", "missing", "why"),
    [
        ({}, [], "court, date and appeal are all filled in"),
        ({"court": ""}, ["court"], "which court?"),
        ({"date": ""}, ["outcome_date"], "when?"),
        ({"appeal": ""}, ["appeal"], "is it final?"),
        ({"court": "", "appeal": ""}, ["court", "appeal"], "both are asked for at once"),
        ({"court": "inconnue"}, [], "an unknown court counts as filled in"),
        ({"date": "inconnue", "appeal": "inconnu"}, [], "so is it for the others"),
        ({"court": "Cour de cassation", "appeal": ""}, [], "no appeal exists above it"),
        ({"outcome": "en_cours", "court": ""}, [], "no court decided yet"),
    ],
)
def test_a_courts_outcome_needs_court_date_and_appeal(content, changes, missing, why):
    ruled_content = content(proceedings=(replace(RULED, steps=(replace(RULING, **changes),)),))
    lines = build_checklist(ruled_content, VOCABULARY, ALL).items
    line = next(line for line in lines if line.code == "court")
    assert (line.met, line.values["missing"]) == (not missing, missing), why


def test_a_case_with_a_courts_outcome_needs_the_proceeding(content):
    assert _missing(content(outcome="relaxe")) == ["court"]
    assert _missing(content(outcome="relaxe", proceedings=(RULED,))) == []
    assert _missing(content(outcome="resolue")) == []


def test_each_decision_of_a_court_is_asked_for_its_fields(content):
    appeal = StepContent("arret", "2009", "annulation", court="CAA de Paris")
    ruled = replace(RULED, steps=(replace(RULING, court=""), appeal))
    lines = build_checklist(content(proceedings=(ruled,)), VOCABULARY, ALL).items
    line = next(line for line in lines if line.code == "court")
    assert line.values["missing"] == ["court", "appeal"]


# --- people --------------------------------------------------------------------------------------


def test_the_invitation_item_is_met_by_an_invitation_or_its_reason(content):
    assert _missing(content(), replace(ALL, invited=False)) == ["invitation"]


@pytest.mark.parametrize("line", ATTESTATIONS)
def test_each_attestation_is_required(content, line):
    others = set(ATTESTATIONS) - {line}
    assert _missing(content(), replace(ALL, attested=others)) == [line]


SUIT = {"types": ("plainte_diffamation",)}
PHONE = {"narrative": "Appeler le 06 12 34 56 78."}


@pytest.mark.parametrize(
    ("changes", "circumstances", "missing", "why"),
    [
        ({}, ALL, [], "an everyday case needs no second reader"),
        (SUIT, ALL, ["second"], "a suit does"),
        (
            {"types": ("interdiction_filmer", "plainte_diffamation")},
            ALL,
            ["second"],
            "in any position",
        ),
        (SUIT, replace(ALL, seconded=True), [], "and has one"),
        (SUIT, replace(ALL, single_moderator=True), [], "or the register has one moderator"),
        (PHONE, ALL, ["flags", "second"], "a risk asks for a reason and a second reader"),
        (PHONE, replace(ALL, flag_reasons="un standard"), ["second"], "a reason alone is not both"),
        (PHONE, replace(ALL, seconded=True), ["flags"], "nor is a reader"),
        (PHONE, replace(ALL, seconded=True, flag_reasons="un standard"), [], "together they pass"),
        (PHONE, replace(ALL, single_moderator=True), ["flags"], "a lone moderator still says why"),
    ],
)
def test_when_a_second_person_is_needed(content, changes, circumstances, missing, why):
    assert _missing(content(**changes), circumstances) == missing, why


def test_a_flag_has_its_field_and_excerpt(content):
    (flag,) = risk_flags(content(**PHONE))
    assert (flag.field, flag.code, flag.excerpt) == ("narrative", "telephone", "06 12 34 56 78")
    assert needs_second(content(**PHONE), VOCABULARY)


def test_a_phone_number_in_the_url_of_a_source_raises_no_flag(content):
    source = SourceContent(url="https://exemple.test/0612345678")
    assert risk_flags(content(sources=(source,))) == ()


def test_the_item_of_the_flags_lists_them(content):
    lines = build_checklist(content(**PHONE), VOCABULARY, ALL).items
    line = next(line for line in lines if line.code == "flags")
    assert line.values["flags"] == [("narrative", "telephone", "06 12 34 56 78")]


@pytest.mark.parametrize(
    ("changes", "shown", "columns", "why"),
    [
        ({}, {}, ("", False), "complete, and one member suffices"),
        ({"title": "", "sources": ()}, {}, ("texts source", False), "the codes of what is missing"),
        (SUIT, {}, ("", True), "a suit needs two"),
        (PHONE, {}, ("flags", True), "a risk is stored by its code, without its words"),
        (
            {},
            {"follow_ups": [{"title": "t", "text": PHONE["narrative"]}]},
            ("flags", True),
            "a suite",
        ),
        ({}, {"corrections": [{"note": PHONE["narrative"]}]}, ("flags", True), "a note"),
        (
            {},
            {"replies": [{"author": "a", "capacity": "c", "text": PHONE["narrative"]}]},
            ("flags", True),
            "a reply",
        ),
    ],
)
def test_what_is_stored_with_a_revision_has_codes_and_no_words(
    content, changes, shown, columns, why
):
    canonical = json.loads(canonical_json(asdict(content(**changes)) | shown))
    stored = checklist_columns(canonical, "", VOCABULARY)
    assert tuple(stored.values()) == columns, why


def test_checked_texts_include_every_text_and_no_code_url_or_digest():
    content = Content(
        title="le titre",
        outlets=("le blog",),
        sources=(
            SourceContent(
                "https://a.test/0612345678",
                title="la source",
                archived_url="https://b.test",
                # A digest that happens to have the digits of a telephone number.
                copy_sha256="a0612345678b" + "c" * 52,
            ),
        ),
        proceedings=(
            ProceedingContent(
                "plainte",
                steps=(StepContent("appel", note="la note", source_url="https://c.test"),),
            ),
        ),
        request=RequestContent(asked="la demande"),
    )
    texts = dict(checked_texts(content))
    assert set(texts.values()) == {"le titre", "le blog", "la source", "la note", "la demande"}
    assert texts["proceedings.steps.note"] == "la note"
