"""HTML fragments of pages, cached for one version of the data or as long as the process runs.

A fragment is a part that several pages share, or that costs most of its page: the row of a case in
lists, the article of a case, a map, a panel of filters. Its key names what it shows; the data
version, the civil day and the language are added here.

An act moves the data version, and empties the cache: a text that was withdrawn or redacted neither
leaves the cache nor stays in memory. A view decides first, by the database, whether it may show a
case at all.

A constant fragment depends on the language and on its key alone: a navigation, the empty fields of
a form. It holds nothing of the request: no account, token, code or typed text.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import date
from sys import getsizeof
from threading import Lock
from typing import Generic, TypeVar, cast

from flask import Flask, Response, current_app, g

from register.cases.data_version import DataVersion
from register.db import now
from register.text.dates import paris_day
from register.web.blueprints import public
from register.web.l10n import language
from register.web.request_context import current_data_version, has_data_version

CACHE_LIMIT = 8 * 1024 * 1024  # bytes
# What is larger than this fraction (1/8) of a cache is not stored: it would evict all others.
LARGEST_SHARE = 8
# Bytes of a key and of its place in the table.
_OVERHEAD = 400
_EXTENSION = "register.fragments"
_CONSTANTS = "register.constant_fragments"

Key = TypeVar("Key", bound=Hashable)
Fragment = TypeVar("Fragment", bound=str)
Cached = TypeVar("Cached")


class ByteLimitedCache(Generic[Key, Cached]):
    """Values by key, at most ``limit`` bytes; the least recently used are evicted first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._cached: OrderedDict[Key, tuple[Cached, int]] = OrderedDict()
        self.size = 0

    def find(self, key: Key) -> Cached | None:
        """The value stored under a key, if there is one."""
        if key not in self._cached:
            return None
        self._cached.move_to_end(key)
        return self._cached[key][0]

    def store(self, key: Key, cached: Cached, size: int) -> None:
        """Store a value of ``size`` bytes, unless it is too large; see ``LARGEST_SHARE``."""
        self._drop(key)
        if size * LARGEST_SHARE > self._limit:
            return
        self._cached[key] = (cached, size)
        self.size += size
        while self.size > self._limit:
            self._drop(next(iter(self._cached)))

    def _drop(self, key: Key) -> None:
        self.size -= self._cached.pop(key, (None, 0))[1]


class FragmentCache:
    """Fragments by key, for all threads, of one data version and civil day or of neither.

    One thread makes a fragment while others of the same key wait: the first readers after an act
    come at once. A fragment may contain others, never itself.
    """

    def __init__(self, version: DataVersion | None = None, day: date | None = None) -> None:
        self.version, self.day = version, day
        self._lock = Lock()
        self._making: dict[Hashable, Lock] = {}
        self._cache: ByteLimitedCache[Hashable, str] = ByteLimitedCache(CACHE_LIMIT)

    def get_or_make(self, key: Hashable, make: Callable[[], Fragment]) -> Fragment:
        """The fragment of a key, made unless it is cached."""
        with self._lock:
            cached = self._cache.find(key)
            if cached is not None:
                return cast("Fragment", cached)
            making = self._making.setdefault(key, Lock())
        with making:
            with self._lock:
                cached = self._cache.find(key)
            if cached is not None:
                return cast("Fragment", cached)
            try:
                fragment = make()
                with self._lock:
                    self._cache.store(key, fragment, getsizeof(fragment) + _OVERHEAD)
            finally:
                with self._lock:
                    self._making.pop(key, None)
        return fragment


def attach(app: Flask) -> None:
    """Give an application its caches; that of a data version is made with its first fragment."""
    app.extensions[_EXTENSION] = FragmentCache()
    app.extensions[_CONSTANTS] = FragmentCache()
    app.jinja_env.globals.update(fragment=fragment, constant=constant)


def fragment(*key: Hashable, when: bool = True, caller: Callable[[], Fragment]) -> Fragment:
    """A fragment of the page in the page's language.

    In a template: ``{% call fragment("row", case.number) %}…{% endcall %}``.

    :param key: everything that the fragment depends on besides data, day, language and settings.
    :param when: whether it depends on nothing else in this request.
    """
    # While templates are written, they change under the same data. An error page may have none.
    if current_app.debug or not when or not has_data_version():
        return caller()
    return _current_fragments().get_or_make((language(), *key), caller)


def constant(*key: Hashable, when: bool = True, caller: Callable[[], Fragment]) -> Fragment:
    """A fragment that is the same in every request of a language, with or without a data version.

    In a template: ``{% call constant("types", when=form.is_blank("types")) %}…{% endcall %}``.

    :param key: everything that it depends on besides language and settings.
    :param when: whether it is the same in this request.
    """
    if current_app.debug or not when:
        return caller()
    cache: FragmentCache = current_app.extensions[_CONSTANTS]
    return cache.get_or_make((language(), *key), caller)


def _current_fragments() -> FragmentCache:
    """The fragments of this request's data version, in place of those of an earlier one."""
    if "register_fragments" not in g:
        version, day = current_data_version(), paris_day(now())
        shared: FragmentCache = current_app.extensions[_EXTENSION]
        if (shared.version, shared.day) != (version, day):
            is_late = shared.version is not None and shared.version.head.seq > version.head.seq
            shared = FragmentCache(version, day)
            if not is_late:
                current_app.extensions[_EXTENSION] = shared
        g.register_fragments = shared
    return cast(FragmentCache, g.register_fragments)


@public.after_request
def _drop_outdated(response: Response) -> Response:
    """Drop the fragments of an earlier version, also after a page that has none."""
    if has_data_version():
        _current_fragments()
    return response
