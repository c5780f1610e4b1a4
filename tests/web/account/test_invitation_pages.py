"""Open an account by a link: once, within a week, and by nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cast import AT
from form_client import FormClient, sign_in

from register.accounts import acts as accounts
from register.accounts import invitations
from register.accounts.models import Role
from register.db import now
from register.journal import writing

pytestmark = pytest.mark.one_database

GOOD = "quatre chats verts dansent"


@pytest.fixture
def link(app, cast):
    """``link()``: Ada's invitation to Fanny, made now or at another moment."""

    def make(at=None, role=Role.MODERATOR, email="fanny@register.test"):
        with writing(at=at) as pen:
            token = invitations.invite(pen, email, role, by=cast.ada)
        return f"/compte/invitation/{token}"

    return make


def accept(visitor, link, name="Fanny", password=GOOD):
    visitor.get(link)
    told = dict(visitor.page.forms[-1].fields)
    told |= {"nom": name, "nouveau_mot_de_passe": password}
    return visitor.post(link, told)


def test_the_page_names_inviter_role_and_last_day(app, link):
    fanny = FormClient(app)
    assert fanny.get(link()).status_code == 200
    for told in ("ada", "fanny@register.test", "Modération", "une fois, jusqu’au"):
        assert told in fanny.text, told


def test_an_invitation_opens_an_account_once_and_leads_to_the_desk(app, link):
    address = link()
    fanny = FormClient(app)
    assert accept(fanny, address).status_code == 303
    assert fanny.answer.headers["Location"] == "/moderation"
    assert fanny.get("/compte").status_code == 200
    assert "Fanny" in fanny.text
    other = FormClient(app)
    assert other.get(address).status_code == 404
    assert "n’ouvre rien" in other.text
    assert sign_in(app, "fanny@register.test", GOOD).answer.status_code == 303


def test_the_second_factor_comes_first_where_one_is_needed(strict, link):
    fanny = FormClient(strict)
    accept(fanny, link())
    fanny.follow()
    assert fanny.answer.headers["Location"] == "/compte/seconde-preuve"


def test_used_old_unknown_and_taken_back_links_are_one_page(app, link, cast, session):
    old = link(at=now() - timedelta(days=8), email="old@register.test")
    used = link(email="used@register.test")
    accept(FormClient(app), used)
    replaced = link()
    link()
    back = link(email="back@register.test")
    with writing() as pen:
        [found] = [one for one in invitations.pending(pen.session, now()) if "back" in one.email]
        invitations.revoke(pen, found.id, by=cast.ada)
    pages = set()
    for address in (
        old,
        used,
        replaced,
        back,
        "/compte/invitation/nothing",
        "/compte/invitation/é",
    ):
        answer = FormClient(app).get(address)
        assert answer.status_code == 404
        pages.add(answer.get_data())
    assert len(pages) == 1


def test_a_link_works_no_more_once_its_maker_is_shut_out(app, link, cast):
    address = link()
    with writing() as pen:
        accounts.set_role(pen, cast.chloe, Role.ADMINISTRATOR)
        accounts.disable_member(pen, cast.ada)
    assert FormClient(app).get(address).status_code == 404


@pytest.mark.parametrize(
    ("name", "password", "said", "field"),
    [
        ("", GOOD, "doit être rempli", "nom"),
        ("Fanny", "", "doit être rempli", "nouveau_mot_de_passe"),
        ("Fanny", "bref-peu", "12 caractères au moins", "nouveau_mot_de_passe"),
        ("Fanny", "x" * 300, "256 caractères au plus", "nouveau_mot_de_passe"),
        ("Fanny", "motdepasse2024", "que l’on essaie d’abord", "nouveau_mot_de_passe"),
        ("Fanny", "fanny aime les chats verts", "parle", "nouveau_mot_de_passe"),
        ("F" * 200, GOOD, "80 caractères", "nom"),
    ],
)
def test_a_refused_value_is_reported_at_its_field(app, link, name, password, said, field):
    fanny = FormClient(app)
    answer = accept(fanny, link(), name, password)
    assert answer.status_code == 422
    body = answer.get_data(as_text=True)
    assert said in fanny.text
    assert f'href="#{field}"' in body
    assert not password or password not in body
    assert not name or name in body


def test_the_first_invitation_asks_for_the_address(app):
    with writing() as pen:
        token = invitations.invite_first_administrator(pen)
    link = f"/compte/invitation/{token}"
    first = FormClient(app)
    first.get(link)
    assert "la personne qui a installé le registre" in first.text
    told = dict(first.page.forms[-1].fields) | {"nom": "Ada", "nouveau_mot_de_passe": GOOD}
    assert first.post(link, told).status_code == 422
    assert first.post(link, told | {"adresse": "pas une adresse"}).status_code == 422
    assert first.post(link, told | {"adresse": "ada@register.test"}).status_code == 303
    first.get("/compte")
    assert "Administration" in first.text


def test_an_address_of_an_invitation_cannot_be_chosen(app, link):
    fanny = FormClient(app)
    address = link()
    fanny.get(address)
    told = dict(fanny.page.forms[-1].fields) | {"nom": "Eve", "nouveau_mot_de_passe": GOOD}
    fanny.post(address, told | {"adresse": "eve@register.test"})
    fanny.get("/compte")
    assert "fanny@register.test" in fanny.text


def test_a_form_without_our_token_opens_nothing(app, link):
    address = link()
    fanny = FormClient(app)
    answer = fanny.post(address, {"nom": "Fanny", "nouveau_mot_de_passe": GOOD})
    assert answer.status_code == 403
    assert 'value="Fanny"' in answer.get_data(as_text=True), "the name is kept"
    assert accept(fanny, address).status_code == 303


def test_a_link_of_the_past_is_of_its_time(app, link):
    """A week from then, not from now."""
    assert FormClient(app).get(link(at=AT)).status_code == 404
    assert FormClient(app).get(link(at=now() - timedelta(days=6))).status_code == 200
