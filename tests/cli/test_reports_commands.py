"""``webcitoyen purge``, and the findings of ``verify`` and ``doctor`` about reports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from cast import AT
from click.testing import Result
from sqlalchemy import update

from register.cli import maintenance as commands
from register.db import now, write_engine
from register.reports.models import Report

pytestmark = pytest.mark.one_database


@pytest.fixture
def run(
    run_on_register: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """``run("purge", at=…)`` on a register of its own."""

    def run_at(*words: str, at: datetime = AT) -> Result:
        monkeypatch.setattr(commands, "now", lambda: at)
        return run_on_register(*words)

    return run_at


def test_purge_prints_the_number_of_destroyed_reports(run, inbox, session) -> None:
    spam, waiting = inbox.spam(), inbox.waiting()
    nothing = run("purge")
    assert (nothing.exit_code, nothing.stdout) == (0, "Rien à purger aujourd’hui.\n")
    purge = run("purge", at=AT + timedelta(days=7))
    assert purge.exit_code == 0, purge.output
    assert purge.stdout == "Signalements détruits, avec leur clé\N{NO-BREAK SPACE}: 1\n"
    assert session.get_one(Report, spam.key).sealed is None
    assert session.get_one(Report, waiting.key).sealed is not None
    session.rollback()
    run("purge", at=AT + timedelta(days=37))
    run("purge", at=AT + timedelta(days=67))
    return_to_queue = run("purge", at=AT + timedelta(days=90))
    assert return_to_queue.stdout.startswith("Revenus dans la file")
    assert run("purge", at=AT + timedelta(days=90)).stdout == nothing.stdout


def test_purge_after_a_clock_jump_requires_a_confirmation(run, inbox, session) -> None:
    run("purge")
    report = inbox.spam()
    ahead = AT + timedelta(days=365)
    for _ in range(2):
        refusal = run("purge", at=ahead)
        assert (refusal.exit_code, refusal.stdout) == (1, "")
        assert "2 mars 2026" in refusal.stderr
        assert "2 mars 2027" in refusal.stderr
        assert "webcitoyen purge --confirm" in refusal.stderr
    assert session.get_one(Report, report.key).sealed is not None
    session.rollback()
    confirmed = run("purge", "--confirm", at=ahead)
    assert (confirmed.exit_code, confirmed.stdout.count("\N{NO-BREAK SPACE}: 1\n")) == (0, 1), (
        confirmed.output
    )
    session.expire_all()
    assert session.get_one(Report, report.key).sealed is None
    session.rollback()
    assert run("purge", at=ahead).exit_code == 0


def test_without_the_keys_nothing_is_purged_and_the_command_reports_it(
    run, inbox, store, settings
) -> None:
    inbox.spam()
    store.close()
    for file in settings.seal_dir.glob("keys.sqlite3*"):
        file.unlink()
    purge = run("purge", at=AT + timedelta(days=7))
    assert (purge.exit_code, purge.stdout) == (1, "")
    assert "clés des signalements" in purge.stderr
    assert not list(settings.seal_dir.glob("keys.sqlite3*"))
    doctor = run("doctor")
    assert doctor.exit_code == 1
    assert "✗ Le magasin des clés des signalements manque" in doctor.stdout


def test_verify_looks_at_reports_too(run, inbox, engine) -> None:
    report = inbox.declined(now())
    sound = run("verify")
    assert sound.exit_code == 0, sound.output
    assert "reports:1:" in sound.stdout
    doctor = run("doctor")
    assert "✓ Chaque signalement a sa clé." in doctor.stdout
    assert "✓ Aucun signalement n’attend" in doctor.stdout
    with write_engine(engine).begin() as connection:
        connection.execute(update(Report).values(state="spam", purge_on=date(2030, 1, 1)))
    broken = run("verify")
    assert broken.exit_code == 1
    assert report.key in broken.stdout
