"""Feeds in the programs that people read them with: feedparser's, and newsboat on a real server."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextvars import Context
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest
from demo_site import Site, site
from flask.testing import FlaskClient
from sqlalchemy import create_engine, select

from register.accounts.models import Member, Role
from register.cases import acts
from register.cases.models import Incident
from register.config import Settings
from register.db import engine_options
from register.journal import writing

pytestmark = pytest.mark.one_database

# Every kind of feed that the demonstration and its two further cases have, by what it is.
FEEDS = {
    "the register": "/incidents.atom",
    "a search": "/incidents.atom?famille=justice&departement=92",
    "a search by name": "/incidents.atom?media=monputeaux.com",
    "a commune": "/communes/92062.atom",
    "a commune overseas": "/communes/97411.atom",
    "a former commune": "/communes/93059.atom",
    "an empty commune": "/communes/22001.atom",
    "a département": "/departements/93.atom",
    "an empty collectivity": "/departements/975.atom",
    "a région": "/regions/11.atom",
    "a search in a place": "/regions/11.atom?preuve=juge",
    "a case": "/incidents/{whole}.atom",
    "a case abroad": "/incidents/{abroad}.atom",
    "a withdrawn case": "/incidents/{withdrawn}.atom",
}
PATIENCE = 60  # seconds


# --- feedparser --------------------------------------------------------------------------------


def _parsed(client: FlaskClient, address: str) -> feedparser.FeedParserDict:
    answer = Context().run(lambda: client.get(address, follow_redirects=True))
    assert answer.status_code == 200, address
    headers = {"content-type": answer.content_type, "content-location": f"http://x{address}"}
    document = feedparser.parse(answer.data, response_headers=headers)
    assert not document.bozo, (address, document.get("bozo_exception"))
    assert document.version == "atom10"
    return document


@pytest.mark.parametrize("kind", [kind for kind, address in FEEDS.items() if "{" not in address])
def test_feedparser_reads_each_kind_of_feed(client: FlaskClient, kind: str) -> None:
    document = _parsed(client, FEEDS[kind])
    assert document.feed.title.startswith("Web Citoyen – ")
    assert document.feed.id.startswith("tag:")
    assert bool(document.entries) == ("empty" not in kind)
    for entry in document.entries:
        assert entry.id.startswith("tag:")
        assert entry.title
        assert "Cas nº" in entry.content[0].value
        assert entry.content[0].type == "text/html"
        assert entry.published_parsed <= entry.updated_parsed
        assert [link.rel for link in entry.links] == ["alternate"]


def test_feedparser_reads_what_it_takes_to_sort(client: FlaskClient) -> None:
    entries = _parsed(client, "/communes/92062.atom").entries
    assert len(entries) == 4
    for entry in entries:
        terms = {tag.term for tag in entry.tags}
        assert {"92062", "92"} < terms
        assert all(tag.scheme.startswith("tag:") and tag.label for tag in entry.tags)
        # GeoJSON's order: longitude first.
        assert entry.where.coordinates == pytest.approx((2.24, 48.88), abs=0.05)
    assert {"Puteaux", "Hauts-de-Seine"} <= {tag.label for tag in entries[0].tags}


def test_feedparser_turns_the_pages_of_the_whole_register(client: FlaskClient) -> None:
    document = _parsed(client, "/incidents.atom")
    relations = [link.rel for link in document.feed.links]
    assert relations[:2] == ["self", "alternate"]
    assert len(document.entries) == 34
    assert "next" not in relations, "all of it is in one document"


# --- newsboat ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Newsboat:
    """newsboat with a folder of its own, which holds its list of addresses and its cache."""

    program: str
    folder: Path

    def reload(self) -> int:
        """Load every feed; the number of unread articles after it."""
        output = self._run("reload")
        assert output == "", output
        return int(self._run("print-unread").split()[0])

    def titles(self) -> list[str]:
        """The titles in its cache, newest first."""
        with sqlite3.connect(self.folder / "cache.db") as cache:
            articles = cache.execute(
                "SELECT title FROM rss_item ORDER BY pubDate DESC, id DESC"
            ).fetchall()
        cache.close()
        return [" ".join(title.split()) for (title,) in articles]

    def _run(self, command: str) -> str:
        files = ["-u", self.folder / "urls", "-c", self.folder / "cache.db", "-C", "/dev/null"]
        process = subprocess.run(
            [self.program, *files, "-x", command],
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert process.returncode == 0, process.stderr
        return process.stdout.strip() + process.stderr.strip()


@pytest.fixture
def newsboat(tmp_path: Path) -> Callable[..., Newsboat]:
    """``newsboat(address)``: somebody subscribes; skipped where there is none, never under CI."""
    program = shutil.which("newsboat")
    if program is None:
        why = "newsboat is not installed: tools/bring brings it as root, from Debian"
        pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)

    def subscribed(*addresses: str) -> Newsboat:
        folder = Path(tempfile.mkdtemp(prefix="newsboat-", dir=tmp_path))
        (folder / "urls").write_text("".join(f'"{address}"\n' for address in addresses))
        return Newsboat(program, folder)

    return subscribed


@dataclass(frozen=True)
class WatchedSite:
    """A site of this test alone, and a way to withdraw one of its cases."""

    site: Site
    withdraw: Callable[[int], None]


@pytest.fixture
def watched_site(registers, tmp_path: Path) -> Iterator[WatchedSite]:
    with registers.new("sqlite", tmp_path) as settings, site(settings) as running:
        yield WatchedSite(running, lambda number: _withdraw(settings, number))


def _withdraw(settings: Settings, number: int) -> None:
    engine = create_engine(settings.database_url, **engine_options(settings.database_url))
    with writing(engine, datetime.now(UTC)) as pen:
        case = pen.session.scalars(select(Incident.id).where(Incident.number == number)).one()
        by = pen.session.scalars(select(Member.id).where(Member.role == Role.MODERATOR)).first()
        acts.withdraw(pen, case, by=by, restriction="erreur", reason="erreur de lieu")
    engine.dispose()


@pytest.mark.parametrize("kind", FEEDS)
def test_newsboat_reads_each_kind_of_feed(
    newsboat: Callable[..., Newsboat], site: Site, kind: str
) -> None:
    address = site.url(FEEDS[kind])
    reader = newsboat(address)
    unread = reader.reload()
    document = feedparser.parse(address)
    assert not document.bozo
    assert unread == len(document.entries)
    titles = [" ".join(entry.title.split()) for entry in document.entries]
    assert sorted(reader.titles()) == sorted(titles)
    assert reader.reload() == unread, "nothing new was told as new"


def test_newsboat_shows_an_event_once_whatever_feeds_it_is_in(
    newsboat: Callable[..., Newsboat], site: Site
) -> None:
    # The 34 of the demonstration, the whole case's four events, the worst case, a withdrawal and
    # an erasure.
    assert newsboat(*(site.url(path) for path in FEEDS.values())).reload() == 41


def test_a_withdrawal_reaches_newsboat_at_its_next_visit(
    newsboat: Callable[..., Newsboat], watched_site: WatchedSite
) -> None:
    number = watched_site.site.numbers["gagny"]
    title = f"Retrait du cas nº {number}"
    feeds = ("/incidents.atom", "/communes/93032.atom", "/incidents.atom?media=x")
    feeds += (f"/incidents/{number}.atom",)
    readers = [newsboat(watched_site.site.url(feed)) for feed in feeds]
    before = [reader.reload() for reader in readers]
    assert not any(title in reader.titles() for reader in readers)
    watched_site.withdraw(number)
    for reader, unread in zip(readers, before, strict=True):
        assert reader.reload() == unread + 1
        assert reader.titles()[0] == title
