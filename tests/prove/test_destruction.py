"""Erased, redacted and discarded words are in no file and in no table."""

from __future__ import annotations

import re
import threading
import time
from contextvars import Context
from dataclasses import replace
from pathlib import Path
from typing import Any

import attested_acts as acts
import pytest
from flask import Flask
from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.orm import Session

from register.cases.case_content import RequestContent
from register.cases.models import Incident, Note, Revision
from register.cases.second_person import Destruction
from register.cases.verify import verify
from register.config import Settings
from register.db import Base
from register.journal import JournalEntry, writing

pytestmark = pytest.mark.prove

MARKER = "zéphyrine-quintefeuille"
PATIENCE = 10.0


def _content_with_marker(content: Any, **changes: Any) -> Any:
    return content(
        title=f"Titre {MARKER}",
        summary=f"Résumé {MARKER}",
        narrative=f"Récit **{MARKER}**" + f"\n\nEncore {MARKER}." * 400,
        actor_text=MARKER,
        precision_note=MARKER,
        steps_taken=MARKER,
        amount=MARKER,
        outlets=(MARKER,),
        request=RequestContent(asked=MARKER, opinion=MARKER),
        **changes,
    )


def _files_with(folder: Path, words: str) -> list[str]:
    needle = words.encode()
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and needle in path.read_bytes()
    ]


def _tables_with(engine: Engine, words: str) -> list[str]:
    columns = []
    with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for row in connection.execute(select(*table.columns)):
                for name, value in row._mapping.items():
                    content = value if isinstance(value, bytes) else str(value).encode()
                    if words.encode() in content:
                        columns.append(f"{table.name}.{name}")
    return columns


def _publish_with_marker(engine: Engine, desk: Any, cast: Any, content: Any) -> int:
    case = desk.published(_content_with_marker(content))
    with writing(engine) as pen:
        acts.follow_up(
            pen, case.id, by=cast.bruno, reason=MARKER, title=f"Suite {MARKER}", text=MARKER
        )
    with writing(engine) as pen:
        acts.correct(
            pen,
            case.id,
            _content_with_marker(content, date="2009"),
            by=cast.bruno,
            reason=MARKER,
            public_note=f"Note {MARKER}",
        )
    desk.received_reply(case, text=f"Réponse {MARKER}")
    return int(case.id)


def _require_marker_gone(engine: Engine, settings: Settings) -> None:
    deadline = time.monotonic() + PATIENCE
    while _files_with(settings.instance, MARKER) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _files_with(settings.instance, MARKER) == []
    assert _tables_with(engine, MARKER) == []
    with Session(engine) as session:
        assert list(verify(session)) == []


def test_an_erased_case_leaves_no_word(
    engine: Engine, settings: Settings, desk: Any, cast: Any, content: Any
) -> None:
    case = _publish_with_marker(engine, desk, cast, content)
    assert _tables_with(engine, MARKER)  # the search itself finds what is there
    with writing(engine) as pen:
        acts.approve(pen, case, by=cast.chloe, purpose="erase")
    with writing(engine) as pen:
        acts.erase(pen, case, by=cast.ada, restriction="decision_de_justice")
    _require_marker_gone(engine, settings)


def test_a_reader_in_the_middle_of_a_page_only_delays_an_erasure(
    engine: Engine, settings: Settings, desk: Any, cast: Any, content: Any
) -> None:
    case = _publish_with_marker(engine, desk, cast, content)
    with writing(engine) as pen:
        acts.approve(pen, case, by=cast.chloe, purpose="erase")
    reading = threading.Event()

    def read() -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT count(*) FROM incident")).one()
            reading.set()
            time.sleep(2)

    reader = threading.Thread(target=read)
    reader.start()
    reading.wait(5)
    with writing(engine) as pen:
        acts.erase(pen, case, by=cast.ada, restriction="decision_de_justice")
    reader.join()
    _require_marker_gone(engine, settings)


