"""The invitation to reply by mail: whom it goes to, when it leaves, and what readers learn."""

from __future__ import annotations

import json
from datetime import date, timedelta

import attested_acts as acts
import pytest
from alembic import command
from cast import AT
from sqlalchemy import inspect, select, text
from sqlalchemy.orm import Session

from register.cases import invitations, queries
from register.cases.acts import replays
from register.cases.invitations import ANSWER_TERM, AuthorityContact, ReplyInvitation, contact_of
from register.cases.models import Incident, Invitation
from register.cases.verify import verify
from register.db import housekeeping
from register.errors import Invalid, NotFound, Refused
from register.journal import Act, JournalEntry
from register.mail import outbox as mails
from register.mail.models import MailState, OutgoingMail
from register.mail.outbox import FORGET_AFTER, Outbox
from register.operations import schema

pytestmark = pytest.mark.one_database

TODAY, DAY = date(2026, 3, 2), timedelta(days=1)
ADDRESS, SOURCE = "mairie@gagny.example", "https://gagny.example/contact"
LINK = "https://registre.example/incidents/1/droit-de-reponse"
# After the publication, on the same day.
SENT_AT = AT + timedelta(hours=1)
# When the last invitation of a case is long over.
LATE = AT + ANSWER_TERM + 2 * DAY


@pytest.fixture
def note(pen, cast):
    def note_contact(case, **changes):
        values = {"address": ADDRESS, "source": SOURCE, "checked_on": TODAY, **changes}
        with pen() as p:
            acts.note_contact(p, case.id, by=cast.bruno, **{"is_public_office": True, **values})

    return note_contact


@pytest.fixture
def send(pen, cast):
    def invite(case, at=SENT_AT):
        outbox = Outbox(bytes(32), "registre.example")
        with pen(at) as p:
            line = acts.invite_by_mail(p, case.id, by=cast.bruno, outbox=outbox, link=LINK)
            assert json.loads(line.private_json)["mailed"] is True
            return p.session.scalars(
                select(Invitation.mail_id).order_by(Invitation.id.desc())
            ).first()

    return invite


@pytest.fixture
def invited(desk, note, send):
    """A public case whose authority was invited by mail, and the Message-ID."""
    case = desk.published()
    note(case)
    return case, send(case)


def _state(engine, mail_id):
    with Session(engine) as session:
        mail = session.get(OutgoingMail, mail_id)
        return mail.state if mail else None


def _finish(engine, finish, mail_id, *code, at=SENT_AT):
    with housekeeping(engine) as session:
        session.get_one(OutgoingMail, mail_id).next_at = at
        finish(session, mail_id, *code)


def _public(engine, case, today, version=None):
    with Session(engine) as session:
        public_case = queries.load_public_case(session, case.number, version)
        return invitations.public_invitation(session, public_case, today)


def test_the_mail_goes_to_the_office_once_and_names_only_the_case(invited, engine, session, send):
    case, mail_id = invited
    with housekeeping(engine) as writer:
        mail = Outbox(bytes(32), "registre.example").claim(writer, mail_id, SENT_AT)
    assert mail.address == ADDRESS
    assert mail.values == {
        "number": str(case.number),
        "link": LINK,
        "until": "2 juin 2026",
        "answer_by": "1er avril 2026",
    }
    with pytest.raises(Refused, match="invitation_mailed"):
        send(case)
    assert list(verify(session)) == []


def test_no_table_holds_the_address_or_its_source_in_clear(invited, engine):
    with engine.connect() as connection:
        for table in inspect(engine).get_table_names():
            rows = repr(connection.execute(text(f'SELECT * FROM "{table}"')).all())
            assert "gagny.example" not in rows, table


def test_a_commune_has_one_address_for_all_its_cases(desk, note, session, content):
    town, other_town = desk.published(), desk.published()
    elsewhere = desk.published(commune="75056")
    prefect = desk.published(level="etat", actor="prefet")
    note(town)
    note(prefect, address="prefecture@etat.example")

    def address(case):
        contact = contact_of(session, session.get_one(Incident, case.id))
        return contact.address if contact else None

    assert [address(case) for case in (town, other_town, elsewhere, prefect)] == [
        ADDRESS,
        ADDRESS,
        None,
        "prefecture@etat.example",
    ]
    session.rollback()
    note(other_town, address="accueil@gagny.example")
    assert address(town) == "accueil@gagny.example"


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"is_public_office": False}, "contact_unchecked"),
        ({"address": "Mairie <mairie@gagny.example>"}, "contact_address"),
        ({"address": f"{'a' * 160}@gagny.example"}, "contact_address"),
        ({"address": ""}, "contact_address"),
        ({"source": "javascript:alert(1)"}, "contact_source"),
        ({"source": ""}, "contact_source"),
        ({"checked_on": TODAY + DAY}, "day_to_come"),
    ],
)
def test_an_address_that_nobody_checked_is_refused(desk, note, session, changes, key):
    with pytest.raises(Invalid, match=key):
        note(desk.draft(), **changes)
    assert session.scalars(select(AuthorityContact)).all() == []


def test_nobody_is_invited_without_a_public_case_an_address_and_a_server(
    desk, note, send, pen, cast
):
    draft, case = desk.draft(), desk.published(level="etat", actor="prefet")
    note(draft)
    with pytest.raises(Refused, match="invitation_not_public"):
        send(draft)
    with pytest.raises(Refused, match="invitation_no_contact"):
        send(case)
    note(case)
    with pen() as p, pytest.raises(Refused, match="invitation_no_mail"):
        acts.invite_by_mail(p, case.id, by=cast.bruno, outbox=None, link=LINK)


