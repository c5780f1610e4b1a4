"""The site: every page with its navigation, its style sheets, and the files that pages point at."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tools.docs import gallery, rooms
from tools.docs.links import Links, relative_address
from tools.docs.reading import render_page
from tools.docs.rooms import DocPage

FOLDER = Path(__file__).resolve().parent
# As base.html of the register has them; what the register's components need comes with the
# components alone.
_SHEETS = ("tokens", "base", "page", "print")


class BrokenLinksError(Exception):
    """Some links lead nowhere; ``problems`` has a line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def build(folder: Path, components: Mapping[str, str], top: Path = rooms.TOP) -> list[Path]:
    """Make the whole site in a folder, in the place of what was there; the pages that were made.

    ``components`` are the components of the style page.

    :raises Broken: a link, an anchor or a component leads nowhere; the folder is as it was.
    """
    doc_pages = list(rooms.doc_pages(top))
    texts = {doc_page.source: (top / doc_page.source).read_text("utf-8") for doc_page in doc_pages}
    pages = {
        doc_page.source: render_page(texts[doc_page.source], doc_page.language)
        for doc_page in doc_pages
    }
    links = Links(top, {doc_page.source: doc_page for doc_page in doc_pages}, pages)
    bodies = {doc_page: links.rewrite(doc_page, texts[doc_page.source]) for doc_page in doc_pages}
    problems = [*_unlisted_pages(top, doc_pages), *links.broken]
    for source, markdown_text in texts.items():
        problems += gallery.unknown_components(source, markdown_text, components)
    if problems:
        raise BrokenLinksError(problems)
    bodies = {
        doc_page: gallery.insert_components(body, components) for doc_page, body in bodies.items()
    }
    if folder.exists():
        shutil.rmtree(folder)
    _write_sheets(folder, top)
    for address, file in links.files.items():
        (folder / address).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, folder / address)
    return _write_pages(folder, top, doc_pages, bodies)


def _unlisted_pages(top: Path, doc_pages: list[DocPage]) -> list[str]:
    """Pages that nobody would find."""
    sources = {path.relative_to(top).as_posix() for path in (top / "docs").rglob("*.md")}
    return [
        f"{name}:1: this page is in no wing of tools/docs/rooms.py"
        for name in sorted(sources - {doc_page.source for doc_page in doc_pages})
    ]


def _write_sheets(folder: Path, top: Path) -> None:
    """One sheet for every page, and one with all that the register's own pages may have."""
    sheets = top / "static" / "css"
    docs_css = (FOLDER / "docs.css").read_text("utf-8")
    usual_sheets = [sheets / f"{name}.css" for name in _SHEETS]
    other_sheets = [path for path in sorted(sheets.glob("*.css")) if path not in usual_sheets]
    folder.mkdir(parents=True)
    for name, sheet_paths in (
        ("docs.css", usual_sheets),
        ("components.css", [*usual_sheets, *other_sheets]),
    ):
        joined = "".join(path.read_text("utf-8") for path in sheet_paths)
        (folder / name).write_text(joined + docs_css, "utf-8")


def _write_pages(
    folder: Path, top: Path, doc_pages: list[DocPage], bodies: Mapping[DocPage, str]
) -> list[Path]:
    loader = FileSystemLoader(FOLDER)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    template = environment.get_template("page.html")
    written_paths = []
    for position, room in enumerate(doc_pages):
        path = folder / room.address
        path.parent.mkdir(parents=True, exist_ok=True)
        page = template.render(
            room=room,
            body=Markup(bodies[room]),  # noqa: S704 (made of our own pages)
            wings=rooms.doc_sections(top),
            sheet="components.css" if room.source == rooms.STYLE else "docs.css",
            before=doc_pages[position - 1] if position else None,
            after=doc_pages[position + 1] if position + 1 < len(doc_pages) else None,
            to=lambda address, doc_page=room: relative_address(doc_page, address),
        )
        path.write_text(page, "utf-8")
        written_paths.append(path)
    return written_paths
