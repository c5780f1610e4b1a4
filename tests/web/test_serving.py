"""The processes of ``webcitoyen serve``: how they start, follow each other and end."""

from __future__ import annotations

import importlib.util
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
    REQUESTS,
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

from register import create_app
from register.cli import operations
from register.config import Settings
from register.errors import ConfigError
from register.server import process_start, supervisor
from register.web.errors import plain_page
from register.web.headers import SECURITY_HEADERS

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


@pytest.mark.parametrize("options", [(), ("--workers", "2")])
def test_the_command_prints_its_address_and_ends_cleanly(
    site_settings: Settings, options: tuple[str, ...]
) -> None:
    strict = [] if options else ["-W", "error::ResourceWarning"]  # gunicorn leaves things open
    python, *arguments = command("serve", "--port", "0", *options)
    served = Served([python, *strict, *arguments], site_settings)
    try:
        port = int(served.first_line().rpartition(":")[2])
        assert port
        assert '"event": "serving"' in served.logged()
        status, _headers, body = send_raw(port, get(b"/readyz"))
        assert (status, b"failed" in body) == (200, False)
        assert served.end(signal.SIGINT) == 0
        assert served.process.stdout.read() == ""
        log = served.logged()
        assert '"event": "serving"' in log
        assert ADDRESS not in log
        assert "Traceback" not in log
        with pytest.raises(OSError):
            connect(port)
    finally:
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


def test_several_processes_need_gunicorn(monkeypatch: pytest.MonkeyPatch) -> None:
    process_start.require_gunicorn()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ConfigError) as raised:
        process_start.require_gunicorn()
    assert raised.value.key == "config_workers"


@pytest.mark.parametrize("module", [process_start.SUPERVISOR, supervisor.GROWN])
def test_the_parent_imports_nothing_of_the_application(module: str) -> None:
    modules = ("flask", "sqlalchemy", "waitress", "register.web.application", "register.db")
    code = f"import sys, {module}; print([name for name in {modules} if name in sys.modules])"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=TOP)
    assert process.stdout == "[]\n", process.stderr


# --- one process after another -----------------------------------------------------------------


def test_hup_brings_another_process_and_term_ends_it_and_nothing_is_lost(
    site_settings: Settings,
) -> None:
    with serving(site_settings) as (served, port):
        served.first_line()
        with connect(port) as idle, connect(port) as half:
            first, stays = pid(idle)
            assert stays
            half.sendall(PID.replace(b"Length: 0", b"Length: 3") + b"a")
            time.sleep(0.2)
            served.send(signal.SIGHUP)
            served.wait_for("renewed")
            assert pid(idle) == (first, False)
            half.sendall(b"bc")
            assert pid_of(read_response(half)) == (first, False)
        with connect(port) as idle, connect(port) as slow, connect(port) as half:
            second, _stays = pid(idle)
            assert second != first
            slow.sendall(get(b"/slow"))
            half.sendall(b"POST /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\na")
            time.sleep(0.2)
            served.send(signal.SIGTERM)
            time.sleep(0.2)
            half.sendall(b"bc")
            assert read_response(half)[::2] == (200, b"3")
            assert pid(idle) == (second, False)
            assert parse_response(read_until_closed(slow))[::2] == (200, b"enfin")
        assert served.process.wait(20) == 0
        for worker in (first, second):
            assert _is_gone(worker)


