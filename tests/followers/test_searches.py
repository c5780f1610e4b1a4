"""How well people find what they look for: searches over the demonstration, right or wrong.

What each should find is in ``searches.toml``, written from the cases before any index was tuned.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from register.exchange.importer import Publication, import_file
from register.followers.search import chosen, following, searching, suggestion
from register.incidents import queries
from register.incidents.filters import WORDS, Query
from register.incidents.models import Incident, Origin
from register.incidents.vocabulary import book
from register.journal import head
from register.text.fold import fold

DEMO = Path(__file__).parents[2] / "register" / "demo" / "incidents.csv"
TOLD = tomllib.loads(Path(__file__).with_name("searches.toml").read_text(encoding="utf-8"))
# Of 80 searches, how many may be wrong, each with its reason.
MISSES, OF = 2, 80


@dataclass
class Reader:
    """Who types into the search box of the demonstration, and names cases as its file does."""

    session: Any
    index: Any

    def __post_init__(self) -> None:
        self.session.rollback()
        self.around = book(self.session), head(self.session)
        asked = select(Incident.number, Origin.external_id).join(
            Origin, Origin.incident_id == Incident.id
        )
        self.names: dict[int, str] = dict(self.session.execute(asked).all())

    def finds(self, text: str) -> list[str]:
        """What is found, in the order of the list."""
        hits = searching.find(self.session, self.index, text, *self.around)
        assert hits.state == "whole"
        listed: list[str] = []
        page = 1
        while True:
            query = Query({WORDS: (text,)}, page=page)
            shown = queries.listing(self.session, query, *self.around, hits.strength)
            listed += [self.names[case.number] for case in shown.cases]
            if page >= shown.pages:
                break
            page += 1
        assert len(listed) == shown.total == len(hits.strength)
        return listed

    def is_offered(self, text: str) -> str | None:
        """The search that is suggested instead."""
        return suggestion.better(self.session, self.index, text, *self.around)


@pytest.fixture
def reader(settings, engine, session, cast) -> Reader:
    publication = Publication(by=cast.bruno, second=cast.chloe, reason="démonstration")
    assert import_file(engine, DEMO, publish=publication).published == 34
    index = chosen.engine_of(settings, engine)
    following.catch_up(engine, index)
    yield Reader(session, index)
    index.close()


def _wrong(told: dict[str, Any], found: list[str]) -> list[str]:
    """What of a search's statement does not hold."""
    wanted = told["all"] if "all" in told else told["must"]
    wrong = [f"{case} not found" for case in wanted if case not in found]
    if "all" in told:
        wrong += [f"{case} found" for case in found if case not in wanted]
    high = found[: told.get("first", len(found))]
    wrong += [f"{case} too low" for case in wanted if case in found and case not in high]
    return wrong + [f"{case} found" for case in told.get("not", ()) if case in found]


def test_people_find_the_cases_that_they_look_for(reader, capsys):
    wrong = {told["q"]: _wrong(told, reader.finds(told["q"])) for told in TOLD["search"]}
    missed = {text: faults for text, faults in wrong.items() if faults}
    known = {told["q"] for told in TOLD["search"] if "known_miss" in told}
    with capsys.disabled():
        right = len(wrong) - len(missed)
        print(f"\n{reader.index.name}: {right} of {len(wrong)} searches right")
        for text, faults in missed.items():
            print(f"  {text}: {'; '.join(faults)}")
    assert set(missed) <= known, "searches that went wrong"
    assert known <= set(missed), "searches that are right by now: strike out their known_miss"


def test_a_misspelt_search_is_put_right(reader):
    offered = {told["q"]: reader.is_offered(told["q"]) for told in TOLD["typo"]}
    assert {text: fold(better or "") for text, better in offered.items()} == {
        told["q"]: fold(told["suggested"]) for told in TOLD["typo"]
    }


def test_the_table_of_searches_is_large_and_honest():
    asked = [told["q"] for told in TOLD["search"]]
    assert len(asked) == len(set(asked)) >= OF
    assert all(told["why"] for told in TOLD["search"])
    assert all(("all" in told) != ("must" in told) for told in TOLD["search"])
    excused = sum("known_miss" in told for told in TOLD["search"])
    assert excused <= len(asked) * MISSES // OF
