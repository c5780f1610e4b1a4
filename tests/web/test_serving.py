"""The processes of ``webcitoyen serve``: how they start, follow each other and end."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest
from raw_http import (
    ADDRESS,
    Served,
    command,
    connect,
    environ,
    get,
    parse_response,
    read_response,
    read_until_closed,
    send_raw,
    serving,
    until,
)
from sqlalchemy import Engine, text

from register import create_app
from register.cli import operations
from register.config import Settings
from register.server.process_start import CANNOT_START, WEB, WORKER

# Long: for ``make prove``.
pytestmark = pytest.mark.prove

TOP = Path(__file__).resolve().parents[2]
PID = b"POST /pid HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(scope="module")
def site_settings(registers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with registers.new("sqlite", tmp_path_factory.mktemp("serving")) as settings:
        yield settings


def pid(connection: socket.socket) -> tuple[int, bool]:
    """The process that answers on a connection, and whether it goes on."""
    connection.sendall(PID)
    return pid_of(read_response(connection))


def pid_of(answer: tuple[int, dict[str, str], bytes]) -> tuple[int, bool]:
    status, headers, body = answer
    assert status == 200
    return int(body), headers.get("Connection", "").lower() != "close"


def pid_at(port: int) -> int:
    """The process that answers on a port."""
    with connect(port) as connection:
        return pid(connection)[0]


# --- the command -------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("--workers", "2"), ("--no-worker",)])
def test_the_command_prints_its_address_and_ends_cleanly(
    site_settings: Settings, options: tuple[str, ...]
) -> None:
    served = Served(command("serve", "--port", "0", *options), site_settings)
    try:
        port = int(served.first_line().rpartition(":")[2])
        assert port
        until(lambda: '"event": "serving"' in served.logged())
        status, _headers, body = send_raw(port, get(b"/readyz"))
        assert (status, b"failed" in body) == (200, False)
        assert served.end(signal.SIGINT) == 0
        assert served.process.stdout.read() == ""
        log = served.logged()
        assert '"event": "serving"' in log
        assert ADDRESS not in log
        assert "Traceback" not in log
        assert "died" not in log
        assert ('"event": "following"' in log) == (options != ("--no-worker",))
        with pytest.raises(OSError):
            connect(port)
    finally:
        served.close()


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_the_command_leaves_no_transaction_open(settings: Settings, engine: Engine) -> None:
    """One that never ends would keep erased words from being vacuumed."""
    url = {"REGISTER_DATABASE_URL": settings.database_url}
    served = Served(command("serve", "--port", "0"), settings, **url)
    states = text("SELECT state FROM pg_stat_activity WHERE datname = current_database()")
    try:
        port = int(served.first_line().rpartition(":")[2])
        assert send_raw(port, get(b"/healthz"))[0] == 200

        def all_ended() -> bool:
            with engine.connect() as connection:
                return "idle in transaction" not in connection.scalars(states).all()

        until(all_ended)
    finally:
        served.end()
        served.close()


def test_the_command_refuses_a_taken_port_in_one_sentence(site_settings: Settings) -> None:
    with socket.create_server((ADDRESS, 0)) as other:
        served = Served(command("serve", "--port", str(other.getsockname()[1])), site_settings)
        try:
            assert served.process.wait(30) == 1
            assert served.logged().startswith("Impossible d’écouter")
            assert served.logged().count("\n") == 1
        finally:
            served.close()


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("::1", "http://[::1]:5000"),
        ("127.0.0.1", "http://127.0.0.1:5000"),
        ("a.b", "http://a.b:5000"),
    ],
)
def test_an_address_is_one_that_a_browser_takes(host: str, address: str) -> None:
    assert operations._address(host, 5000) == address


def test_the_parent_imports_nothing_of_the_application() -> None:
    modules = ("flask", "sqlalchemy", "gunicorn", "register.web.application", "register.db")
    code = f"""
