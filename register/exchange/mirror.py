"""Static copy of the public site: every page, feed and file that an anonymous reader is sent.

The site is read through the application itself, by following its links. The folder has a link
``site`` to the last whole copy; a new one is written beside it and takes its place at once. What
the register does not send any more, as a withdrawn case, is then in no file of the folder.
"""

from __future__ import annotations

import filecmp
import json
import mimetypes
import os
import re
import shutil
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape, unescape
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit

from werkzeug import Response

from register import encryption
from register.errors import RegisterError

SITE = "site"
# Leads to the page that says what a copy cannot do, and how to reach the register.
NOTICE = "/miroirs"
_MANIFEST = "manifest.json"
_DRAFT = ".site-"
_CONTENT = ".content"  # what was read last
_START = ("/", "/en/", NOTICE, f"/en{NOTICE}", "/sitemap.xml", "/incidents.atom", "/registre.atom",
          "/robots.txt", "/favicon.ico", "/.well-known/security.txt")  # fmt: skip
# A page has at most one of them; other parameters are searches, endless in number.
_PARAMETERS = frozenset({"page", "version", "avant", "partie"})
_VALUE = re.compile(r"[A-Za-z0-9-]{1,80}")
_SEGMENT = re.compile(r"(?!\.\.?\Z)[\w.~:@,-]{1,200}")
_TAG = re.compile(r"<[a-zA-Z][^<>]*>")
_LINK = re.compile(r'(?<=\s)(href|src|action|formaction|poster)="([^"]*)"')
_FORM_ATTRIBUTES = ("action", "formaction")
_POST = re.compile(r'(?<=\s)method="post"')
_XML_LINK = re.compile(r'(?<=[\s"])href="([^"]*)"|<loc>([^<]*)</loc>')
_HTML, _FEEDS = "text/html", ("application/atom+xml", "application/xml", "text/xml")


class MirrorError(RegisterError):
    """A copy that was given up, for the reason that the key names; the last one stays."""


# Requests an address as an anonymous reader, with the ETag of the last copy or an empty one, and
# writes the content to a file: a film would not fit in memory. The answer has the rest.
Fetch = Callable[[str, str, Path], Response]


@dataclass(frozen=True)
class MirrorOutcome:
    """Number of files of the copy, and of those that are not as they were in the last one."""

    files: int
    changed: int


