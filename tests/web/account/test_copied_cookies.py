"""Copies of a session cookie are invalid after sign-out or reauthentication."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from form_client import PASSWORD, FormClient, sign_in

pytestmark = pytest.mark.one_database

NEW = "cinq girafes bleues nagent"
ROSTER = "/moderation/membres"


@pytest.fixture
def copy_browser(app):
    """``copy_browser(visitor)``: another browser with the current cookie of a visitor."""

    def make_copy(visitor):
        thief = FormClient(app)
        thief.client.set_cookie("registre", visitor.cookie("registre"))
        assert thief.get("/compte").status_code == 200
        return thief

    return make_copy


def test_signing_out_ends_copied_cookies(app, cast, copy_browser):
    bruno = sign_in(app, cast.email("bruno"))
    thief = copy_browser(bruno)
    bruno.get("/compte")
    bruno.send("/compte/deconnexion")
    assert bruno.answer.status_code == 303
    assert thief.get("/compte").status_code == 303


def test_a_new_password_ends_copied_cookies(app, cast, copy_browser):
    bruno = sign_in(app, cast.email("bruno"))
    thief = copy_browser(bruno)
    bruno.get("/compte/mot-de-passe")
    bruno.send("/compte/mot-de-passe", mot_de_passe=PASSWORD, nouveau_mot_de_passe=NEW)
    assert bruno.answer.status_code == 303
    assert thief.get("/compte").status_code == 303
    assert bruno.get("/compte").status_code == 200


def test_reauthentication_for_a_grave_act_ends_copied_cookies(
    app, cast, copy_browser, advance_time
):
    ada = sign_in(app, cast.email("ada"))
    thief = copy_browser(ada)
    advance_time(timedelta(minutes=11))
    ada.get(ROSTER)
    ada.send(f"{ROSTER}/invitations", adresse="eve@register.test", role="moderator")
    assert ada.answer.status_code == 403
    assert thief.get("/compte").status_code == 200, "nothing was proved yet"
    ada.send(f"{ROSTER}/invitations", preuve_mot_de_passe=PASSWORD)
    assert ada.answer.status_code == 200
    assert thief.get("/compte").status_code == 303
    assert ada.get("/compte").status_code == 200


def test_a_new_second_factor_ends_copied_cookies_and_other_sessions(app, cast, copy_browser):
    bruno, other_browser = sign_in(app, cast.email("bruno")), sign_in(app, cast.email("bruno"))
    bruno.get("/compte/seconde-preuve")
    thief = copy_browser(bruno)
    secret = "".join(bruno.answer.get_data(as_text=True).partition("secret=")[2][:32])
    bruno.send("/compte/seconde-preuve", code_a_usage_unique=pyotp.TOTP(secret).now())
    assert bruno.answer.status_code == 200
    assert "codes de secours" in bruno.text.lower()
    assert thief.get("/compte").status_code == 303
    assert other_browser.get("/compte").status_code == 303
    assert bruno.get("/compte").status_code == 200


def test_new_recovery_codes_end_copied_cookies(app, cast, copy_browser, telephone):
    phone = telephone(app, cast.bruno)
    bruno = sign_in(app, cast.email("bruno"), code=phone.code())
    thief = copy_browser(bruno)
    bruno.get("/compte")
    bruno.send("/compte/codes")
    assert bruno.answer.status_code == 200
    assert thief.get("/compte").status_code == 303
    assert bruno.get("/compte").status_code == 200


def test_an_administrator_ends_the_sessions_of_another_member(app, cast):
    browsers = [sign_in(app, cast.email("bruno")) for _ in range(2)]
    ada = sign_in(app, cast.email("ada"))
    ada.get(ROSTER)
    ada.send(f"{ROSTER}/{cast.bruno}/seances")
    ada.follow()
    assert "Les séances de ce membre sont fermées" in ada.text
    assert [browser.get("/compte").status_code for browser in browsers] == [303, 303]
    assert ada.get("/moderation").status_code == 200
    assert "a fermé les séances de bruno" in ada.text


def test_the_home_shows_sign_ins_of_the_own_account_and_to_administrators_of_all(app, cast):
    sign_in(app, cast.email("chloe"))
    sign_in(app, cast.email("chloe"), "quelque-chose-de-faux")
    sign_in(app, cast.email("chloe"), "quelque-chose-de-faux")
    bruno, ada, chloe = (sign_in(app, cast.email(name)) for name in ("bruno", "ada", "chloe"))
    for visitor in (bruno, ada, chloe):
        visitor.get("/moderation")
    assert "Chloe" not in bruno.text
    assert "échoué" not in bruno.text
    assert "Bruno a ouvert une séance" in bruno.text
    assert "Bruno a ouvert une séance" in ada.text
    assert "Chloe a ouvert une séance" in ada.text
    assert "2 connexions au compte de chloe ont échoué" in ada.text
    assert "2 connexions à votre compte ont échoué" in chloe.text
