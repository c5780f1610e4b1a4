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

import pytest
from sqlalchemy import select

from register.cases import acts, result_lists
from register.cases.case_content import ProceedingContent, RequestContent
from register.cases.filters import WORDS, CaseQuery
from register.cases.models import Incident, Origin
from register.cases.vocabulary import current_vocabulary
from register.exchange.csv_import import PublishOptions, import_file
from register.journal import head
from register.search import indexer, query_parser, service
from register.search.engine_interface import SearchEngine
from register.text.normalisation import fold

pytestmark = pytest.mark.one_database

HERE = Path(__file__).parent
DEMO = HERE.parents[1] / "register" / "demo" / "incidents.csv"
TOLD = tomllib.loads((HERE / "searches.toml").read_text(encoding="utf-8"))
ELSEWHERE = tomllib.loads((HERE / "searches_elsewhere.toml").read_text(encoding="utf-8"))
# Of 80 searches, how many may be wrong, each with its reason.
MISSES, OF = 2, 80
SHAPES = {"proceedings": ProceedingContent, "request": RequestContent}


@dataclass
class Reader:
    """Who types into the search box, and calls cases by the names that the tables give them."""

    session: Any
    index: SearchEngine
    names: Mapping[int, str]

    def __post_init__(self) -> None:
        self.session.rollback()
        self.around = current_vocabulary(self.session), head(self.session)

    def finds(self, text: str) -> list[str]:
        """What is found, in the order of the list."""
        hits = service.find_cases(self.session, self.index, query_parser.parse(text), *self.around)
        assert hits.reach == "whole"
        listed = [self.names[number] for number in self._listed(text, hits.strength)]
        assert len(listed) == len(hits.strength)
        return listed

    def _listed(self, text: str, strength: Mapping[int, int]) -> Iterator[int]:
        page = pages = 1
        while page <= pages:
            query = CaseQuery({WORDS: (text,)}, page=page)
            shown = result_lists.query_case_page(self.session, query, *self.around, strength)
            yield from (case.number for case in shown.cases)
            page, pages = page + 1, shown.pages

    def is_offered(self, text: str) -> str | None:
        """The search that is suggested instead."""
        return service.suggest_spelling(self.session, self.index, text, *self.around)


@pytest.fixture
def reader(engine, session, cast, index) -> Reader:
    """A reader of the demonstration."""
    publication = PublishOptions(by=cast.bruno, second=cast.chloe, reason="démonstration")
    assert import_file(engine, DEMO, publish=publication).published == 34
    indexer.catch_up(engine, index)
    named = select(Incident.number, Origin.external_id)
    named = named.join(Origin, Origin.incident_id == Incident.id)
    return Reader(session, index, dict(session.execute(named).all()))


@pytest.fixture
def stranger(engine, session, desk, pen, index) -> Reader:
    """A reader of the cases that the second table brings."""
    filed = {name: desk.published(**_content(told)) for name, told in ELSEWHERE["case"].items()}
    by = desk.cast.bruno
    for name, told in ELSEWHERE["afterwards"].items():
        reply = desk.received_reply(filed[name], told["reply"])
        title, text = told["follow_up"]
        with pen() as p:
            acts.reply(p, reply, by=by, reason="reçue")
            acts.follow_up(p, filed[name].id, by=by, reason="suite", title=title, text=text)
    indexer.catch_up(engine, index)
    return Reader(session, index, {one.number: name for name, one in filed.items()})


def _content(told: Mapping[str, Any]) -> dict[str, Any]:
    """What a table tells of a case, in the shapes of a case's content."""
    # Where the table is silent, the desk's usual case must not speak.
    silent = {"narrative": "", "level": "commune", "outcome": "inconnue"}
    return silent | {name: _shaped(name, value) for name, value in told.items()}


def _shaped(name: str, value: Any) -> Any:
    shape = SHAPES.get(name, lambda **told: told)
    if isinstance(value, dict):
        return shape(**value)
    if isinstance(value, list):
        return tuple(_shaped(name, one) for one in value)
    return value


def _wrong(told: Mapping[str, Any], found: list[str]) -> list[str]:
    """What of a search's statement does not hold."""
    wanted = told["all"] if "all" in told else told["must"]
    wrong = [f"{case} not found" for case in wanted if case not in found]
    if "all" in told:
        wrong += [f"{case} found" for case in found if case not in wanted]
    high = found[: told.get("first", len(found))]
    wrong += [f"{case} too low" for case in wanted if case in found and case not in high]
    return wrong + [f"{case} found" for case in told.get("not", ()) if case in found]


def _require_found(reader: Reader, searches: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Let pass what finds what it should, but for what is known not to; print the score."""
    wrong = {told["q"]: _wrong(told, reader.finds(told["q"])) for told in searches}
    missed = {text: faults for text, faults in wrong.items() if faults}
    known = {told["q"] for told in searches if "known_miss" in told}
    with capsys.disabled():
        right = len(wrong) - len(missed)
        print(f"\n{reader.index.name}: {right} of {len(wrong)} searches right")
        for text, faults in missed.items():
            print(f"  {text}: {'; '.join(faults)}")
    assert set(missed) <= known, "searches that went wrong"
    assert known <= set(missed), "searches that are right by now: strike out their known_miss"


def test_people_find_the_cases_that_they_look_for(reader, capsys):
    _require_found(reader, TOLD["search"], capsys)


def test_searches_find_the_expected_cases_of_another_register(stranger, capsys):
    _require_found(stranger, ELSEWHERE["search"], capsys)


def test_a_misspelt_search_is_put_right(reader):
    offered = {told["q"]: reader.is_offered(told["q"]) for told in TOLD["typo"]}
    assert {text: fold(better or "") for text, better in offered.items()} == {
        told["q"]: fold(told["suggested"]) for told in TOLD["typo"]
    }


@pytest.mark.parametrize("table", [TOLD, ELSEWHERE], ids=["demonstration", "elsewhere"])
def test_each_search_of_the_table_has_a_reason_and_few_are_known_misses(table):
    searches = table["search"]
    asked = [told["q"] for told in searches]
    assert len(asked) == len(set(asked))
    for told in searches:
        assert told["why"]
        assert ("all" in told) != ("must" in told), told["q"]
    excused = sum("known_miss" in told for told in searches)
    assert excused <= len(asked) * MISSES // OF


def test_the_table_of_the_demonstration_is_large():
    assert len(TOLD["search"]) >= OF
