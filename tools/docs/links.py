"""What the pages point at: rewritten for the site, or told with its file and line where broken."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tools.docs.reading import Read
from tools.docs.rooms import Room

_POINTER = re.compile(r'(<(?:a|img)\b[^>]*?\b(?:href|src)=")([^"]*)"')
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


@dataclass
class Links:
    """The pages that are there, and what was found of their links.

    ``files`` are those that pages point at and that the site has to carry along, by their address
    from its front page; ``broken`` are sentences for whoever wrote the page.
    """

    top: Path
    rooms: Mapping[str, Room]
    pages: Mapping[str, Read]
    files: dict[str, Path] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def rewritten(self, room: Room, text: str) -> str:
        """The HTML of a page, its links those of the site; ``text`` is its Markdown."""

        def one(match: re.Match[str]) -> str:
            target = html.unescape(match.group(2))
            address = self._address(room, target)
            if address is None:
                line = _line_of(target, text)
                self.broken.append(f"{room.source}:{line}: {target} leads nowhere")
                return match.group()
            return f'{match.group(1)}{html.escape(address)}"'

        return _POINTER.sub(one, self.pages[room.source].html)

    def _address(self, room: Room, target: str) -> str | None:
        """Where a link leads in the site; None when there is nothing."""
        if _ELSEWHERE.match(target):
            return target
        name, _, anchor = target.partition("#")
        source = _joined(room.source, name) if name else room.source
        there = self.rooms.get(source)
        if there:
            if anchor and anchor not in self.pages[source].anchors:
                return None
            return between(room, there.address) + (f"#{anchor}" if anchor else "")
        if anchor or not source.startswith("docs/") or not (self.top / source).is_file():
            return None
        address = source.removeprefix("docs/")
        self.files[address] = self.top / source
        return between(room, address)


def between(room: Room, address: str) -> str:
    """An address of the site as a page refers to it: the site may stand in any folder."""
    return os.path.relpath(address, PurePosixPath(room.address).parent)


def _joined(source: str, name: str) -> str:
    return os.path.normpath(PurePosixPath(source).parent / name)


def _line_of(target: str, text: str) -> int:
    """The line of a page's Markdown on which a target is written; the first when it is nowhere."""
    wanted = f"({target}"
    for number, line in enumerate(text.splitlines(), 1):
        if wanted in line:
            return number
    return 1
