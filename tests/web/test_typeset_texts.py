"""Texts that templates have typeset: cached, and dropped after the next act."""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Callable

import pytest
from cast import Cast, Desk
from flask import Flask
from form_client import MemberClient
from sqlalchemy.exc import OperationalError

from register.cases import acts
from register.server import startup_checks

pytestmark = pytest.mark.one_database

TITLE, PLACE = "Un titre à oublier", "Lavoir à oublier"


def caches_with(text: str) -> set[str]:
    """The names of the caches of the register's modules that hold a text."""
    modules = [module for name, module in sys.modules.items() if name.startswith("register.")]
    return {
        name
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, functools._lru_cache_wrapper)
        for item in gc.get_referents(value)
        if isinstance(item, str | list | tuple) and text in repr(item)
    }


def test_no_cache_holds_a_text_of_a_draft_after_the_act_that_discards_it(
    app: Flask, cast: Cast, desk: Desk, signed: Callable[[str], MemberClient]
) -> None:
    bruno = signed("bruno")
    case = desk.draft(title=TITLE, summary="", commune="", departement="21", place_label=PLACE)
    before = startup_checks.refresh(app, [])
    for address in ("/moderation/dossiers", f"/moderation/dossiers/{case.id}"):
        assert bruno.get(address).status_code == 200
    # Without an act, pages made anew find what was typeset for those before them.
    assert startup_checks.refresh(app, before) == before
    assert caches_with(TITLE)
    assert "place_line" in caches_with(PLACE)
    with desk.pen() as tx:
        acts.discard(tx, case.id, by=cast.bruno)
    assert startup_checks.refresh(app, before) != before
    assert caches_with("à oublier") == set()


def test_texts_stay_while_the_database_does_not_answer(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise OperationalError("SELECT", {}, Exception())

    before = startup_checks.refresh(app, [])
    monkeypatch.setattr(startup_checks, "head", fail)
    assert startup_checks.refresh(app, before) == before
