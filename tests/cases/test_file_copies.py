"""Clean copies of a case's files: wanted, made, looked at, replaced, removed and erased."""

from __future__ import annotations

import io
import json

import pytest
from case_files import MARKER, picture
from PIL import Image
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from register.cases import acts, copies
from register.cases.acts import copy_making
from register.cases.acts.evidence import REMOVAL_REASONS
from register.cases.case_evidence import case_key_name
from register.cases.copy_storage import CaseCopy, CaseCopyPage, CopyState
from register.cases.models import CaseEvidence, Revision
from register.cases.verify import verify
from register.errors import CopyError, Invalid, NotFound, Refused, SealError
from register.evidence import upkeep
from register.evidence.models import EvidenceFile
from register.journal import Act, JournalEntry
from register.reports.acts import purging
from register.worker import copy_job

pytestmark = pytest.mark.one_database

BLACK = {
    "masks": [{"area": {"left": 0.25, "top": 0.25, "right": 0.5, "bottom": 0.5}, "style": "black"}]
}


@pytest.fixture
def views(session, store, case_files):
    """The copies of a case's only file, as members read them."""

    def read(incident_id):
        session.rollback()
        (versions,) = copies.file_copies(session, store, incident_id).values()
        return versions

    return read


def _lines(session, act):
    session.rollback()
    stmt = select(JournalEntry).where(JournalEntry.act == act).order_by(JournalEntry.seq)
    return [json.loads(line.private_json) for line in session.scalars(stmt)]


def test_a_copy_shows_the_picture_without_its_metadata(
    desk, case_files, views, session, store, cast
):
    case = desk.draft()
    evidence = case_files.added(case.id)
    key = case_files.copied(case.id, evidence)
    (copy,) = views(case.id)
    assert (copy.key, copy.state, copy.is_looked, copy.is_edited) == (
        key,
        CopyState.READY,
        False,
        False,
    )
    (page,) = copy.pages
    content = case_files.files.open(page.file).read()
    assert (page.file.mime, page.file.size) == ("image/jpeg", len(content))
    assert (page.width, page.height) == (320, 200)
    assert MARKER in picture()
    assert MARKER not in content
    assert copies.find_page(session, store, case.id, page.sha256) == page.file
    assert copies.find_page(session, store, case.id + 1, page.sha256) is None
    assert copies.find_page(session, store, case.id, copy.order.original) is None
    made, requested = _lines(session, Act.COPY_MADE), _lines(session, Act.COPY_REQUESTED)
    assert [line["original"] for line in (*made, *requested)] == [copy.order.original] * 2
    assert made[0]["pages"] == [page.sha256]
    assert made[0]["by"] is None
    assert requested[0]["by"] == cast.bruno
    assert [*verify(session, [])] == []


def test_what_a_member_masks_is_black_in_the_new_copy_which_is_to_be_looked_at_anew(
    desk, case_files, views, pen, store, cast, session
):
    case = desk.draft()
    evidence = case_files.added(case.id)
    case_files.copied(case.id, evidence)
    (first,) = views(case.id)
    with pen() as p:
        acts.review_page(p, store, case.id, first.pages[0].key, by=cast.chloe)
    (first,) = views(case.id)
    assert first.is_looked
    assert first.pages[0].looked_by == cast.chloe
    assert [copy.key for copy in copies.ready_copies(session, store, case.id)] == [first.key]
    with pen() as p, pytest.raises(Refused) as refused:
        acts.review_page(p, store, case.id, first.pages[0].key, by=cast.bruno)
    assert refused.value.key == "page_looked_at"
    case_files.copied(case.id, evidence, BLACK)
    masked, base = views(case.id)
    assert base.key == first.key, "the copy without edits stays, to mark on"
    assert (masked.is_looked, masked.edit_words) == (False, ("masque",))
    assert base.pages[0].is_looked
    image = Image.open(io.BytesIO(case_files.files.open(masked.pages[0].file).read()))
    assert max(image.getpixel((120, 75))) < 20 < max(image.getpixel((300, 180)))


