"""Whoever reads every public page each second cannot tell that a report came in.

A town hall that polls the site knows who was in the room. Were a number, a tag or a time to move
with a report, it would know the minute, and then the person.
"""

from __future__ import annotations

import random
import re
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from cast import Cast
from raw_http import get, send_raw, serving, until
from report_clients import ReportClient
from report_factory import WORDS
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from register import create_app
from register.config import Settings
from register.db import db, now
from register.journal import writing
from register.key_store import KeyStore
from register.reports import acts
from register.reports.models import Report, ReportState

pytestmark = pytest.mark.prove

ROUNDS = 25  # in which something comes in, and as many in which nothing does
PAUSE = 0.3  # seconds that a report and a decision take, about
NOISE = 0.25  # of a median
TOLERANCE = 0.0008  # seconds by which two medians of the same may be apart

# The parts that differ between any two answers.
_MASKED = re.compile(rb'(name="jeton" value=")[^"]*|(?m:^date: [^\r\n]*)', re.IGNORECASE)


def public_addresses(settings: Settings) -> Iterator[str]:
    """Every address that a stranger may ask for, feeds and files among them."""
    app = create_app(settings)
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint.split(".")[0] in MEMBER_BLUEPRINTS:
            continue
        if rule.arguments <= {"number", "code"}:
            code = {"departements": "28", "regions": "24"}.get(rule.rule.split("/")[1], "28085")
            path = re.sub(r"<(?:\w+:)?number>", "1", rule.rule)
            yield re.sub(r"<(?:\w+:)?code>", code, path)
    yield from ("/incidents?q=conseil", "/incidents?commune=28085&page=1", "/nulle-part")
    with app.app_context():
        db.engine.dispose()


MEMBER_BLUEPRINTS = {"moderation", "account"}


@dataclass
class Outsider:
    """Requests every address again and again, and records the answers and how long they take."""

    port: int
    paths: list[str]
    answers: dict[str, set[tuple[int, bytes, bytes]]] = field(default_factory=dict)

    def round(self, durations: dict[str, list[float]]) -> None:
        for path in self.paths:
            start = time.perf_counter()
            request = get(path.encode(), b"Via: 1.1 proxy")  # not from the machine itself
            status, headers, body = send_raw(self.port, request)
            durations.setdefault(path, []).append(time.perf_counter() - start)
            header_lines = "\n".join(f"{name}: {value}" for name, value in sorted(headers.items()))
            masked = _MASKED.sub(rb"\1", header_lines.encode()), _MASKED.sub(rb"\1", body)
            self.answers.setdefault(path, set()).add((status, *masked))


def test_an_outsider_who_polls_cannot_tell_that_a_report_came_in(
    settings: Settings, engine: Engine, store: KeyStore, cast: Cast, desk
) -> None:
    for number in range(3):
        desk.published(title=f"Interdiction de filmer le conseil, {number}")
    chance = random.Random(6)
    # Each turn something comes in just before he looks, or a reader was there who sent nothing: a
    # server that did something a moment ago is quicker, whatever it was.
    turns = [True, False] * ROUNDS
    chance.shuffle(turns)
    durations: dict[bool, dict[str, list[float]]] = {True: {}, False: {}}
    with serving(settings, REGISTER_DATABASE_URL=settings.database_url) as (served, port):
        served.first_line()
        outsider = Outsider(port, list(public_addresses(settings)))
        assert len(outsider.paths) > 30
        until(lambda: send_raw(port, get(b"/incidents?q=conseil"))[0] == 200)
        time.sleep(2)  # the follower has made the index
        outsider.round({})
        for number, sends_report in enumerate(turns):
            # Not more of one address than it may send.
            reporter = ReportClient(port, f"127.0.0.{77 + number % 10}")
            form = {"jeton": reporter.form(), "recit": f"{WORDS} {number}"}
            if sends_report:
                assert reporter.post("/signaler", {**form, "etape": "envoyer"}).code
                _at_the_desk(engine, store, cast)
            else:
                # Somebody looks at what they would send, and thinks better of it.
                assert reporter.post("/signaler", {**form, "etape": "verifier"}).status == 200
                time.sleep(PAUSE)
            outsider.round(durations[sends_report])
        assert served.end() == 0
    # Not one byte, header or status that moved, on any page.
    changed = {path: len(answers) for path, answers in outsider.answers.items() if len(answers) > 1}
    assert changed == {}
    medians_after_report = {
        path: statistics.median(times) for path, times in durations[True].items()
    }
    medians_without_report = {
        path: statistics.median(times) for path, times in durations[False].items()
    }
    differing = {
        path: (
            round(medians_without_report[path] * 1000, 2),
            round(medians_after_report[path] * 1000, 2),
        )
        for path in medians_without_report
        if abs(medians_after_report[path] - medians_without_report[path])
        > max(TOLERANCE, NOISE * medians_without_report[path])
    }
    median_without_report, median_after_report = (
        statistics.median(medians_without_report.values()),
        statistics.median(medians_after_report.values()),
    )
    print(
        f"{settings.search}: {len(medians_without_report)} addresses, {ROUNDS} reports;"
        " a page takes "
        f"{median_without_report * 1000:.2f} ms, {median_after_report * 1000:.2f} once one came;"
        f" apart: {differing}"
    )
    assert len(differing) <= len(medians_without_report) // 20


def _at_the_desk(engine: Engine, store: KeyStore, cast: Cast) -> None:
    """Claim and decline a report; an outsider must not notice the acts of members either."""
    with Session(engine) as session:
        key = session.scalars(
            select(Report.key).where(Report.state == ReportState.RECEIVED)
        ).first()
    assert key
    with writing(engine, now()) as pen:
        acts.claim(pen, key, by=cast.bruno)
    with writing(engine, now()) as pen:
        acts.decline(pen, store, key, "doublon", by=cast.bruno, sentence="Déjà connu.")
