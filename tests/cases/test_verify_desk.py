"""Verification of the desk's tables and of accounts: each change behind the journal is reported."""

from __future__ import annotations

from datetime import timedelta

import attested_acts as acts
import pytest
from cast import AT
from sqlalchemy import delete, insert, select, update

from register.accounts import acts as accounts
from register.accounts.models import Member, Role
from register.cases.invitations import AuthorityContact
from register.cases.models import Incident, Invitation, Note, Reply, Revision
from register.cases.second_person import Approval, Destruction
from register.cases.verify import verify

pytestmark = pytest.mark.one_database


@pytest.fixture
def case(filled, desk, cast):
    return filled(lambda: _fill(desk, cast))


def _fill(desk, cast):
    """A published case claimed by Bruno, with a note, replies in each state, an approval."""
    published_case = desk.published()
    published, refused = (desk.received_reply(published_case) for _time in range(2))
    desk.received_reply(published_case)
    with desk.pen() as p:
        acts.note(p, published_case.id, "à vérifier", by=cast.chloe)
        acts.claim(p, published_case.id, by=cast.ada)
        acts.release(p, published_case.id, by=cast.ada)
        acts.claim(p, published_case.id, by=cast.bruno)
        acts.reply(p, published, by=cast.bruno, reason="r")
        acts.note_contact(
            p, published_case.id, by=cast.bruno, address="mairie@gagny.example",
            source="https://gagny.example/contact", checked_on=AT.date(), is_public_office=True,
        )  # fmt: skip
        acts.refuse_reply(p, refused, by=cast.bruno, code="longueur", refusal="injures")
    return published_case


def _problems(session):
    session.expire_all()
    return sorted({problem.key for problem in verify(session)})


def test_acts_leave_no_problem(session, case, desk, cast):
    desk.erased()
    desk.discarded()
    desk.merged()
    assert _problems(session) == []


def _update(table, **changes):
    return update(table).values(**changes)


