"""The index of a register, and what a reader would be answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine as Database
from sqlalchemy.orm import Session

from register.config import Settings
from register.followers.search import chosen, searching
from register.followers.search.engine import Engine
from register.followers.search.searching import Hits
from register.incidents import vocabulary
from register.journal import head


@pytest.fixture
def index(settings: Settings, engine: Database) -> Iterator[Engine]:
    """The search engine that the register's settings choose; nothing has followed yet."""
    made = chosen.engine_of(settings, engine)
    yield made
    made.close()


@pytest.fixture
def ask(engine: Database, index: Engine) -> Callable[[str], Hits]:
    """``ask("filmer")``: what a page that begins now finds."""

    def asked(text: str) -> Hits:
        with Session(engine) as page:
            return searching.find(page, index, text, vocabulary.book(page), head(page))

    return asked
