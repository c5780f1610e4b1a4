"""Proof that the journal is whole: chain, commitments, and the columns that repeat them.

It needs no trust in the database's columns: everything is read again from the hashed bytes.
What it cannot see alone is a tail cut off, or a whole ledger rewritten from some line on: for
that it needs an anchor, a ``seq:digest`` that somebody outside has kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, String, select, type_coerce
from sqlalchemy.orm import Session

from register.journal.act_types import Act, Ledger
from register.journal.canonical import GENESIS, VERSION, canonical, chain, commitment, said_at
from register.journal.models import Entry, Head


@dataclass(frozen=True)
class Problem:
    """One thing that does not hold, with the place where it was found."""

    key: str
    values: dict[str, object] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Anchor:
    """A line that an outsider has seen: its number and digest, and its ledger."""

    seq: int
    digest: str
    ledger: Ledger = Ledger.PUBLIC

    @classmethod
    def parse(cls, text: str) -> Anchor:
        """Read ``SEQ:DIGEST`` (public ledger) or ``LEDGER:SEQ:DIGEST``.

        :raises ValueError: it is neither.
        """
        *ledger, seq, digest = text.split(":")
        if len(ledger) > 1 or len(digest) != 64 or not (seq.isascii() and seq.isdigit()):
            raise ValueError(text)
        bytes.fromhex(digest)
        return cls(int(seq), digest.lower(), Ledger(ledger[0]) if ledger else Ledger.PUBLIC)


@dataclass(frozen=True)
class Opening:
    """What a content commitment was made from. ``why`` is the revision's reason."""

    salt: bytes
    content: bytes


# For a revision's id: its opening, or None when its text and salt are gone.
Openings = Callable[[int], Opening | None]


@dataclass
class _Claims:
    """What the lines say of revisions, gathered in one pass and judged at the end."""

    committed: dict[int, list[tuple[str, str, int, str]]] = field(default_factory=dict)
    destroyed: dict[int, list[tuple[str, str, int]]] = field(default_factory=dict)


def verify(
    session: Session, openings: Openings, anchors: Iterable[Anchor] = ()
) -> Iterator[Problem]:
    """Every problem of the three ledgers, in their order; nothing when all holds."""
    claims = _Claims()
    for ledger in Ledger:
        yield from _ledger(session, ledger, claims, [a for a in anchors if a.ledger is ledger])
    known = [ledger.value for ledger in Ledger]
    for stray in session.scalars(select(Entry.ledger).where(Entry.ledger.not_in(known)).distinct()):
        yield Problem("journal_ledger", {"ledger": stray})
    yield from _contents(claims, openings)


# The time as the database keeps it: a text that is no time any more is named, and stops nothing.
_COLUMNS = [
    type_coerce(column, String).label("at") if column.name == "at" else column
    for column in Entry.__table__.columns
]


def _ledger(
    session: Session, ledger: Ledger, claims: _Claims, anchors: list[Anchor]
) -> Iterator[Problem]:
    previous, expected = GENESIS, 0
    wanted = {anchor.seq: anchor for anchor in anchors}
    lines = session.execute(
        select(*_COLUMNS)
        .where(Entry.ledger == ledger.value)
        .order_by(Entry.seq)
        .execution_options(yield_per=500)
    )
    for line in lines:
        expected += 1
        place: dict[str, object] = {"ledger": ledger.value, "seq": line.seq}
        if line.seq != expected:
            yield Problem("journal_gap", {**place, "expected": expected})
            expected = line.seq
        found = list(line_problems(line, previous))
        yield from found
        if not any(problem.key in _UNOPENED for problem in found):
            _claimed(line, claims)
        previous = line.digest
        anchor = wanted.pop(line.seq, None)
        if anchor and anchor.digest != line.digest.hex():
            yield Problem("journal_anchor", {**place, "digest": anchor.digest})
    for anchor in wanted.values():
        yield Problem("journal_truncated", {"ledger": ledger.value, "seq": anchor.seq})
    yield from _head(session, ledger, expected, previous)


def _head(session: Session, ledger: Ledger, last: int, digest: bytes) -> Iterator[Problem]:
    head = session.execute(
        select(Head.seq, Head.digest).where(Head.ledger == ledger.value)
    ).one_or_none()
    if head is None or head.seq != last or head.digest != digest:
        yield Problem("journal_head", {"ledger": ledger.value, "seq": head.seq if head else None})


