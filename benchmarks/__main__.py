"""``python -m benchmarks``: every ratio of the project, measured in one run."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import copies, desk, postgres, searches, seeding, servers, visible
from benchmarks.load import Load
from benchmarks.pages import Pages, flat, loaded
from benchmarks.postgres import Grown
from benchmarks.seeding import Members
from benchmarks.table import Bar, Table

# The size at which everything is measured; the others are for what must not grow with it.
MAIN = 10_000
PUBLICATIONS = 5
PATIENCE = 30  # seconds in which the lease on the index has to be free


def main() -> None:
    """Measure, print, end with 1 when a bar is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", default="1000,10000,100000", help="numbers of cases")
    options.add_argument("--seconds", type=int, default=4, help="for each figure")
    options.add_argument(
        "--whole", action="store_true", help=f"Whoosh beyond {MAIN:,} cases, too: takes minutes"
    )
    options.add_argument("--markdown", action="store_true", help="tables for docs/performance.md")
    told = options.parse_args()
    sizes = sorted(int(size) for size in told.sizes.split(","))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["REGISTER_INSTANCE"] = f"{folder}/instance"
        os.environ["REGISTER_SEAL_DIR"] = f"{folder}/seal"
        tables = _run(Path(folder), sizes, Load(told.seconds), whole=told.whole)
    for table in tables:
        print(table.text(markdown=told.markdown))
    missed = sum(table.missed for table in tables)
    print(f"{missed} bars missed." if missed else "Every bar is met.")
    sys.exit(1 if missed else 0)


def _run(folder: Path, sizes: list[int], load: Load, *, whole: bool) -> list[Table]:
    from register import create_app
    from register.accounts import acts as accounts
    from register.accounts import passwords
    from register.accounts.models import Role
    from register.db import db
    from register.journal import writing
    from register.operations import setup

    app = create_app()
    settings = app.extensions["register.settings"]
    rest = Table("The rest", ("what", "figure"))
    tables: list[Table] = []
    growth = Table(
        "Pages made anew, requests/s and part of the bare page",
        ("page", *(f"{size:,} cases" for size in sizes), "cost"),
    )
    main_size = MAIN if MAIN in sizes else sizes[-1]
    with app.app_context(), postgres.register(settings, folder) as grown:
        setup.init(settings, db.engine)
        with writing() as pen:
            members = Members(
                accounts.add(pen, "a@bench.example", Role.ADMINISTRATOR, passwords.generated()).id,
                accounts.add(pen, "b@bench.example", Role.MODERATOR, passwords.generated()).id,
            )
        _say(f"importing {seeding.SEEDED} cases")
        rate = seeding.seed(db.engine, folder, members, random.Random(1))
        rest.add("import, rows/s", f"{rate:.0f}", value=rate, bar=Bar(100))
        first = copies.measured(db.engine)
        costs: list[dict[str, tuple[float, float]]] = []
        for size in sizes:
            _say(f"{size:,} cases")
            copies.grow(db.engine, first, size)
            indexed = size == main_size or (whole and size > MAIN)
            if indexed:
                tables.append(_searched(folder, size, rest))
            if grown and size >= main_size:
                tables.append(_searched(folder, size, rest, grown))
            pages = Pages.chosen(db.engine)
            with _nobody_follows():
                costs.append(flat(pages, load, _say))
            if size == main_size:
                tables += loaded(pages.and_searches(), size, load, _say, rest)
                tables.append(_visible(members))
    tables.append(desk.measured(settings, folder, _say))
    _compare(growth, costs)
    return [*tables, growth, rest]


def _searched(folder: Path, size: int, rest: Table, grown: Grown | None = None) -> Table:
    """Searches of the present cases, on the embedded engine or on the grown one."""
    from flask import current_app

    from register.db import db
    from register.search import factory

    settings, engine = current_app.extensions["register.settings"], db.engine
    if grown:
        _say("  taking the cases over to PostgreSQL")
        postgres.take_over(engine, grown.engine)
        settings, engine = grown.settings, grown.engine
    index = factory.engine_of(settings, engine)
    try:
        return searches.measured(engine, index, size, folder, _say, rest)
    finally:
        index.close()


@contextmanager
def _nobody_follows() -> Iterator[None]:
    """Keep the servers' follower from an index that it would make anew while pages are measured."""
    from flask import current_app

    from register.db import db
    from register.search.advisory_locks import lease_of

    lease = lease_of(current_app.extensions["register.settings"], db.engine)
    if not lease.claim(PATIENCE):
        raise RuntimeError("somebody else follows")
    try:
        yield
    finally:
        lease.leave()


def _visible(members: Members) -> Table:
    from register.db import db

    _say("publishing")
    table = Table(
        f"From taking the pen to being read, slowest of {PUBLICATIONS}", ("where", "seconds")
    )
    with servers.register() as server:
        found = visible.seconds(db.engine, server, members, PUBLICATIONS)
    for name, longest in found.items():
        table.add(name, f"{longest:.3f}", value=longest, bar=Bar(1, most=True, unit=" s"))
    return table


def _compare(growth: Table, costs: list[dict[str, tuple[float, float]]]) -> None:
    """Each page at each size, and what it costs at the last compared with the first."""
    for name in costs[0]:
        told = [f"{cost[name][0]:,.0f} ({cost[name][1]:.3f})" for cost in costs]
        ratio = costs[0][name][1] / costs[-1][name][1]
        growth.add(name, *told, f"× {ratio:.2f}", value=ratio, bar=Bar(2, most=True))


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
