"""A folder of captures becomes copies of sources, row by row, and once."""

from __future__ import annotations

import os

import pytest
from case_contents import a_case
from cast import AT
from sqlalchemy import select
from sqlalchemy.orm import Session
from warc_samples import ADDRESS, OTHER, a_warc

from register.cases import acts, cited_sources
from register.cases.case_content import SourceContent
from register.cases.models import SourceCopy
from register.cases.verify import verify
from register.errors import Invalid, Unavailable
from register.evidence import sealed_files
from register.exchange.capture_import import CaptureEffect, CaptureImport
from register.operations import setup

PDF = b"%PDF-1.7 une page"
LIMIT = 1_000_000


@pytest.fixture
def files(settings, store):
    return setup.sealed_files(settings, store)


@pytest.fixture
def bring(engine, store, files, tmp_path):
    """``bring(rows, files)``: import a folder; the faults and the number of each effect."""

    def run(rows, contents=None, **options):
        folder = tmp_path / "captures"
        folder.mkdir(exist_ok=True)
        for name, content in (contents or {}).items():
            (folder / name).write_bytes(content)
        lines = ["fichier;adresse;jour", *(";".join(row) for row in rows)]
        (folder / "captures.csv").write_text("\n".join(lines))
        importer = CaptureImport(engine, store, files, LIMIT, clock=lambda: AT, **options)
        steps = []
        report = importer.run(folder, lambda done, total: steps.append((done, total)))
        assert steps == [(number, len(rows)) for number in range(1, len(rows) + 1)]
        run.unnamed = report.unnamed
        return [
            (outcome.row.number, outcome.fault.field, outcome.fault.key)
            if outcome.fault
            else outcome.effect.value
            for outcome in report.outcomes
        ]

    return run


def a_sourced_case(*addresses):
    return a_case(sources=tuple(SourceContent(address, kind="presse") for address in addresses))


def copies(engine):
    with Session(engine) as session:
        return session.scalars(select(SourceCopy).order_by(SourceCopy.id)).all()


def test_captures_are_kept_for_every_case_with_their_source_and_once(
    engine, session, desk, store, files, bring
):
    public, draft = (
        desk.published(a_sourced_case(ADDRESS, OTHER)),
        desk.draft(a_sourced_case(ADDRESS)),
    )
    rows = [("page.pdf", ADDRESS, "2006-07-01"), ("autre.warc.gz", OTHER, "")]
    contents = {"page.pdf": PDF, "autre.warc.gz": a_warc((OTHER, "2019-05-04", 200)), "reste": b"x"}
    assert bring(rows, contents, dry_run=True) == ["added", "added"]
    assert (copies(engine), files.listed_names(), bring.unnamed) == ([], set(), 1)
    assert bring(rows) == ["added", "added"]
    assert [(copy.incident_id, str(copy.captured_on)) for copy in copies(engine)] == [
        (public.id, "2006-07-01"),
        (draft.id, "2006-07-01"),
        (public.id, "2019-05-04"),
    ]
    manifest = cited_sources.open_copy(store, copies(engine)[1])
    assert b"".join(files.parts(manifest)) == PDF
    assert bring(rows) == ["present", "present"]
    assert (len(copies(engine)), len(files.listed_names())) == (3, 2)
    assert list(verify(session)) == []


def test_a_copy_that_was_destroyed_does_not_come_back(engine, desk, cast, pen, bring):
    draft = desk.draft(a_sourced_case(ADDRESS))
    rows = [("page.pdf", ADDRESS, "2006-07-01")]
    assert bring(rows, {"page.pdf": PDF}) == ["added"]
    with pen() as p:
        acts.drop_source_copy(p, copies(engine)[0].id, by=cast.bruno)
    assert bring(rows) == ["destroyed"]
    assert copies(engine) == []
    with pen() as p:
        acts.discard(p, draft.id, by=cast.bruno)
    assert bring(rows) == [(2, "adresse", "capture_address")]


