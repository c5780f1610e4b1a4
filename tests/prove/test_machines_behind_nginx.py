"""Two machines behind one proxy: one PostgreSQL, one Redis, one seal key, two of all else."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import attested_acts as acts
import pytest
from case_contents import a_case
from cast import hire, publish_case
from databases import init_on_server, open_engine
from raw_http import free_port, get, parse_response, send_raw, until
from report_clients import ReportClient, Serve
from report_factory import WORDS
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from benchmarks import cluster
from register.journal import head, writing
from register.operations import setup
from register.operations.missing_data import lost_keys
from register.reports.models import Report
from register.search.engine_interface import open_search_engine

pytestmark = pytest.mark.prove

REPORTS = 20
NGINX = """
daemon off; pid {folder}/pid; error_log /dev/null emerg;
events {{ worker_connections 200; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream machines {{ {servers} }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://machines;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $http_x_source;
      proxy_next_upstream error timeout;
    }}
  }}
}}
"""


@contextmanager
def running_redis():
    folder = Path(tempfile.mkdtemp())
    options = ["--port", "0", "--unixsocket", str(folder / "s"), "--save", ""]
    process = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL, cwd=folder)
    try:
        until((folder / "s").exists)
        yield f"redis+unix://{folder}/s"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


@contextmanager
def running_nginx(ports):
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    port = free_port()
    servers = " ".join(f"server 127.0.0.1:{each} max_fails=1 fail_timeout=2s;" for each in ports)
    (folder / "conf").write_text(NGINX.format(folder=folder, servers=servers, port=port))
    process = subprocess.Popen(["nginx", "-p", folder, "-c", folder / "conf"])
    try:
        until(partial(_answers, port), 20)
        yield port
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


def _answers(port):
    with suppress(OSError):
        return send_raw(port, get(b"/healthz"))[0] == 200
    return False


@pytest.fixture(scope="module")
def settings(registers, tmp_path_factory):
    """Those of the first machine, whose register exists."""
    folder = tmp_path_factory.mktemp("machines")
    with (
        cluster.running_server(cluster.postgres_programs()) as server,
        registers.new("sqlite", folder) as plain,
    ):
        server.execute("CREATE DATABASE register", "CREATE DATABASE keys")
        yield init_on_server(
            plain,
            database_url=server.url("register"),
            key_store_url=server.url("keys"),
            seal_dir=folder / "first",
        )


@contextmanager
def machine(settings, number, redis_url):
    """A machine with folders of its own, and a copy of the seal key."""
    folder = settings.instance.parent / f"machine{number}"
    (folder / "seal").mkdir(parents=True, mode=0o700)
    shutil.copy(settings.seal_dir / "seal.key", folder / "seal")
    served = Serve(
        replace(settings, instance=folder / "instance", seal_dir=folder / "seal"),
        free_port(),
        REGISTER_DATABASE_URL=settings.database_url,
        REGISTER_KEY_STORE_URL=settings.key_store_url,
        REGISTER_LIMITER_URL=redis_url,
        REGISTER_TRUSTED_PROXIES="1",
    )
    try:
        until(served.is_up, 60, served.logged)
        yield served
    finally:
        if served.process.poll() is None:
            served.end()
        served.close()


def _all_processes(number):
    yield number
    with suppress(OSError):
        for child in Path(f"/proc/{number}/task/{number}/children").read_text("ascii").split():
            yield from _all_processes(int(child))


def _worker_locks(engine):
    with engine.connect() as connection:
        return connection.exec_driver_sql(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
        ).all()


def _page(port, address):
    status, _headers, body = parse_response(_received(port, address))
    return status, body.decode()


def _received(port, address):
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        connection.sendall(get(address.encode()))
        chunks = iter(lambda: connection.recv(1 << 16), b"")
        return b"".join(chunks)


def test_two_machines_are_one_register(settings):
    with ExitStack() as stack:
        redis_url = stack.enter_context(running_redis())
        engine = stack.enter_context(open_engine(settings.database_url))
        first = stack.enter_context(machine(settings, 1, redis_url))
        # Its worker is elected before there is another one.
        until(lambda: len(_worker_locks(engine)) == 1, 20)
        second = stack.enter_context(machine(settings, 2, redis_url))
        port = stack.enter_context(running_nginx([first.port, second.port]))
        cast = hire(engine)

        # Reports: each form from one machine, in turn, is sent to the other.
        codes = []
        for number in range(REPORTS):
            citizen = ReportClient(port, lines=[f"X-Source: 192.0.2.{number}".encode()])
            codes.append(citizen.report(citizen.form(), f"{WORDS} {number}").code)
        assert all(codes)
        for served in (first, second):
            citizen = ReportClient(served.port, lines=[b"X-Forwarded-For: 192.0.2.200"])
            assert all(citizen.follow(code).status == 200 for code in codes[:4])
        with Session(engine) as session, closing(setup.key_store(settings, session)) as store:
            assert session.scalar(select(func.count()).select_from(Report)) == REPORTS
            assert lost_keys(session, store) == 0

        # What one machine publishes, or withdraws, the other shows at once.
        with writing(engine) as tx:
            case = publish_case(tx, a_case(title="zinzolin"), by=cast.chloe, second=cast.bruno)
        address = f"/incidents/{case.number}"
        for served in (first, second, first, second):
            status, text = _page(served.port, address)
            assert (status, "zinzolin" in text) == (200, True)
        tags = {_tag(served.port, address) for served in (first, second)}
        assert len(tags) == 1
        started = time.monotonic()
        index = stack.enter_context(closing(open_search_engine(settings, engine)))

        def is_indexed():
            cursor = index.cursor()
            with Session(engine) as session:
                return cursor is not None and cursor.seq == head(session).seq

        until(is_indexed, 30)
        found_after = time.monotonic() - started
        with writing(engine) as tx:
            acts.withdraw(tx, case.id, by=cast.bruno, restriction="erreur", reason="lieu")
        assert [_page(served.port, address)[0] for served in (first, second)] == [410, 410]

        # The machine of the elected worker is killed whole.
        assert len(_worker_locks(engine)) == 1
        for number in list(_all_processes(first.process.pid)):
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        first.process.wait()
        statuses = [_page(port, f"/?utm_content={number}")[0] for number in range(40)]
        assert set(statuses) == {200}
        with writing(engine) as tx:
            publish_case(tx, a_case(title="smaragdin"), by=cast.chloe, second=cast.bruno)
        started = time.monotonic()
        until(is_indexed, 60)
        moved_after = time.monotonic() - started
        assert len(_worker_locks(engine)) == 1
        citizen = ReportClient(port, lines=[b"X-Source: 192.0.2.99"])
        assert citizen.report(citizen.form(), WORDS).code
        print(f"indexed after {found_after:.1f} s, after the death {moved_after:.1f} s")


def _tag(port, address):
    headers = parse_response(_received(port, address))[1]
    return {name.lower(): field for name, field in headers.items()}["etag"]
