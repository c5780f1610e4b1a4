"""Pages of members: invitations, roles, disabled accounts, second factors, confirmation."""

from __future__ import annotations

import re

import pytest
from form_client import PASSWORD, FormClient, sign_in

from register.accounts import one_use_links
from register.accounts.models import Member, Role
from register.db import db
from register.journal import Act, Ledger, writing
from register.journal.models import JournalEntry

pytestmark = pytest.mark.one_database

ROSTER = "/moderation/membres"
INVITE = f"{ROSTER}/invitations"


def desk_acts():
    """All acts of the desk ledger, in order."""
    db.session.rollback()
    acts_of_desk = db.select(JournalEntry.act).where(JournalEntry.ledger == Ledger.DESK.value)
    return list(db.session.scalars(acts_of_desk.order_by(JournalEntry.seq)))


def load_member(member_id):
    db.session.rollback()
    return db.session.get(Member, member_id, populate_existing=True)


@pytest.fixture
def ada(app, cast):
    """Ada, who has just signed in."""
    visitor = sign_in(app, cast.email("ada"))
    visitor.get(ROSTER)
    return visitor


def test_members_are_listed_with_role_and_state(ada):
    for expected in ("bruno@register.test", "Modération", "Administration", "sans seconde preuve"):
        assert expected in ada.text
    assert "compte fermé le" in ada.text, "Driss"


def test_an_invitation_is_shown_once_and_opens_an_account(app, ada):
    acts_before = desk_acts()
    ada.send(INVITE, adresse="Fanny@Register.test", role="administrator")
    assert ada.answer.status_code == 200
    assert desk_acts() == [*acts_before, Act.MEMBER_INVITED]
    [link] = set(
        re.findall(
            r"http://127\.0\.0\.1:5000(/compte/invitation/[\w-]+)",
            ada.answer.get_data(as_text=True),
        )
    )
    assert FormClient(app).get(link).status_code == 200
    ada.get(ROSTER)
    assert "fanny@register.test" in ada.text
    assert link not in ada.answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("email", "status", "error"),
    [
        ("bruno@register.test", 409, "Un compte existe déjà"),
        ("pas une adresse", 422, "n’est pas une adresse"),
        ("", 422, "doit être rempli"),
        ("<script>alert(1)</script>@register.test", 422, "n’est pas une adresse"),
    ],
)
def test_a_refused_invitation_is_reported_at_its_field(ada, email, status, error):
    acts_before = desk_acts()
    ada.send(INVITE, adresse=email, role="moderator")
    assert ada.answer.status_code == status
    assert error in ada.text
    html = ada.answer.get_data(as_text=True)
    assert 'href="#adresse"' in html
    assert "<script>alert" not in html
    assert desk_acts() == acts_before


@pytest.mark.parametrize("role", ["", "owner"])
def test_an_unknown_role_is_refused(ada, cast, role):
    ada.send(INVITE, adresse="fanny@register.test", role=role)
    assert ada.answer.status_code == 422
    ada.get(ROSTER)
    ada.send(f"{ROSTER}/{cast.bruno}/role", role=role)
    assert ada.answer.status_code == 422
    assert load_member(cast.bruno).role == "moderator"


def test_an_invitation_is_revoked_once(app, ada):
    ada.send(INVITE, adresse="fanny@register.test", role="moderator")
    [link] = set(re.findall(r"(/compte/invitation/[\w-]+)", ada.answer.get_data(as_text=True)))
    ada.get(ROSTER)
    [revoke_path] = [form.action for form in ada.page.forms if form.action.endswith("/reprendre")]
    acts_before = desk_acts()
    form = dict(ada.form(revoke_path).fields)
    ada.send(revoke_path)
    assert ada.answer.status_code == 303
    assert desk_acts() == [*acts_before, Act.MEMBER_UNINVITED]
    assert FormClient(app).get(link).status_code == 404
    assert ada.post(revoke_path, form).status_code == 409
    assert ada.post(f"{INVITE}/99/reprendre", form).status_code == 404


def test_a_role_is_changed(app, ada, cast):
    acts_before = desk_acts()
    ada.send(f"{ROSTER}/{cast.bruno}/role", role="administrator")
    ada.follow()
    assert "Le rôle est changé" in ada.text
    assert desk_acts() == [*acts_before, Act.MEMBER_ROLE]
    assert sign_in(app, cast.email("bruno")).get(ROSTER).status_code == 200


