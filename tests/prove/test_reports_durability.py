"""What an acknowledgement is worth: the key and the report are on disk before it is written.

And where they cannot be, nobody is told that they are: the form comes back with what was typed.
"""

from __future__ import annotations

import sqlite3
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from databases import seal_folder
from full_disk import MEANS
from raw_http import until
from report_clients import HttpAnswer, ReportClient, Serve, fields, free_port
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from strace import is_kept_first, steps, traced, written_to

from register import key_store
from register.config import Settings
from register.reports.models import Report
from register.reports.web import public_forms
from register.server.supervisor import WORKER

pytestmark = [
    pytest.mark.prove,
    # What is proved here is the embedded default: two files, and the order in which they are kept.
    pytest.mark.parametrize("settings", ["sqlite"], indirect=True),
]

WORDS = "Le maire a fait éteindre ma caméra."
CLIENTS = 8
# As many as may wait; those who read have threads of their own.
WAITING = public_forms.MAX_WAITING
SHORT, LONG = 3, 30  # seconds that somebody else holds the database


@contextmanager
def serving(settings: Settings, **more: str) -> Iterator[Serve]:
    served = Serve(settings, free_port(), REGISTER_RATE_LIMITS="off", **more)
    try:
        until(served.is_up, 30, served.logged)
        yield served
        assert served.end() == 0
    finally:
        served.close()


def _reports(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(Report)) or 0


# --- the order of what reaches the disk -------------------------------------------------------

TRACE = """\
7 fdatasync(9</s/keys.sqlite3-wal> <unfinished ...>
8 futex(0x1) = 0
7 <... fdatasync resumed>) = 0
7 fdatasync(8</i/register.sqlite3-wal>) = 0
8 sendto(5<socket:[77]>, "HTTP/1.1 200 OK\\r\\nCache", 900, 0, NULL, 0) = 900
"""


@pytest.mark.parametrize(
    ("changed", "holds"),
    [
        (TRACE, True),
        (TRACE.replace("resumed>) = 0", "resumed>) = -1 EIO (Input/output error)"), False),
        (TRACE.replace("keys.", "other."), False),
        (TRACE.replace("register.", "other."), False),
        ("\n".join(sorted(TRACE.splitlines(), key=lambda line: "sendto" not in line)), False),
        ("\n".join(TRACE.splitlines()[3:] + TRACE.splitlines()[:3]), False),
        (TRACE.replace("200 OK", "503 Service Unavailable"), False),
    ],
    ids=range(7),
)
def test_a_trace_of_system_calls_is_parsed(settings: Settings, changed: str, holds: bool) -> None:
    """The counter-proof: an order that keeps nothing is noticed."""
    assert is_kept_first(steps(changed)) is holds


def test_key_and_report_are_on_disk_before_the_acknowledgement(
    settings: Settings, tmp_path: Path
) -> None:
    with serving(settings) as served:
        citizen = ReportClient(served.port)
        citizen.report(citizen.form(), WORDS)
        form = citizen.form()
        with traced(served.child(WORKER), tmp_path / "sent"):
            sent = citizen.report(form, WORDS)
        # An answer on /suivi has no key of its own: the report's is there already.
        page = citizen.follow(sent.code)
        with traced(served.child(WORKER), tmp_path / "written"):
            written = citizen.write(page, "/suivi/message", message=f"J’ajoute : {WORDS}")
    assert sent.code
    assert written.status == 200
    told = steps((tmp_path / "sent").read_text("utf-8"))
    print(told)
    assert is_kept_first(told), told
    told = steps((tmp_path / "written").read_text("utf-8"))
    assert "register.sqlite3-wal" in told[: told.index("answer")], told


@pytest.mark.parametrize("length", [10_000, 300_000])
def test_a_text_however_long_lies_in_no_temporary_file(
    settings: Settings, tmp_path: Path, length: int
) -> None:
    (tmp_path / "tmp").mkdir()
    with serving(settings, TMPDIR=str(tmp_path / "tmp")) as served:
        citizen = ReportClient(served.port)
        form = citizen.form()
        with traced(served.child(WORKER), tmp_path / "sent"):
            answer = citizen.report(form, "é" * length)
    assert answer.status in (200, 422)
    written = written_to((tmp_path / "sent").read_text("utf-8"))
    places = (f"{settings.instance}/", f"{settings.seal_dir}/")
    assert [path for path in written if not path.startswith(places)] == []


# --- somebody else has the database -----------------------------------------------------------


