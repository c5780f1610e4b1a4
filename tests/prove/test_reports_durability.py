"""The key and the report are on disk before the acknowledgement is sent.

Where they cannot be, nothing is acknowledged: the form comes back with the typed text.
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
from raw_http import free_port, until
from report_clients import HttpAnswer, ReportClient, Serve, fields
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from strace import is_synced_before_answer, steps, traced, written_to

from register import key_store
from register.config import Settings
from register.reports.models import Report
from register.reports.web import public_forms

pytestmark = [
    pytest.mark.prove,
    # What is proved here is the embedded default: two files, and the order in which they are kept.
    pytest.mark.parametrize("settings", ["sqlite"], indirect=True),
]

WORDS = "Le maire a fait éteindre ma caméra."
CLIENTS = 8
# As many as may wait; those who read have threads of their own.
WAITING_LIMIT = public_forms.MAX_WAITING
SHORT, LONG = 3, 30  # seconds that somebody else holds the database


@contextmanager
def serving(settings: Settings, **variables: str) -> Iterator[Serve]:
    served = Serve(settings, free_port(), REGISTER_RATE_LIMITS="off", **variables)
    try:
        until(served.is_up, 30, served.logged)
        yield served
        assert served.end() == 0
    finally:
        served.close()


def _report_count(engine: Engine) -> int:
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
    ("trace", "expected"),
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
def test_a_trace_without_syncs_before_the_answer_is_noticed(
    settings: Settings, trace: str, expected: bool
) -> None:
    """The counter-proof: an order that keeps nothing is noticed."""
    assert is_synced_before_answer(steps(trace)) is expected


def test_key_and_report_are_on_disk_before_the_acknowledgement(
    settings: Settings, tmp_path: Path
) -> None:
    with serving(settings) as served:
        citizen = ReportClient(served.port)
        citizen.report(citizen.form(), WORDS)
        form = citizen.form()
        with traced(served.answering(), tmp_path / "sent"):
            receipt = citizen.report(form, WORDS)
        # An answer on /suivi has no key of its own: the report's is there already.
        page = citizen.follow(receipt.code)
        with traced(served.answering(), tmp_path / "written"):
            written = citizen.write(page, "/suivi/message", message=f"J’ajoute : {WORDS}")
    assert receipt.code
    assert written.status == 200
    events = steps((tmp_path / "sent").read_text("utf-8"))
    print(events)
    assert is_synced_before_answer(events), events
    events = steps((tmp_path / "written").read_text("utf-8"))
    assert "register.sqlite3-wal" in events[: events.index("answer")], events


@pytest.mark.parametrize("length", [10_000, 300_000])
def test_a_text_however_long_lies_in_no_temporary_file(
    settings: Settings, tmp_path: Path, length: int
) -> None:
    (tmp_path / "tmp").mkdir()
    with serving(settings, TMPDIR=str(tmp_path / "tmp")) as served:
        citizen = ReportClient(served.port)
        form = citizen.form()
        with traced(served.answering(), tmp_path / "sent"):
            answer = citizen.report(form, "é" * length)
    assert answer.status in (200, 422)
    written = written_to((tmp_path / "sent").read_text("utf-8"))
    allowed_folders = (f"{settings.instance}/", f"{settings.seal_dir}/")
    assert [path for path in written if not path.startswith(allowed_folders)] == []


# --- somebody else has the database -----------------------------------------------------------


@contextmanager
def locked(file: Path, seconds: float) -> Iterator[threading.Event]:
    """Lock a database for some seconds, as another process would; the event says it is over."""
    is_locked, is_released = threading.Event(), threading.Event()

    def lock_for_seconds() -> None:
        connection = sqlite3.connect(file, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        is_locked.set()
        time.sleep(seconds)
        connection.execute("ROLLBACK")
        connection.close()
        is_released.set()

    holder = threading.Thread(target=lock_for_seconds)
    holder.start()
    assert is_locked.wait(10)
    try:
        yield is_released
    finally:
        holder.join()


def _register(settings: Settings) -> Path:
    return settings.instance / "register.sqlite3"


def _keys(settings: Settings) -> Path:
    return seal_folder(settings) / key_store.STORE_FILE


FILES: dict[str, Callable[[Settings], Path]] = {"register": _register, "keys": _keys}


def _send_concurrently(citizen: ReportClient, forms: list[str]) -> list[HttpAnswer]:
    with ThreadPoolExecutor(len(forms)) as clients:
        return list(clients.map(lambda form: citizen.report(form, f"{WORDS} {form}"), forms))


@pytest.mark.parametrize("store", FILES)
def test_a_database_that_is_busy_for_a_moment_costs_nobody_their_report(
    settings: Settings, engine: Engine, store: str
) -> None:
    with serving(settings) as served:
        citizen = ReportClient(served.port)
        forms = [citizen.form() for _ in range(CLIENTS)]
        start = time.monotonic()
        with locked(FILES[store](settings), SHORT) as is_released:
            answers = _send_concurrently(citizen, forms)
            assert is_released.is_set()
        print(f"{store}: {len(answers)} sent in {time.monotonic() - start:.1f} s")
        assert all(answer.code for answer in answers)
    assert _report_count(engine) == CLIENTS


def _milliseconds(citizen: ReportClient, path: str) -> float:
    start = time.monotonic()
    assert citizen.get(path).status == 200
    return (time.monotonic() - start) * 1000


def _read_pages(citizen: ReportClient, is_unfinished: Callable[[int], bool]) -> list[float]:
    """The milliseconds of pages that are read one after the other."""
    durations: list[float] = []
    while is_unfinished(len(durations)):
        durations += [_milliseconds(citizen, path) for path in ("/incidents", "/signaler")]
        time.sleep(0.02)
    return durations


@pytest.mark.parametrize("store", FILES)
def test_a_database_that_is_busy_for_long_gives_the_form_back(
    settings: Settings, engine: Engine, store: str
) -> None:
    with serving(settings) as served:
        citizen = ReportClient(served.port)
        page = citizen.follow(citizen.report(citizen.form(), WORDS).code)
        forms = [citizen.form() for _ in range(WAITING_LIMIT)]
        before = _read_pages(citizen, lambda count: count < 40)
        with locked(FILES[store](settings), LONG) as is_released, ThreadPoolExecutor(1) as executor:
            sending = executor.submit(_send_concurrently, citizen, forms)
            meanwhile = _read_pages(citizen, lambda _count: not sending.done())
            answers = sending.result()
            written = citizen.write(page, "/suivi/message", message=f"J’ajoute : {WORDS}")
            assert not is_released.is_set()
        medians = (
            f"{statistics.median(before):.1f} ms, meanwhile {statistics.median(meanwhile):.1f}"
        )
        print(
            f"{store}: a page takes {medians}, at most {max(before):.1f} and {max(meanwhile):.1f}"
        )
        for answer, form in zip(answers, forms, strict=True):
            _require_form_again(answer, f"{WORDS} {form}")
        if store == "register":
            _require_form_again(written, f"J’ajoute : {WORDS}")
        else:
            # Its key is there already, and only read.
            assert written.status == 200
        assert _report_count(engine) == 1
        # The forms that came back are sent again, as they are.
        second_answers = [citizen.post("/signaler", _form_again(answer)) for answer in answers]
        assert len({answer.code for answer in second_answers} - {""}) == WAITING_LIMIT
    assert _report_count(engine) == WAITING_LIMIT + 1
    assert statistics.median(meanwhile) <= 2 * statistics.median(before) + 5
    assert max(meanwhile) < 1_000


def _require_form_again(answer: HttpAnswer, typed: str) -> None:
    """Require that nothing was acknowledged and that the form has the typed text."""
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Cache-Control"] == "no-store"
    assert not answer.code
    assert typed in answer.text


def _form_again(answer: HttpAnswer) -> dict[str, str]:
    return {**fields(answer, "/signaler"), "etape": "envoyer"}


# --- no room ----------------------------------------------------------------------------------


@pytest.mark.parametrize("means", MEANS)
@pytest.mark.parametrize("store", ["instance", "seal"])
def test_a_full_disk_acknowledges_nothing_and_is_over_once_there_is_room(
    settings: Settings, store: str, means: str
) -> None:
    folder = settings.instance if store == "instance" else seal_folder(settings)
    with MEANS[means](folder) as disk, serving(settings) as served:
        citizen, worker = ReportClient(served.port), served.answering()
        first = citizen.report(citizen.form(), WORDS)
        assert first.code
        forms = [citizen.form() for _ in range(CLIENTS)]
        disk.filled(worker)
        try:
            # The log of a database has some room of its own; a longer text soon fills it.
            refusals = [citizen.report(form, f"{WORDS} {form}" * 80) for form in forms]
            refusals = [answer for answer in refusals if not answer.code]
            assert citizen.get("/incidents").status == 200
            assert citizen.get("/signaler").status == 200
        finally:
            disk.freed(worker)
        print(f"{store}, {means}: {len(refusals)} of {len(forms)} had no room")
        assert refusals
        for answer in refusals:
            _require_form_again(answer, WORDS)
        second_answers = [citizen.post("/signaler", _form_again(answer)) for answer in refusals]
        assert all(answer.code for answer in second_answers)
        assert citizen.report(citizen.form(), WORDS).code
        assert served.answering() == worker
        assert '"event": "died"' not in served.logged()
        received = _report_count_on_disk(settings)
        assert received == 1 + len(forms) + 1


def _report_count_on_disk(settings: Settings) -> int:
    connection = sqlite3.connect(_register(settings))
    try:
        report_count: int = connection.execute("SELECT count(*) FROM report").fetchone()[0]
    finally:
        connection.close()
    return report_count
