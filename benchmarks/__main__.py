"""``python -m benchmarks``: every ratio of the project, measured in one run."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

from benchmarks import copies, seeding, servers, visible
from benchmarks.load import Load
from benchmarks.pages import Pages, flat, loaded
from benchmarks.seeding import Members
from benchmarks.table import Bar, Table

# The size at which everything is measured; the others are for what must not grow with it.
MAIN = 10_000
PUBLICATIONS = 5


def main() -> None:
    """Measure, print, end with 1 when a bar is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", default="1000,10000,100000", help="numbers of cases")
    options.add_argument("--seconds", type=int, default=4, help="for each figure")
    options.add_argument("--markdown", action="store_true", help="tables for docs/performance.md")
    told = options.parse_args()
    sizes = sorted(int(size) for size in told.sizes.split(","))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["REGISTER_INSTANCE"] = f"{folder}/instance"
        os.environ["REGISTER_SEAL_DIR"] = f"{folder}/seal"
        tables = _run(Path(folder), sizes, Load(told.seconds))
    for table in tables:
        print(table.text(markdown=told.markdown))
    missed = sum(table.missed for table in tables)
    print(f"{missed} bars missed." if missed else "Every bar is met.")
    sys.exit(1 if missed else 0)


def _run(folder: Path, sizes: list[int], load: Load) -> list[Table]:
    from register import create_app
    from register.db import db
    from register.journal import writing
    from register.members import accounts
    from register.members.models import Role
    from register.operations import opening

    app = create_app()
    rest = Table("The rest", ("what", "figure"))
    tables: list[Table] = []
    growth = Table(
        "Pages made anew, requests/s and part of the bare page",
        ("page", *(f"{size:,} cases" for size in sizes), "cost"),
    )
    with app.app_context():
        opening.init(app.extensions["register.settings"], db.engine)
        with writing() as pen:
            members = Members(
                accounts.add(pen, "a@bench.example", Role.ADMINISTRATOR, "x" * 16).id,
                accounts.add(pen, "b@bench.example", Role.MODERATOR, "x" * 16).id,
            )
        _say(f"importing {seeding.SEEDED} cases")
        rate = seeding.seed(db.engine, folder, members, random.Random(1))
        rest.add("import, rows/s", f"{rate:.0f}", value=rate, bar=Bar(100))
        first = copies.measured(db.engine)
        costs: list[dict[str, tuple[float, float]]] = []
        for size in sizes:
            _say(f"{size:,} cases")
            copies.grow(db.engine, first, size)
            pages = Pages.chosen(db.engine)
            costs.append(flat(pages, load, _say))
            if size == MAIN or (size == sizes[-1] and MAIN not in sizes):
                tables += loaded(pages, size, load, _say, rest)
                tables.append(_visible(members))
    _compare(growth, costs)
    return [*tables, growth, rest]


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
