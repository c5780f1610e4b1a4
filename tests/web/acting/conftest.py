"""What the tests of the acts share: the form that a member sends, and what it left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from filed import Filed
from flask import Flask
from registers import bare
from sqlalchemy.orm import Session

from register.cases.models import Incident
from register.config import Settings
from register.journal import Ledger, head

TICKED = {"attribution": "y", "no_private_person": "y", "no_private_life": "y"}


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application without a context of its own: each request reads the register anew."""
    with bare(settings) as made:
        yield made


@pytest.fixture
def ticked() -> dict[str, str]:
    """Everything that a moderator attests, as a form sends it."""
    return dict(TICKED)


@pytest.fixture
def vu(session: Session) -> Callable[[Filed], dict[str, str]]:
    """``vu(filed)``: the hidden field of a page that shows the case as it is now."""

    def look(filed: Filed) -> dict[str, str]:
        session.rollback()
        session.expire_all()
        return {"vu": str(session.get_one(Incident, filed.id).revision_id or 0)}

    return look


@pytest.fixture
def standing(session: Session) -> Callable[[], tuple[int, int]]:
    """How many lines the public ledger and the desk's have."""

    def count() -> tuple[int, int]:
        session.rollback()
        return head(session, Ledger.PUBLIC).seq, head(session, Ledger.DESK).seq

    return count
