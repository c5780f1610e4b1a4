"""Verification of the journal: chain, commitments, and the columns that repeat them.

The columns are not trusted: everything is computed again from the hashed bytes. A truncated ledger,
or one rewritten from some line on, is detected only with an anchor: a ``seq:digest`` that somebody
outside has kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import Row, String, select, type_coerce
from sqlalchemy.orm import Session

from register.journal.models import (
    DESTROYING_ACTS,
    GENESIS,
    VERSION,
    Act,
    JournalEntry,
    Ledger,
    LedgerHead,
    canonical_json,
    chain_digest,
    commitment,
    hashed_time,
)


@dataclass(frozen=True)
class Problem:
    """One failed check, with its place."""

    key: str
    values: dict[str, object] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Anchor:
    """Number, digest and ledger of a line that an outsider has seen."""

    seq: int
    digest: str
    ledger: Ledger = Ledger.PUBLIC

    @classmethod
    def parse(cls, spec: str) -> Anchor:
        """Read ``SEQ:DIGEST`` (public ledger) or ``LEDGER:SEQ:DIGEST``.

        :raises ValueError: it is neither.
        """
        *ledger, seq, digest = spec.split(":")
        if len(ledger) > 1 or len(digest) != 64 or not (seq.isascii() and seq.isdigit()):
            raise ValueError(spec)
        bytes.fromhex(digest)
        return cls(int(seq), digest.lower(), Ledger(ledger[0]) if ledger else Ledger.PUBLIC)


@dataclass(frozen=True)
class CommitmentOpening:
    """Salt and content that a content commitment was made from."""

    salt: bytes
    content: bytes


# Gives the openings of some revisions by their ids: under None that of the present text, and under
# the number of each redaction that of the text before. Those of destroyed texts are missing.
Openings = Callable[[Sequence[int]], Mapping[int, Mapping[int | None, CommitmentOpening]]]
_BATCH = 100  # revisions whose texts are in memory together
# Time, ledger and number of a line.
Location = tuple[str, str, int]


@dataclass
class _RevisionClaims:
    """Lines about each revision: location, and the content commitment if there is one.

    ``redacted``: the commitments that replace it, each with the number of the redaction, and
    ``originals`` the destructions of the texts before. ``announced``: the replacements that the
    public ledger has for one of its lines. They are collected in one pass and compared with the
    openings at the end.
    """

    committed: dict[int, list[tuple[Location, str]]] = field(default_factory=dict)
    redacted: dict[int, list[tuple[Location, str, int]]] = field(default_factory=dict)
    announced: dict[int, list[str]] = field(default_factory=dict)
    destroyed: dict[int, list[Location]] = field(default_factory=dict)
    originals: dict[tuple[int, int], list[Location]] = field(default_factory=dict)

    def collect(self, line: Row[Any], public: dict[str, Any], private: dict[str, Any]) -> None:
        """Add the revisions of a line with its public and its private part."""
        location = (public.get("at", ""), line.ledger, line.seq)
        revision = private.get("revision", 0)
        # The content of a case that is no longer public is committed to under "snapshot".
        content = public.get("content") or private.get("snapshot")
        if content is not None and revision is not None:
            self.committed.setdefault(revision, []).append((location, content))
        for redacted_id, digests in private.get("redacted", {}).items():
            replacement = (location, digests["content"], private["destruction"])
            self.redacted.setdefault(int(redacted_id), []).append(replacement)
        if line.ledger == Ledger.PUBLIC:
            if public.get("content") is not None:
                self.announced.setdefault(line.seq, [])
            for seq, digest in public.get("redacted", {}).items():
                self.announced.setdefault(int(seq), []).append(digest)
        if line.act in DESTROYING_ACTS:
            for destroyed_id in private.get("destroyed", []):
                self.destroyed.setdefault(destroyed_id, []).append(location)
            for original in private.get("originals", []):
                self.originals.setdefault(tuple(original), []).append(location)

    def problems(self, openings: Openings) -> Iterator[Problem]:
        """The texts that are missing, changed, or there after their destruction."""
        revisions = iter(self.committed)
        while batch := list(islice(revisions, _BATCH)):
            available = openings(batch)
            for revision in batch:
                yield from self._text_problems(revision, available.get(revision, {}))

    def _text_problems(
        self, revision: int, available: Mapping[int | None, CommitmentOpening]
    ) -> Iterator[Problem]:
        lines, redactions = self.committed[revision], self.redacted.get(revision, [])
        # Each text but the last was the present one until the next redaction.
        ends: list[int | None] = [
            *(redaction for _location, _digest, redaction in redactions),
            None,
        ]
        texts = [(*line, ends[0]) for line in lines]
        texts += [
            (location, digest, end)
            for (location, digest, _redaction), end in zip(redactions, ends[1:], strict=True)
        ]
        for location, content, end in texts:
            destructions = self.destroyed.get(revision, [])
            if end is not None:
                destructions = destructions + self.originals.get((end, revision), [])
            is_destroyed = any(_is_later(later, location) for later in destructions)
            opening = available.get(end)
            if opening is None and not is_destroyed:
                # A text may be missing only when a later line records its destruction.
                yield Problem("content_missing", _text_values(location, revision))
            elif opening is not None and is_destroyed:
                yield Problem("content_survives", _text_values(location, revision))
            elif opening is not None and commitment(opening.salt, opening.content) != content:
                yield Problem("content_changed", _text_values(location, revision))
        for location, _content in lines:
            is_public = location[1] == Ledger.PUBLIC and location[2] in self.announced
            digests = [digest for _location, digest, _redaction in redactions]
            if is_public and self.announced[location[2]] != digests:
                yield Problem("content_changed", _text_values(location, revision))


def _text_values(location: Location, revision: int) -> dict[str, object]:
    _at, ledger, seq = location
    return {"ledger": ledger, "seq": seq, "revision": revision}


def _is_later(later: Location, location: Location) -> bool:
    """Whether a line may be after another."""
    later_at, later_ledger, later_seq = later
    at, ledger, seq = location
    if later_ledger == ledger:
        return later_seq > seq
    # Of another ledger: days alone, where either line has no time. A day is that of Paris, which
    # begins before the day of UTC.
    return later_at[: len(at)] >= at[: len(later_at)]


# ``at`` as text: an unreadable time is reported as a problem instead of raising an error.
_SELECTED_COLUMNS = [
    type_coerce(column, String).label("at") if column.name == "at" else column
    for column in JournalEntry.__table__.columns
]
# Problems of a line after which its content is not evaluated.
_UNREADABLE_KEYS = frozenset({"journal_unreadable", "journal_private"})


def verify(
    session: Session, openings: Openings, anchors: Iterable[Anchor] = ()
) -> Iterator[Problem]:
    """Every problem of the three ledgers, in their order."""
    claims = _RevisionClaims()
    for ledger in Ledger:
        yield from _ledger_problems(
            session, ledger, claims, [anchor for anchor in anchors if anchor.ledger is ledger]
        )
    ledger_names = [ledger.value for ledger in Ledger]
    for stray in session.scalars(
        select(JournalEntry.ledger).where(JournalEntry.ledger.not_in(ledger_names)).distinct()
    ):
        yield Problem("journal_ledger", {"ledger": stray})
    yield from claims.problems(openings)


def _ledger_problems(
    session: Session, ledger: Ledger, claims: _RevisionClaims, anchors: list[Anchor]
) -> Iterator[Problem]:
    previous, expected = GENESIS, 0
    anchors_by_seq = {anchor.seq: anchor for anchor in anchors}
    lines = session.execute(
        select(*_SELECTED_COLUMNS)
        .where(JournalEntry.ledger == ledger.value)
        .order_by(JournalEntry.seq)
        .execution_options(yield_per=500)
    )
    for line in lines:
        expected += 1
        location: dict[str, object] = {"ledger": ledger.value, "seq": line.seq}
        if line.seq != expected:
            yield Problem("journal_gap", {**location, "expected": expected})
            expected = line.seq
        public, private = _parts(line)
        problems = list(_part_problems(line, previous, public, private))
        yield from problems
        is_readable = not any(problem.key in _UNREADABLE_KEYS for problem in problems)
        if is_readable and public is not None and private is not None:
            claims.collect(line, public, private)
        previous = line.digest
        anchor = anchors_by_seq.pop(line.seq, None)
        if anchor and anchor.digest != line.digest.hex():
            yield Problem("journal_anchor", {**location, "digest": anchor.digest})
    for anchor in anchors_by_seq.values():
        yield Problem("journal_truncated", {"ledger": ledger.value, "seq": anchor.seq})
    head = session.execute(
        select(LedgerHead.seq, LedgerHead.digest).where(LedgerHead.ledger == ledger.value)
    ).one_or_none()
    if head is None or (head.seq, head.digest) != (expected, previous):
        yield Problem("journal_head", {"ledger": ledger.value, "seq": head.seq if head else None})


def private_lines(session: Session, acts: Iterable[Act]) -> Iterator[tuple[Row[Any], Any]]:
    """The lines of some acts with their private details, by ledger and the oldest first.

    A damaged line, which :func:`problems` reports, is left out.
    """
    acts = tuple(acts)
    lines = session.execute(
        select(*JournalEntry.__table__.columns)
        .where(
            JournalEntry.ledger.in_({act.ledger.value for act in acts}),
            JournalEntry.act.in_([act.value for act in acts]),
        )
        .order_by(JournalEntry.ledger, JournalEntry.seq)
        .execution_options(yield_per=500)
    )
    for line in lines:
        private = _parse_canonical(line.private_json)
        if private is not None:
            yield line, private


def line_problems(line: Row[Any] | JournalEntry, previous: bytes) -> Iterator[Problem]:
    """The problems of one line by itself: chain, private part, columns.

    :param previous: the digest of the line before it, or 32 zero bytes.
    """
    return _part_problems(line, previous, *_parts(line))


def _part_problems(
    line: Row[Any] | JournalEntry,
    previous: bytes,
    public: dict[str, Any] | None,
    private: dict[str, Any] | None,
) -> Iterator[Problem]:
    location: dict[str, object] = {"ledger": line.ledger, "seq": line.seq}
    if chain_digest(previous, line.public_json) != line.digest:
        yield Problem("journal_chain", location)
    if public is None:
        yield Problem("journal_unreadable", location)
    elif private is None or (
        commitment(line.private_salt, line.private_json) != public.get("private")
    ):
        yield Problem("journal_private", location)
    elif not _columns_match(line, public, private):
        yield Problem("journal_columns", location)


def _parts(line: Row[Any] | JournalEntry) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The public and the private part of a line; None for one that is not canonical."""
    return _parse_canonical(line.public_json), _parse_canonical(line.private_json)


