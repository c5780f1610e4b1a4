"""How well people find what they look for: searches whose right answers are stated beforehand.

``searches.toml`` is about the demonstration and was written from its cases before any index was
tuned; ``searches_elsewhere.toml`` brings cases of its own, so that what is right is so by rule.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import attested_acts as acts
import facet_data
import pytest
from sqlalchemy import select

from register.cases.case_content import ProceedingContent, RequestContent, StepContent
from register.cases.filters import WORDS, CaseQuery
from register.cases.models import Incident, Origin
from register.cases.vocabulary import current_vocabulary
from register.exchange.case_csv_import import PublishOptions, RowEffect, import_file
from register.journal import head
from register.search import indexer, query_parser, service
from register.search.engine_interface import SearchEngine, SearchQuery
from register.text.normalisation import fold

pytestmark = pytest.mark.one_database

FOLDER = Path(__file__).parent
DEMO = FOLDER.parents[1] / "register" / "demo" / "incidents.csv"
DEMO_TABLE = tomllib.loads((FOLDER / "searches.toml").read_text(encoding="utf-8"))
OTHER_TABLE = tomllib.loads((FOLDER / "searches_elsewhere.toml").read_text(encoding="utf-8"))
# Of 80 searches, how many may be wrong, each with its reason.
MISSES_LIMIT, SEARCH_COUNT = 2, 80
SHAPES = {"proceedings": ProceedingContent, "steps": StepContent, "request": RequestContent}


@dataclass
class Reader:
    """A reader's searches, whose matches are the names that the tables give to cases."""

    session: Any
    index: SearchEngine
    names: Mapping[int, str]

    def __post_init__(self) -> None:
        self.session.rollback()
        self.vocabulary_and_head = current_vocabulary(self.session), head(self.session)
        self._search = service.CaseSearch(self.session, self.index, *self.vocabulary_and_head)

    def finds(self, text: str) -> list[str]:
        """The names of the matching cases, in the order of the list."""
        strength = self._find(query_parser.parse(text))
        listed = [self.names[number] for number in self._listed(text, strength)]
        assert len(listed) == len(strength)
        return listed

    def _find(self, query: SearchQuery) -> Mapping[int, int]:
        matches = self._search.find(query)
        assert matches.reach == "whole"
        return matches.strength

    def lacking(self, text: str) -> dict[str, list[str]]:
        """Each word of a search → the names of the cases that lack this word only."""
        query = query_parser.parse(text)
        lacking = service.find_without_each_part(query, self._find)
        return {part.typed: sorted(self.names[n] for n in cases) for part, cases in lacking.items()}

    def _listed(self, text: str, strength: Mapping[int, int]) -> Iterator[int]:
        page = pages = 1
        while page <= pages:
            query = CaseQuery({WORDS: (text,)}, page=page)
            result_page = facet_data.list_page(
                self.session, query, *self.vocabulary_and_head, strength
            )
            yield from (case.number for case in result_page.cases)
            page, pages = page + 1, result_page.pages

    def is_offered(self, text: str) -> str | None:
        """The search that is suggested instead."""
        return self._search.suggest_spelling(text)


@pytest.fixture
def reader(engine, session, cast, index) -> Reader:
    """A reader of the demonstration."""
    options = {"by": cast.bruno, "reason": "démonstration", "publish": PublishOptions(cast.chloe)}
    assert import_file(engine, DEMO, **options).count(RowEffect.PUBLISHED) == 34
    indexer.catch_up(engine, index)
    statement = select(Incident.number, Origin.external_id)
    statement = statement.join(Origin, Origin.incident_id == Incident.id)
    return Reader(session, index, dict(session.execute(statement).all()))


