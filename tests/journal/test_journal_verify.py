"""Verification of the journal: each change made behind it is reported."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text, update

from register.journal import Act, JournalEntry, Ledger, LedgerHead
from register.journal.models import commitment
from register.journal.verify import Anchor, CommitmentOpening, private_lines, verify

pytestmark = pytest.mark.one_database

TEXTS = {
    1: CommitmentOpening(b"s" * 32, b"un premier texte"),
    2: CommitmentOpening(b"t" * 32, b"un second"),
}
COMMITTED = {key: commitment(opening.salt, opening.content) for key, opening in TEXTS.items()}


@pytest.fixture
def history(pen):
    """A journal with two texts, a published case and a report; the openings of the texts."""
    with pen() as p:
        p.record(Act.MEMBER_ADDED, by=None, details={"member": 1})
        p.record(Act.DRAFTED, by=1, incident=1, revision=1, details={"snapshot": COMMITTED[1]})
        p.record(Act.PUBLISHED, by=2, incident=1, case=1, revision=2, content=COMMITTED[2])
        p.record(Act.WITHDRAWN, by=2, incident=1, case=1, reason="erreur")
        p.record(Act.REPORT_RECEIVED, by=None, details={"report": "0" * 32})
    return dict(TEXTS)


def _problems(session, openings, *anchors):
    def present_texts(revisions):
        return {key: {None: openings[key]} for key in revisions if key in openings}

    return [problem.key for problem in verify(session, present_texts, anchors)]


def test_an_untouched_journal_has_no_problem(session, history):
    assert _problems(session, history) == []


def test_a_damaged_line_has_no_private_details(session, history):
    lines = list(private_lines(session, (Act.MEMBER_ADDED, Act.DRAFTED)))
    assert [private["member"] for _line, private in lines if "member" in private] == [1]
    assert len(lines) == 2
    added = JournalEntry.act == Act.MEMBER_ADDED.value
    session.execute(update(JournalEntry).where(added).values(private_json=b"{"))
    assert [line.act for line, _ in private_lines(session, (Act.MEMBER_ADDED, Act.DRAFTED))] == [
        Act.DRAFTED.value
    ]


# --- one changed value, anywhere ---------------------------------------------------------------


def _altered(value, position, salt):
    """A value of the same type that differs in one place."""
    if isinstance(value, bytes):
        at = position % len(value)
        return value[:at] + bytes([value[at] ^ (salt % 255 + 1)]) + value[at + 1 :]
    if isinstance(value, str):
        at = position % len(value)
        letters = "abcdefghijklmnopqrstuvwxyz0123456789-"
        letter = letters[salt % len(letters)]
        return value[:at] + ("_" if letter == value[at] else letter) + value[at + 1 :]
    if isinstance(value, int) or value is None:
        return (value or 0) + 1000 + salt
    return value + (timedelta(microseconds=1) if position % 2 else timedelta(seconds=1 + salt))


def _change(session, table, key, column, position, salt):
    row = session.execute(select(table).where(*key)).scalar_one()
    session.execute(
        update(table).where(*key).values({column: _altered(getattr(row, column), position, salt)}),
        execution_options={"synchronize_session": False},
    )


@pytest.mark.parametrize("column", [column.name for column in JournalEntry.__table__.columns])
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    line=st.sampled_from(
        [
            (Ledger.DESK, 1),
            (Ledger.DESK, 2),
            (Ledger.REPORTS, 1),
            *((Ledger.PUBLIC, seq) for seq in (1, 2, 3)),
        ]
    ),
    position=st.integers(0, 400),
    salt=st.integers(0, 254),
)
def test_a_changed_byte_in_any_column_of_any_line_is_reported(
    session, history, column, line, position, salt
):
    ledger, seq = line
    _change(
        session,
        JournalEntry,
        (JournalEntry.ledger == ledger, JournalEntry.seq == seq),
        column,
        position,
        salt,
    )
    assert _problems(session, history) != []
    session.rollback()


@pytest.mark.parametrize("ledger", list(Ledger))
@pytest.mark.parametrize("column", ["ledger", "seq", "digest"])
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(position=st.integers(0, 31), salt=st.integers(0, 254))
def test_a_changed_byte_in_any_head_is_reported(session, history, ledger, column, position, salt):
    _change(session, LedgerHead, (LedgerHead.ledger == ledger,), column, position, salt)
    assert _problems(session, history) != []
    session.rollback()


@pytest.mark.prove
def test_every_changed_byte_of_a_hashed_line_is_reported(session, history):
    """Each byte of one line, with one of two bits flipped."""
    key = (JournalEntry.ledger == Ledger.PUBLIC.value, JournalEntry.seq == 2)
    line = session.execute(select(JournalEntry.public_json).where(*key)).scalar_one()
    for position in range(len(line)):
        for flip in (1, 32):
            changed = bytearray(line)
            changed[position] ^= flip
            session.execute(update(JournalEntry).where(*key).values(public_json=bytes(changed)))
            assert "journal_chain" in _problems(session, history), (position, flip)
    session.rollback()


def test_an_invalid_time_is_reported_and_does_not_stop_the_verification(engine, session, history):
    if engine.dialect.name != "sqlite":
        with pytest.raises(Exception, match="date/time"):
            session.execute(text("UPDATE journal_entry SET at = '2026-13-45'"))
        return
    at = "2026-03-02 09:30:00.000000"
    for position in range(len(at)):
        for letter in "x 0T1":
            changed = at[:position] + letter + at[position + 1 :]
            session.execute(
                text("UPDATE journal_entry SET at = :at WHERE ledger = 'public' AND seq = 2"),
                {"at": changed},
            )
            expected = [] if changed == at else ["journal_columns"]
            assert _problems(session, history) == expected, changed
    session.rollback()


def test_a_report_line_with_a_time_of_day_is_reported(session, history):
    line = (JournalEntry.ledger == Ledger.REPORTS, JournalEntry.seq == 1)
    day = session.scalars(select(JournalEntry.at).where(*line)).one()
    for later in (timedelta(seconds=1), timedelta(hours=9), timedelta(microseconds=1)):
        session.execute(update(JournalEntry).where(*line).values(at=day + later))
        assert _problems(session, history) == ["journal_columns"], later
    session.execute(update(JournalEntry).where(*line).values(at=day))
    assert _problems(session, history) == []
    session.rollback()


# --- whole lines -------------------------------------------------------------------------------


def test_a_deleted_line_leaves_a_gap(session, history):
    session.execute(
        delete(JournalEntry).where(JournalEntry.ledger == "public", JournalEntry.seq == 2)
    )
    assert "journal_gap" in _problems(session, history)


def test_a_deleted_line_with_the_next_renumbered_breaks_the_chain(session, history):
    session.execute(
        delete(JournalEntry).where(JournalEntry.ledger == "public", JournalEntry.seq == 2)
    )
    session.execute(
        update(JournalEntry)
        .where(JournalEntry.ledger == "public", JournalEntry.seq == 3)
        .values(seq=2),
        execution_options={"synchronize_session": False},
    )
    assert "journal_chain" in _problems(session, history)


def test_a_line_of_an_unknown_ledger_is_reported(session, history):
    session.execute(
        update(JournalEntry)
        .where(JournalEntry.ledger == "desk", JournalEntry.seq == 2)
        .values(ledger="none"),
        execution_options={"synchronize_session": False},
    )
    session.execute(update(LedgerHead).where(LedgerHead.ledger == "desk").values(seq=1))
    assert "journal_ledger" in _problems(session, history)


def _cut_tail(session):
    """Delete the last public line and set the head back; return the anchor of that line."""
    last = session.execute(
        select(JournalEntry).where(JournalEntry.ledger == "public", JournalEntry.seq == 3)
    )
    anchor = Anchor(3, last.scalar_one().digest.hex())
    previous = session.execute(
        select(JournalEntry).where(JournalEntry.ledger == "public", JournalEntry.seq == 2)
    )
    digest = previous.scalar_one().digest
    session.execute(
        delete(JournalEntry).where(JournalEntry.ledger == "public", JournalEntry.seq == 3)
    )
    session.execute(
        update(LedgerHead).where(LedgerHead.ledger == "public").values(seq=2, digest=digest)
    )
    return anchor


def test_a_deleted_tail_is_reported_with_an_anchor(session, history):
    anchor = _cut_tail(session)
    assert _problems(session, history, anchor) == ["journal_truncated"]


def test_a_deleted_tail_is_not_reported_without_an_anchor(session, history):
    _cut_tail(session)
    assert _problems(session, history) == []


def test_a_rewritten_line_is_reported_with_an_anchor(session, history):
    line = session.execute(
        select(JournalEntry).where(JournalEntry.ledger == "public", JournalEntry.seq == 2)
    )
    digest = line.scalar_one().digest.hex()
    assert _problems(session, history, Anchor(2, digest)) == []
    other = digest[:-1] + ("0" if digest[-1] != "0" else "1")
    assert _problems(session, history, Anchor(2, other)) == ["journal_anchor"]


def test_each_ledger_has_its_own_anchors(session, history):
    line = session.execute(
        select(JournalEntry).where(JournalEntry.ledger == "desk", JournalEntry.seq == 1)
    )
    digest = line.scalar_one().digest.hex()
    assert _problems(session, history, Anchor(1, digest, Ledger.DESK)) == []
    assert _problems(session, history, Anchor(1, digest, Ledger.PUBLIC)) == ["journal_anchor"]


@pytest.mark.parametrize(
    ("anchor_text", "expected"),
    [
        (f"12:{'AB' * 32}", Anchor(12, "ab" * 32)),
        (f"desk:1:{'0' * 64}", Anchor(1, "0" * 64, Ledger.DESK)),
    ],
)
def test_an_anchor_is_parsed(anchor_text, expected):
    assert Anchor.parse(anchor_text) == expected


@pytest.mark.parametrize(
    "anchor_text",
    [
        "",
        "12",
        f"x:{'0' * 64}",
        f"-1:{'0' * 64}",
        f"٣:{'0' * 64}",
        "12:abcd",
        f"12:{'zz' * 32}",
        f"secret:12:{'0' * 64}",
        f"a:desk:12:{'0' * 64}",
    ],
)
def test_a_malformed_anchor_is_refused(anchor_text):
    with pytest.raises(ValueError):
        Anchor.parse(anchor_text)


# --- texts and their destruction ---------------------------------------------------------------


@pytest.mark.parametrize("revision", [1, 2])
def test_a_changed_text_is_reported(session, history, revision):
    history[revision] = CommitmentOpening(TEXTS[revision].salt, b"un autre texte")
    assert _problems(session, history) == ["content_changed"]


@pytest.mark.parametrize("revision", [1, 2])
def test_a_missing_text_is_reported_unless_a_line_destroyed_it(session, history, revision):
    del history[revision]
    assert _problems(session, history) == ["content_missing"]


@pytest.mark.parametrize(
    ("act", "case", "why"),
    [
        (Act.ERASED, 1, "an erasure may destroy both a public text and a desk one"),
        (Act.DISCARDED, None, "so may a discarded draft, on the desk's ledger"),
    ],
)
def test_a_text_destroyed_by_a_line_may_be_missing(session, pen, history, act, case, why):
    with pen() as p:
        p.record(act, by=3, incident=1, case=case, details={"destroyed": [1, 2]})
    session.rollback()
    assert _problems(session, {}) == [], why


def test_a_text_that_survives_its_destruction_is_reported(session, pen, history):
    with pen() as p:
        p.record(Act.ERASED, by=3, incident=1, case=1, details={"destroyed": [1, 2]})
    session.rollback()
    assert sorted(_problems(session, history)) == ["content_survives", "content_survives"]


def test_a_public_line_about_a_text_that_no_private_one_confirms_is_reported(session, pen, history):
    seq = session.scalar(select(JournalEntry.seq).where(JournalEntry.act == "published"))
    session.rollback()
    with pen() as p:
        p.record(Act.REDACTED, by=2, incident=1, case=1, redacted={str(seq): "0" * 64})
    assert _problems(session, history) == ["content_changed"]


def test_a_text_destroyed_by_another_act_is_reported_as_missing(session, pen, history):
    with pen() as p:
        p.record(Act.CORRECTED, by=3, incident=1, case=1, details={"destroyed": [1, 2]})
    session.rollback()
    assert sorted(_problems(session, {})) == ["content_missing", "content_missing"]


def test_a_text_written_after_the_destruction_is_reported_as_missing(session, pen, history):
    with pen() as p:
        p.record(Act.REDACTED, by=3, incident=1, case=1, details={"destroyed": [2]})
        p.record(Act.CORRECTED, by=3, incident=1, case=1, revision=2, content=COMMITTED[2])
    session.rollback()
    del history[2]
    assert "content_missing" in _problems(session, history)
