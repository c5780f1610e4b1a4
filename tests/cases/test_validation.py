"""Validation of content: each fault with its field and key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from register.cases import validation
from register.cases.case_content import (
    LinkContent,
    ProceedingContent,
    RequestContent,
    SourceContent,
    StepContent,
)
from register.cases.vocabulary import current_vocabulary
from register.errors import Invalid

pytestmark = pytest.mark.one_database

URL = "https://exemple.test/a"
SUIT = ProceedingContent(direction="contre_cible")


def _suit(**changes):
    return {"proceedings": (replace(SUIT, **changes),)}


def _step(**changes):
    return _suit(steps=(StepContent("appel", **changes),))


def _source(**changes):
    return {"sources": (replace(SourceContent(URL), **changes),)}


def _request(**changes):
    return {"request": RequestContent(**changes)}


def _faults(session, content):
    return [
        (f.field, f.key)
        for f in validation.find_faults(session, current_vocabulary(session), content)
    ]


def test_a_full_case_has_no_fault(session, content):
    full_content = content(
        justice=True,
        end_date="2009~",
        linked_communes=("93066",),
        departement="93",
        region="11",
        **_source(kind="blog", published_on="2008-03", archived_url=URL, checked_on="2026-01-01"),
        **_request(asked_on="2008", refused_on="2008-02", refusal="explicite", outcome="en_cours"),
    )
    suit = replace(
        SUIT,
        nature="penale",
        plaintiff="maire",
        steps=(
            StepContent("jugement", "inconnue", "relaxe", appeal="inconnu"),
            StepContent("appel", date="2009", outcome="en_cours", source_url=URL),
        ),
    )
    assert _faults(session, replace(full_content, proceedings=(suit,))) == []


def test_an_almost_empty_draft_is_valid(session, content):
    bare = dict.fromkeys(("title", "summary", "narrative", "date", "commune", "level"), "")
    bare |= {"actor": "", "target": "", "evidence": "", "outcome": ""}
    assert _faults(session, content(**bare, types=(), sources=(), outlets=())) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"level": "mairie"}, ("level", "unknown_code")),
        ({"actor": "roi"}, ("actor", "unknown_code")),
        ({"target": "voisin"}, ("target", "unknown_code")),
        ({"evidence": "certain"}, ("evidence", "unknown_code")),
        ({"outcome": "gagne"}, ("outcome", "unknown_code")),
        ({"types": ("rumeur",)}, ("types", "unknown_code")),
        ({"types": ("",)}, ("types", "unknown_code")),
        ({"types": ("expulsion", "expulsion")}, ("types", "twice")),
        ({"language": "français"}, ("language", "unknown_code")),
        ({"language": "FR"}, ("language", "unknown_code")),
        ({"date": "17/03/2008"}, ("date", "date_form")),
        ({"date": "2008-02-30"}, ("date", "date_impossible")),
        ({"date": "inconnue"}, ("date", "date_form")),
        ({"end_date": "2008-13"}, ("end_date", "date_impossible")),
        ({"end_date": "2007"}, ("end_date", "ends_before")),
        ({"country": "XX", "commune": ""}, ("country", "unknown_code")),
        ({"country": "fr", "commune": ""}, ("country", "unknown_code")),
        ({"commune": "99999"}, ("commune", "unknown_code")),
        ({"commune": "Gagny"}, ("commune", "unknown_code")),
        ({"commune": "93032", "country": "BE"}, ("commune", "commune_abroad")),
        ({"linked_communes": ("00000",)}, ("linked_communes", "unknown_code")),
        ({"linked_communes": ("93066", "93066")}, ("linked_communes", "twice")),
        ({"departement": "20"}, ("departement", "unknown_code")),
        ({"region": "00"}, ("region", "unknown_code")),
        ({"title": "x" * 2_001}, ("title", "too_long")),
        ({"summary": "x" * 2_001}, ("summary", "too_long")),
        ({"precision_note": "x" * 2_001}, ("precision_note", "too_long")),
        ({"place_label": "x" * 2_001}, ("place_label", "too_long")),
        ({"actor_text": "x" * 2_001}, ("actor_text", "too_long")),
        ({"steps_taken": "x" * 2_001}, ("steps_taken", "too_long")),
        ({"amount": "x" * 2_001}, ("amount", "too_long")),
        ({"narrative": "x" * 50_001}, ("narrative", "too_long")),
        ({"outlets": ("x" * 201,)}, ("outlets", "too_long")),
        ({"outlets": ("Blog", "Blog")}, ("outlets", "twice")),
        ({"outlets": tuple(str(n) for n in range(41))}, ("outlets", "too_many")),
        (_source(url=""), ("sources.url", "missing")),
        (_source(url="exemple.test"), ("sources.url", "url")),
        (_source(url="javascript:alert(1)"), ("sources.url", "url")),
        (_source(url="data:text/html,x"), ("sources.url", "url")),
        (_source(url="https:///chemin"), ("sources.url", "url")),
        (_source(url="http://[::1"), ("sources.url", "url")),
        (_source(url="https://exemple.test/" + "x" * 2_000), ("sources.url", "too_long")),
        (_source(archived_url="ftp://exemple.test"), ("sources.archived_url", "url")),
        (_source(kind="rumeur"), ("sources.kind", "unknown_code")),
        (_source(title="x" * 2_001), ("sources", "too_long")),
        (_source(label="x" * 2_001), ("sources", "too_long")),
        (_source(publisher="x" * 2_001), ("sources", "too_long")),
        (_source(published_on="hier"), ("sources.published_on", "date_form")),
        (_source(checked_on="2026-02-30"), ("sources.checked_on", "date_impossible")),
        ({"sources": (SourceContent(URL), SourceContent(URL))}, ("sources", "twice")),
        (_suit(direction=""), ("proceedings.direction", "missing")),
        (_suit(direction="envers"), ("proceedings.direction", "unknown_code")),
        (_suit(nature="divine"), ("proceedings.nature", "unknown_code")),
        (_suit(plaintiff="roi"), ("proceedings.plaintiff", "unknown_code")),
        (_suit(docket="x" * 2_001), ("proceedings", "too_long")),
        (_suit(steps=(StepContent(""),)), ("proceedings.steps", "unknown_code")),
        (_step(date="x"), ("proceedings.steps.date", "date_form")),
        (_step(outcome="x"), ("proceedings.steps.outcome", "unknown_code")),
        (_step(appeal="peut-être"), ("proceedings.steps.appeal", "unknown_code")),
        (_step(appeal_until="x"), ("proceedings.steps.appeal_until", "date_form")),
        (_step(source_url="x"), ("proceedings.steps.source_url", "url")),
        (_step(note="x" * 2_001), ("proceedings.steps", "too_long")),
        (_step(court="x" * 2_001), ("proceedings.steps", "too_long")),
        (_suit(steps=(StepContent("appel"),) * 41), ("proceedings.steps", "too_many")),
        (_request(asked_on="x"), ("request.asked_on", "date_form")),
        (_request(refused_on="x"), ("request.refused_on", "date_form")),
        (_request(cada_registered_on="x"), ("request.cada_registered_on", "date_form")),
        (_request(cada_opinion_on="x"), ("request.cada_opinion_on", "date_form")),
        (_request(refusal="poli"), ("request.refusal", "unknown_code")),
        (_request(outcome="x"), ("request.outcome", "unknown_code")),
        (_request(asked="x" * 2_001), ("request.asked", "too_long")),
        (_request(opinion="x" * 2_001), ("request.opinion", "too_long")),
        ({"links": (LinkContent("voir_aussi", 404),)}, ("links", "no_such_case")),
        ({"links": (LinkContent("voir_aussi", 10**30),)}, ("links", "no_such_case")),
    ],
)
def test_each_fault_is_reported_alone(session, content, changes, fault):
    assert _faults(session, content(**changes)) == [fault]


def test_a_link_needs_a_known_kind(session, desk, content):
    case = desk.published()
    faulty = content(links=(LinkContent("ennemi", case.number),))
    assert _faults(session, faulty) == [("links", "unknown_code")]


def test_four_types_are_too_many(session, content):
    types = ("expulsion", "huis_clos", "interdiction_filmer", "entrave_acces")
    assert _faults(session, content(types=types)) == [("types", "too_many")]


def test_an_end_in_the_year_of_the_beginning_is_valid(session, content):
    """A year is all its days: what began on 17 March 2008 may have ended in "2008"."""
    assert _faults(session, content(date="2008-03-17", end_date="2008")) == []


def test_the_code_of_a_former_commune_is_valid(session, content):
    assert _faults(session, content(commune="93059")) == []


def test_a_case_abroad_has_a_place_label(session, content):
    abroad = content(commune="", country="BE", place_label="Liège")
    assert _faults(session, abroad) == []


def test_all_faults_are_reported_together_with_short_values(session, content):
    faulty = content(level="x" * 10**6, date="y" * 10**6, types=("z" * 10**6,))
    with pytest.raises(Invalid) as refused:
        validation.require_valid(session, current_vocabulary(session), faulty)
    faults = refused.value.values["faults"]
    assert [fault.field for fault in faults] == ["date", "level", "types"]
    assert max(len(str(fault.values)) for fault in faults) < 200


# --- an outcome is one of its kind of proceeding -------------------------------------------------

ACQUITTED = StepContent("jugement", "2010", "relaxe", court="TGI de Paris", appeal="non")


def _refusals(session, content, before=None):
    try:
        validation.require_valid(session, current_vocabulary(session), content, before)
    except Invalid as error:
        return [(fault.field, fault.key) for fault in error.values["faults"]]
    return []


@pytest.mark.parametrize(
    ("nature", "step", "refusal"),
    [
        ("penale", ACQUITTED, None),
        ("inconnue", ACQUITTED, None),
        ("civile", ACQUITTED, "outcome_nature"),
        ("cada", ACQUITTED, "outcome_nature"),
        ("cada", StepContent("decision", outcome="avis_cada_favorable"), None),
        ("disciplinaire", StepContent("decision", outcome="sanction_interne"), None),
        ("penale", StepContent("decision", outcome="sanction_interne"), "outcome_nature"),
        ("administrative", StepContent("jugement", outcome="annulation"), None),
        ("penale", StepContent("jugement", outcome="annulation"), "outcome_nature"),
        ("penale", StepContent("decision", outcome="autre", appeal="oui"), None),
        ("penale", StepContent("decision", outcome="classement_sans_suite"), None),
        (
            "penale",
            StepContent("decision", outcome="classement_sans_suite", appeal="oui"),
            "no_appeal",
        ),
        ("civile", StepContent("cassation", outcome="cassation_renvoi", appeal="oui"), "no_appeal"),
    ],
)
def test_a_step_takes_only_what_its_kind_of_proceeding_has(session, content, nature, step, refusal):
    faulty = content(proceedings=(replace(SUIT, nature=nature, steps=(step,)),))
    assert [key for _field, key in _refusals(session, faulty)] == [refusal] * bool(refusal)
    # What a case has already is refused only when it is changed.
    assert _refusals(session, faulty, before=faulty) == []


def test_a_request_for_a_document_ends_in_no_acquittal(session, content):
    acquitted = content(**_request(outcome="relaxe"))
    assert _refusals(session, acquitted) == [("request.outcome", "outcome_nature")]
    assert _refusals(session, acquitted, before=acquitted) == []
    for outcome in ("communication_obtenue", "avis_cada_defavorable", "annulation", "inconnue"):
        assert _refusals(session, content(**_request(outcome=outcome))) == []
