"""Saving in the editor: round trip of every field, acts and notes."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import attested_acts as acts
import pytest
from case_contents import full_case
from cast import Desk
from form_client import FilledForm, MemberClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases import case_content as contents
from register.cases.case_content import Content, ProceedingContent, SourceContent, StepContent
from register.cases.models import CaseState, Incident, Note, Revision
from register.cases.second_person import Destruction
from register.journal import Act, Ledger, head

pytestmark = pytest.mark.one_database

FLAGS = (("accusation_grave", "corruption"), ("telephone", "06 12 34 56 78"))
NEW_CASE = "/moderation/dossiers/nouveau"


@pytest.fixture
def bruno(signed: Callable[[str], MemberClient]) -> MemberClient:
    return signed("bruno")


def page_words(response: Any) -> str:
    """The words of a page on one line, without its tags."""
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", response.text)).split())


def stored_content(session: Session, incident_id: int) -> Content:
    session.rollback()
    case = session.get(Incident, incident_id)
    assert case
    return contents.content_of(case)


def last_revision(session: Session, incident_id: int) -> Revision:
    session.rollback()
    statement = select(Revision).where(Revision.incident_id == incident_id)
    row = session.scalars(statement.order_by(Revision.id.desc())).first()
    assert row
    return row


def test_saving_an_unchanged_form_keeps_every_field(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    content = full_case(desk.published().number or 0)
    case = desk.draft(content)
    page = bruno.get(f"/moderation/dossiers/{case.id}/modifier")
    response = bruno.send(
        f"/moderation/dossiers/{case.id}/modifier", FilledForm(page.text).sent(reason="relu")
    )
    assert (response.status_code, response.location) == (303, f"/moderation/dossiers/{case.id}")
    assert stored_content(session, case.id) == content
    assert last_revision(session, case.id).reason == "relu"


def test_saving_an_unchanged_empty_case_keeps_it_empty(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    case = desk.draft(Content())
    path = f"/moderation/dossiers/{case.id}/modifier"
    assert bruno.send(path, FilledForm(bruno.get(path).text).sent(reason="vu")).status_code == 303
    assert stored_content(session, case.id) == Content()


def test_a_new_case_from_a_source_is_a_draft(bruno: MemberClient, session: Session) -> None:
    form = FilledForm(bruno.get(NEW_CASE).text)
    response = bruno.send(
        NEW_CASE,
        {
            **form.sent(),
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
    assert response.status_code == 303
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


def test_saving_without_a_reason_is_refused_with_the_form(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    case = desk.draft()
    path = f"/moderation/dossiers/{case.id}/modifier"
    response = bruno.send(path, FilledForm(bruno.get(path).text).sent(title="Un autre titre"))
    assert response.status_code == 422
    assert FilledForm(response.text)["title"] == "Un autre titre"
    assert FilledForm(response.text).invalid == ["reason"]
    assert '<a href="#reason">' in response.text
    assert last_revision(session, case.id).act == Act.DRAFTED


def test_an_impossible_edit_is_refused_with_an_explanation(bruno: MemberClient, desk: Desk) -> None:
    published, draft, discarded = desk.published(), desk.draft(), desk.discarded()
    response = bruno.get(f"/moderation/dossiers/{published.id}/modifier")
    assert (response.status_code, "rédigez une correction" in response.text) == (409, True)
    for page in ("corriger", "suite", "caviarder"):
        assert bruno.get(f"/moderation/dossiers/{draft.id}/{page}").status_code == 409
    assert bruno.get(f"/moderation/dossiers/{discarded.id}/modifier").status_code == 409
    assert bruno.get("/moderation/dossiers/999/modifier").status_code == 404


def test_an_edit_of_a_case_published_meanwhile_comes_back(
    bruno: MemberClient, desk: Desk, pen: Callable, attested: tuple[str, ...], session: Session
) -> None:
    case = desk.ready()
    path = f"/moderation/dossiers/{case.id}/modifier"
    form = FilledForm(bruno.get(path).text)
    with pen() as p:
        acts.publish(p, case.id, by=desk.cast.bruno, reason="lu", attested=attested)
    response = bruno.send(path, form.sent(title="Trop tard", reason="vu"))
    assert (response.status_code, FilledForm(response.text)["title"]) == (409, "Trop tard")
    assert "rédigez une correction" in response.text
    assert stored_content(session, case.id).title != "Trop tard"


def test_fields_missing_from_the_form_stay_unchanged(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    content = full_case(desk.published().number or 0)
    case = desk.draft(content)
    path = f"/moderation/dossiers/{case.id}/modifier"
    revision = FilledForm(bruno.get(path).text)["vu"]
    response = bruno.send(path, vu=revision, title="Un titre", reason="un champ seul")
    assert response.status_code == 303
    assert stored_content(session, case.id) == replace(content, title="Un titre")


def test_a_form_without_a_revision_is_refused(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    case = desk.draft()
    response = bruno.send(
        f"/moderation/dossiers/{case.id}/modifier", title="Un titre", reason="sans version"
    )
    assert (response.status_code, FilledForm(response.text)["title"]) == (409, "Un titre")
    assert stored_content(session, case.id).title != "Un titre"


def test_a_correction_is_published_with_its_note(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    case = desk.published()
    path = f"/moderation/dossiers/{case.id}/corriger"
    form = FilledForm(bruno.get(path).text)
    line_before = head(session, Ledger.PUBLIC).seq
    refused = bruno.send(path, form.sent(title="Corrigé", reason="faute"))
    assert (refused.status_code, FilledForm(refused.text).invalid) == (422, ["public_note"])
    note = {"reason": "faute", "public_note": "Le titre était inexact."}
    fields = form.sent(title="Corrigé", **note, **acts.TICKED)
    assert bruno.send(path, fields).status_code == 303
    session.rollback()
    assert head(session, Ledger.PUBLIC).seq == line_before + 1
    assert stored_content(session, case.id).title == "Corrigé"
    public_page = bruno.get(f"/incidents/{case.number}").text
    assert "Le titre était inexact." in public_page


def test_a_correction_without_a_change_is_refused(bruno: MemberClient, desk: Desk) -> None:
    case = desk.published()
    path = f"/moderation/dossiers/{case.id}/corriger"
    fields = FilledForm(bruno.get(path).text).sent(reason="rien", public_note="Rien.")
    response = bruno.send(path, fields)
    assert (response.status_code, FilledForm(response.text)["public_note"]) == (409, "Rien.")


def test_a_correction_that_breaks_the_checklist_is_refused(bruno: MemberClient, desk: Desk) -> None:
    case = desk.published()
    path = f"/moderation/dossiers/{case.id}/corriger"
    fields = FilledForm(bruno.get(path).text).sent(
        title="", reason="vide", public_note="Sans titre."
    )
    response = bruno.send(path, fields)
    assert (response.status_code, "Il manque le titre" in response.text) == (422, True)


def test_a_follow_up_adds_a_decision_and_overwrites_none(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    content = full_case(desk.published().number or 0)
    case = desk.published(content)
    path = f"/moderation/dossiers/{case.id}/suite"
    form = FilledForm(bruno.get(path).text)
    assert "title" not in form
    response = bruno.send(
        path,
        {
            **form.sent(),
            "heading": "La cour d’appel tranche",
            "text": "Selon l’arrêt, **condamnation**.",
            "happened_on": "3 février 2008",
            "source_url": "https://exemple.test/suite",
            "decision-proceeding": "1",
            "decision-step": "arret",
            "decision-outcome": "condamnation_cible",
            "decision-court": "cour d’appel de Paris",
            "decision-appeal": "ouvert",
            "decision-appeal_until": "8 février 2008",
            "proceedings-0-steps-0-court": "un autre tribunal",  # no field of this page
            "reason": "arrêt reçu",
            **acts.TICKED,
        },
    )
    assert response.status_code == 303
    # The case needs two members: the change waits for Chloé.
    assert stored_content(session, case.id) == content
    resumed = FilledForm(bruno.get(f"{path}?changement=1").text)
    assert (resumed["decision-step"], resumed["decision-proceeding"]) == ("arret", "1")
    session.rollback()
    with desk.pen() as p:
        acts.approve_change(p, 1, by=desk.cast.chloe)
    session.expire_all()
    ruling = StepContent(
        step="arret",
        date="2008-02-03",
        outcome="condamnation_cible",
        source_url="https://exemple.test/suite",
        court="cour d’appel de Paris",
        appeal="ouvert",
        appeal_until="2008-02-08",
        follow_up=1,
    )
    suit = content.proceedings[0]
    continued = replace(suit, steps=(*suit.steps, ruling))
    assert stored_content(session, case.id) == replace(
        content, outcome="condamnation_cible", proceedings=(continued, content.proceedings[1])
    )
    [follow_up] = session.get(Incident, case.id).follow_ups  # type: ignore[union-attr]
    assert (follow_up.title, follow_up.happened_on) == ("La cour d’appel tranche", "2008-02-03")
    assert (follow_up.text, follow_up.source_url) == (
        "Selon l’arrêt, **condamnation**.",
        "https://exemple.test/suite",
    )


def test_a_follow_up_without_a_decision_adds_no_step(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    case = desk.published(proceedings=(ProceedingContent("contre_cible"),))
    path = f"/moderation/dossiers/{case.id}/suite"
    text = {"heading": "Rien de neuf", "text": "Selon le blog.", "reason": "lu"}
    text |= {"source_url": "https://exemple.test/blog", **acts.TICKED}
    fields = FilledForm(bruno.get(path).text).sent(**text, outcome="resolue")
    assert bruno.send(path, fields).status_code == 303
    present = stored_content(session, case.id)
    assert (present.outcome, present.proceedings[0].steps) == ("resolue", ())


def test_a_decision_of_another_kind_comes_back_with_the_form(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    case = desk.published(proceedings=(ProceedingContent("contre_cible", nature="civile"),))
    path = f"/moderation/dossiers/{case.id}/suite"
    page = bruno.get(path).text
    assert "1, contre la personne visée (Civile)" in page
    fields = FilledForm(page).sent(heading="Relaxe", text="Selon le blog.", reason="lu")
    fields |= {"source_url": "https://exemple.test/blog", **acts.TICKED}
    fields |= {"decision-step": "jugement", "decision-outcome": "relaxe"}
    response = bruno.send(path, fields)
    sentence = "Une procédure ou une demande de cette nature n’a pas cette issue"
    assert (response.status_code, sentence in response.text) == (422, True)
    form = FilledForm(response.text)
    assert (form["decision-outcome"], form.invalid) == ("relaxe", ["decision-outcome"])
    # The editor of the whole case offers the outcomes of such proceedings only.
    path = f"/moderation/dossiers/{case.id}/corriger"
    added = bruno.send(path, FilledForm(bruno.get(path).text).sent("+proceedings-0-steps")).text
    offered = added[added.index('name="proceedings-0-steps-0-outcome"') :].partition("</select>")[0]
    assert ('value="deboute"' in offered, 'value="relaxe"' in offered) == (True, False)
    assert '<optgroup label="Pénale, Civile, Administrative">' in offered


def test_a_redaction_shows_what_it_removes_before_it_does(
    bruno: MemberClient, desk: Desk, pen: Callable, session: Session
) -> None:
    case = desk.published(narrative="Un passage à MARQUEUR retirer.")
    with pen() as p:
        acts.follow_up(p, case.id, by=desk.cast.bruno, reason="r", title="Suite", text="MARQUEUR")
        acts.follow_up(p, case.id, by=desk.cast.bruno, reason="r", title="Autre", text="Sans lui")
        acts.note(p, case.id, "MARQUEUR rappelle", by=desk.cast.bruno)
    desk.received_reply(case, "La commune cite MARQUEUR.")
    path = f"/moderation/dossiers/{case.id}/caviarder"
    page = bruno.get(path).text
    assert f"/moderation/dossiers/{case.id}/dossier-avocat.zip" in page
    fields = FilledForm(page).sent(
        reason="ordonnance", public_note="Passage retiré.", **acts.TICKED
    )
    nothing = bruno.send(path, fields)
    assert (nothing.status_code, "Aucun mot n’est retiré." in nothing.text) == (422, True)

    fields |= {"narrative": ["Un passage à retirer."]}
    remaining = bruno.send(path, fields)
    assert (remaining.status_code, FilledForm(remaining.text)["passages"]) == (200, "")
    assert "le texte les contient encore ailleurs" in page_words(remaining)

    fields |= {"follow_ups-0-text": ["Réécrit"], "replies-0-text": ["La commune conteste."]}
    review = bruno.send(path, fields)
    form = FilledForm(review.text)
    assert (review.status_code, form["passages"]) == (200, "MARQUEUR")
    words = page_words(review)
    assert "versions d’avant, qui se liront ainsi" in words
    assert "Un passage à [passage retiré] retirer." in words
    assert "une note interne" in words
    session.rollback()
    assert session.scalars(select(Destruction.id)).all() == []

    assert bruno.send(path, form.sent()).status_code == 303
    session.rollback()
    row = session.get(Incident, case.id)
    assert row
    assert [addition.text for addition in row.follow_ups] == ["Réécrit", "Sans lui"]
    assert [addition.text for addition in row.replies] == ["La commune conteste."]
    session.rollback()
    desk.destroy()
    contents_left = session.scalars(select(Revision.content)).all()
    assert not any(b"MARQUEUR" in (content or b"") for content in contents_left)


def test_a_version_can_be_hidden_whole_from_the_review(
    bruno: MemberClient, desk: Desk, pen: Callable, session: Session, content: Callable
) -> None:
    case = desk.published(narrative="Celui que chacun connaît.", date="2009-03-17")
    with pen() as p:
        named = content(narrative="Le MARQUEUR filme.", date="2009-03-17")
        acts.correct(p, case.id, named, by=desk.cast.bruno, reason="MARQUEUR", public_note="n")
    path = f"/moderation/dossiers/{case.id}/caviarder"
    fields = FilledForm(bruno.get(path).text).sent(
        narrative="Il filme.", reason="r", public_note="n", date="2009", **acts.TICKED
    )
    review = bruno.send(path, fields)
    words = page_words(review)
    assert "Les versions d’avant gardent leur valeur de ces champs" in words
    assert "autres versions, aucun passage n’a été trouvé" in words
    form = FilledForm(review.text)
    fields = form.sent() | {"whole": ["2"], "passages": ["le"]}
    common = bruno.send(path, fields)
    assert (common.status_code, "trop court ou trop courant" in common.text) == (422, True)
    fields |= {"passages": ["Le MARQUEUR\nCelui que"]}
    review = bruno.send(path, fields)
    form = FilledForm(review.text)
    assert "Une version sera cachée" in page_words(review)
    assert bruno.send(path, form.sent()).status_code == 303
    session.rollback()
    destruction_ids = session.scalars(select(Revision.destruction_id).order_by(Revision.id)).all()
    assert destruction_ids == [None, 1, None, None]


def test_the_case_file_is_downloaded_from_the_desk(bruno: MemberClient, desk: Desk) -> None:
    case, draft = desk.published(), desk.draft()
    archive = bruno.get(f"/moderation/dossiers/{case.id}/dossier-avocat.zip")
    assert (archive.status_code, archive.data[:2]) == (200, b"PK")
    assert "dossier-1.zip" in archive.headers["Content-Disposition"]
    assert bruno.get(f"/moderation/dossiers/{draft.id}/dossier-avocat.zip").status_code == 404


@pytest.mark.parametrize("act", ["corriger", "suite"])
def test_a_dirty_change_comes_back_filled_with_a_box_for_the_reason_of_each_flag(
    bruno: MemberClient, desk: Desk, session: Session, act: str
) -> None:
    case = desk.published()
    path = f"/moderation/dossiers/{case.id}/{act}"
    text = "Selon le blog, corruption ; joindre le 06 12 34 56 78."
    typed = (
        {"narrative": text, "public_note": "Précisé."}
        if act == "corriger"
        else {"heading": "Suite", "text": text, "no_source": "Acte sur papier."}
    )
    fields = FilledForm(bruno.get(path).text).sent(**typed, reason="lu", attribution="y")
    refused = bruno.send(path, fields)
    form = FilledForm(refused.text)
    assert refused.status_code == 422
    assert {name: form[name] for name in typed} == typed
    keys = [next(iter(acts.reason_field(*flag))) for flag in FLAGS]
    assert all(key in form for key in keys)
    assert sorted(form.invalid) == sorted([*keys, "no_private_person", "no_private_life"])
    assert 'href="#flag_reasons"' in refused.text
    # One reason and every attestation are not enough; what was typed stays.
    first, second = (acts.reason_field(*flag, f"raison de {flag[1]}") for flag in FLAGS)
    refused = bruno.send(path, form.sent(**acts.TICKED, **first))
    form = FilledForm(refused.text)
    assert (refused.status_code, form.invalid) == (422, [keys[1]])
    assert (form[keys[0]], form["attribution"]) == ("raison de corruption", "y")
    assert bruno.send(path, form.sent(**second)).status_code == 303
    # The second reader sees each flag with its reason.
    page = bruno.get(f"/moderation/dossiers/{case.id}/changements/1").text
    for _code, excerpt in FLAGS:
        assert f"raison de {excerpt}" in page
    resumed = FilledForm(bruno.get(f"{path}?changement=1").text)
    assert (resumed[keys[0]], "attribution" in resumed.sent()) == ("raison de corruption", False)


def test_attestations_are_unticked_after_a_conflict(bruno: MemberClient, desk: Desk) -> None:
    case = desk.published()
    path = f"/moderation/dossiers/{case.id}/corriger"
    fields = FilledForm(bruno.get(path).text).sent(title="Mien", reason="r", public_note="n")
    with desk.pen() as p:
        other = full_case(case.number or 0)
        acts.correct(
            p,
            case.id,
            replace(other, links=()),
            by=desk.cast.chloe,
            reason="r",
            public_note="n",
            second=desk.cast.bruno,
        )
    refused = bruno.send(path, fields | acts.TICKED)
    form = FilledForm(refused.text)
    assert (refused.status_code, form["title"]) == (409, "Mien")
    assert "attribution" not in form.sent()
