"""Second factor: setup, recovery codes, replacement."""

from __future__ import annotations

import re
import time

import pyotp
import pytest
from form_client import PASSWORD, FormClient, sign_in

from register.accounts.models import Member
from register.db import db

pytestmark = pytest.mark.one_database

FACTOR = "/compte/seconde-preuve"
CODES = re.compile(r"\b[a-z2-9]{5}(?:-[a-z2-9]{5}){4}\b")


def shown_secret(visitor):
    """The secret shown for typing by hand."""
    [spaced_secret] = re.findall(r"\b(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}\b", visitor.text)
    return spaced_secret.replace(" ", "")


def current_code(secret):
    seconds_left = 30 - time.time() % 30
    if seconds_left < 3:
        time.sleep(seconds_left)
    return pyotp.TOTP(secret).now()


def load_member(member_id):
    db.session.rollback()
    db.session.expire_all()
    return db.session.get(Member, member_id)


@pytest.fixture
def bruno(app_with_factor, cast):
    """Bruno, who has just signed in for the first time."""
    return sign_in(app_with_factor, cast.email("bruno"))


@pytest.mark.parametrize(
    "address", ["/moderation", "/compte", "/compte/mot-de-passe", "/moderation/x"]
)
def test_nothing_opens_without_a_second_factor(bruno, address):
    assert bruno.get(address).headers["Location"] == FACTOR
    assert bruno.post(address, {"a": "b"}).status_code in (303, 403)


def test_signing_out_works_without_a_second_factor(bruno):
    bruno.get(FACTOR)
    bruno.send("/compte/deconnexion")
    # The browser clears its cache of the desk.
    assert bruno.answer.headers["Clear-Site-Data"] == '"cache"'
    assert bruno.get(FACTOR).headers["Location"].startswith("/compte/connexion")


def test_a_factor_is_set_up_with_one_code_and_recovery_codes_are_shown_once(
    app_with_factor, cast, bruno
):
    bruno.get(FACTOR)
    assert "<svg" in bruno.answer.get_data(as_text=True)
    assert "style=" not in bruno.answer.get_data(as_text=True)
    secret = shown_secret(bruno)
    assert load_member(cast.bruno).totp_secret is None, "nothing is kept before the first code"
    used_code = current_code(secret)
    bruno.send(FACTOR, code_a_usage_unique=f"{used_code[:3]} {used_code[3:]}")
    codes = CODES.findall(bruno.text)
    assert len(set(codes)) == 10
    member = load_member(cast.bruno)
    assert member.has_factor
    assert secret.encode() not in member.totp_secret
    assert bruno.get(FACTOR).status_code == 303
    assert bruno.get("/compte").status_code == 200
    assert "Il vous en reste dix" in bruno.text
    assert codes[0] not in bruno.text
    # The setup code is used up.
    email = cast.email("bruno")
    assert sign_in(app_with_factor, email, code=used_code).answer.status_code == 422
    assert sign_in(app_with_factor, email).answer.status_code == 422
    assert sign_in(app_with_factor, email, code=codes[0].upper()).answer.status_code == 303
    assert sign_in(app_with_factor, email, code=codes[0]).answer.status_code == 422, (
        "it stood in once"
    )


def test_a_wrong_code_changes_nothing_and_keeps_the_secret(cast, bruno):
    bruno.get(FACTOR)
    secret = shown_secret(bruno)
    for wrong in ("000000", "", "abc", "٣" * 6):
        bruno.send(FACTOR, code_a_usage_unique=wrong)
        assert bruno.answer.status_code == 422
        assert shown_secret(bruno) == secret, "else the telephone would have to begin again"
    assert not load_member(cast.bruno).has_factor
    bruno.send(FACTOR, code_a_usage_unique=current_code(secret))
    assert bruno.answer.status_code == 200