def test_a_passage_leaves_ten_versions_which_keep_the_rest(
    engine: Engine, settings: Settings, desk: Any, cast: Any, content: Any, app: Flask
) -> None:
    """Written in four ways in ten versions, and in every other text of the case."""
    case = desk.published(_content_with_marker(content))
    both = {"by": cast.bruno, "second": cast.chloe}
    wordings = (MARKER, MARKER.upper(), f"**{MARKER[:10]}** {MARKER[10:]}", f"_{MARKER}_")
    for number in range(7):
        with writing(engine) as pen:
            changed = _content_with_marker(content, date=str(2001 + number))
            wording = wordings[number % len(wordings)]
            changed = replace(changed, narrative=f"Reste {number}. Et {wording} filme. {MARKER}.")
            note = f"Note {number} {MARKER}"
            acts.correct(pen, case.id, changed, reason=MARKER, public_note=note, **both)
    with writing(engine) as pen:
        acts.follow_up(pen, case.id, reason=MARKER, title=f"Suite {MARKER}", text=MARKER, **both)
        acts.invite(pen, case.id, f"Sur {MARKER}, répondez.", by=cast.bruno)
        acts.note(pen, case.id, f"Appeler {MARKER} demain", by=cast.bruno)
    reply = desk.received_reply(case, text=f"Réponse {MARKER}")
    with writing(engine) as pen:
        acts.reply(pen, reply, reason="reçue", **both)
    with Session(engine) as session:
        row = session.get_one(Incident, case.id)
        texts = {
            "follow_ups": {part.id: ("Suite", "Texte.") for part in row.follow_ups},
            "replies": {part.id: ["Réponse."] for part in row.replies},
            "corrections": {part.id: ["Note."] for part in row.corrections},
        }
        versions = session.scalars(
            select(JournalEntry.seq)
            .where(JournalEntry.ledger == "public", JournalEntry.revision_id.is_not(None))
            .order_by(JournalEntry.seq)
        ).all()
    assert len(versions) == 10
    with writing(engine) as pen:
        arguments = {"by": cast.bruno, "reason": "jugement", "public_note": "Passage retiré."}
        acts.redact(pen, case.id, content(), **arguments, rewrites=texts, passages=[MARKER])

    def require_readable() -> None:
        # Without the context of the test, whose session would hold the write-ahead log.
        Context().run(read_versions)

    def read_versions() -> None:
        reader = app.test_client()
        for rank, version in enumerate(versions):
            page = reader.get(f"/incidents/{case.number}?version={version}").get_data(as_text=True)
            assert ("[passage retiré]" in page, "a été retiré depuis" in page) == (True, True)
            assert not re.search(MARKER.replace("-", "."), page, re.IGNORECASE), version
            assert f"Reste {rank - 1}." in page or rank in (0, 8, 9)
        for address in ("/incidents.atom", f"/incidents/{case.number}.atom", "/incidents"):
            assert MARKER not in reader.get(address).get_data(as_text=True)

    require_readable()
    assert _tables_with(engine, MARKER)
    # At the present, like the redaction: a line destroys only what came before it.
    with writing(engine) as tx:
        (destruction,) = tx.session.scalars(select(Destruction.id))
        acts.confirm_destruction(tx, destruction, by=cast.chloe)
    _require_marker_gone(engine, settings)
    require_readable()
    with Session(engine) as session:
        assert session.scalars(select(Note.text)).all() == ["Appeler [passage retiré] demain"]
        kept = session.scalars(select(Revision.content).order_by(Revision.id)).all()
    assert [b"Reste" in (document or b"") for document in kept[2:9]] == [True] * 7


def test_a_discarded_draft_leaves_no_word(
    engine: Engine, settings: Settings, desk: Any, cast: Any, content: Any
) -> None:
    case = desk.draft(_content_with_marker(content)).id
    with writing(engine) as pen:
        acts.discard(pen, case, by=cast.bruno)
    _require_marker_gone(engine, settings)


def test_every_table_is_searched_for_the_marker(engine: Engine) -> None:
    # A table that the models do not know would be missed by _tables_with.
    tables = {table.name for table in Base.metadata.sorted_tables} | {"alembic_version"}
    assert set(inspect(engine).get_table_names()) <= tables
