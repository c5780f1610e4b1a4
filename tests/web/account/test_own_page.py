"""The member's own account: closing sessions, changing the password."""

from __future__ import annotations

import pytest
from form_client import PASSWORD, FormClient, sign_in

pytestmark = pytest.mark.one_database

NEW_PASSWORD = "cinq girafes bleues nagent"
PASSWORD_PAGE = "/compte/mot-de-passe"


def test_sessions_are_listed_and_closed_one_by_one(app, cast):
    browser, other_browser = sign_in(app, cast.email("bruno")), sign_in(app, cast.email("bruno"))
    browser.get("/compte")
    assert browser.text.count("Celle-ci") == 1
    assert browser.text.count("Une autre") == 1
    [form] = [
        form
        for form in browser.page.forms
        if form.action.endswith("/fermer") and "seances/fermer" not in form.action
    ]
    browser.send(form.action)
    browser.follow()
    assert "La séance est fermée" in browser.text
    assert "Une autre" not in browser.text
    assert other_browser.get("/compte").status_code == 303
    assert browser.get("/compte").status_code == 200


def test_a_session_gets_a_name_that_its_browser_keeps(app, cast):
    telephone, office = sign_in(app, cast.email("bruno")), sign_in(app, cast.email("bruno"))
    for visitor, session, name in ((telephone, 1, " téléphone "), (office, 2, "bureau de Lyon")):
        visitor.get("/compte")
        visitor.send(f"/compte/seances/{session}/nommer", nom=name)
    telephone.get("/compte")
    text = telephone.text.replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "Celle-ci, « téléphone »" in text
    assert "Fermer la séance « bureau de Lyon »" in text
    # Signed in again in the same browser, and in another one.
    telephone.get("/compte")
    telephone.send("/compte/deconnexion")
    sign_in(app, cast.email("bruno"), visitor=telephone).get("/compte")
    assert "Celle-ci, « téléphone »" in telephone.text.replace("\N{NARROW NO-BREAK SPACE}", " ")
    other = sign_in(app, cast.email("bruno"))
    other.get("/compte")
    assert "Celle-ci, «" not in other.text
    # A name that is too long, and the session of somebody else.
    form = dict(other.form("/compte/deconnexion").fields)
    other.post("/compte/seances/3/nommer", {**form, "nom": "x" * 41})
    other.follow()
    assert "Ce nom est trop long" in other.text
    ada = sign_in(app, cast.email("ada"))
    ada.get("/compte")
    form = dict(ada.form("/compte/deconnexion").fields)
    ada.post("/compte/seances/1/nommer", {**form, "nom": "à moi"})
    other.get("/compte")
    assert "à moi" not in other.text


def test_all_other_sessions_are_closed_at_once(app, cast):
    browsers = [sign_in(app, cast.email("bruno")) for _ in range(3)]
    chloe = sign_in(app, cast.email("chloe"))
    browsers[0].get("/compte")
    browsers[0].send("/compte/seances/fermer")
    assert [browser.get("/compte").status_code for browser in browsers] == [200, 303, 303]
    assert chloe.get("/compte").status_code == 200


def test_a_member_cannot_close_the_sessions_of_another(app, cast):
    bruno, chloe = sign_in(app, cast.email("bruno")), sign_in(app, cast.email("chloe"))
    bruno.get("/compte")
    token = dict(bruno.form("/compte/deconnexion").fields)["csrf_token"]
    for session in range(1, 6):
        if bruno.get("/compte").status_code == 200:
            bruno.post(f"/compte/seances/{session}/fermer", {"csrf_token": token})
    assert chloe.get("/compte").status_code == 200


def change_password(visitor, old=PASSWORD, new=NEW_PASSWORD, code=""):
    visitor.get(PASSWORD_PAGE)
    typed = {"mot_de_passe": old, "nouveau_mot_de_passe": new}
    if code:
        typed["code_a_usage_unique"] = code
    return visitor.send(PASSWORD_PAGE, **typed)


def test_a_new_password_closes_the_other_sessions(app, cast):
    browser, other_browser = sign_in(app, cast.email("bruno")), sign_in(app, cast.email("bruno"))
    assert change_password(browser).status_code == 303
    browser.follow()
    assert "Votre mot de passe est changé" in browser.text
    assert other_browser.get("/compte").status_code == 303
    assert sign_in(app, cast.email("bruno")).answer.status_code == 422
    assert sign_in(app, cast.email("bruno"), NEW_PASSWORD).answer.status_code == 303


def test_a_change_of_password_requires_the_current_one(app, cast):
    bruno = sign_in(app, cast.email("bruno"))
    assert change_password(bruno, old="quelque-chose-de-faux").status_code == 403
    assert NEW_PASSWORD not in bruno.answer.get_data(as_text=True)
    assert sign_in(app, cast.email("bruno"), NEW_PASSWORD).answer.status_code == 422


def test_a_change_of_password_requires_a_code_too(app, cast, telephone):
    phone = telephone(app, cast.bruno)
    bruno = sign_in(app, cast.email("bruno"), code=phone.code())
    assert change_password(bruno).status_code == 403
    assert change_password(bruno, code=phone.code()).status_code == 303


@pytest.mark.parametrize("new", ["", "court", "motdepasse2024", "x" * 300])
def test_an_invalid_password_changes_nothing(app, cast, new):
    browser, other_browser = sign_in(app, cast.email("bruno")), sign_in(app, cast.email("bruno"))
    assert change_password(browser, new=new).status_code == 422
    assert 'href="#nouveau_mot_de_passe"' in browser.answer.get_data(as_text=True)
    assert other_browser.get("/compte").status_code == 200
    assert sign_in(app, cast.email("bruno")).answer.status_code == 303


def test_a_stranger_is_sent_to_sign_in(app):
    for address in ("/compte", PASSWORD_PAGE):
        assert FormClient(app).get(address).status_code == 303
