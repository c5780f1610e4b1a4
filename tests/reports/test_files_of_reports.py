"""Files of a report through its life: its case, its withdrawal, its destruction."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta

import pytest
from case_contents import a_case
from cast import AT
from report_factory import a_report, nonce
from sqlalchemy import select

from register.cases import acts as cases
from register.cases.case_evidence import case_evidence
from register.errors import Refused
from register.evidence.models import EvidenceFile, is_referenced
from register.evidence.sealed_files import new_file
from register.reports import acts, queries, report_content
from register.reports.acts.purging import run_retention
from register.reports.models import MessageKind, ReportEvidence
from register.reports.report_files import report_files, sent_files


def a_file(name="séance.mp4"):
    digest = secrets.token_hex(32)
    return replace(new_file(name), mime="video/mp4", size=7_000_000, sha256=digest)


@pytest.fixture
def send(pen, store):
    """``send(files…)``: a report with files."""

    def receive(*files, named="", **fields):
        with pen() as tx:
            sent = a_report(**fields)
            return acts.receive(tx, store, sent, named or nonce(), files=files)

    return receive


def add(pen, store, key, *files, named="", text="Voici la suite."):
    with pen() as tx:
        return acts.add(tx, store, key, MessageKind.ADDITION, text, named or nonce(), files)


def accept(pen, store, cast, key, into=None):
    with pen() as tx:
        new = None if into else a_case()
        return acts.accept(tx, store, key, by=cast.bruno, reason="Signalé.", new=new, into=into)


def unreferenced(session):
    session.rollback()
    return set(session.scalars(select(EvidenceFile.file_id).where(~is_referenced())))


def test_the_receipt_proves_the_files_and_not_their_names(send, store, session):
    files = [a_file("moi.jpg"), a_file("elle.jpg")]
    report = send(*files)
    received = queries.get_report(session, store, report.key).received
    assert received.sent.files == sent_files(files)
    assert received.sent.version == 2
    content = report_content.receipt_content(received.sent, AT.date())
    assert all(file.sha256.encode() in content for file in files)
    assert b"moi" not in content
    again = report_content.parse_content(received.sent.public_fields())
    assert again == received.sent


def test_the_same_form_with_the_same_files_is_one_report(send, session):
    named, files = nonce(), [a_file(), a_file()]
    first = send(*files, named=named)
    again = send(*reversed(files), named=named)
    assert (again.key, again.is_duplicate) == (first.key, True)
    with pytest.raises(Refused) as error:
        send(files[0], named=named)
    assert error.value.key == "report_already_sent"
    assert len(session.scalars(select(ReportEvidence)).all()) == 2


def test_a_message_with_the_same_files_is_one_message(pen, send, store, session):
    report, named, file = send(), nonce(), a_file()
    assert add(pen, store, report.key, file, named=named)
    assert not add(pen, store, report.key, file, named=named)
    with pytest.raises(Refused) as error:
        add(pen, store, report.key, a_file(), named=named)
    assert error.value.key == "report_already_sent"
    assert [row.manifest for row in report_files(session, store, report.key)] == [file]


def test_a_file_belongs_to_one_report(send):
    file = a_file()
    send(file)
    with pytest.raises(Refused) as error:
        send(file)
    assert error.value.key == "evidence_again"


def test_all_manifests_have_one_length(send, session):
    send(a_file("a"), a_file("é" * 500))
    assert len({len(row.sealed) for row in session.scalars(select(ReportEvidence))}) == 1


def test_an_accepted_report_gives_its_files_to_the_case(pen, cast, send, store, session):
    first, later, last = a_file("1"), a_file("2"), a_file("3")
    report = send(first)
    add(pen, store, report.key, later)
    case = accept(pen, store, cast, report.key)
    assert [file for _row, file in case_evidence(session, store, case)] == [first, later]
    add(pen, store, report.key, last)
    session.rollback()
    assert [file for _row, file in case_evidence(session, store, case)] == [first, later, last]


def test_the_files_of_a_withdrawn_report_leave_an_unpublished_case(pen, cast, send, store, session):
    kept, gone = a_file("1"), a_file("2")
    case = accept(pen, store, cast, send(kept, account="Un premier récit.").key)
    report = send(gone, account="Un autre récit.")
    accept(pen, store, cast, report.key, into=case)
    with pen() as tx:
        acts.withdraw(tx, store, report.key, nonce(), destroys=True)
    session.rollback()
    assert [file for _row, file in case_evidence(session, store, case)] == [kept]
    assert unreferenced(session) == {gone.file_id}


def test_a_published_case_keeps_the_files(pen, cast, desk, send, store, session):
    file, case = a_file(), desk.published()
    report = send(file)
    accept(pen, store, cast, report.key, into=case.id)
    with pen() as tx:
        assert not acts.withdraw(tx, store, report.key, nonce(), "S’il vous plaît.")
    session.rollback()
    assert [file for _row, file in case_evidence(session, store, case.id)] == [file]
    assert unreferenced(session) == set()


def test_a_discarded_draft_leaves_the_files_to_the_report(pen, cast, send, store, session):
    file = a_file()
    report = send(file)
    case = accept(pen, store, cast, report.key)
    with pen() as tx:
        cases.discard(tx, case, by=cast.bruno)
    session.rollback()
    assert case_evidence(session, store, case) == []
    assert unreferenced(session) == set()
    assert [row.manifest for row in report_files(session, store, report.key)] == [file]


@pytest.mark.parametrize("ended", ["spam", "declined", "withdrawn"])
def test_the_purge_lets_the_files_go(pen, cast, send, store, session, engine, ended):

    file = a_file()
    report = send(file)
    add(pen, store, report.key, a_file())
    with pen() as tx:
        if ended == "spam":
            acts.spam(tx, report.key, by=cast.bruno)
        elif ended == "declined":
            acts.decline(tx, store, report.key, "insuffisant", by=cast.bruno, sentence="Trop peu.")
        else:
            acts.withdraw(tx, store, report.key, nonce())
    session.rollback()
    run_retention(engine, store, AT + timedelta(days=91), 24, confirmed=True)
    session.rollback()
    assert session.scalars(select(ReportEvidence)).all() == []
    assert len(unreferenced(session)) == 2
    assert report_files(session, store, report.key) == []