@pytest.mark.one_database
def test_each_bad_row_says_its_column_and_reason_and_good_rows_are_kept(
    engine, desk, bring, tmp_path
):
    desk.draft(a_sourced_case(ADDRESS))
    secret = tmp_path / "secret.txt"
    secret.write_text("un secret")
    contents = {
        "page.pdf": PDF,
        "page.svg": b"<svg onload=alert(1)>",
        "grand.txt": b"a" * (LIMIT + 1),
        "vide.txt": b"",
        "page.warc": a_warc((ADDRESS, "2019-05-04", 200), is_gzip=False),
        "autre.warc.gz": a_warc((OTHER, "2019-05-04", 200)),
        "coupee.warc.gz": a_warc((ADDRESS, "2019-05-04", 200))[:-40],
    }
    bring([], contents)
    (tmp_path / "captures" / "lien.txt").symlink_to(secret)
    os.mkfifo(tmp_path / "captures" / "tube")
    results = bring(
        [
            ("absent.pdf", ADDRESS, "2006-07-01"),
            ("../secret.txt", ADDRESS, "2006-07-01"),
            ("lien.txt", ADDRESS, "2006-07-01"),
            ("tube", ADDRESS, "2006-07-01"),
            ("page.pdf", "https://ailleurs.test/", "2006-07-01"),
            ("page.pdf", ADDRESS, ""),
            ("page.pdf", ADDRESS, "juillet 2006"),
            ("page.pdf", ADDRESS, "2026-03-03"),
            ("page.svg", ADDRESS, "2006-07-01"),
            ("grand.txt", ADDRESS, "2006-07-01"),
            ("vide.txt", ADDRESS, "2006-07-01"),
            ("page.warc", ADDRESS, "2019-05-05"),
            ("autre.warc.gz", ADDRESS, ""),
            ("coupee.warc.gz", ADDRESS, ""),
            ("page.pdf", ADDRESS, "2006-07-01", "trop"),
            ("page.pdf", ADDRESS, "2006-07-01"),
        ]
    )
    assert results == [
        (2, "fichier", "capture_missing"),
        (3, "fichier", "capture_outside"),
        (4, "fichier", "capture_outside"),
        (5, "fichier", "capture_outside"),
        (6, "adresse", "capture_address"),
        (7, "jour", "capture_day"),
        (8, "jour", "capture_day"),
        (9, "jour", "capture_future"),
        (10, "fichier", "evidence_kind"),
        (11, "fichier", "evidence_too_large"),
        (12, "fichier", "evidence_empty"),
        (13, "jour", "capture_other_day"),
        (14, "fichier", "capture_other_page"),
        (15, "fichier", "capture_archive"),
        (16, "jour", "row_width"),
        "added",
    ]
    assert len(copies(engine)) == 1


@pytest.mark.one_database
def test_a_folder_without_its_table_and_a_full_disk_stop_the_import(
    engine, desk, bring, files, store, tmp_path, monkeypatch
):
    with pytest.raises(Invalid) as caught:
        CaptureImport(engine, store, files, LIMIT).run(tmp_path, print)
    assert caught.value.key == "import_file_missing"
    desk.draft(a_sourced_case(ADDRESS))
    monkeypatch.setattr(sealed_files, "FREE_MARGIN", 10**15)
    with pytest.raises(Unavailable) as full:
        bring([("page.pdf", ADDRESS, "2006-07-01")], {"page.pdf": PDF})
    assert full.value.key == "import_no_room"
    assert files.listed_names() == set()


def test_an_import_that_loses_a_race_leaves_no_file(engine, desk, bring, files, monkeypatch):
    case = desk.draft(a_sourced_case(ADDRESS))
    rows = [("page.pdf", ADDRESS, "2006-07-01")]
    assert bring(rows, {"page.pdf": PDF}) == ["added"]
    # Another import looked before this one wrote.
    effects = {case.id: CaptureEffect.ADDED}
    monkeypatch.setattr(CaptureImport, "_effects", lambda *_arguments: effects)
    bring(rows)
    assert (len(copies(engine)), len(files.listed_names())) == (1, 1)


@pytest.mark.one_database
def test_a_capture_cannot_change_the_copy_of_a_case_that_takes_none(engine, desk, cast, pen, bring):
    public = desk.published(a_sourced_case(ADDRESS))
    with pen() as p:
        acts.approve(p, public.id, by=cast.chloe, purpose="erase")
        acts.erase(p, public.id, by=cast.ada, restriction="donnee_personnelle")
    assert bring([("page.pdf", ADDRESS, "2006-07-01")], {"page.pdf": PDF}) == [
        (2, "adresse", "capture_address")
    ]
    assert copies(engine) == []