@pytest.mark.prove
def test_a_new_process_that_fails_to_start_leaves_the_old_one_serving(
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
        served.send(signal.SIGHUP)
        served.wait_for("renewed")
        assert pid_at(port) != first


def test_a_first_process_that_fails_to_start_ends_the_command(
    site_settings: Settings, tmp_path: Path
) -> None:
    for workers in (0, 1):
        with serving(replace(site_settings, seal_dir=tmp_path), workers) as (served, _port):
            assert served.process.wait(30) == 1
            sentences = [line for line in served.logged().splitlines() if not line.startswith("{")]
            assert len(sentences) == 1
            assert sentences[0].startswith("La clé de scellement est introuvable")


def test_a_worker_that_dies_is_started_again(site_settings: Settings) -> None:
    with serving(site_settings) as (served, port):
        served.first_line()
        first = pid_at(port)
        os.kill(first, signal.SIGKILL)
        # The socket goes on listening: whoever comes now waits, and is answered.
        second = pid_at(port)
        assert second != first
        assert '"event": "died"' in served.logged()
        # Ended by name, it finishes first, and is replaced as well.
        os.kill(second, signal.SIGTERM)
        served.wait_for("died", 2)
        assert pid_at(port) not in (first, second)


@pytest.mark.prove
def test_the_parent_of_gunicorn_is_started_again_and_leaves_no_worker(
    site_settings: Settings,
) -> None:
    with serving(site_settings, workers=1) as (served, port):
        served.first_line()
        first, parent = pid_at(port), served.child(supervisor.GROWN)
        os.kill(parent, signal.SIGKILL)
        served.wait_for("died")
        until(lambda: _is_gone(first))
        assert pid_at(port) != first
        assert served.child(supervisor.GROWN) != parent
        assert served.end() == 0


@pytest.mark.prove
@pytest.mark.parametrize("workers", [0, 1])
def test_pages_are_served_without_a_follower(
    registers, tmp_path: Path, program: Path, workers: int
) -> None:
    path = program / "register" / "server" / "follower.py"
    begins = 'if __name__ == "__main__":\n'
    path.write_text(path.read_text("utf-8").replace(begins, begins + "    sys.exit(3)\n"), "utf-8")
    with (
        registers.new("sqlite", tmp_path) as settings,
        serving(settings, workers, PYTHONPATH=path_to(program)) as (served, port),
    ):
        assert served.first_line() == "prêt\n"
        served.wait_for("not_started", 2, process="follower")
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


@pytest.mark.prove
@pytest.mark.parametrize("workers", [0, 1])
def test_a_blocked_log_ends_no_process(
    site_settings: Settings, workers: int, sink: BinaryIO
) -> None:
    with serving(site_settings, workers, log=sink) as (served, port):
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


@pytest.mark.prove
@pytest.mark.parametrize(("name", "word"), [("templates", "modèles"), ("static", "feuilles")])
def test_an_installation_without_its_pages_is_one_sentence(
    site_settings: Settings, program: Path, name: str, word: str
) -> None:
    shutil.rmtree(program / name)
    python, *arguments = command("serve", "--port", "0")
    served = Served([python, "-P", *arguments], site_settings, PYTHONPATH=path_to(program))
    try:
        assert served.process.wait(30) == 1
        assert word in served.logged()
        assert str(program / name) in served.logged()
        assert served.logged().count("\n") == 1
    finally:
        served.close()


def test_no_worker_outlives_its_supervisor(site_settings: Settings) -> None:
    with serving(site_settings) as (served, port):
        served.first_line()
        worker = pid_at(port)
        served.process.kill()
        until(lambda: _is_gone(worker))


def _is_gone(number: int) -> bool:
    with suppress(OSError):
        state = Path(f"/proc/{number}/stat").read_text("ascii").rpartition(")")[2].split()[0]
        return state == "Z"
    return True


@pytest.mark.prove
@pytest.mark.parametrize("options", [(), ("--workers", "1")])
def test_a_closed_terminal_ends_what_was_started_in_it(
    site_settings: Settings, options: tuple[str, ...]
) -> None:
    terminal, process_side = pty.openpty()
    process = subprocess.Popen(
        command("serve", "--port", "0", *options),
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
        assert process.wait(15) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _take_the_terminal() -> None:
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_every_option_of_the_interpreter_is_handed_on() -> None:
    options = ["-X", "dev", "-X", "utf8", "-P", "-W", "error"]
    code = (
        "from register.server.process_start import python_command; print(*python_command('name'))"
    )
    environ = os.environ | {"PYTHONPATH": str(TOP)}
    process = subprocess.run(
        [sys.executable, *options, "-c", code], capture_output=True, text=True, env=environ
    )
    command = process.stdout.split()
    assert command.count("-X") == 2, process.stderr
    assert command.count("-P") == 1
    assert {"dev", "utf8"} <= set(command)


# --- the supervisor's judgement ----------------------------------------------------------------


@pytest.mark.parametrize("ready", [True, False])
def test_signals_during_a_renewal_are_handled_after_it(ready: bool) -> None:
    """Whether that one succeeds or fails: the files may have been put right since it read them."""
    code = DEAF if ready else "raise SystemExit(3)"
    child = supervisor.Child("worker", [sys.executable, "-c", code], [])
    child.renew()
    first = child.coming
    child.renew()
    child.renew()
    assert child.coming is first
    until(lambda: child.look() or child.coming is not first)
    second = child.coming
    assert second is not None
    assert (child.serving is first) == ready
    # Once, however many signals came.
    until(lambda: child.look() or child.coming is not second)
    assert child.coming is None
    for process in child.processes:
        process.kill()


def test_a_child_that_cannot_start_is_retried_with_growing_pauses() -> None:
    child = supervisor.Child("worker", [sys.executable, "-c", "raise SystemExit(3)"], [])
    due = []
    for _ in range(9):
        child.renew()
        process = child.coming
        until(lambda process=process: process.ended)
        child.look()
        due.append(child._due - time.monotonic())
    assert 0.1 < due[0] < 0.3
    assert due == sorted(due)
    assert 29 < due[-1] < 31
    assert child.processes == []


def test_a_childs_pauses_have_an_end_of_their_own() -> None:
    failing = [sys.executable, "-c", "raise SystemExit(3)"]
    child = supervisor.Child("follower", failing, [], needed=False, longest=1.0)
    for _ in range(5):
        child.renew()
        until(lambda: child.coming.ended)
        child.look()
    assert 0.9 < child._due - time.monotonic() < 1.1


def test_the_children_of_a_killed_process_end_with_it() -> None:
    code = "import subprocess; subprocess.run(['sleep', '60'])"
    process = supervisor.Process([sys.executable, "-c", code], [])
    group = process.popen.pid
    until(lambda: len(_group(group)) == 2)
    process.kill()
    until(lambda: _group(group) == [])


def _group(number: int) -> list[int]:
    """The processes of a group that have not ended."""
    members = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _parent, group = path.read_text("ascii").rpartition(")")[2].split()[:3]
            members += [int(path.parent.name)] if group == str(number) and state != "Z" else []
    return members


def test_a_child_that_does_not_stop_is_killed(capfd: pytest.CaptureFixture[str]) -> None:
    child = supervisor.Child("worker", [sys.executable, "-c", DEAF], [])
    child.renew()
    until(lambda: child.look() or child.serving is not None)
    process = child.serving
    child.stop()
    child.see_off(5)
    assert child.leaving == [process]
    child.see_off(0)
    assert child.leaving == []
    assert process.popen.returncode == -signal.SIGKILL
    assert '"event": "killed"' in capfd.readouterr().err


DEAF = """
import socket, sys, time
line = socket.socket(fileno=int(sys.argv[1]))
line.sendall(b"ready\\n")
time.sleep(60)
"""


# --- gunicorn ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two_workers(site_settings: Settings) -> Iterator[tuple[Served, int]]:
    with serving(site_settings, workers=2) as (served, port):
        served.first_line()
        yield served, port


@pytest.fixture
def port(two_workers: tuple[Served, int]) -> int:
    return two_workers[1]


@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_every_error_answer_of_gunicorn_is_the_registers(port: int, name: str) -> None:
    data, expected = REQUESTS[name]
    status, headers, body = send_raw(port, data)
    assert status == expected
    assert {name: headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert "Server" not in headers
    assert b"gunicorn" not in body.lower()
    assert b"evil" not in body
    if status >= 400:
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert b"<h1>" in body


def test_a_terminals_signals_are_not_for_the_workers_of_gunicorn(port: int) -> None:
    worker = pid_at(port)
    for number in (signal.SIGINT, signal.SIGHUP):
        os.kill(worker, number)
    time.sleep(0.3)
    assert not _is_gone(worker)


@pytest.mark.parametrize(("name", "status"), [("bad-line", 400), ("long-etag", 431)])
def test_what_gunicorn_answers_itself_is_in_the_registers_words(
    port: int, name: str, status: int
) -> None:
    assert send_raw(port, REQUESTS[name][0])[2] == plain_page(status)


def test_gunicorn_logs_nothing_of_a_request(two_workers: tuple[Served, int]) -> None:
    served, port = two_workers
    agent = b"User-Agent: marqueur"
    for path in (b"/marqueur", b"/late?q=marqueur", b"/%ff?marqueur", b"http://[/marqueur"):
        send_raw(port, get(path, agent, b"X-Forwarded-For: 203.0.113.7"))
    with connect(port, "127.0.0.77") as connection:
        connection.sendall(b"marqueur\r\n\r\n")
        read_until_closed(connection)
    with connect(port, "127.0.0.77") as connection:
        connection.sendall(get(b"/slow?marqueur", agent))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    time.sleep(0.8)
    log = served.logged()
    assert "RuntimeError" in log  # the failure itself is logged
    for secret in ("marqueur", "127.0.0", "203.0.113.7"):
        assert secret not in log
