"""Copies of sources at the desk, and what readers are told of them."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, timedelta

import pytest
from case_contents import a_case
from cast import AT
from sqlalchemy import select
from sqlalchemy.orm import Session
from warc_samples import OTHER, a_warc

from register.cases import acts, cited_sources, source_queue
from register.cases.case_content import SourceContent
from register.cases.case_evidence import case_key
from register.cases.models import SourceCopy
from register.cases.source_watch import CopyRequest, LinkState
from register.cases.verify import verify
from register.db import db
from register.errors import NotFound, Refused
from register.evidence.sealed_files import new_file
from register.operations import setup
from register.operations.missing_data import incomplete_files
from register.text.dates import paris_day

pytestmark = pytest.mark.one_database

ADDRESS = "https://presse.test/article"
PAGE = b"WARC/1.1 un-mot-de-la-copie \x00\xff" * 60_000
TODAY = paris_day(AT)


@pytest.fixture
def files(settings, store):
    return setup.sealed_files(settings, store)


@pytest.fixture
def copied(engine, cast, pen, store, files):
    """``copied(case)``: a copy of the source of a case, made at a time."""

    def make(case_id, at=AT, content=PAGE):
        file = files.write(new_file("presse.test-2026-03-02.warc.gz"), [content], 10_000_000)
        with pen(at) as p:
            line = acts.add_source_copy(
                p,
                case_id,
                cited_sources.digest(ADDRESS),
                file,
                case_key(store, case_id),
                by=cast.bruno,
                origin="fetched",
            )
        file_id = json.loads(line.private_json)["copy"]
        with Session(engine) as session:
            return session.scalar(select(SourceCopy.id).where(SourceCopy.file_id == file_id))

    return make


def a_sourced_case(**changes):
    return a_case(sources=(SourceContent(ADDRESS, kind="presse", title="Le maire"),), **changes)


def test_a_member_asks_for_a_copy_by_one_click(app, engine, desk, signed):
    case = desk.draft(a_sourced_case())
    client = signed("bruno")
    page = client.get(f"/moderation/dossiers/{case.id}/sources").text
    assert ADDRESS in page
    assert f"https://web.archive.org/web/*/{ADDRESS}" in page
    source = cited_sources.digest(ADDRESS)
    answer = client.send(f"/moderation/dossiers/{case.id}/sources/garder", {"source": source})
    assert answer.status_code == 303
    with Session(engine) as session:
        [request] = session.scalars(select(CopyRequest))
    assert (request.incident_id, request.source) == (case.id, source)
    db.session.rollback()
    page = client.get(answer.location).text
    assert "Copie demandée" in page
    assert client.get("/moderation/sources").status_code == 200


def test_a_source_that_the_case_does_not_have_is_not_asked_for(app, engine, desk, signed):
    case = desk.draft(a_sourced_case())
    client = signed("bruno")
    path = f"/moderation/dossiers/{case.id}/sources/garder"
    for source in ("", "a" * 64, "https://169.254.169.254/", cited_sources.digest("x")):
        assert client.send(path, {"source": source}).status_code == 404
    with Session(engine) as session:
        assert session.scalars(select(CopyRequest)).all() == []


def test_a_member_saves_a_copy_byte_for_byte_and_a_stranger_gets_nothing(app, desk, signed, copied):
    case = desk.published(a_sourced_case())
    path = f"/moderation/dossiers/{case.id}/sources/{copied(case.id)}"
    answer = signed("chloe").get(path)
    assert answer.data == PAGE
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer.headers["Cache-Control"]
    stranger = app.test_client().get(path)
    assert stranger.status_code in (303, 404)
    assert PAGE[:20] not in stranger.data


def test_a_member_brings_a_capture_of_a_page(app, desk, signed, session):
    case, member = desk.draft(a_sourced_case()), signed("bruno")
    source, upload = cited_sources.digest(ADDRESS), "/moderation/pieces/avec-fichiers"
    address = f"/moderation/dossiers/{case.id}/sources"

    def send(digest, content, name):
        fields = [("dossier", str(case.id)), ("source", digest)]
        return member.send(upload, [*fields, ("fichiers_choisis", (io.BytesIO(content), name))])

    assert "Apporter une capture" in member.get(address).text
    answer = send(source, b"%PDF-1.7 une page", "page.pdf")
    assert (answer.status_code, answer.location) == (303, address)
    session.rollback()
    copy = session.scalars(select(SourceCopy)).one()
    assert (copy.incident_id, copy.source, copy.origin) == (case.id, source, "added")
    assert "Copie apportée le" in member.get(answer.location).text
    refused = send(source, b"<svg onload=alert(1)>", "page.pdf")
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    assert "Garder les sources" in refused.text
    assert send("a" * 64, b"%PDF-1.7", "autre.pdf").status_code == 404
    session.rollback()
    assert len(session.scalars(select(SourceCopy)).all()) == 1


def test_a_web_archive_that_a_member_brings_is_read_and_compared_with_the_source(
    app, desk, signed, session, files
):
    case, member = desk.draft(a_sourced_case()), signed("bruno")
    page = f"/moderation/dossiers/{case.id}/sources"

    def send(content, address=ADDRESS):
        source = cited_sources.digest(address) if address else ""
        fields = [("dossier", str(case.id)), ("source", source)]
        files = [("fichiers_choisis", (io.BytesIO(content), "page.warc.gz"))]
        answer = member.send("/moderation/pieces/avec-fichiers", [*fields, *files])
        session.rollback()
        return answer

    archive = a_warc((ADDRESS, "2019-05-04", 200))
    assert send(archive).location == page
    assert 'Page du <time datetime="2019-05-04"' in member.get(page).text
    [copy] = session.scalars(select(SourceCopy))
    assert copy.captured_on == date(2019, 5, 4)
    assert list(verify(session)) == []
    session.rollback()
    again = send(archive)
    assert (again.status_code, "déjà dans le dossier" in again.text) == (409, True)
    other = send(a_warc((OTHER, "2019-05-04", 200)))
    assert (other.status_code, OTHER in other.text) == (422, True)
    # A file of the case itself is no web archive.
    assert send(archive, address="").status_code == 422
    assert len(session.scalars(select(SourceCopy)).all()) == 1
    assert len(files.listed_names()) == 1


def test_a_copy_of_another_case_is_not_found(app, desk, signed, copied):
    case, other = desk.draft(a_sourced_case()), desk.draft(a_sourced_case())
    copy = copied(case.id)
    assert signed("bruno").get(f"/moderation/dossiers/{other.id}/sources/{copy}").status_code == 404


def test_readers_are_told_the_day_and_digest_from_the_next_day_on(engine, session, desk, copied):
    case = desk.published(a_sourced_case())
    copied(case.id)
    source_queue.note_check(
        engine,
        source_queue.DueAddress(case.id, cited_sources.digest(ADDRESS), ADDRESS),
        LinkState.GONE,
        404,
        TODAY - timedelta(days=5),
    )
    assert cited_sources.source_facts(session, case.number, TODAY) == {}
    facts = cited_sources.source_facts(session, case.number, TODAY + timedelta(days=1))
    [copy] = session.scalars(select(SourceCopy))
    assert facts[ADDRESS] == cited_sources.SourceFacts(TODAY, copy.sha256, None)
    session.rollback()
    due = source_queue.DueAddress(case.id, cited_sources.digest(ADDRESS), ADDRESS)
    source_queue.note_check(engine, due, LinkState.GONE, 404, TODAY)
    facts = cited_sources.source_facts(session, case.number, TODAY + timedelta(days=1))
    assert facts[ADDRESS].dead_on == TODAY


def test_the_public_page_shows_them_and_a_draft_tells_nobody(app, desk, copied):
    case = desk.published(a_sourced_case())
    draft = desk.draft(a_sourced_case(title="Un brouillon"))
    copied(case.id)
    copied(draft.id)
    page = app.test_client().get(f"/incidents/{case.number}").text
    with app.app_context():
        [copy] = cited_sources.list_copies(Session(app.extensions["sqlalchemy"].engine), case.id)
    # The copies are of the year 2026, and the page of today.
    assert copy.sha256 in page
    assert "sous scellé" in page
    assert "un-mot-de-la-copie" not in page


def test_a_withdrawn_case_tells_nothing(session, desk, cast, pen, copied):
    case = desk.published(a_sourced_case())
    copied(case.id)
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
    assert cited_sources.source_facts(session, case.number, TODAY + timedelta(days=1)) == {}


def test_a_copy_is_dropped_from_a_draft_and_not_from_a_public_case(
    app, session, desk, cast, pen, signed, copied
):
    draft, public = desk.draft(a_sourced_case()), desk.published(a_sourced_case())
    client = signed("bruno")
    copies = [(draft, copied(draft.id), 303), (public, copied(public.id), 409)]
    for case, copy, status in copies:
        path = f"/moderation/dossiers/{case.id}/sources/retirer"
        assert client.send(path, {"copie": str(copy)}).status_code == status
    db.session.rollback()
    copied(draft.id)
    session.rollback()
    assert list(verify(session)) == []
    session.rollback()
    with pen() as p:
        acts.discard(p, draft.id, by=cast.bruno)
    assert [copy.incident_id for copy in session.scalars(select(SourceCopy))] == [public.id]
    assert list(verify(session)) == []


def test_a_redaction_destroys_the_copies_that_are_chosen(session, desk, cast, pen, copied):
    case = desk.published(a_sourced_case())
    first, second = copied(case.id), copied(case.id, content=PAGE + b"2")
    with pen() as p:
        options = {"reason": "r", "public_note": "Un passage a été retiré."}
        attested = ("attribution", "no_private_person", "no_private_life")
        acts.redact(
            p,
            case.id,
            a_sourced_case(),
            by=cast.bruno,
            attested=attested,
            flag_reasons="relu",
            copies=[second],
            **options,
        )
    tomorrow = TODAY + timedelta(days=1)
    copies = {copy.id: copy for copy in session.scalars(select(SourceCopy))}
    assert cited_sources.source_facts(session, case.number, tomorrow)[ADDRESS].sha256 == (
        copies[first].sha256
    )
    assert copies[second].destruction_id == 1
    assert list(verify(session)) == []
    session.rollback()
    with pen() as p:
        acts.confirm_destruction(p, 1, by=cast.chloe)
    session.expire_all()
    assert [copy.id for copy in session.scalars(select(SourceCopy))] == [first]
    assert list(verify(session)) == []


def test_copies_of_no_case_and_of_another_one_are_refused(
    session, desk, cast, pen, copied, store, files
):
    case, other = desk.published(a_sourced_case()), desk.published(a_sourced_case())
    copy, foreign = copied(case.id), copied(other.id)
    file = files.write(new_file(), [PAGE], 10_000_000)
    source = cited_sources.digest(ADDRESS)
    with pytest.raises(NotFound), pen() as p:
        acts.add_source_copy(p, 9_999, source, file, b"k" * 32, by=None)
    with pytest.raises(NotFound), pen() as p:
        acts.drop_source_copy(p, 9_999, by=cast.bruno)
    options = {"reason": "r", "public_note": "Un passage a été retiré.", "flag_reasons": "relu"}
    options["attested"] = ("attribution", "no_private_person", "no_private_life")

    def redact(*copies):
        with pen() as p:
            acts.redact(p, case.id, a_sourced_case(), by=cast.bruno, copies=copies, **options)

    with pytest.raises(NotFound):
        redact(foreign)
    redact(copy)
    with pytest.raises(Refused) as caught:
        redact(copy)
    assert caught.value.key == "copy_in_destruction"
    session.rollback()
    assert len(session.scalars(select(SourceCopy)).all()) == 2


def test_the_case_file_has_the_copies(app, desk, signed, copied):
    case = desk.published(a_sourced_case())
    copy = copied(case.id)
    archive = signed("bruno").get(f"/moderation/dossiers/{case.id}/dossier-avocat.zip").data
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        listed = json.loads(files.read("sources/sources.json"))["copies"]
        assert [entry["copy"] for entry in listed] == [copy]
        assert listed[0]["address"] == ADDRESS
        assert files.read(listed[0]["file"]) == PAGE
        assert listed[0]["file"] in json.loads(files.read("manifest.json"))["files"]


def test_administrators_ask_for_all_and_moderators_do_not(app, engine, desk, signed):
    desk.published(a_sourced_case())
    desk.draft(a_sourced_case())
    assert signed("bruno").send("/moderation/sources/garder", {}).status_code == 403
    assert signed("ada").send("/moderation/sources/garder", {}).status_code == 303
    with Session(engine) as session:
        assert len(session.scalars(select(CopyRequest)).all()) == 1
        assert source_queue.read_progress(session) == source_queue.SourceProgress(1, 0, 1, 0, 0)
    assert source_queue.count_missing(engine) == 0


def test_a_copy_that_lost_a_part_is_noticed(session, desk, store, files, copied):
    case = desk.published(a_sourced_case())
    copied(case.id)
    assert incomplete_files(session, store, files) == ([], set())
    [copy] = cited_sources.list_copies(session, case.id)
    files.store.delete(list(files.blob_names(copy.file_id))[-1])
    assert incomplete_files(session, store, files) == ([], {case.id})


def test_the_journal_denies_nothing_when_a_row_is_forged(session, engine, desk, copied):
    case = desk.published(a_sourced_case())
    copied(case.id)
    with Session(engine) as forging, forging.begin():
        forging.scalars(select(SourceCopy)).one().sha256 = "0" * 64
    assert [problem.key for problem in verify(session)] == ["desk_copies"]
