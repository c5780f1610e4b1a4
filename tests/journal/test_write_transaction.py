"""The write transaction: it commits its changes with their journal lines, or neither."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime

import pytest
from ledger_lines import DAY_ONLY_ACTS, PUBLIC_ACTS, lines_since
from sqlalchemy import delete, func, insert, select, update

from register.accounts.models import Member
from register.cases.vocabulary import VocabularyEntry
from register.db import now
from register.errors import NotFound
from register.journal import Act, JournalEntry, Ledger, LedgerHead, head, open_ledgers, writing
from register.journal import transaction as pen_module
from register.journal.models import (
    GENESIS,
    canonical_json,
    chain_digest,
    commitment,
    new_salt,
    rfc3339,
)
from register.journal.transaction import UnrecordedError
from register.operations.setup import Identity


def _lines(session, ledger=Ledger.DESK):
    session.rollback()
    return lines_since(session, 0, ledger)


def test_lines_are_numbered_from_one_without_a_gap(pen, session):
    for _ in range(5):
        with pen() as p:
            p.record(Act.MEMBER_ADDED, by=None)

    assert [line.seq for line in _lines(session)] == [1, 2, 3, 4, 5]


def test_several_lines_of_one_act_follow_one_another(pen, session):
    with pen() as p:
        p.record(Act.MEMBER_ADDED, by=None)
        p.record(Act.MEMBER_DISABLED, by=1)

    assert [(line.seq, line.act) for line in _lines(session)] == [
        (1, "member_added"),
        (2, "member_disabled"),
    ]


def test_each_ledger_has_its_own_numbers(pen, session):
    public_before = head(session).seq
    with pen() as p:
        p.record(Act.MEMBER_ADDED, by=None)
        p.record(Act.PUBLISHED, by=1, incident=1, case=1)
        p.record(Act.MEMBER_ADDED, by=None)

    session.rollback()
    assert head(session, Ledger.PUBLIC).seq == public_before + 1
    assert head(session, Ledger.DESK).seq == 2
    assert head(session, Ledger.REPORTS).seq == 0


def test_a_missing_head_is_made_and_the_others_stay(pen, session):
    with pen() as p:
        p.record(Act.MEMBER_ADDED, by=None)
    seqs = {ledger: head(session, ledger).seq for ledger in Ledger}
    session.execute(delete(LedgerHead).where(LedgerHead.ledger == Ledger.DESK.value))
    open_ledgers(session)
    session.commit()

    assert {ledger: head(session, ledger).seq for ledger in Ledger} == {**seqs, Ledger.DESK: 0}
    assert head(session, Ledger.DESK).digest == GENESIS.hex()


def test_the_tables_are_analysed_again_as_the_public_ledger_grows(pen, engine, monkeypatch):
    """SQLite plans queries by its statistics, and only ANALYZE renews them."""
    monkeypatch.setattr(pen_module, "ANALYSE_EVERY", 3)
    if engine.dialect.name != "sqlite":
        with pen() as p:
            p.record(Act.PUBLISHED, by=1, incident=1, case=1)
        return

    def analysed_count():
        with engine.connect() as connection:
            table_query = "SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_stat1'"
            if not connection.exec_driver_sql(table_query).scalar():
                return 0
            count_query = (
                "SELECT max(CAST(stat AS INTEGER)) FROM sqlite_stat1 WHERE tbl = 'journal_entry'"
            )
            return connection.exec_driver_sql(count_query).scalar()

    for lines, expected in ((2, 0), (3, 3), (4, 3), (6, 6)):
        while True:
            with engine.connect() as connection:
                count = connection.exec_driver_sql("SELECT count(*) FROM journal_entry").scalar()
            if count == lines:
                break
            with pen() as p:
                p.record(Act.PUBLISHED, by=1, incident=1, case=1)
        assert analysed_count() == expected, lines


def test_a_failed_write_transaction_leaves_nothing_and_uses_no_number(pen, session):
    before = head(session, Ledger.DESK)

    def fail():
        with pen() as p:
            p.session.add(_member("amina@register.test"))
            p.record(Act.MEMBER_ADDED, by=None)
            p.session.flush()
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        fail()
    session.rollback()
    assert head(session, Ledger.DESK) == before
    assert session.scalar(select(func.count()).select_from(Member)) == 0
    with pen() as p:
        assert p.record(Act.MEMBER_ADDED, by=None).seq == 1


def _member(email):
    return Member(email=email, role="moderator", password_hash="x", created_at=now())


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("a new row", lambda session: session.add(_member("amina@register.test"))),
        ("a changed row", lambda session: setattr(session.get(Identity, 1), "tag_authority", "x")),
        ("a deleted row", lambda session: session.delete(session.get(Identity, 1))),
        (
            "an update statement",
            lambda session: session.execute(update(VocabularyEntry).values(fr="x")),
        ),
        ("a delete statement", lambda session: session.execute(delete(VocabularyEntry))),
        (
            "an insert statement",
            lambda session: session.execute(
                insert(Member).values(
                    email="a@b.test", role="moderator", password_hash="x", created_at=now()
                )
            ),
        ),
    ],
)
def test_a_change_without_a_line_is_refused_and_rolled_back(pen, session, what, change):
    def state():
        session.rollback()
        return (
            session.scalars(select(Member.email)).all(),
            session.scalars(select(Identity.tag_authority)).all(),
            session.scalars(
                select(VocabularyEntry.fr).order_by(VocabularyEntry.list, VocabularyEntry.code)
            ).all(),
        )

    before = state()
    with pytest.raises(UnrecordedError), pen() as p:
        change(p.session)
    assert state() == before, what


def test_a_transaction_that_only_reads_needs_no_line(pen, session):
    with pen() as p:
        p.session.scalars(select(VocabularyEntry)).all()
    assert _lines(session) == []


def test_the_time_of_a_line_has_no_fraction_of_a_second(engine, session):
    with writing(engine, datetime(2026, 3, 2, 9, 30, 12, 987654, tzinfo=UTC)) as p:
        p.record(Act.MEMBER_ADDED, by=None)

    (line,) = _lines(session)
    assert line.at == datetime(2026, 3, 2, 9, 30, 12, tzinfo=UTC)
    assert json.loads(line.public_json)["at"] == "2026-03-02T09:30:12Z"


def test_without_a_time_the_act_happens_now(app, session):
    before = now().replace(microsecond=0)
    with writing() as p:  # and with the engine of the current application
        p.record(Act.MEMBER_ADDED, by=None)
    (line,) = _lines(session)
    assert before <= line.at <= now()


def test_the_chain_hashes_the_stored_bytes_verbatim(pen, session):
    with pen() as p:
        p.record(Act.MEMBER_ADDED, by=None, details={"member": 4})
        p.record(Act.INVITED, by=4, incident=2, case=9, details={"invited": True})

    first, second = _lines(session)
    assert first.digest == chain_digest(GENESIS, first.public_json)
    assert second.digest == chain_digest(first.digest, second.public_json)
    public = json.loads(second.public_json)
    assert canonical_json(public) == second.public_json
    assert public["private"] == commitment(second.private_salt, second.private_json)
    assert json.loads(second.private_json) == {
        "by": 4,
        "dossier": 2,
        "revision": None,
        "invited": True,
    }


def test_the_hashed_public_line_contains_neither_member_nor_case_id(pen, session):
    with pen() as p:
        p.record(Act.PUBLISHED, by=41, incident=42, case=7, revision=43, content="ab", reason="x")

    line = lines_since(session, 1)[0]
    assert set(json.loads(line.public_json)) == {
        "v",
        "ledger",
        "seq",
        "at",
        "act",
        "case",
        "reason",
        "content",
        "private",
        "event",
    }


def test_the_head_has_the_number_and_digest_of_the_last_line(pen, session):
    with pen() as p:
        entry = p.record(Act.MEMBER_ADDED, by=None)
    session.rollback()
    position = head(session, Ledger.DESK)
    assert (position.seq, position.digest) == (entry.seq, entry.digest.hex())


def test_a_ledger_without_a_head_has_the_number_zero(session):
    session.execute(delete(LedgerHead))
    assert (head(session).seq, head(session).digest) == (0, "00" * 32)


def test_callbacks_of_the_commit_run_after_it_and_only_then(engine, session, pen):
    numbers = []

    def record():
        session.rollback()
        numbers.append(head(session, Ledger.DESK).seq)

    with pen() as p:
        p.record(Act.MEMBER_ADDED, by=None)
        p.after_commit(record)
        assert numbers == []
    assert numbers == [1]

    def fail():
        with pen() as p:
            p.after_commit(record)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert numbers == [1]


def test_loading_a_missing_row_is_refused_with_its_table_and_id(pen):
    with pytest.raises(NotFound) as refused, pen() as p:
        p.load(Member, 404)
    assert refused.value.key == "no_such_row"
    assert refused.value.values == {"table": "member", "id": 404}


def test_opening_the_ledgers_again_leaves_their_heads(pen, session):
    with pen() as p:
        p.record(Act.MEMBER_ADDED, by=None)
    session.rollback()
    before = {row.ledger: (row.seq, row.digest) for row in session.scalars(select(LedgerHead))}
    open_ledgers(session)
    assert {
        row.ledger: (row.seq, row.digest) for row in session.scalars(select(LedgerHead))
    } == before


def test_writers_at_the_same_moment_take_turns(engine, session):
    def write():
        for _ in range(10):
            with writing(engine) as p:
                p.record(Act.MEMBER_ADDED, by=None)

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    lines = _lines(session)
    assert [line.seq for line in lines] == list(range(1, 41))
    previous = GENESIS
    for line in lines:
        assert line.digest == chain_digest(previous, line.public_json)
        previous = line.digest


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 3, 2, 9, 30, 12, tzinfo=UTC), "2026-03-02"),
        # In Paris it is already the next day.
        (datetime(2026, 3, 2, 23, 30, tzinfo=UTC), "2026-03-03"),
    ],
)
@pytest.mark.parametrize("act", sorted(DAY_ONLY_ACTS))
def test_a_line_about_a_report_has_a_day_and_no_time(pen, session, act, at, day):
    with pen(at) as p:
        p.record(act, by=None, details={"report": "0" * 32})
        p.record(Act.REPORT_ASKED, by=1, details={"report": "0" * 32})
    (line,) = _lines(session, Ledger.REPORTS)
    (other,) = _lines(session)
    assert json.loads(line.public_json)["at"] == day
    assert line.at == datetime.fromisoformat(f"{day}T00:00:00+00:00")
    assert (json.loads(other.public_json)["at"], other.at) == (rfc3339(at), at)


@pytest.mark.parametrize("act", Act)
def test_each_act_is_written_in_its_ledger(act):
    private = Ledger.REPORTS if act in DAY_ONLY_ACTS else Ledger.DESK
    assert act.ledger is (Ledger.PUBLIC if act in PUBLIC_ACTS else private)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b": 1, "a": "é"}, '{"a":"é","b":1}'),
        ({"a": [True, None, "\u2028"]}, '{"a":[true,null,"\u2028"]}'),
    ],
)
def test_canonical_json_is_sorted_bare_utf8(value, expected):
    assert canonical_json(value) == expected.encode()


def test_a_timestamp_is_written_in_utc_without_fraction():
    paris = datetime.fromisoformat("2026-07-14T02:00:00.5+02:00")
    assert rfc3339(paris) == "2026-07-14T00:00:00Z"


def test_two_commitments_of_one_text_differ():
    assert commitment(new_salt(), b"Gagny") != commitment(new_salt(), b"Gagny")


def test_no_column_of_a_line_can_store_a_text(engine):
    texts = {
        column.name
        for column in JournalEntry.__table__.columns
        if column.type.python_type is str and (column.type.length or 10**9) > 36
    }
    assert texts == set()
