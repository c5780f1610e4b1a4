"""Links to choose a new password: once, within two days, by the member that they are for."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cast import AT
from ledger_lines import lines_since
from sqlalchemy import func, select

from register.accounts import acts as accounts
from register.accounts import one_use_links, passwords, sessions, vouching
from register.accounts.models import Member, PasswordLink, Role
from register.cases.verify import verify
from register.errors import Invalid, NotFound, Refused, RegisterError
from register.journal import Ledger, writing

PASSWORD = "une-tout-autre-phrase"
DAY = timedelta(days=1)

pytestmark = pytest.mark.one_database


@pytest.fixture
def token(pen, cast):
    """Ada has made a link for Bruno."""
    with pen() as p:
        return one_use_links.make_link(p, cast.bruno, by=cast.ada)


def _refused(pen, kind, act, *arguments, at=AT, **keywords):
    with pytest.raises(kind) as refused, pen(at) as p:
        act(p, *arguments, **keywords)
    return refused.value.key


def _lines(session):
    session.rollback()
    return [
        (line.act, line.member_id, json.loads(line.private_json))
        for line in lines_since(session, 0, Ledger.DESK)
    ]


def _is_valid(session, token, at=AT):
    session.rollback()
    try:
        return bool(one_use_links.find(session, PasswordLink, token, at))
    except NotFound:
        return False


def test_a_link_sets_the_password_ends_all_sessions_and_delays_vouching(pen, session, cast, token):
    with pen() as p:
        sessions.sign_in(p, cast.bruno)
        before = p.session.get_one(Member, cast.bruno).password_hash
    link = one_use_links.member_link(session, cast.bruno, AT)
    assert (link.made_by, link.expires_at) == (cast.ada, AT + 2 * DAY)
    assert one_use_links.pending(session, PasswordLink, AT) == [link]
    assert token.encode() not in link.token_hash
    with pen(AT + DAY) as p:
        one_use_links.use_link(p, token, PASSWORD)
    session.rollback()
    bruno = session.get_one(Member, cast.bruno)
    assert bruno.password_hash != before
    assert passwords.matches(bruno.password_hash, PASSWORD)
    assert sessions.list_sessions(session, cast.bruno, AT) == []
    assert not vouching.vouches(bruno, AT + 2 * DAY)
    assert vouching.vouches(bruno, AT + 8 * DAY)
    ada, chloe = (session.get_one(Member, member) for member in (cast.ada, cast.chloe))
    # The one who made the link may have used it, and is no second person for what Bruno writes.
    assert not vouching.may_second(ada, bruno, AT + DAY)
    assert vouching.may_second(chloe, bruno, AT + DAY)
    assert list(verify(session)) == []


def test_the_lines_name_both_members_and_no_secret(pen, session, cast, token):
    with pen() as p:
        one_use_links.use_link(p, token, PASSWORD)
    made, used = _lines(session)[-2:]
    assert made[:2] == ("member_password_link", cast.ada)
    assert (made[2]["member"], made[2]["link"]) == (cast.bruno, 1)
    assert used[:2] == ("member_password", cast.bruno)
    assert (used[2]["link"], used[2]["vouches_from"][:10]) == (1, "2026-03-09")
    assert not any(word in str((made, used)) for word in (token, PASSWORD, "register.test"))


def test_a_link_works_once_and_a_new_one_replaces_it(pen, session, cast, token):
    with pen() as p:
        newer = one_use_links.make_link(p, cast.bruno, by=cast.ada)
    assert (_is_valid(session, token), _is_valid(session, newer)) == (False, True)
    assert _refused(pen, NotFound, one_use_links.use_link, token, PASSWORD) == "invitation_unknown"
    with pen() as p:
        one_use_links.use_link(p, newer, PASSWORD)
    assert _refused(pen, NotFound, one_use_links.use_link, newer, PASSWORD) == "invitation_unknown"


def test_of_eight_concurrent_uses_of_a_link_one_sets_the_password(engine, session, cast, token):
    def use(number):
        try:
            with writing(engine, AT) as p:
                return one_use_links.use_link(p, token, f"{PASSWORD}-{number}").id
        except RegisterError as error:
            return error.key

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(use, range(8)))
    assert outcomes.count("invitation_unknown") == 7
    used = select(func.count()).where(PasswordLink.closed_at.is_not(None))
    assert (outcomes.count(cast.bruno), session.scalar(used)) == (1, 1)


def test_a_link_ends_with_its_term_its_maker_or_another_change(pen, session, cast, token):
    assert _is_valid(session, token, AT + 2 * DAY - timedelta(seconds=1))
    assert not _is_valid(session, token, AT + 2 * DAY)
    assert not _is_valid(session, "\udcff")
    with pen() as p:
        accounts.set_role(p, cast.chloe, Role.ADMINISTRATOR, by=None)
        accounts.set_role(p, cast.ada, Role.MODERATOR, by=None)
    assert not _is_valid(session, token)
    with pen() as p:
        accounts.set_role(p, cast.ada, Role.ADMINISTRATOR, by=None)
    assert _is_valid(session, token)
    with pen() as p:
        accounts.disable_member(p, cast.bruno, by=None)
        accounts.enable_member(p, cast.bruno, by=None)
    assert not _is_valid(session, token)
    with pen() as p:
        token = one_use_links.make_link(p, cast.bruno, by=cast.ada)
        accounts.change_password(p, cast.bruno, PASSWORD)
    assert not _is_valid(session, token)


def test_an_administrator_or_the_member_revokes_a_link_once(pen, session, cast, token):
    make, revoke = one_use_links.make_link, one_use_links.revoke_link
    assert _refused(pen, Refused, revoke, 1, by=cast.chloe) == "member_administrators_only"
    with pen() as p:
        revoke(p, 1, by=cast.bruno)
    assert not _is_valid(session, token)
    assert _refused(pen, Refused, revoke, 1, by=cast.bruno) == "invitation_over"
    with pen() as p:
        token = make(p, cast.bruno, by=cast.ada)
    assert _refused(pen, Refused, revoke, 2, by=cast.ada, at=AT + 2 * DAY) == "invitation_over"
    with pen() as p:
        revoke(p, 2, by=cast.ada)
    revoked = _lines(session)[-1]
    assert revoked[:2] == ("member_link_revoked", cast.ada)
    assert revoked[2]["member"] == cast.bruno


def test_who_may_make_a_link_and_for_whom(pen, cast):
    make = one_use_links.make_link
    assert _refused(pen, Refused, make, cast.chloe, by=cast.bruno) == "member_administrators_only"
    assert _refused(pen, Refused, make, cast.ada, by=cast.ada) == "own_change"
    assert _refused(pen, Refused, make, cast.driss, by=cast.ada) == "member_disabled"
    assert _refused(pen, NotFound, make, 99, by=cast.ada) == "no_such_row"


def test_a_refused_password_leaves_the_link_open(pen, session, cast, token):
    assert _refused(pen, Invalid, one_use_links.use_link, token, "court") == "password_short"
    assert _is_valid(session, token)
