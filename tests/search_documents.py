"""Generated documents and searches of few tokens, so that they match."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator, Sequence

from hypothesis import strategies as st
from sqlalchemy.orm import Session

from register.search.engine_interface import (
    Cursor,
    Document,
    QueryAlternative,
    QueryPart,
    SearchEngine,
    SearchQuery,
)
from register.search.reference_matcher import strength

START = Cursor(1, "aa", "made")

# With a code, an accent that the analyzer would fold, and a token that it never produces.
TOKENS = ("a", "b", "c", "film", "filmer", "films", "§an:2008", "é", "")
_token = st.sampled_from(TOKENS)
_field = st.lists(_token, max_size=6).map(tuple)
_fields = st.lists(_field, max_size=3).map(tuple)
documents = st.builds(Document, st.integers(1, 8), _fields, _fields, _fields, _fields)
_alternative = st.one_of(
    st.builds(
        lambda tokens, together, literal: QueryAlternative(
            tuple(tokens), is_phrase=together, literal=literal
        ),
        st.lists(_token, min_size=1, max_size=4),
        st.booleans(),
        st.booleans(),
    ),
    st.builds(
        lambda prefix: QueryAlternative((prefix,), prefix=True),
        st.sampled_from(("f", "film", "é", "z")),
    ),
)
_part = st.builds(
    lambda ways, excluded: QueryPart("typed", tuple(ways), excluded),
    st.lists(_alternative, min_size=1, max_size=3),
    st.booleans(),
)
searches = st.lists(_part, max_size=3).map(lambda parts: SearchQuery(tuple(parts)))


def by_number(*batches: Iterable[Document]) -> dict[int, Document]:
    """The last document of each case."""
    return {document.number: document for batch in batches for document in batch}


def expected_matches(query: SearchQuery, cases: Iterable[Document]) -> dict[int, int]:
    """The strength of each matching case, by the reference matcher."""
    strengths = ((document.number, strength(query, document)) for document in cases)
    return {number: value for number, value in strengths if value is not None}


def forms_of(cases: Iterable[Document]) -> list[str]:
    """All forms of some documents, sorted."""
    fields = (field for case in cases for field in (*case.strong_forms, *case.weak_forms))
    return sorted({form for field in fields for form in field})


def word_query(*tokens: str, **options: bool) -> SearchQuery:
    """A search for a word or a phrase."""
    return SearchQuery((QueryPart(" ".join(tokens), (QueryAlternative(tokens, **options),)),))


def case(number: int, title: str, account: str = "") -> Document:
    """A document of plain words."""
    strong, weak = tuple(title.split()), tuple(account.split())
    return Document(number, (strong,), (weak,), (strong,), (weak,))


def random_documents(count: int, seed: int = 1, words: int = 60) -> Iterator[Document]:
    """Cases of random words: some in every case, most in few."""
    rng = random.Random(seed)
    for number in range(1, count + 1):
        yield case(number, _text(rng, 6), _text(rng, words))


def _text(rng: random.Random, words: int) -> str:
    return " ".join(f"mot{int(rng.paretovariate(0.6)) % 2_000}" for _ in range(words))


def sample_queries(seed: int = 1) -> list[SearchQuery]:
    """Searches in :func:`random_documents`: words, phrases, prefixes, exclusions."""
    rng = random.Random(seed)
    queries = [
        SearchQuery(),
        word_query("mot1"),
        word_query("mot1", "mot2"),
        word_query("mot12", prefix=True),
    ]
    for _ in range(12):
        first, second, third = (f"mot{int(rng.paretovariate(0.6)) % 2_000}" for _ in range(3))
        alternatives = (QueryAlternative((first, second)), QueryAlternative((third,)))
        queries.append(
            SearchQuery(
                (
                    QueryPart("x", alternatives),
                    QueryPart("y", (QueryAlternative((second,)),), excluded=True),
                )
            )
        )
        queries.append(
            SearchQuery((QueryPart("x", (QueryAlternative((first, second), is_phrase=False),)),))
        )
    return queries


def fill_index(index: SearchEngine, *cases: Document, cursor: Cursor = START) -> None:
    """Rebuild an index with these documents only."""
    index.rebuild(cursor, iter(cases))


# --- writes, and the expected results ----------------------------------------------

writes = st.lists(
    st.tuples(
        st.lists(documents, max_size=4),
        st.sets(st.integers(1, 8), max_size=3),
        st.sampled_from(("write", "scrub", "rebuild")),
    ),
    max_size=5,
)


def require_matcher_results(
    index: SearchEngine,
    session: Session | None,
    first: Sequence[Document],
    writes: Sequence[tuple[Sequence[Document], Collection[int], str]],
    queries: Sequence[SearchQuery],
) -> None:
    """After each write the engine returns what the reference matcher returns."""
    cases = by_number(first)
    fill_index(index, *cases.values())
    for seq, (documents, removed, kind) in enumerate(writes, start=2):
        written = by_number(doc for doc in documents if doc.number not in removed)
        cases = {n: doc for n, doc in (cases | written).items() if n not in removed}
        cursor = Cursor(seq, "aa", "made")
        if kind == "rebuild":
            fill_index(index, *cases.values(), cursor=cursor)
        else:
            index.write(cursor, written.values(), removed, scrub=kind == "scrub")
        if session:
            session.rollback()
        for query in queries:
            found_cases = index.find(session, query)
            assert found_cases.cursor == cursor
            assert found_cases.strength == expected_matches(query, cases.values())
        assert index.intact(deep=True)
        assert index.forms(session) == forms_of(cases.values())
        if session:
            session.rollback()
