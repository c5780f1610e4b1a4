"""``python -m benchmarks``: every ratio of the project, measured in one run."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import (
    after_acts,
    copies,
    desk,
    postgres,
    searches,
    seeding,
    servers,
    two_commits,
    visible,
)
from benchmarks.load import Load
from benchmarks.pages import Pages, measure_flat_pages, measure_load
from benchmarks.postgres import PostgresRegister
from benchmarks.seeding import Members
from benchmarks.table import Bar, Table

# The size at which everything is measured; the others are for what must not grow with it.
MAIN = 10_000
PUBLICATIONS = 5
PATIENCE = 30  # seconds in which the worker's lock has to be free


def main() -> None:
    """Measure, print, end with 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1000,10000,100000", help="numbers of cases")
    parser.add_argument("--seconds", type=int, default=4, help="for each figure")
    parser.add_argument(
        "--whole", action="store_true", help=f"Whoosh beyond {MAIN:,} cases, too: takes minutes"
    )
    parser.add_argument("--markdown", action="store_true", help="tables for docs/performance.md")
    parser.add_argument(
        "--against", metavar="COMMIT", help="only the pages, against an earlier commit's"
    )
    arguments = parser.parse_args()
    sizes = sorted(int(size) for size in arguments.sizes.split(","))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["REGISTER_INSTANCE"] = f"{folder}/instance"
        os.environ["REGISTER_SEAL_DIR"] = f"{folder}/seal"
        load = Load(arguments.seconds)
        if arguments.against:
            tables = [_run_against(Path(folder), arguments.against, sizes[-1], load)]
        else:
            tables = _run(Path(folder), sizes, load, whole=arguments.whole)
    for table in tables:
        print(table.text(markdown=arguments.markdown))
    missed = sum(table.missed for table in tables)
    print(f"{missed} bars missed." if missed else "Every bar is met.")
    sys.exit(1 if missed else 0)


def _run(folder: Path, sizes: list[int], load: Load, *, whole: bool) -> list[Table]:
    from register import create_app
    from register.db import db
    from register.operations import setup

    app = create_app()
    settings = app.extensions["register.settings"]
    summary = Table("The rest", ("what", "figure"))
    tables: list[Table] = []
    growth = Table(
        "Pages made anew, requests/s and part of the bare page",
        ("page", *(f"{size:,} cases" for size in sizes), "cost"),
    )
    main_size = MAIN if MAIN in sizes else sizes[-1]
    with app.app_context(), postgres.create_register(settings, folder) as postgres_register:
        _log(f"importing {seeding.SEEDED} cases")
        setup.init(settings, db.engine)
        members, rate = seeding.fill_register(db.engine, folder)
        summary.add("import, rows/s", f"{rate:.0f}", value=rate, bar=Bar(100))
        seed = copies.measure_seed(db.engine)
        costs: list[dict[str, tuple[float, float]]] = []
        for size in sizes:
            _log(f"{size:,} cases")
            copies.grow(db.engine, seed, size)
            indexed = size == main_size or (whole and size > MAIN)
            if indexed:
                tables.append(_measure_searches(folder, size, summary))
            if postgres_register and size >= main_size:
                tables.append(_measure_searches(folder, size, summary, postgres_register))
            pages = Pages.select(db.engine)
            with _without_follower():
                costs.append(measure_flat_pages(pages, load, _log))
                if size >= main_size:
                    tables.append(_measure_after_acts(members))
            if size == main_size:
                tables += measure_load(pages.with_searches(), size, load, _log, summary)
                tables.append(_measure_visibility(members))
    tables.append(desk.measure_desks(settings, folder, _log))
    _compare(growth, costs)
    return [*tables, growth, summary]


def _run_against(folder: Path, commit: str, size: int, load: Load) -> Table:
    from register import create_app
    from register.db import db

    _log(f"a register of {size:,} cases")
    checkouts = two_commits.make_registers(commit, folder, size)
    with create_app().app_context():
        pages = Pages.select(db.engine).with_searches()
        db.engine.dispose()
    return two_commits.measure_commits(checkouts, pages, load, _log)


def _measure_searches(
    folder: Path, size: int, summary: Table, postgres_register: PostgresRegister | None = None
) -> Table:
    """Searches of the present cases, on the embedded engine or on the grown one."""
    from flask import current_app

    from register.db import db
    from register.search import engine_interface as factory

    settings, engine = current_app.extensions["register.settings"], db.engine
    if postgres_register:
        _log("  taking the cases over to PostgreSQL")
        postgres.copy_cases(engine, postgres_register.engine)
        settings, engine = postgres_register.settings, postgres_register.engine
    index = factory.open_search_engine(settings, engine)
    try:
        return searches.measure_searches(engine, index, size, folder, _log, summary)
    finally:
        index.close()


@contextmanager
def _without_follower() -> Iterator[None]:
    """Keep the servers' follower from rebuilding an index while pages are measured."""
    from flask import current_app

    from register.db import db
    from register.worker.lock import worker_lock

    lock = worker_lock(current_app.extensions["register.settings"], db.engine)
    deadline = time.monotonic() + PATIENCE
    while not lock.hold():
        if time.monotonic() > deadline:
            raise RuntimeError("a worker runs")
        time.sleep(0.1)
    try:
        yield
    finally:
        lock.release()


def _measure_visibility(members: Members) -> Table:
    from register.db import db

    _log("publishing")
    table = Table(
        f"From taking the pen to being read, slowest of {PUBLICATIONS}", ("where", "seconds")
    )
    with servers.run_register() as server:
        slowest = visible.measure_delays(db.engine, server, members, PUBLICATIONS)
    for name, longest in slowest.items():
        table.add(name, f"{longest:.3f}", value=longest, bar=Bar(1, most=True, unit=" s"))
    return table


def _measure_after_acts(members: Members) -> Table:
    from register.db import db

    _log("  acts and their first readers")
    with servers.run_register() as server:
        return after_acts.measure_after_acts(db.engine, server, members)


def _compare(growth: Table, costs: list[dict[str, tuple[float, float]]]) -> None:
    """Each page at each size, and what it costs at the last compared with the first."""
    for name in costs[0]:
        cells = [f"{cost[name][0]:,.0f} ({cost[name][1]:.3f})" for cost in costs]
        ratio = costs[0][name][1] / costs[-1][name][1]
        growth.add(name, *cells, f"× {ratio:.2f}", value=ratio, bar=Bar(2, most=True))


def _log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
