"""The cost of the desk's pages with thousands of open drafts, compared with fifty."""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine, select, text

from benchmarks import cases
from benchmarks.seeding import Members
from benchmarks.table import Bar, Table
from register.accounts import acts as accounts
from register.accounts import passwords, sessions
from register.accounts.models import Role
from register.cases import acts
from register.cases.models import Incident
from register.config import Settings
from register.db import analyse_tables, db, housekeeping, now
from register.exchange.case_csv_import import RowEffect, import_file
from register.journal import writing
from register.operations import setup

SMALL_DESK, LARGE_DESK = 50, 5_000
COST_LIMIT = 3  # times the cost of few
ROUNDS = 15
PAGES: Mapping[str, str] = {
    "home": "/moderation",
    "all cases": "/moderation/dossiers",
    "drafts": "/moderation/dossiers?etat=brouillon",
    "for a second person": "/moderation/dossiers?attend=second",
    "ready": "/moderation/dossiers?attend=pret",
    "a family": "/moderation/dossiers?famille=justice",
    "a département": "/moderation/dossiers?departement=93",
    "in hand": "/moderation/dossiers?tenu=moi",
}


def fill_desk(engine: Engine, folder: Path, members: Members, count: int) -> None:
    """Import drafts; of each ten, one is approved and one in hand.

    :raises RuntimeError: a draft was not imported.
    """
    chance = random.Random(count)
    path = folder / f"drafts-{count}.csv"
    cases.write_file(path, cases.communes(count, chance), 1, chance)
    report = import_file(engine, path, by=members.first, reason="mesure")
    if report.count(RowEffect.DRAFTED) != count:
        raise RuntimeError(f"not all of {count} drafts imported: {report}")
    with writing(engine) as tx:
        for case_id in tx.session.scalars(select(Incident.id).order_by(Incident.id)).all():
            if case_id % 10 == 1:
                acts.approve(tx, case_id, by=members.second)
            if case_id % 10 == 2:
                acts.claim(tx, case_id, by=members.second)
            tx.session.expire_all()
    analyse_tables(engine)
    if engine.dialect.name == "postgresql":
        # As its own housekeeping does after such an import.
        with engine.begin() as connection:
            connection.execute(text("ANALYZE"))


class Desk:
    """An application on a desk, in which a member has signed in."""

    def __init__(self, app: Flask, member: int) -> None:
        from register.accounts.web.current_member import TOKEN_FIELD

        self._client = app.test_client()
        with app.app_context(), housekeeping(db.engine) as session:
            token = sessions.add_session(session, member, now())
        with self._client.session_transaction() as cookie:
            cookie[TOKEN_FIELD] = token
        # As in the process that serves (register/server/worker.py).
        gc.collect()
        gc.freeze()

    def seconds(self, path: str) -> float:
        """The seconds of a page at its first request.

        :raises RuntimeError: it is not shown.
        """
        begun = time.perf_counter()
        answer = self._client.get(path)
        spent = time.perf_counter() - begun
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
        return spent


def measure_costs(
    few: Desk, many: Desk, rounds: int = ROUNDS, pages: Mapping[str, str] = PAGES
) -> dict[str, tuple[float, float]]:
    """For each page the median time with little on the desk and with much, measured by turns."""
    medians = {}
    for name, path in pages.items():
        few.seconds(path), many.seconds(path)
        spent = [(few.seconds(path), many.seconds(path)) for _ in range(rounds)]
        few_times, many_times = zip(*spent, strict=True)
        medians[name] = (statistics.median(few_times), statistics.median(many_times))
    return medians


def measure_desks(settings: Settings, folder: Path, log: Callable[[str], None]) -> Table:
    """Both desks in registers of their own, compared."""
    table = Table(
        "Desk, milliseconds of a page",
        ("page", f"{SMALL_DESK} drafts", f"{LARGE_DESK:,} drafts", "cost"),
    )
    desks = []
    for count in (SMALL_DESK, LARGE_DESK):
        log(f"desk of {count:,} drafts")
        desk_folder = folder / f"desk-{count}"
        desk_folder.mkdir()
        desks.append(
            _create_desk(replace(settings, **_desk_settings(desk_folder)), desk_folder, count)
        )
    for name, (few, many) in measure_costs(*desks).items():
        cells = (f"{few * 1000:.1f}", f"{many * 1000:.1f}", f"× {many / few:.2f}")
        table.add(name, *cells, value=many / few, bar=Bar(COST_LIMIT, most=True))
    return table


def _desk_settings(desk_folder: Path) -> dict[str, object]:
    return {
        "instance": desk_folder,
        "seal_dir": desk_folder / "seal",
        "database_url": f"sqlite:///{desk_folder / 'register.sqlite3'}",
        # Nobody here has a telephone; the settings' own check is of an environment.
        "require_2fa": False,
    }


def _create_desk(settings: Settings, folder: Path, count: int) -> Desk:
    from register import create_app

    app = create_app(settings)
    with app.app_context():
        setup.init(settings, db.engine)
        with writing(db.engine) as tx:
            members = Members(
                accounts.add_member(
                    tx, "a@bench.example", Role.ADMINISTRATOR, passwords.generate_password()
                ).id,
                accounts.add_member(
                    tx, "b@bench.example", Role.MODERATOR, passwords.generate_password()
                ).id,
            )
        fill_desk(db.engine, folder, members, count)
    return Desk(app, members.second)
