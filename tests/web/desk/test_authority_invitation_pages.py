"""Pages of the invitation to reply: the authority's address, the mail, and what readers see."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from databases import plain_app
from form_client import MemberClient
from sqlalchemy import select, update

from register.cases.models import Invitation
from register.db import housekeeping, now
from register.mail.models import MailState, OutgoingMail
from register.text.dates import paris_day

pytestmark = pytest.mark.one_database

ADDRESS, SOURCE = "mairie@gagny.example", "https://gagny.example/contact"


@pytest.fixture
def bruno(settings, cast):
    """Bruno, in a register with a mail server."""
    mailed = replace(settings, mail_url="smtp://127.0.0.1", mail_from="registre@registre.test")
    with plain_app(mailed) as app:
        yield MemberClient(app, cast.bruno)


def _noted(**changes):
    day = paris_day(now()).isoformat()
    fields = {"address": ADDRESS, "source": SOURCE, "checked_on": day, "is_public_office": "y"}
    return {**fields, **changes}


def _text(bruno, address):
    """The words of a page, with plain spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", bruno.get(address).text).split())


def test_an_authority_is_invited_by_one_mail_and_readers_learn_its_day(
    bruno, published, engine, session
):
    case = published()
    page = f"/moderation/dossiers/{case.id}"
    assert "n’est pas notée" in bruno.get(f"{page}/inviter/courriel").text
    unchecked = bruno.send(f"{page}/contact", _noted(is_public_office=""))
    assert unchecked.status_code == 422
    assert 'href="#is_public_office"' in unchecked.text
    assert bruno.send(f"{page}/contact", _noted()).status_code == 303
    assert ADDRESS in bruno.get(f"{page}/inviter").text
    preview = bruno.get(f"{page}/inviter/courriel").text
    assert f"/incidents/{case.number}/droit-de-reponse" in preview
    assert ADDRESS in preview
    assert SOURCE in preview
    assert bruno.send(f"{page}/inviter/courriel", vu=_seen(preview)).status_code == 303
    again = bruno.send(f"{page}/inviter/courriel", vu=_seen(preview))
    assert again.status_code == 409
    assert "un second message ne part pas" in again.text
    journal = bruno.get(f"/moderation/journal?dossier={case.id}").text
    assert "a invité l’autorité à répondre, par courriel" in journal
    assert len(session.scalars(select(OutgoingMail)).all()) == 1
    session.rollback()
    assert "attend son départ" in bruno.get(page).text
    for state, code, words in (
        (MailState.WAITING, 450, "a répondu 450"),
        (MailState.DEAD, 550, "l’a refusé (550)"),
        (MailState.DEAD, 0, "abandonné après trois jours"),
        (MailState.STOPPED, 0, "retiré avant"),
        (MailState.SENT, 250, "a pris le message"),
    ):
        with housekeeping(engine) as writer:
            writer.execute(update(OutgoingMail).values(state=state.value, reply_code=code))
        assert words in _text(bruno, page)
    # As it is five weeks later: it left on the day of the act, and nothing came.
    days = timedelta(days=35)
    with housekeeping(engine) as writer:
        writer.execute(update(OutgoingMail).values(next_at=now() - days))
        past = {"noted_at": now() - days, "invited_on": paris_day(now() - days)}
        writer.execute(update(Invitation).where(Invitation.mail_id.is_not(None)).values(past))
    assert "elle n’avait pas répondu à cette invitation" in _text(
        bruno, f"/incidents/{case.number}"
    )


def _seen(page):
    return re.search(r'name="vu" value="(\d+)"', page)[1]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Donnez le jour de la vérification."),
        ("  ", "Donnez le jour de la vérification."),
        ("2026-02-30", "Donnez un jour qui existe"),
    ],
)
def test_an_address_needs_the_day_on_which_it_was_checked(bruno, published, typed, words):
    page = f"/moderation/dossiers/{published().id}/contact"
    refused = bruno.send(page, _noted(checked_on=typed))
    assert refused.status_code == 422
    assert 'href="#checked_on"' in refused.text
    assert words in refused.text


def test_an_address_is_replaced_and_erased(bruno, published, session):
    case = published()
    page = f"/moderation/dossiers/{case.id}/contact"
    bruno.send(page, _noted())
    bruno.send(page, _noted(address="accueil@gagny.example"))
    shown = bruno.get(page).text
    assert "accueil@gagny.example" in shown
    assert ADDRESS not in shown
    assert bruno.send(f"{page}/effacer").status_code == 303
    assert "gagny.example" not in bruno.get(page).text
    assert bruno.send(f"{page}/effacer").status_code == 404


def test_the_address_of_a_merged_case_is_not_erased_from_its_page(bruno, desk):
    page = f"/moderation/dossiers/{desk.merged().id}/contact"
    refused = bruno.send(f"{page}/effacer")
    assert refused.status_code == 409
    assert "Rien n’a changé" in refused.text


def test_without_a_mail_server_the_letter_is_copied(signed, published):
    case = published()
    page = f"/moderation/dossiers/{case.id}/inviter"
    bruno = signed("bruno")
    assert "inviter par courriel" not in bruno.get(page).text
    bruno.send(f"/moderation/dossiers/{case.id}/contact", _noted())
    assert "n’a pas de serveur de courriel" in bruno.get(f"{page}/courriel").text
    refused = bruno.send(f"{page}/courriel", vu="0")
    assert refused.status_code == 409