@pytest.fixture
def reader_of_other_register(engine, session, desk, pen, index) -> Reader:
    """A reader of the cases that the second table brings."""
    cases = {
        name: desk.published(**_content(fields)) for name, fields in OTHER_TABLE["case"].items()
    }
    by = desk.cast.bruno
    for name, events in OTHER_TABLE["afterwards"].items():
        reply = desk.received_reply(cases[name], events["reply"])
        title, text = events["follow_up"]
        with pen() as p:
            acts.reply(p, reply, by=by, reason="reçue")
            acts.follow_up(p, cases[name].id, by=by, reason="suite", title=title, text=text)
    indexer.catch_up(engine, index)
    return Reader(session, index, {case.number: name for name, case in cases.items()})


def _content(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A table's fields of a case as arguments of its content."""
    # Where the table is silent, the desk's usual case must not speak.
    unset = {"narrative": "", "level": "commune", "outcome": "inconnue"}
    return unset | {name: _content_value(name, value) for name, value in fields.items()}


def _content_value(name: str, value: Any) -> Any:
    shape = SHAPES.get(name, lambda **fields: fields)
    if isinstance(value, dict):
        return shape(**{part: _content_value(part, field) for part, field in value.items()})
    if isinstance(value, list):
        return tuple(_content_value(name, element) for element in value)
    return value


def _faults(search: Mapping[str, Any], cases: list[str]) -> list[str]:
    """How the cases of a search differ from those that its table expects."""
    expected = search["all"] if "all" in search else search["must"]
    faults = [f"{case} not found" for case in expected if case not in cases]
    if "all" in search:
        faults += [f"{case} found" for case in cases if case not in expected]
    first_cases = cases[: search.get("first", len(cases))]
    faults += [f"{case} too low" for case in expected if case in cases and case not in first_cases]
    return faults + [f"{case} found" for case in search.get("not", ()) if case in cases]


def _require_found(reader: Reader, searches: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Require the expected cases of each search except known misses; print the score."""
    faults = {search["q"]: _faults(search, reader.finds(search["q"])) for search in searches}
    for search in (search for search in searches if "lacking" in search):
        lacking = reader.lacking(search["q"])
        for word, cases in search["lacking"].items():
            if lacking[word] != cases:
                faults[search["q"]].append(f"without {word}: {lacking[word]}")
    misses = {text: case_faults for text, case_faults in faults.items() if case_faults}
    known_misses = {search["q"] for search in searches if "known_miss" in search}
    with capsys.disabled():
        right = len(faults) - len(misses)
        print(f"\n{reader.index.name}: {right} of {len(faults)} searches right")
        for text, case_faults in misses.items():
            print(f"  {text}: {'; '.join(case_faults)}")
    assert set(misses) <= known_misses, "searches that went wrong"
    assert known_misses <= set(misses), (
        "searches that are right by now: strike out their known_miss"
    )


def test_people_find_the_cases_that_they_look_for(reader, capsys):
    _require_found(reader, DEMO_TABLE["search"], capsys)


def test_searches_find_the_expected_cases_of_another_register(reader_of_other_register, capsys):
    _require_found(reader_of_other_register, OTHER_TABLE["search"], capsys)


def test_a_correction_is_suggested_for_a_misspelt_search(reader):
    suggestions = {typo["q"]: reader.is_offered(typo["q"]) for typo in DEMO_TABLE["typo"]}
    assert {text: fold(suggestion or "") for text, suggestion in suggestions.items()} == {
        typo["q"]: fold(typo["suggested"]) for typo in DEMO_TABLE["typo"]
    }


@pytest.mark.parametrize("table", [DEMO_TABLE, OTHER_TABLE], ids=["demonstration", "elsewhere"])
def test_each_search_of_the_table_has_a_reason_and_few_are_known_misses(table):
    searches = table["search"]
    texts = [search["q"] for search in searches]
    assert len(texts) == len(set(texts))
    for search in searches:
        assert search["why"]
        assert ("all" in search) != ("must" in search), search["q"]
    known_miss_count = sum("known_miss" in search for search in searches)
    assert known_miss_count <= len(texts) * MISSES_LIMIT // SEARCH_COUNT


def test_the_table_of_the_demonstration_is_large():
    assert len(DEMO_TABLE["search"]) >= SEARCH_COUNT
