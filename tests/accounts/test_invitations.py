"""Invitations: one account each, for a week; used and unknown ones get the same refusal."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cast import AT
from ledger_lines import lines_since
from sqlalchemy import func, select

from register.accounts import acts as accounts
from register.accounts import one_use_links, passwords
from register.accounts.models import Member, MemberInvitation, Role
from register.errors import Invalid, NotFound, Refused, RegisterError
from register.journal import Ledger, writing

PASSWORD = "une-tout-autre-phrase"
ADDRESS = "amina@register.test"
DAY = timedelta(days=1)

pytestmark = pytest.mark.one_database


def _lines(session):
    session.rollback()
    return [
        (line.act, line.member_id, json.loads(line.private_json))
        for line in lines_since(session, 0, Ledger.DESK)
    ]


def _refused(pen, kind, act, *arguments, at=AT, **keywords):
    with pytest.raises(kind) as refused, pen(at) as p:
        act(p, *arguments, **keywords)
    return refused.value.key


@pytest.fixture
def token(pen, cast):
    """Ada has invited Amina to moderate."""
    with pen() as p:
        return one_use_links.invite(p, f" {ADDRESS.upper()} ", Role.MODERATOR, by=cast.ada)


def test_an_invitation_opens_an_account(pen, session, cast, token):
    invitation = one_use_links.find(session, MemberInvitation, token, AT)
    assert (invitation.email, invitation.role, invitation.invited_by) == (
        ADDRESS,
        "moderator",
        cast.ada,
    )
    assert invitation.expires_at == AT + 7 * DAY
    session.rollback()
    with pen(AT + DAY) as p:
        member = one_use_links.accept(p, token, "  Amina\u202e ", PASSWORD)
    amina = accounts.find_by_email(session, ADDRESS)
    assert (amina.id, amina.name, amina.role) == (member.id, "Amina", "moderator")
    assert amina.created_at == AT + DAY
    assert passwords.matches(amina.password_hash, PASSWORD)
    assert not amina.has_factor


def test_journal_lines_of_invitations_contain_no_name_or_address(pen, session, cast, token):
    with pen() as p:
        member = one_use_links.accept(p, token, "Amina", PASSWORD)
    invited, added = _lines(session)[-2:]
    assert invited[:2] == ("member_invited", cast.ada)
    assert (invited[2]["invitation"], invited[2]["role"]) == (1, "moderator")
    assert added[:2] == ("member_added", member.id)
    assert (added[2]["invitation"], added[2]["member"]) == (1, member.id)
    lines = str((invited, added)).casefold()
    assert not any(word in lines for word in ("amina", "register.test", token))


def test_the_token_of_an_invitation_is_stored_nowhere(pen, session, token):
    (row,) = session.scalars(select(MemberInvitation)).all()
    assert token.encode() not in row.token_hash
    assert len(token) >= 43


def test_an_invitation_opens_one_account_only(pen, session, token):
    with pen() as p:
        one_use_links.accept(p, token, "Amina", PASSWORD)
    again = _refused(pen, NotFound, one_use_links.accept, token, "Amina", PASSWORD)
    assert again == "invitation_unknown"
    with pytest.raises(NotFound):
        one_use_links.find(session, MemberInvitation, token, AT)
    assert one_use_links.pending(session, MemberInvitation, AT) == []


def test_of_eight_concurrent_uses_of_an_invitation_one_opens_an_account(engine, session, token):
    def accept(_):
        try:
            with writing(engine, AT) as p:
                return one_use_links.accept(p, token, "Amina", PASSWORD).id
        except RegisterError as error:
            return error.key

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(accept, range(8)))
    assert results.count("invitation_unknown") == 7
    assert session.scalar(select(func.count()).where(Member.email == ADDRESS)) == 1


def test_a_refused_registration_leaves_the_invitation_open(pen, session, token):
    for arguments, key in (
        (("Amina", "court"), "password_short"),
        (("Amina", "motdepasse2026"), "password_common"),
        (("Amina", "amina-amina-2026"), "password_yours"),
        (("x" * 81, PASSWORD), "member_name"),
    ):
        assert _refused(pen, Invalid, one_use_links.accept, token, *arguments) == key
    assert one_use_links.find(session, MemberInvitation, token, AT).email == ADDRESS


@pytest.mark.parametrize(
    ("after", "opens"), [(timedelta(0), True), (7 * DAY - timedelta(seconds=1), True)]
)
def test_an_invitation_lasts_a_week(session, token, after, opens):
    assert one_use_links.find(session, MemberInvitation, token, AT + after)


def test_an_invitation_expires_after_a_week(pen, session, token):
    late = AT + 7 * DAY
    with pytest.raises(NotFound):
        one_use_links.find(session, MemberInvitation, token, late)
    arguments = (token, "Amina", PASSWORD)
    assert (
        _refused(pen, NotFound, one_use_links.accept, *arguments, at=late) == "invitation_unknown"
    )
    assert one_use_links.pending(session, MemberInvitation, late) == []


@pytest.mark.parametrize("unknown", ["", "x", "é\ud800\0", "0" * 100_000])
def test_an_unknown_invitation_is_answered_like_an_expired_one(session, token, unknown):
    with pytest.raises(NotFound) as refused:
        one_use_links.find(session, MemberInvitation, unknown, AT)
    assert (refused.value.key, refused.value.values) == ("invitation_unknown", {})


def test_a_revoked_invitation_is_unknown(pen, session, cast, token):
    with pen() as p:
        one_use_links.revoke(p, 1, by=cast.ada)
    assert _lines(session)[-1][:2] == ("member_uninvited", cast.ada)
    with pytest.raises(NotFound):
        one_use_links.find(session, MemberInvitation, token, AT)
    take_back = one_use_links.revoke
    assert _refused(pen, Refused, take_back, 1, by=cast.ada) == "invitation_over"
    assert _refused(pen, NotFound, take_back, 99, by=cast.ada) == "no_such_row"


def test_a_second_invitation_replaces_the_first(pen, session, cast, token):
    with pen() as p:
        second = one_use_links.invite(p, ADDRESS, Role.ADMINISTRATOR, by=cast.ada)
        other = one_use_links.invite(p, "zoe@register.test", Role.MODERATOR, by=cast.ada)
    with pytest.raises(NotFound):
        one_use_links.find(session, MemberInvitation, token, AT)
    assert one_use_links.find(session, MemberInvitation, second, AT).role == "administrator"
    assert one_use_links.find(session, MemberInvitation, other, AT).email == "zoe@register.test"
    assert [row.id for row in one_use_links.pending(session, MemberInvitation, AT)] == [3, 2]


@pytest.mark.parametrize("name", ["bruno", "driss"])
def test_a_member_is_not_invited_again(pen, cast, name):
    arguments = (cast.email(name), Role.MODERATOR)
    assert _refused(pen, Refused, one_use_links.invite, *arguments, by=cast.ada) == "member_exists"


def test_an_invitation_is_refused_once_the_console_added_the_account(pen, token):
    with pen() as p:
        accounts.add_member(p, ADDRESS, Role.MODERATOR, PASSWORD)
    arguments = (token, "Amina", PASSWORD)
    assert _refused(pen, Refused, one_use_links.accept, *arguments) == "member_exists"


@pytest.mark.parametrize("email", ["", "amina", "amina@", "a b@register.test"])
def test_an_invitation_to_an_invalid_address_is_refused(pen, cast, email):
    arguments = (email, Role.MODERATOR)
    assert _refused(pen, Invalid, one_use_links.invite, *arguments, by=cast.ada) == "member_email"


@pytest.mark.parametrize(
    ("name", "key"), [("bruno", "member_administrators_only"), ("driss", "member_may_not_act")]
)
def test_only_administrators_invite_and_revoke(pen, cast, token, name, key):
    by = getattr(cast, name)
    arguments = ("zoe@register.test", Role.MODERATOR)
    assert _refused(pen, Refused, one_use_links.invite, *arguments, by=by) == key
    assert _refused(pen, Refused, one_use_links.revoke, 1, by=by) == key


@pytest.mark.parametrize("how", ["disabled", "moderator"])
def test_an_invitation_ends_with_its_authors_right_to_invite(pen, session, cast, token, how):
    with pen() as p:
        accounts.add_member(p, "zoe@register.test", Role.ADMINISTRATOR, PASSWORD)
        if how == "disabled":
            accounts.disable_member(p, cast.ada)
        else:
            accounts.set_role(p, cast.ada, Role.MODERATOR)
    with pytest.raises(NotFound):
        one_use_links.find(session, MemberInvitation, token, AT)
    assert one_use_links.pending(session, MemberInvitation, AT) == []


# --- the first administrator --------------------------------------------------------------------


def test_the_first_invitation_is_for_any_address(pen, session):
    with pen() as p:
        token = one_use_links.invite_first_administrator(p)
    invitation = one_use_links.find(session, MemberInvitation, token, AT)
    assert (invitation.email, invitation.role, invitation.invited_by) == ("", "administrator", None)
    arguments = (token, "Ada", PASSWORD)
    assert _refused(pen, Invalid, one_use_links.accept, *arguments) == "member_email"
    with pen() as p:
        ada = one_use_links.accept(p, token, "Ada", PASSWORD, email="Ada@register.test")
    assert (ada.email, ada.is_administrator) == ("ada@register.test", True)
    assert _refused(pen, Refused, one_use_links.invite_first_administrator) == "member_not_first"


def test_a_lost_first_invitation_is_issued_again(pen, session):
    with pen() as p:
        lost_token = one_use_links.invite_first_administrator(p)
    with pen() as p:
        new_token = one_use_links.invite_first_administrator(p)
    with pytest.raises(NotFound):
        one_use_links.find(session, MemberInvitation, lost_token, AT)
    assert one_use_links.find(session, MemberInvitation, new_token, AT)


def test_an_invitation_opens_an_account_at_its_own_address_only(pen, session, token):
    with pen() as p:
        member = one_use_links.accept(p, token, "Amina", PASSWORD, email="zoe@register.test")
    assert member.email == ADDRESS
