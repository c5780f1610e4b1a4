"""The second factor: set up before anything else, shown once, changed and renewed."""

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


def secret_of(visitor):
    """The secret as somebody types it by hand."""
    [told] = re.findall(r"\b(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}\b", visitor.text)
    return told.replace(" ", "")


def code_of(secret):
    left = 30 - time.time() % 30
    if left < 3:
        time.sleep(left)
    return pyotp.TOTP(secret).now()


def member(member_id):
    db.session.rollback()
    db.session.expire_all()
    return db.session.get(Member, member_id)


@pytest.fixture
def bruno(strict, cast):
    """Bruno, who has just signed in for the first time."""
    return sign_in(strict, cast.email("bruno"))


@pytest.mark.parametrize(
    "address", ["/moderation", "/compte", "/compte/mot-de-passe", "/moderation/x"]
)
def test_nothing_opens_without_a_second_factor(bruno, address):
    assert bruno.get(address).headers["Location"] == FACTOR
    assert bruno.post(address, {"a": "b"}).status_code in (303, 403)


def test_signing_out_works_without_a_second_factor(bruno):
    bruno.get(FACTOR)
    bruno.send("/compte/deconnexion")
    # What the browser cached of the desk goes with the session.
    assert bruno.answer.headers["Clear-Site-Data"] == '"cache"'
    assert bruno.get(FACTOR).headers["Location"].startswith("/compte/connexion")


def test_a_factor_is_set_up_with_one_code_and_recovery_codes_are_shown_once(strict, cast, bruno):
    bruno.get(FACTOR)
    assert "<svg" in bruno.answer.get_data(as_text=True)
    assert "style=" not in bruno.answer.get_data(as_text=True)
    secret = secret_of(bruno)
    assert member(cast.bruno).totp_secret is None, "nothing is kept before the first code"
    used = code_of(secret)
    bruno.send(FACTOR, code_a_usage_unique=f"{used[:3]} {used[3:]}")
    codes = CODES.findall(bruno.text)
    assert len(set(codes)) == 10
    kept = member(cast.bruno)
    assert kept.has_factor
    assert secret.encode() not in kept.totp_secret
    assert bruno.get(FACTOR).status_code == 303
    assert bruno.get("/compte").status_code == 200
    assert "Il vous en reste dix" in bruno.text
    assert codes[0] not in bruno.text
    # The code that set it up was its first use.
    email = cast.email("bruno")
    assert sign_in(strict, email, code=used).answer.status_code == 422
    assert sign_in(strict, email).answer.status_code == 422
    assert sign_in(strict, email, code=codes[0].upper()).answer.status_code == 303
    assert sign_in(strict, email, code=codes[0]).answer.status_code == 422, "it stood in once"


def test_a_wrong_code_changes_nothing_and_keeps_the_secret(cast, bruno):
    bruno.get(FACTOR)
    secret = secret_of(bruno)
    for wrong in ("000000", "", "abc", "٣" * 6):
        bruno.send(FACTOR, code_a_usage_unique=wrong)
        assert bruno.answer.status_code == 422
        assert secret_of(bruno) == secret, "else the telephone would have to begin again"
    assert not member(cast.bruno).has_factor
    bruno.send(FACTOR, code_a_usage_unique=code_of(secret))
    assert bruno.answer.status_code == 200


def test_the_waiting_secret_is_closed_in_the_cookie_and_bound_to_the_session(strict, cast, bruno):
    bruno.get(FACTOR)
    secret = secret_of(bruno)
    kept = bruno.cookie("registre")
    signer = strict.session_interface.get_signing_serializer(strict)
    opened = signer.loads(kept)
    assert secret not in str(opened)
    # Somebody who plants a secret of theirs in another session's cookie plants nothing.
    chloe = sign_in(strict, cast.email("chloe"))
    with chloe.client.session_transaction() as session:
        session["preuve"] = opened["preuve"]
    chloe.get(FACTOR)
    assert secret_of(chloe) != secret


def test_what_was_written_survives_the_setting_up(strict, cast, bruno):
    """A factor that was taken away while somebody wrote costs them nothing."""
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
    bruno.send(FACTOR, code_a_usage_unique=code_of(secret_of(bruno)))
    assert CODES.search(bruno.text)
    assert ("texte", "une note") in bruno.form("/moderation/dossiers/1/notes").fields


def test_codes_are_renewed_and_the_former_ones_worth_nothing(app, cast, telephone):
    phone = telephone(app, cast.bruno)
    bruno = sign_in(app, cast.email("bruno"), code=phone.code())
    bruno.get("/compte")
    bruno.send("/compte/codes")
    made = CODES.findall(bruno.text)
    assert len(made) == 10
    assert not set(made) & set(phone.codes)
    assert sign_in(app, cast.email("bruno"), code=phone.codes[0]).answer.status_code == 422
    assert sign_in(app, cast.email("bruno"), code=made[0]).answer.status_code == 303


def test_no_codes_without_a_second_factor(app, cast):
    bruno = sign_in(app, cast.email("bruno"))
    bruno.get("/compte")
    token = dict(bruno.form("/compte/deconnexion").fields)["csrf_token"]
    assert bruno.post("/compte/codes", {"csrf_token": token}).status_code == 409


def test_another_telephone_takes_over_once_it_has_given_a_code(app, cast, telephone):
    phone = telephone(app, cast.bruno)
    bruno = sign_in(app, cast.email("bruno"), code=phone.code())
    bruno.get("/compte")
    bruno.send("/compte/seconde-preuve/changer")
    bruno.follow()
    secret = secret_of(bruno)
    assert secret != phone.secret
    # Until then the old one holds.
    assert sign_in(app, cast.email("bruno"), code=phone.code()).answer.status_code == 303
    bruno.send(FACTOR, code_a_usage_unique=code_of(secret))
    assert len(CODES.findall(bruno.text)) == 10
    assert sign_in(app, cast.email("bruno"), code=phone.code()).answer.status_code == 422


def test_the_telephone_of_somebody_else_is_not_ours(app, cast, telephone):
    phone, other = telephone(app, cast.bruno), telephone(app, cast.chloe)
    assert sign_in(app, cast.email("bruno"), code=other.code()).answer.status_code == 422
    assert sign_in(app, cast.email("bruno"), code=phone.code()).answer.status_code == 303


def test_a_stranger_sees_no_secret(strict):
    stranger = FormClient(strict)
    assert stranger.get(FACTOR).status_code == 303
    assert "svg" not in stranger.answer.get_data(as_text=True)
