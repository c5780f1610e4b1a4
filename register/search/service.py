"""Search service: matching cases of a query, as of the page's ledger position.

The index proposes cases. Those with a public line after its cursor are matched again from the
database, so that a lagging index neither finds redacted words nor misses new cases. Without an
index, an SQL fallback searches titles, summaries, outlets and places. Spelling suggestions use
the words of the index. The order of results is made in :mod:`register.cases.result_lists`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import Session

from register.cases.case_codes import CASE_CODE, IS_PUBLIC_CODE
from register.cases.case_sets import Strengths
from register.cases.core_tables import CASE, JOURNAL_ENTRY
from register.cases.facet_index import FacetIndex
from register.cases.filters import CaseQuery
from register.cases.models import CaseState
from register.cases.selection import Selection
from register.cases.vocabulary import Vocabulary
from register.errors import Invalid
from register.journal import Ledger, LedgerPosition
from register.search import analyzer, indexer, query_parser
from register.search import engine_interface as interface
from register.search.document import documents
from register.search.reference_matcher import strength
from register.territory.gazetteer import gazetteer
from register.territory.places import Commune
from register.text.normalisation import fold

# Limits of the SQL fallback: the newest cases to match, and the conditions that select them.
CANDIDATES_LIMIT = 200
PARTS_LIMIT = 4
ALTERNATIVES_LIMIT = 6

# Of the spelling: shorter words are one edit away from too many others.
_MIN_LENGTH = 4
_LONG_WORD = 8  # letters from which two edits are allowed
_CHECKED_WORDS = 6  # words of a search that are checked
_NEIGHBOURS_LIMIT = 3  # similar words that are tried for each
_WORD = re.compile(r"[^\W_]+")

# Folded letters that may have an accent in a text: LIKE matches any letter instead.
_ACCENTED = re.compile("[aceinouy]")


def _part_clause(part: interface.QueryPart) -> ColumnElement[bool]:
    """Condition of a match of a part, which is true if SQL cannot express one."""
    clauses, places_by_name = [], gazetteer().places_by_name
    for alternative in part.alternatives[:ALTERNATIVES_LIMIT]:
        token = max(alternative.tokens, key=len).removeprefix(analyzer.OWN)
        if token.startswith(interface.CODE):
            return true()
        accented_pattern = "%" + _ACCENTED.sub("_", token) + "%"
        commune_codes = [
            place.code
            for name in places_by_name
            if token in name
            for place in places_by_name[name]
            if isinstance(place, Commune)
        ]
        is_match = or_(
            and_(CASE_CODE.c.axis == "media", CASE_CODE.c.code.like(f"%{token}%")),
            and_(CASE_CODE.c.axis == "commune", CASE_CODE.c.code.in_(commune_codes)),
        )
        clauses += [
            func.lower(CASE.c.title).like(accented_pattern),
            func.lower(CASE.c.summary).like(accented_pattern),
            CASE.c.id.in_(select(CASE_CODE.c.incident_id).where(is_match, IS_PUBLIC_CODE)),
        ]
    return or_(*clauses)


# Changed cases that one search matches from the database, in a few milliseconds.
CHANGED_LIMIT = 200


class Reach(StrEnum):
    """Scope of a search."""

    EVERYWHERE = "whole"  # all texts, as they are now
    BEHIND = "behind"  # the index lags so far that some of the newest texts were not matched
    TITLES_ONLY = "titles"  # without an index: titles, summaries, outlets and places


@dataclass(frozen=True)
class SearchMatches:
    """Matching case numbers with their strength, the number of parts in strong fields."""

    strength: Strengths
    reach: Reach


@dataclass(frozen=True)
class TextSearch:
    """A typed text, its parsed query and its matches."""

    text: str
    search_query: interface.SearchQuery
    matches: SearchMatches

    @property
    def ignored_operator(self) -> str:
        """A typed "OU" or similar, which the search does not support; or empty."""
        return query_parser.find_or_operator(self.text)

    @property
    def strength(self) -> Strengths:
        """Case number → strength of its match."""
        return self.matches.strength


class SearchResult(Selection):
    """Cases of a search by words and filters; ``text`` is None without words."""

    def __init__(self, index: FacetIndex, query: CaseQuery, text: TextSearch | None) -> None:
        super().__init__(index, query, text.strength if text else None)
        self.text = text


@dataclass(frozen=True)
class CaseSearch:
    """Searches of one page, by its session; ``head``: public ledger, read first on that session."""

    session: Session
    index: interface.SearchEngine
    vocabulary: Vocabulary
    head: LedgerPosition

    def find(self, search_query: interface.SearchQuery) -> SearchMatches:
        """Cases that match a parsed search."""
        matches = self.find_indexed(search_query)
        return matches or SearchMatches(
            Strengths(self._find_by_sql(search_query)), Reach.TITLES_ONLY
        )

    def find_indexed(self, search_query: interface.SearchQuery) -> SearchMatches | None:
        """Matches of the index, with those of changed cases from the database; None without one.

        An index of another ledger is not used, nor one of another analysis, whose tokens do not
        match those of the query.
        """
        try:
            matches = self.index.find(self.session, search_query)
            if not (indexer.is_readable(matches.cursor) and self._follows_ledger(matches.cursor)):
                return None
            ranked = _rank_typed_first(
                search_query,
                matches.strength,
                lambda typed: self.index.find(self.session, typed).strength,
            )
        except interface.IndexNotReady:
            return None
        is_behind = matches.cursor.seq < self.head.seq
        changed = _changed_since(self.session, matches.cursor) if is_behind else {}
        strengths = dict(ranked)
        for number in changed:
            strengths.pop(number, None)
        newest_first = sorted(changed, key=lambda number: changed[number], reverse=True)
        strengths |= self._match_cases(search_query, newest_first[:CHANGED_LIMIT])
        return SearchMatches(
            Strengths(strengths),
            Reach.EVERYWHERE if len(changed) <= CHANGED_LIMIT else Reach.BEHIND,
        )

    def _find_by_sql(self, search_query: interface.SearchQuery) -> Mapping[int, int]:
        """Matches among the newest cases whose title, summary, outlets or place have the words."""
        stmt = select(CASE.c.number).where(CASE.c.state == CaseState.PUBLISHED)
        stmt = stmt.where(*map(_part_clause, search_query.required_parts[:PARTS_LIMIT]))
        newest = stmt.order_by(CASE.c.sort_day.desc(), CASE.c.number.desc()).limit(CANDIDATES_LIMIT)
        numbers = [number for number in self.session.scalars(newest) if number]
        return self._match_cases(search_query, numbers)

    def _match_cases(
        self, search_query: interface.SearchQuery, numbers: Sequence[int]
    ) -> Mapping[int, int]:
        """Matches among the public ones of some cases, by their present texts."""
        if not numbers:
            return {}
        case_documents = documents(self.session, numbers, self.vocabulary)

        def find(query: interface.SearchQuery) -> dict[int, int]:
            scores = ((document.number, strength(query, document)) for document in case_documents)
            return {number: score for number, score in scores if score is not None}

        return _rank_typed_first(search_query, find(search_query), find)

    def _follows_ledger(self, cursor: interface.Cursor) -> bool:
        if (cursor.seq, cursor.digest) == (self.head.seq, self.head.digest):
            return True
        if cursor.seq <= self.head.seq:
            return indexer.is_on_chain(self.session, cursor)
        # The index has lines from after the start of this page's transaction, which only another
        # connection sees. The cases that they removed are not proposed any more; those that they
        # published are not public yet in this transaction.
        with Session(self.session.get_bind()) as later:
            return indexer.is_on_chain(later, cursor)

    def suggest_spelling(self, search_text: str) -> str | None:
        """Search with its misspelt words corrected, if this finds a case; else None.

        A word is suggested only if it matches a public case now: the index may still have a
        redacted one.
        """
        long_forms = [
            form
            for form in dict.fromkeys(analyzer.forms(search_text))
            # "droite" is spelled right, though no case has it: it is no "droit".
            if len(form) >= _MIN_LENGTH and form.isalpha() and form not in analyzer.STEM_EXCEPTIONS
        ]
        misspelt_forms = [
            form for form in long_forms[:_CHECKED_WORDS] if not self._count_cases(form)
        ]
        if not misspelt_forms:
            return None
        try:
            # Read for a misspelt word only: after a commit, that takes longer than the search.
            indexed_forms = self.index.forms(self.session)
        except interface.IndexNotReady:
            return None
        corrected = search_text
        for form in misspelt_forms:
            counts = {near: self._count_cases(near) for near in _near_forms(form, indexed_forms)}
            best = max(counts, key=lambda candidate: counts[candidate], default=None)
            if best is None or not counts[best]:
                return None
            corrected = _replace_word(corrected, form, best)
        if corrected == search_text or not self._count_cases(corrected):
            return None
        return corrected

    def _count_cases(self, search_text: str) -> int:
        """Number of matching cases; 0 without an index, because the SQL fallback is slow."""
        try:
            search_query = query_parser.parse(search_text)
        except Invalid:
            return 0
        matches = self.find_indexed(search_query)
        return len(matches.strength) if matches else 0


def _rank_typed_first(
    search_query: interface.SearchQuery,
    strengths: Mapping[int, int],
    find: Callable[[interface.SearchQuery], Mapping[int, int]],
) -> Mapping[int, int]:
    """Strengths that put the cases with all typed words before those with a synonym only."""
    typed_query = search_query.without_synonyms
    typed = find(typed_query) if strengths and typed_query != search_query else {}
    if not typed:
        return strengths
    step = len(search_query.required_parts) + 1
    return {number: score + step * (number in typed) for number, score in strengths.items()}


# Parts of a search that is searched again without each of them.
PARTS_LIMIT_WITHOUT = 6


def find_without_each_part(
    search_query: interface.SearchQuery,
    find: Callable[[interface.SearchQuery], Mapping[int, int] | None],
) -> dict[interface.QueryPart, dict[int, int]]:
    """Required part → the cases that match all the others and not this one, with their strength.

    A case lacks one part at most: without two, it would match neither. Each part is searched for
    once, since a search without each of them would read the common words again and again.

    :param find: the cases of a query with their strength; None without an index.
    """
    parts = search_query.required_parts
    if not 1 < len(parts) <= PARTS_LIMIT_WITHOUT:
        return {}
    matching: dict[int, int] | None = None
    lacking: dict[interface.QueryPart, dict[int, int]] = {}
    for part in parts:
        cases = find(interface.SearchQuery((part, *search_query.excluded_parts)))
        if cases is None:
            return {}
        if matching is None:
            matching = dict(cases.items())
            continue
        if not lacking:
            lacking = {parts[0]: {n: score for n, score in cases.items() if n not in matching}}
        else:
            lacking = {absent: _add(scores, cases) for absent, scores in lacking.items()}
        lacking[part] = {n: score for n, score in matching.items() if n not in cases}
        matching = _add(matching, cases)
    return lacking


def _add(scores: Mapping[int, int], added: Mapping[int, int]) -> dict[int, int]:
    """Cases of both with the sum of their strengths."""
    return {n: score + added[n] for n, score in scores.items() if n in added}


def _changed_since(session: Session, cursor: interface.Cursor) -> Mapping[int, int]:
    """Number of each case with a public line after the cursor → its last such line."""
    last_lines: Sequence[tuple[int, int]] = session.execute(
        select(JOURNAL_ENTRY.c.case_number, func.max(JOURNAL_ENTRY.c.seq))
        .where(
            JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value,
            JOURNAL_ENTRY.c.seq > cursor.seq,
            JOURNAL_ENTRY.c.case_number.is_not(None),
        )
        .group_by(JOURNAL_ENTRY.c.case_number)
    ).all()
    return dict(last_lines)


def _near_forms(form: str, indexed_forms: Sequence[str]) -> list[str]:
    """Words of the index that a misspelt one may stand for."""
    neighbours = process.extract(
        form,
        indexed_forms,
        scorer=OSA.distance,
        score_cutoff=2 if len(form) >= _LONG_WORD else 1,
        limit=_NEIGHBOURS_LIMIT,
    )
    return [candidate for candidate, _distance, _place in neighbours]


def _replace_word(search_text: str, form: str, better_form: str) -> str:
    return _WORD.sub(
        lambda word: better_form if fold(word.group()) == form else word.group(), search_text
    )
