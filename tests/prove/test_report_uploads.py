"""Files of reports: over a slow line that is lost, under kills, in memory, on disk."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import secrets
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import chromium
import pytest
from playwright.sync_api import sync_playwright
from proxies import make_certificate, running_proxy
from raw_http import EndableThread, free_port, running, until
from report_clients import ReportClient, Serve, form_with_files
from report_factory import CODE
from slow_line import SlowLine
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.db import now
from register.evidence.upkeep import run_upkeep
from register.operations import setup
from register.reports import queries
from register.reports.models import Report
from register.reports.report_files import report_files
from register.text.dates import paris_day

pytestmark = [pytest.mark.prove, pytest.mark.parametrize("settings", ["sqlite"], indirect=True)]

FILM_HEAD = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"
FILM_BYTES = int(os.environ.get("PROVE_FILM_MB", "300")) * 1_000_000
RATE = 10_000_000  # bytes a second of the slow line
SENDINGS, KILLS, CLIENTS = int(os.environ.get("PROVE_SENDINGS", "1000")), 10, 8
FILE_COUNT, FILE_BYTES = int(os.environ.get("PROVE_FILES", "1000")), 5_000_000
FILES_OF_A_REPORT = 9
FLAT_BYTES = 30_000_000  # by which memory may grow
MARKER = b"une ligne que personne ne doit lire en clair. "


@contextmanager
def serving(settings, **variables: str) -> Iterator[Serve]:
    served = Serve(settings, free_port(), REGISTER_RATE_LIMITS="off", **variables)
    try:
        until(served.is_up, 30, served.logged)
        yield served
        assert served.end() == 0
    finally:
        served.close()


def stored(engine, store, files) -> dict[str, list[bytes]]:
    """The files of each report, whole, by its account."""
    with Session(engine) as session:
        return {
            queries.get_report(session, store, key).received.sent.account: [
                files.open(file.manifest).read() for file in report_files(session, store, key)
            ]
            for key in session.scalars(select(Report.key))
        }


# --- a slow line ------------------------------------------------------------------------------


def test_a_film_over_a_slow_line_that_is_lost_twice_gets_its_receipt(
    settings, engine, store, tmp_path
):
    film = tmp_path / "séance.mp4"
    with film.open("wb") as file:
        file.write(FILM_HEAD)
        block = secrets.token_bytes(1_000_000)
        for _ in range(FILM_BYTES // len(block)):
            file.write(block)
    losses = [FILM_BYTES // 4, FILM_BYTES // 2]
    with serving(settings) as served:
        line = SlowLine(served.port, RATE)
        with running([line]), sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium.program(), args=list(chromium.FLAGS)
            )
            page = browser.new_page(viewport={"width": 390, "height": 800})
            page.goto(f"http://127.0.0.1:{line.port}/signaler")
            page.fill("#recit", "On m’a interdit de filmer.")
            page.locator("details:has(#fichiers) > summary").first.click()
            page.set_input_files("#fichiers", film)
            for passed in losses:
                until(lambda passed=passed: line.passed > passed, 300)
                line.cut()
                page.wait_for_selector(".upload:has-text('En attente de la connexion')")
                time.sleep(3)
                line.restore()
            page.wait_for_selector(".upload:has-text('reçu et scellé')", timeout=300_000)
            # Hardly anything was sent twice.
            assert line.passed < FILM_BYTES + 20_000_000
            for step in ("verifier", "envoyer"):
                page.click(f"button[value={step}]")
                page.wait_for_selector(
                    ".code" if step == "envoyer" else "button[value=envoyer]", timeout=30_000
                )
            assert CODE.search(page.inner_text(".code"))
            stores = page.evaluate(
                "async () => [localStorage.length, sessionStorage.length, document.cookie,"
                " (await indexedDB.databases()).length, (await caches.keys()).length]"
            )
            assert stores == [0, 0, "", 0, 0]
            browser.close()
    files = setup.sealed_files(settings, store)
    with Session(engine) as session:
        key = session.scalars(select(Report.key)).one()
        [file] = report_files(session, store, key)
    reader, digest = files.open(file.manifest), hashlib.sha256()
    while chunk := reader.read(1 << 20):
        digest.update(chunk)
    original = hashlib.sha256(film.read_bytes()).hexdigest()
    assert digest.hexdigest() == file.manifest.sha256 == original


# --- kills ------------------------------------------------------------------------------------


class Sender(EndableThread):
    """Sends reports with two files, in a loop."""

    def __init__(self, port: int, number: int) -> None:
        super().__init__()
        self.port, self.number = port, number
        self.acknowledged: dict[str, list[bytes]] = {}
        self.unanswered: dict[str, list[bytes]] = {}

    def run(self) -> None:
        count = 0
        while not self.ending.is_set():
            count += 1
            account = f"Récit {self.number}-{count}."
            contents = [f"{account} {name} ".encode() * 900 for name in ("Un", "Deux")]
            try:
                form = ReportClient(self.port).form()
                self.unanswered[account] = contents
                answer = ReportClient(self.port).report_with_files(form, account, *contents)
            except OSError:
                time.sleep(0.05)
                continue
            if answer.code:
                self.acknowledged[account] = self.unanswered.pop(account)


def test_nothing_acknowledged_is_lost_and_nothing_is_half_kept_under_kills(settings, engine, store):
    port = free_port()
    variables = {"REGISTER_RATE_LIMITS": "off"}
    served = Serve(settings, port, **variables)
    try:
        until(served.is_up, 30, served.logged)
        with running([Sender(port, number) for number in range(CLIENTS)]) as senders:

            def acknowledged() -> int:
                return sum(len(sender.acknowledged) for sender in senders)

            for count in range(1, KILLS + 1):
                until(lambda count=count: acknowledged() >= count * SENDINGS // (KILLS + 1), 300)
                served.kill_all()
                served.close()
                served = Serve(settings, port, **variables)
                until(served.is_up, 30, served.logged)
            until(lambda: acknowledged() >= SENDINGS, 300)
        assert served.end() == 0
    finally:
        served.close()
    expected = {name: kept for sender in senders for name, kept in sender.acknowledged.items()}
    possible = {name: kept for sender in senders for name, kept in sender.unanswered.items()}
    files = setup.sealed_files(settings, store)
    found = stored(engine, store, files)
    assert {name: found.get(name) for name in expected} == expected
    print(f"{len(expected)} acknowledged, {len(possible)} unanswered, {len(found)} received")
    # What got no answer was received whole, or not at all.
    others = {name: kept for name, kept in found.items() if name not in expected}
    assert {name: possible.get(name) for name in others} == others
    # Two days later nothing is left of what was not received: one blob for each file.
    run_upkeep(engine, files, paris_day(now()) + timedelta(days=2))
    assert list(files.store.pending()) == []
    assert len(list(files.store.settled())) == 2 * len(found)
    assert stored(engine, store, files) == found


# --- memory, room and traces ------------------------------------------------------------------


def _memory(process: int) -> int:
    """Bytes of memory that a process has (``VmRSS``, proc(5))."""
    status = Path(f"/proc/{process}/status").read_text("ascii")
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


def test_memory_is_flat_whatever_the_number_of_files(settings, engine, store):
    with serving(settings) as served:
        worker, samples = served.answering(), []
        for count in range(-(-FILE_COUNT // FILES_OF_A_REPORT)):
            content = FILM_HEAD + secrets.token_bytes(1000) * (FILE_BYTES // 1000)
            contents = [content] * FILES_OF_A_REPORT
            citizen = ReportClient(served.port)
            numbered = (content + bytes([n]) for n, content in enumerate(contents))
            answer = citizen.report_with_files(citizen.form(), f"Récit {count}.", *numbered)
            assert answer.code, answer.status
            samples.append(_memory(worker))
            # The disk of the proof need not hold them all.
            with suppress(OSError):
                for path in (settings.instance / "evidence").glob("*/*/*"):
                    path.unlink()
    growth = max(samples) - samples[min(3, len(samples) - 1)]
    print(f"{len(samples)} reports, {samples[0] / 1e6:.0f} MB at first, {growth / 1e6:.1f} MB more")
    assert growth < FLAT_BYTES, samples


def test_no_byte_of_a_file_is_written_in_clear(settings, engine, store, tmp_path):
    trace = tmp_path / "trace"
    text = MARKER * 60_000  # three blobs
    with serving(settings) as served:
        form = ReportClient(served.port).form()
        calls = "trace=write,writev,pwrite64,pwritev,openat,memfd_create,mmap"
        with (tmp_path / "told").open("wb") as told:
            worker = str(served.answering())
            strace = subprocess.Popen(
                ["strace", "-f", "-y", "-s", "120", "-e", calls, "-o", str(trace), "-p", worker],
                stderr=told,
            )
        until(lambda: b"attached" in (tmp_path / "told").read_bytes(), 15)
        time.sleep(1)
        answer = ReportClient(served.port).report_with_files(form, "Un récit.", text)
        strace.terminate()
        strace.wait(15)
        assert answer.code
    lines = trace.read_text("utf-8", "replace").splitlines()
    blobs = [line for line in lines if "/evidence/pending/" in line and "write" in line]
    # The trace saw the blobs that were written, and the counter-proof finds its own line.
    assert len(blobs) >= 3
    assert _clear_writes([*lines, '7 write(9</tmp/x>, "que personne ne doit", 9) = 9'])
    assert _clear_writes(lines) == []
    opened = {line for line in lines if "openat" in line and re.search("O_WRONLY|O_RDWR", line)}
    assert not [line for line in opened if '"/tmp' in line and str(tmp_path) not in line]
    for path in settings.instance.rglob("*"):
        if path.is_file():
            assert MARKER[:20] not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("name", "buffered"), [("nginx", False), ("nginx", True), ("caddy", False)]
)
def test_a_proxy_of_the_examples_writes_no_byte_of_a_file(
    settings, engine, tmp_path, name, buffered
):
    folder, trace = tmp_path / "proxy", tmp_path / "trace"
    (tmp_path / "pair").mkdir()
    certificate = make_certificate(tmp_path / "pair")
    # The counter-proof: a proxy that buffers writes what it buffers.
    change = (lambda text: text.replace("proxy_request_buffering off;", "")) if buffered else str
    with (
        serving(settings, REGISTER_TRUSTED_PROXIES="1") as served,
        running_proxy(name, served.port, certificate, folder, change) as proxy,
    ):
        form = ReportClient(served.port).form()
        body, content_type = form_with_files(form, "Un récit.", MARKER * 450_000)  # 20 MB
        workers = subprocess.run(["pgrep", "-x", name], capture_output=True, text=True, check=True)
        numbers = [word for number in workers.stdout.split() for word in ("-p", number)]
        calls = "trace=write,writev,pwrite64,pwritev"
        with (tmp_path / "told").open("wb") as told:
            command = ["strace", "-f", "-y", "-s", "120", "-e", calls, "-o", str(trace), *numbers]
            strace = subprocess.Popen(command, stderr=told)
        until(lambda: b"attached" in (tmp_path / "told").read_bytes(), 15)
        time.sleep(1)
        connection = http.client.HTTPSConnection(
            "localhost", proxy.port, context=ssl._create_unverified_context(), timeout=90
        )
        headers = {"Content-Type": content_type, "Host": f"localhost:{proxy.port}"}
        connection.request("POST", "/signaler/avec-fichiers", body, headers)
        answer = connection.getresponse()
        page = answer.read().decode()
        connection.close()
        strace.terminate()
        strace.wait(15)
    assert answer.status == 200, page[:300]
    assert CODE.search(page)
    lines = trace.read_text("utf-8", "replace").splitlines()
    sockets = [line for line in _clear_writes(lines) if re.search(r"<(?:socket|TCP)", line)]
    assert sockets  # It is passed on in clear, on loopback.
    assert (len(_clear_writes(lines)) > len(sockets)) is buffered


def _clear_writes(lines: list[str]) -> list[str]:
    """Writes of the marker, wherever a piece of it begins."""
    return [line for line in lines if "write" in line and "personne ne doit" in line]


def test_a_full_disk_of_files_lets_texts_pass(settings, engine, store, tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("no small disk can be mounted")
    try:
        served = Serve(
            settings,
            free_port(),
            REGISTER_RATE_LIMITS="off",
            REGISTER_EVIDENCE_URL=str(folder / "evidence"),
        )
        with closing(served):
            until(served.is_up, 30, served.logged)
            citizen = ReportClient(served.port)
            form = citizen.form()
            refused = citizen.report_with_files(form, "Un récit.", MARKER * 100_000)
            assert refused.status == 422
            assert "plus la place" in refused.text
            assert "Un récit." in refused.text
            assert citizen.report(form, "Un récit.").code
            assert served.end() == 0
        assert [path for path in folder.rglob("*") if path.is_file()] == []
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
