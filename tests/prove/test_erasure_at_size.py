"""At ten thousand cases, the words of an erased or redacted one leave the index within a minute."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import attested_acts as acts
import pytest
from sqlalchemy import Engine as Database
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from benchmarks import copies, postgres, seeding
from benchmarks.seeding import Members
from register.cases import vocabulary
from register.cases.case_content import Content
from register.cases.models import Incident
from register.config import Settings
from register.db import configure_engine, engine_options
from register.journal import head, writing
from register.operations import setup
from register.search import analyzer, engine_interface, indexer, query_parser
from register.search.engine_interface import SearchEngine, SearchQuery
from register.search.service import CaseSearch

pytestmark = pytest.mark.prove

CASES = 10_000
ERASURE_LIMIT = 60.0  # seconds from the act to an index without the words
# Words of no other case. The stem of each is shorter than the word, so that both are looked for.
TITLE, OUTLET, ACCOUNT, SEQUEL = (
    "zéphyrinement",
    "Quintefeuillage",
    "mirobolantissime",
    "hurluberluettes",
)
WORDS = (TITLE, OUTLET, ACCOUNT, SEQUEL)
# The tables of the register itself, what they keep apart, and the indexes of both.
_OF_THE_REGISTER = """
    WITH own AS (
        SELECT oid, reltoastrelid FROM pg_class WHERE relnamespace = 'public'::regnamespace
    ),
    told AS (SELECT oid FROM own UNION SELECT reltoastrelid FROM own),
    more AS (SELECT oid FROM told UNION SELECT indexrelid FROM pg_index JOIN told ON indrelid = oid)
    SELECT pg_relation_filenode(oid) FROM more WHERE oid <> 0
"""
_HAS_ID = """
    SELECT count(*) FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = :table AND column_name = 'id'