@pytest.mark.parametrize("how", ["withdraw", "merge"])
def test_a_mail_that_waits_does_not_leave_once_its_case_is_hidden(
    invited, desk, pen, cast, engine, how
):
    case, mail_id = invited
    other = desk.published()
    with pen() as p:
        if how == "withdraw":
            acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
        else:
            acts.merge(p, case.id, into=other.number, by=cast.bruno, second=cast.chloe, reason="r")
    assert _state(engine, mail_id) == MailState.STOPPED
    with housekeeping(engine) as session:
        assert Outbox(bytes(32), "registre.example").claim(session, mail_id, AT + DAY) is None
        assert session.get_one(OutgoingMail, mail_id).sealed == b""


def test_an_erased_case_leaves_neither_mail_nor_address(desk, note, send, pen, cast, engine):
    case = desk.published(level="etat", actor="prefet")
    note(case)
    mail_id = send(case)
    with pen() as p:
        acts.erase(p, case.id, by=cast.ada, restriction="erreur", single=True)
    assert _state(engine, mail_id) is None
    with Session(engine) as session:
        assert session.scalars(select(AuthorityContact)).all() == []


def test_a_mail_that_was_refused_may_be_sent_again(invited, engine, send):
    case, mail_id = invited
    _finish(engine, mails.mark_dead, mail_id, 550)
    assert send(case) != mail_id
    with Session(engine) as session:
        states = invitations.mail_states(session, Invitation.incident_id == case.id)
    assert sorted(states.values()) == [("dead", 550), ("waiting", 0)]


def test_the_state_of_a_mail_is_known_as_long_as_its_case(invited, engine):
    _case, mail_id = invited
    _finish(engine, mails.mark_dead, mail_id, 550)
    with housekeeping(engine) as session:
        assert mails.count_dead(session, SENT_AT) == 1
        assert mails.count_dead(session, SENT_AT + FORGET_AFTER) == 0
        mails.forget_old(session, AT + 2 * FORGET_AFTER)
    assert _state(engine, mail_id) == MailState.DEAD


def test_an_erased_address_gets_no_mail_and_comes_back_by_no_restore(
    invited, pen, cast, engine, session
):
    case, mail_id = invited
    with pen() as p:
        line = acts.erase_contact(p, case.id, by=cast.bruno)
        key = json.loads(line.private_json)["contact"]
    assert _state(engine, mail_id) == MailState.STOPPED
    with pen() as p, pytest.raises(NotFound):
        acts.erase_contact(p, case.id, by=cast.bruno)
    with pen() as p:
        again = {"by": cast.bruno, "event": "line of before"}
        assert replays.erase_contact_again(p, key, **again) is None
        columns = dict.fromkeys(("address", "source"), "x@gagny.example")
        restored = AuthorityContact(
            key=key, commune="", incident_id=case.id, checked_on=TODAY, checked_by=1, **columns
        )
        p.session.add(restored)
        p.session.flush()
        assert replays.erase_contact_again(p, key, **again).act == Act.CONTACT_ERASED
        assert p.session.get(AuthorityContact, key) is None
    lines = session.scalars(select(JournalEntry)).all()
    assert not any(b"gagny.example" in line.private_json + line.public_json for line in lines)


def test_readers_learn_of_a_mail_on_the_day_after_it_left(invited, engine):
    case, mail_id = invited
    noted = ReplyInvitation(date(2026, 2, 20))  # by hand, before the publication
    assert _public(engine, case, TODAY + DAY) == noted
    _finish(engine, mails.mark_dead, mail_id, 550)
    assert _public(engine, case, LATE.date()) == noted
    _finish(engine, mails.mark_sent, mail_id, at=AT + DAY)
    assert _public(engine, case, TODAY + DAY) == noted
    assert _public(engine, case, TODAY + 2 * DAY) == ReplyInvitation(TODAY)


def test_silence_is_said_after_the_day_that_the_mail_names(invited, engine, pen, desk, cast):
    case, mail_id = invited
    _finish(engine, mails.mark_sent, mail_id)
    last = TODAY + ANSWER_TERM
    assert _public(engine, case, last) == ReplyInvitation(TODAY)
    assert _public(engine, case, last + DAY) == ReplyInvitation(TODAY, last)
    with Session(engine) as session:
        version = queries.load_public_case(session, case.number).version
    desk.received_reply(case)
    assert _public(engine, case, last + DAY) == ReplyInvitation(TODAY)
    with pen(LATE) as p:
        acts.follow_up(p, case.id, by=cast.bruno, reason="r", title="Suite", text="Suite.")
    # An earlier version says what was known when it was public.
    assert _public(engine, case, LATE.date(), version) == ReplyInvitation(date(2026, 2, 20))


def test_an_invitation_that_a_member_noted_says_no_silence(desk, pen, cast, engine):
    case = desk.published()
    with pen(AT + timedelta(hours=1)) as p:
        acts.invite(p, case.id, "Par lettre.", by=cast.bruno, on=TODAY)
    assert _public(engine, case, TODAY) == ReplyInvitation(date(2026, 2, 20))
    assert _public(engine, case, LATE.date()) == ReplyInvitation(TODAY)


def test_a_case_without_an_invitation_says_none(desk, pen, cast, engine, session):
    case = desk.published()
    session.query(Invitation).delete()
    session.commit()
    assert _public(engine, case, TODAY + DAY) == ReplyInvitation()


def test_the_columns_go_and_come_back(engine, invited, session):
    session.rollback()
    command.downgrade(schema.alembic_config(engine), "0045")
    assert "authority_contact" not in inspect(engine).get_table_names()
    schema.migrate(engine)
    assert session.scalars(select(AuthorityContact)).all() == []
    assert set(session.scalars(select(Invitation.mail_id))) == {None}
