"""Fixtures for the tests of acts: forms, revisions, journal heads."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from cast import CaseRef
from databases import plain_app
from flask import Flask
from sqlalchemy.orm import Session

from register.cases.models import Incident
from register.config import Settings
from register.journal import Ledger, head

TICKED = {"attribution": "y", "no_private_person": "y", "no_private_life": "y"}


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application without an open context, so that each request reads the database again."""
    with plain_app(settings) as app:
        yield app


@pytest.fixture
def ticked() -> dict[str, str]:
    """All attestations, as a form sends them."""
    return dict(TICKED)


@pytest.fixture
def vu(session: Session) -> Callable[[CaseRef], dict[str, str]]:
    """``vu(filed)``: the hidden field with the present revision of a case."""

    def look(filed: CaseRef) -> dict[str, str]:
        session.rollback()
        session.expire_all()
        return {"vu": str(session.get_one(Incident, filed.id).revision_id or 0)}

    return look


@pytest.fixture
def standing(session: Session) -> Callable[[], tuple[int, int]]:
    """The numbers of lines of the public and the desk ledger."""

    def count() -> tuple[int, int]:
        session.rollback()
        return head(session, Ledger.PUBLIC).seq, head(session, Ledger.DESK).seq

    return count
