"""Data in clear about reports on a disk without its seal folder.

Every column and every field of a journal line in clear is listed with what it reveals. A new one
fails a test until it is listed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta

import pytest
from cast import AT
from report_factory import ANSWER, SENTENCE, Inbox, a_report, nonce, receive_report
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.db import Base
from register.evidence.sealed_files import new_file
from register.evidence.upkeep import run_upkeep
from register.journal import JournalEntry
from register.operations import setup
from register.reports import acts
from register.reports.models import Message, MessageKind, Report, Tally

# The columns in clear, each with what it reveals.
IN_CLEAR: Mapping[str, Mapping[str, str]] = {
    "report": {
        "state": "where it stands",
        "suspect": "where it stands: in which tray",
        "news": "where it stands: a member has not looked since its author's last line",
        "day": "the day it came",
        "moved_on": "the day of its state, which a line has too",
        "asked_on": "the day of the question that waits, which a line has too",
        "purge_on": "the day its texts go: 90 days after the work on it ended",
        "together_by": "who put it aside together with others",
        "held_by": "who has it in hand",
        "held_until": "who has it in hand: until when, which the desk's own line tells",
        "danger_on": "that a member fears for somebody, and since which day",
        "term_on": "a day that a member typed; what it is for is encrypted",
        "reason": "the code of why",
    },
    # Each message has a line in a ledger, and that line has its day.
    "report_message": {"report_key": "whose", "position": "in which order", "day": "on which day"},
    # Each note has a line of the desk.
    "report_note": {"report_key": "whose", "position": "in which order", "day": "on which day"},
    "report_evidence": {
        "report_key": "whose",
        "message_key": "with which message it came, whose day is above",
        "position": "in which order",
        "file_id": "that a case has it too, which the lines of members tell as well",
    },
    # Each destroyed file has a line of the desk, with the day and the code.
    "report_destroyed_file": {
        "report_key": "whose",
        "day": "on which day",
        "reason": "the code of why",
    },
    "report_kept": {"incident_id": "that a case rests on a report, not on which"},
    "report_tally": {
        "year": "of how many years ago",
        "state": "where they stood",
        "reason": "the code of why",
        "count": "how many",
    },
}
# Random or encrypted columns: they reveal nothing without the key or the receipt.
OPAQUE: Mapping[str, frozenset[str]] = {
    "report": frozenset(
        {"key", "receipt", "digest", "masked_digest", "sealed", "contact", "decision"}
        | {"term_label", "account_lookup"}
    ),
    "report_message": frozenset({"key", "sealed"}),
    "report_note": frozenset({"key", "sealed"}),
    "report_evidence": frozenset({"key", "sealed"}),
    "report_destroyed_file": frozenset({"key", "sealed"}),
    "report_kept": frozenset({"key", "sealed"}),
    "report_tally": frozenset(),
}
# The fields in clear of a line about a report, beside its act and its day or time. Those of a
# draft that lost its report are the ids of the versions and notes that repeated its words.
LOST_REPORT_FIELDS = {"destroyed", "notes", "invitations"}
LINE_FIELDS = {
    "report",
    "by",
    "dossier",
    "revision",
    "new",
    "reason",
    "kept",
    "counted",
} | LOST_REPORT_FIELDS
LINE_FIELDS |= {"together", "member", "holder", "danger", "term", "file", "why"}


def test_every_column_in_clear_is_listed() -> None:
    tables = {name: table for name, table in Base.metadata.tables.items() if "report" in name}
    assert set(tables) == set(IN_CLEAR)
    for name, table in tables.items():
        assert set(table.columns.keys()) == set(IN_CLEAR[name]) | OPAQUE[name], name


def _columns_in_clear(session: Session, key: str) -> list[object]:
    """The columns of a report in clear, with days and members."""
    session.rollback()
    columns: list[object] = []
    row = session.execute(select(Report.__table__).where(Report.key == key)).one()
    columns.append({name: getattr(row, name) for name in IN_CLEAR["report"]})
    columns.append({name: len(row._mapping[name] or b"") for name in OPAQUE["report"] - {"key"}})
    messages = select(Message.__table__).where(Message.report_key == key).order_by(Message.position)
    for message in session.execute(messages):
        columns.append((message.position, message.day, len(message.sealed)))
    for line in session.scalars(
        select(JournalEntry).order_by(JournalEntry.ledger, JournalEntry.seq)
    ):
        private = json.loads(line.private_json)
        if private.pop("report", "") == key:
            columns.append((line.ledger, line.act, line.at, line.member_id, private))
    return columns


def _make_history(
    pen, store, cast, report, kind: MessageKind, text: str, contact: str, sentence: str
) -> None:
    with pen() as p:
        acts.ask_reporter(p, store, report.key, "Quel jour ?", by=cast.bruno)
    with pen() as p:
        acts.add(p, store, report.key, kind, text, nonce())
    with pen() as p:
        acts.leave_contact(p, store, report.key, contact)
    with pen() as p:
        acts.decline(p, store, report.key, "doublon", by=cast.bruno, sentence=sentence)


def test_columns_in_clear_do_not_depend_on_the_content(session, pen, store, cast):
    bare = receive_report(
        pen,
        store,
        account="Un mot.",
        types=(),
        place="",
        place_code="",
        when="",
        actor="",
        target="",
        began="",
        links=(),
    )
    full = receive_report(
        pen,
        store,
        contact="amina@exemple.test, 06 12 34 56 78",
        answers=(("danger_maintenant", "oui"), ("proces_tribunal", "tribunal de Bobigny")),
    )
    _make_history(pen, store, cast, bare, MessageKind.ADDITION, "Oui.", "", "Non.")
    _make_history(
        pen, store, cast, full, MessageKind.CORRECTION, ANSWER * 20, "autre@exemple.test", SENTENCE
    )
    of_bare, of_full = _columns_in_clear(session, bare.key), _columns_in_clear(session, full.key)
    assert len(of_bare) >= 2 + 1 + 5
    assert of_bare == of_full


def test_columns_in_clear_differ_where_the_history_differs(session, pen, store, cast):
    """A check of the test above: other histories and lengths do differ."""
    first, second = receive_report(pen, store), receive_report(pen, store)
    with pen(AT + timedelta(days=1)) as p:
        acts.claim(p, second.key, by=cast.bruno)
    assert _columns_in_clear(session, first.key) != _columns_in_clear(session, second.key)
    longer = receive_report(pen, store, account="m" * 3_000)
    assert _columns_in_clear(session, first.key)[1] != _columns_in_clear(session, longer.key)[1]


@pytest.mark.parametrize("end", ["accepted", "declined", "withdrawn", "spam"])
def test_no_journal_line_reveals_more_than_is_listed(
    session, pen, store, inbox: Inbox, end: str
) -> None:
    getattr(inbox, end)()
    report = inbox.waiting()
    inbox.answered(report)
    with pen() as p:
        acts.leave_contact(p, store, report.key, "ici")
    session.rollback()
    count = 0
    for line in session.scalars(select(JournalEntry).where(JournalEntry.act.startswith("report_"))):
        assert set(json.loads(line.private_json)) <= LINE_FIELDS, line.act
        count += 1
    assert count >= 5
    assert session.scalars(select(Tally)).all() == []


CONTENTS = (b"\xff\xd8\xff\xe0 une image " * 40_009, b"Un texte de la mairie. " * 120_000, b"court")


def test_blobs_on_the_disk_tell_their_number_and_their_day_alone(
    pen, store, settings, session, inbox
):
    files = setup.sealed_files(settings, store)
    manifests = [
        files.write(new_file(name), [content], 10**7)
        for name, content in zip(("moi.jpg", "mairie.txt", "a"), CONTENTS, strict=True)
    ]
    with pen() as tx:
        acts.receive(tx, store, a_report(), nonce(), files=manifests[:2])
    report = inbox.received()
    with pen() as tx:
        acts.add(tx, store, report.key, MessageKind.ADDITION, "Voici.", nonce(), manifests[2:])
    run_upkeep(session.get_bind(), files, AT.date())
    paths = [path for path in (settings.instance / "evidence").rglob("*") if path.is_file()]
    # Three blobs of the long text, one of each other file.
    assert len(paths) == 5
    assert len({path.stat().st_size for path in paths}) == 1
    assert all(re.fullmatch(r"[0-9a-f]{64}", path.name) for path in paths)
    assert {path.stat().st_mtime % 86_400 for path in paths} == {0.0}
    seen = b"".join(path.read_bytes() for path in paths)
    assert not any(content[:16] in seen for content in CONTENTS)
    # Neither a name nor a kind nor a size nor a digest is in the tables, and all rows are alike.
    tables = ("report_evidence", "evidence_file", "case_evidence")
    rows = [
        row._mapping
        for name in tables
        for row in session.execute(select(Base.metadata.tables[name]))
    ]
    assert len(rows) == 6
    values = b" ".join(
        value if isinstance(value, bytes) else str(value).encode()
        for row in rows
        for value in row.values()
    )
    for manifest in manifests:
        for secret in (manifest.name, manifest.mime, manifest.sha256, str(manifest.size)):
            assert len(secret) < 3 or secret.encode() not in values
    assert len({len(row["sealed"]) for row in rows if "sealed" in row}) == 1
    # The name of a blob is derived with a key that is not on this disk.
    ids = {row["file_id"] for row in rows}
    assert not any(file_id in path.name for file_id in ids for path in paths)
