"""Accounts opened by an invitation link: once, within a week."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cast import AT
from form_client import FormClient, sign_in

from register.accounts import acts as accounts
from register.accounts import one_use_links
from register.accounts.models import MemberInvitation, Role
from register.db import now
from register.journal import writing

pytestmark = pytest.mark.one_database

PASSWORD = "quatre chats verts dansent"


@pytest.fixture
def make_link(app, cast):
    """``make_link()``: the path of a new invitation from Ada to Fanny."""

    def make_invitation(at=None, role=Role.MODERATOR, email="fanny@register.test"):
        with writing(at=at) as pen:
            token = one_use_links.invite(pen, email, role, by=cast.ada)
        return f"/compte/invitation/{token}"

    return make_invitation


def accept(visitor, make_link, name="Fanny", password=PASSWORD):
    visitor.get(make_link)
    form = dict(visitor.page.forms[-1].fields)
    form |= {"nom": name, "nouveau_mot_de_passe": password}
    return visitor.post(make_link, form)


def test_the_page_names_inviter_role_and_last_day(app, make_link):
    fanny = FormClient(app)
    assert fanny.get(make_link()).status_code == 200
    for expected in ("ada", "fanny@register.test", "Modération", "une fois, jusqu’au"):
        assert expected in fanny.text, expected


def test_an_invitation_opens_an_account_once_and_leads_to_the_desk(app, make_link):
    address = make_link()
    fanny = FormClient(app)
    assert accept(fanny, address).status_code == 303
    assert fanny.answer.headers["Location"] == "/moderation"
    assert fanny.get("/compte").status_code == 200
    assert "Fanny" in fanny.text
    other_visitor = FormClient(app)
    assert other_visitor.get(address).status_code == 404
    assert "n’ouvre rien" in other_visitor.text
    assert sign_in(app, "fanny@register.test", PASSWORD).answer.status_code == 303


def test_the_second_factor_comes_first_where_one_is_needed(app_with_factor, make_link):
    fanny = FormClient(app_with_factor)
    accept(fanny, make_link())
    fanny.follow()
    assert fanny.answer.headers["Location"] == "/compte/seconde-preuve"


def test_used_expired_unknown_and_revoked_links_get_the_same_page(app, make_link, cast, session):
    expired = make_link(at=now() - timedelta(days=8), email="old@register.test")
    used = make_link(email="used@register.test")
    accept(FormClient(app), used)
    replaced = make_link()
    make_link()
    revoked = make_link(email="back@register.test")
    with writing() as pen:
        [invitation] = [
            pending
            for pending in one_use_links.pending(pen.session, MemberInvitation, now())
            if "back" in pending.email
        ]
        one_use_links.revoke(pen, invitation.id, by=cast.ada)
    pages = set()
    for address in (
        expired,
        used,
        replaced,
        revoked,
        "/compte/invitation/nothing",
        "/compte/invitation/é",
    ):
        response = FormClient(app).get(address)
        assert response.status_code == 404
        pages.add(response.get_data())
    assert len(pages) == 1


def test_a_link_is_invalid_once_its_inviter_is_disabled(app, make_link, cast):
    address = make_link()
    with writing() as pen:
        accounts.set_role(pen, cast.chloe, Role.ADMINISTRATOR)
        accounts.disable_member(pen, cast.ada)
    assert FormClient(app).get(address).status_code == 404


@pytest.mark.parametrize(
    ("name", "password", "error", "field"),
    [
        ("", PASSWORD, "doit être rempli", "nom"),
        ("Fanny", "", "doit être rempli", "nouveau_mot_de_passe"),
        ("Fanny", "bref-peu", "12 caractères au moins", "nouveau_mot_de_passe"),
        ("Fanny", "x" * 300, "256 caractères au plus", "nouveau_mot_de_passe"),
        ("Fanny", "motdepasse2024", "que l’on essaie d’abord", "nouveau_mot_de_passe"),
        ("Fanny", "fanny aime les chats verts", "parle", "nouveau_mot_de_passe"),
        ("F" * 200, PASSWORD, "80 caractères", "nom"),
    ],
)
def test_a_refused_value_is_reported_at_its_field(app, make_link, name, password, error, field):
    fanny = FormClient(app)
    response = accept(fanny, make_link(), name, password)
    assert response.status_code == 422
    html = response.get_data(as_text=True)
    assert error in fanny.text
    assert f'href="#{field}"' in html
    assert not password or password not in html
    assert not name or name in html


def test_the_first_invitation_asks_for_the_address(app):
    with writing() as pen:
        token = one_use_links.invite_first_administrator(pen)
    make_link = f"/compte/invitation/{token}"
    visitor = FormClient(app)
    visitor.get(make_link)
    assert "la personne qui a installé le registre" in visitor.text
    form = dict(visitor.page.forms[-1].fields) | {"nom": "Ada", "nouveau_mot_de_passe": PASSWORD}
    assert visitor.post(make_link, form).status_code == 422
    assert visitor.post(make_link, form | {"adresse": "pas une adresse"}).status_code == 422
    assert visitor.post(make_link, form | {"adresse": "ada@register.test"}).status_code == 303
    visitor.get("/compte")
    assert "Administration" in visitor.text


def test_an_address_of_an_invitation_cannot_be_chosen(app, make_link):
    fanny = FormClient(app)
    address = make_link()
    fanny.get(address)
    form = dict(fanny.page.forms[-1].fields) | {"nom": "Eve", "nouveau_mot_de_passe": PASSWORD}
    fanny.post(address, form | {"adresse": "eve@register.test"})
    fanny.get("/compte")
    assert "fanny@register.test" in fanny.text


def test_an_invitation_without_a_csrf_token_opens_no_account(app, make_link):
    address = make_link()
    fanny = FormClient(app)
    response = fanny.post(address, {"nom": "Fanny", "nouveau_mot_de_passe": PASSWORD})
    assert response.status_code == 403
    assert 'value="Fanny"' in response.get_data(as_text=True), "the name is kept"
    assert accept(fanny, address).status_code == 303


def test_a_link_expires_a_week_after_its_creation(app, make_link):
    """The week is counted from the invitation."""
    assert FormClient(app).get(make_link(at=AT)).status_code == 404
    assert FormClient(app).get(make_link(at=now() - timedelta(days=6))).status_code == 200