import sys, register.server.__main__, register.server.parent
print([name for name in {modules} if name in sys.modules])"""
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=TOP)
    assert process.stdout == "[]\n", process.stderr


def test_the_check_says_whether_the_site_may_be_served(
    site_settings: Settings, tmp_path: Path
) -> None:
    for seal_dir, code, sentence in (
        (site_settings.seal_dir, 0, "Le site peut être servi.\n"),
        (tmp_path, CANNOT_START, ""),
    ):
        env = environ(replace(site_settings, seal_dir=seal_dir))
        check = subprocess.run(command("check"), env=env, capture_output=True, text=True)
        assert (check.returncode, check.stdout) == (code, sentence), check.stderr


# --- one process after another -----------------------------------------------------------------


@pytest.mark.parametrize("processes", [1, 2])
def test_hup_brings_another_process_and_term_ends_it_and_nothing_is_lost(
    site_settings: Settings, processes: int
) -> None:
    with serving(site_settings, processes) as (served, port):
        served.first_line()
        with connect(port) as idle, connect(port) as half:
            first, stays = pid(idle)
            assert stays
            half.sendall(PID.replace(b"Length: 0", b"Length: 3") + b"a")
            time.sleep(0.2)
            worker = served.child(WORKER)
            served.send(signal.SIGHUP)
            served.wait_for("renewed")
            # For two seconds, because its request may be on the way.
            assert pid(idle) == (first, False)
            half.sendall(b"bc")
            former, _stays = pid_of(read_response(half))
            assert former == first or processes == 2
            until(lambda: served.child(WORKER) != worker)
        with connect(port) as idle, connect(port) as slow, connect(port) as half:
            second, _stays = pid(idle)
            assert second not in (first, former)
            slow.sendall(get(b"/slow"))
            half.sendall(b"POST /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\na")
            time.sleep(0.2)
            served.send(signal.SIGTERM)
            time.sleep(0.2)
            half.sendall(b"bc")
            assert read_response(half)[::2] == (200, b"3")
            assert pid(idle) == (second, False)
            assert parse_response(read_until_closed(slow))[::2] == (200, b"enfin")
        assert served.process.wait(30) == 0
        for process in (first, second, worker):
            assert _is_gone(process)


def test_a_successor_that_fails_to_start_leaves_the_present_one_serving(
    registers, tmp_path: Path
) -> None:
    with registers.new("sqlite", tmp_path) as settings, serving(settings) as (served, port):
        served.first_line()
        first = pid_at(port)
        key = settings.seal_dir / "seal.key"
        key.rename(tmp_path / "away")
        served.send(signal.SIGHUP)
        served.wait_for("not_renewed")
        assert served.logged().count("clé de scellement est introuvable") == 1
        assert pid_at(port) == first
        (tmp_path / "away").rename(key)
        # A signal during a renewal is not lost.
        served.send(signal.SIGHUP)
        time.sleep(0.2)
        served.send(signal.SIGHUP)
        served.wait_for("renewed", 2, seconds=40)
        assert pid_at(port) != first


def test_a_code_that_does_not_load_leaves_the_present_one_serving(
    registers, tmp_path: Path, program: Path
) -> None:
    with (
        registers.new("sqlite", tmp_path) as settings,
        serving(settings, PYTHONPATH=path_to(program)) as (served, port),
    ):
        served.first_line()
        first = pid_at(port)
        for count, path, text in (
            (1, "register/web/application.py", "import nothing_of_that_name"),
            (2, "templates/base.html", "{% if"),
        ):
            file = program / path
            present = file.read_text("utf-8")
            file.write_text(text)
            served.send(signal.SIGHUP)
            served.wait_for("not_renewed", count)
            assert pid_at(port) == first
            file.write_text(present)
        served.send(signal.SIGHUP)
        served.wait_for("renewed")
        assert pid_at(port) != first


def test_a_first_process_that_fails_to_start_ends_the_command(
    site_settings: Settings, tmp_path: Path
) -> None:
    missing = replace(site_settings, seal_dir=tmp_path)
    with serving(missing) as (served, _port):
        assert served.process.wait(30) == CANNOT_START
        sentences = [line for line in served.logged().splitlines() if not line.startswith("{")]
        # The worker is not needed to serve, and says nothing of the key.
        assert len(sentences) == 1
        assert sentences[0].startswith("La clé de scellement est introuvable")


@pytest.mark.parametrize("processes", [1, 2])
def test_processes_that_die_are_started_again(site_settings: Settings, processes: int) -> None:
    with serving(site_settings, processes) as (served, port):
        served.first_line()
        first, web = pid_at(port), served.child(WEB)
        # gunicorn's own process watches several, and answers where it is the only one.
        assert (first == web) == (processes == 1)
        os.kill(first, signal.SIGKILL)
        # The socket goes on listening: whoever comes now waits, and is answered.
        second = pid_at(port)
        assert second != first
        # Ended by name, it finishes first, and is replaced as well.
        os.kill(second, signal.SIGTERM)
        until(lambda: pid_at(port) not in (first, second))
        third, web = pid_at(port), served.child(WEB)
        os.kill(web, signal.SIGKILL)
        served.wait_for("died", process="web")
        # The process that answers notices within a second that its parent is gone.
        until(lambda: _is_gone(third))
        assert pid_at(port) not in (first, second, third)
        assert served.child(WEB) != web
        worker = served.child(WORKER)
        os.kill(worker, signal.SIGKILL)
        served.wait_for("died", process="worker")
        until(lambda: served.child(WORKER) != worker)
        assert served.end() == 0


@pytest.mark.parametrize("processes", [1, 2])
def test_a_process_that_hangs_is_ended_and_another_one_answers(
    site_settings: Settings, processes: int
) -> None:
    with serving(site_settings, processes) as (served, port), connect(port) as hanging:
        served.first_line()
        first = pid(hanging)[0]
        hanging.sendall(get(b"/hang"))
        until(lambda: _is_gone(first), 40)
        assert pid_at(port) != first
        assert served.end() == 0


def test_a_signal_to_end_during_the_start_is_not_lost(site_settings: Settings) -> None:
    with serving(site_settings, app="raw_http:application_ended_early") as (served, _port):
        served.wait_for("died", process="web")
        assert '"code": 0' in served.logged()


def test_a_signal_to_end_is_not_lost_on_a_process_that_is_being_made(
    site_settings: Settings,
) -> None:
    with serving(site_settings, 2) as (served, _port):
        web = served.child(WEB)
        # Without a pause: it has its own handlers after some milliseconds.
        while (made := served.answering()) == web:
            pass
        os.kill(made, signal.SIGSTOP)
        served.send(signal.SIGTERM)
        time.sleep(0.3)
        os.kill(made, signal.SIGCONT)
        assert served.process.wait(10) == 0


def test_a_web_server_that_can_not_be_started_again_ends_the_command(
    registers, tmp_path: Path
) -> None:
    with registers.new("sqlite", tmp_path) as settings, serving(settings) as (served, _port):
        served.first_line()
        (settings.seal_dir / "seal.key").rename(tmp_path / "away")
        os.kill(served.child(WEB), signal.SIGKILL)
        assert served.process.wait(30) == CANNOT_START
        assert "La clé de scellement est introuvable" in served.logged()


def test_pages_are_served_without_a_worker(registers, tmp_path: Path, program: Path) -> None:
    path = program / "register" / "server" / "launch.py"
    begins = "    try:\n        app = startup_checks.load(spec)\n"
    fails = "    if name == WORKER:\n        return 3\n"
    text = path.read_text("utf-8")
    assert begins in text
    path.write_text(text.replace(begins, fails + begins), "utf-8")
    with (
        registers.new("sqlite", tmp_path) as settings,
        serving(settings, PYTHONPATH=path_to(program)) as (served, port),
    ):
        assert served.first_line() == "prêt\n"
        served.wait_for("died", 2, process="worker")
        assert send_raw(port, get(b"/readyz"))[0] == 200
        assert served.end() == 0


@pytest.fixture(params=["closed pipe", "full disk"])
def sink(request: pytest.FixtureRequest) -> Iterator[BinaryIO]:
    """A stream that takes no line of a log."""
    if request.param == "closed pipe":
        reads, writes = os.pipe()
        os.close(reads)
        yield os.fdopen(writes, "wb", 0)
        return
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    yield os.fdopen(os.open("/dev/full", os.O_WRONLY), "wb", 0)


def test_a_blocked_log_ends_no_process(site_settings: Settings, sink: BinaryIO) -> None:
    with serving(site_settings, log=sink) as (served, port):
        served.process.stdout.close()
        first = pid_at(port)
        assert send_raw(port, get(b"/late"))[0] == 500
        served.send(signal.SIGHUP)
        until(lambda: pid_at(port) != first, 15)
        os.kill(pid_at(port), signal.SIGKILL)
        assert pid_at(port) != first
        assert served.end() == 0


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A copy of the program, which may be taken apart."""
    for name in ("register", "templates", "static"):
        shutil.copytree(
            TOP / name, tmp_path / "program" / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    return tmp_path / "program"


def path_to(program: Path) -> str:
    return os.pathsep.join([str(TOP / "tests"), str(program)])


def test_serving_needs_no_program_file_after_the_start(
    registers, tmp_path: Path, program: Path
) -> None:
    with (
        registers.new("sqlite", tmp_path) as settings,
        serving(settings, PYTHONPATH=path_to(program)) as (served, port),
    ):
        served.first_line()
        program.rename(tmp_path / "away")
        for path in plain_addresses(settings):
            status, _headers, _body = send_raw(port, get(path.encode()))
            assert status < 500, path
        assert "failure" not in served.logged()


def plain_addresses(settings: Settings) -> list[str]:
    """Every address that needs no case."""
    rules = [rule for rule in create_app(settings).url_map.iter_rules() if "GET" in rule.methods]
    plain = [rule.rule for rule in rules if not rule.arguments]
    assert len(plain) > 15
    return [*plain, "/departements/93", "/communes/93032", "/regions/11", "/nulle-part", "/%00"]


@pytest.mark.parametrize(("name", "word"), [("templates", "modèles"), ("static", "feuilles")])
def test_an_installation_without_its_pages_is_one_sentence(
    site_settings: Settings, program: Path, name: str, word: str
) -> None:
    shutil.rmtree(program / name)
    python, *arguments = command("serve", "--port", "0")
    served = Served([python, "-P", *arguments], site_settings, PYTHONPATH=path_to(program))
    try:
        assert served.process.wait(30) == CANNOT_START
        assert word in served.logged()
        assert str(program / name) in served.logged()
        assert served.logged().count("\n") == 1
    finally:
        served.close()


def test_no_process_outlives_the_parent(site_settings: Settings) -> None:
    with serving(site_settings) as (served, port):
        served.first_line()
        processes = [pid_at(port), served.child(WEB), served.child(WORKER)]
        # In the middle of a renewal: what is being started ends as well.
        served.send(signal.SIGHUP)
        until(lambda: len(children(served.process.pid)) == 3)
        processes = list({*processes, *children(served.process.pid)})
        served.process.kill()
        until(lambda: all(map(_is_gone, processes)))


def children(number: int) -> list[int]:
    """The numbers of the children of a process."""
    path = Path(f"/proc/{number}/task/{number}/children")
    return [int(child) for child in path.read_text("ascii").split()]


def _is_gone(number: int) -> bool:
    with suppress(OSError):
        state = Path(f"/proc/{number}/stat").read_text("ascii").rpartition(")")[2].split()[0]
        return state == "Z"
    return True


def test_a_closed_terminal_ends_what_was_started_in_it(site_settings: Settings) -> None:
    terminal, process_side = pty.openpty()
    process = subprocess.Popen(
        command("serve", "--port", "0"),
        env=environ(site_settings),
        stdin=process_side,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=_take_the_terminal,
    )
    try:
        os.close(process_side)
        assert process.stdout.readline().startswith("Web Citoyen")
        os.close(terminal)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _take_the_terminal() -> None:
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
