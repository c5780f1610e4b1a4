"""The index of a register, and a reader's search in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine as Database
from sqlalchemy.orm import Session

from register.cases import vocabulary
from register.config import Settings
from register.journal import head
from register.search import engine_interface as factory
from register.search import query_parser
from register.search.engine_interface import SearchEngine
from register.search.service import CaseSearch, SearchMatches


@pytest.fixture
def index(settings: Settings, engine: Database) -> Iterator[SearchEngine]:
    """The search engine that the register's settings choose; nothing has followed yet."""
    index_engine = factory.open_search_engine(settings, engine)
    yield index_engine
    index_engine.close()


@pytest.fixture
def find_cases(engine: Database, index: SearchEngine) -> Callable[[str], SearchMatches]:
    """``find_cases("filmer")``: the matches that a page beginning now gets."""

    def find(text: str) -> SearchMatches:
        with Session(engine) as page:
            search = CaseSearch(page, index, vocabulary.current_vocabulary(page), head(page))
            return search.find(query_parser.parse(text))

    return find
