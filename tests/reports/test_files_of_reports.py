"""Files of a report through its life: its case, its withdrawal, its destruction."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from datetime import timedelta

import pytest
from case_contents import a_case
from case_pieces import add_copy, picture
from cast import AT
from report_factory import a_report, nonce
from sqlalchemy import delete, select

from register.cases import acts as cases
from register.cases.case_evidence import case_evidence
from register.cases.copy_storage import CaseCopy
from register.cases.pieces import piece_of
from register.errors import Invalid, NotFound, Refused
from register.evidence.models import EvidenceFile, is_referenced
from register.evidence.sealed_files import new_file, open_manifest
from register.journal import Act, JournalEntry
from register.reports import acts, queries, receipt_codes, report_content
from register.reports.acts import replays
from register.reports.acts.purging import run_retention
from register.reports.models import DestroyedFile, MessageKind, ReportEvidence
from register.reports.report_files import destroyed_files, report_files, sent_file, sent_files
from register.reports.verify import problems

pytestmark = pytest.mark.one_database


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


def test_the_files_of_a_withdrawn_report_leave_the_case_that_its_draft_joined(
    pen, cast, desk, send, store, session
):
    file, public = a_file(), desk.published()
    report = send(file)
    case = accept(pen, store, cast, report.key)
    with pen() as tx:
        cases.merge(tx, case, into=public.number, by=cast.bruno, reason="r", store=store)
    session.rollback()
    assert [file for _row, file in case_evidence(session, store, public.id)] == [file]
    with pen() as tx:
        acts.withdraw(tx, store, report.key, nonce(), destroys=True)
    session.rollback()
    assert case_evidence(session, store, public.id) == []
    assert unreferenced(session) == {file.file_id}


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


def destroy(pen, store, cast, key, file_key, reason="donnee_personnelle", by=None):
    with pen() as tx:
        acts.destroy_file(tx, store, key, file_key, reason, by=by or cast.bruno)


def desk_lines(session, act):
    session.rollback()
    lines = session.scalars(select(JournalEntry).where(JournalEntry.act == act))
    return [json.loads(line.private_json) for line in lines]


def test_one_file_is_destroyed_and_the_others_stay(pen, cast, send, store, session):
    gone, kept = a_file("elle.jpg"), a_file("2")
    report = send(gone)
    add(pen, store, report.key, kept)
    view = queries.get_report(session, store, report.key)
    receipt = report_content.receipt_document(view.received, view.summary.day, "registre.test")
    first, _second = report_files(session, store, report.key)
    destroy(pen, store, cast, report.key, first.key)
    # A second click.
    destroy(pen, store, cast, report.key, first.key)
    [line] = desk_lines(session, Act.REPORT_FILE_REMOVED)
    assert (line["by"], line["file"], line["why"]) == (cast.bruno, first.key, "donnee_personnelle")
    assert gone.sha256 not in json.dumps(line)
    assert [row.manifest for row in report_files(session, store, report.key)] == [kept]
    assert destroyed_files(session, store, report.key) == [
        (sent_file(gone), AT.date(), "donnee_personnelle")
    ]
    assert unreferenced(session) == {gone.file_id}
    # What is left has neither its key nor its name.
    row = session.scalars(select(DestroyedFile)).one()
    left = open_manifest(store.key(report.key), row.sealed, row.key)
    assert (left.key, left.name, left.file_id) == (b"", "", "")
    # The receipt of before still proves that it was sent.
    assert receipt_codes.receipt_proof(session, receipt) == (AT.date(), "", report.key)
    assert list(problems(session)) == []


def test_a_destroyed_file_leaves_the_case_with_its_copies(pen, cast, send, store, session):
    gone, kept = a_file("1"), a_file("2")
    report = send(gone, kept)
    case = accept(pen, store, cast, report.key)
    session.rollback()
    [(row, _file), _other] = case_evidence(session, store, case)
    with pen() as tx:
        cases.request_copy(tx, store, case, row.key, {}, by=cast.bruno)
    first, _second = report_files(session, store, report.key)
    destroy(pen, store, cast, report.key, first.key, "illicite", by=cast.chloe)
    session.rollback()
    assert [file for _row, file in case_evidence(session, store, case)] == [kept]
    assert session.scalars(select(CaseCopy)).all() == []
    assert unreferenced(session) == {gone.file_id}
    [line] = desk_lines(session, Act.EVIDENCE_REMOVED)
    assert (line["dossier"], line["why"]) == (case, "illicite")


def test_a_file_that_a_case_shows_is_not_destroyed(pen, cast, send, store, session, case_files):
    report = send(a_file())
    case = accept(pen, store, cast, report.key)
    session.rollback()
    [(row, _file)] = case_evidence(session, store, case)
    [file] = report_files(session, store, report.key)
    with pen() as tx:
        copy = add_copy(
            tx,
            store,
            case_files.files,
            case,
            "image",
            [picture("Mairie")],
            evidence=row.key,
            looked_by=cast.bruno,
        )
        shown = replace(a_case(), pieces=(piece_of(copy),))
        cases.edit(tx, case, shown, by=cast.bruno, reason="Pièce.")
    with pytest.raises(Refused) as error:
        destroy(pen, store, cast, report.key, file.key)
    assert error.value.key == "copy_in_document"
    assert len(report_files(session, store, report.key)) == 1
    with pen() as tx:
        cases.edit(tx, case, a_case(), by=cast.bruno, reason="Pièce retirée.")
    destroy(pen, store, cast, report.key, file.key)
    session.rollback()
    assert case_evidence(session, store, case) == []


def test_who_may_destroy_what(pen, cast, send, store, session):
    report, other = send(a_file()), send(a_file())
    [file] = report_files(session, store, report.key)
    for key, reason, by, error in (
        (report.key, "", cast.bruno, Invalid),
        (report.key, "erreur", cast.driss, Refused),
        (other.key, "erreur", cast.bruno, NotFound),
    ):
        with pytest.raises(error):
            destroy(pen, store, cast, key, file.key, reason, by=by)
    with pen() as tx:
        acts.claim(tx, report.key, by=cast.chloe)
    with pytest.raises(Refused) as refused:
        destroy(pen, store, cast, report.key, file.key)
    assert refused.value.key == "report_held"


def test_verify_notices_a_destruction_without_its_line(pen, cast, send, store, session):
    report = send(a_file())
    [file] = report_files(session, store, report.key)
    destroy(pen, store, cast, report.key, file.key)
    session.rollback()
    session.execute(delete(DestroyedFile))
    assert [problem.key for problem in problems(session)] == ["report_differs"]


def test_the_trace_of_a_destroyed_file_goes_with_the_texts(pen, cast, send, store, session):
    report = send(a_file())
    [file] = report_files(session, store, report.key)
    destroy(pen, store, cast, report.key, file.key)
    with pen() as tx:
        acts.withdraw(tx, store, report.key, nonce(), destroys=True)
    session.rollback()
    assert destroyed_files(session, store, report.key) == []
    assert session.scalars(select(DestroyedFile)).all() == []
    assert list(problems(session)) == []


def test_a_restored_register_destroys_a_file_again(pen, send, store, session):
    file = a_file()
    report = send(file)
    [row] = report_files(session, store, report.key)
    session.rollback()
    for is_done in (True, False):
        with pen() as tx:
            again = replays.remove_file_again(tx, store, row.key, "illicite", event="e")
        assert again is is_done
    session.rollback()
    assert destroyed_files(session, store, report.key) == [(sent_file(file), AT.date(), "illicite")]
    assert list(problems(session)) == []
