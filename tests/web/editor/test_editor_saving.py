"""Saving in the editor: round trip of every field, acts and notes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from case_contents import full_case
from cast import Desk
from form_client import FilledForm, MemberClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases import acts
from register.cases import case_content as contents
from register.cases.case_content import Content, SourceContent
from register.cases.models import CaseState, Incident, Note, Revision
from register.journal import Act, Ledger, head

pytestmark = pytest.mark.one_database

NEW = "/moderation/dossiers/nouveau"


@pytest.fixture
def bruno(signed: Callable[[str], MemberClient]) -> MemberClient:
    return signed("bruno")


def stored(session: Session, incident_id: int) -> Content:
    session.rollback()
    case = session.get(Incident, incident_id)
    assert case
    return contents.content_of(case)


def last_act(session: Session, incident_id: int) -> Revision:
    session.rollback()
    asked = select(Revision).where(Revision.incident_id == incident_id)
    row = session.scalars(asked.order_by(Revision.id.desc())).first()
    assert row
    return row


def test_a_case_opened_and_saved_untouched_says_the_same(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    told = full_case(desk.published().number or 0)
    case = desk.draft(told)
    page = bruno.get(f"/moderation/dossiers/{case.id}/modifier")
    answer = bruno.send(
        f"/moderation/dossiers/{case.id}/modifier", FilledForm(page.text).sent(reason="relu")
    )
    assert (answer.status_code, answer.location) == (303, f"/moderation/dossiers/{case.id}")
    assert stored(session, case.id) == told
    assert last_act(session, case.id).reason == "relu"


def test_an_empty_case_saved_untouched_stays_empty(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    case = desk.draft(Content())
    at = f"/moderation/dossiers/{case.id}/modifier"
    assert bruno.send(at, FilledForm(bruno.get(at).text).sent(reason="vu")).status_code == 303
    assert stored(session, case.id) == Content()


def test_a_new_case_from_a_source_is_a_draft(bruno: MemberClient, session: Session) -> None:
    page = FilledForm(bruno.get(NEW).text)
    answer = bruno.send(
        NEW,
        {
            **page.sent(),
            "sources-0-url": "https://exemple.test/article",
            "sources-0-published_on": "le 18 mars 2008",
            "type_1": "interdiction_filmer",
            "title": "Interdiction de filmer à Gagny",
            "summary": "Selon le blog, le maire interdit de filmer.",
            "date": "17/03/2008",
            "place-typed": "gagny",
            "actor": "maire",
            "level": "commune",
            "target": "blogueur",
            "outlets": "Gagny Libre\n\n  Un autre  ",
            "evidence": "documente",
            "outcome": "inconnue",
            "reason": "lu dans la presse",
            "note": "à vérifier",
        },
    )
    assert answer.status_code == 303
    case = session.scalars(select(Incident)).one()
    assert case.state == CaseState.DRAFT
    assert contents.content_of(case) == Content(
        title="Interdiction de filmer à Gagny",
        summary="Selon le blog, le maire interdit de filmer.",
        date="2008-03-17",
        commune="93032",
        level="commune",
        actor="maire",
        target="blogueur",
        outlets=("Gagny Libre", "Un autre"),
        types=("interdiction_filmer",),
        evidence="documente",
        outcome="inconnue",
        sources=(
            SourceContent(
                url="https://exemple.test/article", kind="presse", published_on="2008-03-18"
            ),
        ),
    )
    assert session.scalars(select(Note.text)).all() == ["à vérifier"]


def test_every_save_asks_why_and_keeps_what_was_typed(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    case = desk.draft()
    at = f"/moderation/dossiers/{case.id}/modifier"
    answer = bruno.send(at, FilledForm(bruno.get(at).text).sent(title="Un autre titre"))
    assert answer.status_code == 422
    assert FilledForm(answer.text)["title"] == "Un autre titre"
    assert FilledForm(answer.text).invalid == ["reason"]
    assert '<a href="#reason">' in answer.text
    assert last_act(session, case.id).act == Act.DRAFTED


def test_a_page_opened_where_there_is_nothing_to_write_says_what_to_do(
    bruno: MemberClient, desk: Desk
) -> None:
    published, draft, gone = desk.published(), desk.draft(), desk.discarded()
    answer = bruno.get(f"/moderation/dossiers/{published.id}/modifier")
    assert (answer.status_code, "rédigez une correction" in answer.text) == (409, True)
    for page in ("corriger", "suite", "caviarder"):
        assert bruno.get(f"/moderation/dossiers/{draft.id}/{page}").status_code == 409
    assert bruno.get(f"/moderation/dossiers/{gone.id}/modifier").status_code == 409
    assert bruno.get("/moderation/dossiers/999/modifier").status_code == 404


def test_a_form_that_finds_its_case_published_keeps_its_text(
    bruno: MemberClient, desk: Desk, pen: Callable, attested: tuple[str, ...], session: Session
) -> None:
    case = desk.ready()
    at = f"/moderation/dossiers/{case.id}/modifier"
    page = FilledForm(bruno.get(at).text)
    with pen() as p:
        acts.publish(p, case.id, by=desk.cast.bruno, reason="lu", attested=attested)
    answer = bruno.send(at, page.sent(title="Trop tard", reason="vu"))
    assert (answer.status_code, FilledForm(answer.text)["title"]) == (409, "Trop tard")
    assert "rédigez une correction" in answer.text
    assert stored(session, case.id).title != "Trop tard"


def test_fields_that_are_not_sent_stay_unchanged(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    told = full_case(desk.published().number or 0)
    case = desk.draft(told)
    at = f"/moderation/dossiers/{case.id}/modifier"
    seen = FilledForm(bruno.get(at).text)["vu"]
    answer = bruno.send(at, vu=seen, title="Un titre", reason="un champ seul")
    assert answer.status_code == 303
    assert stored(session, case.id) == replace(told, title="Un titre")


def test_a_form_without_the_revision_it_was_made_from_changes_nothing(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    case = desk.draft()
    answer = bruno.send(
        f"/moderation/dossiers/{case.id}/modifier", title="Un titre", reason="sans version"
    )
    assert (answer.status_code, FilledForm(answer.text)["title"]) == (409, "Un titre")
    assert stored(session, case.id).title != "Un titre"


def test_a_correction_is_published_with_its_note(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    case = desk.published()
    at = f"/moderation/dossiers/{case.id}/corriger"
    page = FilledForm(bruno.get(at).text)
    before = head(session, Ledger.PUBLIC).seq
    missing = bruno.send(at, page.sent(title="Corrigé", reason="faute"))
    assert (missing.status_code, FilledForm(missing.text).invalid) == (422, ["public_note"])
    sent = page.sent(title="Corrigé", reason="faute", public_note="Le titre était inexact.")
    assert bruno.send(at, sent).status_code == 303
    session.rollback()
    assert head(session, Ledger.PUBLIC).seq == before + 1
    assert stored(session, case.id).title == "Corrigé"
    public = bruno.get(f"/incidents/{case.number}").text
    assert "Le titre était inexact." in public


def test_a_correction_that_changes_nothing_is_refused(bruno: MemberClient, desk: Desk) -> None:
    case = desk.published()
    at = f"/moderation/dossiers/{case.id}/corriger"
    sent = FilledForm(bruno.get(at).text).sent(reason="rien", public_note="Rien.")
    answer = bruno.send(at, sent)
    assert (answer.status_code, FilledForm(answer.text)["public_note"]) == (409, "Rien.")


def test_a_correction_may_not_leave_the_checklist_unmet(bruno: MemberClient, desk: Desk) -> None:
    case = desk.published()
    at = f"/moderation/dossiers/{case.id}/corriger"
    sent = FilledForm(bruno.get(at).text).sent(title="", reason="vide", public_note="Sans titre.")
    answer = bruno.send(at, sent)
    assert (answer.status_code, "Il manque le titre" in answer.text) == (422, True)


def test_a_follow_up_moves_the_course_and_nothing_else(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    told = full_case(desk.published().number or 0)
    case = desk.published(replace(told, outcome="en_cours"))
    at = f"/moderation/dossiers/{case.id}/suite"
    page = FilledForm(bruno.get(at).text)
    assert "title" not in page
    answer = bruno.send(
        at,
        {
            **page.sent(),
            "heading": "Le tribunal tranche",
            "text": "Selon le jugement, **relaxe**.",
            "happened_on": "3 février 2008",
            "source_url": "https://exemple.test/suite",
            "outcome": "relaxe",
            "proceedings-0-appeal": "non",
            "proceedings-0-court": "un autre tribunal",  # no field of this page
            "reason": "jugement reçu",
        },
    )
    assert answer.status_code == 303
    # A case of two: it waits for Chloé, and is then what Bruno wrote.
    assert stored(session, case.id) == replace(told, outcome="en_cours")
    session.rollback()
    with desk.pen() as p:
        acts.approve_change(p, 1, by=desk.cast.chloe)
    session.expire_all()
    now = stored(session, case.id)
    first = replace(told.proceedings[0], appeal="non")
    assert now == replace(told, outcome="relaxe", proceedings=(first, told.proceedings[1]))
    [row] = session.get(Incident, case.id).follow_ups  # type: ignore[union-attr]
    assert (row.title, row.happened_on) == ("Le tribunal tranche", "2008-02-03")
    assert (row.text, row.source_url) == (
        "Selon le jugement, **relaxe**.",
        "https://exemple.test/suite",
    )


def test_a_redaction_rewrites_what_was_added_and_destroys_what_was(
    bruno: MemberClient, desk: Desk, pen: Callable, session: Session
) -> None:
    case = desk.published(narrative="Un passage à MARQUEUR retirer.")
    with pen() as p:
        acts.follow_up(p, case.id, by=desk.cast.bruno, reason="r", title="Suite", text="MARQUEUR")
        acts.follow_up(p, case.id, by=desk.cast.bruno, reason="r", title="Autre", text="Sans lui")
    desk.received_reply(case, "La commune cite MARQUEUR.")
    at = f"/moderation/dossiers/{case.id}/caviarder"
    page = FilledForm(bruno.get(at).text)
    sent = page.sent(narrative="Un passage.", reason="ordonnance", public_note="Passage retiré.")
    sent |= {"follow_ups-0-text": ["Réécrit"], "replies-0-text": ["La commune conteste."]}
    assert bruno.send(at, sent).status_code == 303
    session.rollback()
    row = session.get(Incident, case.id)
    assert row
    assert [one.text for one in row.follow_ups] == ["Réécrit", "Sans lui"]
    assert [one.text for one in row.replies] == ["La commune conteste."]
    session.rollback()
    desk.destroy()
    kept = session.scalars(select(Revision.content).where(Revision.content.is_not(None))).all()
    assert [b"MARQUEUR" in content for content in kept if content] == [False]
