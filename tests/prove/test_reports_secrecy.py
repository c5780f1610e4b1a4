"""Neither reporters' addresses nor their words are in any file that the register writes."""

from __future__ import annotations

import base64
import hashlib
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from databases import seal_folder
from leak_patterns import (
    ADDED_CONTACT,
    ADDED_MESSAGE,
    AGENT,
    FILE_NAME,
    FORWARDED,
    MOVIE,
    MOVIE_HEAD,
    PICTURE,
    QUESTION,
    SENTENCE,
    SOURCES,
    TYPED,
    leaks_in,
)
from report_batch import CONTACTED, QUESTIONED, REPORTS, WITH_FILES, ReportBatch, sent
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from register.config import Settings
from register.key_store import KeyStore
from register.reports import queries
from register.reports.models import ReportState
from register.search.analyzer import tokens
from register.text.normalisation import fold

pytestmark = [
    pytest.mark.prove,
    # Files are what is looked at: those of the embedded default.
    pytest.mark.parametrize("settings", ["sqlite"], indirect=True),
]

__all__ = ["sent"]  # the fixture of the other module

# --- the look at files -----------------------------------------------------------------------

PLANTED = (
    SOURCES[0].encode(),
    f"peer={SOURCES[3]}:40123".encode(),
    hashlib.sha256(SOURCES[1].encode()).hexdigest().upper().encode(),
    hashlib.md5(AGENT.encode(), usedforsecurity=False).digest(),
    base64.b64encode(b"ab" + f"{FORWARDED}, 10.0.0.1".encode()),
    hashlib.sha1(SOURCES[2].encode(), usedforsecurity=False).hexdigest()[:20].encode(),
    fold(TYPED["lieu"]).encode(),
    fold(TYPED["recit"]).upper().encode(),
    TYPED["recit"].encode("utf-16-le"),
    base64.b64encode(f"Ils étaient {TYPED['recit']} hier".encode()),
    tokens(QUESTION)[0].encode(),
    quote(f"code={SENTENCE}").encode(),
    quote(FILE_NAME).encode(),
    PICTURE[900:1100],
    hashlib.sha256(MOVIE).digest(),
    f"size={len(MOVIE)}".encode(),
    MOVIE_HEAD,
)


def test_planted_traces_are_found(settings: Settings, tmp_path: Path) -> None:
    """The counter-proof: the look at files sees what would be there, and nothing else."""
    assert leaks_in(settings.instance) == []
    for index, planted in enumerate(PLANTED):
        folder = tmp_path / f"planted-{index}"
        folder.mkdir()
        (folder / "file").write_bytes(b"\x00\x01abc" + planted + b"\xff")
        assert len(leaks_in(folder)) == 1, planted


# --- what is on the disk ----------------------------------------------------------------------

_CLOCK = re.compile(r"\d\d:\d\d")
# Acts of the ledger of reports, which has days only: the author's, and that a member read it.
_BY_DAY = {
    "report_received",
    "report_added",
    "report_withdrawn",
    "report_destroyed",
    "report_concluded",
    "report_viewed",
}


def test_neither_address_nor_agent_nor_words_are_in_any_file(
    settings: Settings, engine: Engine, store: KeyStore, sent: ReportBatch
) -> None:
    folder = settings.instance.parent
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"register.sqlite3", "keys.sqlite3", "stderr"} <= {path.name for path in files}
    assert [
        path
        for path in files
        if settings.instance / "index" in path.parents and path.stat().st_size
    ]
    assert leaks_in(folder) == []
    # Everything is there all the same, for who has the keys.
    with Session(engine) as session:
        reports = [queries.get_report(session, store, key) for key in sent.keys]
    assert all(
        report.received and TYPED["recit"] in report.received.sent.account for report in reports
    )
    assert [report.contact for report in reports[CONTACTED]] == [ADDED_CONTACT] * 4
    assert all(ADDED_MESSAGE in report.messages[1].text for report in reports[QUESTIONED])
    assert {report.summary.state for report in reports} >= {
        ReportState.RECEIVED,
        ReportState.ACCEPTED,
        ReportState.DECLINED,
        ReportState.SPAM,
        ReportState.WITHDRAWN,
    }
    assert not any(report.summary.suspect for report in reports)
    _require_equal_blobs(settings)
    _require_no_order(settings, sent)
    _require_no_time(settings, sent)


