"""The worker makes the copies that members asked for, and notices dead links."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from datetime import date, timedelta

import pytest
from case_contents import a_case
from cast import AT
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from warcio.archiveiterator import ArchiveIterator

from register.cases import acts, cited_sources, source_queue
from register.cases.case_content import SourceContent, content_of
from register.cases.models import Incident, SourceCopy
from register.cases.source_watch import CopyRequest, LinkState, SourceCheck
from register.cases.verify import verify
from register.evidence import upkeep
from register.journal import Act, JournalEntry
from register.operations import setup
from register.sources.page_fetch import FetchLimits, PageFetcher
from register.worker import source_jobs
from register.worker.source_jobs import LinkJob, SourceCopyJob
from tests.sources.web_hosts import loopback_rules, redirect, reply, serving

pytestmark = pytest.mark.one_database

PAGE = b"<!doctype html><title>Gagny</title><p>Le maire interdit de filmer."
TODAY = date(2026, 3, 2)


class Clock:
    def __init__(self):
        self.at = AT

    def __call__(self):
        return self.at


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch):
    for name in ("COPY_PAUSE", "CHECK_PAUSE", "HOST_PAUSE"):
        monkeypatch.setattr(source_jobs, name, 0.0)


@pytest.fixture
def files(settings, store):
    return setup.sealed_files(settings, store)


def a_source(host, path="/", **fields):
    return SourceContent(f"http://presse.fr:{host.port}{path}", kind="presse", **fields)


def _fetcher(*hosts):
    limits = FetchLimits(size=100_000, seconds=3, pause=1)
    return PageFetcher("WebCitoyen/essai", limits, loopback_rules(*hosts))


@pytest.fixture
def copying(settings, engine, files, clock):
    """``copying(host)``: run the job until nothing is due."""

    def store_of_register():
        with Session(engine) as session:
            return setup.key_store(settings, session)

    def run(*hosts):
        job = SourceCopyJob(
            engine, store_of_register, lambda: files, _fetcher(*hosts), "essai", clock
        )
        run_until_idle(job)

    return run


def run_until_idle(job):
    until = time.monotonic() + 10
    while job.run(lambda _done, _total: None) < source_jobs.IDLE_SECONDS:
        assert time.monotonic() < until
        time.sleep(0.01)


def ask(engine, case_id, by=None, at=AT):
    with Session(engine) as session:
        case = session.get_one(Incident, case_id)
        sources = cited_sources.addresses(
            {"sources": [vars(source) for source in content_of(case).sources]}
        )
    source_queue.request_copies(engine, case_id, list(sources), by=by, at=at)


def rows(session, model):
    session.rollback()
    session.expire_all()
    return session.scalars(select(model)).all()


def test_a_copy_is_sealed_named_in_the_journal_and_opens_byte_for_byte(
    engine, session, desk, cast, store, files, copying
):
    with serving({"/": redirect("/fin"), "/fin": reply(PAGE)}) as host:
        case = desk.published(a_case(sources=(a_source(host),)))
        ask(engine, case.id, by=cast.bruno)
        copying(host)
    [copy] = rows(session, SourceCopy)
    assert (copy.origin, copy.copied_on, copy.incident_id) == ("fetched", TODAY, case.id)
    assert rows(session, CopyRequest) == []
    [line] = session.scalars(select(JournalEntry).where(JournalEntry.act == Act.SOURCE_COPIED))
    assert copy.sha256.encode() in line.private_json
    assert line.member_id == cast.bruno
    assert b"presse.fr" not in line.private_json + line.public_json
    manifest = cited_sources.open_copy(store, copy)
    warc = files.open(manifest).read(manifest.size)
    records = ArchiveIterator(io.BytesIO(warc), check_digests="raise")
    bodies = [record.raw_stream.read() for record in records if record.rec_type == "response"]
    assert bodies == [b"", PAGE]
    assert manifest.name == "presse.fr-2026-03-02.warc.gz"
    assert list(verify(session)) == []


def test_nothing_of_a_copy_is_in_clear_on_disk(settings, engine, desk, cast, copying):
    marker = b"un-mot-de-la-page-que-rien-ne-doit-montrer"
    with serving({"/": reply(marker, headers=["Content-Type: text/plain"])}) as host:
        case = desk.published(a_case(sources=(a_source(host),)))
        ask(engine, case.id, by=cast.bruno)
        copying(host)
    stored = [path for path in settings.instance.rglob("*") if path.is_file()]
    assert stored
    blobs = [path for path in stored if "evidence" in path.parts]
    assert {path.stat().st_size for path in blobs} == {(1 << 20) + 29}
    for path in stored:
        content = path.read_bytes()
        assert marker not in content
        assert b"warc" not in content.lower() or "evidence" not in path.parts


def test_the_document_names_the_copy_from_its_next_version_on(
    engine, session, desk, cast, copying, pen
):
    with serving({"/": reply(PAGE)}) as host:
        content = a_case(sources=(a_source(host),))
        case = desk.published(content)
        ask(engine, case.id)
        copying(host)
    [copy] = rows(session, SourceCopy)
    assert content_of(session.get_one(Incident, case.id)).sources[0].copy_sha256 == ""
    session.rollback()
    with pen() as p:
        # The editor knows nothing of copies.
        changed = replace(content, summary="Selon le blog, le maire l’interdit.")
        options = {"reason": "r", "public_note": "n", "flag_reasons": "relu"}
        attested = ("attribution", "no_private_person", "no_private_life")
        acts.correct(p, case.id, changed, by=cast.bruno, attested=attested, **options)
    session.rollback()
    [source] = content_of(session.get_one(Incident, case.id)).sources
    assert (source.copied_on, source.copy_sha256) == ("2026-03-02", copy.sha256)
    assert list(verify(session)) == []


def test_a_page_that_is_gone_is_not_asked_for_again_and_one_that_is_slow_is(
    engine, session, desk, copying, clock
):
    answers = {"/absente": reply(status="404 Not Found"), "/lente": reply(status="503 Busy")}
    with serving(answers) as host:
        case = desk.draft(a_case(sources=(a_source(host, "/absente"), a_source(host, "/lente"))))
        ask(engine, case.id)
        copying(host)
        first, second = sorted(rows(session, CopyRequest), key=lambda request: request.status)
        assert (first.failure, first.status, first.due_at) == ("status", 404, None)
        assert (second.failure, second.status, second.attempts) == ("status", 503, 1)
        for _attempt in range(5):
            clock.at += timedelta(hours=2)
            copying(host)
        assert len(host.requests) == 1 + source_queue.ATTEMPTS
        [_gone, second] = sorted(rows(session, CopyRequest), key=lambda request: request.status)
        assert (second.attempts, second.due_at) == (source_queue.ATTEMPTS, None)
        # A click begins anew.
        host.answers["/lente"] = reply(PAGE)
        ask(engine, case.id, at=clock.at)
        copying(host)
    assert len(rows(session, SourceCopy)) == 1


def test_a_source_or_case_that_went_meanwhile_leaves_no_file(
    settings, engine, session, desk, cast, pen, copying
):
    with serving({"/": reply(PAGE), "/b": reply(PAGE)}) as host:
        kept = desk.draft(a_case(sources=(a_source(host),)))
        gone = desk.draft(a_case(sources=(a_source(host, "/b"),)))
        ask(engine, kept.id)
        ask(engine, gone.id)
        with pen() as p:
            acts.edit(p, kept.id, a_case(), by=cast.bruno, reason="r", flag_reasons="relu")
            acts.discard(p, gone.id, by=cast.bruno)
        copying(host)
        assert host.requests == []
    assert rows(session, CopyRequest) == rows(session, SourceCopy) == []
    assert list((settings.instance / "evidence").rglob("*.*")) == []


def test_a_member_whose_account_was_closed_is_not_named(engine, session, desk, cast, copying):
    with serving({"/": reply(PAGE)}) as host:
        case = desk.draft(a_case(sources=(a_source(host),)))
        ask(engine, case.id, by=cast.driss)
        copying(host)
    [line] = session.scalars(select(JournalEntry).where(JournalEntry.act == Act.SOURCE_COPIED))
    assert line.member_id is None


def test_erasing_a_case_deletes_its_copies_requests_and_checks(
    settings, engine, session, desk, cast, store, files, pen, copying
):
    with serving({"/": reply(PAGE), "/b": reply(status="404 Not Found")}) as host:
        case = desk.draft(a_case(sources=(a_source(host), a_source(host, "/b"))))
        ask(engine, case.id)
        copying(host)
    source_queue.note_check(
        engine, source_queue.DueAddress(case.id, "a" * 64, ""), LinkState.GONE, 404, TODAY
    )
    assert upkeep.run_upkeep(engine, files, TODAY) == (0, 1, 0)
    with pen() as p:
        acts.discard(p, case.id, by=cast.bruno)
    for model in (SourceCopy, CopyRequest, SourceCheck):
        assert rows(session, model) == []
    assert list(verify(session)) == []
    session.rollback()
    assert upkeep.delete_unreferenced(engine, files) == 1
    assert [path for path in (settings.instance / "evidence").rglob("*") if path.is_file()] == []


def looks(engine, host, clock):
    job = LinkJob(engine, _fetcher(host), clock)
    job._answered_at = time.monotonic()  # another host answers
    run_until_idle(job)
    return job


def test_dead_links_are_noticed_by_two_looks_and_answers_end_it(
    engine, session, desk, clock, monkeypatch
):
    monkeypatch.setattr(source_jobs, "IDLE_SECONDS", 10.0)
    with serving({"/": reply(PAGE), "/b": reply(status="404 Not Found")}) as host:
        desk.published(a_case(sources=(a_source(host), a_source(host, "/b"))))
        desk.draft(a_case(sources=(a_source(host, "/brouillon"),)))
        looks(engine, host, clock)
        checks = {check.status: check for check in rows(session, SourceCheck)}
        assert {status: check.link_state for status, check in checks.items()} == {
            200: LinkState.ANSWERS,
            404: LinkState.GONE,
        }
        assert checks[404].failing_since == TODAY
        assert checks[404].dead_on is None
        assert not any(b"/brouillon" in request for request in host.requests)
        before = len(host.requests)
        looks(engine, host, clock)
        assert len(host.requests) == before  # not yet due
        clock.at += timedelta(days=3)
        looks(engine, host, clock)
        dead = {check.status: check.dead_on for check in rows(session, SourceCheck)}
        assert dead == {200: None, 404: TODAY + timedelta(days=3)}
        host.answers["/b"] = reply(PAGE)
        clock.at += timedelta(days=30)
        looks(engine, host, clock)
        assert [check.dead_on for check in rows(session, SourceCheck)] == [None, None]


def test_silence_counts_only_while_others_answer(engine, session, desk, clock, monkeypatch):
    monkeypatch.setattr(source_jobs, "HOST_PAUSE", 60.0)
    with serving({}) as host:
        source = a_source(host)
        rules_host = host
    desk.published(a_case(sources=(source,)))
    job = LinkJob(engine, _fetcher(rules_host), clock)
    run_until_idle(job)
    assert rows(session, SourceCheck) == []
    looks(engine, rules_host, clock)
    [check] = rows(session, SourceCheck)
    assert (check.link_state, check.status) == (LinkState.SILENT, 0)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (200, "answers"),
        (206, "answers"),
        (304, "closed"),
        (401, "closed"),
        (403, "closed"),
        (404, "gone"),
        (410, "gone"),
        (429, "closed"),
        (451, "closed"),
        (500, "silent"),
        (503, "silent"),
    ],
)
def test_a_refusal_of_programs_is_no_dead_link(status, state):
    assert source_jobs.link_state(status) == state


def test_checks_of_hidden_cases_and_of_removed_sources_are_deleted(
    engine, session, desk, cast, pen, clock
):
    with serving({"/": reply(PAGE)}) as host:
        case = desk.published(a_case(sources=(a_source(host),)))
        looks(engine, host, clock)
        source_queue.note_check(
            engine, source_queue.DueAddress(case.id, "b" * 64, ""), LinkState.GONE, 404, TODAY
        )
        looks(engine, host, clock)
        assert session.scalar(select(func.count()).select_from(SourceCheck)) == 1
        session.rollback()
        with pen() as p:
            acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
        looks(engine, host, clock)
    assert rows(session, SourceCheck) == []