def test_the_secret_of_the_setup_is_encrypted_and_bound_to_the_session(
    app_with_factor, cast, bruno
):
    bruno.get(FACTOR)
    secret = shown_secret(bruno)
    cookie = bruno.cookie("registre")
    signer = app_with_factor.session_interface.get_signing_serializer(app_with_factor)
    cookie_content = signer.loads(cookie)
    assert secret not in str(cookie_content)
    # A secret copied into the cookie of another session is ignored.
    chloe = sign_in(app_with_factor, cast.email("chloe"))
    with chloe.client.session_transaction() as session:
        session["preuve"] = cookie_content["preuve"]
    chloe.get(FACTOR)
    assert shown_secret(chloe) != secret


def test_a_form_survives_the_setup_of_a_factor(app_with_factor, cast, bruno):
    """Even if the factor was removed while the member was writing."""
    bruno.get(FACTOR)
    token = dict(bruno.form("/compte/deconnexion").fields)["csrf_token"]
    bruno.send("/compte/deconnexion")
    origin = {"Origin": "http://localhost"}
    bruno.post(
        "/moderation/dossiers/1/notes", {"texte": "une note", "csrf_token": token}, headers=origin
    )
    bruno.send("/compte/connexion", adresse=cast.email("bruno"), mot_de_passe=PASSWORD)
    assert bruno.answer.status_code == 200
    bruno.send(FACTOR, code_a_usage_unique="000000")
    bruno.send(FACTOR, code_a_usage_unique=current_code(shown_secret(bruno)))
    assert CODES.search(bruno.text)
    assert ("texte", "une note") in bruno.form("/moderation/dossiers/1/notes").fields


def test_new_recovery_codes_replace_the_old_ones(app, cast, telephone):
    phone = telephone(app, cast.bruno)
    bruno = sign_in(app, cast.email("bruno"), code=phone.code())
    bruno.get("/compte")
    bruno.send("/compte/codes")
    new_codes = CODES.findall(bruno.text)
    assert len(new_codes) == 10
    assert not set(new_codes) & set(phone.codes)
    assert sign_in(app, cast.email("bruno"), code=phone.codes[0]).answer.status_code == 422
    assert sign_in(app, cast.email("bruno"), code=new_codes[0]).answer.status_code == 303


def test_no_codes_without_a_second_factor(app, cast):
    bruno = sign_in(app, cast.email("bruno"))
    bruno.get("/compte")
    token = dict(bruno.form("/compte/deconnexion").fields)["csrf_token"]
    assert bruno.post("/compte/codes", {"csrf_token": token}).status_code == 409


def test_a_new_telephone_replaces_the_old_one_after_its_first_code(app, cast, telephone):
    phone = telephone(app, cast.bruno)
    bruno = sign_in(app, cast.email("bruno"), code=phone.code())
    bruno.get("/compte")
    bruno.send("/compte/seconde-preuve/changer")
    bruno.follow()
    secret = shown_secret(bruno)
    assert secret != phone.secret
    # Until then the old telephone is valid.
    assert sign_in(app, cast.email("bruno"), code=phone.code()).answer.status_code == 303
    bruno.send(FACTOR, code_a_usage_unique=current_code(secret))
    assert len(CODES.findall(bruno.text)) == 10
    assert sign_in(app, cast.email("bruno"), code=phone.code()).answer.status_code == 422


def test_a_code_of_another_members_telephone_is_refused(app, cast, telephone):
    phone, other = telephone(app, cast.bruno), telephone(app, cast.chloe)
    assert sign_in(app, cast.email("bruno"), code=other.code()).answer.status_code == 422
    assert sign_in(app, cast.email("bruno"), code=phone.code()).answer.status_code == 303


def test_a_stranger_sees_no_secret(app_with_factor):
    stranger = FormClient(app_with_factor)
    assert stranger.get(FACTOR).status_code == 303
    assert "svg" not in stranger.answer.get_data(as_text=True)
