"""Changes and destructions that wait for a second person."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from case_contents import a_case
from databases import plain_app
from form_client import MemberClient
from sqlalchemy import select

from register.cases import acts
from register.cases.acts.publication import FIXED_NOTE as RESTORED_NOTE
from register.cases.checklist import ATTESTATIONS
from register.cases.models import Incident
from register.cases.second_person import Destruction, PendingChange
from register.db import now
from register.reports import acts as report_acts
from register.reports.models import Report
from register.reports.report_lists import ReportFolder
from register.reports.web.desk import report_list

pytestmark = pytest.mark.one_database

ACCUSATION = "Selon le jugement, joindre le 06 12 34 56 78."


def said(answer):
    """The visible text on one line."""
    seen = re.sub(r"<[^>]+>", "", answer.get_data(as_text=True))
    return " ".join(html.unescape(seen).replace("\u202f", " ").replace("\u00a0", " ").split())


def at(filed, place=""):
    return f"/moderation/dossiers/{filed.id}/{place}".rstrip("/")


def follow_up(browser, filed, vu, text=ACCUSATION, **more):
    sent = {"heading": "Suite", "text": text, "outcome": "inconnue", "reason": "lu", **more}
    return browser.send(at(filed, "suite"), {**vu(filed), **sent})


@pytest.fixture
def waiting(signed, desk, vu, session):
    """A pending follow-up by Bruno that contains a telephone number."""
    filed = desk.published()
    assert follow_up(signed("bruno"), filed, vu).status_code == 303
    session.rollback()
    return filed, session.scalars(select(PendingChange.id)).one()


def follow_ups(session, filed):
    session.rollback()
    session.expire_all()
    return [row.text for row in session.get_one(Incident, filed.id).follow_ups]


def test_a_change_waits_is_shown_whole_and_is_approved(signed, session, waiting):
    filed, change = waiting
    bruno, chloe = signed("bruno"), signed("chloe")
    assert "Changements qui attendent" in said(bruno.get(at(filed)))
    assert follow_ups(session, filed) == []
    assert "Changements à approuver" in said(chloe.get("/moderation"))
    assert "Changements à approuver" not in said(bruno.get("/moderation"))
    assert "Relire et approuver" in said(chloe.get(at(filed)))
    page = at(filed, f"changements/{change}")
    shown = said(chloe.get(page))
    assert "Ce qui change" in shown
    assert "Le texte entier, comme le public le lirait" in shown
    assert "06 12 34 56 78" in shown
    own = bruno.get(page)
    assert "Ce changement attend un autre membre que vous." in said(own)
    assert "Approuver et publier" not in said(own)
    assert bruno.send(page).status_code == 409
    assert chloe.send(page).status_code == 303
    assert follow_ups(session, filed) == [ACCUSATION]
    again = chloe.send(page)
    assert (again.status_code, again.location) == (303, at(filed))
    assert "Ce changement n’attend plus" in said(chloe.get(at(filed)))


def test_a_refused_change_comes_back_filled_in_and_is_sent_again(signed, session, vu, waiting):
    filed, change = waiting
    bruno, chloe = signed("bruno"), signed("chloe")
    refuse = at(filed, f"changements/{change}/refuser")
    empty = chloe.send(refuse, refusal="")
    assert empty.status_code == 422
    assert chloe.send(refuse, refusal="Sans le numéro.").status_code == 303
    assert "Vos changements à reprendre" in said(bruno.get("/moderation"))
    assert "Sans le numéro." in said(bruno.get(at(filed)))
    refused = said(bruno.get(at(filed, f"changements/{change}")))
    assert "Changement refusé : Suite" in refused
    assert "Ce changement vous est revenu" in refused
    again = bruno.get(at(filed, f"suite?changement={change}")).get_data(as_text=True)
    assert "Sans le numéro." in again
    assert ACCUSATION in html.unescape(again)
    assert f'name="changement" value="{change}"' in again
    sent = follow_up(bruno, filed, vu, text="Sans le numéro.", changement=str(change))
    assert sent.status_code == 303
    assert follow_ups(session, filed) == ["Sans le numéro."]
    assert session.scalars(select(PendingChange.id)).all() == []


def test_an_author_takes_a_change_back(signed, session, waiting):
    filed, change = waiting
    drop = at(filed, f"changements/{change}/reprendre")
    assert signed("chloe").send(drop).status_code == 404
    assert signed("bruno").send(drop).status_code == 303
    session.rollback()
    assert session.scalars(select(PendingChange.id)).all() == []


def test_a_change_that_was_overtaken_says_so_and_cannot_be_approved(signed, session, vu, waiting):
    filed, change = waiting
    assert follow_up(signed("chloe"), filed, vu, text="Audience en juin.").status_code == 303
    page = at(filed, f"changements/{change}")
    shown = said(signed("chloe").get(page))
    assert "Le public lit maintenant un autre texte" in shown
    assert "Approuver et publier" not in shown
    assert "Reprenez-le sur le texte d’aujourd’hui" in said(signed("bruno").get(page))
    assert signed("chloe").send(page).status_code == 409
    assert follow_ups(session, filed) == ["Audience en juin."]


def test_a_pending_change_is_shown_to_no_reader(signed, app, waiting):
    filed, change = waiting
    stranger = app.test_client()
    for place in (
        f"/incidents/{filed.number}",
        f"/incidents/{filed.number}/flux",
        "/incidents?q=joindre",
    ):
        assert "06 12 34 56 78" not in stranger.get(place).get_data(as_text=True)
    assert stranger.get(at(filed, f"changements/{change}")).status_code == 303


def test_a_single_moderator_gives_password_and_code_again(settings, desk, cast):
    filed = desk.published()
    with desk.pen() as p:
        acts.follow_up(p, filed.id, by=cast.bruno, reason="r", title="t", text=ACCUSATION)
    with plain_app(replace(settings, single_moderator=True)) as app:
        late = MemberClient(app, cast.bruno, now() - timedelta(minutes=30))
        page = at(filed, "changements/1")
        asked = late.send(page)
        assert asked.status_code == 403
        assert "publier seul un changement" in said(asked)
        assert MemberClient(app, cast.bruno).send(page).status_code == 303


def test_a_single_moderator_is_not_sent_to_another_member(settings, desk, cast, vu):
    filed = desk.published()
    with plain_app(replace(settings, single_moderator=True)) as app:
        browser = MemberClient(app, cast.bruno)
        assert follow_up(browser, filed, vu).status_code == 303
        page = said(browser.get(at(filed)))
        assert "Ce changement attend votre accord" in page
        assert "Dites-le-lui" not in page


def test_the_approver_reads_that_another_member_publishes(signed, desk):
    filed = desk.ready(justice=True)
    page = said(signed("chloe").get(at(filed)))
    assert "c’est donc à un autre membre de publier" in page
    assert "Il manque l’accord d’un second membre" not in page
    assert "L’accord d’un second membre" in said(signed("bruno").get(at(filed)))


def test_a_second_publication_says_that_it_changed_nothing(signed, desk, vu):
    filed = desk.ready()
    sent = {**vu(filed), **dict.fromkeys(ATTESTATIONS, "y"), "reason": "lu", "flags_reason": "relu"}
    bruno = signed("bruno")
    assert bruno.send(at(filed, "publier"), sent).status_code == 303
    again = bruno.send(at(filed, "publier"), sent)
    assert again.status_code == 409
    assert "Cet envoi n’a rien changé" in said(again)
    assert "Rien n’a été publié" not in said(again)


def test_a_restoration_that_needs_two_begins_with_the_note_that_is_allowed(signed, desk):
    filed = desk.withdrawn()
    browser, note = signed("bruno"), f'value="{RESTORED_NOTE}"'
    with desk.pen() as p:
        acts.edit(p, filed.id, a_case(narrative="Le maire éteint."), by=desk.cast.bruno, reason="r")
    assert note not in browser.get(at(filed, "retablir")).text
    with desk.pen() as p:
        acts.edit(p, filed.id, a_case(narrative=ACCUSATION), by=desk.cast.bruno, reason="r")
    page = browser.get(at(filed, "retablir")).text
    assert note in page
    assert re.search(r'id="public_note"[^>]*aria-required="true"', page)


def test_a_refused_note_names_its_field_once(signed, desk, vu):
    filed = desk.withdrawn()
    with desk.pen() as p:
        acts.edit(p, filed.id, a_case(narrative="Le maire éteint."), by=desk.cast.bruno, reason="r")
    answer = signed("bruno").send(
        at(filed, "retablir"), {**vu(filed), **dict.fromkeys(ATTESTATIONS, "y"), "reason": "lu"}
    )
    assert answer.status_code == 422
    assert "Note publique : ce champ doit être rempli" in said(answer)
    assert "Note publique : note publique" not in said(answer)


@pytest.mark.parametrize(
    ("narrative", "asked"), [(ACCUSATION, True), ("Le maire éteint.", False)], ids=["two", "one"]
)
@pytest.mark.parametrize("act", ["publier", "retablir"])
def test_a_single_moderator_publishes_what_needs_two_with_password_and_code(
    settings, desk, cast, vu, act, narrative, asked
):
    filed = desk.ready(narrative="Selon le blog.") if act == "publier" else desk.withdrawn()
    with desk.pen() as p:
        acts.edit(p, filed.id, a_case(narrative=narrative), by=cast.bruno, reason="complété")
    sent = {**vu(filed), **dict.fromkeys(ATTESTATIONS, "y"), "reason": "lu", "flags_reason": "relu"}
    with plain_app(replace(settings, single_moderator=True)) as app:
        late = MemberClient(app, cast.bruno, now() - timedelta(minutes=30))
        answer = late.send(at(filed, act), {**sent, "public_note": RESTORED_NOTE})
        assert answer.status_code == (403 if asked else 303), said(answer)
        assert ("seul un cas qui se relit à deux" in said(answer)) is asked


def test_a_single_moderator_agrees_to_spam_with_password_and_code(settings, inbox, session, cast):
    key = inbox.received().key
    with inbox.pen() as p:
        report_acts.spam(p, key, by=cast.bruno, together=True)
    sent = {"cle": [key], "faire": report_list.CONFIRM, "casier": ReportFolder.SPAM.value}
    with plain_app(replace(settings, single_moderator=True)) as app:
        late = MemberClient(app, cast.bruno, now() - timedelta(minutes=30))
        asked = late.send("/moderation/signalements/tri", sent)
        assert asked.status_code == 403
        assert "confirmer seul des signalements" in said(asked)
        session.rollback()
        assert session.get_one(Report, key).together_by == cast.bruno
        assert (
            MemberClient(app, cast.bruno).send("/moderation/signalements/tri", sent).status_code
            == 303
        )
        session.rollback()
        session.expire_all()
        assert session.get_one(Report, key).together_by is None


def test_a_destruction_is_confirmed_with_password_and_code(app, desk, session, cast):
    filed = desk.published(narrative="Un PASSAGE de trop.")
    with desk.pen() as p:
        told = a_case(narrative="Un […] de trop.")
        acts.redact(p, filed.id, told, by=cast.bruno, reason="r", public_note="n")
    session.rollback()
    row = session.scalars(select(Destruction)).one()
    late = MemberClient(app, cast.chloe, now() - timedelta(minutes=30))
    asked = late.send(at(filed, f"destructions/{row.id}/confirmer"))
    assert asked.status_code == 403
    assert "détruire des versions cachées" in said(asked)
    session.rollback()
    session.refresh(row)
    assert row.ended_at is None


def test_a_redaction_hides_and_another_member_confirms(signed, desk, session, app):
    filed = desk.published(narrative="Un PASSAGE de trop.")
    with desk.pen() as p:
        told = a_case(narrative="Un […] de trop.")
        acts.redact(p, filed.id, told, by=desk.cast.bruno, reason="r", public_note="n")
    session.rollback()
    which = session.scalars(select(Destruction.id)).one()
    bruno, chloe = signed("bruno"), signed("chloe")
    stranger = app.test_client()
    old = stranger.get(f"/incidents/{filed.number}?version=2")
    assert old.status_code == 410
    assert "PASSAGE" not in old.get_data(as_text=True)
    assert "Les détruire maintenant" not in said(bruno.get(at(filed)))
    page = said(chloe.get(at(filed)))
    assert "Versions cachées au public" in page
    assert "Les détruire maintenant" in page
    assert "Destructions à confirmer" in said(chloe.get("/moderation"))
    confirm = at(filed, f"destructions/{which}/confirmer")
    assert bruno.send(confirm).status_code == 409
    keep = at(filed, f"destructions/{which}/annuler")
    assert [chloe.send(keep).status_code for _twice in range(2)] == [303, 303]
    assert "Leur destruction a été annulée." in said(chloe.get(at(filed)))
    assert stranger.get(f"/incidents/{filed.number}?version=2").status_code == 410
    assert chloe.send(confirm).status_code == 303
    assert "Versions cachées au public" not in said(chloe.get(at(filed)))
    assert chloe.send(confirm).status_code == 303
    assert "Il n’y a plus rien à détruire ici" in said(chloe.get(at(filed)))


def test_a_reply_whose_publication_waits_is_not_offered_twice(signed, desk):
    filed = desk.published()
    reply = desk.received_reply(filed, text=ACCUSATION)
    bruno, publish = signed("bruno"), f"/moderation/reponses/{reply}/publier"
    assert publish in bruno.get(at(filed)).get_data(as_text=True)
    with desk.pen() as p:
        acts.reply(p, reply, by=desk.cast.bruno, reason="r")
    page = bruno.get(at(filed))
    assert "Sa publication est proposée et attend un autre membre." in said(page)
    assert publish not in page.get_data(as_text=True)


def test_the_redaction_of_a_case_for_two_begins_with_the_note_that_is_allowed(signed, desk):
    plain, for_two = desk.published(), desk.published(a_case(types=("menace_poursuites",)))
    note = 'value="Un passage a été retiré."'
    bruno = signed("bruno")
    assert note in html.unescape(bruno.get(at(for_two, "caviarder")).get_data(as_text=True))
    assert note not in html.unescape(bruno.get(at(plain, "caviarder")).get_data(as_text=True))
