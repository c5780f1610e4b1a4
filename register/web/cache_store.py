"""Answers kept in memory, bounded in bytes, of one position of the register at a time."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from threading import Lock

from register.web.gzip import packed

SHELF = 8 * 1024 * 1024
# What Python itself spends on an entry: its objects, and its place in the table.
OVERHEAD = 600
# A page is four times as long as when it is compressed, or more.
PACKED = 4
# One answer takes no more than this part of a shelf: a huge one would push all the others off.
SHARE = 8

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Page:
    """An answer as the application gave it. ``moved``: when its content did, if that is told."""

    headers: Fields
    body: bytes
    moved: datetime | None = None

    @cached_property
    def packed(self) -> bytes:
        """The body as gzip, made when it is first asked for; empty where that is not worth it."""
        # A picture is compressed already.
        is_picture = any(
            name == "Content-Type" and told.startswith("image/png") for name, told in self.headers
        )
        return b"" if is_picture else packed(self.body)

    @property
    def size(self) -> int:
        """Bytes of memory, about, with what it is compressed."""
        told = sum(len(name) + len(value) for name, value in self.headers)
        return OVERHEAD + told + len(self.body) + len(self.body) // PACKED


class Shelf:
    """Pages by their key, at most ``limit`` bytes of them; the longest unasked go first."""

    def __init__(self, limit: int = SHELF) -> None:
        self._limit = limit
        self._pages: OrderedDict[str, Page] = OrderedDict()
        self.size = 0

    def find(self, key: str) -> Page | None:
        """The page kept under a key, if there is one."""
        page = self._pages.get(key)
        if page is not None:
            self._pages.move_to_end(key)
        return page

    def keep(self, key: str, page: Page) -> None:
        """Keep a page, unless it is too big for a shelf that others share."""
        self._drop(key)
        cost = len(key) + page.size
        if cost * SHARE > self._limit:
            return
        self._pages[key] = page
        self.size += cost
        while self.size > self._limit:
            self._drop(next(iter(self._pages)))

    def empty(self) -> None:
        """Drop everything."""
        self._pages.clear()
        self.size = 0

    def _drop(self, key: str) -> None:
        page = self._pages.pop(key, None)
        if page is not None:
            self.size -= len(key) + page.size


class Shelves:
    """Two shelves under one lock: one of their own for home and cases, one for all the rest.

    Random filters can fill the second as they like: they push nothing off the first.
    """

    def __init__(self, limit: int = SHELF) -> None:
        self._own, self._rest = Shelf(limit), Shelf(limit)
        self._position = ""
        self._lock = Lock()

    @property
    def size(self) -> int:
        """Bytes kept on both."""
        return self._own.size + self._rest.size

    def find(self, position: str, key: str) -> Page | None:
        """The page kept under a key; when the register has moved, everything is dropped first.

        Nobody would find the pages of the position before, since their keys are asked for no
        more; but words that were withdrawn need not wait in memory for their room to be wanted.
        """
        with self._lock:
            if position != self._position:
                self._own.empty()
                self._rest.empty()
                self._position = position
                return None
            return self._own.find(key) or self._rest.find(key)

    def keep(self, position: str, key: str, page: Page, *, own: bool) -> None:
        """Keep a page of the position that was asked for last; one of another comes too late."""
        with self._lock:
            if position == self._position:
                (self._own if own else self._rest).keep(key, page)
