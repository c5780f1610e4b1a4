"""A feed reader as journalists use one: what it was told, and what it has kept."""

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
    """A stranger's requests, each in a context of its own, with the headers that are given."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client(use_cookies=False)

    def get(self, address: str, **headers: str) -> TestResponse:
        """What is answered; ``If_None_Match`` stands for ``If-None-Match``."""
        http_headers = {name.replace("_", "-"): value for name, value in headers.items()}
        # A test's own context would be taken for the request's.
        return Context().run(lambda: self._client.get(address, headers=http_headers))


def parsed(document: bytes) -> Any:
    """A feed as feedparser reads it, its HTML as it was sent."""
    feed = feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False)
    assert not feed.bozo, feed.bozo_exception
    names = [entry.id for entry in feed.entries]
    assert len(set(names)) == len(names), "an id stands twice in a document"
    return feed


def number_of(entry: Any) -> int:
    """The case that an entry is about."""
    match = _CASE.search(entry.link)
    assert match, entry.link
    return int(match[1])


class Reader:
    """Subscribed to many feeds: remembers every id, and keeps the texts that are still listed.

    It sends back the ETag it was given. It takes a text anew when ``updated`` has moved and
    forgets one that has left the feed, as careful readers do; a feed that has moved for good is
    dropped. Ids are never forgotten: what was told once is not told again.
    """

    def __init__(self, app: Flask, addresses: Iterable[str]) -> None:
        self.door = FeedConnection(app)
        self.addresses = list(addresses)
        self.known: dict[str, set[str]] = defaultdict(set)
        self.copies: dict[str, dict[str, Any]] = defaultdict(dict)
        self.documents: dict[str, bytes] = {}
        self.moved: dict[str, str] = {}
        # The feeds that ever listed an entry of a case, by the case's number.
        self.showed: dict[int, set[str]] = defaultdict(set)
        self.tags: dict[str, str] = {}

    def poll(self) -> dict[str, list[str]]:
        """Ask for every feed; the ids that are new to each feed, newest first."""
        new_ids = {address: self._ask(address) for address in tuple(self.addresses)}
        return {address: new for address, new in new_ids.items() if new}

    def _ask(self, address: str) -> list[str]:
        answer = self.door.get(address, If_None_Match=self.tags.get(address, ""))
        if answer.status_code == 304:
            return []
        if answer.status_code == 301:
            self.moved[address] = answer.headers["Location"]
            self.addresses.remove(address)
            self.copies.pop(address, None)
            self.documents.pop(address, None)
            return []
        assert answer.status_code == 200, (address, answer.status)
        self.tags[address] = answer.headers["ETag"]
        self.documents[address] = answer.data
        return self._read(address, parsed(answer.data).entries)

    def _read(self, address: str, entries: Sequence[Any]) -> list[str]:
        listed = {entry.id: entry for entry in entries}
        copies = self.copies[address]
        for name, entry in listed.items():
            self.showed[number_of(entry)].add(address)
            if name not in copies or copies[name].updated != entry.updated:
                copies[name] = entry
        for name in copies.keys() - listed.keys():
            del copies[name]
        new = [name for name in listed if name not in self.known[address]]
        self.known[address].update(new)
        return new

    def listed(self, address: str, case: int) -> list[str]:
        """The ids that a feed now lists of a case, newest first."""
        # In the order of the document; copies are in the order they were taken.
        entries = parsed(self.documents[address]).entries
        return [entry.id for entry in entries if number_of(entry) == case]

    def with_word(self, word: str) -> set[str]:
        """The feeds that a word stands in, as they were sent last or as copies keep them."""
        return {
            address
            for address, document in self.documents.items()
            if word in document.decode().lower()
            or any(word in str(copy).lower() for copy in self.copies[address].values())
        }


class Walk:
    """A feed read backwards, from its newest event, by ``prev-archive`` (RFC 5005 §4)."""

    def __init__(self, door: FeedConnection, address: str) -> None:
        self.door = door
        self.next: str | None = address
        self.told: list[str] = []
        self.documents: dict[str, bytes] = {}

    def turn(self) -> list[Any]:
        """Read one more document; its entries, and none when the history has been read."""
        if self.next is None:
            return []
        assert self.next not in self.documents, "the archives lead back to one of them"
        answer = self.door.get(self.next)
        assert answer.status_code == 200, (self.next, answer.status)
        self.documents[self.next] = answer.data
        feed = parsed(answer.data)
        links = {link.rel: link.href for link in feed.feed.links}
        assert links.get("next") == links.get("prev-archive")
        self.next = links.get("prev-archive")
        self.told += [entry.id for entry in feed.entries]
        return list(feed.entries)

    def whole(self) -> Walk:
        """Read all that is left."""
        while self.next is not None:
            self.turn()
        return self