"""


@dataclass(frozen=True)
class IndexedRegister:
    """A register of ten thousand cases, its index, and the bytes of the index on the disk."""

    database: Database
    index: SearchEngine
    members: Members
    file_contents: Callable[[], bytes]

    def follow(self) -> None:
        """Index the changed cases, as the follower does after a commit."""
        assert indexer.catch_up(self.database, self.index)

    def matching_cases(self, typed: str) -> set[int]:
        """The cases that a page would show."""
        with Session(self.database) as page:
            current = vocabulary.current_vocabulary(page)
            search = CaseSearch(page, self.index, current, head(page))
            return set(search.find(query_parser.parse(typed)).strength)


@pytest.fixture(scope="module")
def source(
    registers: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Settings, Database, Members]]:
    """The cases of the benchmark, by its import and its copies."""
    folder = tmp_path_factory.mktemp("size")
    with registers.new("sqlite", folder) as settings:
        database = _open_database(settings)
        members, _rate = seeding.fill_register(database, folder)
        copies.grow(database, copies.measure_seed(database), CASES)
        yield settings, database, members
        database.dispose()


@pytest.fixture(params=["whoosh", "postgresql"])
def indexed_register(
    request: pytest.FixtureRequest, registers: Any, source: Any, tmp_path: Path
) -> Iterator[IndexedRegister]:
    """The same cases behind each of the engines."""
    settings, database, members = source
    if request.param == "whoosh":
        folder = settings.instance / "index"
        with closing(engine_interface.open_search_engine(settings, database)) as index:
            yield IndexedRegister(database, index, members, lambda: _read(folder.rglob("*")))
        return
    server = request.getfixturevalue("server")
    with registers.new("postgresql", tmp_path) as postgres_settings:
        target = _open_database(postgres_settings)
        postgres.copy_cases(database, target)
        _advance_sequences(target)
        with closing(engine_interface.open_search_engine(postgres_settings, target)) as index:
            yield IndexedRegister(
                target, index, members, lambda: _read(_files(target, server.socket))
            )
        target.dispose()


def _open_database(settings: Settings) -> Database:
    database = create_engine(settings.database_url, **engine_options(settings.database_url))
    configure_engine(database)
    setup.use_address_key(settings, database)
    return database


def _advance_sequences(target: Database) -> None:
    """Have the next row of each table take the id after the last one that was copied."""
    with target.begin() as connection:
        for table in postgres.COPIED_TABLES:
            if connection.scalar(text(_HAS_ID), {"table": table}):
                sequence = f"pg_get_serial_sequence('{table}', 'id')"
                connection.execute(text(f"SELECT setval({sequence}, max(id)) FROM {table}"))


def _read(paths: Iterable[Path]) -> bytes:
    return b"\n".join(path.read_bytes() for path in paths if path.is_file())


def _files(database: Database, server: Path) -> Iterator[Path]:
    """The server's files of this database, except those of the register's own tables.

    Those of an index that was dropped are among them for as long as they are there.
    """
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
        number = connection.scalar(
            text("SELECT oid FROM pg_database WHERE datname = current_database()")
        )
        register_files = {str(node) for node in connection.scalars(text(_OF_THE_REGISTER))}
    for path in Path(server, "data", "base", str(number)).iterdir():
        # 16384, 16384.1 and 16384_fsm are of one table.
        if path.name.split(".")[0].split("_")[0] not in register_files:
            yield path


def _needles() -> list[bytes]:
    """The words as forms and as stems, as an index holds them."""
    forms = [form for word in WORDS for form in analyzer.forms(word)]
    stems = [analyzer.token_of(form) for form in forms]
    assert len({*forms, *stems}) == 2 * len(WORDS)
    return [word.encode() for word in (*forms, *stems)]


def _publish(indexed_register: IndexedRegister, content: Content) -> tuple[int, int]:
    """A case whose title, outlet, account and follow-up each have a word of their own; its ids."""
    with writing(indexed_register.database) as pen:
        number = seeding.publish_case(pen, content, indexed_register.members)
        case = pen.session.scalars(select(Incident.id).where(Incident.number == number)).one()
        acts.follow_up(
            pen,
            case,
            by=indexed_register.members.first,
            reason="suite",
            title=f"Suite {SEQUEL}",
            text="Lu.",
        )
    return case, number


def _content_with_words(content: Any) -> Content:
    marked_content: Content = content(
        title=f"Titre {TITLE}", outlets=(OUTLET,), narrative=f"Récit **{ACCOUNT}** du conseil."
    )
    return marked_content


def _erase(indexed_register: IndexedRegister, case: int, _content: Any) -> None:
    with writing(indexed_register.database) as pen:
        acts.approve(pen, case, by=indexed_register.members.second, purpose="erase")
    with writing(indexed_register.database) as pen:
        acts.erase(pen, case, by=indexed_register.members.first, restriction="donnee_personnelle")


def _redact(indexed_register: IndexedRegister, case: int, content: Any) -> None:
    with Session(indexed_register.database) as session:
        parts = session.get_one(Incident, case).follow_ups
        follow_ups = {part.id: ("Suite", "Texte.") for part in parts}
    with writing(indexed_register.database) as pen:
        acts.redact(
            pen,
            case,
            content(title="Titre", outlets=("Autre",), narrative="Récit du conseil."),
            by=indexed_register.members.first,
            reason="jugement",
            public_note="Passages retirés.",
            rewrites={"follow_ups": follow_ups},
        )


@pytest.mark.parametrize("destroy", [_erase, _redact])
def test_destroyed_words_leave_every_file_of_the_index(
    indexed_register: IndexedRegister,
    content: Any,
    destroy: Callable[[IndexedRegister, int, Any], None],
) -> None:
    case, number = _publish(indexed_register, _content_with_words(content))
    # Among all the others, in the largest files that have to be written again.
    indexer.catch_up(indexed_register.database, indexed_register.index, force_rebuild=True)
    assert all(number in indexed_register.matching_cases(word) for word in WORDS)
    before = indexed_register.file_contents()
    assert [needle for needle in _needles() if needle not in before] == []
    start = time.monotonic()
    destroy(indexed_register, case, content)
    destroyed = time.monotonic()
    indexed_register.follow()
    seconds = time.monotonic() - start
    after = indexed_register.file_contents()
    with Session(indexed_register.database) as session:
        cases = len(indexed_register.index.find(session, SearchQuery()).strength)
    print(
        f"{indexed_register.index.name}, {destroy.__name__.strip('_')}: {seconds:.1f} s at"
        f" {cases:,} cases,"
        f" of which the act {destroyed - start:.1f} s,"
        f" {len(before) / 1e6:.0f} MB of files before, {len(after) / 1e6:.0f} MB after"
    )
    assert cases > 0.98 * CASES
    assert [needle for needle in _needles() if needle in after] == []
    assert [word for word in WORDS if number in indexed_register.matching_cases(word)] == []
    assert seconds < ERASURE_LIMIT
