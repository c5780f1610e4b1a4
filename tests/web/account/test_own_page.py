"""One's own account: sessions that can be closed, a password that ends the others."""

from __future__ import annotations

import pytest
from form_client import PASSWORD, FormClient, sign_in

pytestmark = pytest.mark.one_database

NEW = "cinq girafes bleues nagent"
CHANGE = "/compte/mot-de-passe"


def test_sessions_are_listed_and_closed_one_by_one(app, cast):
    here, there = sign_in(app, cast.email("bruno")), sign_in(app, cast.email("bruno"))
    here.get("/compte")
    assert here.text.count("Celle-ci") == 1
    assert here.text.count("Une autre") == 1
    [form] = [
        form
        for form in here.page.forms
        if form.action.endswith("/fermer") and "seances/fermer" not in form.action
    ]
    here.send(form.action)
    here.follow()
    assert "La séance est fermée" in here.text
    assert "Une autre" not in here.text
    assert there.get("/compte").status_code == 303
    assert here.get("/compte").status_code == 200


def test_all_others_are_closed_at_once(app, cast):
    browsers = [sign_in(app, cast.email("bruno")) for _ in range(3)]
    chloe = sign_in(app, cast.email("chloe"))
    browsers[0].get("/compte")
    browsers[0].send("/compte/seances/fermer")
    assert [browser.get("/compte").status_code for browser in browsers] == [200, 303, 303]
    assert chloe.get("/compte").status_code == 200


def test_nobody_closes_the_session_of_somebody_else(app, cast):
    bruno, chloe = sign_in(app, cast.email("bruno")), sign_in(app, cast.email("chloe"))
    bruno.get("/compte")
    token = dict(bruno.form("/compte/deconnexion").fields)["csrf_token"]
    for session in range(1, 6):
        if bruno.get("/compte").status_code == 200:
            bruno.post(f"/compte/seances/{session}/fermer", {"csrf_token": token})
    assert chloe.get("/compte").status_code == 200


def change(visitor, old=PASSWORD, new=NEW, code=""):
    visitor.get(CHANGE)
    typed = {"mot_de_passe": old, "nouveau_mot_de_passe": new}
    if code:
        typed["code_a_usage_unique"] = code
    return visitor.send(CHANGE, **typed)


def test_another_password_ends_the_other_sessions(app, cast):
    here, there = sign_in(app, cast.email("bruno")), sign_in(app, cast.email("bruno"))
    assert change(here).status_code == 303
    here.follow()
    assert "Votre mot de passe est changé" in here.text
    assert there.get("/compte").status_code == 303
    assert sign_in(app, cast.email("bruno")).answer.status_code == 422
    assert sign_in(app, cast.email("bruno"), NEW).answer.status_code == 303


def test_the_password_of_now_is_asked_for_whatever_was_confirmed(app, cast):
    bruno = sign_in(app, cast.email("bruno"))
    assert change(bruno, old="quelque-chose-de-faux").status_code == 403
    assert NEW not in bruno.answer.get_data(as_text=True)
    assert sign_in(app, cast.email("bruno"), NEW).answer.status_code == 422


def test_the_code_is_asked_for_too(app, cast, telephone):
    phone = telephone(app, cast.bruno)
    bruno = sign_in(app, cast.email("bruno"), code=phone.code())
    assert change(bruno).status_code == 403
    assert change(bruno, code=phone.code()).status_code == 303


@pytest.mark.parametrize("new", ["", "court", "motdepasse2024", "x" * 300])
def test_a_password_that_cannot_be_changes_nothing(app, cast, new):
    here, there = sign_in(app, cast.email("bruno")), sign_in(app, cast.email("bruno"))
    assert change(here, new=new).status_code == 422
    assert 'href="#nouveau_mot_de_passe"' in here.answer.get_data(as_text=True)
    assert there.get("/compte").status_code == 200
    assert sign_in(app, cast.email("bruno")).answer.status_code == 303


def test_a_stranger_is_shown_no_account(app):
    for address in ("/compte", CHANGE):
        assert FormClient(app).get(address).status_code == 303
