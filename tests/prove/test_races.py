"""Two processes want the same act on the same case at the same moment: one does it, once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.orm import Session

from register.cases import acts
from register.cases.checklist import ATTESTATIONS
from register.cases.verify import verify
from register.config import Settings
from register.db import configure_engine, engine_options
from register.errors import RegisterError
from register.journal import JournalEntry, Ledger, WriteTransaction, head, writing

pytestmark = pytest.mark.prove

ROUNDS = 200


def publish(pen: WriteTransaction, case: int, by: int) -> object:
    return acts.publish(
        pen, case, by=by, reason="lu", attested=ATTESTATIONS, flag_reasons="relu", single=True
    )


def approve(pen: WriteTransaction, case: int, by: int) -> object:
    return acts.approve(pen, case, by=by)


def withdraw(pen: WriteTransaction, case: int, by: int) -> object:
    return acts.withdraw(pen, case, by=by, restriction="erreur", reason="erreur")


def erase(pen: WriteTransaction, case: int, by: int) -> object:
    return acts.erase(pen, case, by=by, restriction="donnee_personnelle")


ACTS: dict[str, Callable[[WriteTransaction, int, int], object]] = {
    "publish": publish,
    "approve": approve,
    "withdraw": withdraw,
    "erase": erase,
}


def _racer(url: str, barrier: Barrier, pipe: Connection) -> None:
    engine = create_engine(url, **engine_options(url))
    configure_engine(engine)
    for name, case, by in iter(pipe.recv, None):
        barrier.wait(30)
        try:
            with writing(engine) as pen:
                ACTS[name](pen, case, by)
            pipe.send(("won", None, None))
        except RegisterError as error:
            pipe.send((type(error).__name__, error.key, error.values.get("state")))
    engine.dispose()


@contextmanager
def _racers(url: str) -> Iterator[Callable[[tuple[Any, ...]], list[tuple[Any, ...]]]]:
    """Two processes of their own; calling it sends both the same order and gives both answers."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    pipes, runners = [], []
    for _ in range(2):
        own_end, racer_end = context.Pipe()
        runner = context.Process(target=_racer, args=(url, barrier, racer_end))
        runner.start()
        pipes.append(own_end)
        runners.append(runner)

    def race(order: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        for pipe in pipes:
            pipe.send(order)
        return [pipe.recv() for pipe in pipes]

    try:
        yield race
    finally:
        for pipe in pipes:
            pipe.send(None)
        for runner in runners:
            runner.join(20)


EXPECTED = {
    # The loser's error has the state that the winner's act left.
    "publish": ("Refused", "already_published", "published"),
    "approve": ("Refused", "already_approved", "draft"),
    "withdraw": ("Refused", "already_withdrawn", "withdrawn"),
    "erase": ("Refused", "case_erased", "erased"),
}


@pytest.mark.parametrize("act", sorted(ACTS))
def test_of_two_processes_one_wins_and_the_journal_has_no_gap(
    act: str, engine: Engine, settings: Settings, desk: Any, cast: Any
) -> None:
    by = {"publish": cast.bruno, "approve": cast.chloe, "withdraw": cast.bruno, "erase": cast.ada}
    with _racers(settings.database_url) as race:
        for _ in range(ROUNDS):
            if act == "approve":
                case = desk.draft().id
            elif act == "publish":
                case = desk.ready().id
            else:
                case = desk.published().id
            if act == "erase":
                with writing(engine) as pen:
                    acts.approve(pen, case, by=cast.chloe, purpose="erase")
            answers = race((act, case, by[act]))
            assert sorted(answers, key=str) == sorted([("won", None, None), EXPECTED[act]], key=str)
    with Session(engine) as session:
        for ledger in Ledger:
            lines = select(func.count(), func.max(JournalEntry.seq)).where(
                JournalEntry.ledger == ledger.value
            )
            count, last = session.execute(lines).one()
            assert count == (last or 0) == head(session, ledger).seq
        assert list(verify(session)) == []