def _require_equal_blobs(settings: Settings) -> None:
    """Require that stored files tell nothing by their size, name or time, nor by their first bytes.

    Patterns of fewer bytes than a file's head would be found in noise.
    """
    blobs = [path for path in (settings.instance / "evidence").rglob("*") if path.is_file()]
    assert len(blobs) >= 5 * len(WITH_FILES)
    assert len({path.stat().st_size for path in blobs}) == 1
    assert all(re.fullmatch("[0-9a-f]{64}", path.name) for path in blobs)
    assert {path.stat().st_mtime % 86_400 for path in blobs} == {0.0}
    heads = [path.read_bytes()[:16] for path in blobs]
    assert len(set(heads)) == len(heads)
    for magic in (b"\xff\xd8\xff", b"\x89PNG", b"%PDF", b"ftyp", b"RIFF", b"PK\x03\x04", b"WARC"):
        assert not any(magic in head for head in heads)


def _require_no_order(settings: Settings, sent: ReportBatch) -> None:
    """Require that nothing reveals which of two reports of a day came first."""
    for database, private in (
        (settings.instance / "register.sqlite3", ("report", "journal_entry")),
        (seal_folder(settings) / "keys.sqlite3", ("report_key",)),
    ):
        with closing(sqlite3.connect(database)) as connection:
            tables = dict(connection.execute("SELECT name, wr FROM pragma_table_list").fetchall())
            private_tables = {name: wr for name, wr in tables.items() if name.startswith(private)}
            assert set(private) <= set(private_tables)
            assert set(private_tables.values()) == {1}, private_tables
            assert (
                "sqlite_sequence" not in tables
                or not connection.execute(
                    "SELECT name FROM sqlite_sequence WHERE name LIKE 'report%'"
                ).fetchall()
            )
    with closing(sqlite3.connect(settings.instance / "register.sqlite3")) as connection:
        stored_keys = [key for (key,) in connection.execute("SELECT key FROM report")]
    assert sorted(stored_keys) == sorted(sent.keys)
    assert stored_keys != sent.keys
    # Neither by its key, nor by its receipt, nor by any other value.
    with closing(sqlite3.connect(settings.instance / "register.sqlite3")) as connection:
        connection.row_factory = sqlite3.Row
        rows = {row["key"]: dict(row) for row in connection.execute("SELECT * FROM report")}
    for name in next(iter(rows.values())):
        column = [repr(rows[key][name]) for key in sent.keys]
        assert len(set(column)) < REPORTS or column != sorted(column), name


def _require_no_time(settings: Settings, sent: ReportBatch) -> None:
    """Require days alone for acts of reporters; the hours of a claim are the member's."""
    with closing(sqlite3.connect(settings.instance / "register.sqlite3")) as connection:
        connection.row_factory = sqlite3.Row
        for table in ("report", "report_message", "report_kept", "report_tally", "retention_clock"):
            for row in connection.execute(f"SELECT * FROM {table}"):
                for name in set(row.keys()) - {"held_until"}:
                    _require_no_clock_time(f"{table}.{name}", row[name])
        lines = connection.execute(
            "SELECT * FROM journal_entry WHERE ledger = 'reports'"
        ).fetchall()
        assert len(lines) >= REPORTS + 10
        for line in lines:
            assert str(line["at"]).split(" ")[1].startswith("00:00:00")
            for name in set(line.keys()) - {"at"}:
                _require_no_clock_time(f"journal_entry.{name}", line[name])
        statement = "SELECT ledger, act FROM journal_entry WHERE instr(private_json, ?)"
        for key in sent.keys:
            for row in connection.execute(statement, (key.encode(),)):
                # The others are what members did, and when they were at work.
                assert (row["ledger"] == "reports") == (row["act"] in _BY_DAY)


def _require_no_clock_time(column: str, value: object) -> None:
    if isinstance(value, int):
        assert value < 10**8, column
    elif isinstance(value, str):
        assert not _CLOCK.search(value), column
    elif isinstance(value, bytes):
        assert not re.search(rb"\d\d:\d\d:\d\d", value), column
