"""Documents of each format: decisions of format 1, pieces of format 3."""

from __future__ import annotations

import json
from typing import Any

import pytest

from register.cases.case_content import (
    Content,
    ProceedingContent,
    StepContent,
    canonical_content,
    parse_content,
)
from register.cases.document_formats import convert_document
from register.cases.piece_content import PieceContent, PiecePage

OWN_DECISION = {
    "court": "TGI de Paris",
    "outcome": "relaxe",
    "outcome_date": "2010",
    "appeal": "oui",
}
NO_DECISION = {"court": "", "outcome": "", "outcome_date": "", "appeal": ""}
DECISION = StepContent("decision", "2010", "relaxe", court="TGI de Paris", appeal="oui")


def former_step(step: str, date: str = "", outcome: str = "") -> dict[str, str]:
    """A step of format 1."""
    return {"step": step, "date": date, "outcome": outcome, "note": "", "source_url": ""}


def former_suit(*steps: dict[str, str], **own: str) -> dict[str, Any]:
    """A proceeding of format 1, with a decision of its own."""
    texts = dict.fromkeys(("plaintiff", "docket", "legal_basis", "amount"), "")
    given = {"direction": "contre_cible", "nature": "penale", "steps": list(steps)}
    return {**given, **texts, **NO_DECISION, **own}


def former_document(*suits: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The part of a document of format 1 that concerns its decisions."""
    given = {"date": "2008", "end_date": "", "outcome": "", "evidence": "documente"}
    return {**given, "request": None, "proceedings": list(suits), **fields}


@pytest.mark.parametrize(
    ("suit", "steps", "why"),
    [
        (former_suit(), (), "nothing was decided"),
        (
            former_suit(
                outcome="inconnue", court="inconnue", outcome_date="inconnue", appeal="non"
            ),
            (),
            "unknown in every word",
        ),
        (former_suit(**OWN_DECISION), (DECISION,), "the decision becomes a step"),
        (
            former_suit(former_step("plainte"), **OWN_DECISION),
            (StepContent("plainte"), DECISION),
            "after the others",
        ),
        (
            former_suit(former_step("jugement", "2010", "relaxe"), **OWN_DECISION),
            (StepContent("jugement", "2010", "relaxe", court="TGI de Paris", appeal="oui"),),
            "a step that says the same is completed",
        ),
        (
            former_suit(former_step("jugement", "", "relaxe"), **OWN_DECISION),
            (StepContent("jugement", "2010", "relaxe", court="TGI de Paris", appeal="oui"),),
            "also with its day",
        ),
        (
            former_suit(former_step("jugement", "2010"), **OWN_DECISION),
            (StepContent("jugement", "2010", "relaxe", court="TGI de Paris", appeal="oui"),),
            "or with its outcome",
        ),
        (
            former_suit(former_step("plainte", "2010"), **OWN_DECISION),
            (StepContent("plainte", "2010"), DECISION),
            "a complaint of that day decides nothing",
        ),
        (
            former_suit(former_step("jugement", "2009", "relaxe"), **OWN_DECISION),
            (StepContent("jugement", "2009", "relaxe"), DECISION),
            "another day is another decision",
        ),
        (
            former_suit(former_step("jugement", "2009", "relaxe"), court="TGI de Paris"),
            (StepContent("jugement", "2009", "relaxe", court="TGI de Paris"),),
            "the court of a decision that only a step names",
        ),
        (
            former_suit(outcome="en_cours"),
            (StepContent("decision", outcome="en_cours"),),
            "a decision is awaited",
        ),
        (
            former_suit(outcome="inconnue", court="TGI de Paris"),
            (StepContent("decision", outcome="inconnue", court="TGI de Paris"),),
            "only the court is known",
        ),
    ],
)
def test_the_decision_of_a_proceeding_becomes_a_step(
    suit: dict[str, Any], steps: tuple[StepContent, ...], why: str
) -> None:
    content = parse_content(former_document(suit))
    expected = ProceedingContent("contre_cible", nature="penale", steps=steps)
    assert content.proceedings == (expected,), why


def test_outcome_and_evidence_level_follow_from_the_latest_decision() -> None:
    acquitted = former_suit(**OWN_DECISION)
    dropped = former_suit(outcome="classement_sans_suite", outcome_date="2012")
    converted = convert_document(former_document(dropped, acquitted, outcome="retrait_contenu"))
    assert (converted["outcome"], converted["evidence"]) == ("classement_sans_suite", "juge")
    converted = convert_document(former_document(dropped))
    assert (converted["outcome"], converted["evidence"]) == ("classement_sans_suite", "documente")
    converted = convert_document(former_document(former_suit(), outcome="retrait_contenu"))
    assert (converted["outcome"], converted["evidence"]) == ("retrait_contenu", "documente")


def test_a_document_of_the_current_format_is_read_unchanged() -> None:
    document = convert_document(former_document(former_suit(**OWN_DECISION)))
    assert convert_document(document) is document
    # The texts of the case are destroyed.
    assert convert_document({}) == {}


def test_a_document_of_an_older_format_has_no_pieces():
    assert parse_content(former_document(former_suit())).pieces == ()
    assert parse_content({"form": 2, "title": "Salle fermée"}) == Content(title="Salle fermée")


def test_a_document_gives_its_pieces_back():
    piece = PieceContent(
        "video",
        "La séance",
        transcript="Le maire : « Coupez. »\nUne voix : « Non. »",
        original="a" * 64,
        edits=("masque", "coupure"),
        pages=(PiecePage("b" * 64, "video/mp4", 12_000_000, 1280, 720, 93),),
    )
    content = Content(title="Salle fermée", pieces=(piece, PieceContent(pages=(PiecePage(),))))
    document = json.loads(canonical_content(content, {}))
    assert document["form"] == 3
    assert parse_content(document) == content
    assert content.cleaned() == content, "a transcript keeps its lines"
