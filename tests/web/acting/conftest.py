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

ATTESTATIONS = {"attribution": "y", "no_private_person": "y", "no_private_life": "y"}


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application without a pushed context: each request has its own session."""
    with plain_app(settings) as app:
        yield app


@pytest.fixture
def attestations() -> dict[str, str]:
    """All attestations, as a form sends them."""
    return dict(ATTESTATIONS)


@pytest.fixture
def revision_field(session: Session) -> Callable[[CaseRef], dict[str, str]]:
    """``revision_field(case)``: the hidden field with the current revision of a case."""

    def read_revision(case: CaseRef) -> dict[str, str]:
        session.rollback()
        session.expire_all()
        return {"vu": str(session.get_one(Incident, case.id).revision_id or 0)}

    return read_revision


@pytest.fixture
def line_counts(session: Session) -> Callable[[], tuple[int, int]]:
    """The numbers of lines of the public and the desk ledger."""

    def count() -> tuple[int, int]:
        session.rollback()
        return head(session, Ledger.PUBLIC).seq, head(session, Ledger.DESK).seq

    return count