LATER = AT + timedelta(hours=1)
APPROVAL = {"incident_id": 1, "revision_id": 1, "purpose": "erase", "given_by": 3, "given_at": AT}
NOTE = {"incident_id": 1, "written_by": 2, "written_at": AT, "text": "t"}
INVITATION = {"incident_id": 1, "noted_by": 1, "noted_at": AT, "text": "t"}
CONTACT = {
    "key": "0" * 32,
    "commune": "",
    "incident_id": 1,
    "address": "x@elsewhere.example",
    "source": "https://elsewhere.example",
    "checked_on": AT.date(),
    "checked_by": 1,
}
# Changes that somebody with access to the database can make, and the problem that reports each.
TAMPERINGS = {
    "an approval more": (insert(Approval).values(APPROVAL), "desk_approvals"),
    "no approval": (delete(Approval), "desk_approvals"),
    "another approver": (_update(Approval, given_by=3), "desk_approvals"),
    "another purpose": (_update(Approval, purpose="erase"), "desk_approvals"),
    "another version": (_update(Approval, revision_id=2), "desk_approvals"),
    "another hour of the approval": (_update(Approval, given_at=LATER), "desk_approvals"),
    "an invitation more": (insert(Invitation).values(INVITATION), "desk_invitations"),
    "no invitation": (delete(Invitation), "desk_invitations"),
    "why not, instead": (_update(Invitation, invited_on=None), "desk_invitations"),
    "another who invited": (_update(Invitation, noted_by=2), "desk_invitations"),
    "an emptied invitation": (_update(Invitation, text=""), "desk_invitations"),
    "a version refused without a line": (
        _update(Revision, refused_by=2, refused_at=AT, refusal="r").where(Revision.id == 1),
        "desk_refusals",
    ),
    "a note more": (insert(Note).values(NOTE), "desk_notes"),
    "no note": (delete(Note), "desk_notes"),
    "another author": (_update(Note, written_by=1), "desk_notes"),
    "another hour of the note": (_update(Note, written_at=LATER), "desk_notes"),
    "a refused reply that waits": (
        _update(Reply, state="received", refusal="").where(Reply.state == "refused"),
        "desk_replies",
    ),
    "a received reply that is refused": (
        _update(Reply, state="refused", refusal="r").where(Reply.state == "received"),
        "desk_replies",
    ),
    "no received reply": (delete(Reply).where(Reply.state == "received"), "desk_replies"),
    "a later due day": (_update(Reply, due_on=Reply.received_on), "desk_replies"),
    "a refusal without its reason": (
        _update(Reply, refusal="", refusal_code="").where(Reply.state == "refused"),
        "desk_replies",
    ),
    "an authority's address more": (insert(AuthorityContact).values(CONTACT), "desk_contacts"),
    "another who checked it": (_update(AuthorityContact, checked_by=2), "desk_contacts"),
    "another holder": (_update(Incident, held_by=3), "desk_claim"),
    "nobody": (_update(Incident, held_by=None, held_until=None), "desk_claim"),
    "a danger": (_update(Incident, danger_on=AT.date()), "desk_urgency"),
    "a label": (_update(Incident, term_label="x"), "desk_urgency"),
    "for ever": (_update(Incident, held_until=LATER + timedelta(days=900)), "desk_claim"),
    "a role": (
        _update(Member, role="administrator").where(Member.email == "bruno@register.test"),
        "member_standing",
    ),
    "a door opened": (_update(Member, disabled_at=None), "member_standing"),
    "a door closed": (
        _update(Member, disabled_at=AT).where(Member.email == "ada@register.test"),
        "member_standing",
    ),
    "a factor": (_update(Member, totp_secret=b"x"), "member_standing"),
    "another birthday": (_update(Member, created_at=LATER), "member_standing"),
    "an account that no line opened": (
        insert(Member).values(
            email="x@register.test",
            role="moderator",
            password_hash="x",
            created_at=AT,
            totp_step=0,
            name="",
        ),
        "member_standing",
    ),
    "an account gone": (
        delete(Member).where(Member.email == "driss@register.test"),
        "member_missing",
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_a_change_by_hand_is_reported(session, case, name):
    statement, key = TAMPERINGS[name]
    session.execute(statement, execution_options={"synchronize_session": False})
    assert _problems(session) == [key]
    session.rollback()
    assert _problems(session) == []


@pytest.mark.parametrize("row", [NOTE, INVITATION])
@pytest.mark.parametrize("end", ["erased", "discarded"])
def test_texts_that_survive_an_erasure_are_reported(session, desk, row, end):
    case = getattr(desk, end)()
    session.rollback()
    model = Note if row is NOTE else Invitation
    session.execute(insert(model).values({**row, "incident_id": case.id}))
    assert _problems(session) == ["desk_notes" if row is NOTE else "desk_invitations"]


def test_a_redaction_that_destroys_members_texts_is_no_problem(
    session, pen, desk, cast, content, case
):
    with pen(AT + timedelta(days=1)) as p:
        redacted = content(title="Sans")
        acts.redact(p, case.id, redacted, by=cast.bruno, reason="r", public_note="n", passages=())
        # As a redaction of the former rule, which knew no passage.
        p.session.execute(update(Destruction).values(passages=None))
    desk.destroy()
    with pen(AT + timedelta(days=2)) as p:
        acts.note(p, case.id, "après", by=cast.bruno)
        acts.invite(p, case.id, "de nouveau", by=cast.bruno)
    session.rollback()
    assert _problems(session) == []
    # A text that should be destroyed and is back, and one that is missing.
    session.execute(update(Invitation).where(Invitation.noted_at == AT).values(text="t"))
    assert _problems(session) == ["desk_invitations"]
    session.rollback()
    session.execute(insert(Note).values(NOTE))
    assert _problems(session) == ["desk_notes"]
    session.rollback()
    session.execute(delete(Note).where(Note.text == "après"))
    assert _problems(session) == ["desk_notes"]


def test_a_note_of_a_new_draft_needs_no_line(session, desk, cast, content):
    with desk.pen() as p:
        acts.draft(p, content(), by=cast.bruno, reason="r", note="repéré")
    session.rollback()
    assert session.scalars(select(Note.text)).all() == ["repéré"]
    assert _problems(session) == []
    # It has one note without a line, not two.
    session.execute(insert(Note).values({**NOTE, "written_by": cast.bruno}))
    assert _problems(session) == ["desk_notes"]


def test_acts_on_accounts_leave_no_problem(session, pen, cast):
    with pen() as p:
        accounts.set_role(p, cast.bruno, Role.ADMINISTRATOR, by=cast.ada)
        accounts.disable_member(p, cast.chloe, by=cast.ada)
        accounts.enable_member(p, cast.chloe, by=cast.ada)
        accounts.reset_member(p, cast.driss, "une-autre-phrase-5", by=cast.ada)
        accounts.set_factor(p, cast.ada, "JBSWY3DPEHPK3PXP", b"k" * 32, ["a"], 1)
        accounts.set_factor(p, cast.bruno, "JBSWY3DPEHPK3PXP", b"k" * 32, ["a"], 1)
        accounts.reset_factor(p, cast.bruno, by=cast.ada)
    session.rollback()
    assert _problems(session) == []
    session.execute(update(Member).where(Member.id == cast.ada).values(totp_secret=None))
    assert _problems(session) == ["member_standing"]


def test_an_unreadable_row_is_reported_and_the_rest_is_verified(session, case, engine):
    if engine.dialect.name != "sqlite":
        with pytest.raises(Exception, match="timestamp"):
            session.connection().exec_driver_sql("UPDATE member SET created_at = 'hier'")
        return
    session.connection().exec_driver_sql("UPDATE member SET created_at = 'hier'")
    assert _problems(session) == ["members_unreadable"]
    session.rollback()
    session.connection().exec_driver_sql("UPDATE note SET written_at = 'hier'")
    assert "case_unreadable" in _problems(session)
