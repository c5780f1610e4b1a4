"""The index of a register, and what a reader would be answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine as Database
from sqlalchemy.orm import Session

from register.cases import vocabulary
from register.config import Settings
from register.journal import head
from register.search import factory, service
from register.search.engine import Engine
from register.search.service import Hits


@pytest.fixture
def index(settings: Settings, engine: Database) -> Iterator[Engine]:
    """The search engine that the register's settings choose; nothing has followed yet."""
    made = factory.engine_of(settings, engine)
    yield made
    made.close()


@pytest.fixture
def ask(engine: Database, index: Engine) -> Callable[[str], Hits]:
    """``ask("filmer")``: what a page that begins now finds."""

    def asked(text: str) -> Hits:
        with Session(engine) as page:
            return service.find(page, index, text, vocabulary.book(page), head(page))

    return asked
