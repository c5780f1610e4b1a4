"""Every page of the desk, the accounts and the report forms, by the W3C's own checker."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path

import pytest
from page_sites import PageSite
from reports_site import REPORTER_PAGES
from test_html import Markup, checker, complaints
from werkzeug.test import TestResponse

from register.cases.vocabulary import LANGUAGES

pytestmark = pytest.mark.prove

__all__ = ["checker"]  # the fixture of the other module


class VisibleText(Markup):
    """The register's own text of a page, without the typed text in its forms."""

    def handle_data(self, data: str) -> None:
        if "textarea" not in self.open_tags:
            super().handle_data(data)


@pytest.fixture(scope="module", params=itertools.product(("desk", "reports"), LANGUAGES), ids=str)
def site_and_answers(
    page_sites: Mapping[str, PageSite], request: pytest.FixtureRequest
) -> tuple[PageSite, Mapping[str, TestResponse]]:
    """A site, and the answers to all of its pages in one language."""
    site_name, language = request.param
    site = page_sites[site_name]
    return site, {name: site.answer(name, language) for name in site.pages}


@pytest.fixture
def markups(site_and_answers: tuple[PageSite, Mapping[str, TestResponse]]) -> Mapping[str, str]:
    """The markup of each page, by its name."""
    return {name: answer.text for name, answer in site_and_answers[1].items()}


def test_the_checker_finds_nothing(
    checker: Path, markups: Mapping[str, str], tmp_path: Path
) -> None:
    files = []
    for name, markup in markups.items():
        file = tmp_path / f"{name.replace(' ', '-')}.html"
        file.write_text(markup, encoding="utf-8")
        files.append(file)
    assert complaints(checker, *files) == ""


def test_pages_have_no_script_and_no_style_of_their_own(markups: Mapping[str, str]) -> None:
    for name, markup in markups.items():
        for tag, attributes in Markup(markup).elements:
            assert tag not in ("style", "iframe", "object", "embed"), name
            assert "style" not in attributes, (name, tag)
            assert not [key for key in attributes if key.startswith("on")], (name, tag)
            assert tag != "script" or set(attributes) == {"type", "src"}, name


def test_pages_have_no_typewriter_apostrophe(markups: Mapping[str, str]) -> None:
    for name, markup in markups.items():
        texts = VisibleText(markup).texts
        assert any(map(str.strip, texts)), name
        assert [text for text in texts if "'" in text] == [], name


def test_pages_are_for_members_alone_and_for_no_search_engine(
    site_and_answers: tuple[PageSite, Mapping[str, TestResponse]],
) -> None:
    site, answers = site_and_answers
    for name, answer in answers.items():
        # The empty form of a report is the one page that search engines may list.
        may_be_listed = name == "form"
        is_listed = '<meta name="robots" content="noindex">' not in answer.text
        assert is_listed is may_be_listed, name
        # Strangers, and members without a second factor, see no address of the desk.
        signed_in = site.pages[name].member in ("ada", "bruno")
        assert ("/moderation/dossiers" in answer.text) is signed_in, name


def test_pages_of_reporters_are_never_stored(page_sites: Mapping[str, PageSite]) -> None:
    site = page_sites["reports"]
    for name in REPORTER_PAGES:
        assert site.answer(name).headers["Cache-Control"] == "no-store", name
