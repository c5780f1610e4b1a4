"""The cases that a search by words finds, right at the moment of the page that asks.

The index proposes. What has moved in the public ledger since the index last followed it is judged
from the database, so that an index that lags neither shows a word that was taken back nor misses
what was just published. Without an index, words are looked for in the titles and summaries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.cases.core_tables import JOURNAL_ENTRY
from register.cases.vocabulary import Vocabulary
from register.journal import Ledger, LedgerPosition
from register.search import fallback, indexer, query_parser
from register.search.document import documents
from register.search.engine import IndexNotReady, SearchEngine
from register.search.matcher import strength
from register.search.query_model import Cursor, SearchQuery

# Cases judged one by one for a page: a few milliseconds each time the index is so far behind.
JUDGED_LIMIT = 200


class Reach(StrEnum):
    """How far the words were looked for."""

    EVERYWHERE = "whole"  # everywhere, in the register as it now is
    BEHIND = "behind"  # the index lags so far that some of the newest texts were not read
    TITLES_ONLY = "titles"  # there is no index: titles, summaries, outlets and places only


@dataclass(frozen=True)
class SearchMatches:
    """Case numbers with their strength: how many of the words title, outlet or place say."""

    strength: Mapping[int, int]
    reach: Reach

    @property
    def state(self) -> str:
        """The reach as a plain word."""
        return self.reach.value


def find_by_text(
    session: Session,
    index: SearchEngine,
    search_text: str,
    vocabulary: Vocabulary,
    head: LedgerPosition,
) -> SearchMatches:
    """The cases that answer what a person typed.

    :param session: the page's; everything is of its moment.
    :param head: where the public ledger stands, read first on that session.
    :raises Invalid: the text cannot be searched for; see ``language``.
    """
    return find_cases(session, index, query_parser.parse(search_text), vocabulary, head)


def find_cases(
    session: Session,
    index: SearchEngine,
    search_query: SearchQuery,
    vocabulary: Vocabulary,
    head: LedgerPosition,
) -> SearchMatches:
    """The same for a search that was read already."""
    matches = search_index(session, index, search_query, vocabulary, head)
    return matches or SearchMatches(
        fallback.find_by_sql(session, search_query, vocabulary), Reach.TITLES_ONLY
    )


def search_index(
    session: Session,
    index: SearchEngine,
    search_query: SearchQuery,
    vocabulary: Vocabulary,
    head: LedgerPosition,
) -> SearchMatches | None:
    """What the index finds, put right where the register has moved since; None without an index.

    An index of another ledger is none, and so is one whose tokens another analysis made: it would
    find nothing by words that cases have.
    """
    try:
        matches = index.find(session, search_query)
    except IndexNotReady:
        return None
    if not (indexer.is_readable(matches.cursor) and _follows_ledger(session, matches.cursor, head)):
        return None
    changed = _changed_since(session, matches.cursor) if matches.cursor.seq < head.seq else {}
    strengths = {
        number: score for number, score in matches.strength.items() if number not in changed
    }
    newest_first = sorted(changed, key=lambda number: changed[number], reverse=True)
    strengths |= judge_cases(session, search_query, newest_first[:JUDGED_LIMIT], vocabulary)
    return SearchMatches(
        strengths, Reach.EVERYWHERE if len(changed) <= JUDGED_LIMIT else Reach.BEHIND
    )


def judge_cases(
    session: Session, search_query: SearchQuery, numbers: Iterable[int], vocabulary: Vocabulary
) -> dict[int, int]:
    """Those of some cases that answer and are public, by their present texts."""
    case_numbers = list(numbers)
    if not case_numbers:
        return {}
    scores = (
        (document.number, strength(search_query, document))
        for document in documents(session, case_numbers, vocabulary)
    )
    return {number: score for number, score in scores if score is not None}


def _follows_ledger(session: Session, cursor: Cursor, head: LedgerPosition) -> bool:
    if (cursor.seq, cursor.digest) == (head.seq, head.digest):
        return True
    if cursor.seq <= head.seq:
        return indexer.is_on_chain(session, cursor)
    # The index has read lines that were written since this page began: another connection sees
    # them. What they took back is no longer proposed, and what they brought is not yet public here.
    with Session(session.get_bind()) as later:
        return indexer.is_on_chain(later, cursor)


def _changed_since(session: Session, cursor: Cursor) -> Mapping[int, int]:
    """The cases with a public line after the cursor, and the last such line of each."""
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
