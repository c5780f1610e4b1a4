"""Passkeys in the pages: added, used to sign in and to confirm, removed, and told of by mail."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from form_client import PASSWORD, SIGN_IN, FormClient, sign_in
from software_authenticator import SoftwareAuthenticator
from sqlalchemy import select

from register import create_app
from register.db import db
from register.mail.models import OutgoingMail

pytestmark = pytest.mark.one_database

ACCOUNT = "/compte"
NEW = "/compte/cles/nouvelle"
ADD = "/compte/cles"
CHALLENGE = "/compte/cles/defi"
CODES = "/compte/codes"
NAME = "clé bleue"


@pytest.fixture
def make_app(settings):
    """``make_app(…)``: the application at an address with a name, with other settings."""
    with_name = replace(settings, require_2fa=True, base_url="http://localhost:5000")
    apps = []

    def make(**changes):
        apps.append(create_app(replace(with_name, **changes)))
        return apps[-1]

    yield make
    for app in apps:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def app(make_app):
    return make_app()


@pytest.fixture
def phone(app, cast, telephone):
    return telephone(app, cast.bruno)


@pytest.fixture
def bruno(app, cast, phone):
    """Bruno, signed in by password and code."""
    return sign_in(app, cast.email("bruno"), code=phone.code())


def challenge(visitor, **fields):
    """The options that the script of the page asks for."""
    token = dict(visitor.page.forms[0].fields)["csrf_token"]
    return visitor.post(CHALLENGE, {"csrf_token": token, **fields})


def options(visitor, **fields):
    return challenge(visitor, **fields).get_data(as_text=True)


def add(visitor, name=NAME):
    """Add a passkey by the pages."""
    device = SoftwareAuthenticator()
    visitor.get(ACCOUNT)
    visitor.send(NEW)
    visitor.send(ADD, nom=name, cle=device.create(options(visitor, creer="1")))
    assert visitor.answer.headers["Location"] == f"{ACCOUNT}#cles", visitor.text
    visitor.follow()
    return device


def come_in(app, device, visitor=None, **typed):
    """Sign in by a passkey."""
    visitor = visitor or FormClient(app)
    visitor.get(SIGN_IN)
    visitor.send(SIGN_IN, cle=device.get(options(visitor)), **typed)
    return visitor


def confirm(visitor, address, device, password=PASSWORD):
    """Answer the page that asks for password and code with password and passkey."""
    assert "Confirmez que c’est vous" in visitor.text
    proof = device.get(options(visitor))
    return visitor.send(address, preuve_mot_de_passe=password, preuve_code=proof)


def test_a_passkey_is_added_listed_and_signs_in(app, bruno):
    device = add(bruno)
    assert "La clé d’accès est ajoutée" in bruno.text
    assert f"« {NAME} »" in bruno.text.replace("\xa0", " ")
    assert "jamais utilisée" in bruno.text
    visitor = come_in(app, device, suite="/moderation/dossiers")
    assert visitor.answer.headers["Location"] == "/moderation/dossiers"
    assert visitor.get("/moderation").status_code == 200
    visitor.get(ACCOUNT)
    assert "utilisée pour la dernière fois le" in visitor.text
    # The browser is known, as after a sign-in by password.
    assert "reconnaît 2 navigateurs" in visitor.text


def test_a_grave_act_asks_for_the_password_after_a_sign_in_by_passkey(app, bruno):
    device = add(bruno)
    visitor = come_in(app, device)
    visitor.get(ACCOUNT)
    assert visitor.send(CODES).status_code == 403
    confirm(visitor, CODES, device, "un autre mot de passe")
    assert visitor.answer.status_code == 403
    assert "Le mot de passe ou le code n’est pas le bon" in visitor.text
    confirm(visitor, CODES, device)
    assert "Vos codes de secours" in visitor.text


def test_a_refused_passkey_is_told_beside_the_code_and_does_nothing(app, bruno, advance_time):
    device = add(bruno)
    advance_time(timedelta(minutes=11))
    bruno.get(ACCOUNT)
    bruno.send(CODES)
    device.origin = "http://elsewhere.test"
    confirm(bruno, CODES, device)
    assert bruno.answer.status_code == 403
    assert bruno.form(CODES).invalid == ["preuve_code"]
    assert device.credential_id.hex() not in bruno.text


def test_the_password_is_changed_with_a_passkey_in_the_place_of_the_code(app, bruno):
    device = add(bruno)
    page = "/compte/mot-de-passe"
    bruno.get(page)
    answer = device.get(options(bruno))
    typed = {"mot_de_passe": PASSWORD, "nouveau_mot_de_passe": "quatre mots sans rapport aucun"}
    falsified = answer.replace(device.user_handle, "AAAA")
    bruno.send(page, code_a_usage_unique=falsified, **typed)
    assert bruno.answer.status_code == 409
    assert "Cette clé d’accès n’ouvre aucun compte" in bruno.text
    bruno.send(page, code_a_usage_unique=device.get(options(bruno)), **typed)
    assert bruno.answer.headers["Location"] == ACCOUNT


def test_the_page_of_a_wrong_password_does_not_repeat_the_code(bruno):
    page, typed = "/compte/mot-de-passe", {"nouveau_mot_de_passe": "quatre mots sans rapport aucun"}
    bruno.get(page)
    bruno.send(page, mot_de_passe="mot-de-passe-faux", code_a_usage_unique="123987", **typed)
    assert bruno.answer.status_code == 403
    assert 'name="code_a_usage_unique"' in bruno.answer.text
    assert "123987" not in bruno.answer.text


def test_a_passkey_is_removed_after_password_and_proof(app, bruno, advance_time):
    device, other = add(bruno), add(bruno, "téléphone")
    lost = come_in(app, device)
    advance_time(timedelta(minutes=11))
    bruno.get(ACCOUNT)
    [first, *_others] = [form.action for form in bruno.page.forms if "/retirer" in form.action]
    bruno.send(first)
    assert bruno.answer.status_code == 403
    confirm(bruno, first, other)
    bruno.follow()
    assert "La clé d’accès est retirée" in bruno.text
    assert NAME not in bruno.text
    assert lost.get(ACCOUNT).status_code == 303, "the session of the lost device is closed"
    refused = come_in(app, device)
    assert refused.answer.status_code == 422
    assert "Cette clé d’accès n’ouvre aucun compte" in refused.text
    assert come_in(app, other).answer.status_code == 303


def test_recovery_codes_open_the_account_when_all_passkeys_are_lost(app, cast, phone, bruno):
    add(bruno)
    visitor = sign_in(app, cast.email("bruno"), code=phone.codes[0])
    assert visitor.answer.status_code == 303


def test_a_challenge_belongs_to_the_browser_that_asked_and_is_taken_once(app, bruno):
    device = add(bruno)
    visitor, other = FormClient(app), FormClient(app)
    visitor.get(SIGN_IN)
    answer = device.get(options(visitor))
    other.get(SIGN_IN)
    other.send(SIGN_IN, cle=answer)
    assert other.answer.status_code == 422
    assert "La demande a expiré" in other.text
    visitor.send(SIGN_IN, cle=answer)
    assert visitor.answer.status_code == 303
    # A copy of the cookie, as it was before.
    copied = FormClient(app)
    copied.get(SIGN_IN)
    options(copied)
    with copied.client.session_transaction() as session:
        session["defi"] = (b"x" * 32, session["defi"][1])
    copied.send(SIGN_IN, cle=answer)
    assert copied.answer.status_code == 422


def test_a_passkey_is_made_only_by_a_member_who_has_just_confirmed(app, bruno, advance_time):
    bruno.get(ACCOUNT)
    assert challenge(bruno, creer="1").status_code == 200
    stranger = FormClient(app)
    stranger.get(SIGN_IN)
    assert challenge(stranger, creer="1").status_code == 403
    stranger.get(SIGN_IN)
    assert challenge(stranger).status_code == 200
    assert stranger.post(CHALLENGE).status_code == 403, "without the token of a form"
    advance_time(timedelta(minutes=11))
    bruno.get(ACCOUNT)
    assert challenge(bruno, creer="1").status_code == 403
    bruno.get(ACCOUNT)
    bruno.send(NEW)
    assert "Confirmez que c’est vous" in bruno.text


def test_options_reveal_no_account_to_a_stranger(app, bruno):
    add(bruno)
    stranger = FormClient(app)
    stranger.get(SIGN_IN)
    parsed = json.loads(options(stranger))
    assert parsed["allowCredentials"] == []
    assert stranger.client.get_cookie("registre").http_only


def test_a_form_without_a_passkey_or_a_name_comes_back_with_a_sentence(bruno):
    bruno.get(ACCOUNT)
    bruno.send(NEW)
    bruno.send(ADD, nom=NAME)
    assert bruno.answer.status_code == 409
    assert "La demande a expiré" in bruno.text
    bruno.send(ADD, nom="", cle=SoftwareAuthenticator().create(options(bruno, creer="1")))
    assert bruno.answer.status_code == 422
    assert bruno.form(ADD).invalid == ["nom"]
    device = SoftwareAuthenticator(host="elsewhere.test")
    bruno.send(ADD, nom=NAME, cle=device.create(options(bruno, creer="1")))
    assert bruno.answer.status_code == 409
    assert "n’a pas pu être vérifiée" in bruno.text


@pytest.mark.parametrize("host", ["127.0.0.1:5000", "[::1]:5000"])
def test_no_passkey_is_offered_or_taken_at_another_address(app, cast, phone, bruno, host):
    device = add(bruno)
    visitor = FormClient(app)
    there = {"base_url": f"http://{host}/"}
    page = visitor.get(SIGN_IN, **there).get_data(as_text=True)
    assert "clé d’accès" not in page
    token = dict(visitor.page.forms[0].fields)["csrf_token"]
    assert visitor.post(CHALLENGE, {"csrf_token": token}, **there).status_code == 403
    answer = {"csrf_token": token, "cle": device.get('{"challenge": "AAAA"}')}
    visitor.post(SIGN_IN, answer, **there)
    assert "ne sert qu’à l’adresse publique du registre" in visitor.text


def test_a_stranger_reaches_no_page_of_passkeys(app):
    visitor = FormClient(app)
    visitor.get(SIGN_IN)
    for address in (NEW, ADD, f"{ADD}/1/retirer"):
        assert visitor.post(address, {"nom": NAME}).status_code in (303, 403)


def test_sign_ins_by_passkey_count_for_the_rate_of_their_source(make_app):
    app = make_app(rate_limits=True)
    visitor = FormClient(app)
    for _count in range(30):
        visitor.get(SIGN_IN)
        visitor.send(SIGN_IN, cle="{}")
        assert visitor.answer.status_code == 422
    visitor.send(SIGN_IN, cle="{}")
    assert visitor.answer.status_code == 429


def test_a_mail_says_that_a_passkey_came_or_went_and_not_which(make_app, cast, telephone):
    app = make_app(mail_url="smtp://127.0.0.1:1025", mail_from="registre@register.test")
    phone = telephone(app, cast.bruno)
    bruno = sign_in(app, cast.email("bruno"), code=phone.code())
    add(bruno)
    removal = next(form.action for form in bruno.page.forms if "/retirer" in form.action)
    bruno.send(removal)
    add(bruno)
    ada_phone = telephone(app, cast.ada)
    ada = sign_in(app, cast.email("ada"), code=ada_phone.code())
    ada.get("/moderation/membres")
    ada.send(f"/moderation/membres/{cast.bruno}/seconde-preuve")
    assert ada.answer.status_code == 303
    with app.app_context():
        mails = db.session.scalars(select(OutgoingMail)).all()
        kinds = [(mail.kind, mail.member_id) for mail in mails]
        assert kinds == [("passkey", cast.bruno)] * 4
