"""The links of pages: rewritten for the site, or reported with file and line where broken."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tools.docs.reading import RenderedPage
from tools.docs.rooms import DocPage

_POINTER = re.compile(r'(<(?:a|img)\b[^>]*?\b(?:href|src)=")([^"]*)"')
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


@dataclass
class Links:
    """The pages that are there, and what was found of their links.

    ``files`` are those that pages point at and that the site has to carry along, by their address
    from its front page; ``broken`` are sentences for whoever wrote the page.
    """

    top: Path
    rooms: Mapping[str, DocPage]
    pages: Mapping[str, RenderedPage]
    files: dict[str, Path] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def rewrite(self, doc_page: DocPage, text: str) -> str:
        """The HTML of a page, its links those of the site; ``text`` is its Markdown."""

        def rewrite_link(match: re.Match[str]) -> str:
            target = html.unescape(match.group(2))
            address = self._address(doc_page, target)
            if address is None:
                line = _line_of(target, text)
                self.broken.append(f"{doc_page.source}:{line}: {target} leads nowhere")
                return match.group()
            return f'{match.group(1)}{html.escape(address)}"'

        return _POINTER.sub(rewrite_link, self.pages[doc_page.source].html)

    def _address(self, doc_page: DocPage, target: str) -> str | None:
        """Where a link leads in the site; None when there is nothing."""
        if _ELSEWHERE.match(target):
            return target
        name, _, anchor = target.partition("#")
        source = _resolve_path(doc_page.source, name) if name else doc_page.source
        target_page = self.rooms.get(source)
        if target_page:
            if anchor and anchor not in self.pages[source].anchors:
                return None
            return relative_address(doc_page, target_page.address) + (
                f"#{anchor}" if anchor else ""
            )
        if anchor or not source.startswith("docs/") or not (self.top / source).is_file():
            return None
        address = source.removeprefix("docs/")
        self.files[address] = self.top / source
        return relative_address(doc_page, address)


def relative_address(doc_page: DocPage, address: str) -> str:
    """An address of the site as a page refers to it: the site may stand in any folder."""
    return os.path.relpath(address, PurePosixPath(doc_page.address).parent)


def _resolve_path(source: str, name: str) -> str:
    return os.path.normpath(PurePosixPath(source).parent / name)


def _line_of(target: str, text: str) -> int:
    """The line of a page's Markdown on which a target is written; the first when it is nowhere."""
    link_text = f"({target}"
    for number, line in enumerate(text.splitlines(), 1):
        if link_text in line:
            return number
    return 1
