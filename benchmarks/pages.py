"""Load on pages in three ways: cached, not modified for the reader, and rendered."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Engine, text

from benchmarks import servers, texts
from benchmarks.load import Load, Measure
from benchmarks.servers import RegisterServer
from benchmarks.table import Bar, Table
from benchmarks.visible import COMMUNE

CACHED_BAR = Bar(0.6)
# Of what the database and a template make. For pages a guard against a slow one, below their usual;
# home and filters have none: the first is made once for each act, the others cost what they find.
UNCACHED_BARS: Mapping[str, Bar] = {
    "list": Bar(0.05),
    "case": Bar(0.05),
    "commune": Bar(0.05),
    "feed of 50": Bar(0.03),
}
# A search that is kept costs what a page that is kept costs.
CACHED_SEARCH_BAR = Bar(0.75)
SEARCH_PREFIX = "search"
MEMORY_BAR = Bar(150, most=True, unit=" MB")
# What may cost no more with a hundred times the cases.
FLAT_PAGES = ("list", "case", "commune", "feed of 50")
ENTRIES = 50
PATIENCE = 300  # seconds in which the follower has to have an index of the cases
WORKERS = 2

LogLine = Callable[[str], None]


@dataclass(frozen=True)
class Pages:
    """Their names and addresses."""

    paths: Mapping[str, str]

    @classmethod
    def select(cls, engine: Engine) -> Pages:
        """The pages of a register; the case is one with proceedings and much that came after."""
        with engine.connect() as connection:
            number = connection.execute(
                text(
                    "SELECT number FROM incident AS c WHERE state = 'published' AND id <= 1000"
                    " AND id IN (SELECT incident_id FROM case_code WHERE axis = 'sens')"
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

    def with_searches(self) -> Pages:
        """These and some searches by words, for which the index has to be there."""
        searches = {
            "search": f"/incidents?q={texts.common[0]}",
            "search, filtered": f"/incidents?q={texts.common[0]}&famille=justice&departement=93",
        }
        return Pages({**self.paths, **searches})


def measure_flat_pages(pages: Pages, load: Load, log: LogLine) -> dict[str, tuple[float, float]]:
    """Rendered pages with a limit: requests a second, and their part of the bare page's."""
    rates = {}
    with servers.run_bare() as bare_server, servers.run_register() as server:
        check_pages(server, pages)
        for name in FLAT_PAGES:
            # Right before each page: a machine is not equally fast for minutes.
            bare = load.measure(bare_server.url("/")).rate
            rate = load.measure(server.url(pages.paths[name]), fresh=True).rate
            rates[name] = (rate, rate / bare)
            log(f"  {name}: {rate:.0f} requests/s made anew, {rate / bare:.3f} of the bare page")
    return rates


def measure_load(pages: Pages, size: int, load: Load, log: LogLine, summary: Table) -> list[Table]:
    """Every page in every way, on the embedded server and on the grown one."""
    tables = []
    for command, workers in (("serve", None), (f"serve --workers {WORKERS}", WORKERS)):
        log(f"  {command}")
        table = Table(
            f"{size:,} cases, `webcitoyen {command}`",
            ("page", "requests/s", "of the bare page", "p95"),
        )
        with servers.run_bare(workers) as bare_server, servers.run_register(workers) as server:
            check_pages(server, pages)
            for name, path in pages.paths.items():
                bare = load.measure(bare_server.url("/"))
                table.add(f"bare page, before {name}", f"{bare.rate:,.0f}", "1", _ms(bare))
                for variant, bar, measure in _measure_variants(server, name, path, load):
                    ratio = measure.rate / bare.rate
                    cells = (f"{measure.rate:,.0f}", f"{ratio:.3f}", _ms(measure))
                    # The bars are those of the default; the grown server stands beside it.
                    applied_bar = None if workers else bar
                    table.add(f"{name}, {variant}", *cells, value=ratio, bar=applied_bar)
                    log(f"    {name}, {variant}: {ratio:.3f}")
            memory = server.memory()
            # Alternately: apart by minutes, they would be measured on machines of other speeds.
            list_url, search_url = (server.url(pages.paths[name]) for name in ("list", "search"))
            cached_ratio = replace(load, seconds=1).compare(list_url, search_url).ratio
        limit = None if workers else CACHED_SEARCH_BAR
        summary.add(
            f"search, kept, of list, kept, `{command}`",
            f"{cached_ratio:.2f}",
            value=cached_ratio,
            bar=limit,
        )
        limit = None if workers else MEMORY_BAR
        answering, following = memory.answering_mb, memory.follower_mb
        name = f"memory, `{command}`, {size:,} cases"
        summary.add(f"{name}, what answers", f"{answering:.0f} MB", value=answering, bar=limit)
        summary.add(f"{name}, the follower", f"{following:.0f} MB")
        tables.append(table)
    return tables


def _ms(measure: Measure) -> str:
    return f"{measure.p95:.1f} ms"


def _measure_variants(
    server: RegisterServer, name: str, path: str, load: Load
) -> list[tuple[str, Bar | None, Measure]]:
    """The measurements of a page."""
    tag = server.get(path)[1]["etag"]
    url = server.url(path)
    # A search that is kept is held against the list that is kept: they are as long.
    cached_bar = None if name.startswith(SEARCH_PREFIX) else CACHED_BAR
    return [
        ("kept", cached_bar, load.measure(url)),
        ("304", cached_bar, load.measure(url, tag=tag)),
        ("made anew", UNCACHED_BARS.get(name), load.measure(url, fresh=True)),
    ]


def check_pages(server: RegisterServer, pages: Pages) -> None:
    """Look at each page before it is loaded: an error page is quickly made, too.

    :raises RuntimeError: it is not what it should be.
    """
    for name, path in pages.paths.items():
        status, body, again = _fetch_settled(server, path)
        if (status, again) != (200, 304):
            raise RuntimeError(f"{name}: {status}, then {again}")
        if name == "feed of 50" and body.count(b"<entry") != ENTRIES:
            raise RuntimeError(f"{body.count(b'<entry')} entries in the feed")


def _fetch_settled(server: RegisterServer, path: str) -> tuple[int, bytes, int]:
    """Status and body, and the status for whoever has them.

    A search has no ETag as long as its index is not there, and another one when it has followed.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        status, headers, body = server.get(path)
        again = server.get(path, If_None_Match=headers.get("etag", ""))[0]
        if again == 304 or status != 200 or time.monotonic() > deadline:
            return status, body, again
        time.sleep(0.5)
