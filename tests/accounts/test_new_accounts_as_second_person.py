"""New and reset accounts are no second person for a week, unless another member confirms them."""

from __future__ import annotations

import json
from datetime import timedelta

import attested_acts as acts
import pytest
from cast import AT
from ledger_lines import lines_since
from sqlalchemy import update
from sqlalchemy.orm import Session

from register.accounts import acts as accounts
from register.accounts import one_use_links
from register.accounts.models import Member, Role
from register.cases.checklist import ATTESTATIONS
from register.cases.verify import verify
from register.db import write_engine
from register.errors import Incomplete, Refused
from register.journal import Ledger

PASSWORD = "une-tout-autre-phrase"
SOON = AT + timedelta(minutes=5)
WEEK = AT + timedelta(days=7)

pytestmark = pytest.mark.one_database


def _open_account(pen, by, name="fanny", role=Role.ADMINISTRATOR):
    """The id of an account opened by an invitation of a member."""
    with pen() as p:
        token = one_use_links.invite(p, f"{name}@register.test", role, by=by)
        return one_use_links.accept(p, token, name, PASSWORD).id


def _publish(pen, draft_id, by, at=SOON):
    with pen(at) as p:
        acts.publish(p, draft_id, by=by, reason="lu", attested=ATTESTATIONS, flag_reasons="lu")


def _draft_lawsuit(pen, content, by):
    with pen() as p:
        incident = acts.draft(p, content(justice=True), by=by, reason="r")
        acts.invite(p, incident.id, "courriel", by=by)
        return incident.id


def _refused(pen, act, *arguments, at=SOON, **keywords):
    with pytest.raises(Refused) as refused, pen(at) as p:
        act(p, *arguments, **keywords)
    return refused.value.key


def _confirm(p, member, by):
    from register.accounts import vouching

    vouching.confirm_member(p, member, by=by)


@pytest.mark.parametrize("purpose", ["publish", "erase"])
def test_an_account_invited_a_moment_ago_approves_nothing(pen, cast, content, purpose):
    fanny = _open_account(pen, cast.ada)
    draft_id = _draft_lawsuit(pen, content, cast.ada)
    assert _refused(pen, acts.approve, draft_id, by=fanny, purpose=purpose) == (
        "member_vouches_later"
    )


def test_the_inviter_of_the_author_cannot_approve(pen, cast, content):
    fanny = _open_account(pen, cast.ada)
    draft_id = _draft_lawsuit(pen, content, fanny)
    assert _refused(pen, acts.approve, draft_id, by=cast.ada) == "own_invitation"


def test_the_inviter_of_the_publisher_is_not_a_second_person(pen, cast, content):
    fanny = _open_account(pen, cast.ada)
    draft_id = _draft_lawsuit(pen, content, cast.bruno)
    with pen() as p:
        acts.approve(p, draft_id, by=cast.ada)
    with pytest.raises(Incomplete) as refused:
        _publish(pen, draft_id, fanny)
    assert [line.code for line in refused.value.values["lines"]] == ["second"]
    with pen(SOON) as p:
        acts.approve(p, draft_id, by=cast.chloe)
    _publish(pen, draft_id, fanny)


def test_an_erasure_needs_somebody_other_than_the_inviter(pen, cast, desk):
    case, fanny = desk.published(), _open_account(pen, cast.ada)
    with pen() as p:
        acts.approve(p, case.id, by=cast.ada, purpose="erase")
    refused = _refused(pen, acts.erase, case.id, by=fanny, restriction="donnee_personnelle")
    assert refused == "second_person_missing"


def test_seven_days_later_the_account_is_a_second_person(pen, cast, content):
    fanny = _open_account(pen, cast.ada)
    draft_id = _draft_lawsuit(pen, content, cast.ada)
    with pen(WEEK) as p:
        acts.approve(p, draft_id, by=fanny)
    _publish(pen, draft_id, cast.ada, WEEK)


@pytest.mark.parametrize(
    ("by", "refused"),
    [
        ("bruno", ""),
        ("", ""),
        ("ada", "own_invitation"),
        ("fanny", "member_vouches_later"),
        ("gaelle", "member_vouches_later"),
        ("driss", "member_may_not_act"),
    ],
    ids=lambda text: text or "-",
)
def test_a_new_account_is_confirmed_by_another_vouching_member_or_the_console(
    pen, session, cast, content, by, refused
):
    fanny, gaelle = _open_account(pen, cast.ada), _open_account(pen, cast.ada, "gaelle")
    ids = {"fanny": fanny, "gaelle": gaelle, "": None}
    member_id = ids[by] if by in ids else getattr(cast, by)
    if refused:
        assert _refused(pen, _confirm, fanny, member_id) == refused
        return
    with pen(SOON) as p:
        _confirm(p, fanny, member_id)
    line = list(lines_since(session, 0, Ledger.DESK))[-1]
    assert (line.act, line.member_id) == ("member_confirmed", member_id)
    assert json.loads(line.private_json)["member"] == fanny
    draft_id = _draft_lawsuit(pen, content, cast.ada)
    with pen(SOON) as p:
        acts.approve(p, draft_id, by=fanny)
    session.rollback()
    assert list(verify(session)) == []
    assert _refused(pen, _confirm, fanny, cast.bruno) == "member_vouches"


