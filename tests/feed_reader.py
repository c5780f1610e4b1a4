"""A feed reader: it polls feeds, remembers ids and keeps copies of entries."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextvars import Context
from typing import Any

import feedparser
from flask import Flask
from werkzeug.test import TestResponse

_CASE = re.compile(r"/incidents/([1-9][0-9]*)")


class FeedConnection:
    """Requests of a stranger with given headers, each in its own context."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client(use_cookies=False)

    def get(self, address: str, **headers: str) -> TestResponse:
        """The response; ``If_None_Match`` stands for ``If-None-Match``."""
        http_headers = {name.replace("_", "-"): value for name, value in headers.items()}
        # Without the context of the test, which the request would use.
        return Context().run(lambda: self._client.get(address, headers=http_headers))


def parsed(document: bytes) -> Any:
    """A feed parsed by feedparser, without sanitizing its HTML."""
    feed = feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False)
    assert not feed.bozo, feed.bozo_exception
    names = [entry.id for entry in feed.entries]
    assert len(set(names)) == len(names), "an id stands twice in a document"
    return feed


def number_of(entry: Any) -> int:
    """The number of the case of an entry."""
    match = _CASE.search(entry.link)
    assert match, entry.link
    return int(match[1])


class Reader:
    """A subscriber of many feeds: remembers every id, and keeps copies of the listed entries.

    It sends the last ETag. It replaces a copy when ``updated`` changes and drops the copy of an
    entry that is no longer listed; a permanently redirected feed is unsubscribed. Ids are never
    forgotten, so that no entry is new twice.
    """

    def __init__(self, app: Flask, addresses: Iterable[str]) -> None:
        self.connection = FeedConnection(app)
        self.addresses = list(addresses)
        self.seen_ids: dict[str, set[str]] = defaultdict(set)
        self.copies: dict[str, dict[str, Any]] = defaultdict(dict)
        self.documents: dict[str, bytes] = {}
        self.redirects: dict[str, str] = {}
        # The feeds that ever listed an entry of a case, by number of the case.
        self.feeds_of_case: dict[int, set[str]] = defaultdict(set)
        self.tags: dict[str, str] = {}

    def poll(self) -> dict[str, list[str]]:
        """Request every feed; the new ids of each, newest first."""
        new_ids = {address: self._poll_feed(address) for address in tuple(self.addresses)}
        return {address: new for address, new in new_ids.items() if new}

    def _poll_feed(self, address: str) -> list[str]:
        response = self.connection.get(address, If_None_Match=self.tags.get(address, ""))
        if response.status_code == 304:
            return []
        if response.status_code == 301:
            self.redirects[address] = response.headers["Location"]
            self.addresses.remove(address)
            self.copies.pop(address, None)
            self.documents.pop(address, None)
            return []
        assert response.status_code == 200, (address, response.status)
        self.tags[address] = response.headers["ETag"]
        self.documents[address] = response.data
        return self._read(address, parsed(response.data).entries)

    def _read(self, address: str, entries: Sequence[Any]) -> list[str]:
        listed = {entry.id: entry for entry in entries}
        copies = self.copies[address]
        for name, entry in listed.items():
            self.feeds_of_case[number_of(entry)].add(address)
            if name not in copies or copies[name].updated != entry.updated:
                copies[name] = entry
        for name in copies.keys() - listed.keys():
            del copies[name]
        new = [name for name in listed if name not in self.seen_ids[address]]
        self.seen_ids[address].update(new)
        return new

    def listed(self, address: str, case: int) -> list[str]:
        """The ids that a feed currently lists of a case, newest first."""
        # In the order of the document; copies are in the order of their arrival.
        entries = parsed(self.documents[address]).entries
        return [entry.id for entry in entries if number_of(entry) == case]

    def with_word(self, word: str) -> set[str]:
        """The feeds whose last document or copies contain a word."""
        return {
            address
            for address, document in self.documents.items()
            if word in document.decode().lower()
            or any(word in str(copy).lower() for copy in self.copies[address].values())
        }


class Walk:
    """Reads a feed and its archives backwards, by ``prev-archive`` (RFC 5005 §4)."""

    def __init__(self, connection: FeedConnection, address: str) -> None:
        self.connection = connection
        self.next: str | None = address
        self.event_ids: list[str] = []
        self.documents: dict[str, bytes] = {}

    def read_next(self) -> list[Any]:
        """Read the next document; its entries, or none at the end of the history."""
        if self.next is None:
            return []
        assert self.next not in self.documents, "the archives lead back to one of them"
        response = self.connection.get(self.next)
        assert response.status_code == 200, (self.next, response.status)
        self.documents[self.next] = response.data
        feed = parsed(response.data)
        links = {link.rel: link.href for link in feed.feed.links}
        assert links.get("next") == links.get("prev-archive")
        self.next = links.get("prev-archive")
        self.event_ids += [entry.id for entry in feed.entries]
        return list(feed.entries)

    def read_all(self) -> Walk:
        """Read the remaining documents."""
        while self.next is not None:
            self.read_next()
        return self
