"""Search in drafts, withdrawn and merged cases, for members.

Queries are parsed and matched as in the public search. Private texts must not be in an index
file, so their documents are made in memory, some at each search, the newest change first; the
number of those still missing is part of the result. The cache key is id and revision: a changed
case gets a new document, and destroyed texts leave the cache at the next search.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from sys import intern
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Engine, and_, select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases.core_tables import CASE, REVISION
from register.cases.models import CaseState
from register.cases.vocabulary import Vocabulary
from register.search.document import revision_documents
from register.search.engine_interface import Document, SearchQuery
from register.search.reference_matcher import strength

READ_EACH = 300  # documents that one search makes, in half a second
CACHED_TOKENS_LIMIT = 1_500_000  # of about 40 bytes each: some 5,000 drafts of one page

CacheKey = tuple[int, int]
_PRIVATE = (CaseState.DRAFT, CaseState.WITHDRAWN, CaseState.MERGED)


@dataclass(frozen=True)
class DraftMatches:
    """Ids of the matching cases, and the number of cases that are not in the cache yet."""

    ids: frozenset[int]
    unread_count: int


@dataclass
class _DocumentCache:
    """Documents of one database by id and revision, made with one version of the vocabulary."""

    vocabulary_version: str = ""
    documents: dict[CacheKey, Document] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def keep(self, keys: Iterable[CacheKey]) -> None:
        """Drop the documents of all other keys."""
        self.documents = {key: self.documents[key] for key in self.documents.keys() & set(keys)}

    @property
    def is_full(self) -> bool:
        return sum(map(_token_count, self.documents.values())) > CACHED_TOKENS_LIMIT


_caches: WeakKeyDictionary[Engine, _DocumentCache] = WeakKeyDictionary()


def find_drafts(
    session: Session,
    viewer: Member,
    search_query: SearchQuery,
    vocabulary: Vocabulary,
    conditions: Sequence[ColumnElement[bool]] = (),
) -> DraftMatches:
    """Private cases that match a query; none unless the viewer is an active member.

    :param conditions: further SQL conditions on the cases.
    """
    if not viewer.is_active:
        return DraftMatches(frozenset(), 0)
    cache = _caches.setdefault(session.get_bind().engine, _DocumentCache())
    with cache.lock:
        # Documents of replaced and destroyed revisions go, or all after a new vocabulary.
        is_current = cache.vocabulary_version == vocabulary.version
        cache.vocabulary_version = vocabulary.version
        cache.keep(_private_case_keys(session) if is_current else ())
        wanted_keys = _private_case_keys(session, conditions)
        unread = _read_missing(session, cache, vocabulary, wanted_keys)
        candidates = [(key, cache.documents[key]) for key in wanted_keys if key in cache.documents]
    matching_ids = (
        key[0] for key, document in candidates if strength(search_query, document) is not None
    )
    return DraftMatches(frozenset(matching_ids), unread)


def _private_case_keys(
    session: Session, conditions: Sequence[ColumnElement[bool]] = ()
) -> list[CacheKey]:
    stmt = (
        select(CASE.c.id, CASE.c.revision_id)
        # The texts of a revision may be destroyed while its case stays.
        .join(REVISION, and_(REVISION.c.id == CASE.c.revision_id, REVISION.c.content.is_not(None)))
        .where(CASE.c.state.in_(_PRIVATE), *conditions)
    )
    case_rows = session.execute(stmt.order_by(CASE.c.revision_id.desc()))
    return [(case_id, revision) for case_id, revision in case_rows if revision is not None]


def _read_missing(
    session: Session, cache: _DocumentCache, vocabulary: Vocabulary, wanted_keys: Sequence[CacheKey]
) -> int:
    """Make up to ``READ_EACH`` missing documents; return the number of those still missing."""
    missing = [key for key in wanted_keys if key not in cache.documents]
    if missing and cache.is_full:
        # The documents of this search replace those of earlier ones.
        cache.keep(wanted_keys)
    batch = [] if cache.is_full else missing[:READ_EACH]
    case_ids = dict(batch)
    revisions = select(REVISION.c.incident_id, REVISION.c.content, REVISION.c.html).where(
        REVISION.c.id.in_(list(case_ids.values())), REVISION.c.content.is_not(None)
    )
    for document in revision_documents(session, revisions, vocabulary):
        key = (document.number, case_ids[document.number])
        cache.documents[key] = _intern_words(document)
    return len(missing) - len(batch)


def _intern_words(document: Document) -> Document:
    """Copy of a document with interned words, because most words are in many documents."""
    return Document(
        document.number,
        *(tuple(tuple(map(intern, run)) for run in runs) for runs in _fields(document)),
    )


def _token_count(document: Document) -> int:
    return sum(len(run) for runs in _fields(document) for run in runs)


def _fields(document: Document) -> tuple[tuple[tuple[str, ...], ...], ...]:
    return document.strong, document.weak, document.strong_forms, document.weak_forms
