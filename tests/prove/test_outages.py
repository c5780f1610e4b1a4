"""Outages under a register that is served: nothing acknowledged is lost, and it recovers alone.

Meanwhile ``webcitoyen doctor`` is one sentence on the cause.
"""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from databases import Registers, init_on_server, seal_folder
from full_disk import MEANS
from raw_http import command, environ, free_port, until
from report_clients import ReportClient, Serve
from test_reports_kills import is_opened_by_code, reporters

from benchmarks import cluster
from benchmarks.cluster import PostgresServer
from register.config import Settings

pytestmark = pytest.mark.prove

WORDS = "Le maire a fait éteindre ma caméra."
STOPS = 2


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server that may be stopped."""
    with cluster.running_server(cluster.postgres_programs()) as started:
        started.execute("CREATE DATABASE register")
        yield started


def control(server: PostgresServer, *words: str) -> None:
    """Run pg_ctl on a server, as the account that it has."""
    owner: dict[str, object] = {}
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        owner = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    options = f"-c listen_addresses='' -c unix_socket_directories={server.socket}"
    pg_ctl = [server.tools / "pg_ctl", "-w", "-D", server.socket / "data", "-o", options, *words]
    quiet = subprocess.DEVNULL
    subprocess.run(pg_ctl, check=True, cwd=server.socket, stdout=quiet, stderr=quiet, **owner)


@contextmanager
def serving(settings: Settings, *options: str, **variables: str) -> Iterator[Serve]:
    served = Serve(settings, free_port(), *options, REGISTER_RATE_LIMITS="off", **variables)
    try:
        until(served.is_up, 60, served.logged)
        yield served
    finally:
        served.close()


def doctor(settings: Settings, **variables: str) -> list[str]:
    """What ``doctor`` finds wrong; in an outage, all that it says."""
    env = environ(settings) | variables
    run = subprocess.run(command("doctor"), env=env, capture_output=True, text=True)
    bad = [line for line in run.stdout.splitlines() if line.startswith("✗")]
    assert (run.returncode, run.stderr) == (int(bool(bad)), "")
    return bad


def test_a_postgresql_server_that_crashes_and_comes_back_loses_nothing_acknowledged(
    own_server: PostgresServer, registers: Registers, tmp_path: Path
) -> None:
    with registers.new("sqlite", tmp_path) as plain:
        settings = init_on_server(
            plain, database_url=own_server.url("register"), seal_dir=tmp_path / "keys"
        )
        # What a move would have left.
        (plain.instance / "register.sqlite3").unlink()
        url = {"REGISTER_DATABASE_URL": settings.database_url}
        said, waits = [], []
        with serving(settings, **url) as served:
            with reporters(served.port) as threads:

                def acknowledged() -> int:
                    return sum(len(thread.acknowledged) for thread in threads)

                for _stop in range(STOPS):
                    before = acknowledged()
                    until(lambda before=before: acknowledged() >= before + 20, 60)
                    control(own_server, "-m", "immediate", "stop")
                    started = time.monotonic()
                    assert ReportClient(served.port).get("/incidents").status == 503
                    waits.append(time.monotonic() - started)
                    said += doctor(settings, **url)
                    control(own_server, "-l", str(own_server.socket / "server.log"), "start")
                    until(served.is_up, 30, served.logged)
                before = acknowledged()
                until(lambda: acknowledged() >= before + 20, 60)
            codes = {
                account: code for thread in threads for account, code in thread.acknowledged.items()
            }
            refused = sum(len(thread.odd_statuses) for thread in threads)
            lost = [
                account
                for account, code in codes.items()
                if not is_opened_by_code(served.port, account, code)
            ]
            lines = served.logged().count('"event": "failure"')
            assert served.end() == 0
        print(
            f"{len(codes)} acknowledged over {STOPS} crashes, {len(lost)} lost; {refused} forms"
            f" came back; first reader {max(waits):.2f} s; {lines} lines of failures"
        )
        assert lost == []
        assert max(waits) < 3
        assert len(said) == STOPS
        assert all("Le serveur PostgreSQL ne répond pas" in sentence for sentence in said)
        # By cause, not by request.
        assert lines < 20 < refused
        assert doctor(settings, **url) == []


def test_keys_that_are_unmounted_and_mounted_again_cost_no_report(
    registers: Registers, tmp_path: Path
) -> None:
    with registers.new("sqlite", tmp_path) as settings, serving(settings) as served:
        citizen = ReportClient(served.port)
        first = citizen.report(citizen.form(), WORDS)
        keys = seal_folder(settings)
        form = citizen.form()
        keys.rename(tmp_path / "unmounted")
        keys.mkdir(mode=0o700)
        refused = citizen.report(form, WORDS)
        assert (refused.status, refused.code, WORDS in refused.text) == (503, "", True)
        assert citizen.get("/incidents").status == 200
        assert citizen.get("/signaler").status == 200
        (sentence,) = doctor(settings)
        assert "La clé de scellement est introuvable" in sentence
        assert not list(keys.iterdir())
        keys.rmdir()
        (tmp_path / "unmounted").rename(keys)
        assert citizen.report(form, WORDS).code
        assert WORDS in citizen.follow(first.code).text
        assert doctor(settings) == []


@pytest.mark.skipif("disk" not in MEANS, reason="no right to mount a small disk")
@pytest.mark.parametrize("folder", ["instance", "seal"])
def test_doctor_names_a_full_disk_and_readers_read_on(
    registers: Registers, tmp_path: Path, folder: str
) -> None:
    with registers.new("sqlite", tmp_path) as settings:
        place = settings.instance if folder == "instance" else seal_folder(settings)
        with MEANS["disk"](place) as disk, serving(settings) as served:
            disk.filled(0)
            (sentence,) = doctor(settings)
            assert "Un disque est plein" in sentence
            assert str(place) in sentence
            assert ReportClient(served.port).get("/incidents").status == 200
            disk.freed(0)
            assert not [line for line in doctor(settings) if "est plein" in line]


def test_a_writer_that_stands_still_is_named_by_its_number(
    registers: Registers, tmp_path: Path
) -> None:
    hold = (
        "import sqlite3, sys, time\n"
        "sqlite3.connect(sys.argv[1], isolation_level=None).execute('BEGIN IMMEDIATE')\n"
        "print('held', flush=True); time.sleep(300)"
    )
    with registers.new("sqlite", tmp_path) as settings, serving(settings) as served:
        citizen = ReportClient(served.port)
        database = str(settings.instance / "register.sqlite3")
        program = [command()[0], "-c", hold, database]
        with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout.readline() == "held\n"
            form = citizen.form()
            refused = citizen.report(form, WORDS)
            assert (refused.status, refused.code, WORDS in refused.text) == (503, "", True)
            (sentence,) = doctor(settings)
            assert f"({writer.pid})" in sentence
            assert citizen.get("/incidents").status == 200
            # As the sentence says.
            writer.send_signal(signal.SIGKILL)
        assert citizen.report(form, WORDS).code
        assert doctor(settings) == []


def test_a_bucket_and_a_redis_that_are_away_are_a_sentence_each(
    registers: Registers, tmp_path: Path
) -> None:
    away = {
        "REGISTER_EVIDENCE_URL": f"s3://evidence?endpoint=http://127.0.0.1:{free_port()}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "eu-west-3",
    }
    redis = {"REGISTER_LIMITER_URL": f"redis://127.0.0.1:{free_port()}/0"}
    with registers.new("sqlite", tmp_path) as settings:
        (sentence,) = doctor(settings, **away)
        assert "La place des fichiers joints ne répond pas" in sentence
        (sentence,) = doctor(settings, **redis)
        assert "Redis ne répond pas" in sentence
