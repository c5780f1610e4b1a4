"""Changes and destructions that wait for a second person."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import timedelta

import attested_acts as acts
import pytest
from case_contents import a_case
from databases import plain_app
from form_client import MemberClient
from sqlalchemy import select

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


def page_text(response):
    """The visible text on one line."""
    visible = re.sub(r"<[^>]+>", "", response.get_data(as_text=True))
    return " ".join(html.unescape(visible).replace("\u202f", " ").replace("\u00a0", " ").split())


def case_path(case, place=""):
    return f"/moderation/dossiers/{case.id}/{place}".rstrip("/")


def send_follow_up(browser, case, revision_field, text=ACCUSATION, **changes):
    fields = {"heading": "Suite", "text": text, "outcome": "inconnue", "reason": "lu", **changes}
    fields |= {"no_source": "pas encore en ligne", **acts.TICKED}
    fields |= acts.reason_field("telephone", "06 12 34 56 78")
    return browser.send(case_path(case, "suite"), {**revision_field(case), **fields})


@pytest.fixture
def pending_change(signed, desk, revision_field, session):
    """A pending follow-up by Bruno that contains a telephone number."""
    case = desk.published()
    assert send_follow_up(signed("bruno"), case, revision_field).status_code == 303
    session.rollback()
    return case, session.scalars(select(PendingChange.id)).one()


def follow_up_texts(session, case):
    session.rollback()
    session.expire_all()
    return [row.text for row in session.get_one(Incident, case.id).follow_ups]


def test_a_pending_change_is_shown_in_full_and_approved(signed, session, pending_change):
    case, change = pending_change
    bruno, chloe = signed("bruno"), signed("chloe")
    assert "Changements qui attendent" in page_text(bruno.get(case_path(case)))
    assert follow_up_texts(session, case) == []
    for browser, act in ((chloe, "Relire"), (bruno, "Voir")):
        home = browser.get("/moderation").get_data(as_text=True)
        assert f'{case_path(case, f"changements/{change}")}">{act}<' in home
    assert "Relire et approuver" in page_text(chloe.get(case_path(case)))
    change_path = case_path(case, f"changements/{change}")
    change_text = page_text(chloe.get(change_path))
    assert "Ce qui change" in change_text
    assert "La page entière, comme le public la lirait" in change_text
    assert "06 12 34 56 78" in change_text
    own_page = bruno.get(change_path)
    assert "Ce changement attend un autre membre que vous." in page_text(own_page)
    assert "Approuver et publier" not in page_text(own_page)
    assert bruno.send(change_path).status_code == 409
    assert chloe.send(change_path).status_code == 303
    assert follow_up_texts(session, case) == [ACCUSATION]
    repeated = chloe.send(change_path)
    assert (repeated.status_code, repeated.location) == (303, case_path(case))
    assert "Ce changement n’attend plus" in page_text(chloe.get(case_path(case)))


def test_a_refused_change_comes_back_filled_in_and_is_sent_again(
    signed, session, revision_field, pending_change
):
    case, change = pending_change
    bruno, chloe = signed("bruno"), signed("chloe")
    refuse_path = case_path(case, f"changements/{change}/refuser")
    empty_refusal = chloe.send(refuse_path, refusal="")
    assert empty_refusal.status_code == 422
    assert chloe.send(refuse_path, refusal="Sans le numéro.").status_code == 303
    assert "Changements à reprendre" in page_text(bruno.get("/moderation"))
    assert "Sans le numéro." in page_text(bruno.get(case_path(case)))
    refused_text = page_text(bruno.get(case_path(case, f"changements/{change}")))
    assert "Changement refusé : Suite" in refused_text
    assert "Ce changement vous est revenu" in refused_text
    form_html = bruno.get(case_path(case, f"suite?changement={change}")).get_data(as_text=True)
    assert "Sans le numéro." in form_html
    assert ACCUSATION in html.unescape(form_html)
    assert f'name="changement" value="{change}"' in form_html
    response = send_follow_up(
        bruno, case, revision_field, text="Sans le numéro.", changement=str(change)
    )
    assert response.status_code == 303
    # The refused words are gone, and still its author alone does not answer the refusal.
    assert follow_up_texts(session, case) == []
    sent_again = session.scalars(select(PendingChange.id)).one()
    session.rollback()
    assert sent_again != change
    approval = {**revision_field(case)}
    assert chloe.send(case_path(case, f"changements/{sent_again}"), approval).status_code == 303
    assert follow_up_texts(session, case) == ["Sans le numéro."]
    assert session.scalars(select(PendingChange.id)).all() == []


def test_the_page_of_a_merge_names_a_place_that_is_unknown(signed, desk):
    erased, public = desk.erased(), desk.published()
    form = {"into": str(public.number), "reason": "x"}
    response = signed("bruno").send(case_path(erased, "reunir"), form)
    assert response.status_code == 409
    assert "lieu inconnu" in page_text(response)


def test_an_author_withdraws_a_pending_change(signed, session, pending_change):
    case, change = pending_change
    take_back_path = case_path(case, f"changements/{change}/reprendre")
    assert signed("chloe").send(take_back_path).status_code == 404
    assert signed("bruno").send(take_back_path).status_code == 303
    session.rollback()
    assert session.scalars(select(PendingChange.id)).all() == []


def test_a_change_to_an_outdated_text_cannot_be_approved(
    signed, session, revision_field, pending_change
):
    case, change = pending_change
    assert (
        send_follow_up(signed("chloe"), case, revision_field, text="Audience en juin.").status_code
        == 303
    )
    change_path = case_path(case, f"changements/{change}")
    change_text = page_text(signed("chloe").get(change_path))
    assert "Le public lit maintenant un autre texte" in change_text
    assert "Approuver et publier" not in change_text
    assert "Reprenez-le sur le texte d’aujourd’hui" in page_text(signed("bruno").get(change_path))
    assert signed("chloe").send(change_path).status_code == 409
    assert follow_up_texts(session, case) == ["Audience en juin."]


def test_a_pending_change_is_not_public(signed, app, pending_change):
    case, change = pending_change
    stranger = app.test_client()
    for address in (
        f"/incidents/{case.number}",
        f"/incidents/{case.number}/flux",
        "/incidents?q=joindre",
    ):
        assert "06 12 34 56 78" not in stranger.get(address).get_data(as_text=True)
    assert stranger.get(case_path(case, f"changements/{change}")).status_code == 303


def test_a_single_moderator_approves_a_change_with_password_and_code(settings, desk, cast):
    case = desk.published()
    with desk.pen() as p:
        acts.follow_up(p, case.id, by=cast.bruno, reason="r", title="t", text=ACCUSATION)
    with plain_app(replace(settings, single_moderator=True)) as app:
        late_browser = MemberClient(app, cast.bruno, now() - timedelta(minutes=30))
        change_path = case_path(case, "changements/1")
        response = late_browser.send(change_path)
        assert response.status_code == 403
        assert "publier seul un changement" in page_text(response)
        assert MemberClient(app, cast.bruno).send(change_path).status_code == 303


def test_a_single_moderator_is_not_sent_to_another_member(settings, desk, cast, revision_field):
    case = desk.published()
    with plain_app(replace(settings, single_moderator=True)) as app:
        browser = MemberClient(app, cast.bruno)
        assert send_follow_up(browser, case, revision_field).status_code == 303
        case_text = page_text(browser.get(case_path(case)))
        assert "Ce changement attend votre accord" in case_text
        assert "Dites-le-lui" not in case_text


def test_the_approver_reads_that_another_member_publishes(signed, desk):
    case = desk.ready(justice=True)
    case_text = page_text(signed("chloe").get(case_path(case)))
    assert "c’est donc à un autre membre de publier" in case_text
    assert "Il manque l’accord d’un second membre" not in case_text
    assert "L’accord d’un second membre" in page_text(signed("bruno").get(case_path(case)))


def test_a_second_publication_is_refused_as_already_done(signed, desk, revision_field):
    case = desk.ready()
    form = {**revision_field(case), **dict.fromkeys(ATTESTATIONS, "y"), "reason": "lu"}
    bruno = signed("bruno")
    assert bruno.send(case_path(case, "publier"), form).status_code == 303
    response = bruno.send(case_path(case, "publier"), form)
    assert response.status_code == 409
    assert "Cet envoi n’a rien changé" in page_text(response)
    assert "Rien n’a été publié" not in page_text(response)


def test_a_restoration_for_two_members_proposes_the_fixed_note(signed, desk):
    case = desk.withdrawn()
    browser, note = signed("bruno"), f'value="{RESTORED_NOTE}"'
    with desk.pen() as p:
        acts.edit(p, case.id, a_case(narrative="Le maire éteint."), by=desk.cast.bruno, reason="r")
    assert note not in browser.get(case_path(case, "retablir")).text
    with desk.pen() as p:
        acts.edit(p, case.id, a_case(narrative=ACCUSATION), by=desk.cast.bruno, reason="r")
    restore_page = browser.get(case_path(case, "retablir")).text
    assert note in restore_page
    assert re.search(r'id="public_note"[^>]*aria-required="true"', restore_page)


def test_a_refused_note_names_its_field_once(signed, desk, revision_field):
    case = desk.withdrawn()
    with desk.pen() as p:
        acts.edit(p, case.id, a_case(narrative="Le maire éteint."), by=desk.cast.bruno, reason="r")
    response = signed("bruno").send(
        case_path(case, "retablir"),
        {**revision_field(case), **dict.fromkeys(ATTESTATIONS, "y"), "reason": "lu"},
    )
    assert response.status_code == 422
    assert "Note publique : ce champ doit être rempli" in page_text(response)
    assert "Note publique : note publique" not in page_text(response)


@pytest.mark.parametrize(
    ("narrative", "needs_password"),
    [(ACCUSATION, True), ("Le maire éteint.", False)],
    ids=["two", "one"],
)
@pytest.mark.parametrize("act", ["publier", "retablir"])
def test_a_single_moderator_publishes_a_case_for_two_with_password_and_code(
    settings, desk, cast, revision_field, act, narrative, needs_password
):
    case = desk.ready(narrative="Selon le blog.") if act == "publier" else desk.withdrawn()
    with desk.pen() as p:
        acts.edit(p, case.id, a_case(narrative=narrative), by=cast.bruno, reason="complété")
    form = {**revision_field(case), **dict.fromkeys(ATTESTATIONS, "y"), "reason": "lu"}
    with plain_app(replace(settings, single_moderator=True)) as app:
        late_browser = MemberClient(app, cast.bruno, now() - timedelta(minutes=30))
        response = late_browser.send(case_path(case, act), {**form, "public_note": RESTORED_NOTE})
        assert response.status_code == (403 if needs_password else 303), page_text(response)
        assert ("seul un cas qui se relit à deux" in page_text(response)) is needs_password


def test_a_single_moderator_confirms_spam_with_password_and_code(settings, inbox, session, cast):
    key = inbox.received().key
    with inbox.pen() as p:
        report_acts.spam(p, key, by=cast.bruno, together=True)
    form = {"cle": [key], "faire": report_list.CONFIRM, "casier": ReportFolder.SPAM.value}
    with plain_app(replace(settings, single_moderator=True)) as app:
        late_browser = MemberClient(app, cast.bruno, now() - timedelta(minutes=30))
        response = late_browser.send("/moderation/signalements/tri", form)
        assert response.status_code == 403
        assert "confirmer seul des signalements" in page_text(response)
        session.rollback()
        assert session.get_one(Report, key).together_by == cast.bruno
        assert (
            MemberClient(app, cast.bruno).send("/moderation/signalements/tri", form).status_code
            == 303
        )
        session.rollback()
        session.expire_all()
        assert session.get_one(Report, key).together_by is None


def test_a_destruction_is_confirmed_with_password_and_code(app, desk, session, cast):
    case = desk.published(narrative="Un PASSAGE de trop.")
    with desk.pen() as p:
        redacted = a_case(narrative="Un […] de trop.")
        acts.redact(p, case.id, redacted, by=cast.bruno, reason="r", public_note="n")
    session.rollback()
    destruction = session.scalars(select(Destruction)).one()
    late_browser = MemberClient(app, cast.chloe, now() - timedelta(minutes=30))
    response = late_browser.send(case_path(case, f"destructions/{destruction.id}/confirmer"))
    assert response.status_code == 403
    assert "détruire ce qu’un caviardage a caché" in page_text(response)
    session.rollback()
    session.refresh(destruction)
    assert destruction.ended_at is None


def test_a_redaction_hides_versions_and_another_member_confirms_their_destruction(
    signed, desk, session, app
):
    case = desk.published(narrative="Un PASSAGE de trop.")
    with desk.pen() as p:
        redacted = a_case(narrative="Un […] de trop.")
        acts.redact(p, case.id, redacted, by=desk.cast.bruno, reason="r", public_note="n")
    session.rollback()
    destruction = session.scalars(select(Destruction.id)).one()
    session.rollback()
    bruno, chloe = signed("bruno"), signed("chloe")
    stranger = app.test_client()
    old_version = page_text(stranger.get(f"/incidents/{case.number}?version=2"))
    assert "Un passage de cette version a été retiré depuis" in old_version
    assert ("Un [passage retiré] de trop." in old_version, "PASSAGE" in old_version) == (
        True,
        False,
    )
    assert "Le détruire maintenant" not in page_text(bruno.get(case_path(case)))
    case_text = page_text(chloe.get(case_path(case)))
    assert "Passages cachés au public" in case_text
    assert "Le détruire maintenant" in case_text
    assert "Destructions à confirmer" in page_text(chloe.get("/moderation"))
    confirm_path = case_path(case, f"destructions/{destruction}/confirmer")
    assert bruno.send(confirm_path).status_code == 409
    cancel_path = case_path(case, f"destructions/{destruction}/annuler")
    assert [chloe.send(cancel_path).status_code for _twice in range(2)] == [303, 303]
    assert "Sa destruction a été annulée." in page_text(chloe.get(case_path(case)))
    assert page_text(stranger.get(f"/incidents/{case.number}?version=2")) == old_version
    assert chloe.send(confirm_path).status_code == 303
    assert "Passages cachés au public" not in page_text(chloe.get(case_path(case)))
    assert chloe.send(confirm_path).status_code == 303
    assert "Il n’y a plus rien à détruire ici" in page_text(chloe.get(case_path(case)))


def test_a_reply_with_a_pending_publication_is_not_offered_again(signed, desk):
    case = desk.published()
    reply = desk.received_reply(case, text=ACCUSATION)
    bruno, publish_path = signed("bruno"), f"/moderation/reponses/{reply}/publier"
    assert publish_path in bruno.get(case_path(case)).get_data(as_text=True)
    with desk.pen() as p:
        acts.reply(p, reply, by=desk.cast.bruno, reason="r")
    page = bruno.get(case_path(case))
    assert "Sa publication est proposée et attend un autre membre." in page_text(page)
    assert publish_path not in page.get_data(as_text=True)


def test_the_redaction_of_a_case_for_two_members_proposes_the_fixed_note(signed, desk):
    plain, for_two = desk.published(), desk.published(a_case(types=("menace_poursuites",)))
    note = 'value="Un passage a été retiré."'
    bruno = signed("bruno")
    assert note in html.unescape(bruno.get(case_path(for_two, "caviarder")).get_data(as_text=True))
    assert note not in html.unescape(
        bruno.get(case_path(plain, "caviarder")).get_data(as_text=True)
    )