def test_a_third_copy_replaces_the_second_unless_the_text_of_the_case_shows_it(
    desk, case_files, views, session, engine
):
    case = desk.draft()
    evidence = case_files.added(case.id)
    for edits in ({}, BLACK, {"crops": [{"page": 0, "area": BLACK["masks"][0]["area"]}]}):
        case_files.copied(case.id, evidence, edits)
    cropped, base = views(case.id)
    assert (cropped.pages[0].width, base.is_edited) == (80, False)
    shown = cropped.pages[0].sha256
    with engine.begin() as connection:
        (content,) = connection.scalars(select(Revision.content))
        content = content.replace(b'"title":"', f'"title":"{shown}'.encode())
        connection.execute(update(Revision).values(content=content))
    case_files.copied(case.id, evidence, BLACK)
    assert [copy.edit_words for copy in views(case.id)] == [("masque",), ("recadrage",), ()]


def test_a_copy_in_the_text_of_the_case_is_not_removed(
    desk, case_files, views, session, engine, pen, store, cast
):
    case = desk.draft()
    evidence = case_files.added(case.id)
    case_files.copied(case.id, evidence)
    shown = views(case.id)[0].pages[0].sha256
    with engine.begin() as connection:
        (content,) = connection.scalars(select(Revision.content))
        hidden = content.replace(b'"title":"', f'"title":"{shown}'.encode())
        connection.execute(update(Revision).values(content=hidden))
    for only_copies in (True, False):
        with pen() as p, pytest.raises(Refused) as refused:
            acts.remove_file(
                p, store, case.id, evidence, "erreur", by=cast.bruno, only_copies=only_copies
            )
        assert refused.value.key == "copy_in_document"
    with engine.begin() as connection:
        connection.execute(update(Revision).values(content=content))
    with pen() as p, pytest.raises(Invalid):
        acts.remove_file(
            p, store, case.id, evidence, "un motif à soi", by=cast.bruno, only_copies=True
        )
    with pen() as p:
        acts.remove_file(
            p, store, case.id, evidence, REMOVAL_REASONS[0], by=cast.bruno, only_copies=True
        )
    session.rollback()
    assert copies.file_copies(session, store, case.id) == {}
    case_files.copied(case.id, evidence)
    with pen() as p:
        acts.remove_file(p, store, case.id, evidence, "doublon", by=cast.bruno)
    assert [session.scalars(select(table)).all() for table in (CaseEvidence, CaseCopy)] == [[], []]
    assert _lines(session, Act.EVIDENCE_REMOVED)[0]["why"] == "doublon"


def test_rows_of_another_case_are_not_found(desk, case_files, views, pen, store, cast):
    case, other = desk.draft(), desk.draft()
    evidence = case_files.added(case.id)
    case_files.copied(case.id, evidence)
    page = views(case.id)[0].pages[0].key
    calls = (
        lambda p: acts.request_copy(p, store, other.id, evidence, {}, by=cast.bruno),
        lambda p: acts.review_page(p, store, other.id, page, by=cast.bruno),
        lambda p: acts.remove_file(
            p, store, other.id, evidence, "erreur", by=cast.bruno, only_copies=True
        ),
        lambda p: acts.remove_file(p, store, other.id, evidence, "erreur", by=cast.bruno),
    )
    for call in calls:
        with pen() as p, pytest.raises(NotFound):
            call(p)


def test_an_erased_case_leaves_no_row_no_key_and_no_byte(
    desk, case_files, engine, session, store, pen, cast, settings
):
    case = desk.published()
    evidence = case_files.added(case.id)
    case_files.copied(case.id, evidence)
    case_files.copied(case.id, evidence, BLACK)
    assert len(session.scalars(select(EvidenceFile)).all()) == 3
    upkeep.settle(engine, case_files.files)
    assert len(list(case_files.files.store.settled())) == 3
    with pen() as p:
        acts.approve(p, case.id, by=cast.chloe, purpose="erase")
        acts.erase(p, case.id, by=cast.ada, restriction="donnee_personnelle")
    upkeep.delete_unreferenced(engine, case_files.files)
    with pen() as p:
        purging.purge(p, store, undecided_after=24)
    session.rollback()
    for table in (CaseEvidence, CaseCopy, CaseCopyPage, EvidenceFile):
        assert session.scalars(select(table)).all() == []
    blobs = case_files.files.store
    assert [*blobs.settled(), *blobs.pending()] == []
    assert case_key_name(case.id) not in store.names()
    assert [*verify(session, [])] == []


