"""Static files under names that contain a digest of their content, compressed at start.

``js/copy.js`` is served as ``/static/js/copy.<digest>.js``, which browsers may cache for a year.
The style sheets of a page are served as one file. When the server starts, the files are written
under these names into ``<instance>/assets``, with a ``.gz`` beside each. Names of former versions
stay there for a month, so that a page loaded before an upgrade still finds its style sheet.

Only these names are served. No style sheet refers to another file by ``url(…)``, because such an
address would have to be rewritten here; a test checks it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from flask import Flask
from werkzeug.datastructures import Headers
from whitenoise import WhiteNoise  # type: ignore[import-untyped]
from whitenoise.compress import Compressor  # type: ignore[import-untyped]

from register.config import Settings
from register.errors import ConfigError
from register.web.errors import refusal
from register.web.etag import matches_tag
from register.web.headers import WSGI, StartResponse, takes_gzip

PREFIX = "/static/"
CACHE_CONTROL = "public, max-age=31536000, immutable"
RETIRED_LIFETIME = 30 * 24 * 3600  # seconds that a name is served after its content has changed

_EXTENSION = "register.assets"
# Up to three folders, a name, ten digits of a digest, an extension: never "..".
_HASHED_NAME = re.compile(
    r"(?:[a-z0-9_-]+/){0,3}[a-z0-9_-]+\.(?P<digest>[0-9a-f]{10})\.[a-z0-9]{1,5}"
)
_RETIRED_SUFFIX = ".retired"
_BUNDLE_NAME = re.compile(r"css/(?P<names>[a-z0-9_]+(?:-[a-z0-9_]+){0,19})\.[0-9a-f]{10}\.css")


class Assets:
    """Middleware that serves the files, and gives templates their addresses."""

    def __init__(self, app: WSGI, source: Path, folder: Path) -> None:
        self.app = app
        self._source, self._folder = source, folder
        self._names: dict[str, str] = {}
        self._contents: Mapping[str, bytes] = {}
        self._bundle_addresses: dict[tuple[str, ...], str] = {}
        self._files: _Files | None = None
        self._lock = Lock()

    def address(self, name: str) -> str:
        """The address of a file of ``static/``, for templates."""
        self.collect()
        return PREFIX + self._names[name]

    def sheet(self, sheet_names: Sequence[str]) -> str:
        """The address of a bundle of style sheets: each once, in the order given.

        The bundle is made at its first use, because only the template names its sheets.
        """
        distinct_names = tuple(dict.fromkeys(map(str, sheet_names)))
        bundle_address = self._bundle_addresses.get(distinct_names)
        if bundle_address is None:
            self.collect()
            bundle_name, content = self._bundle(distinct_names)
            # With a full disk, the bundle is rebuilt for each request.
            with suppress(OSError):
                _write_with_gzip(self._folder / bundle_name, content)
            bundle_address = self._bundle_addresses[distinct_names] = PREFIX + bundle_name
        return bundle_address

    def _bundle(self, sheet_names: Sequence[str]) -> tuple[str, bytes]:
        content = b"".join(self._contents[f"css/{name}.css"] for name in sheet_names)
        return _hashed_name(f"css/{'-'.join(sheet_names)}.css", content), content

    def _rebuild_bundle(self, path: str) -> bytes:
        """The bundle behind an address if its digest is current, else empty bytes.

        Another machine may have made the page. Nothing is written to disk, because the address
        comes from the request.
        """
        match = _BUNDLE_NAME.fullmatch(path.removeprefix(PREFIX))
        sheet_names = match["names"].split("-") if match else []
        if not sheet_names or any(f"css/{name}.css" not in self._contents for name in sheet_names):
            return b""
        bundle_name, content = self._bundle(sheet_names)
        return content if PREFIX + bundle_name == path else b""

    def collect(self) -> _Files:
        """Write the files where they are served from, once in the life of a process.

        Once, because a file that changes under a running process belongs to another release.

        :raises OSError: the folder cannot be written.
        :raises ConfigError: see :func:`read_sources`.
        """
        if self._files is None:
            with self._lock:
                self._contents = read_sources(self._source)
                self._names = collect(self._source, self._folder)
                self._files = _Files(self.app, self._folder)
        return self._files

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer with a file, or let the application answer."""
        path = environ.get("PATH_INFO", "")
        if not path.startswith(PREFIX):
            return self.app(environ, start_response)
        content = b"" if self.collect().has(path) else self._rebuild_bundle(path)
        if not content and not self.collect().has(path):
            return self.app(environ, start_response)
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            status_line, headers, body = refusal(405)
            start_response(status_line, [*headers, ("Allow", "GET, HEAD")])
            return [body]
        if content:
            return _bundle_response(path, content, environ, start_response)
        response: Iterable[bytes] = self.collect()(_simplified_environ(environ), start_response)
        return response


