"""Every kind of page by the W3C's own checker, and what the style sheets and the markup hold."""

from __future__ import annotations

import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path

import pytest
from demo_site import ENGLISH, PAGES, RARE, STATUS, Site
from npm_tools import from_npm, need

pytestmark = pytest.mark.prove

ROOT = Path(__file__).resolve().parents[2]
SHEETS = ROOT / "static" / "css"
PACKAGE = "vnu-jar@26.9.27"
# Elements whose text typography must not change.
VERBATIM = frozenset({"code", "pre", "title"})


@pytest.fixture(scope="module")
def pages(site: Site) -> Mapping[str, str]:
    """The markup of every kind of page, answered with the status that it should have."""
    markup = {}
    for name in (*PAGES, *RARE, *ENGLISH):
        try:
            with urllib.request.urlopen(site.url(name), timeout=20) as answer:
                status, body = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                status, body = error.code, error.read()
        assert status == STATUS.get(name, 200), name
        markup[name] = body.decode()
    return markup


@pytest.fixture(scope="module")
def checker() -> Path:
    """The Nu checker, from npm; skipped where Java or npm is missing, never under CI."""
    need("java", "npm")
    return from_npm(PACKAGE, "vnu-jar/build/dist/vnu.jar")


def complaints(checker: Path, *sources: str | Path) -> str:
    """The checker's errors in files and addresses; empty without any."""
    run = subprocess.run(
        [
            "java",
            "-Xss4m",
            "-Dnu.validator.servlet.allow-forbidden-hosts=true",
            "-jar",
            checker,
            "--errors-only",
            *sources,
        ],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode in (0, 1), run.stderr
    assert bool(run.stderr.strip()) == bool(run.returncode), run
    return run.stderr


def test_the_checker_finds_nothing(
    checker: Path, site: Site, pages: Mapping[str, str], tmp_path: Path
) -> None:
    # It reads over HTTP, headers included, all that is answered with 200, and the rest as files.
    error_pages = []
    for name in STATUS:
        file = tmp_path / f"{name}.html"
        file.write_text(pages[name])
        error_pages.append(file)
    addresses = [site.url(name) for name in (*PAGES, *RARE, *ENGLISH) if name not in STATUS]
    assert complaints(checker, *addresses, *error_pages) == ""


def test_the_checker_sees_a_fault(checker: Path, pages: Mapping[str, str], tmp_path: Path) -> None:
    """The proof that the test above sees something."""
    file = tmp_path / "broken.html"
    file.write_text(pages["home"].replace("</main>", "<li></main>"))
    assert "li" in complaints(checker, file)


class Markup(HTMLParser):
    """The elements of a page with their attributes, and its texts."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open_tags: list[str] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open_tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open_tags and self.open_tags.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not VERBATIM & set(self.open_tags) and "://" not in data:
            self.texts.append(data)


@pytest.mark.parametrize("name", [*PAGES, *RARE])
def test_a_page_has_no_script_no_style_of_its_own_and_no_data_address(
    pages: Mapping[str, str], name: str
) -> None:
    page = Markup(pages[name])
    tags = {tag for tag, _attributes in page.elements}
    assert {"main", "link"} <= tags
    assert tags.isdisjoint({"style", "iframe", "object", "embed"})
    for attributes in [attributes for tag, attributes in page.elements if tag == "script"]:
        if attributes == {"type": "application/ld+json"}:
            continue
        assert set(attributes) == {"type", "src"}
        assert attributes["type"] == "module"
        assert (attributes["src"] or "").startswith("/static/js/")
    for tag, attributes in page.elements:
        assert "style" not in attributes, tag
        assert not [key for key in attributes if key.startswith("on")], tag
        for value in attributes.values():
            address = (value or "").strip().lower()
            assert not address.startswith(("data:", "javascript:")), tag


@pytest.mark.parametrize("name", [*PAGES, *RARE])
def test_no_typewriter_apostrophe_is_left(pages: Mapping[str, str], name: str) -> None:
    texts = Markup(pages[name]).texts
    assert any(map(str.strip, texts))
    assert [text for text in texts if "'" in text] == []


def test_the_style_sheets_request_nothing() -> None:
    sheets = {path.name: path.read_bytes() for path in SHEETS.glob("*.css")}
    assert len(sheets) > 4
    for name, css in sheets.items():
        for word in (b"data:", b"url(", b"@import", b"http"):
            assert word not in css.lower(), name
