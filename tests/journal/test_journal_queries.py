"""Queries of a ledger: its public lines, their times and the document of its head."""

from __future__ import annotations

import json

from cast import AT

from register.journal import Act, Ledger, head
from register.journal.models import rfc3339
from register.journal.queries import head_document, line_time, public_lines


def test_a_line_has_its_time_and_its_bytes(pen, session):
    with pen() as p:
        p.record(Act.MEMBER_ADDED, by=None)
        p.record(Act.MEMBER_DISABLED, by=1)
    assert line_time(session, 2, Ledger.DESK) == AT
    lines = public_lines(session, 0, 2, Ledger.DESK)
    assert [(seq, json.loads(public_json)["act"]) for seq, public_json in lines] == [
        (1, "member_added"),
        (2, "member_disabled"),
    ]
    assert public_lines(session, 1, 2, Ledger.DESK) == lines[1:]


def test_the_head_has_the_time_of_its_line(pen, session):
    with pen() as p:
        p.record(Act.PUBLISHED, by=None, case=1)
    position = head(session)
    assert json.loads(head_document(session, position)) == {
        "ledger": "public",
        "seq": position.seq,
        "digest": position.digest,
        "at": rfc3339(AT),
    }