# --- the worker -------------------------------------------------------------------------------


@pytest.fixture
def wanted(desk, case_files, pen, store, cast):
    """A case, its file, and a copy that is wanted."""
    case = desk.draft()
    evidence = case_files.added(case.id)
    with pen() as p:
        key = acts.request_copy(p, store, case.id, evidence, {}, by=cast.bruno)
    return case, evidence, key


def test_a_broken_file_fails_once_with_its_reason(desk, case_files, views, session, engine):
    case = desk.draft()
    evidence = case_files.added(case.id, picture()[:600])
    case_files.copied(case.id, evidence)
    (copy,) = views(case.id)
    assert (copy.state, copy.reason, copy.pages) == (CopyState.FAILED, "copy_broken", ())
    assert copy_making.claim_copy(engine) is None
    assert _lines(session, Act.COPY_FAILED)[0]["why"] == "copy_broken"


def test_numbers_of_a_reason_are_for_members(desk, wanted, case_files, views, engine, pen, store):
    case, _evidence, _key = wanted
    task = copy_making.claim_copy(engine)
    with pen() as p:
        copy_making.fail_copy(p, store, task, CopyError("copy_pages", count=412, limit=200))
    assert views(case.id)[0].order.values == {"count": 412, "limit": 200}


def test_a_copy_whose_worker_was_killed_is_taken_again_and_given_up_at_the_fourth_time(
    wanted, case_files, views, engine
):
    case, _evidence, _key = wanted
    for attempts in (1, 2, 3):
        task = copy_making.claim_copy(engine)
        assert task.attempts == attempts
    case_files.work()
    (copy,) = views(case.id)
    assert (copy.state, copy.reason) == (CopyState.FAILED, "copy_interrupted")


def test_what_an_overtaken_worker_made_is_dropped(wanted, case_files, views, engine, store):
    case, _evidence, key = wanted
    overtaken = copy_making.claim_copy(engine)
    case_files.work()
    (before,) = views(case.id)
    copy_job.make_and_record(engine, store, case_files.files, overtaken)
    assert views(case.id) == [before]
    assert before.key == key
    blobs = [*case_files.files.store.pending()]
    assert len(blobs) == 2, "the original, and the only page"


def test_an_outage_does_not_count_as_an_attempt(wanted, engine):
    task = copy_making.claim_copy(engine)
    copy_making.return_copy(engine, task)
    assert copy_making.claim_copy(engine).attempts == 1
    # An overtaken worker puts nothing back.
    copy_making.return_copy(engine, task)
    assert copy_making.claim_copy(engine).attempts == 2


def test_a_file_removed_while_its_copy_is_made_leaves_nothing(
    wanted, case_files, engine, session, pen, store, cast
):
    case, evidence, _key = wanted
    task = copy_making.claim_copy(engine)
    with pen() as p:
        acts.remove_file(p, store, case.id, evidence, "erreur", by=cast.bruno)
    copy_job.make_and_record(engine, store, case_files.files, task)
    upkeep.delete_unreferenced(engine, case_files.files)
    assert [*case_files.files.store.pending()] == []
    assert session.scalars(select(CaseCopyPage)).all() == []


def test_the_job_makes_one_copy_after_the_other(wanted, case_files, views, engine, store):
    case, _evidence, _key = wanted
    job = copy_job.CopyJob(engine, lambda: store, lambda: case_files.files)
    assert job.run(lambda *_: None) == 0.0
    assert job.run(lambda *_: None) == copy_job.COPY_SECONDS
    assert views(case.id)[0].state is CopyState.READY


def test_a_copy_whose_case_lost_its_key_is_neither_made_nor_noted(wanted, engine, store, pen):
    case, _evidence, _key = wanted
    task = copy_making.claim_copy(engine)
    store.destroy([case_key_name(case.id)])
    with Session(engine) as session, pytest.raises(SealError):
        copy_making.load_task(session, store, task)
    with pen() as p:
        assert not copy_making.fail_copy(p, store, task, CopyError("copy_broken"))
        assert not copy_making.finish_copy(p, store, task, [])
