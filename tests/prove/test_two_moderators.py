"""Two moderators send the same case's form at the same moment, each to a process of its own.

One acts and is redirected (303); the other gets a conflict (409), with the text that they had typed
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
# Processes that answer: one where everything is one file, two where it is grown.
WORKERS = {"sqlite": 1, "postgresql": 2}
TICKED = {"attribution": "y", "no_private_person": "y", "no_private_life": "y"}
Fields = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """An answer to a moderator."""

    status: int
    location: str
    body: str


class Moderator:
    """A signed-in browser on one of the two servers."""

    def __init__(self, app: Flask, member: int, port: int) -> None:
        client = MemberClient(app, member)
        cookie = client.client.get_cookie("registre")
        assert cookie
        self.member = member
        self.csrf = client.csrf
        self.cookie = f"registre={cookie.value}"
        self.port = port

    def ask(self, method: str, address: str, fields: Fields | None = None) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection(ADDRESS, self.port, timeout=60)
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        request_body = (
            urlencode({**fields, "csrf_token": self.csrf}, doseq=True) if fields else None
        )
        try:
            connection.request(method, address, request_body, headers)
            answer = connection.getresponse()
            body = answer.read().decode()
        finally:
            connection.close()
        return Answer(answer.status, answer.getheader("Location") or "", body)


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
    return TICKED | {"reason": f"motif de {word}"}


def _edited(moderator: Moderator, address: str, word: str) -> Fields:
    return dict(_page(moderator, address).sent(title=f"Titre de {word}", reason=f"par {word}"))


def _ready(desk: Any, _engine: Engine) -> CaseRef:
    return desk.ready()  # type: ignore[no-any-return]


def _draft(desk: Any, _engine: Engine) -> CaseRef:
    return desk.draft()  # type: ignore[no-any-return]


def _to_erase(desk: Any, engine: Engine) -> CaseRef:
    case: CaseRef = desk.published()
    with writing(engine) as pen:
        acts.approve(pen, case.id, by=desk.cast.chloe, purpose="erase")
    return case


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
# The typed texts that the refusal's page must contain.
TYPED_TEXTS = {"publish": ("motif de {}",), "edit": ("Titre de {}", "par {}")}


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
    signing_app = create_app(settings)
    yield signing_app
    with signing_app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("name", RACES)
def test_of_two_moderators_one_acts_and_the_other_keeps_what_they_typed(
    name: str, app: Flask, settings: Settings, engine: Engine, desk: Any, cast: Any
) -> None:
    race, backend = RACES[name], engine.dialect.name
    wins: Counter[int] = Counter()
    with _two_servers(settings, backend) as ports, ThreadPoolExecutor(2) as threads:
        moderators = [
            Moderator(app, getattr(cast, who), port)
            for who, port in zip(race.who, ports, strict=True)
        ]
        pids = {moderator.ask("GET", "/pid").body for moderator in moderators}
        assert len(pids) == 2
        for turn in range(ROUNDS):
            case = race.case(desk, engine)
            before = _heads(engine)
            answers = _send_both(threads, moderators, race, case, engine, turn)
            winner = _require_one_winner(name, race, case, answers, turn)
            wins[winner] += 1
            _require_lines(engine, race, case, before, moderators[winner].member)
    print(f"{name}, {backend}: {ROUNDS} rounds, the first process won {wins[0]}")
    with Session(engine) as session:
        assert list(verify(session)) == []


def _heads(engine: Engine) -> dict[Ledger, int]:
    with Session(engine) as session:
        return {ledger: head(session, ledger).seq for ledger in Ledger}


def _send_both(
    threads: ThreadPoolExecutor,
    moderators: list[Moderator],
    race: Race,
    case: CaseRef,
    engine: Engine,
    turn: int,
) -> list[Answer]:
    """Both open the case, then send at the same moment."""
    address = f"/moderation/dossiers/{case.id}/{race.place}"
    with Session(engine) as session:
        revision = str(session.get_one(Incident, case.id).revision_id)
    barrier = threading.Barrier(2)

    def send(moderator: Moderator, fields: Fields) -> Answer:
        barrier.wait(30)
        return moderator.ask("POST", address + _purpose(race), fields)

    forms = [
        {**race.fields(moderator, address, _word(place, turn)), "vu": revision}
        for place, moderator in enumerate(moderators)
    ]
    tasks = [
        threads.submit(send, *moderator_and_form)
        for moderator_and_form in zip(moderators, forms, strict=True)
    ]
    return [task.result(90) for task in tasks]


def _purpose(race: Race) -> str:
    return "" if race.act != Act.APPROVED else "?pour=publication"


def _word(place: int, turn: int) -> str:
    return f"zinzolin-{'ab'[place]}-{turn}"


def _require_one_winner(
    name: str, race: Race, case: CaseRef, answers: list[Answer], turn: int
) -> int:
    assert sorted(answer.status for answer in answers) == [303, 409], (turn, answers)
    winner = 0 if answers[0].status == 303 else 1
    assert answers[winner].location.startswith(f"/moderation/dossiers/{case.id}")
    page = unescape(answers[1 - winner].body)
    for text in TYPED_TEXTS.get(name, ()):
        assert text.format(_word(1 - winner, turn)) in page, (turn, page)
    if name == "edit":
        # Both versions, side by side.
        assert f"Titre de {_word(winner, turn)}" in page.replace("</ins>", ""), (turn, page)
    return winner


def _require_lines(
    engine: Engine, race: Race, case: CaseRef, before: dict[Ledger, int], member: int
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
    assert added == [(race.ledger.value, race.act.value, case.id, member)]
