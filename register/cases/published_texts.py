"""Texts around the cases: labels, place names and pages, sealed in the public ledger.

A case's document holds codes; what readers see are the labels and names of these codes, and the
pages that explain them. The first line of the ledger has the digest of each of these texts, later
ones those that changed: an outsider who has kept a text and the ledger can tell that it changed,
and when.

Each text is published as the bytes that are hashed, under its name: a vocabulary as canonical JSON,
a table of the territory as its file, a page in Markdown.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from register.cases.vocabulary import LIST_NAMES, Words, shipped_words, stored_words
from register.db import Base
from register.journal import Act, Ledger, WriteTransaction, head
from register.journal.models import canonical_json
from register.journal.queries import text_lines
from register.journal.verify import Problem
from register.pages import content as pages
from register.territory import dataset

_VOCABULARIES = {f"vocabulaire-{name}.json": name for name in LIST_NAMES}

# Code → field → what readers see.
Entries = Mapping[str, Mapping[str, Any]]


class SealedNames(Base):
    """The labels or place names of one published text as they were when it was last sealed.

    A digest says that a text changed; these say which word. Compressed JSON: code → field → words.
    """

    __tablename__ = "sealed_names"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    entries: Mapped[bytes] = mapped_column(LargeBinary)


def published_texts(session: Session) -> dict[str, bytes]:
    """Every text by its name, as it is published now."""
    words, revisions = (stored_words(session), pages.newest_revisions(session))
    return {
        **{name: canonical_json(words[list_name]) for name, list_name in _VOCABULARIES.items()},
        **{name: (dataset.DATA / name).read_bytes() for name in dataset.FILES},
        **{
            pages.source_file(page): pages.source_bytes(
                pages.published_text(page, revisions.get(page))
            )
            for page in pages.PUBLIC_TEXT_NAMES
        },
    }


def seal(tx: WriteTransaction) -> None:
    """Write a public line with the texts that changed since the last one; none without a change."""
    sealed: dict[str, str | None] = {}
    for texts, _private in text_lines(tx.session):
        sealed |= texts
    digests: dict[str, str | None] = dict.fromkeys(sealed)
    digests |= {name: _digest(body) for name, body in published_texts(tx.session).items()}
    changed = {name: digest for name, digest in digests.items() if sealed.get(name) != digest}
    if not changed:
        return
    versions = {
        page: pages.sealed_version(revision)
        for page, revision in pages.newest_revisions(tx.session).items()
    }
    is_first = head(tx.session, Ledger.PUBLIC).seq == 0
    tx.record(
        Act.OPENED if is_first else Act.TEXTS_CHANGED,
        by=None,
        texts=changed,
        details={"pages": versions} if versions else None,
    )
    words = stored_words(tx.session)
    for name in changed:
        if entries := _present_entries(name, words):
            packed = zlib.compress(canonical_json(entries))
            tx.session.merge(SealedNames(name=name, entries=packed))


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _present_entries(name: str, words: Words) -> Entries:
    """The labels or place names of a text now; empty for a page or the map."""
    if name in _VOCABULARIES:
        return words[_VOCABULARIES[name]]
    names: dict[str, dict[str, str]] = {}
    if ".csv" in name:
        for place in dataset.read_rows(name, dataset.DATA):
            # A present commune and a former one can share a code.
            names.setdefault(place.code, {})[getattr(place, "type", "")] = place.nom
    return names


def problems(session: Session) -> Iterator[Problem]:
    """Texts that differ from what the public ledger seals; none where no line seals any."""
    sealed: dict[str, str | None] = {}
    versions: dict[str, Any] = {}
    for texts, private in text_lines(session):
        sealed |= texts
        line_versions = private.get("pages", {})
        versions |= line_versions
        for page, version in line_versions.items():
            yield from _revision_problems(session, page, version, sealed)
    if not sealed:
        return
    for page, revision in pages.newest_revisions(session).items():
        if versions.get(page, {}).get("version") != revision.id:
            yield Problem("page_revision", {"page": page, "revision": revision.id})
    digests = {name: _digest(body) for name, body in published_texts(session).items()}
    differing = {name for name in sealed.keys() | digests if sealed.get(name) != digests.get(name)}
    words, file_words = stored_words(session), shipped_words()
    for name in sorted(differing):
        differences = [*_differences(name, _sealed_entries(session, name), words)]
        yield from differences or [Problem("published_text", {"name": name})]
    for name, list_name in _VOCABULARIES.items():
        is_sealed = name not in differing
        entries = words[list_name] if is_sealed else _sealed_entries(session, name)
        # A word that has left the file is retired in the tables.
        of_file = {code: entries.get(code, {}) for code in file_words[list_name]}
        for word in _changed_words(list_name, of_file, file_words[list_name]):
            yield Problem("vocabulary_file", word)


def _sealed_entries(session: Session, name: str) -> Entries:
    """What a line sealed; empty where it is missing or damaged."""
    names = session.get(SealedNames, name)
    entries: Entries = {}
    with suppress(zlib.error, ValueError):
        entries = json.loads(zlib.decompress(names.entries)) if names else {}
    return entries


def _differences(name: str, before: Entries, words: Words) -> Iterator[Problem]:
    """The labels or place names of a text that are not those that were sealed."""
    if not before:
        return
    present = _present_entries(name, words)
    if name in _VOCABULARIES:
        for word in _changed_words(_VOCABULARIES[name], before, present):
            yield Problem("vocabulary_table", word)
        return
    for code in sorted(before.keys() | present.keys()):
        # Sealed entries have the order of their keys, present ones that of the file.
        names, present_names = (
            ", ".join(name for _kind, name in sorted(entry.get(code, {}).items()))
            for entry in (before, present)
        )
        if names != present_names:
            yield Problem(
                "place_name", {"name": name, "code": code, "before": names, "after": present_names}
            )


def _changed_words(
    list_name: str, before: Entries, present: Entries
) -> Iterator[dict[str, object]]:
    """The words of a vocabulary that changed, each with the names of its fields that did."""
    for code in sorted(before.keys() | present.keys()):
        fields, present_fields = before.get(code, {}), present.get(code, {})
        changed = [
            name
            for name in sorted(fields.keys() | present_fields.keys())
            if fields.get(name) != present_fields.get(name)
        ]
        if changed:
            yield {"list": list_name, "code": code, "word_fields": changed}


def _revision_problems(
    session: Session, page: str, version: Mapping[str, Any], sealed: Mapping[str, str | None]
) -> Iterator[Problem]:
    """Whether a page's revision is what a line sealed."""
    revision = session.get(pages.PageRevision, version["version"])
    is_intact = (
        revision is not None
        and revision.page == page
        and pages.sealed_version(revision) == version
        # A revision that returned to the shipped text shows whatever is shipped.
        and (
            revision.shipped
            or _digest(pages.source_bytes(revision)) == sealed.get(pages.source_file(page))
        )
    )
    if not is_intact:
        yield Problem("page_revision", {"page": page, "revision": version["version"]})
