"""Pages of a link to choose a new password: made by an administrator, used by the member."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from form_client import PASSWORD, FormClient, sign_in

from register.accounts import one_use_links
from register.journal import writing

pytestmark = pytest.mark.one_database

NEW_PASSWORD = "cinq girafes bleues nagent"
ROSTER = "/moderation/membres"


@pytest.fixture
def make_link(cast):
    """``make_link()``: the path of a new link from Ada to Bruno."""

    def make():
        with writing() as pen:
            token = one_use_links.make_link(pen, cast.bruno, by=cast.ada)
        return f"/compte/nouveau-mot-de-passe/{token}"

    return make


def choose(visitor, address, password=NEW_PASSWORD, code=""):
    visitor.get(address)
    fields = dict(visitor.page.forms[-1].fields)
    fields |= {"nouveau_mot_de_passe": password, "code_a_usage_unique": code}
    return visitor.post(address, fields)


def test_an_administrator_makes_a_link_that_one_page_shows(app, cast):
    ada = sign_in(app, cast.email("ada"))
    ada.get(ROSTER)
    assert f"{ROSTER}/{cast.ada}/mot-de-passe" not in [form.action for form in ada.page.forms]
    ada.send(f"{ROSTER}/{cast.bruno}/mot-de-passe")
    html = ada.answer.get_data(as_text=True)
    [link] = set(re.findall(r"http://127\.0\.0\.1:5000(/compte/nouveau-mot-de-passe/[\w-]+)", html))
    ada.get(ROSTER)
    assert link not in ada.answer.get_data(as_text=True)
    assert "Un lien de mot de passe préparé par ada attend" in ada.text
    # Whoever did not ask for it sees it on their own page.
    bruno = sign_in(app, cast.email("bruno"))
    bruno.get("/compte")
    assert "ada a préparé le" in bruno.text
    [revoke_path] = [
        form.action for form in bruno.page.forms if form.action.startswith("/compte/liens/")
    ]
    bruno.send(revoke_path)
    bruno.follow()
    assert "Le lien est repris" in bruno.text
    assert FormClient(app).get(link).status_code == 404
    assert ada.send(f"{ROSTER}/liens/1/reprendre").status_code == 409


def test_a_member_cannot_revoke_the_link_of_another(app, cast, make_link):
    address = make_link()
    chloe = sign_in(app, cast.email("chloe"))
    chloe.get("/compte")
    token = dict(chloe.form("/compte/deconnexion").fields)["csrf_token"]
    assert chloe.post("/compte/liens/1/reprendre", {"csrf_token": token}).status_code == 409
    assert FormClient(app).get(address).status_code == 200


def test_the_former_password_works_until_the_link_is_used(app, cast, make_link):
    address = make_link()
    browser = sign_in(app, cast.email("bruno"))
    assert browser.get("/compte").status_code == 200
    visitor = FormClient(app)
    for password, reason in (("court", "caractères"), ("bruno-bruno-2026", "bruno")):
        assert choose(visitor, address, password).status_code == 422
        assert reason in visitor.text
    choose(visitor, address)
    assert (visitor.answer.status_code, visitor.answer.location) == (303, "/compte")
    visitor.follow()
    assert "Votre mot de passe est changé" in visitor.text
    assert browser.get("/compte").status_code == 303
    assert "La connexion n’a pas abouti" in sign_in(app, cast.email("bruno"), PASSWORD).text
    assert sign_in(app, cast.email("bruno"), NEW_PASSWORD).answer.status_code == 303
    again = FormClient(app)
    assert again.get(address).status_code == 404
    assert "n’ouvre rien" in again.text


def test_a_form_of_another_browser_comes_back(app, make_link):
    address = make_link()
    visitor = FormClient(app)
    assert visitor.post(address, {"nouveau_mot_de_passe": NEW_PASSWORD}).status_code == 403
    assert "ouverte trop tôt" in visitor.text
    assert visitor.post("/compte/nouveau-mot-de-passe/x", {}).status_code == 404


def test_the_second_factor_is_asked_and_each_code_works_once(
    app_with_factor, cast, telephone, make_link
):
    phone = telephone(app_with_factor, cast.bruno)
    address = make_link()
    visitor = FormClient(app_with_factor)
    used = phone.code()
    sign_in(app_with_factor, cast.email("bruno"), code=used)
    for code in ("", "000000", used):
        assert choose(visitor, address, code=code).status_code == 403, code
        assert "Ce code n’est pas le bon" in visitor.text
    # A refused password does not use up the code.
    code = phone.code()
    assert choose(visitor, address, "court", code).status_code == 422
    assert choose(visitor, address, code=code).status_code == 303
    assert visitor.get("/compte").status_code == 200
    other = make_link()
    assert choose(FormClient(app_with_factor), other, code=phone.codes[0]).status_code == 303


def test_ten_wrong_codes_lock_the_link_for_a_while(app_with_factor, cast, telephone, make_link):
    phone = telephone(app_with_factor, cast.bruno)
    visitor, address = FormClient(app_with_factor), make_link()
    for _ in range(10):
        choose(visitor, address, code="000000")
    assert choose(visitor, address, code=phone.code()).status_code == 403


def test_without_a_second_factor_it_is_set_up_next(app_with_factor, make_link):
    visitor = FormClient(app_with_factor)
    choose(visitor, make_link())
    visitor.follow()
    assert visitor.answer.location == "/compte/seconde-preuve"


def test_an_expired_link_opens_nothing(app, cast, make_link, monkeypatch):
    monkeypatch.setattr(one_use_links, "PASSWORD_LINK_LIFETIME", timedelta(0))
    assert FormClient(app).get(make_link()).status_code == 404