def _parse_canonical(canonical_bytes: bytes) -> dict[str, Any] | None:
    """The object in canonical bytes; None when they are not in canonical form."""
    try:
        document = json.loads(canonical_bytes)
        is_canonical = isinstance(document, dict) and canonical_json(document) == canonical_bytes
    except (ValueError, UnicodeError):
        return None
    return document if is_canonical else None


def _columns_match(
    line: Row[Any] | JournalEntry, public: dict[str, Any], private: dict[str, Any]
) -> bool:
    """Whether the columns of a line repeat its hashed fields."""
    public_columns = {
        "v": VERSION,
        "ledger": line.ledger,
        "seq": line.seq,
        "act": line.act,
        "at": _hashed_time(line.ledger, line.at),
        "event": line.event,
        "case": line.case_number,
    }
    private_columns = {
        "dossier": line.incident_id,
        "revision": line.revision_id,
        "by": line.member_id,
    }
    return all(public.get(name) == column for name, column in public_columns.items()) and all(
        private.get(name) == column for name, column in private_columns.items()
    )


def _hashed_time(ledger: str, stored: object) -> str:
    """The time of a line as it was hashed; on SQLite the column is a text in a single format."""
    if isinstance(stored, datetime):
        at = stored
    else:
        try:
            at = datetime.fromisoformat(str(stored)).replace(tzinfo=UTC)
        except ValueError:
            return str(stored)
        if f"{at:%Y-%m-%d %H:%M:%S.%f}" != stored:
            return str(stored)
    return hashed_time(ledger, at) if at.microsecond == 0 else at.isoformat()
