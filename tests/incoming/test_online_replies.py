"""Rights of reply sent online: what is stored, who reads it, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import attested_acts as acts
import pytest
from alembic import command
from cast import AT
from report_factory import nonce
from sqlalchemy import func, select

from register.cases.models import Reply
from register.db import housekeeping
from register.errors import Invalid, NotFound, Refused
from register.evidence import upkeep
from register.evidence.models import EvidenceFile
from register.evidence.sealed_files import new_file
from register.incoming import acts as incoming
from register.incoming import content, queries, retention
from register.incoming.content import ReplyContent
from register.incoming.models import Incoming, IncomingFile, IncomingKind
from register.journal import Act, JournalEntry
from register.mail import preferences
from register.mail.models import MailPreference, NoticedThing
from register.mail.preferences import NoticeMode
from register.operations import schema
from register.operations.missing_data import incomplete_files, lost_keys

TODAY = date(2026, 3, 2)
WORDS = ReplyContent(
    author="Commune de Gagny",
    capacity="le maire",
    text="La commune conteste.\n\nLa séance était levée.",
    role="authority",
    proof="Rappelez la mairie au standard",
    passages="« interdit de filmer »",
    contact="cabinet@gagny.example",
)


@pytest.fixture
def receive(pen, store, published):
    case = published()

    def send(sent: ReplyContent = WORDS, sent_nonce: str = "", files=()):
        with pen() as p:
            return incoming.receive(p, store, case.number, sent, sent_nonce or nonce(), files=files)

    send.case = case
    return send


def _reply(session, receipt) -> Reply:
    session.rollback()
    return session.get_one(Reply, session.get_one(Incoming, receipt.key).reply_id)


def _status(session, store, receipt):
    status = queries.reply_status(session, store, session.get_one(Incoming, receipt.key))
    # An open read transaction would delay the erasure of texts by seconds.
    session.rollback()
    return status


def _decide(pen, cast, reply_id: int, how: str, at=AT) -> None:
    with pen(at) as p:
        if how == "published":
            acts.reply(p, reply_id, by=cast.bruno, reason="r")
        else:
            acts.refuse_reply(p, reply_id, by=cast.bruno, code="delai")


def test_an_online_reply_is_a_received_reply_with_its_sealed_identity(session, store, receive):
    receipt = receive()
    row = _reply(session, receipt)
    assert (row.state, row.author, row.capacity, row.text) == (
        "received",
        WORDS.author,
        WORDS.capacity,
        WORDS.text,
    )
    assert (row.received_on, row.due_on) == (TODAY, date(2026, 3, 5))
    part = queries.sealed_part(store, queries.row_of_reply(session, row.id))
    assert (part.proof, part.passages) == (WORDS.proof, WORDS.passages)
    assert (part.contact, part.role) == (WORDS.contact, WORDS.role)
    assert queries.online_replies(session, row.incident_id) == {row.id}
    kind = IncomingKind.REPLY
    assert queries.find_by_code(session, store, receipt.code.lower(), kind).key == receipt.key
    assert queries.find_by_code(session, store, "ABCD-EFGH-JKMN-PQRS", kind) is None
    line = session.scalars(select(JournalEntry).where(JournalEntry.act == "reply_received")).one()
    assert line.member_id is None


def test_identity_and_contact_are_nowhere_in_clear(session, receive):
    receipt = receive()
    session.rollback()
    rows = [value for row in session.execute(select(Incoming.__table__)) for value in row]
    rows += [value for row in session.execute(select(JournalEntry.__table__)) for value in row]
    stored = b" ".join(value if isinstance(value, bytes) else str(value).encode() for value in rows)
    for secret in (WORDS.proof, WORDS.contact, WORDS.passages, WORDS.text, receipt.code):
        assert secret.encode() not in stored


@pytest.mark.one_database
def test_the_same_form_twice_is_one_reply(session, receive):
    first_nonce = nonce()
    first = receive(sent_nonce=first_nonce)
    assert receive(sent_nonce=first_nonce) == first
    other = receive(replace(WORDS, text="Autre chose."), sent_nonce=first_nonce)
    assert (other.code, other.is_other) == (first.code, True)
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Reply)) == 1


@pytest.mark.one_database
def test_a_case_that_is_not_public_takes_no_reply(pen, store, desk, receive):
    with pytest.raises(NotFound), pen() as p:
        incoming.receive(p, store, 404, WORDS, nonce())
    with pytest.raises(Invalid), pen() as p:
        incoming.receive(p, store, receive.case.number, WORDS, "no nonce")
    with pen() as p:
        acts.withdraw(p, receive.case.id, by=desk.cast.bruno, restriction="erreur", reason="r")
    with pytest.raises(Refused) as refused:
        receive()
    assert refused.value.key == "case_withdrawn"


@pytest.mark.one_database
def test_a_document_is_sealed_and_its_file_belongs_to_one_reply(session, store, receive):
    file = replace(new_file("mandat.pdf"), mime="application/pdf", size=9, sha256="a" * 64)
    receipt = receive(files=[file])
    ((_key, manifest),) = queries.sent_files(session, store, receipt.key)
    assert manifest == file
    with pytest.raises(Refused) as refused:
        receive(files=[file])
    assert refused.value.key == "evidence_again"


@pytest.mark.one_database
def test_the_first_reading_is_recorded_and_its_day_shown(session, store, pen, cast, receive):
    receipt = receive()
    for at in (AT, AT + timedelta(days=1)):
        with pen(at) as p:
            incoming.read(p, receipt.key, by=cast.chloe)
            acts.note(p, receive.case.id, "n", by=cast.chloe)
    session.rollback()
    lines = session.scalars(select(JournalEntry).where(JournalEntry.act == Act.INCOMING_READ)).all()
    assert [line.member_id for line in lines] == [cast.chloe]
    assert _status(session, store, receipt).row.read_on == TODAY
    with pytest.raises(NotFound), pen() as p:
        incoming.read(p, "0" * 32, by=cast.chloe)


@pytest.mark.one_database
def test_another_case_or_reply_has_no_identity(session, store, desk, receive):
    by_post = desk.received_reply(receive.case)
    with pytest.raises(NotFound):
        queries.row_of_reply(session, by_post)


@pytest.mark.parametrize("how", ["published", "refused"])
def test_what_is_sealed_goes_after_the_term_and_the_code_still_answers(
    session, engine, store, pen, cast, receive, how
):
    file = replace(new_file("mandat.pdf"), mime="application/pdf", size=9, sha256="a" * 64)
    receipt = receive(files=[file])
    _decide(pen, cast, _reply(session, receipt).id, how)
    status = _status(session, store, receipt)
    assert status.purge_on == TODAY + retention.AFTER_DECISION
    last_day = AT + retention.AFTER_DECISION - timedelta(days=1)
    assert incoming.run_retention(engine, store, last_day) == 0
    assert content.key_name(receipt.key) in store.names()
    at = AT + retention.AFTER_DECISION
    assert incoming.run_retention(engine, store, at) == 1
    session.rollback()
    assert content.key_name(receipt.key) not in store.names()
    assert session.scalars(select(IncomingFile)).all() == []
    assert session.get(EvidenceFile, file.file_id) is not None  # the worker deletes it
    status = _status(session, store, receipt)
    assert (status.part, status.reply.state) == (None, how)
    assert status.row.purged_on == TODAY + retention.AFTER_DECISION
    session.rollback()
    assert incoming.run_retention(engine, store, at) == 0
    assert incoming.run_retention(engine, store, at + timedelta(days=366)) == 1
    session.rollback()
    assert session.scalars(select(Incoming)).all() == []


@pytest.mark.one_database
def test_a_reply_published_after_midnight_in_paris_counts_from_that_day(
    engine, session, store, pen, cast, receive
):
    receipt = receive()
    _decide(pen, cast, _reply(session, receipt).id, "published", AT.replace(hour=23, minute=30))
    status = _status(session, store, receipt)
    assert status.purge_on == TODAY + timedelta(days=1) + retention.AFTER_DECISION
    assert incoming.run_retention(engine, store, AT + retention.AFTER_DECISION) == 0
    due = AT + retention.AFTER_DECISION + timedelta(days=1)
    assert incoming.run_retention(engine, store, due) == 1


@pytest.mark.one_database
def test_an_undecided_reply_keeps_it_for_a_year_at_most(engine, session, store, receive):
    receipt = receive()
    assert _status(session, store, receipt).purge_on == date(2027, 3, 2)
    assert incoming.run_retention(engine, store, AT + timedelta(days=364)) == 0
    assert incoming.run_retention(engine, store, AT + timedelta(days=365)) == 1


def test_the_erasure_of_a_case_destroys_it_whatever_the_clock(
    engine, session, store, pen, cast, receive
):
    receipt, later = receive(), AT - timedelta(days=400)
    with pen() as p:
        acts.erase(p, receive.case.id, by=cast.ada, restriction="erreur", single=True)
    session.rollback()
    assert retention.has_erased(session)
    assert _status(session, store, receipt).reply is None
    assert incoming.run_retention(engine, store, later, only_erased=True) == 1
    session.rollback()
    assert not retention.has_erased(session)
    assert store.names() == set()
    assert _status(session, store, receipt).part is None
    assert lost_keys(session, store) == 0


@pytest.mark.one_database
def test_a_missing_key_is_counted_and_hides_what_it_sealed(session, store, receive):
    receipt = receive()
    store.destroy([content.key_name(receipt.key)])
    assert lost_keys(session, store) == 1
    assert _status(session, store, receipt).part is None


@pytest.mark.one_database
def test_a_document_that_lost_a_part_is_noticed(session, store, case_files, receive):
    file = case_files.stored(b"Mandat. ")
    # A store with nothing in it is one that is not there.
    case_files.stored(b"Autre. ")
    receive(files=[file])
    assert incomplete_files(session, store, case_files.files) == ([], set())
    case_files.files.store.delete(list(case_files.files.blob_names(file.file_id))[-1])
    assert incomplete_files(session, store, case_files.files) == ([], {receive.case.id})


@pytest.mark.one_database
def test_a_case_takes_so_many_undecided_replies(session, pen, cast, receive, monkeypatch):
    monkeypatch.setattr(incoming, "WAITING_LIMIT", 2)
    sent_nonce = nonce()
    first = receive(sent_nonce=sent_nonce)
    receive()
    with pytest.raises(Refused, match="replies_waiting"):
        receive()
    assert receive(sent_nonce=sent_nonce) == first
    _decide(pen, cast, _reply(session, first).id, "refused")
    receive()


def test_the_reply_stays_when_the_tables_of_what_came_online_go(
    engine, session, pen, cast, receive
):
    file = replace(new_file("mandat.pdf"), mime="application/pdf", size=9, sha256="a" * 64)
    reply_id = _reply(session, receive(files=[file])).id
    _decide(pen, cast, reply_id, "refused")
    with housekeeping(engine) as writer:
        writer.add(MailPreference(member_id=cast.bruno, mode=NoticeMode.AT_ONCE.value))
        preferences.note_things(writer, cast.bruno, [bytes(16)])
    session.rollback()
    command.downgrade(schema.alembic_config(engine), "0040")
    schema.migrate(engine)
    row = session.get_one(Reply, reply_id)
    assert (row.state, row.text, row.refusal_code) == ("refused", WORDS.text, "")
    for model in (Incoming, IncomingFile, MailPreference, NoticedThing):
        assert session.scalars(select(model)).all() == []
    assert upkeep.has_unreferenced(session)
