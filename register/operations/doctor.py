"""``doctor``: whether database, journal, data, seal and settings agree; begun, it will grow."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from register.config import Settings, missing_for_public
from register.errors import RegisterError
from register.incidents import vocabulary
from register.journal import Entry, Ledger, head
from register.operations import opening, schema
from register.territory import dataset, loader
from register.territory.models import Dataset


@dataclass(frozen=True)
class Finding:
    """One question that doctor asked: its code, the answer, and what was found."""

    code: str
    good: bool
    detail: str = ""


def examine(settings: Settings, engine: Engine) -> Iterator[Finding]:
    """Every question, in the order in which a later answer depends on an earlier one."""
    yield _asked("schema", lambda: schema.require(engine))
    with Session(engine) as session:
        yield _asked("seal", lambda: opening.require_seal(settings, session))
        yield from _data(session)
        yield from _heads(session)
    yield from _modes(settings)
    missing = missing_for_public(settings)
    yield Finding("legal", not missing, ", ".join(missing))


def _asked(code: str, question: Callable[[], object]) -> Finding:
    try:
        question()
    except (RegisterError, SQLAlchemyError) as error:
        return Finding(code, False, str(error))
    return Finding(code, True)


def _data(session: Session) -> Iterator[Finding]:
    try:
        found = loader.version(session)
        yield Finding("territory", found == dataset.version(), found or "")
        words = session.get(Dataset, vocabulary.DATASET)
        yield Finding("vocabulary", words is not None and bool(vocabulary.book(session).lists))
    except SQLAlchemyError as error:
        yield Finding("territory", False, type(error).__name__)


def _heads(session: Session) -> Iterator[Finding]:
    """The last line of each ledger is its head's; ``verify`` reads every line."""
    for ledger in Ledger:
        try:
            position = head(session, ledger)
            last = session.scalar(select(func.max(Entry.seq)).where(Entry.ledger == ledger.value))
        except SQLAlchemyError as error:
            yield Finding("journal", False, type(error).__name__)
            continue
        yield Finding("journal", (last or 0) == position.seq, f"{ledger.value} {position.seq}")


def _modes(settings: Settings) -> Iterator[Finding]:
    """Nobody but the service's own user reads the data folder's secrets."""
    for path in (settings.instance, settings.instance / "secret_key"):
        if path.exists():
            mode = stat.S_IMODE(Path(path).stat().st_mode)
            yield Finding("mode", mode & 0o077 == 0, f"{path.name} {mode:o}")
