"""Counts beside a list equal brute force on a thousand searches, and stay right act after act."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import facet_data
import pytest
from act_runner import ACTS, RunActs, with_words, word_of
from facet_data import CheckedFacetIndexes
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from reference_model import ALLOWED, CHANGES, OUTCOMES, Case
from shared_registers import RegisterReset
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from register.cases.case_content import Content
from register.cases.filters import PAGE_SIZE, CaseQuery
from register.cases.vocabulary import current_vocabulary
from register.config import Settings
from register.errors import RegisterError
from register.journal import head, writing
from register.search import engine_interface as factory
from register.search import indexer, query_parser
from register.search.service import CaseSearch

pytestmark = pytest.mark.prove

SEARCHES = 1_000
SEQUENCES = {"sqlite": 300, "postgresql": 100}
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

# Searches: words of all cases, of some, of none; a place, an outlet, a year.
TYPED = ("filmer", "maire -gagny", "écho", '"conseil municipal"', "2008", "93", "liege", "zinzolin")


def _repeated(examples: int) -> Any:
    return hypothesis_settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


# --- a thousand searches -----------------------------------------------------------------------


def test_counts_equal_brute_force_on_a_thousand_searches(
    settings: Settings, engine: Engine, session: Session, desk: Any
) -> None:
    facet_data.publish_all(desk)
    index = factory.open_search_engine(settings, engine)
    indexer.catch_up(engine, index)
    session.rollback()
    journal_head, current = head(session), facet_data.retired(current_vocabulary(session))
    search = CaseSearch(session, index, current, journal_head)
    index_matches = {typed: search.find(query_parser.parse(typed)) for typed in TYPED}
    assert {matches.reach for matches in index_matches.values()} == {"whole"}
    sizes: list[int] = []
    compared = 0

    @_repeated(SEARCHES)
    @given(search=facet_data.searches(), typed=st.sampled_from(("", *TYPED)))
    def require_equal_counts(search: tuple[CaseQuery, dict[int, int] | None], typed: str) -> None:
        nonlocal compared
        query, matches = search
        if matches is not None and typed:
            # In most of the searches by words they are those of the index.
            matches = dict(index_matches[typed].strength)
            query = replace(query, values={**query.values, "q": (typed,)})
        expected = facet_data.count_facets(session, query, current, matches)
        selection = facet_data.select_cases(session, query, current, journal_head, matches)
        assert selection.facet_counts == expected
        size = facet_data.count_in_database(session, query, current, matches)
        page = facet_data.list_page(session, query, current, journal_head, matches)
        assert page.total == size == selection.total
        assert len(page.cases) == min(size, PAGE_SIZE)
        for name, value, count in selection.count_relaxed():
            assert count == facet_data.count_in_database(
                session, query.without(name, value), current, matches
            )
        sizes.append(size)
        compared += sum(map(len, expected.values()))

    try:
        require_equal_counts()
    finally:
        index.close()
    print(f"{engine.dialect.name}: {len(sizes)} searches, {compared} counts compared")
    assert len(sizes) >= SEARCHES
    assert sum(map(bool, sizes)) >= SEARCHES / 4


# --- act after act -----------------------------------------------------------------------------


class Step(NamedTuple):
    """An act that is tried on one of the cases, and what it changes."""

    name: str
    which: int
    into: int
    change: dict[str, object]
    outcome: str
    # Whether somebody looks before the next act: otherwise two acts are carried on at once.
    look: bool


STEPS = st.lists(
    st.builds(
        Step,
        name=st.sampled_from([*ACTS, "correct", "correct", "redact", "withdraw", "restore"]),
        which=st.integers(0, 3),
        into=st.integers(0, 3),
        change=st.sampled_from(CHANGES),
        outcome=st.sampled_from(OUTCOMES),
        look=st.integers(0, 3).map(bool),
    ),
    min_size=3,
    max_size=9,
)


class SharedRegister:
    """One register for all sequences: two public cases and two drafts that may become public."""

    def __init__(
        self,
        engine: Engine,
        desk: Any,
        cast: Any,
        content: Callable[..., Content],
        facet_indexes: CheckedFacetIndexes,
    ) -> None:
        self.engine, self.cast, self.facet_indexes = engine, cast, facet_indexes
        self.cases = []
        for place in range(4):
            word = word_of(place, 0)
            case_content = with_words(content(), word)
            self.cases.append(Case(desk.ready(case_content).id, case_content, word=word))
        for case in self.cases[:2]:
            case.number = self.act("publish", case, case.content, 0, 0)
            case.state = "published"
        self.reset = RegisterReset(engine)
        self.act_count = self.comparison_count = 0

    def act(
        self, name: str, case: Case, new_content: Content, into: int, minutes: int
    ) -> int | None:
        """Do an act; the number of its case."""
        with writing(self.engine, AT + timedelta(minutes=minutes)) as p:
            return ACTS[name](p, case, RunActs(self.cast, new_content, into, case.word)).case_number

    def run(self, steps: list[Step]) -> None:
        """A sequence, from the same beginning as every other."""
        self.reset.restart()
        self.facet_indexes.restart()
        cases = copy.deepcopy(self.cases)
        self.compare()
        for minutes, step in enumerate(steps, start=1):
            candidates = [candidate for candidate in cases if candidate.state in ALLOWED[step.name]]
            if not candidates:
                continue
            case = candidates[step.which % len(candidates)]
            change = {"outcome": step.outcome} if step.name == "follow_up" else step.change
            changes = step.name in ("follow_up", "correct", "redact", "edit")
            new_content = replace(case.content, **change) if changes else case.content
            try:
                number = self.act(
                    step.name, case, new_content, cases[step.into].number or 0, minutes
                )
            except RegisterError:
                continue
            case.content = new_content
            case.move(step.name)
            case.number = number or case.number
            self.act_count += 1
            if step.look:
                self.compare()
        self.compare()

    def compare(self) -> None:
        """Require of the updated facet index the same content as of a rebuilt one."""
        with Session(self.engine) as session:
            self.facet_indexes.load_checked(session, current_vocabulary(session))
        self.comparison_count += 1


def test_an_updated_facet_index_equals_a_rebuilt_one(
    engine: Engine,
    desk: Any,
    cast: Any,
    content: Callable[..., Content],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected_count = SEQUENCES[engine.dialect.name]
    facet_indexes = CheckedFacetIndexes(monkeypatch)
    shared = SharedRegister(engine, desk, cast, content, facet_indexes)

    @_repeated(expected_count)
    @given(steps=STEPS)
    def run(steps: list[Step]) -> None:
        shared.run(steps)

    run()
    summary = f"{expected_count} sequences, {shared.act_count} acts"
    print(
        f"{engine.dialect.name}: {summary}, {shared.comparison_count} looks, made anew"
        f" {facet_indexes.build_count} times"
    )
    assert shared.act_count >= 2 * expected_count
    # Each sequence begins in the past of the one before, where nothing can be carried on.
    assert facet_indexes.build_count <= expected_count + 1
