"""Labels, place names and pages sealed in the public ledger, and compared with it."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from ledger_lines import lines_since
from sqlalchemy import Engine, delete, update
from sqlalchemy.orm import Session

from register.cases import published_texts, vocabulary
from register.cases.published_texts import SealedNames
from register.cases.verify import verify
from register.cases.vocabulary import VocabularyEntry
from register.db import write_engine
from register.journal import JournalEntry, LedgerHead
from register.operations import setup
from register.operations.doctor import examine
from register.pages import acts, content
from register.pages.content import PageRevision
from register.territory import dataset

pytestmark = pytest.mark.one_database

Change = Callable[[Any], None]


@pytest.fixture
def change(engine: Engine, session: Session) -> Change:
    """``change(statement)``: a change by hand, past the acts."""

    def execute(statement: Any) -> None:
        session.rollback()
        with write_engine(engine).begin() as connection:
            connection.execute(statement)

    return execute


@pytest.fixture
def page(pen: Any, cast: Any) -> PageRevision:
    """A page that Ada has rewritten."""
    with pen() as p:
        return acts.save_page(
            p, "methode", "Méthode", "Un texte.", by=cast.ada, reason="r", seen_revision=0
        )


def _problems(session: Session) -> list[tuple[str, Mapping[str, object]]]:
    session.rollback()
    return [(problem.key, problem.values) for problem in verify(session)]


def _sealed(session: Session) -> list[dict[str, str | None]]:
    session.rollback()
    return [json.loads(line.public_json).get("texts", {}) for line in lines_since(session, 0)]


def _word(code: str, **columns: str) -> Any:
    return update(VocabularyEntry).where(VocabularyEntry.code == code).values(**columns)


def test_the_first_line_seals_every_text_as_it_is_published(session: Session) -> None:
    (sealed,) = _sealed(session)
    texts = published_texts.published_texts(session)
    assert sealed == {name: hashlib.sha256(body).hexdigest() for name, body in texts.items()}
    assert texts["methode.md"] == (content.FOLDER / "fr" / "methode.md").read_bytes()
    levels = json.loads(texts["vocabulaire-preuve.json"])
    assert levels["allegue"]["fr"] == "Allégué"
    assert set(dataset.FILES) < texts.keys()


def test_a_label_and_a_definition_changed_in_the_tables_are_named_until_an_upgrade(
    session: Session, engine: Engine, settings: Any, change: Change
) -> None:
    change(_word("allegue", fr="Prouvé"))
    change(_word("expulsion", definition_en="Anything."))
    assert _problems(session) == [
        ("vocabulary_table", {"list": "preuve", "code": "allegue", "word_fields": ["fr"]}),
        (
            "vocabulary_table",
            {"list": "type", "code": "expulsion", "word_fields": ["definition_en"]},
        ),
    ]
    (finding,) = [finding for finding in examine(settings) if finding.code == "texts"]
    assert (finding.good, finding.detail) == (
        False,
        "preuve allegue fr ; type expulsion definition_en",
    )
    setup.refresh(engine)
    assert _problems(session) == []
    assert len(_sealed(session)) == 1


def test_the_shipped_files_are_compared_and_a_release_is_one_line(
    session: Session, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = tmp_path / "vocabulary.toml"
    shipped_words = vocabulary.VOCABULARY_FILE.read_text("utf-8")
    words.write_text(shipped_words.replace('fr = "Allégué"', 'fr = "Avancé"'), "utf-8")
    territory = copytree(dataset.DATA, tmp_path / "territory")
    communes = territory / "communes.csv.gz"
    rows = gzip.decompress(communes.read_bytes()).decode().replace(",Gagny,", ",Gagni,")
    communes.write_bytes(gzip.compress(rows.encode()))
    pages = copytree(content.FOLDER, tmp_path / "shipped")
    (pages / "fr" / "vos-droits.md").write_text("# Vos droits\n\nAucun.\n", "utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(vocabulary, "VOCABULARY_FILE", words)
        patch.setattr(vocabulary.load_file, "__defaults__", (words,))
        patch.setattr(dataset, "DATA", territory)
        patch.setattr(content, "FOLDER", pages)
        content.shipped_source.cache_clear()
        content.shipped_page.cache_clear()
        assert _problems(session) == [
            (
                "place_name",
                {"name": "communes.csv.gz", "code": "93032", "before": "Gagny", "after": "Gagni"},
            ),
            ("published_text", {"name": "vos-droits.md"}),
            ("vocabulary_file", {"list": "preuve", "code": "allegue", "word_fields": ["fr"]}),
        ]
        setup.refresh(engine)
        assert _problems(session) == []
        setup.refresh(engine)
    content.shipped_source.cache_clear()
    content.shipped_page.cache_clear()
    _first, changed = _sealed(session)
    assert sorted(changed) == ["communes.csv.gz", "vocabulaire-preuve.json", "vos-droits.md"]
    assert [line.act for line in lines_since(session, 1)] == ["texts_changed"]


def test_a_text_that_is_no_longer_published_is_sealed_as_gone(
    session: Session, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(content, "PUBLIC_TEXT_NAMES", content.PUBLIC_TEXT_NAMES[1:])
        assert _problems(session) == [("published_text", {"name": "a-propos.md"})]
        setup.refresh(engine)
        assert _sealed(session)[-1] == {"a-propos.md": None}
        assert _problems(session) == []


def test_a_word_that_left_the_file_and_other_fields_are_compared_too(
    session: Session, engine: Engine, change: Change, tmp_path: Path, monkeypatch: Any
) -> None:
    shorter = tmp_path / "vocabulary.toml"
    start, end = (
        vocabulary.VOCABULARY_FILE.read_text("utf-8").index(f'[[preuve]]\ncode = "{code}"')
        for code in ("allegue", "documente")
    )
    source = vocabulary.VOCABULARY_FILE.read_text("utf-8")
    shorter.write_text(source[:start] + source[end:], "utf-8")
    monkeypatch.setattr(vocabulary, "VOCABULARY_FILE", shorter)
    monkeypatch.setattr(vocabulary.load_file, "__defaults__", (shorter,))
    setup.refresh(engine)
    assert _problems(session) == []
    change(_word("allegue", extra='{"rank": 9}'))
    assert _problems(session) == [
        (
            "vocabulary_table",
            {
                "list": "preuve",
                "code": "allegue",
                "word_fields": ["phrase_en", "phrase_fr", "rank"],
            },
        )
    ]


def test_a_text_is_named_when_nothing_says_what_its_words_were(
    session: Session, change: Change
) -> None:
    change(_word("allegue", fr="Prouvé"))
    for statement in (update(SealedNames).values(entries=b"x"), delete(SealedNames)):
        change(statement)
        assert ("published_text", {"name": "vocabulaire-preuve.json"}) in _problems(session)
    change(update(JournalEntry).where(JournalEntry.act == "opened").values(public_json=b"{"))
    assert ("texts_unreadable", {"cause": "JSONDecodeError"}) in _problems(session)


def test_a_journal_that_seals_no_text_still_verifies(session: Session, change: Change) -> None:
    change(_word("allegue", fr="Prouvé"))
    change(delete(JournalEntry))
    change(update(LedgerHead).where(LedgerHead.ledger == "public").values(seq=0, digest=bytes(32)))
    assert _problems(session) == []


@pytest.mark.parametrize(
    "columns", [{"html": "<p>Autre.</p>"}, {"text": "Autre."}, {"page": "vos-droits"}]
)
def test_a_revision_of_a_page_that_was_changed_is_named(
    session: Session, change: Change, page: PageRevision, columns: dict[str, str]
) -> None:
    assert _problems(session) == []
    change(update(PageRevision).values(**columns))
    assert ("page_revision", {"page": "methode", "revision": page.id}) in _problems(session)


def test_a_revision_that_no_line_wrote_is_named_and_a_lost_one_too(
    session: Session, change: Change, page: PageRevision
) -> None:
    copy = {column.name: getattr(page, column.name) for column in PageRevision.__table__.columns}
    change(PageRevision.__table__.insert().values({**copy, "id": 9, "html": "<p>Autre.</p>"}))
    assert _problems(session) == [("page_revision", {"page": "methode", "revision": 9})]
    change(delete(PageRevision))
    assert _problems(session) == [
        ("page_revision", {"page": "methode", "revision": page.id}),
        ("published_text", {"name": "methode.md"}),
    ]


def test_a_rewritten_page_stays_sealed_when_a_release_changes_other_texts(
    session: Session, engine: Engine, page: PageRevision, pen: Any, cast: Any, monkeypatch: Any
) -> None:
    """The line of the release has the revision that readers see, for registers of before."""
    with pen() as p:
        acts.restore_page(p, "methode", by=cast.ada, reason="r", seen_revision=page.id)
    with monkeypatch.context() as patch:
        patch.setattr(content, "PUBLIC_TEXT_NAMES", content.PUBLIC_TEXT_NAMES[1:])
        setup.refresh(engine)
        (*_earlier, line) = lines_since(session, 1)
        assert json.loads(line.private_json)["pages"]["methode"]["version"] == page.id + 1
        assert _problems(session) == []
