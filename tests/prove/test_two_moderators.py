"""Two moderators send the same case's form at the same moment, each to a process of its own.

One does it and is sent on (303); the other is told what happened (409), with what they had typed
still in the form. The journal has the winner's lines and no other.
"""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from cast import CaseRef
from flask import Flask
from form_client import FilledForm, MemberClient
from raw_http import ADDRESS, serving
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from register import create_app
from register.cases import acts
from register.cases.models import Incident
from register.cases.verify import verify
from register.config import Settings
from register.db import db
from register.journal import Act, JournalEntry, Ledger, head, writing

pytestmark = pytest.mark.prove

ROUNDS = 200
# Who serves: the embedded server where everything is one file, gunicorn where it is grown.
WORKERS = {"sqlite": 0, "postgresql": 1}
TICKED = {"attribution": "y", "no_private_person": "y", "no_private_life": "y"}
Fields = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What a moderator was answered, by which process."""

    status: int
    location: str
    body: str


class Moderator:
    """A signed-in browser on one of the two servers."""

    def __init__(self, app: Flask, member: int, port: int) -> None:
        signed = MemberClient(app, member)
        cookie = signed.client.get_cookie("registre")
        assert cookie
        self.member = member
        self.csrf = signed.csrf
        self.cookie = f"registre={cookie.value}"
        self.port = port

    def ask(self, method: str, address: str, fields: Fields | None = None) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection(ADDRESS, self.port, timeout=60)
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode({**fields, "csrf_token": self.csrf}, doseq=True) if fields else None
        try:
            connection.request(method, address, body, headers)
            answer = connection.getresponse()
            told = answer.read().decode()
        finally:
            connection.close()
        return Answer(answer.status, answer.getheader("Location") or "", told)


@dataclass(frozen=True)
class Race:
    """An act that two want at once: on which case, by whom, with what, and the winner's line."""

    place: str
    act: Act
    ledger: Ledger
    who: tuple[str, str]
    case: Callable[[Any, Any], CaseRef]
    fields: Callable[[Moderator, str, str], Fields]


def _page(moderator: Moderator, address: str) -> FilledForm:
    answer = moderator.ask("GET", address)
    assert answer.status == 200, answer
    return FilledForm(answer.body)


def _reason(moderator: Moderator, address: str, word: str) -> Fields:
    return TICKED | {"reason": f"motif de {word}", "flags_reason": f"relu par {word}"}


def _edited(moderator: Moderator, address: str, word: str) -> Fields:
    return dict(_page(moderator, address).sent(title=f"Titre de {word}", reason=f"par {word}"))


def _ready(desk: Any, _engine: Engine) -> CaseRef:
    return desk.ready()  # type: ignore[no-any-return]


def _draft(desk: Any, _engine: Engine) -> CaseRef:
    return desk.draft()  # type: ignore[no-any-return]


def _to_erase(desk: Any, engine: Engine) -> CaseRef:
    filed: CaseRef = desk.published()
    with writing(engine) as pen:
        acts.approve(pen, filed.id, by=desk.cast.chloe, purpose="erase")
    return filed


RACES = {
    "publish": Race("publier", Act.PUBLISHED, Ledger.PUBLIC, ("bruno", "ada"), _ready, _reason),
    "claim": Race("prendre", Act.CLAIMED, Ledger.DESK, ("bruno", "chloe"), _draft, _reason),
    "edit": Race("modifier", Act.EDITED, Ledger.DESK, ("bruno", "chloe"), _draft, _edited),
    # The same member in two windows: a second voice must be another person's.
    "approve": Race("approuver", Act.APPROVED, Ledger.DESK, ("chloe", "chloe"), _draft, _reason),
    "erase": Race(
        "effacer",
        Act.ERASED,
        Ledger.PUBLIC,
        ("ada", "ada"),
        _to_erase,
        lambda _moderator, _address, _word: {"restriction": "erreur"},
    ),
}
# What comes back with the refusal, of what each of them had typed.
KEPT = {"publish": ("motif de {}",), "edit": ("Titre de {}", "par {}")}


