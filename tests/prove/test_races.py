"""Two processes act on the same case at the same moment: one act is done, once, and read by two."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any

import attested_acts as acts
import pytest
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.orm import Session

from register.cases import case_content as contents
from register.cases.checklist import ATTESTATIONS
from register.cases.models import Incident, Revision
from register.cases.second_person import PendingChange
from register.cases.verify import verify
from register.config import Settings
from register.db import configure_engine, engine_options
from register.errors import RegisterError
from register.journal import JournalEntry, Ledger, WriteTransaction, head, writing

pytestmark = pytest.mark.prove

ROUNDS = 200


# A word of the texts that nobody but their author has read.
UNREAD = "zinzolin"


def publish(pen: WriteTransaction, case: int, by: int) -> object:
    return acts.publish(
        pen, case, by=by, reason="lu", attested=ATTESTATIONS, flag_reasons="relu", single=True
    )


def publish_as_one_of_two(pen: WriteTransaction, case: int, by: int) -> object:
    return acts.publish(pen, case, by=by, reason="lu", attested=ATTESTATIONS)


def approve(pen: WriteTransaction, case: int, by: int) -> object:
    return acts.approve(pen, case, by=by)


def approve_first_version(pen: WriteTransaction, case: int, by: int) -> object:
    """As the form of a member who read the first version."""
    first_version = select(func.min(Revision.id)).where(Revision.incident_id == case)
    return acts.approve(pen, case, by=by, seen=pen.session.scalar(first_version))


def withdraw(pen: WriteTransaction, case: int, by: int) -> object:
    return acts.withdraw(pen, case, by=by, restriction="erreur", reason="erreur")


def erase(pen: WriteTransaction, case: int, by: int) -> object:
    return acts.erase(pen, case, by=by, restriction="donnee_personnelle")


def edit(pen: WriteTransaction, case: int, by: int) -> object:
    content = contents.content_of(pen.load(Incident, case))
    unread = replace(content, narrative=f"Selon le blog, {UNREAD}.")
    return acts.edit(pen, case, unread, by=by, reason="r")


def follow_up(pen: WriteTransaction, case: int, by: int) -> object:
    return acts.follow_up(pen, case, by=by, reason="r", title="Suite", text=f"Selon {UNREAD}.")


def replace_change(pen: WriteTransaction, change: int, by: int) -> object:
    """Another text in place of one's own pending change, as the editor saves it."""
    case = pen.load(PendingChange, change).incident_id
    follow_up(pen, case, by)
    return acts.refuse_change(pen, change, by=by)


def approve_change(pen: WriteTransaction, change: int, by: int) -> object:
    return acts.approve_change(pen, change, by=by)


def approve_newest_change(pen: WriteTransaction, _change: int, by: int) -> object:
    newest_id = pen.session.scalar(select(func.max(PendingChange.id)))
    return acts.approve_change(pen, newest_id or 0, by=by)


def refuse_change(pen: WriteTransaction, change: int, by: int) -> object:
    return acts.refuse_change(pen, change, by=by, refusal="non")


ACTS: dict[str, Callable[[WriteTransaction, int, int], object]] = {
    "publish": publish,
    "approve": approve,
    "withdraw": withdraw,
    "erase": erase,
}
OTHER_ACTS = {
    act.__name__: act
    for act in (
        publish_as_one_of_two,
        approve_first_version,
        edit,
        replace_change,
        approve_change,
        approve_newest_change,
        refuse_change,
    )
}


def _racer(url: str, barrier: Barrier, pipe: Connection) -> None:
    engine = create_engine(url, **engine_options(url))
    configure_engine(engine)
    for name, case, by in iter(pipe.recv, None):
        barrier.wait(30)
        try:
            with writing(engine) as pen:
                (ACTS | OTHER_ACTS)[name](pen, case, by)
            pipe.send(("won", None, None))
        except RegisterError as error:
            pipe.send((type(error).__name__, error.key, error.values.get("state")))
    engine.dispose()


