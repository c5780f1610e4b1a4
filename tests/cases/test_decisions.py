"""Decisions: the latest one, what may be filed against one, and what a case owes to them."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from case_contents import a_case
from sqlalchemy.orm import Session

from register.cases import decisions
from register.cases.case_content import Content, ProceedingContent, StepContent
from register.cases.vocabulary import Vocabulary, current_vocabulary

pytestmark = pytest.mark.one_database


@pytest.fixture
def vocabulary(session: Session) -> Vocabulary:
    return current_vocabulary(session)


def case_with(*suits: tuple[StepContent, ...], **changes: object) -> Content:
    """A case with a proceeding for each list of steps."""
    proceedings = tuple(ProceedingContent("contre_cible", steps=steps) for steps in suits)
    return a_case(proceedings=proceedings, **changes)


def ruling(date: str, outcome: str, **changes: str) -> StepContent:
    """A first ruling."""
    return replace(StepContent("jugement", date, outcome), **changes)


@pytest.mark.parametrize(
    ("suits", "outcome", "evidence"),
    [
        ([], "fermeture", "documente"),
        ([()], "fermeture", "documente"),
        ([(StepContent("audience", outcome="en_cours"),)], "fermeture", "documente"),
        ([(StepContent("decision", outcome="inconnue"),)], "fermeture", "documente"),
        ([(ruling("2010", "relaxe"),)], "relaxe", "juge"),
        # No court decided.
        ([(StepContent("decision", outcome="accord"),)], "accord", "documente"),
        # The latest counts in whatever order they were entered.
        ([(ruling("2010", "relaxe"), ruling("2008", "annulation"))], "relaxe", "juge"),
        ([(ruling("2010", "relaxe"),), (ruling("2009", "deboute"),)], "relaxe", "juge"),
        # An undated decision follows the step before it; without any date it is the last.
        (
            [(ruling("2008", "relaxe"), ruling("", "deboute")), (ruling("2010", "autre"),)],
            "autre",
            "juge",
        ),
        ([(ruling("", "deboute"),), (ruling("2010", "relaxe"),)], "deboute", "juge"),
        ([(ruling("2010", "relaxe"),), (ruling("2010", "deboute"),)], "deboute", "juge"),
        # An agreement after a ruling ends the case, which a court has nevertheless judged.
        (
            [(ruling("2010", "relaxe"), StepContent("transaction", "2011", "accord"))],
            "accord",
            "juge",
        ),
    ],
)
def test_outcome_and_evidence_level_follow_from_the_decisions(
    vocabulary: Vocabulary, suits: list[tuple[StepContent, ...]], outcome: str, evidence: str
) -> None:
    content = decisions.with_decisions(case_with(*suits, outcome="fermeture"), vocabulary)
    assert (content.outcome, content.evidence) == (outcome, evidence)
    assert decisions.with_decisions(content, vocabulary) == content


@pytest.mark.parametrize(
    ("step", "outcome", "court", "recourse"),
    [
        ("jugement", "relaxe", "", "appel"),
        ("refere", "annulation", "tribunal administratif", "appel"),
        ("arret", "condamnation_cible", "cour d’appel", "pourvoi"),
        # A source that does not say which court it was.
        ("decision", "relaxe", "inconnue", "recours"),
        ("decision", "autre", "", "recours"),
        ("decision", "inconnue", "TGI de Paris", "recours"),
        ("inventee", "inventee", "", "recours"),
        ("jugement", "", "", "appel"),
        ("decision", "en_cours", "", "recours"),
        # None exists.
        ("cassation", "cassation_favorable", "", ""),
        ("cassation", "cassation_renvoi", "", ""),
        ("decision", "cassation_defavorable", "", ""),
        ("decision", "classement_sans_suite", "", ""),
        ("transaction", "accord", "", ""),
        ("decision", "sanction_interne", "", ""),
        ("decision", "avis_cada_favorable", "CADA", ""),
        ("decision", "annulation", "Conseil d’État", ""),
        ("decision", "annulation", "tribunal administratif de Paris, puis Conseil d'État", ""),
        ("jugement", "mesure_validee", "tribunal administratif, avis du Conseil d’État", "appel"),
    ],
)
def test_a_recourse_exists_where_the_law_knows_one(
    vocabulary: Vocabulary, step: str, outcome: str, court: str, recourse: str
) -> None:
    decision = StepContent(step, outcome=outcome, court=court)
    assert decisions.recourse(asdict(decision), vocabulary) == recourse


def test_the_state_of_an_appeal_is_dropped_where_none_exists(vocabulary: Vocabulary) -> None:
    steps = (
        ruling("2010", "relaxe", appeal="ouvert", appeal_until="2010-03-01"),
        ruling("2010", "relaxe", appeal="non", appeal_until="2010-03-01"),
        StepContent("cassation", "2011", "cassation_favorable", appeal="inconnu"),
    )
    content = decisions.with_decisions(case_with(steps), vocabulary)
    assert [(step.appeal, step.appeal_until) for step in content.proceedings[0].steps] == [
        ("ouvert", "2010-03-01"),
        ("non", ""),
        ("", ""),
    ]


@pytest.mark.parametrize(
    ("suits", "is_appealed"),
    [
        ([], False),
        ([(ruling("2010", "relaxe", appeal="oui"),)], True),
        ([(ruling("2010", "relaxe", appeal="ouvert"),)], False),
        ([(StepContent("cassation", "2010", "cassation_renvoi"),)], False),
        ([(ruling("2010", "relaxe", appeal="oui"), StepContent("arret", "2011", "relaxe"))], False),
        ([(ruling("2010", "relaxe", appeal="oui"),), (ruling("2011", "deboute"),)], False),
        # Of what was appealed only the appeal is known, or that it goes on.
        ([(StepContent("decision", outcome="en_cours", appeal="oui"),)], True),
        ([(StepContent("decision", outcome="inconnue", appeal="oui"),)], True),
    ],
)
def test_a_case_is_appealed_while_its_latest_decision_is(
    suits: list[tuple[StepContent, ...]], is_appealed: bool
) -> None:
    assert decisions.is_appealed(case_with(*suits)) is is_appealed


def test_each_proceeding_has_the_outcome_of_its_latest_decision() -> None:
    content = case_with(
        (ruling("2010", "relaxe"), StepContent("arret", "2011", "condamnation_cible")),
        (StepContent("plainte"), StepContent("audience", outcome="en_cours")),
        (),
    )
    assert decisions.proceeding_outcomes(content) == ["condamnation_cible", "en_cours", ""]