def test_an_account_is_disabled_with_its_sessions_and_enabled_again(app, ada, cast):
    bruno = sign_in(app, cast.email("bruno"))
    acts_before = desk_acts()
    ada.send(f"{ROSTER}/{cast.bruno}/desactiver")
    assert ada.answer.status_code == 303
    assert desk_acts() == [*acts_before, Act.MEMBER_DISABLED]
    assert bruno.get("/compte").status_code == 303
    assert sign_in(app, cast.email("bruno")).answer.status_code == 422
    ada.get(ROSTER)
    ada.send(f"{ROSTER}/{cast.bruno}/rouvrir")
    assert desk_acts() == [*acts_before, Act.MEMBER_DISABLED, Act.MEMBER_ENABLED]
    assert bruno.get("/compte").status_code == 303, "the old cookie stays dead"
    assert sign_in(app, cast.email("bruno")).answer.status_code == 303


@pytest.mark.parametrize(("act", "typed"), [("desactiver", {}), ("role", {"role": "moderator"})])
def test_the_last_administrator_cannot_be_removed(ada, cast, act, typed):
    acts_before = desk_acts()
    ada.send(f"{ROSTER}/{cast.ada}/{act}", **typed)
    assert ada.answer.status_code == 409
    assert "dernier compte d’administration" in ada.text
    assert desk_acts() == acts_before
    assert load_member(cast.ada).is_administrator
    assert ada.get(ROSTER).status_code == 200


def test_an_administrator_who_gives_up_the_role_leaves_the_page(app, ada, cast):
    ada.send(f"{ROSTER}/{cast.bruno}/role", role="administrator")
    ada.get(ROSTER)
    ada.send(f"{ROSTER}/{cast.ada}/role", role="moderator")
    assert ada.answer.headers["Location"] == "/moderation"
    assert ada.get(ROSTER).status_code == 403


def test_a_second_factor_is_reset(app, ada, cast, telephone):
    phone = telephone(app, cast.bruno)
    bruno = sign_in(app, cast.email("bruno"), code=phone.code())
    ada.get(ROSTER)
    assert "seconde preuve en place" in ada.text
    acts_before = desk_acts()
    ada.send(f"{ROSTER}/{cast.bruno}/seconde-preuve")
    assert ada.answer.status_code == 303
    assert desk_acts() == [*acts_before, Act.MEMBER_FACTOR_RESET]
    assert bruno.get("/compte").status_code == 303
    assert sign_in(app, cast.email("bruno"), PASSWORD).answer.status_code == 303


def test_two_administrators_cannot_disable_each_other(app, ada, cast):
    ada.send(f"{ROSTER}/{cast.bruno}/role", role="administrator")
    bruno = sign_in(app, cast.email("bruno"))
    bruno.get(ROSTER)
    ada.get(ROSTER)
    ada.send(f"{ROSTER}/{cast.bruno}/desactiver")
    assert ada.answer.status_code == 303
    bruno.send(f"{ROSTER}/{cast.ada}/desactiver")
    assert bruno.answer.status_code in (303, 403)
    assert load_member(cast.ada).is_active


# --- unconfirmed accounts ----------------------------------------------------------------------


@pytest.fixture
def fanny(cast):
    """Fanny, just invited by Ada: not confirmed yet."""
    with writing() as p:
        token = one_use_links.invite(p, "fanny@register.test", Role.MODERATOR, by=cast.ada)
        return one_use_links.accept(p, token, "Fanny", PASSWORD).id


def test_the_inviter_sees_the_deadline_and_no_button(ada, fanny):
    ada.get(ROSTER)
    assert "pas encore une seconde personne" in ada.text
    assert f"{fanny}/confirmer" not in ada.answer.get_data(as_text=True)


def test_a_moderator_confirms_a_new_account_from_the_home_of_the_desk(app, cast, fanny):
    bruno = sign_in(app, cast.email("bruno"))
    bruno.get("/moderation")
    assert "Comptes à confirmer" in bruno.text
    acts_before = desk_acts()
    bruno.send(f"{ROSTER}/{fanny}/confirmer")
    assert (bruno.answer.status_code, bruno.answer.location) == (303, "/moderation")
    assert desk_acts() == [*acts_before, Act.MEMBER_CONFIRMED]
    bruno.get("/moderation")
    assert "Le compte est confirmé" in bruno.text
    assert "Comptes à confirmer" not in bruno.text


def test_a_new_account_cannot_approve_yet(app, cast, fanny, desk):
    case = desk.ready(justice=True)
    visitor = sign_in(app, "fanny@register.test")
    visitor.get("/moderation")
    assert "Comptes à confirmer" not in visitor.text
    visitor.get(f"/moderation/dossiers/{case.id}/approuver")
    assert "Votre compte est récent" in visitor.text