@pytest.mark.parametrize(
    "change",
    [
        lambda p, _cast, by: one_use_links.invite(p, "x@register.test", Role.MODERATOR, by=by),
        lambda p, cast, by: accounts.reset_factor(p, cast.bruno, by=by),
        lambda p, cast, by: accounts.disable_member(p, cast.bruno, by=by),
        lambda p, cast, by: accounts.enable_member(p, cast.driss, by=by),
        lambda p, cast, by: accounts.set_role(p, cast.bruno, Role.ADMINISTRATOR, by=by),
    ],
    ids=["invite", "factor", "disable", "enable", "role"],
)
def test_a_new_administrator_changes_no_account(pen, cast, change):
    """Otherwise its inviter would open a third account with it, and confirm that one."""
    fanny = _open_account(pen, cast.ada)
    assert _refused(pen, change, cast, fanny) == "member_vouches_later"


@pytest.mark.parametrize("change", ["disabled", "role"])
def test_no_act_of_its_inviter_makes_a_new_account_a_second_person(pen, cast, content, change):
    fanny = _open_account(pen, cast.ada)
    with pen(SOON) as p:
        if change == "disabled":
            accounts.disable_member(p, fanny, by=cast.ada)
            accounts.enable_member(p, fanny, by=cast.ada)
        else:
            accounts.set_role(p, fanny, Role.MODERATOR, by=cast.ada)
    draft_id = _draft_lawsuit(pen, content, cast.ada)
    assert _refused(pen, acts.approve, draft_id, by=fanny) == "member_vouches_later"


@pytest.mark.parametrize("change", ["factor", "enabled", "password"])
def test_an_account_reset_by_an_administrator_is_no_second_person(
    pen, session, cast, content, change
):
    """The administrator may use the account of an absent member themselves."""
    name = "driss" if change == "enabled" else "chloe"
    member_id = getattr(cast, name)
    with pen() as p:
        if change == "factor":
            accounts.set_factor(p, member_id, "A" * 32, bytes(range(32)), [], 1)
            accounts.reset_factor(p, member_id, by=cast.ada)
        elif change == "enabled":
            accounts.enable_member(p, member_id, by=cast.ada)
        else:
            accounts.reset_member(p, member_id, PASSWORD, by=cast.ada)
    draft_id = _draft_lawsuit(pen, content, cast.ada)
    assert _refused(pen, acts.approve, draft_id, by=member_id) == "member_vouches_later"
    assert _refused(pen, _confirm, member_id, cast.ada) == "own_invitation"
    with pen(SOON) as p:
        _confirm(p, member_id, cast.bruno)
        acts.approve(p, draft_id, by=member_id)
    session.rollback()
    assert list(verify(session)) == []


def test_an_inviter_does_not_confirm_after_somebody_else_reset_the_factor(pen, cast):
    fanny = _open_account(pen, cast.ada)
    with pen() as p:
        gaelle = accounts.add_member(p, "gaelle@register.test", Role.ADMINISTRATOR, PASSWORD).id
        accounts.set_factor(p, fanny, "A" * 32, bytes(range(32)), [], 1)
        accounts.reset_factor(p, fanny, by=gaelle)
    assert _refused(pen, _confirm, fanny, cast.ada) == "own_invitation"
    assert _refused(pen, _confirm, fanny, gaelle) == "own_invitation"


def test_an_approval_ends_when_its_account_is_reset(pen, cast, content):
    draft_id = _draft_lawsuit(pen, content, cast.bruno)
    with pen() as p:
        acts.approve(p, draft_id, by=cast.chloe)
        accounts.reset_member(p, cast.chloe, PASSWORD, by=cast.ada)
    with pytest.raises(Incomplete):
        _publish(pen, draft_id, cast.bruno)


def test_accounts_from_the_command_line_are_second_persons(pen, cast, content):
    with pen() as p:
        token = one_use_links.invite(p, "fanny@register.test", Role.MODERATOR, by=None)
        fanny = one_use_links.accept(p, token, "Fanny", PASSWORD).id
        accounts.reset_member(p, cast.chloe, PASSWORD)
    draft_id = _draft_lawsuit(pen, content, cast.bruno)
    with pen(SOON) as p:
        acts.approve(p, draft_id, by=fanny)
        acts.approve(p, draft_id, by=cast.chloe)


def test_verify_reports_a_confirmation_without_a_journal_line(engine, pen, session, cast):
    fanny = _open_account(pen, cast.ada)
    assert list(verify(session)) == []
    with Session(write_engine(engine)) as writing_session:
        writing_session.execute(update(Member).where(Member.id == fanny).values(vouches_from=None))
        writing_session.commit()
    session.rollback()
    [problem] = verify(session)
    assert (problem.key, problem.values) == (
        "member_standing",
        {"member": fanny, "field": "vouches_from"},
    )
