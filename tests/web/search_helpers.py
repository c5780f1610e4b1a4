"""What the tests of searches share: a reader of an application whose index has caught up."""

from __future__ import annotations

import re
from contextvars import Context
from html import unescape
from urllib.parse import urlencode

from register.db import db
from register.search import indexer


def follow(app) -> None:
    """Bring the index of an application to where its ledger stands, as the follower does."""
    with app.app_context():
        indexer.catch_up(db.engine, app.extensions["register.search"])


class Searcher:
    """A stranger who searches; each request has a context of its own."""

    def __init__(self, app) -> None:
        self.app = app
        self.client = app.test_client(use_cookies=False)

    def get(self, path="/incidents", **parameters):
        """The answer to a search; several values of a filter are a list."""
        query = urlencode(parameters, doseq=True)
        address = f"{path}?{query}" if query else path
        return Context().run(lambda: self.client.get(address))

    def page(self, path="/incidents", **parameters) -> str:
        """The HTML of a page that must be there."""
        answer = self.get(path, **parameters)
        assert answer.status_code == 200, (path, parameters, answer.status_code)
        return answer.text


def plain(html: str) -> str:
    """The text of a fragment on one line, every space an ordinary one."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def heading(html: str) -> str:
    """The heading of a page."""
    (first_heading,) = re.findall(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)
    return plain(first_heading)


def numbers(html: str) -> list[int]:
    """The cases that a list shows, in its order."""
    titles = re.findall(r'<h[23]><a href="/incidents/([0-9]+)">', html)
    return [int(number) for number in titles]


def links(html: str) -> dict[str, str]:
    """The links of a page: text → address."""
    anchors = re.findall(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', html, re.DOTALL)
    return {plain(text): unescape(address) for address, text in anchors}


def boxes(html: str, name: str) -> dict[str, tuple[int, bool]]:
    """The boxes of a facet: value → count, and whether it is ticked."""
    labels = re.findall(
        rf'<label><input type="checkbox" name="{name}" value="([^"]*)"( checked)?>(.*?)</label>',
        html,
        re.DOTALL,
    )
    counts = {}
    for value, ticked, after in labels:
        counted = re.search(r'<span class="num">([^<]*)<', after)
        assert counted, (name, value)
        counts[unescape(value)] = int(re.sub(r"\D", "", counted.group(1))), bool(ticked)
    return counts