def mirror(fetch: Fetch, base_url: str, folder: Path, cases: Iterable[int]) -> MirrorOutcome | None:
    """Make the copy; None when the register has not changed since the last one.

    :param cases: numbers of all cases that were ever public, whose feeds say what became of them.
    :raises MirrorError: ``mirror_busy``, ``mirror_unwritable``, or ``mirror_failed`` by an answer
        with an error of the server.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with encryption.lock_folder(folder) as has_lock:
            if not has_lock:
                raise MirrorError("mirror_busy", path=str(folder))
            return _Mirror(fetch, base_url, folder).make(cases)
    except OSError as error:
        cause = error.strerror or type(error).__name__
        raise MirrorError("mirror_unwritable", path=str(folder), cause=cause) from error


class _Mirror:
    def __init__(self, fetch: Fetch, base_url: str, folder: Path) -> None:
        self._fetch, self._base, self._folder = fetch, base_url, folder
        self._names: dict[str, str] = {}  # file by address
        self._moved: dict[str, str] = {}  # address by address that redirects
        self._queue: deque[str] = deque()
        self._seen: set[str] = set()

    def make(self, cases: Iterable[int]) -> MirrorOutcome | None:
        last, tag = self._folder / SITE, self._last_tag()
        name = f"{_DRAFT}{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
        draft = self._folder / name
        try:
            draft.mkdir()
            home = self._fetch("/", tag if last.is_dir() else "", draft / _CONTENT)
            if home.status_code == 304:
                return None
            self._read(draft, (*_START, *(f"/incidents/{number}.atom" for number in cases)))
            changed = self._finish(draft, last)
            self._switch(name, home.headers.get("ETag", ""))
        finally:
            for path in self._folder.glob(f"{_DRAFT}*"):
                if path.resolve() != last.resolve():
                    shutil.rmtree(path)
        return MirrorOutcome(len(self._names), changed)

    def _last_tag(self) -> str:
        try:
            return str(json.loads((self._folder / _MANIFEST).read_bytes())["tag"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    # --- reading ----------------------------------------------------------------------------

    def _read(self, draft: Path, addresses: Iterable[str]) -> None:
        """Write what the register sends, and follow its links."""
        self._follow(addresses)
        while self._queue:
            address = self._queue.popleft()
            answer = self._fetch(address, "", draft / _CONTENT)
            if answer.status_code >= 500:
                raise MirrorError("mirror_failed", path=address, cause=answer.status_code)
            if 300 <= answer.status_code < 400:
                target = self._resolve(address, answer.headers.get("Location", ""))
                if target:
                    self._moved[address] = target
                    self._follow([target])
            elif _is_public(answer):
                self._write(draft, address, answer)

    def _write(self, draft: Path, address: str, answer: Response) -> None:
        name = file_name(address, answer.mimetype or "")
        self._names[address] = name
        path = draft / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (draft / _CONTENT).replace(path)
        if answer.mimetype == _HTML:
            text = path.read_text("utf-8")
            links = (
                unescape(link[2]) for tag in _TAG.findall(text) for link in _LINK.finditer(tag)
            )
        elif answer.mimetype in _FEEDS:
            xml = path.read_text("utf-8")
            links = (unescape(href or loc) for href, loc in _XML_LINK.findall(xml))
        else:
            return
        self._follow(self._resolve(address, link) for link in links)

    def _resolve(self, address: str, link: str) -> str:
        """The address of the site that a link of an answer leads to; empty for none."""
        return _site_address(urljoin(address, link), self._base)

    def _follow(self, addresses: Iterable[str]) -> None:
        for address in addresses:
            if address and address not in self._seen:
                self._seen.add(address)
                self._queue.append(address)

    # --- links and files --------------------------------------------------------------------

    def _finish(self, draft: Path, last: Path) -> int:
        """Rewrite the links, and share unchanged files with the last copy; how many changed."""
        (draft / _CONTENT).unlink(missing_ok=True)
        changed = 0
        for address, name in self._names.items():
            path, before = draft / name, last / name
            if name.endswith(".html"):
                path.write_text(self._page(address, path.read_text("utf-8")), "utf-8")
            elif name.endswith(".atom"):
                path.write_text(self._feed(address, path.read_text("utf-8")), "utf-8")
            if before.is_file() and filecmp.cmp(before, path, shallow=False):
                path.unlink()
                os.link(before, path)
            else:
                changed += 1
        return changed

    def _page(self, address: str, html: str) -> str:
        def rewrite(link: re.Match[str]) -> str:
            # A search that showed the whole list would pass for an answer.
            target = NOTICE if link[1] in _FORM_ATTRIBUTES else unescape(link[2])
            return f'{link[1]}="{escape(self._reference(address, target))}"'

        return _TAG.sub(lambda tag: _POST.sub('method="get"', _LINK.sub(rewrite, tag[0])), html)

    def _feed(self, address: str, xml: str) -> str:
        """A feed whose archives are those of the copy; its entries lead to the register."""

        def rewrite(link: re.Match[str]) -> str:
            target = _site_address(unescape(link[1] or ""), self._base)
            is_archive = "avant=" in target and target in self._names
            return f'href="{escape(self._relative(address, target))}"' if is_archive else link[0]

        return _XML_LINK.sub(rewrite, xml)

    def _reference(self, address: str, link: str) -> str:
        """A link of a page, to a file of the copy, or to the notice for what has none."""
        if not link.startswith(("/", "?")) or link.startswith("//"):
            return link
        target, fragment = self._resolve(address, link), link.partition("#")[2]
        target = self._moved.get(target, target)
        if target not in self._names or target == NOTICE:
            target, fragment = (f"/en{NOTICE}" if address.startswith("/en/") else NOTICE), ""
        return self._relative(address, target) + (f"#{fragment}" if fragment else "")

    def _relative(self, address: str, target: str) -> str:
        folder = Path(self._names[address]).parent
        return quote(os.path.relpath(self._names[target], folder))

    def _switch(self, name: str, tag: str) -> None:
        """Have ``site`` lead to the new copy."""
        link = self._folder / f"{_DRAFT}link"
        link.unlink(missing_ok=True)
        link.symlink_to(name)
        link.replace(self._folder / SITE)
        manifest = self._folder / _MANIFEST
        draft = manifest.with_name(f".{_MANIFEST}")
        draft.write_text(json.dumps({"tag": tag, "files": len(self._names)}))
        draft.replace(manifest)


def _is_public(answer: Response) -> bool:
    """Whether a reader may keep an answer."""
    is_stored = "no-store" not in answer.headers.get("Cache-Control", "")
    return answer.status_code == 200 and is_stored and "Set-Cookie" not in answer.headers


def _site_address(url: str, base_url: str) -> str:
    """An address of this site that a copy may have; empty for any other."""
    parts = urlsplit(url.removeprefix(base_url))
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    segments = unquote(parts.path).split("/")[1:]
    is_path = parts.path.startswith("/") and all(
        _SEGMENT.fullmatch(segment) for segment in (segments[:-1] if not segments[-1] else segments)
    )
    is_query = len(pairs) <= 1 and all(
        name in _PARAMETERS and _VALUE.fullmatch(value) for name, value in pairs
    )
    if parts.scheme or parts.netloc or not (is_path and is_query):
        return ""
    return parts.path + (f"?{parts.query}" if pairs else "")


def file_name(address: str, mime: str) -> str:
    """The name of the file of an address, which a web server sends with its type again."""
    path, query = urlsplit(address).path, urlsplit(address).query
    name = unquote(path).strip("/") or "index"
    name += "/index" if path.endswith("/") and name != "index" else ""
    stem, dot, extension = name.rpartition(".")
    if mime == _HTML or not dot or "/" in extension:
        stem, dot, extension = name, "", ""
    end = {_HTML: ".html", "application/json": ".json"}.get(mime) or (
        f"{dot}{extension}" or mimetypes.guess_extension(mime, strict=False) or ""
    )
    return f"{stem}{''.join(f'--{n}-{v}' for n, v in parse_qsl(query))}{end}"