class _Files(WhiteNoise):  # type: ignore[misc]
    """WhiteNoise over the collected files, with our headers only."""

    def __init__(self, app: WSGI, folder: Path) -> None:
        super().__init__(
            app, allow_all_origins=False, max_age=None, add_headers_function=_add_headers
        )
        self._folder = folder

    def has(self, path: str) -> bool:
        """Whether a path is one of the files.

        Also looked up on disk: during an upgrade, a page of a newer process may refer to a file
        that this older process has not listed.
        """
        if path not in self.files:
            name = path.removeprefix(PREFIX)
            if not (_HASHED_NAME.fullmatch(name) and (self._folder / name).is_file()):
                return False
            self.add_file_to_dictionary(path, str(self._folder / name))
        return True


def attach(app: Flask, settings: Settings) -> None:
    """Add the middleware to an application, and the addresses to its templates."""
    assets = Assets(app.wsgi_app, Path(app.static_folder or ""), settings.instance / "assets")
    app.extensions[_EXTENSION] = assets
    app.jinja_env.globals.update(asset=assets.address, sheet=assets.sheet)
    app.wsgi_app = assets  # type: ignore[method-assign]


def address(app: Flask, name: str) -> str:
    """The address of a file of ``static/``."""
    assets: Assets = app.extensions[_EXTENSION]
    return assets.address(name)


def require(app: Flask) -> None:
    """Collect the files now, so that a folder that cannot be written prevents the start.

    :raises ConfigError: ``config_assets``, or see :func:`read_sources`.
    """
    assets: Assets = app.extensions[_EXTENSION]
    try:
        assets.collect()
    except OSError as error:
        raise ConfigError("config_assets", path=error.filename or "") from error


def collect(source: Path, folder: Path) -> dict[str, str]:
    """Write every file of ``source`` into ``folder`` under its hashed name, and its ``.gz``.

    Several processes may do so at once: each write is atomic and has the same content.

    :returns: the hashed name of each file, by its name in ``source``.
    :raises ConfigError: see :func:`read_sources`.
    """
    names = {}
    for name, content in read_sources(source).items():
        names[name] = _hashed_name(name, content)
        _write_with_gzip(folder / names[name], content)
    _retire_names(folder, set(names.values()))
    return names


def read_sources(source: Path) -> dict[str, bytes]:
    """The content of every file of ``source``, by its name there.

    :raises ConfigError: ``config_static`` when there is none, or one that cannot be read;
        ``config_static_name`` for a name that would not be served.
    """
    try:
        contents = {
            path.relative_to(source).as_posix(): path.read_bytes()
            for path in sorted(source.rglob("*"))
            # Names that begin with a dot are those of editors or of the system.
            if path.is_file() and not path.name.startswith(".")
        }
    except OSError as error:
        raise ConfigError("config_static", path=error.filename or source) from error
    if not contents:
        raise ConfigError("config_static", path=source)
    for name in contents:
        if not _HASHED_NAME.fullmatch(_hashed_name(name, b"")):
            raise ConfigError("config_static_name", path=source / name)
    return contents


