"""Every page of a report, on both sides, by the W3C's own checker, and as it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from letterbox import DESK, OPEN, Letterbox, letterbox
from test_html import checker, complaints
from written import on_file, require_no_script_and_no_style, require_no_typewriter

from register.cases.vocabulary import LANGUAGES
from register.db import db

pytestmark = pytest.mark.prove

__all__ = ["checker"]  # the fixture of the other module


@pytest.fixture(scope="module", params=LANGUAGES)
def report_pages(
    request: pytest.FixtureRequest, registers, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, str]:
    """The markup of every page of those who report, and of reports on the desk."""
    with registers.new("sqlite", tmp_path_factory.mktemp("letterbox")) as settings:
        made = replace(letterbox(settings), tongue=request.param)
        pages = {name: _answered(made, name) for name in [*OPEN, *DESK]}
        with made.app.app_context():
            db.engine.dispose()
    return pages


def _answered(made: Letterbox, name: str) -> str:
    page = made.page(name)
    if name in OPEN:
        client = made.app.test_client(use_cookies=False)
        asked = client.get(page.path) if page.fields is None else None
        answer = asked or client.post(page.path, data=dict(page.fields or {}))
        assert answer.headers["Cache-Control"] == "no-store", name
    else:
        bruno = made.signed()
        sent = page.fields is not None
        answer = bruno.send(page.path, dict(page.fields or {})) if sent else bruno.get(page.path)
    assert answer.status_code == page.status, name
    return answer.text


def test_the_checker_finds_nothing_in_the_pages_of_a_report(
    checker: Path, report_pages: Mapping[str, str], tmp_path: Path
) -> None:
    assert complaints(checker, *on_file(report_pages, tmp_path)) == ""


def test_the_pages_of_a_report_have_no_script_and_no_style_of_their_own(
    report_pages: Mapping[str, str],
) -> None:
    require_no_script_and_no_style(report_pages)


def test_no_typewriter_apostrophe_is_left_in_the_pages_of_a_report(
    report_pages: Mapping[str, str],
) -> None:
    require_no_typewriter(report_pages)


def test_what_answers_a_form_is_for_no_search_engine(report_pages: Mapping[str, str]) -> None:
    for name, markup in report_pages.items():
        if name != "form":
            assert '<meta name="robots" content="noindex">' in markup, name
