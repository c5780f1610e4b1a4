"""Who, what, whom on a case's page: nouns that the content holds, and no verb."""

from __future__ import annotations

import re
from dataclasses import asdict

import pytest
from case_contents import a_case, decided
from flask import Flask

from register.cases.case_content import ProceedingContent, StepContent
from register.cases.web.public.case_view import list_deeds

pytestmark = pytest.mark.one_database

ANY_VERB = re.compile(r"\b(poursuit|porte plainte|confisque|exerce|expulse|agit|forme un|accuse)\b")


def suit(direction: str, *steps: str, **changes: str) -> ProceedingContent:
    """A proceeding with these steps."""
    fields = {"nature": "penale", "plaintiff": "maire", **changes}
    return ProceedingContent(
        direction=direction, steps=tuple(StepContent(step=step) for step in steps), **fields
    )


def deeds(app: Flask, types: tuple[str, ...], *suits: ProceedingContent) -> list[tuple[str, ...]]:
    """Each line: who, the types or the noun, whom, and the arrow."""
    content = asdict(a_case(types=types, proceedings=suits))
    with app.test_request_context():
        return [
            (str(deed.who), ", ".join(deed.types) or deed.noun, str(deed.whom), deed.arrow)
            for deed in list_deeds(content)
        ]


MAYOR, BLOGGER = "le maire (Gagny)", "un blogueur (Gagny Libre)"


def test_a_complaint_against_x_names_no_one(app: Flask) -> None:
    assert deeds(app, ("plainte_diffamation",), suit("contre_x", "plainte")) == [
        (MAYOR, "plainte contre X", "personne de nommé", "")
    ]


def test_a_threat_of_legal_action_stays_a_threat_beside_a_proceeding(app: Flask) -> None:
    types = ("menace_poursuites", "plainte_injure")
    assert deeds(app, types, suit("contre_cible")) == [
        (MAYOR, "menace_poursuites", BLOGGER, ""),
        (MAYOR, "plainte_injure", BLOGGER, ""),
    ]


@pytest.mark.parametrize(
    ("step", "noun"),
    [
        ("plainte", "Plainte"),
        ("citation_directe", "Citation directe"),
        ("poursuite_parquet", "Poursuite du parquet"),
        ("audience", "procédure"),
    ],
)
def test_without_a_type_of_its_own_a_proceeding_has_the_name_of_the_step_that_opened_it(
    app: Flask, step: str, noun: str
) -> None:
    types = ("convocation_audition",)
    assert deeds(app, types, suit("contre_cible", step)) == [
        ("", "convocation_audition", BLOGGER, ""),
        (MAYOR, noun, BLOGGER, ""),
    ]


def test_with_two_types_no_proceeding_is_called_by_one_of_them(app: Flask) -> None:
    types = ("plainte_diffamation", "poursuite_autre_fondement")
    assert deeds(app, types, suit("contre_cible")) == [
        (MAYOR, "plainte_diffamation, poursuite_autre_fondement", BLOGGER, ""),
        (MAYOR, "procédure", BLOGGER, ""),
    ]


def test_with_two_proceedings_neither_is_called_by_the_one_type(app: Flask) -> None:
    lines = deeds(app, ("plainte_diffamation",), suit("contre_cible"), suit("contre_cible"))
    assert [line[1] for line in lines] == ["plainte_diffamation", "procédure", "procédure"]


def test_the_arrow_leaves_whoever_acts(app: Flask) -> None:
    directions = ("par_cible", "recours_cible", "deux_sens", "tiers")
    lines = deeds(app, ("expulsion",), *map(suit, directions))[1:]
    assert lines == [
        (BLOGGER, "plainte ou action", MAYOR, "back"),
        (BLOGGER, "recours", MAYOR, "back"),
        (MAYOR, "plainte ou action", BLOGGER, "both"),
        ("le maire", "procédure", "", ""),
    ]


def test_without_a_plaintiff_only_an_actor_who_sued_is_shown_as_suing(app: Flask) -> None:
    unknown = suit("contre_cible", plaintiff="")
    assert deeds(app, ("convocation_audition",), unknown)[1] == ("", "procédure", BLOGGER, "")
    assert deeds(app, ("plainte_injure",), unknown) == [(MAYOR, "plainte_injure", BLOGGER, "")]
    police = suit("contre_x", plaintiff="police")
    who = "la police ou la gendarmerie"
    expected = (who, "plainte contre X", "personne de nommé", "")
    assert deeds(app, ("expulsion",), police)[1] == expected


@pytest.mark.parametrize(
    ("outcome", "is_ruled"), [("relaxe", True), ("inconnue", False), ("en_cours", False)]
)
def test_only_a_court_makes_more_of_it_than_the_source_says(
    app: Flask, outcome: str, is_ruled: bool
) -> None:
    proceedings = (decided("contre_cible", outcome=outcome),)
    content = asdict(a_case(types=("plainte_diffamation",), proceedings=proceedings))
    with app.test_request_context():
        assert [deed.is_ruled for deed in list_deeds(content)] == [is_ruled]


@pytest.mark.parametrize(
    ("actor", "level", "who"),
    [
        ("maire", "commune", "le maire (Gagny)"),
        ("collectivite", "region", "la collectivité"),
        ("inconnu", "commune", "un acteur non identifié"),
    ],
)
def test_only_an_authority_of_the_commune_stands_with_its_name(
    app: Flask, actor: str, level: str, who: str
) -> None:
    content = asdict(a_case(types=("expulsion",), actor=actor, level=level))
    with app.test_request_context():
        assert [str(deed.who) for deed in list_deeds(content)] == [who]


def test_only_the_police_or_the_state_is_shown_as_summoning(app: Flask) -> None:
    types = ("expulsion", "convocation_audition")
    assert deeds(app, types) == [
        (MAYOR, "expulsion", BLOGGER, ""),
        ("", "convocation_audition", BLOGGER, ""),
    ]
    content = asdict(a_case(types=types, actor="police"))
    with app.test_request_context():
        assert [deed.types for deed in list_deeds(content)] == [list(types)]


def test_no_label_of_the_vocabulary_is_a_verb(app: Flask) -> None:
    from register.web.request_context import current_vocabulary

    with app.test_request_context():
        vocabulary = current_vocabulary()
        words = [*vocabulary.lists["type"].values(), *vocabulary.lists["etape"].values()]
        labels = [word.label for word in words]
        labels += [word.extra["noun"] for word in vocabulary.lists["sens"].values()]
    assert not [label for label in labels if ANY_VERB.search(label.lower())]
