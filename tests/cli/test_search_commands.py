"""``webcitoyen search``, and the finding of ``doctor`` about the index."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine as Database

from register.cli import main
from register.cli import maintenance as commands
from register.db import now
from register.search.engine_interface import IndexNotReady
from register.worker.lock import STANDSTILL_SECONDS, worker_lock

pytestmark = pytest.mark.one_database


@pytest.fixture
def run(run_on_register: Callable[..., Result]) -> Callable[..., Result]:
    """``run("search", "status")`` on a register of its own."""
    return run_on_register


def status_lines(result: Result) -> dict[str, str]:
    """The lines of ``status`` by their names."""
    return dict(line.split("\xa0: ", 1) for line in result.stdout.splitlines())


def test_status_prints_the_state_of_the_index(run, settings, desk) -> None:
    desk.published()
    absent = run("search", "status")
    assert absent.exit_code == 1
    # None; or, in a database that was used before, one of another register.
    assert status_lines(absent)["Index"].endswith("le suiveur le refera")
    rebuild = run("search", "rebuild")
    assert (rebuild.exit_code, rebuild.stdout) == (0, "Index refait.\n"), rebuild.output
    desk.published()
    status = run("search", "status")
    assert status.exit_code == 0, status.output
    lines = status_lines(status)
    assert lines["Moteur"] == settings.search
    assert lines["Index"] == "entier"
    assert lines["Cas"] == "1"
    assert lines["Lignes de retard"] == "1"
    assert lines["Ligne"].startswith("2, empreinte ")
    assert lines["Suiveur"] == "absent"
    second_rebuild = run("search", "rebuild")
    assert second_rebuild.exit_code == 0
    assert status_lines(run("search", "status"))["Cas"] == "2"


def test_a_rebuild_beside_a_worker_needs_not_its_lock(run, settings, engine: Database) -> None:
    lock = worker_lock(settings, engine)
    assert lock.hold()
    assert run("search", "rebuild").exit_code == 0
    assert status_lines(run("search", "status"))["Suiveur"] == "à l’œuvre"
    lock.release()


def test_a_rebuild_fails_while_another_process_writes_the_index(
    run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise IndexNotReady("busy")

    monkeypatch.setattr(commands, "catch_up", refuse)
    rebuild = run("search", "rebuild")
    assert rebuild.exit_code == 1
    assert "Le suiveur écrit l’index" in rebuild.stderr


def test_a_rebuild_that_cannot_write_fails_with_a_reason(registers, tmp_path, monkeypatch) -> None:
    with registers.new("sqlite", tmp_path) as settings:
        monkeypatch.setenv("REGISTER_INSTANCE", str(settings.instance))
        monkeypatch.setenv("REGISTER_SEAL_DIR", str(settings.seal_dir))
        (settings.instance / "index").write_text("in the way")
        rebuild = CliRunner().invoke(main, ["search", "rebuild"])
        assert rebuild.exit_code == 1
        assert "ne peut pas être écrit" in rebuild.stderr
        assert str(settings.instance) not in rebuild.stderr


def test_doctor_asks_for_an_index_only_while_somebody_keeps_it(
    run, settings, engine: Database
) -> None:
    assert "✓ L’index de la recherche" in run("doctor").stdout
    lock = worker_lock(settings, engine)
    assert lock.hold()
    doctor = run("doctor")
    assert doctor.exit_code == 1
    assert "✗ Un suiveur est à l’œuvre" in doctor.stdout
    lock.release()
    run("search", "rebuild")
    assert lock.hold()
    assert f"prochain suiveur. ({settings.search} -0)" in run("doctor").stdout
    lock.release()


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_doctor_names_a_worker_that_stands_still_and_nothing_that_it_left_undone(
    run, settings, engine: Database, inbox
) -> None:
    inbox.declined(now() - timedelta(days=367))
    lock = worker_lock(settings, engine)
    assert lock.hold()
    assert "✗ Des signalements sont encore là" in run("doctor").stdout
    run("search", "rebuild")
    os.utime(settings.instance, (time.time() - STANDSTILL_SECONDS - 1,) * 2)
    bad = [line for line in run("doctor").stdout.splitlines() if line.startswith("✗")]
    assert len(bad) == 1
    assert "Le suiveur ne fait plus rien" in bad[0]
    lock.release()


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_doctor_misses_a_worker_at_a_public_address(run, settings, engine, monkeypatch) -> None:
    assert "suiveur ne tourne" not in run("doctor").stdout
    monkeypatch.setenv("REGISTER_BASE_URL", "https://registre.test")
    doctor = run("doctor")
    assert "✗ Aucun suiveur ne tourne" in doctor.stdout
    lock = worker_lock(settings, engine)
    assert lock.hold()
    assert "✓ Un suiveur est à l’œuvre." in run("doctor").stdout
    lock.release()
