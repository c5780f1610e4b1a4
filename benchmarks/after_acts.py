"""How long the first readers wait after each act, at all pages at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from benchmarks.seeding import CHECKED, SEEDED, Members, publish_case
from benchmarks.servers import RegisterServer
from benchmarks.table import Bar, Table
from benchmarks.visible import COMMUNE, case_content
from register.cases import acts
from register.cases.case_content import content_of
from register.cases.models import CaseState, Incident
from register.journal import WriteTransaction, writing

PAGES = {
    "home": "/",
    "list": "/incidents",
    "list, last page": "/incidents?page={last}",
    "list, filtered": "/incidents?famille=justice&departement=93",
    "list, filtered, by change": "/incidents?famille=justice&tri=maj",
    "commune": f"/communes/{COMMUNE}",
    "statistics": "/statistiques",
    "healthz": "/healthz",
}
READERS_BAR = Bar(300, most=True, unit=" ms")
PAGE_SIZE = 20


def measure_after_acts(engine: Engine, server: RegisterServer, members: Members) -> Table:
    """For each page, the longest wait after one act of each kind, and after which."""
    with Session(engine) as session:
        published = select(Incident.id).where(Incident.state == CaseState.PUBLISHED)
        # Only the seeded ones have all that an act requires.
        seeded = published.where(Incident.id <= SEEDED).order_by(Incident.id.desc())
        case_ids = iter(session.scalars(seeded.limit(20)).all())
        total = len(session.scalars(published).all())
    pages = {name: path.format(last=total // PAGE_SIZE) for name, path in PAGES.items()}
    waits: dict[str, list[tuple[float, str]]] = {name: [] for name in pages}
    with ThreadPoolExecutor(len(pages)) as readers:
        # The first round compiles templates and builds the index.
        list(readers.map(server.get, pages.values()))
        for act_name, act in _acts(case_ids, members):
            with writing(engine) as tx:
                act(tx)
            waiting = {name: readers.submit(_wait, server, path) for name, path in pages.items()}
            for name, wait in waiting.items():
                waits[name].append((wait.result(), act_name))
    table = Table(
        f"First readers of each page after an act, at once, {total:,} cases",
        ("page", "longest wait", "after"),
    )
    for name, measured in waits.items():
        longest, act_name = max(measured)
        table.add(name, f"{longest:.0f} ms", act_name, value=longest, bar=READERS_BAR)
    return table


def _wait(server: RegisterServer, path: str) -> float:
    begun = time.perf_counter()
    status, _headers, _body = server.get(path)
    if status != 200:
        raise RuntimeError(f"{path}: {status}")
    return 1e3 * (time.perf_counter() - begun)


def _acts(
    case_ids: Iterator[int], members: Members
) -> Iterator[tuple[str, Callable[[WriteTransaction], object]]]:
    """One act of each kind, on a case that no other act is on."""
    by = members.first
    # Each register is measured at several sizes, and an act has to change something.
    mark = f"Mesure {time.time_ns()}"
    reviewed = {"by": by, "second": by, "single": True, "reason": "mesure"}

    def correct(tx: WriteTransaction) -> object:
        case = tx.session.get_one(Incident, next(case_ids))
        moved = replace(
            content_of(case), date="2007-03-04", commune=COMMUNE, departement="", steps_taken=mark
        )
        return acts.correct(tx, case.id, moved, public_note="Lieu.", **reviewed, **CHECKED)

    def redact(tx: WriteTransaction) -> object:
        case = tx.session.get_one(Incident, next(case_ids))
        shorter = replace(content_of(case), summary=mark)
        return acts.redact(
            tx, case.id, shorter, by=by, reason="mesure", public_note="Retiré.", **CHECKED
        )

    yield "publication", lambda tx: publish_case(tx, case_content(mark), members)
    yield "correction", correct
    yield (
        "follow-up",
        lambda tx: acts.follow_up(
            tx, next(case_ids), title="Suite", text="t", no_source="Vu.", **reviewed, **CHECKED
        ),
    )
    yield "redaction", redact
    yield (
        "withdrawal",
        lambda tx: acts.withdraw(tx, next(case_ids), by=by, restriction="erreur", reason="mesure"),
    )
    yield ("merger", lambda tx: acts.merge(tx, next(case_ids), into=next(case_ids), **reviewed))
    yield (
        "erasure",
        lambda tx: acts.erase(
            tx, next(case_ids), by=by, restriction="demande_signalant", single=True
        ),
    )
