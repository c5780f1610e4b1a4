"""Questions by type: their data file, and what answers fill in a draft."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from string import Formatter

import pytest
from report_factory import a_report

from register.cases import deadlines
from register.cases.case_content import (
    FIELD_RULES,
    Content,
    ProceedingContent,
    RequestContent,
    StepContent,
)
from register.cases.vocabulary import VOCABULARY_FILE
from register.pages import content as editorial
from register.reports import questions, report_to_draft
from register.reports.questions import QUESTIONS, AnswerKind
from register.reports.report_content import date_key

_ROWS = tomllib.loads(VOCABULARY_FILE.read_text("utf-8"))
TYPES = {row["code"] for row in _ROWS["type"] if "retired_at" not in row}
STEPS = {row["code"] for row in _ROWS["etape"]}
# What a code of each field may be.
_CODES = {
    "outcome": {row["code"] for row in _ROWS["issue"]},
    "request.refusal": {"explicite", "implicite"},
    "suit.steps": STEPS,
    "complaint.steps": STEPS,
}


# --- the data ---------------------------------------------------------------------------------


def test_every_type_has_questions_or_is_listed_as_needing_none():
    asked = {code for question in questions.current_questions() for code in question.types}
    assert asked | questions.WITHOUT_QUESTIONS == TYPES
    assert not asked & questions.WITHOUT_QUESTIONS


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_a_question_can_be_asked_and_answered_in_both_languages(question):
    assert re.fullmatch(r"[a-z][a-z_]{2,38}", question.key)
    assert not question.key.endswith("_date")
    assert question.group in questions.GROUP_LABELS
    assert question.types <= TYPES
    for language in ("fr", "en"):
        assert question.labels[language].endswith("?")
        choices = question.choices(language)
        assert bool(choices) == question.is_coded
        assert all(choices.values())
        assert len(set(choices.values())) == len(choices)
    assert list(question.choices("fr")) == list(question.choices("en"))
    assert bool(question.hints["fr"]) == bool(question.hints["en"])
    french = [question.labels["fr"], question.hints["fr"], *question.choices("fr").values()]
    for text in french:
        assert not re.search(r"'|\w [:;?!»]|« ", text), text


def test_notices_name_types_and_parts_of_the_rights_page():
    page = editorial.shipped_source("vos-droits")
    for notice in questions.NOTICES:
        assert notice.types <= TYPES
        assert f"{{#{notice.part}}}" in page
        assert all(notice.texts.values())
        assert not re.search(r"'|\w [:;?!»]|« ", notice.texts["fr"])


def test_each_kind_of_answer_is_asked_for():
    assert {question.kind for question in questions.current_questions()} == set(AnswerKind)


@pytest.mark.parametrize(
    "question", [one for one in QUESTIONS.values() if one.fills], ids=lambda one: one.key
)
def test_what_an_answer_fills_is_a_field_of_a_draft(question):
    assert question.is_public, "no member may let it become public"
    assert {name for _text, name, _spec, _conversion in Formatter().parse(question.fills)} <= {
        None,
        "stage",
        "summons",
    }
    part, _dot, rest = question.fills.partition(".")
    part_class, name = {
        "request": (RequestContent, rest),
        "suit": (ProceedingContent, rest),
        "complaint": (ProceedingContent, rest),
    }.get(part, (Content, part))
    if name.startswith("steps."):
        _steps, step, name = name.split(".")
        part_class = StepContent
        assert step in STEPS | {"{stage}", "{summons}"}
    assert name in FIELD_RULES[part_class]
    if question.kind is AnswerKind.CHOICE and not question.vocabulary:
        assert question.values
        assert question.values.keys() <= question.choices("fr").keys()
        accepted = _CODES.get(question.fills)
        assert accepted is None or set(question.values.values()) <= accepted


def test_a_retired_question_is_still_read():
    kept = questions.answered(a_report(answers=(("seance_vote", "oui"), ("inconnue", "x"))))
    assert [(question.key, value) for question, value in kept] == [("seance_vote", "oui")]


def test_the_ten_days_are_counted_from_the_day_after_the_summons():
    assert deadlines.offer_of_proof_ends(date(2026, 11, 20)) == date(2026, 11, 30)
    assert deadlines.offer_of_proof_ends(date(2026, 12, 25)) == date(2027, 1, 4)


@pytest.mark.parametrize(
    ("edtf", "day"),
    [
        ("2026-11-20", date(2026, 11, 20)),
        ("2026-11", None),
        ("2026-11-20~", None),
        ("", None),
        ("2026-11-45", None),
    ],
)
def test_a_term_runs_from_a_single_day_only(edtf, day):
    answers = {"citation_le": "x", **({date_key("citation_le"): edtf} if edtf else {})}
    assert questions.answer_day(a_report(answers=tuple(answers.items())), "citation_le") == day


def test_only_a_yes_says_that_somebody_is_in_danger():
    for value in ("oui", "non", "ne_sait_pas"):
        sent = a_report(answers=(("danger_maintenant", value),))
        assert questions.is_in_danger(sent) == (value == "oui")
    assert not questions.is_in_danger(a_report())
    assert not questions.is_in_danger(None)


# --- what they fill in a draft ------------------------------------------------------------------


def draft_parts(vocabularies, began="", **answers):
    sent = a_report(answers=tuple(sorted(answers.items())), began=began)
    parts = report_to_draft.draft_parts(sent, vocabularies)
    return {part.name: part for part in parts}


def draft(vocabularies, *taken, began="", **answers):
    parts = draft_parts(vocabularies, began, **answers)
    return report_to_draft.draft_content(parts.values(), taken or answers.keys(), vocabularies)


SUIT = {
    "proces_etape": "citation",
    "citation_le": "vendredi 20 novembre 2026",
    "citation_le_date": "2026-11-20",
    "proces_tribunal": "tribunal judiciaire de Bobigny",
    "audience_le": "12 janvier",
    "audience_le_date": "2027-01-12",
    "proces_qui": "maire",
    "proces_motif": "outrage",
    "proces_somme": "10 000 €",
}


def test_a_suit_fills_its_proceeding(vocabularies):
    content = draft(vocabularies, **SUIT)
    assert content.proceedings == (
        ProceedingContent(
            direction="contre_cible",
            nature="penale",
            plaintiff="maire",
            legal_basis="outrage",
            amount="10 000 €",
            steps=(
                StepContent(
                    step="citation_directe",
                    date="2026-11-20",
                    court="tribunal judiciaire de Bobigny",
                ),
                StepContent(step="audience", date="2027-01-12"),
            ),
        ),
    )


def test_an_answer_is_taken_only_by_its_own_box_which_is_not_ticked(vocabularies):
    parts = draft_parts(vocabularies, **SUIT)
    assert not any(parts[name].ticked for name in SUIT if name in parts)
    content = draft(vocabularies, "proces_tribunal", **SUIT)
    (proceeding,) = content.proceedings
    assert proceeding == ProceedingContent(
        direction="contre_cible",
        nature="penale",
        steps=(StepContent(step="citation_directe", court="tribunal judiciaire de Bobigny"),),
    )
    assert draft(vocabularies, "types", **SUIT).proceedings == ()


@pytest.mark.parametrize(
    ("answers", "steps"),
    [
        ({"citation_le": "x", "citation_le_date": "2026-11"}, [("citation_directe", "2026-11")]),
        (
            {"proces_etape": "assignation", "citation_le": "x", "citation_le_date": "2026"},
            [("assignation", "2026")],
        ),
        ({"proces_etape": "plainte", "proces_tribunal": "Paris"}, [("plainte", "")]),
        ({"proces_etape": "annonce", "proces_tribunal": "Paris"}, []),
        ({"lettre_le": "x", "lettre_le_date": "2026-03"}, [("mise_en_demeure", "2026-03")]),
    ],
)
def test_a_date_and_a_court_belong_to_the_step_that_is_named(vocabularies, answers, steps):
    found = [
        (step.step, step.date)
        for proceeding in draft(vocabularies, **answers).proceedings
        for step in proceeding.steps
    ]
    assert found == steps


def test_a_complaint_of_the_target_is_another_proceeding(vocabularies):
    answers = {
        **SUIT,
        "plainte_victime": "plainte",
        "plainte_victime_le": "lundi",
        "plainte_victime_le_date": "2026-11-23",
    }
    suit, complaint = draft(vocabularies, **answers).proceedings
    assert suit.direction == "contre_cible"
    assert complaint == ProceedingContent(
        direction="par_cible",
        nature="penale",
        steps=(StepContent(step="plainte", date="2026-11-23"),),
    )
    assert draft(vocabularies, plainte_victime="main_courante").proceedings == ()


@pytest.mark.parametrize("began", ["contre_x", "contre_cible", "par_cible"])
def test_answers_join_the_proceeding_that_somebody_began(vocabularies, began):
    content = draft(vocabularies, "began", "proces_qui", began=began, proces_qui="maire")
    directions = [(one.direction, one.plaintiff) for one in content.proceedings]
    if began == "par_cible":
        assert directions == [("par_cible", ""), ("contre_cible", "maire")]
    else:
        assert directions == [(began, "maire")]


def test_a_document_fills_the_request(vocabularies):
    content = draft(
        vocabularies,
        document_objet="Contrat de communication",
        document_autorite="Mairie de Gagny",
        document_demande_le="1er mars",
        document_demande_le_date="2026-03-01",
        document_reponse="silence",
        cada_le="mai",
        cada_le_date="2026-05",
    )
    assert content.request == RequestContent(
        asked="Contrat de communication",
        asked_of="Mairie de Gagny",
        asked_on="2026-03-01",
        refusal="implicite",
        cada_registered_on="2026-05",
    )
    assert draft(vocabularies, document_reponse="partielle").request is None


def test_other_fields_are_filled(vocabularies):
    content = draft(
        vocabularies,
        seance_ordre="police",
        sanction_le="hier",
        sanction_le_date="2026-11-27",
        moyens_montant="5 000 €",
        retrait_effet="retire",
    )
    values = (content.actor, content.date, content.amount, content.outcome)
    assert values == ("police", "2026-11-27", "5 000 €", "retrait_contenu")


def test_other_words_and_private_answers_are_never_copied(vocabularies):
    answers = {
        "seance_motif": "le maire craint mes vidéos",
        "certificat": "oui",
        "danger_maintenant": "oui",
        "surveillance_indice": "une voisine",
        "seance_vote": "oui",
    }
    parts = draft_parts(vocabularies, **answers)
    assert draft(vocabularies, **answers) == Content()
    assert {name for name in answers if parts[name].is_free_text} == {
        "seance_motif",
        "surveillance_indice",
    }
    assert {name for name in answers if parts[name].is_private} == {
        "certificat",
        "danger_maintenant",
        "surveillance_indice",
    }


def test_a_date_that_was_not_recognised_and_an_unknown_code_are_dropped(vocabularies):
    parts = draft_parts(vocabularies, citation_le="bientôt", proces_qui="roi")
    assert [fault.key for fault in parts["citation_le"].dropped] == ["typed_date"]
    assert [fault.key for fault in parts["proces_qui"].dropped] == ["unknown_code"]
    assert draft(vocabularies, citation_le="bientôt", proces_qui="roi") == Content()


def test_everything_at_once_makes_a_valid_draft(vocabularies):
    """Each question answered, by each of its codes in turn: no answer breaks a draft."""
    most = max(len(question.choices("fr")) for question in QUESTIONS.values())
    for turn in range(most):
        answers = {}
        for key, question in QUESTIONS.items():
            codes = list(question.choices("fr"))
            answers[key] = codes[turn % len(codes)] if codes else "Un mot"
            if question.kind is AnswerKind.DATE:
                answers[date_key(key)] = "2026-11-20"
        content = draft(vocabularies, **answers)
        assert len(content.proceedings) in (1, 2)
        steps = [step.step for proceeding in content.proceedings for step in proceeding.steps]
        assert set(steps) <= STEPS