# What of a line cannot be believed once one of these was found.
_UNOPENED = frozenset({"journal_unreadable", "journal_private"})


def line_problems(line: Row[Any] | Entry, previous: bytes) -> Iterator[Problem]:
    """What does not hold in one line, looked at by itself: chain, private part, columns.

    :param previous: the digest of the line before it, or 32 zero bytes.
    """
    place: dict[str, object] = {"ledger": line.ledger, "seq": line.seq}
    if chain(previous, line.public_json) != line.digest:
        yield Problem("journal_chain", place)
    public, private = _parsed(line.public_json), _parsed(line.private_json)
    if public is None:
        yield Problem("journal_unreadable", place)
    elif private is None or _seal(line) != public.get("private"):
        yield Problem("journal_private", place)
    elif _repeated(public, private) != _columns(line):
        yield Problem("journal_columns", place)


def _seal(line: Row[Any] | Entry) -> str:
    return commitment(line.private_salt, line.private_json)


def _claimed(line: Row[Any], claims: _Claims) -> None:
    """Note what a line says of revisions."""
    public, private = json.loads(line.public_json), json.loads(line.private_json)
    told = (public.get("at", ""), line.ledger, line.seq)
    revision = private.get("revision", 0)
    # A case that is no longer shown is committed to for members only, under "snapshot".
    content = public.get("content") or private.get("snapshot")
    if content is not None and revision is not None:
        claims.committed.setdefault(revision, []).append((*told, content))
    if line.act in set(Act) and Act(line.act).destroys:
        for gone in private.get("destroyed", []):
            claims.destroyed.setdefault(gone, []).append(told)


def _parsed(data: bytes) -> dict[str, Any] | None:
    """The object behind canonical bytes; None when they are not the bytes we would write."""
    try:
        value = json.loads(data)
        return value if isinstance(value, dict) and canonical(value) == data else None
    except (ValueError, UnicodeError):
        return None


def _repeated(public: dict[str, Any], private: dict[str, Any]) -> tuple[object, ...]:
    return (
        VERSION,
        public.get("v"),
        public.get("ledger"),
        public.get("seq"),
        public.get("act"),
        public.get("at"),
        public.get("event"),
        public.get("case"),
        private.get("dossier"),
        private.get("revision"),
        private.get("by"),
    )


def _columns(line: Row[Any] | Entry) -> tuple[object, ...]:
    return (
        VERSION,
        VERSION,
        line.ledger,
        line.seq,
        line.act,
        _moment(line.ledger, line.at),
        line.event,
        line.case_number,
        line.incident_id,
        line.revision_id,
        line.member_id,
    )


def _moment(ledger: str, kept: object) -> str:
    """The time of a line as it was hashed; SQLite keeps it as a text, in one form only."""
    if isinstance(kept, datetime):
        at = kept
    else:
        try:
            at = datetime.fromisoformat(str(kept)).replace(tzinfo=UTC)
        except ValueError:
            return str(kept)
        if f"{at:%Y-%m-%d %H:%M:%S.%f}" != kept:
            return str(kept)
    return said_at(ledger, at) if at.microsecond == 0 else at.isoformat()


def _not_before(later: str, at: str) -> bool:
    """Whether a line of another ledger may have come later, by times or, at least one, by days.

    A day is that of Paris, which begins before that of UTC does.
    """
    length = min(len(later), len(at))
    return later[:length] >= at[:length]


def _contents(claims: _Claims, openings: Openings) -> Iterator[Problem]:
    for revision, lines in claims.committed.items():
        opening = openings(revision)
        for at, ledger, seq, content in lines:
            place: dict[str, object] = {"ledger": ledger, "seq": seq, "revision": revision}
            gone = any(
                other > seq if where == ledger else _not_before(later, at)
                for later, where, other in claims.destroyed.get(revision, [])
            )
            if opening is None and not gone:
                # A text may only be missing when a later line says that it was destroyed.
                yield Problem("content_missing", place)
            elif opening is not None and gone:
                yield Problem("content_survives", place)
            elif opening is not None and commitment(opening.salt, opening.content) != content:
                yield Problem("content_changed", place)
