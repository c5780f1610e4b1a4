"""The first thousand cases, by the ordinary import and the ordinary acts.

What follows a publication is mixed in as it comes: the newest fifty events are of every kind.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from sqlalchemy import Engine, select

from benchmarks import cases
from register.cases import acts, case_content
from register.cases.checklist import ATTESTED
from register.cases.models import Incident
from register.exchange.importer import Publication, import_file
from register.journal import Pen, writing

SEEDED = 1_000
BATCH = 100
# In each batch.
FOLLOWED, CORRECTED, REPLIED, WITHDRAWN = 5, 4, 2, 1


@dataclass(frozen=True)
class Members:
    """The ids of the two who act."""

    first: int
    second: int


def seed(engine: Engine, folder: Path, members: Members, chance: random.Random) -> float:
    """Fill an empty register; imported rows a second.

    :raises RuntimeError: a case was not published.
    """
    spent = 0.0
    for begin in range(0, SEEDED, BATCH):
        path = folder / f"cases-{begin}.csv"
        cases.write_file(path, cases.communes(engine, BATCH, chance), begin + 1, chance)
        begun = time.perf_counter()
        report = import_file(
            engine, path, publish=Publication(members.first, "mesure", second=members.second)
        )
        spent += time.perf_counter() - begun
        if report.published != BATCH:
            raise RuntimeError(f"{report.published} of {BATCH} cases published: {report}")
        _afterwards(engine, members.first, list(range(begin + 1, begin + BATCH + 1)), chance)
    return SEEDED / spent


def _afterwards(engine: Engine, by: int, numbers: Sequence[int], chance: random.Random) -> None:
    """What happens to some of a batch; each act takes the pen for itself, as at the desk."""
    chosen = chance.sample(numbers, FOLLOWED + CORRECTED + REPLIED + WITHDRAWN)
    doing = [_follow_up] * FOLLOWED + [_correct] * CORRECTED
    doing += [_reply] * REPLIED + [_withdraw] * WITHDRAWN
    chance.shuffle(doing)
    elsewhere = cases.communes(engine, len(chosen), chance)
    for number, commune, do in zip(chosen, elsewhere, doing, strict=True):
        with writing(engine) as pen:
            case = pen.session.scalars(select(Incident).where(Incident.number == number)).one()
            do(pen, case, by, commune)


def _follow_up(pen: Pen, case: Incident, by: int, _commune: str) -> None:
    acts.follow_up(
        pen,
        case.id,
        by=by,
        second=by,
        single=True,
        reason="mesure",
        title="Le conseil délibère de nouveau",
        text="La séance suivante s’est tenue **portes ouvertes**.",
    )


def _correct(pen: Pen, case: Incident, by: int, commune: str) -> None:
    """Half of the corrections move the case to another commune, whose feed tells it."""
    before = case_content.of(case)
    told = replace(before, steps_taken="courrier, puis saisine de la CADA")
    if case.id % 2:
        told = replace(told, commune=commune, departement="", region="")
    alone = {"by": by, "second": by, "single": True}
    acts.correct(pen, case.id, told, reason="mesure", public_note="Démarche précisée.", **alone)


def _reply(pen: Pen, case: Incident, by: int, _commune: str) -> None:
    row = acts.receive_reply(
        pen,
        case.id,
        by=by,
        author="La commune",
        capacity="la commune",
        text="La commune conteste les faits rapportés.",
        received_on=date(2026, 3, 2),
    )
    acts.reply(pen, row.id, by=by, second=by, single=True, reason="mesure")


def _withdraw(pen: Pen, case: Incident, by: int, _commune: str) -> None:
    acts.withdraw(pen, case.id, by=by, restriction="erreur", reason="mesure")


def publish(pen: Pen, told: case_content.Content, members: Members) -> int:
    """Publish a case as a moderator does; its number."""
    case = acts.draft(pen, told, by=members.first, reason="mesure")
    acts.invite(pen, case.id, "courriel", by=members.first)
    acts.approve(pen, case.id, by=members.second)
    acts.publish(
        pen, case.id, by=members.first, reason="lu", attested=ATTESTED, flags_reason="relu"
    )
    if case.number is None:
        raise RuntimeError("published without a number")
    return case.number
