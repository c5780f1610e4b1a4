"""A blob in a bucket costs one request to look at, and is gone once it is deleted."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from case_contents import a_case
from report_factory import a_report, nonce
from s3_server import s3_bucket
from sqlalchemy.orm import Session

from register.cases import acts, cited_sources
from register.cases.case_content import SourceContent
from register.cases.case_evidence import case_key
from register.db import now
from register.errors import Unavailable
from register.evidence import upkeep
from register.evidence.blob_store import open_store
from register.evidence.models import EvidenceFile
from register.evidence.sealed_files import SealedFiles, new_file
from register.operations import setup
from register.operations.doctor import examine
from register.reports import acts as report_acts
from register.reports.acts import purging
from register.text.dates import paris_day
from register.worker.jobs import EvidenceJob

pytestmark = pytest.mark.one_database

ADDRESS = "https://presse.test/article"
LIMIT = 10_000_000


@pytest.fixture(scope="module")
def bucket():
    with s3_bucket("evidence") as url:
        yield url


@pytest.fixture
def files(bucket):
    """Files of an empty bucket, and the requests for them by name in ``files.requests``."""
    sealed = SealedFiles(open_store(bucket, None), secrets.token_bytes(32))
    sealed.requests = Counter()
    sealed.store._client.meta.events.register(
        "before-call.s3", lambda model, **_: sealed.requests.update([model.name])
    )
    yield sealed
    for name in sealed.listed_names():
        sealed.store.delete(name)


def keys_of(store):
    """Every key of the bucket, whatever its folder."""
    return [entry["Key"] for entry in store._call("list_objects_v2").get("Contents", ())]


def test_a_whole_file_costs_one_request_a_blob_and_a_list_of_them_none(files):
    file = files.write(new_file(), [bytes(2_500_000)], LIMIT)
    files.requests.clear()
    assert files.is_whole(file)
    assert files.requests == {"HeadObject": 3}
    files.requests.clear()
    assert files.read_blob(file, 0)
    assert files.requests == {"GetObject": 1}
    files.settle(file.file_id)
    listed = files.listed_names()
    files.requests.clear()
    assert files.is_whole(file, listed)
    assert list(files.blob_names(file.file_id, listed)) != []
    assert files.requests == {}
    files.store.delete(next(files.blob_names(file.file_id)))
    files.requests.clear()
    assert not files.is_whole(file)
    assert files.requests == {"HeadObject": 1}


def test_a_settled_blob_has_the_time_of_its_settling(files):
    files.store.put("ab" * 32, b"blob")
    key = files.store._key("sealed", "ab" * 32)
    before = files.store._call("head_object", Key=key)["ETag"]
    files.store.settle("ab" * 32)
    assert files.requests["CopyObject"] == 1
    assert files.store._call("head_object", Key=key)["ETag"] == before
    assert keys_of(files.store) == [key]


@pytest.fixture
def in_bucket(case_files, files):
    """``case_files`` with their blobs in the bucket."""
    return replace(case_files, files=files)


def test_nothing_of_an_erased_case_remains_in_the_bucket(
    engine, session, desk, pen, cast, store, in_bucket, files
):
    case = desk.published(a_case(sources=(SourceContent(ADDRESS, kind="presse"),)))
    in_bucket.copied(case.id, in_bucket.added(case.id))
    source = cited_sources.digest(ADDRESS)
    copies = [files.write(new_file(), [content], LIMIT) for content in (b"1", b"2")]
    for file in copies:
        with pen() as p:
            acts.add_source_copy(p, case.id, source, file, case_key(store, case.id), by=cast.bruno)
    upkeep.settle(engine, files)
    assert len(keys_of(files.store)) == 4
    copy = cited_sources.list_copies(session, case.id)[0]
    session.rollback()
    with pen() as p:
        acts.redact(
            p,
            case.id,
            a_case(sources=(SourceContent(ADDRESS, kind="presse"),)),
            by=cast.bruno,
            attested=("attribution", "no_private_person", "no_private_life"),
            flag_reasons="relu",
            copies=[copy.id],
            reason="r",
            public_note="Un passage a été retiré.",
        )
    with pen() as p:
        acts.confirm_destruction(p, 1, by=cast.chloe)
    upkeep.delete_unreferenced(engine, files)
    assert len(keys_of(files.store)) == 3
    with pen() as p:
        acts.approve(p, case.id, by=cast.chloe, purpose="erase")
        acts.erase(p, case.id, by=cast.ada, restriction="donnee_personnelle")
    upkeep.delete_unreferenced(engine, files)
    assert keys_of(files.store) == []


def test_a_failed_deletion_of_a_purge_is_reported_and_done_at_the_next_look(
    engine, settings, bucket, store, pen, cast, monkeypatch
):
    settings = replace(settings, evidence_url=bucket)
    files = setup.sealed_files(settings, store)
    file = files.write(new_file(), [bytes(2_500_000)], LIMIT)
    with pen() as p:
        report = report_acts.receive(p, store, a_report(), nonce(), files=[file])
        report_acts.spam(p, report.key, by=cast.bruno)
    job = EvidenceJob(engine, lambda: files)
    job.run(None)
    assert len(keys_of(files.store)) == 3
    assert not faults(settings)
    with pen(now() + timedelta(days=40)) as p:
        purging.purge(p, store, undecided_after=24)
    call = files.store._call

    def refusing(operation, **arguments):
        if operation == "delete_object" and calls.pop():
            raise Unavailable("evidence_away")
        return call(operation, **arguments)

    calls = [True, False, False]
    monkeypatch.setattr(files.store, "_call", refusing)
    with pytest.raises(Unavailable):
        job.run(None)
    monkeypatch.undo()
    assert faults(settings) == {"evidence_left": "2"}
    with Session(engine) as session:
        assert upkeep.count_orphans(session, files, paris_day(now())) == 2
    job.run(None)
    assert keys_of(files.store) == []
    assert not faults(settings)
    with Session(engine) as session:
        assert session.get(EvidenceFile, file.file_id) is None


def test_a_bucket_with_versions_is_reported(engine, settings, bucket):
    settings = replace(settings, evidence_url=bucket)
    store = open_store(bucket, None)
    for status, findings in (("Enabled", {"evidence_versions": ""}), ("Suspended", {})):
        store._call("put_bucket_versioning", VersioningConfiguration={"Status": status})
        assert faults(settings) == findings


def faults(settings):
    return {
        finding.code: finding.detail
        for finding in examine(settings)
        if not finding.good and finding.code.startswith("evidence")
    }
