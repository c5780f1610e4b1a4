"""The example files, with Debian's nginx, Caddy and systemd: they serve, and keep no address.

Nothing of them is changed but names, ports, paths and the certificate. The reader comes from an
address that nothing else in the test has, and provokes every entry of a proxy's logs.
"""

from __future__ import annotations

import gzip
import http.client
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest
from proxies import PROXIED, PROXIES, Proxy, make_certificate, running_proxy
from raw_http import ADDRESS, Served, free_port, serving

from register import config
from register.config import Settings
from register.web.errors import plain_page
from register.web.headers import HSTS, SECURITY_HEADERS

pytestmark = pytest.mark.prove

TOP = Path(__file__).resolve().parents[2]
EXAMPLES = TOP / "docs" / "exemples"
READER = "127.0.0.77"
MARKER = "marqueur"


@pytest.fixture(scope="module")
def register_settings(registers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with registers.new("sqlite", tmp_path_factory.mktemp("examples")) as settings:
        yield settings


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


# --- the reader --------------------------------------------------------------------------------


def connect_reader(proxy: Proxy) -> http.client.HTTPSConnection:
    """A connection from the reader's address."""
    context = ssl._create_unverified_context()
    return http.client.HTTPSConnection(
        "localhost", proxy.port, source_address=(READER, 0), context=context, timeout=30
    )


def request(
    proxy: Proxy, path: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    """Send a request from the reader's address; the proxy's answer and its body."""
    connection = connect_reader(proxy)
    request_headers = {"Host": f"localhost:{proxy.port}", "User-Agent": MARKER}
    request_headers |= {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, body, request_headers)
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def raw(port: int, data: bytes, *, tls: bool, patient: bool = True) -> bytes:
    """Send raw bytes, over TLS or not; an impatient client closes at once."""
    received = b""
    with ExitStack() as stack, suppress(OSError):
        connection = stack.enter_context(
            socket.create_connection((ADDRESS, port), timeout=5, source_address=(READER, 0))
        )
        if tls:
            context = ssl._create_unverified_context()
            connection = stack.enter_context(
                context.wrap_socket(connection, server_hostname="localhost")
            )
        connection.sendall(data)
        while patient and (chunk := connection.recv(65536)):
            received += chunk
    return received


def provoke(proxy: Proxy) -> None:
    """Send every request that a proxy logs, except those that the register answers."""
    host = b"Host: localhost\r\nUser-Agent: marqueur\r\n"
    for tls in (True, False):
        for data in (
            b"marqueur\r\n\r\n",
            b"GET /marqueur HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\n" + host + b"X: " + b"a" * 70_000 + b"\r\n\r\n",
            b"GET /\x00 HTTP/1.1\r\n" + host + b"\r\n",
            b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 9999999\r\n\r\n" + b"x" * 9000,
        ):
            raw(proxy.port, data, tls=tls)
            raw(proxy.plain_port, data, tls=False)
    # Leaves in the middle of a body, and of a handshake.
    data = b"POST /count HTTP/1.1\r\n" + host + b"Content-Length: 5000\r\n\r\nmarqueur"
    raw(proxy.port, data, tls=True, patient=False)
    raw(proxy.port, b"\x16\x03\x01\x02\x00\x01", tls=False, patient=False)


# --- what must hold ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROXIES)
def test_pages_come_through_and_no_address_is_kept(
    name: str, register_settings: Settings, certificate: Path, tmp_path: Path
) -> None:
    with serving(register_settings, **PROXIED) as (served, register):
        served.first_line()
        with running_proxy(name, register, certificate, tmp_path / name) as proxy:
            require_pages_through_proxy(proxy)
            require_same_limits(proxy)
            provoke(proxy)
            if name == "nginx":
                require_limit(proxy)
            require_service_during_renewal(proxy, served)
            assert served.end() == 0
            answer, body = request(proxy, f"/{MARKER}")
            assert answer.status == {"nginx": 503, "caddy": 502}[name]
            assert answer.headers["Retry-After"] == {"nginx": "30", "caddy": None}[name]
            assert b"registre" in body
            require_register_page(answer, body)
            time.sleep(0.5)
        logs = proxy.written() + served.logged()
    assert READER not in logs
    assert MARKER not in logs


def require_pages_through_proxy(proxy: Proxy) -> None:
    answer, body = request(proxy, "/incidents")
    assert answer.status == 200
    assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert answer.headers["Strict-Transport-Security"] == HSTS
    assert answer.headers["Cache-Control"] == "no-cache"
    assert len(answer.headers.get_all("Cache-Control")) == 1
    revalidation, _body = request(proxy, "/incidents", If_None_Match=answer.headers["ETag"])
    assert revalidation.status == 304
    stylesheet = re.search(rb'href="(/static/css/areas/public\.[^"]+)"', body)[1].decode()
    answer, body = request(proxy, stylesheet, Accept_Encoding="gzip")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert (TOP / "static/css/page.css").read_bytes() in gzip.decompress(body)
    # The reader's own address and scheme, whatever the reader says.
    forged_headers = {"X_Forwarded_For": "203.0.113.7", "X_Forwarded_Proto": "http"}
    answer, body = request(
        proxy, "/who", X_Forwarded_Host="evil.test", Forwarded="for=1", **forged_headers
    )
    assert body.decode().split()[:2] == [READER, "https"]
    assert "evil" not in body.decode()
    answer, _body = request(proxy, "/nulle-part")
    assert answer.status == 404
    # Without TLS there is only the way to it.
    received = raw(
        proxy.plain_port,
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        tls=False,
    )
    assert received.split()[1] in (b"301", b"308")
    assert b"ocation: https://localhost" in received


def require_same_limits(proxy: Proxy) -> None:
    largest_body = b"x" * 1024 * 1024
    answer, body = request(proxy, "/count", "POST", largest_body)
    assert (answer.status, body) == (200, b"1048576")
    answer, body = request(proxy, "/count", "POST", largest_body + b"x")
    assert (answer.status, body) == (413, plain_page(413))
    answer, body = request(proxy, "/count", "POST", largest_body * 4 + b"x")
    assert answer.status == 413
    require_register_page(answer, body)
    with suppress(OSError):  # the proxy may close before all is sent
        answer, body = request(proxy, "/count", "POST", largest_body * 9)
        assert answer.status == 413
        require_register_page(answer, body)
    for path, headers in {
        "/%00": {},
        "/" + "a" * 20 * 1024: {},
        "/robots.txt": {"X": "a" * 20 * 1024},
        "/incidents": {"If_None_Match": '"a", ' * 10_000},
    }.items():
        answer, body = request(proxy, path, **headers)
        assert answer.status == 400, path[:20]
    for path in ("/healthz", "/readyz"):
        assert request(proxy, path)[0].status == 404, path
        require_register_page(answer, body)
    for method, path, status in (("GET", "/.nginx", 404), ("TRACE", "/", 405)):
        answer, body = request(proxy, path, method)
        assert answer.status == status
        require_register_page(answer, body)
    # Caddy has two words of its own for what is no request.
    received = raw(proxy.port, b"marqueur\r\n\r\n", tls=True)
    assert b"<center>" not in received
    if (proxy.folder / "nginx.conf").exists():
        assert received.startswith(b"HTTP/1.1 400 ")
        assert b"Content-Security-Policy" in received


def require_register_page(answer: http.client.HTTPResponse, body: bytes) -> None:
    """Require an answer in French, with the register's security headers, that no cache stores."""
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Strict-Transport-Security"] == HSTS
    assert answer.headers["Cache-Control"] in ("no-store", "no-cache")
    assert b"lang=fr" in body.replace(b'"', b"")
    assert b"nginx" not in body


def require_service_during_renewal(proxy: Proxy, served: Served) -> None:
    served.send(signal.SIGHUP)
    deadline = time.monotonic() + 40
    processes = set()
    while len(processes) < 2 and time.monotonic() < deadline:
        answer, body = request(proxy, "/pid", "POST", b"abc")
        assert answer.status == 200
        processes.add(body)
        time.sleep(0.05)  # within the limit of an address
    assert len(processes) == 2


def require_limit(proxy: Proxy) -> None:
    """Require that nginx limits an address, in the register's words; one connection is fast."""
    with closing(connect_reader(proxy)) as connection:
        for _ in range(900):
            connection.request("GET", "/robots.txt", headers={"Host": f"localhost:{proxy.port}"})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status == 429:
                break
    assert answer.headers["Retry-After"] == "60"
    require_register_page(answer, body)
    time.sleep(1)


def test_an_address_in_a_log_is_found(
    register_settings: Settings, certificate: Path, tmp_path: Path
) -> None:
    def log_to_file(text: str) -> str:
        return text.replace("error_log /dev/null emerg", f"error_log {tmp_path}/nginx/all.log info")

    with serving(register_settings, **PROXIED) as (served, register):
        served.first_line()
        with running_proxy(
            "nginx", register, certificate, tmp_path / "nginx", log_to_file
        ) as proxy:
            provoke(proxy)
        assert READER in proxy.written()

    def log_everything(text: str) -> str:
        return text.replace("include tls.obtain tls.renew tls.cache", "level DEBUG")

    with running_proxy(
        "caddy", free_port(), certificate, tmp_path / "caddy", log_everything
    ) as proxy:
        provoke(proxy)
        request(proxy, "/")
    assert READER in proxy.written()


def test_the_settings_of_the_example_are_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    file = EXAMPLES / "environment"
    shell = subprocess.run(
        ["env", "-i", "sh", "-c", f"set -a; . {file}; env"], capture_output=True, text=True
    )
    by_shell = dict(line.split("=", 1) for line in shell.stdout.splitlines())
    by_shell = {name: by_shell[name] for name in by_shell if name.startswith("REGISTER_")}
    lines = [line for line in file.read_text("utf-8").splitlines() if line[:1] not in ("", "#")]
    by_systemd = {name: value.strip('"') for name, value in (line.split("=", 1) for line in lines)}
    assert by_shell == by_systemd
    for name, value in by_shell.items():
        monkeypatch.setenv(name, value)
    settings = config.load()
    assert config.missing_for_public(settings) == []
    assert settings.trusted_proxies == 1


def test_the_command_runs_as_the_service_and_leaves_its_files_to_it() -> None:
    if os.geteuid() or not shutil.which("runuser"):
        pytest.skip("root only")
    attempt = subprocess.run(
        ["runuser", "-u", "daemon", "--", sys.executable, "-c", "import register"]
    )
    user = "root" if attempt.returncode else "daemon"  # who cannot read this checkout
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)  # pytest's own folders let nobody else through
        for name in ("data", "seal"):
            (folder / name).mkdir(0o700)
            shutil.chown(folder / name, user, user)
        settings = (EXAMPLES / "environment").read_text("utf-8")
        settings = settings.replace("/var/lib/webcitoyen-seal", str(folder / "seal"))
        settings = settings.replace("/var/lib/webcitoyen", str(folder / "data"))
        (folder / "environment").write_text(settings, "utf-8")
        text = (EXAMPLES / "webcitoyen").read_text("utf-8")
        text = text.replace("/etc/webcitoyen/environment", str(folder / "environment"))
        text = text.replace("/var/lib/webcitoyen", str(folder / "data"))
        text = text.replace("-u webcitoyen", f"-u {user}")
        text = text.replace("/opt/webcitoyen/.venv/bin", str(Path(sys.executable).parent))
        (folder / "command").write_text(text, "utf-8")
        for words in (["init"], ["check"], ["verify"]):
            run = subprocess.run(
                ["sh", str(folder / "command"), *words], capture_output=True, text=True
            )
            assert run.returncode == 0, run.stderr + run.stdout
        owners = {path.owner() for name in ("data", "seal") for path in (folder / name).rglob("*")}
        assert owners == {user}


def test_the_units_are_understood_by_systemd(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze")
    units = []
    for example in EXAMPLES.glob("*.service"):
        text = example.read_text("utf-8")
        text = text.replace("/opt/webcitoyen/.venv/bin", str(Path(sys.executable).parent))
        text = re.sub(r"^(User|Group)=webcitoyen$", r"\1=daemon", text, flags=re.MULTILINE)
        units.append(tmp_path / example.name)
        units[-1].write_text(text)
    assert len(units) == 5
    verification = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, units)], capture_output=True, text=True
    )
    assert (verification.returncode, verification.stderr) == (0, "")


def test_systemd_is_notified_when_requests_are_answered(
    register_settings: Settings, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        with serving(register_settings, NOTIFY_SOCKET=str(tmp_path / "notify")) as (served, _port):
            assert manager.recv(100) == b"READY=1"
            assert served.end() == 0
            assert manager.recv(100) == b"STOPPING=1"