@contextmanager
def _two_servers(settings: Settings, backend: str) -> Iterator[tuple[int, int]]:
    with ExitStack() as stack:
        ports = []
        for _ in range(2):
            served, port = stack.enter_context(
                serving(
                    settings,
                    WORKERS[backend],
                    REGISTER_DATABASE_URL=settings.database_url,
                    REGISTER_REQUIRE_2FA="off",
                )
            )
            assert "prêt" in served.first_line()
            ports.append(port)
        yield ports[0], ports[1]


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """An application that signs people in; the two servers are others."""
    made = create_app(settings)
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("name", RACES)
def test_of_two_moderators_one_acts_and_the_other_keeps_what_they_typed(
    name: str, app: Flask, settings: Settings, engine: Engine, desk: Any, cast: Any
) -> None:
    race, backend = RACES[name], engine.dialect.name
    won: Counter[int] = Counter()
    with _two_servers(settings, backend) as ports, ThreadPoolExecutor(2) as threads:
        two = [
            Moderator(app, getattr(cast, who), port)
            for who, port in zip(race.who, ports, strict=True)
        ]
        pids = {moderator.ask("GET", "/pid").body for moderator in two}
        assert len(pids) == 2
        for turn in range(ROUNDS):
            filed = race.case(desk, engine)
            before = _heads(engine)
            answers = _both(threads, two, race, filed, engine, turn)
            winner = _require_one(name, race, filed, answers, turn)
            won[winner] += 1
            _require_lines(engine, race, filed, before, two[winner].member)
    print(f"{name}, {backend}: {ROUNDS} rounds, the first process won {won[0]}")
    with Session(engine) as session:
        assert list(verify(session)) == []


def _heads(engine: Engine) -> dict[Ledger, int]:
    with Session(engine) as session:
        return {ledger: head(session, ledger).seq for ledger in Ledger}


def _both(
    threads: ThreadPoolExecutor,
    two: list[Moderator],
    race: Race,
    filed: CaseRef,
    engine: Engine,
    turn: int,
) -> list[Answer]:
    """Both look at the case as it is, then send at the same moment."""
    address = f"/moderation/dossiers/{filed.id}/{race.place}"
    with Session(engine) as session:
        seen = str(session.get_one(Incident, filed.id).revision_id)
    barrier = threading.Barrier(2)

    def send(moderator: Moderator, fields: Fields) -> Answer:
        barrier.wait(30)
        return moderator.ask("POST", address + _purpose(race), fields)

    told = [
        {**race.fields(moderator, address, _word(place, turn)), "vu": seen}
        for place, moderator in enumerate(two)
    ]
    tasks = [threads.submit(send, *one) for one in zip(two, told, strict=True)]
    return [task.result(90) for task in tasks]


def _purpose(race: Race) -> str:
    return "" if race.act != Act.APPROVED else "?pour=publication"


def _word(place: int, turn: int) -> str:
    return f"zinzolin-{'ab'[place]}-{turn}"


def _require_one(name: str, race: Race, filed: CaseRef, answers: list[Answer], turn: int) -> int:
    assert sorted(answer.status for answer in answers) == [303, 409], (turn, answers)
    winner = 0 if answers[0].status == 303 else 1
    assert answers[winner].location.startswith(f"/moderation/dossiers/{filed.id}")
    shown = unescape(answers[1 - winner].body)
    for kept in KEPT.get(name, ()):
        assert kept.format(_word(1 - winner, turn)) in shown, (turn, shown)
    if name == "edit":
        # Both versions, side by side.
        assert f"Titre de {_word(winner, turn)}" in shown.replace("</ins>", ""), (turn, shown)
    return winner


def _require_lines(
    engine: Engine, race: Race, filed: CaseRef, before: dict[Ledger, int], member: int
) -> None:
    with Session(engine) as session:
        added = [
            (entry.ledger, entry.act, entry.incident_id, entry.member_id)
            for ledger, seq in before.items()
            for entry in session.scalars(
                select(JournalEntry).where(
                    JournalEntry.ledger == ledger.value, JournalEntry.seq > seq
                )
            )
        ]
    assert added == [(race.ledger.value, race.act.value, filed.id, member)]
