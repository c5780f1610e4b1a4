"""Files stay while a row refers to them; all others go, pending ones on the second day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.db import now
from register.evidence import upkeep
from register.evidence.models import EvidenceFile, register_file
from register.evidence.sealed_files import new_file
from register.reports.models import ReportEvidence
from register.text.dates import paris_day
from register.worker.jobs import DAY_SECONDS, EvidenceJob

TODAY = paris_day(now())
KEY = "f" * 32


@pytest.fixture
def file(files):
    return files.write(new_file(), [b"contenu"], 100)


@pytest.fixture
def referenced(engine, inbox, file):
    """A file of a report."""
    report = inbox.received()
    with Session(engine) as session, session.begin():
        register_file(session, file.file_id)
        register_file(session, file.file_id)
        session.add(
            ReportEvidence(
                key=KEY, report_key=report.key, position=0, file_id=file.file_id, sealed=b"x"
            )
        )
    return file


def let_go(engine):
    with Session(engine) as session, session.begin():
        session.delete(session.get(ReportEvidence, KEY))


def rows(engine):
    with Session(engine) as session:
        return session.scalars(select(EvidenceFile.file_id)).all()


def test_a_file_that_is_referred_to_is_settled_once_and_stays(engine, files, referenced):
    assert upkeep.run_upkeep(engine, files, TODAY) == (0, 1, 0)
    assert upkeep.run_upkeep(engine, files, TODAY + timedelta(9)) == (0, 0, 0)
    assert files.open(referenced).read() == b"contenu"
    assert list(files.store.pending()) == []


def test_a_pending_file_is_abandoned_on_the_second_day(engine, files, file):
    assert upkeep.run_upkeep(engine, files, TODAY + timedelta(1)) == (0, 0, 0)
    assert files.is_whole(file)
    later = upkeep.run_upkeep(engine, files, TODAY + timedelta(3))
    assert later == (0, 0, 1)
    assert not files.is_whole(file)


@pytest.mark.parametrize("is_settled", [False, True])
def test_a_file_without_references_is_deleted_with_its_row(engine, files, referenced, is_settled):
    if is_settled:
        upkeep.settle(engine, files)
    let_go(engine)
    with Session(engine) as session:
        assert upkeep.has_unreferenced(session)
    assert upkeep.delete_unreferenced(engine, files) == 1
    assert not files.is_whole(referenced)
    assert rows(engine) == []


def test_the_job_runs_each_day_and_after_a_deletion(engine, files, referenced):
    at = [now()]
    job = EvidenceJob(engine, lambda: files, lambda: at[0])
    assert job.run(None) == DAY_SECONDS
    assert list(files.store.settled())
    assert job.run(None) == DAY_SECONDS
    let_go(engine)
    job.run(None)
    assert rows(engine) == []
    assert list(files.store.settled()) == []
    files.write(new_file(), [b"never sent"], 100)
    at[0] += timedelta(days=3)
    job.run(None)
    assert list(files.store.pending()) == []


def test_a_blob_that_is_settled_during_a_listing_is_listed(engine, files, referenced, monkeypatch):
    def listed_before() -> list[str]:
        names = list(settled())
        upkeep.settle(engine, files)
        return names

    settled, names = files.store.settled, set(files.blob_names(referenced.file_id))
    monkeypatch.setattr(files.store, "settled", listed_before)
    assert files.listed_names() == names
