"""Static files, served by WhiteNoise under names that contain a digest of their content.

``js/copy.js`` is served as ``/static/js/copy.<digest>.js``, which browsers may cache for a year.
When the server starts, the files are written under these names into ``<instance>/assets``, with a
``.gz`` beside each. Names of former versions stay there for a month, so that a page loaded before
an upgrade still finds its style sheet.

A page has the style sheet of its area, one of ``css/areas/``, in which each ``@import`` rule is
replaced by the sheet that it names. No sheet refers to another file by ``url(…)``, because such an
address would have to be rewritten here; a test checks it.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from flask import Flask
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
_IMPORT = re.compile(rb'@import "([a-z./]+)";\n')
# Lists the names of the last start.
_CURRENT_NAMES = "current.txt"


class StaticFiles(WhiteNoise):  # type: ignore[misc]
    """Middleware that serves the collected files, and gives templates their addresses."""

    def __init__(self, app: WSGI, source: Path, folder: Path) -> None:
        def add_headers(headers: Any, path: str, _url: str) -> None:
            headers["Cache-Control"] = CACHE_CONTROL
            headers["Vary"] = "Accept-Encoding"
            # Weak: plain and compressed are the same file, not the same bytes (RFC 9110 §8.8.1).
            headers["ETag"] = f'W/"{_etag(path)}"'

        super().__init__(
            app, allow_all_origins=False, max_age=None, add_headers_function=add_headers
        )
        self.app, self._source, self._folder = app, source, folder
        self._names: dict[str, str] = {}
        self._lock = Lock()

    def address(self, name: str) -> str:
        """The address of a file of ``static/``."""
        self.collect()
        return PREFIX + self._names[name]

    def collect(self) -> None:
        """Write the files where they are served from, once in the life of a process.

        Once, because a file that changes under a running process belongs to another release.

        :raises OSError: the folder cannot be written.
        :raises ConfigError: see :func:`read_sources`.
        """
        if not self._names:
            with self._lock:
                self._names = self._names or collect(self._source, self._folder)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer with a file, or let the application answer."""
        if not self._has(environ.get("PATH_INFO", "")):
            return self.app(environ, start_response)
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            response = refusal(405)
            response.headers["Allow"] = "GET, HEAD"
            return response(environ, start_response)
        # WhiteNoise parses these headers loosely. Range is ignored (RFC 9110 §14.2): the files are
        # small, and parts of a compressed file are of no use.
        simplified = {**environ, "HTTP_ACCEPT_ENCODING": "gzip" if takes_gzip(environ) else ""}
        simplified.pop("HTTP_RANGE", None)
        # WhiteNoise compares the header as a whole with the one form of the tag that it sent.
        tag = _etag(environ["PATH_INFO"])
        if matches_tag(environ.get("HTTP_IF_NONE_MATCH", ""), tag):
            simplified["HTTP_IF_NONE_MATCH"] = f'W/"{tag}"'
        serve_file: WSGI = super().__call__
        return serve_file(simplified, start_response)

    def _has(self, path: str) -> bool:
        """Whether a path is one of the files.

        Looked up on disk: during an upgrade, a page of a newer process may refer to a file that
        this older process has not written.
        """
        name = path.removeprefix(PREFIX)
        if name == path or not _HASHED_NAME.fullmatch(name):
            return False
        self.collect()
        if path not in self.files and (self._folder / name).is_file():
            self.add_file_to_dictionary(path, str(self._folder / name))
        return path in self.files


def attach(app: Flask, settings: Settings) -> None:
    """Add the middleware to an application, and the addresses to its templates."""
    files = StaticFiles(app.wsgi_app, Path(app.static_folder or ""), settings.instance / "assets")
    app.extensions[_EXTENSION] = files
    app.jinja_env.globals["asset"] = files.address
    app.wsgi_app = files  # type: ignore[method-assign]


def address(app: Flask, name: str) -> str:
    """The address of a file of ``static/``."""
    files: StaticFiles = app.extensions[_EXTENSION]
    return files.address(name)


def require(app: Flask) -> None:
    """Collect the files now, so that a folder that cannot be written prevents the start.

    :raises ConfigError: ``config_assets``, or see :func:`read_sources`.
    """
    files: StaticFiles = app.extensions[_EXTENSION]
    try:
        files.collect()
    except OSError as error:
        raise ConfigError("config_assets", path=error.filename or "") from error


def collect(source: Path, folder: Path) -> dict[str, str]:
    """Write every file of ``source`` into ``folder`` under its hashed name, and its ``.gz``.

    Several processes may do so at once: each write is atomic and has the same content.

    :returns: the hashed name of each file, by its name in ``source``.
    :raises ConfigError: see :func:`read_sources`.
    """
    names = {}
    compressor = Compressor(use_brotli=False, quiet=True)
    for name, content in read_sources(source).items():
        names[name] = _hashed_name(name, content)
        target = folder / names[name]
        # The compressed file first: a process that found only the plain one would not look again.
        if compressor.should_compress(target.name):
            compressed = compressor.compress_gzip(content)
            if compressor.is_compressed_effectively("Gzip", target, len(content), compressed):
                _write_file(target.with_name(f"{target.name}.gz"), compressed)
        _write_file(target, content)
    _remove_retired_names(folder, set(names.values()))
    return names


def read_sources(source: Path) -> dict[str, bytes]:
    """The content of every file of ``source`` as it is served, by its name there.

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
        areas = source / "css" / "areas"
        for path in areas.glob("*.css"):
            contents[path.relative_to(source).as_posix()] = _IMPORT.sub(
                lambda rule: (areas / rule[1].decode()).read_bytes(), path.read_bytes()
            )
    except OSError as error:
        raise ConfigError("config_static", path=error.filename or source) from error
    if not contents:
        raise ConfigError("config_static", path=source)
    for name in contents:
        if not _HASHED_NAME.fullmatch(_hashed_name(name, b"")):
            raise ConfigError("config_static_name", path=source / name)
    return contents


def _hashed_name(name: str, content: bytes) -> str:
    stem, dot, extension = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(content).hexdigest()[:10]}{dot}{extension}"


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


def _remove_retired_names(folder: Path, present: set[str]) -> None:
    """Remove the names that have not been current for a month.

    The time of a file is that of its last change, until it is set when its name retires: a process
    may run for a year.
    """
    list_file = folder / _CURRENT_NAMES
    with suppress(FileNotFoundError):
        for name in set(list_file.read_text("utf-8").split()) - present:
            with suppress(FileNotFoundError):
                os.utime(folder / name)
    _write_file(list_file, "\n".join(sorted(present)).encode())
    for path in list(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        # Another process may be removing the same name.
        with suppress(FileNotFoundError):
            if (
                _HASHED_NAME.fullmatch(name)
                and name not in present
                and path.stat().st_mtime < time.time() - RETIRED_LIFETIME
            ):
                path.with_name(f"{path.name}.gz").unlink(missing_ok=True)
                path.unlink()


def _etag(path: str) -> str:
    return path.rsplit(".", 2)[1]
