"""Every page behind the sign-in by the W3C's own checker, forms that came back among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from bureau import ASKED, OUTSIDE, PAGES, SENT, WITHOUT_FACTOR, Bureau, bureau
from test_html import checker, complaints
from werkzeug.test import TestResponse
from written import on_file, require_no_script_and_no_style, require_no_typewriter

from register.cases.vocabulary import LANGUAGES
from register.db import db

pytestmark = pytest.mark.prove

__all__ = ["checker"]  # the fixture of the other module


@pytest.fixture(scope="module", params=LANGUAGES)
def desk_pages(
    request: pytest.FixtureRequest, registers, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, str]:
    """The markup of every page of the desk and of the accounts."""
    with registers.new("sqlite", tmp_path_factory.mktemp("bureau")) as settings:
        made = replace(bureau(settings), tongue=request.param)
        answers = {name: _got(made, name) for name in PAGES}
        answers |= {name: _sent(made, name) for name in SENT}
        address, fields = ASKED
        late = made.signed(made.ada, minutes=20).send(made.address(address), dict(fields))
        assert late.status_code == 403
        with made.app.app_context():
            db.engine.dispose()
    return {name: answer.text for name, answer in {**answers, "who is it": late}.items()}


def _got(made: Bureau, name: str) -> TestResponse:
    member = made.member_of(name)
    client = made.signed(member).client if member else made.app.test_client()
    answer = client.get(made.address(name))
    assert answer.status_code == (404 if name == "dead link" else 200), name
    return answer


def _sent(made: Bureau, name: str) -> TestResponse:
    address, fields, status = SENT[name]
    told = {field: value.format(**made.named) for field, value in fields.items()}
    answer = made.signed(made.ada).send(made.address(address), told)
    assert answer.status_code == status, name
    return answer


def test_the_checker_finds_nothing_on_the_desk(
    checker: Path, desk_pages: Mapping[str, str], tmp_path: Path
) -> None:
    assert complaints(checker, *on_file(desk_pages, tmp_path)) == ""


def test_every_page_of_the_desk_asks_robots_to_stay_away(desk_pages: Mapping[str, str]) -> None:
    for name, markup in desk_pages.items():
        assert '<meta name="robots" content="noindex">' in markup, name
        # Who is outside, or has half of what opens, is told nothing of what is inside.
        inside = name not in OUTSIDE | WITHOUT_FACTOR
        assert ("/moderation/dossiers" in markup) is inside, name


def test_the_desk_has_no_script_and_no_style_of_its_own(desk_pages: Mapping[str, str]) -> None:
    require_no_script_and_no_style(desk_pages)


def test_no_typewriter_apostrophe_is_left_on_the_desk(desk_pages: Mapping[str, str]) -> None:
    require_no_typewriter(desk_pages)
