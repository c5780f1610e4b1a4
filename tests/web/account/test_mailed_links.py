"""Invitations and password links leave by mail where there is a mail server."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from databases import application
from form_client import sign_in
from sqlalchemy import select
from sqlalchemy.orm import Session

from register import encryption
from register.mail import outbox as mails
from register.mail.models import OutgoingMail

pytestmark = pytest.mark.one_database

INVITE = "/moderation/membres/invitations"


@pytest.fixture
def mail_app(settings):
    mailed = replace(settings, mail_url="smtp://127.0.0.1", mail_from="registre@registre.test")
    with application(mailed) as app:
        yield app


def _mails(engine, store):
    key = store.derived_key(mails.KEY_PURPOSE)
    with Session(engine) as session:
        for row in session.scalars(select(OutgoingMail)):
            plain = encryption.decrypt(key, "mail text", row.sealed, row.message_id.encode())
            yield row.kind, row.member_id, json.loads(plain)


def test_an_invitation_is_mailed_and_still_shown(mail_app, cast, engine, store):
    ada = sign_in(mail_app, cast.email("ada"))
    ada.get("/moderation/membres")
    ada.send(INVITE, adresse="fanny@elsewhere.test", role="moderator")
    assert "Le lien part par courriel à fanny@elsewhere.test" in ada.text
    ((kind, member_id, content),) = _mails(engine, store)
    assert (kind, member_id, content["address"]) == (
        "member_invitation",
        None,
        "fanny@elsewhere.test",
    )
    assert content["values"]["role"] == "modération"
    assert content["values"]["link"] in ada.text


def test_a_password_link_is_mailed_to_the_member(mail_app, cast, engine, store):
    ada = sign_in(mail_app, cast.email("ada"))
    ada.get("/moderation/membres")
    ada.send(f"/moderation/membres/{cast.bruno}/mot-de-passe")
    assert f"Le lien part par courriel à {cast.email('bruno')}" in ada.text
    ((kind, member_id, content),) = _mails(engine, store)
    assert (kind, member_id, content["address"]) == ("reset_link", cast.bruno, "")
    assert content["values"]["link"] in ada.text


def test_a_refused_invitation_sends_nothing(mail_app, cast, engine, store):
    ada = sign_in(mail_app, cast.email("ada"))
    ada.get("/moderation/membres")
    ada.send(INVITE, adresse=cast.email("bruno"), role="moderator")
    assert list(_mails(engine, store)) == []


def test_without_a_mail_server_nothing_is_queued(app, cast, engine, store):
    ada = sign_in(app, cast.email("ada"))
    ada.get("/moderation/membres")
    ada.send(INVITE, adresse="fanny@elsewhere.test", role="moderator")
    assert "Envoyez-la vous-même" in ada.text
    assert list(_mails(engine, store)) == []
