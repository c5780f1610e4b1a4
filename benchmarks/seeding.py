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
from typing import Any

from sqlalchemy import Engine, select

from benchmarks import cases
from register.accounts import acts as accounts
from register.accounts.models import Role
from register.accounts.passwords import generate_password
from register.cases import acts, case_content
from register.cases.checklist import ATTESTATIONS
from register.cases.models import Incident
from register.exchange.case_csv_import import PublishOptions, RowEffect, import_file
from register.journal import WriteTransaction, writing

SEEDED = 1_000
BATCH = 100
# In each batch.
FOLLOW_UPS, CORRECTIONS, REPLIES, WITHDRAWALS = 5, 4, 2, 1
# What a moderator states with every public text.
CHECKED: dict[str, Any] = {"attested": ATTESTATIONS, "flag_reasons": "relu"}


@dataclass(frozen=True)
class Members:
    """The ids of the two who act."""

    first: int
    second: int


def fill_register(engine: Engine, folder: Path) -> tuple[Members, float]:
    """Add two members and the first cases to an empty register; imported rows a second.

    :param folder: where the import files are written.
    """
    with writing(engine) as tx:
        ids = [
            accounts.add_member(tx, f"{name}@bench.example", role, generate_password()).id
            for name, role in (("a", Role.ADMINISTRATOR), ("b", Role.MODERATOR))
        ]
    members = Members(*ids)
    return members, _seed(engine, folder, members, random.Random(1))


def _seed(engine: Engine, folder: Path, members: Members, chance: random.Random) -> float:
    """Fill an empty register; imported rows a second.

    :raises RuntimeError: a case was not published.
    """
    spent = 0.0
    for begin in range(0, SEEDED, BATCH):
        path = folder / f"cases-{begin}.csv"
        cases.write_file(path, cases.communes(BATCH, chance), begin + 1, chance)
        begun = time.perf_counter()
        publish = PublishOptions(members.second)
        report = import_file(engine, path, by=members.first, reason="mesure", publish=publish)
        spent += time.perf_counter() - begun
        if report.count(RowEffect.PUBLISHED) != BATCH:
            raise RuntimeError(f"not all of {BATCH} cases published: {report}")
        _apply_later_acts(engine, members.first, list(range(begin + 1, begin + BATCH + 1)), chance)
    return SEEDED / spent


def _apply_later_acts(
    engine: Engine, by: int, numbers: Sequence[int], chance: random.Random
) -> None:
    """What happens to some of a batch; each act takes the pen for itself, as at the desk."""
    chosen = chance.sample(numbers, FOLLOW_UPS + CORRECTIONS + REPLIES + WITHDRAWALS)
    actions = [_follow_up] * FOLLOW_UPS + [_correct] * CORRECTIONS
    actions += [_reply] * REPLIES + [_withdraw] * WITHDRAWALS
    chance.shuffle(actions)
    other_communes = cases.communes(len(chosen), chance)
    for number, commune, action in zip(chosen, other_communes, actions, strict=True):
        with writing(engine) as tx:
            case = tx.session.scalars(select(Incident).where(Incident.number == number)).one()
            action(tx, case, by, commune)


def _follow_up(tx: WriteTransaction, case: Incident, by: int, _commune: str) -> None:
    acts.follow_up(
        tx,
        case.id,
        by=by,
        second=by,
        single=True,
        reason="mesure",
        title="Le conseil délibère de nouveau",
        text="La séance suivante s’est tenue **portes ouvertes**.",
        no_source="Séance suivie sur place.",
        **CHECKED,
    )


def _correct(tx: WriteTransaction, case: Incident, by: int, commune: str) -> None:
    """Half of the corrections move the case to another commune, whose feed has an entry."""
    original = case_content.content_of(case)
    corrected = replace(original, steps_taken="courrier, puis saisine de la CADA")
    if case.id % 2:
        corrected = replace(corrected, commune=commune, departement="", region="")
    acts.correct(
        tx,
        case.id,
        corrected,
        by=by,
        second=by,
        single=True,
        reason="mesure",
        public_note="Démarche précisée.",
        **CHECKED,
    )


def _reply(tx: WriteTransaction, case: Incident, by: int, _commune: str) -> None:
    received_reply = acts.receive_reply(
        tx,
        case.id,
        by=by,
        author="La commune",
        capacity="la commune",
        text="La commune conteste les faits rapportés.",
        received_on=date(2026, 3, 2),
    )
    acts.reply(tx, received_reply.id, by=by, second=by, single=True, reason="mesure", **CHECKED)


def _withdraw(tx: WriteTransaction, case: Incident, by: int, _commune: str) -> None:
    acts.withdraw(tx, case.id, by=by, restriction="erreur", reason="mesure")


def publish_case(tx: WriteTransaction, content: case_content.Content, members: Members) -> int:
    """Publish a case as a moderator does; its number."""
    case = acts.draft(tx, content, by=members.first, reason="mesure")
    acts.invite(tx, case.id, "courriel", by=members.first)
    acts.approve(tx, case.id, by=members.second)
    acts.publish(tx, case.id, by=members.first, reason="lu", **CHECKED)
    if case.number is None:
        raise RuntimeError("published without a number")
    return case.number
