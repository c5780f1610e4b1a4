"""Evidence files of a case: stored under its key, and gone with its texts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from case_contents import a_case
from sqlalchemy import select

from register.cases import acts
from register.cases.case_evidence import (
    case_evidence,
    case_key_name,
    cases_with_evidence,
    store_case_evidence,
)
from register.cases.models import CaseEvidence, Incident
from register.errors import Refused
from register.evidence.models import EvidenceFile, is_referenced
from register.evidence.sealed_files import new_file
from register.reports.acts.purging import unused_keys
from register.reports.retention import keys_in_use

FILE = replace(new_file("seance.mp4"), mime="video/mp4", size=3_000_000, sha256="ab" * 32)


@pytest.fixture
def draft(pen, cast, store):
    """The id of a draft with two files."""
    with pen() as tx:
        case = acts.draft(tx, a_case(), by=cast.bruno, reason="Signalé.").id
        store_case_evidence(tx, store, case, FILE)
        store_case_evidence(tx, store, case, new_file("autre.pdf"))
        return case


def test_files_come_back_in_their_order_and_once(pen, cast, store, session, draft):
    with pen() as tx:
        first = store_case_evidence(tx, store, draft, FILE)
        acts.claim(tx, draft, by=cast.bruno)
    rows = case_evidence(session, store, draft)
    assert [(row.position, file.name) for row, file in rows] == [
        (1, "seance.mp4"),
        (2, "autre.pdf"),
    ]
    assert rows[0][0].key == first
    assert rows[0][1] == FILE
    assert len({len(row.sealed) for row, _file in rows}) == 1


def test_a_file_that_the_register_has_is_not_added_again(pen, cast, store, draft):
    with pen() as tx, pytest.raises(Refused, match="evidence_again"):
        acts.add_file(tx, store, draft, FILE, by=cast.bruno)


def test_the_key_of_a_case_with_files_is_in_use(store, session, draft):
    assert cases_with_evidence(session) == {draft}
    assert case_key_name(draft) in keys_in_use(session)
    assert case_key_name(draft) not in unused_keys(session, store.names())


def test_the_files_of_a_discarded_draft_are_let_go(pen, cast, store, session, draft):
    with pen() as tx:
        acts.discard(tx, draft, by=cast.bruno)
    assert session.get_one(Incident, draft).state == "erased"
    assert session.scalars(select(CaseEvidence)).all() == []
    unreferenced = session.scalars(select(EvidenceFile.file_id).where(~is_referenced())).all()
    assert FILE.file_id in unreferenced
    assert case_evidence(session, store, draft) == []
    assert case_key_name(draft) in unused_keys(session, store.names())
