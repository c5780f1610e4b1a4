"""The site: every page with its navigation, its style sheets, and the files that pages point at."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tools.docs import gallery, rooms
from tools.docs.links import Links, between
from tools.docs.reading import read
from tools.docs.rooms import Room

HERE = Path(__file__).resolve().parent
# As base.html of the register has them; what the register's components need comes with the
# components alone.
_SHEETS = ("tokens", "base", "page", "print")


class Broken(Exception):
    """The pages point at what is not there; ``told`` has a line for each place."""

    def __init__(self, told: list[str]) -> None:
        super().__init__("\n".join(told))
        self.told = told


def build(folder: Path, shown: Mapping[str, str], top: Path = rooms.TOP) -> list[Path]:
    """Make the whole site in a folder, in the place of what was there; the pages that were made.

    ``shown`` are the components of the style page.

    :raises Broken: a link, an anchor or a component leads nowhere; the folder is as it was.
    """
    every = list(rooms.every(top))
    texts = {room.source: (top / room.source).read_text("utf-8") for room in every}
    pages = {room.source: read(texts[room.source], room.language) for room in every}
    links = Links(top, {room.source: room for room in every}, pages)
    bodies = {room: links.rewritten(room, texts[room.source]) for room in every}
    told = [*_unlisted(top, every), *links.broken]
    for source, text in texts.items():
        told += gallery.unknown(source, text, shown)
    if told:
        raise Broken(told)
    bodies = {room: gallery.hung(body, shown) for room, body in bodies.items()}
    if folder.exists():
        shutil.rmtree(folder)
    _write_sheets(folder, top)
    for address, file in links.files.items():
        (folder / address).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, folder / address)
    return _write_pages(folder, top, every, bodies)


def _unlisted(top: Path, every: list[Room]) -> list[str]:
    """Pages that nobody would find."""
    there = {path.relative_to(top).as_posix() for path in (top / "docs").rglob("*.md")}
    return [
        f"{name}:1: this page is in no wing of tools/docs/rooms.py"
        for name in sorted(there - {room.source for room in every})
    ]


def _write_sheets(folder: Path, top: Path) -> None:
    """One sheet for every page, and one with all that the register's own pages may have."""
    sheets = top / "static" / "css"
    own = (HERE / "docs.css").read_text("utf-8")
    usual = [sheets / f"{name}.css" for name in _SHEETS]
    others = [path for path in sorted(sheets.glob("*.css")) if path not in usual]
    folder.mkdir(parents=True)
    for name, chosen in (("docs.css", usual), ("components.css", [*usual, *others])):
        joined = "".join(path.read_text("utf-8") for path in chosen)
        (folder / name).write_text(joined + own, "utf-8")


def _write_pages(
    folder: Path, top: Path, every: list[Room], bodies: Mapping[Room, str]
) -> list[Path]:
    loader = FileSystemLoader(HERE)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    template = environment.get_template("page.html")
    made = []
    for place, room in enumerate(every):
        path = folder / room.address
        path.parent.mkdir(parents=True, exist_ok=True)
        page = template.render(
            room=room,
            body=Markup(bodies[room]),  # noqa: S704 (made of our own pages)
            wings=rooms.wings(top),
            sheet="components.css" if room.source == rooms.STYLE else "docs.css",
            before=every[place - 1] if place else None,
            after=every[place + 1] if place + 1 < len(every) else None,
            to=lambda address, room=room: between(room, address),
        )
        path.write_text(page, "utf-8")
        made.append(path)
    return made