@contextmanager
def locked(file: Path, seconds: float) -> Iterator[threading.Event]:
    """Hold a database as another process would, for so long; the event says that it is over."""
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        connection = sqlite3.connect(file, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        held.set()
        time.sleep(seconds)
        connection.execute("ROLLBACK")
        connection.close()
        over.set()

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(10)
    try:
        yield over
    finally:
        holder.join()


def _register(settings: Settings) -> Path:
    return settings.instance / "register.sqlite3"


def _keys(settings: Settings) -> Path:
    return seal_folder(settings) / key_store.STORE_FILE


FILES: dict[str, Callable[[Settings], Path]] = {"register": _register, "keys": _keys}


def _all_at_once(citizen: ReportClient, forms: list[str]) -> list[HttpAnswer]:
    with ThreadPoolExecutor(len(forms)) as clients:
        return list(clients.map(lambda form: citizen.report(form, f"{WORDS} {form}"), forms))


@pytest.mark.parametrize("which", FILES)
def test_a_database_that_is_busy_for_a_moment_costs_nobody_their_report(
    settings: Settings, engine: Engine, which: str
) -> None:
    with serving(settings) as served:
        citizen = ReportClient(served.port)
        forms = [citizen.form() for _ in range(CLIENTS)]
        begun = time.monotonic()
        with locked(FILES[which](settings), SHORT) as over:
            answers = _all_at_once(citizen, forms)
            assert over.is_set()
        print(f"{which}: {len(answers)} sent in {time.monotonic() - begun:.1f} s")
        assert all(answer.code for answer in answers)
    assert _reports(engine) == CLIENTS


def _takes(citizen: ReportClient, path: str) -> float:
    begun = time.monotonic()
    assert citizen.get(path).status == 200
    return (time.monotonic() - begun) * 1000


def _read(citizen: ReportClient, goes_on: Callable[[int], bool]) -> list[float]:
    """What pages take, in milliseconds, one after the other."""
    took: list[float] = []
    while goes_on(len(took)):
        took += [_takes(citizen, path) for path in ("/incidents", "/signaler")]
        time.sleep(0.02)
    return took


@pytest.mark.parametrize("which", FILES)
def test_a_database_that_is_busy_for_long_gives_the_form_back(
    settings: Settings, engine: Engine, which: str
) -> None:
    with serving(settings) as served:
        citizen = ReportClient(served.port)
        page = citizen.follow(citizen.report(citizen.form(), WORDS).code)
        forms = [citizen.form() for _ in range(WAITING)]
        before = _read(citizen, lambda count: count < 40)
        with locked(FILES[which](settings), LONG) as over, ThreadPoolExecutor(1) as beside:
            sending = beside.submit(_all_at_once, citizen, forms)
            meanwhile = _read(citizen, lambda _count: not sending.done())
            answers = sending.result()
            written = citizen.write(page, "/suivi/message", message=f"J’ajoute : {WORDS}")
            assert not over.is_set()
        told = f"{statistics.median(before):.1f} ms, meanwhile {statistics.median(meanwhile):.1f}"
        print(f"{which}: a page takes {told}, at most {max(before):.1f} and {max(meanwhile):.1f}")
        for answer, form in zip(answers, forms, strict=True):
            _is_given_back(answer, f"{WORDS} {form}")
        if which == "register":
            _is_given_back(written, f"J’ajoute : {WORDS}")
        else:
            # Its key is there already, and only read.
            assert written.status == 200
        assert _reports(engine) == 1
        # The forms that came back are sent again, as they are.
        again = [citizen.post("/signaler", _as_it_came(answer)) for answer in answers]
        assert len({answer.code for answer in again} - {""}) == WAITING
    assert _reports(engine) == WAITING + 1
    assert statistics.median(meanwhile) <= 2 * statistics.median(before) + 5
    assert max(meanwhile) < 1_000


def _is_given_back(answer: HttpAnswer, typed: str) -> None:
    """Nothing was acknowledged, and what was typed is in the form that is shown."""
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Cache-Control"] == "no-store"
    assert not answer.code
    assert typed in answer.text


def _as_it_came(answer: HttpAnswer) -> dict[str, str]:
    return {**fields(answer, "/signaler"), "etape": "envoyer"}


# --- no room ----------------------------------------------------------------------------------


@pytest.mark.parametrize("means", MEANS)
@pytest.mark.parametrize("which", ["instance", "seal"])
def test_a_full_disk_acknowledges_nothing_and_is_over_once_there_is_room(
    settings: Settings, which: str, means: str
) -> None:
    folder = settings.instance if which == "instance" else seal_folder(settings)
    with MEANS[means](folder) as disk, serving(settings) as served:
        citizen, worker = ReportClient(served.port), served.child(WORKER)
        first = citizen.report(citizen.form(), WORDS)
        assert first.code
        forms = [citizen.form() for _ in range(CLIENTS)]
        disk.filled(worker)
        try:
            # The log of a database has some room of its own; a longer text soon fills it.
            refused = [citizen.report(form, f"{WORDS} {form}" * 80) for form in forms]
            refused = [answer for answer in refused if not answer.code]
            assert citizen.get("/incidents").status == 200
            assert citizen.get("/signaler").status == 200
        finally:
            disk.freed(worker)
        print(f"{which}, {means}: {len(refused)} of {len(forms)} had no room")
        assert refused
        for answer in refused:
            _is_given_back(answer, WORDS)
        again = [citizen.post("/signaler", _as_it_came(answer)) for answer in refused]
        assert all(answer.code for answer in again)
        assert citizen.report(citizen.form(), WORDS).code
        assert served.child(WORKER) == worker
        assert '"event": "died"' not in served.logged()
        received = _received(settings)
        assert received == 1 + len(forms) + 1


def _received(settings: Settings) -> int:
    connection = sqlite3.connect(_register(settings))
    try:
        found: int = connection.execute("SELECT count(*) FROM report").fetchone()[0]
    finally:
        connection.close()
    return found