def _write_with_gzip(target: Path, content: bytes) -> None:
    # The compressed file first: a process that found only the plain one would not look again.
    _write_file(_sibling(target, ".gz"), _gzip_content(target, content))
    _write_file(target, content)
    _sibling(target, _RETIRED_SUFFIX).unlink(missing_ok=True)


def _sibling(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _hashed_name(name: str, content: bytes) -> str:
    stem, dot, extension = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(content).hexdigest()[:10]}{dot}{extension}"


def _gzip_content(path: Path, content: bytes) -> bytes:
    """The content as gzip; empty when that saves too little."""
    compressor = Compressor(use_brotli=False, quiet=True)
    if not compressor.should_compress(path.name):
        return b""
    compressed: bytes = compressor.compress_gzip(content)
    is_smaller = compressor.is_compressed_effectively("Gzip", path, len(content), compressed)
    return compressed if is_smaller else b""


def _write_file(target: Path, content: bytes) -> None:
    """Write a file atomically, unless it already has the content."""
    if not content or (target.is_file() and target.read_bytes() == content):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        temporary.write_bytes(content)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _retire_names(folder: Path, present: set[str]) -> None:
    """Mark the names that are no longer current, and remove those marked a month ago.

    The age counts from the mark, not from the file: a process may run for a year.
    """
    for path in list(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.name.endswith(_RETIRED_SUFFIX):
            if not path.with_name(path.name.removesuffix(_RETIRED_SUFFIX)).exists():
                path.unlink(missing_ok=True)
        elif name not in present and _HASHED_NAME.fullmatch(name):
            _retire_name(path)


def _retire_name(path: Path) -> None:
    mark = _sibling(path, _RETIRED_SUFFIX)
    # Another process may be removing the same name: a removed file gets no new mark.
    with suppress(FileNotFoundError):
        if mark.stat().st_mtime < time.time() - RETIRED_LIFETIME:
            for stale_path in (path, _sibling(path, ".gz"), mark):
                stale_path.unlink(missing_ok=True)
        return
    if path.exists():
        mark.touch()


def _add_headers(headers: Any, path: str, _url: str) -> None:
    headers["Cache-Control"] = CACHE_CONTROL
    headers["Vary"] = "Accept-Encoding"
    # Weak: plain and compressed are the same file, not the same bytes (RFC 9110 §8.8.1).
    headers["ETag"] = f'W/"{_etag(path)}"'


def _simplified_environ(environ: dict[str, Any]) -> dict[str, Any]:
    """The request with the headers that WhiteNoise parses loosely in canonical form.

    ``Range`` is ignored (RFC 9110 §14.2): the files are small, and parts of a compressed file are
    of no use.
    """
    simplified = {**environ, "HTTP_ACCEPT_ENCODING": "gzip" if takes_gzip(environ) else ""}
    simplified.pop("HTTP_RANGE", None)
    # WhiteNoise compares the header as a whole with the one form of the tag that it sent.
    tag = _etag(environ["PATH_INFO"])
    if matches_tag(environ.get("HTTP_IF_NONE_MATCH", ""), tag):
        simplified["HTTP_IF_NONE_MATCH"] = f'W/"{tag}"'
    return simplified


def _etag(path: str) -> str:
    match = _HASHED_NAME.fullmatch(Path(path).name)
    return match["digest"] if match else ""


def _bundle_response(
    path: str, content: bytes, environ: dict[str, Any], start_response: StartResponse
) -> list[bytes]:
    headers = Headers([("Content-Type", 'text/css; charset="utf-8"')])
    _add_headers(headers, path, path)
    headers["Content-Length"] = str(len(content))
    start_response("200 OK", list(headers.items()))
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [content]
