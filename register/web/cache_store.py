"""Answers kept in memory, bounded in bytes, of one position of the register at a time."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from threading import Lock

from register.web.gzip import gzip_body

CACHE_LIMIT = 8 * 1024 * 1024
# What Python itself spends on an entry: its objects, and its place in the table.
PAGE_OVERHEAD = 600
# A page is four times as long as when it is compressed, or more.
GZIP_RATIO = 4
# One answer takes no more than this part of a shelf: a huge one would push all the others off.
LARGEST_SHARE = 8

HeaderFields = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class CachedPage:
    """An answer as the application gave it. ``modified_at``: when its content did, if that is told."""

    headers: HeaderFields
    body: bytes
    modified_at: datetime | None = None

    @cached_property
    def gzipped(self) -> bytes:
        """The body as gzip, made when it is first asked for; empty where that is not worth it."""
        # A picture is compressed already.
        is_picture = any(
            name == "Content-Type" and field_value.startswith("image/png")
            for name, field_value in self.headers
        )
        return b"" if is_picture else gzip_body(self.body)

    @property
    def size(self) -> int:
        """Bytes of memory, about, with what it is compressed."""
        header_size = sum(len(name) + len(field_value) for name, field_value in self.headers)
        return PAGE_OVERHEAD + header_size + len(self.body) + len(self.body) // GZIP_RATIO


class ByteLimitedCache:
    """Pages by their key, at most ``limit`` bytes of them; the longest unasked go first."""

    def __init__(self, limit: int = CACHE_LIMIT) -> None:
        self._limit = limit
        self._pages: OrderedDict[str, CachedPage] = OrderedDict()
        self.size = 0

    def find(self, key: str) -> CachedPage | None:
        """The page kept under a key, if there is one."""
        page = self._pages.get(key)
        if page is not None:
            self._pages.move_to_end(key)
        return page

    def store(self, key: str, page: CachedPage) -> None:
        """Keep a page, unless it is too big for a shelf that others share."""
        self._drop(key)
        cost = len(key) + page.size
        if cost * LARGEST_SHARE > self._limit:
            return
        self._pages[key] = page
        self.size += cost
        while self.size > self._limit:
            self._drop(next(iter(self._pages)))

    def clear(self) -> None:
        """Drop everything."""
        self._pages.clear()
        self.size = 0

    def _drop(self, key: str) -> None:
        page = self._pages.pop(key, None)
        if page is not None:
            self.size -= len(key) + page.size


class PageCaches:
    """Two shelves under one lock: one of their own for home and cases, one for all the rest.

    Random filters can fill the second as they like: they push nothing off the first.
    """

    def __init__(self, limit: int = CACHE_LIMIT) -> None:
        self._reserved, self._general = ByteLimitedCache(limit), ByteLimitedCache(limit)
        self._position = ""
        self._lock = Lock()

    @property
    def size(self) -> int:
        """Bytes kept on both."""
        return self._reserved.size + self._general.size

    def find(self, position: str, key: str) -> CachedPage | None:
        """The page kept under a key; when the register has moved, everything is dropped first.

        Nobody would find the pages of the position before, since their keys are asked for no
        more; but words that were withdrawn need not wait in memory for their room to be wanted.
        """
        with self._lock:
            if position != self._position:
                self._reserved.clear()
                self._general.clear()
                self._position = position
                return None
            return self._reserved.find(key) or self._general.find(key)

    def store(self, position: str, key: str, page: CachedPage, *, reserved: bool) -> None:
        """Keep a page of the position that was asked for last; one of another comes too late."""
        with self._lock:
            if position == self._position:
                (self._reserved if reserved else self._general).store(key, page)