@contextmanager
def _racers(url: str) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
    """Two processes of their own; calling it sends each its order and gives both answers."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    pipes, runners = [], []
    for _ in range(2):
        own_end, racer_end = context.Pipe()
        runner = context.Process(target=_racer, args=(url, barrier, racer_end))
        runner.start()
        pipes.append(own_end)
        runners.append(runner)

    def race(*orders: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        for pipe, order in zip(pipes, orders, strict=True):
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
            order = (act, case, by[act])
            answers = race(order, order)
            assert sorted(answers, key=str) == sorted([("won", None, None), EXPECTED[act]], key=str)
    with Session(engine) as session:
        _check_journal(session)


def _check_journal(session: Session) -> None:
    for ledger in Ledger:
        lines = select(func.count(), func.max(JournalEntry.seq)).where(
            JournalEntry.ledger == ledger.value
        )
        count, last = session.execute(lines).one()
        assert count == (last or 0) == head(session, ledger).seq
    assert list(verify(session)) == []


# --- two acts against each other ------------------------------------------------------------------


@dataclass(frozen=True)
class Rivals:
    """Two acts, each by a member, on what ``prepare`` makes; and what the two may answer.

    ``afterwards`` is tried once they are done: by it, a text that one person saw would get out.
    """

    first: tuple[str, str]
    second: tuple[str, str]
    prepare: Callable[[Engine, Any], int]
    answers: frozenset[tuple[str | None, str | None]]
    afterwards: tuple[str, str] | None = None


def _draft_for_two(_engine: Engine, desk: Any) -> int:
    return int(desk.draft(justice=True).id)


def _approved_draft(_engine: Engine, desk: Any) -> int:
    return int(desk.ready(justice=True).id)


def _pending_change(text: str) -> Callable[[Engine, Any], int]:
    """Bruno's pending follow-up of a case that two must read; its id."""

    def prepare(engine: Engine, desk: Any) -> int:
        case = desk.published(justice=True)
        with writing(engine) as pen:
            acts.follow_up(pen, case.id, by=desk.cast.bruno, reason="r", title="Suite", text=text)
            return int(pen.session.scalar(select(func.max(PendingChange.id))) or 0)

    return prepare


RIVALS = {
    "publication of an approved draft against another text": Rivals(
        ("publish_as_one_of_two", "bruno"),
        ("edit", "ada"),
        _approved_draft,
        frozenset({(None, "published_changes_by_correction"), ("checklist", None)}),
        afterwards=("publish_as_one_of_two", "bruno"),
    ),
    "approval of a draft against another text": Rivals(
        ("approve_first_version", "chloe"),
        ("edit", "bruno"),
        _draft_for_two,
        frozenset({(None, None), ("changed_meanwhile", None)}),
        afterwards=("publish_as_one_of_two", "ada"),
    ),
    "approval of a change against another text in its place": Rivals(
        ("approve_change", "chloe"),
        ("replace_change", "bruno"),
        _pending_change("Selon le blog."),
        frozenset({(None, "no_such_row"), ("no_such_change", None)}),
        afterwards=("approve_newest_change", "bruno"),
    ),
    "approval of one's own change against its refusal": Rivals(
        ("approve_change", "bruno"),
        ("refuse_change", "chloe"),
        _pending_change(f"Selon le blog, {UNREAD}."),
        frozenset({("own_change", None), ("change_refused", None)}),
        afterwards=("approve_change", "bruno"),
    ),
    "approval of a change twice": Rivals(
        ("approve_change", "chloe"),
        ("approve_change", "ada"),
        _pending_change("Selon le blog."),
        frozenset({(None, "no_such_change"), ("no_such_change", None)}),
    ),
}


@pytest.mark.parametrize("name", RIVALS)
def test_no_race_gets_round_the_second_person(
    name: str, engine: Engine, settings: Settings, desk: Any, cast: Any
) -> None:
    rivals, winners = RIVALS[name], Counter[tuple[str | None, ...]]()
    with _racers(settings.database_url) as race:
        for _ in range(ROUNDS):
            target = rivals.prepare(engine, desk)
            orders = [
                (act, target, getattr(cast, who)) for act, who in (rivals.first, rivals.second)
            ]
            answers = tuple(key for _error, key, _state in race(*orders))
            assert answers in rivals.answers
            winners[answers] += 1
            if rivals.afterwards is not None:
                act, who = rivals.afterwards
                with suppress(RegisterError), writing(engine) as pen:
                    OTHER_ACTS[act](pen, target, getattr(cast, who))
    print(name, dict(winners))
    with Session(engine) as session:
        public_texts = select(Revision.content).where(
            Revision.act.in_(("published", "followed_up", "corrected"))
        )
        assert not any(UNREAD.encode() in text for text in session.scalars(public_texts) if text)
        _check_journal(session)
