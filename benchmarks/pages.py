"""The pages that are asked for, in three ways: kept, known to the reader, and made anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Engine, text

from benchmarks import servers, texts
from benchmarks.load import Load, Measure
from benchmarks.servers import Server
from benchmarks.table import Bar, Table
from benchmarks.visible import COMMUNE

KEPT = Bar(0.6)
# Of what the database and a template make. For pages a guard against a slow one, below their usual;
# home and filters have none: the first is made once for each act, the others cost what they find.
ANEW: Mapping[str, Bar] = {
    "list": Bar(0.05),
    "case": Bar(0.05),
    "commune": Bar(0.05),
    "feed of 50": Bar(0.03),
}
# A search that is kept costs what a page that is kept costs; two runs differ by a quarter.
SEARCHED = Bar(0.75)
SEARCH = "search"
MEMORY = Bar(150, most=True, unit=" MB")
# What may cost no more with a hundred times the cases.
FLAT = ("list", "case", "commune", "feed of 50")
ENTRIES = 50
PATIENCE = 60  # seconds in which the follower has to have an index of the cases
WORKERS = 2

Say = Callable[[str], None]


@dataclass(frozen=True)
class Pages:
    """Their names and addresses."""

    paths: Mapping[str, str]

    @classmethod
    def chosen(cls, engine: Engine) -> Pages:
        """The pages of a register; the case is one with proceedings and much that came after."""
        with engine.connect() as connection:
            number = connection.execute(
                text(
                    "SELECT number FROM incident AS c WHERE state = 'published' AND id <= 1000"
                    " AND EXISTS (SELECT 1 FROM proceeding AS p WHERE p.incident_id = c.id)"
                    " ORDER BY (SELECT count(*) FROM follow_up AS f WHERE f.incident_id = c.id)"
                    " DESC, number DESC LIMIT 1"
                )
            ).scalar_one()
        return cls(
            {
                "home": "/",
                "list": "/incidents",
                "case": f"/incidents/{number}",
                "commune": f"/communes/{COMMUNE}",
                "feed of 50": "/incidents.atom",
                "list, filtered": "/incidents?famille=justice&departement=93",
                "feed, filtered": "/incidents.atom?famille=justice&departement=93",
            }
        )

    def and_searches(self) -> Pages:
        """These and some searches by words, for which the index has to be there."""
        found = {
            "search": f"/incidents?q={texts.common[0]}",
            "search, filtered": f"/incidents?q={texts.common[0]}&famille=justice&departement=93",
        }
        return Pages({**self.paths, **found})


def flat(pages: Pages, load: Load, say: Say) -> dict[str, tuple[float, float]]:
    """The pages that may not grow dear, made anew: requests a second and part of the bare page."""
    found = {}
    with servers.bare() as plain, servers.register() as server:
        _look(server, pages)
        for name in FLAT:
            # Right before each page: a machine is not equally fast for minutes.
            bare = load.measure(plain.url("/")).rate
            rate = load.measure(server.url(pages.paths[name]), fresh=True).rate
            found[name] = (rate, rate / bare)
            say(f"  {name}: {rate:.0f} requests/s made anew, {rate / bare:.3f} of the bare page")
    return found


def loaded(pages: Pages, size: int, load: Load, say: Say, rest: Table) -> list[Table]:
    """Every page in every way, on the embedded server and on the grown one."""
    tables = []
    for told, workers in (("serve", None), (f"serve --workers {WORKERS}", WORKERS)):
        say(f"  {told}")
        table = Table(
            f"{size:,} cases, `webcitoyen {told}`",
            ("page", "requests/s", "of the bare page", "p95"),
        )
        ratios: dict[tuple[str, str], float] = {}
        with servers.bare(workers) as plain, servers.register(workers) as server:
            _look(server, pages)
            for name, path in pages.paths.items():
                bare = load.measure(plain.url("/"))
                table.add(f"bare page, before {name}", f"{bare.rate:,.0f}", "1", _ms(bare))
                for way, bar, found in _ways(server, name, path, load):
                    ratio = found.rate / bare.rate
                    cells = (f"{found.rate:,.0f}", f"{ratio:.3f}", _ms(found))
                    # The bars are those of the default; the grown server stands beside it.
                    asked = None if workers else bar
                    table.add(f"{name}, {way}", *cells, value=ratio, bar=asked)
                    ratios[name, way] = ratio
                    say(f"    {name}, {way}: {ratio:.3f}")
            memory = server.memory()
        kept = ratios["search", "kept"] / ratios["list", "kept"]
        limit = None if workers else SEARCHED
        rest.add(f"search, kept, of list, kept, `{told}`", f"{kept:.2f}", value=kept, bar=limit)
        limit = None if workers else MEMORY
        answering, following = memory.answering, memory.following
        name = f"memory, `{told}`, {size:,} cases"
        rest.add(f"{name}, what answers", f"{answering:.0f} MB", value=answering, bar=limit)
        rest.add(f"{name}, the follower", f"{following:.0f} MB")
        tables.append(table)
    return tables


def _ms(found: Measure) -> str:
    return f"{found.p95:.1f} ms"


def _ways(
    server: Server, name: str, path: str, load: Load
) -> list[tuple[str, Bar | None, Measure]]:
    """What is measured of a page."""
    tag = server.get(path)[1]["etag"]
    url = server.url(path)
    # A search that is kept is held against the list that is kept: they are as long.
    kept = None if name.startswith(SEARCH) else KEPT
    return [
        ("kept", kept, load.measure(url)),
        ("304", kept, load.measure(url, tag=tag)),
        ("made anew", ANEW.get(name), load.measure(url, fresh=True)),
    ]


def _look(server: Server, pages: Pages) -> None:
    """Look at each page before it is loaded: an error page is quickly made, too.

    :raises RuntimeError: it is not what it should be.
    """
    for name, path in pages.paths.items():
        status, tag, body = _settled(server, path)
        again = server.get(path, If_None_Match=tag)
        if (status, again[0]) != (200, 304) or not tag:
            raise RuntimeError(f"{name}: {status}, then {again[0]}")
        if name == "feed of 50" and body.count(b"<entry") != ENTRIES:
            raise RuntimeError(f"{body.count(b'<entry')} entries in the feed")


def _settled(server: Server, path: str) -> tuple[int, str, bytes]:
    """Status, ETag and body; a search has no ETag as long as its index is not there."""
    deadline = time.monotonic() + PATIENCE
    while True:
        status, headers, body = server.get(path)
        tag = headers.get("etag", "")
        if tag or status != 200 or time.monotonic() > deadline:
            return status, tag, body
        time.sleep(0.5)
