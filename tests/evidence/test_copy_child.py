"""The child process: what it is kept from, what it may say, and that it leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict
from io import BytesIO

import pytest
from evidence_samples import MARKER, children, copied, mime_of, open_files, pdf, photograph, saved

from register.errors import CopyError
from register.evidence.clean_copy import __main__ as child_program
from register.evidence.clean_copy import copies, protocol, sandbox
from register.evidence.clean_copy.limits import CopyLimits
from register.evidence.clean_copy.protocol import COPY_NOTES, FrameSort, ProtocolError
from register.evidence.file_kinds import JPEG, PDF, TEXT
from register.web import messages

PICTURE = saved(photograph(), "JPEG")


def restricted(code: str, **limits: int) -> subprocess.CompletedProcess[bytes]:
    """Run code in a restricted process."""
    bounds = {"memory": 1 << 30, "cpu": 60, "file_bytes": 1 << 20} | limits
    program = (
        "from register.evidence.clean_copy import sandbox\nimport os, sys, socket, subprocess\n"
        f"sandbox.restrict(**{bounds!r})\n{code}"
    )
    return subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)


def test_this_system_keeps_the_child_from_network_and_files(tmp_path) -> None:
    secret = tmp_path / "seal.key"
    secret.write_text(MARKER)
    assert copies.missing_protections(secret) == []


@pytest.mark.parametrize(
    "action",
    [
        "socket.socket(socket.AF_INET)",
        "socket.socket(socket.AF_UNIX)",
        "open('/etc/passwd')",
        "open({secret!r})",
        "open({folder!r} + '/new', 'w')",
        "os.listdir({folder!r})",
        "os.unlink({secret!r})",
        "open('/dev/shm/new', 'w')",
        "open('/proc/1/environ')",
        "os.kill(os.getppid(), 0)",
    ],
)
def test_the_child_is_refused(action: str, tmp_path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(MARKER)
    done = restricted(action.format(secret=str(secret), folder=str(tmp_path)))
    assert (done.returncode, done.stderr.decode().splitlines()[-1].split(":")[0]) == (
        1,
        "PermissionError",
    )
    assert list(tmp_path.iterdir()) == [secret]


def test_no_program_of_the_same_user_reads_the_memory_of_the_child() -> None:
    """prctl(2), PR_GET_DUMPABLE and PR_GET_NO_NEW_PRIVS."""
    done = restricted(
        "import ctypes; prctl = ctypes.CDLL(None).prctl; print(prctl(3), prctl(39, 0, 0, 0, 0))"
    )
    assert done.stdout == b"0 1\n"


def test_what_the_child_starts_is_restricted_too(tmp_path) -> None:
    (tmp_path / "secret").write_text(MARKER)
    done = restricted(f"print(subprocess.run(['cat', '{tmp_path}/secret']).returncode)")
    assert done.stdout == b"1\n"


@pytest.mark.parametrize(
    ("code", "limits", "status"),
    [
        ("bytearray(1 << 30)", {"memory": 1 << 29}, 1),
        ("while True: pass", {"cpu": 1}, -signal.SIGXCPU),
        ("os.write(os.memfd_create('x'), bytes(1 << 20)); print('all')", {}, 0),
        # Python ignores the signal and gets an error.
        ("f = os.fdopen(os.memfd_create('x'), 'wb'); f.write(bytes(3 << 20))", {}, 1),
        ("[os.memfd_create('x') for _ in range(100)]", {}, 1),
    ],
)
def test_memory_time_and_files_are_bounded(code: str, limits, status: int) -> None:
    assert restricted(code, **limits).returncode == status


def test_a_system_without_the_mechanisms_is_said(monkeypatch, tmp_path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(MARKER)
    # This process is not restricted.
    assert sandbox.protections(secret) == {"network": False, "files": False}
    assert sandbox.protections(tmp_path / "missing")["files"] is False

    class OldKernel:
        def syscall(self, *arguments: object) -> int:
            return -1

    sandbox._restrict_files(OldKernel())  # returns, and this process still reads
    monkeypatch.setattr(sandbox.platform, "machine", lambda: "riscv64")
    sandbox._restrict_calls(OldKernel())
    assert secret.read_text() == MARKER
    monkeypatch.setattr(copies.sys, "executable", "/bin/false")
    assert copies.missing_protections(secret) == ["network", "files"]


def test_the_child_has_no_setting_of_the_register(monkeypatch) -> None:
    monkeypatch.setenv("REGISTER_DATABASE_URL", MARKER)
    assert set(copies._environment()) <= {"PATH", "PYTHONPATH", "LANG", "HOME", "MALLOC_ARENA_MAX"}


def test_the_child_loads_neither_the_application_nor_the_database() -> None:
    code = (
        "import sys, register.evidence.clean_copy.__main__, register.evidence.clean_copy.media,"
        "register.evidence.clean_copy.documents\n"
        "print(sorted(n for n in sys.modules if n.startswith(('flask', 'sqlalchemy', 'register'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    loaded = json.loads(done.stdout.decode().replace("'", '"'))
    rooms = {name for name in loaded if not name.startswith("register.evidence")}
    assert rooms == {"register", "register.errors"}


def test_a_copy_leaves_neither_process_nor_open_file() -> None:
    files, processes = open_files(), children()
    for content in (PICTURE, pdf("0 0 10 10 re f"), b"Bonjour", b"%PDF-1.7 no document"):
        with suppress(CopyError):
            assert copied(content)
        assert (open_files(), children()) == (files, processes)


def test_a_copy_that_is_given_up_ends_its_child() -> None:
    files, processes = open_files(), children()
    with closing(copies.make_copy(BytesIO(pdf(*["0 0 9 9 re f"] * 150)), PDF)) as pages:
        assert next(pages).index == 0
        assert len(children()) == len(processes) + 1
    assert (open_files(), children()) == (files, processes)


def test_pages_that_are_not_read_are_passed_over() -> None:
    pages = copies.make_copy(BytesIO(pdf("0 0 9 9 re f", "0 0 9 9 re f")), PDF)
    assert [page.index for page in pages] == [0, 1]


def test_the_source_is_read_from_its_beginning_and_bounded() -> None:
    source = BytesIO(PICTURE)
    source.seek(100)
    assert next(iter(copies.make_copy(source, JPEG))).width == 320
    with pytest.raises(CopyError) as refused:
        list(copies.make_copy(source, JPEG, limits=CopyLimits(source_bytes=1 << 10)))
    assert refused.value.key == "copy_source"


def test_a_copy_larger_than_its_bound_is_refused() -> None:
    # The largest file in memory is bounded too; a picture is in the child's own memory.
    with pytest.raises(CopyError, match="copy_size"):
        copied(PICTURE, limits=CopyLimits(copy_bytes=1000))


def test_a_copy_ends_with_its_time() -> None:
    began = time.monotonic()
    with pytest.raises(CopyError, match="copy_time"):
        copied(pdf(*["0 0 9 9 re f"] * 150), limits=CopyLimits(wait=0))
    assert time.monotonic() - began < 10


def test_edits_without_sense_come_back_as_an_error() -> None:
    with pytest.raises(CopyError, match="copy_edits"):
        list(copies.make_copy(BytesIO(PICTURE), JPEG, {"masks": 3}))


# --- a child that was taken over ---------------------------------------------------------------


@contextmanager
def impostor(monkeypatch, tmp_path, frames: bytes, ending: str = ""):
    """A program in the child's place that sends these bytes."""
    program = tmp_path / "impostor"
    program.write_text(
        f"#!{sys.executable}\nimport os, signal, sys\nsys.stdin.read()\n"
        f"sys.stdout.buffer.write({frames!r})\nsys.stdout.flush()\n{ending}"
    )
    program.chmod(0o755)
    monkeypatch.setattr(copies.sys, "executable", str(program))
    yield
    monkeypatch.undo()


def sent(sort: FrameSort, content: object) -> bytes:
    encoded = content if isinstance(content, bytes) else json.dumps(content).encode()
    return protocol._HEADER.pack(sort.value, len(encoded)) + encoded


def page(content: bytes = PICTURE, **fields: object) -> bytes:
    usual = {"index": 0, "mime": "image/jpeg", "width": 1, "height": 1, "duration": 0, "notes": []}
    usual["length"] = len(content)
    return sent(FrameSort.PAGE, usual | fields) + content


END = sent(FrameSort.END, {})

LIES = {
    "nothing": b"",
    "no page": END,
    "half a header": b"P\0",
    "half a frame": page(b"")[:-3],
    "an unknown sort": b"X\0\0\0\0",
    "an endless frame": b"P\xff\xff\xff\xff",
    "no JSON": sent(FrameSort.PAGE, b"{"),
    "deep JSON": sent(FrameSort.PAGE, b"[" * 100_000),
    "no object": sent(FrameSort.PAGE, b"[]"),
    "bytes without a page": PICTURE + END,
    "an end without JSON": page() + sent(FrameSort.END, b""),
    "a report": sent(FrameSort.REPORT, {}) + END,
    "HTML as a picture": page(b"<html><script>") + END,
    "a picture as another": page(mime="image/png") + END,
    "no bytes": page(b"") + END,
    "an unknown type": page(mime="text/html") + END,
    "no type": page(mime=None) + END,
    "a list as type": page(mime=["image/jpeg"]) + END,
    "a page twice": page() * 2 + END,
    "half a page": page()[:-3],
    "no length": page(length=None) + END,
    "a negative length": page(length=-1) + END,
    "a negative size": page(width=-1) + END,
    "an endless size": page(height=10**9) + END,
    "words as a size": page(height="1") + END,
    "no duration": page(duration=None) + END,
    "an endless duration": page(duration=float("inf")) + END,
    "words as notes": page(notes="first_frame") + END,
    "an unknown error": sent(FrameSort.ERROR, {"key": "bad_password", "values": {}}),
    "an error without values": sent(FrameSort.ERROR, {"key": "copy_time"}),
    "a list as error": sent(FrameSort.ERROR, {"key": [], "values": {}}),
    "an error that is no JSON": sent(FrameSort.ERROR, b"{"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_of_the_child_is_a_broken_copy(lie: str, monkeypatch, tmp_path) -> None:
    with (
        impostor(monkeypatch, tmp_path, LIES[lie]),
        pytest.raises(CopyError, match=r"^copy_broken\(\)$"),
    ):
        list(copies.make_copy(BytesIO(PICTURE), JPEG))


def test_values_and_notes_of_the_child_are_those_that_are_known(monkeypatch, tmp_path) -> None:
    values = {"limit": 3, "words": MARKER}
    error = sent(FrameSort.ERROR, {"key": "copy_pixels", "values": values})
    with impostor(monkeypatch, tmp_path, error), pytest.raises(CopyError) as refused:
        list(copies.make_copy(BytesIO(PICTURE), JPEG))
    assert refused.value.values == {"limit": 3}
    frames = page(notes=[MARKER, "first_frame", []]) + END
    with impostor(monkeypatch, tmp_path, frames):
        (copy,) = copies.make_copy(BytesIO(PICTURE), JPEG)
    assert copy.notes == ("first_frame",)


@pytest.mark.parametrize(
    ("ending", "key"),
    [
        ("os.kill(os.getpid(), signal.SIGXCPU)", "copy_time"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "copy_memory"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "copy_broken"),
        ("os.close(1); signal.pause()", "copy_broken"),
    ],
)
def test_the_end_of_a_child_has_a_reason(ending: str, key: str, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(copies, "_END_SECONDS", 0.2)
    processes = children()
    with impostor(monkeypatch, tmp_path, page()[:-3], ending), pytest.raises(CopyError, match=key):
        list(copies.make_copy(BytesIO(PICTURE), JPEG))
    assert children() == processes


@pytest.mark.parametrize("report", [b"{", b"[]", {"network": 1, "files": "true"}, None])
def test_a_report_without_sense_protects_from_nothing(report, monkeypatch, tmp_path) -> None:
    frames = END if report is None else sent(FrameSort.REPORT, report)
    with impostor(monkeypatch, tmp_path, frames):
        assert copies.missing_protections() == ["network", "files"]


# --- the program of the child, in this process -------------------------------------------------


def answered(monkeypatch, content: bytes, **fields: object) -> list[tuple[FrameSort, dict]]:
    """What the child's program writes for a job, without its restrictions."""
    source = os.memfd_create("source")
    os.write(source, content)
    os.lseek(source, 0, os.SEEK_SET)
    mime = mime_of(content) if content else TEXT
    job = {"task": "copy", "source": source, "mime": mime, "edits": {}, **fields}
    job["limits"] = asdict(CopyLimits())
    output = BytesIO()

    class Standard:
        buffer = output

    monkeypatch.setattr(child_program.sys, "stdin", BytesIO(json.dumps(job).encode()))
    monkeypatch.setattr(child_program.sys, "stdout", Standard)
    monkeypatch.setattr(sandbox, "restrict", lambda **limits: None)
    child_program.main()
    monkeypatch.undo()
    output.seek(0)
    frames = []
    while not frames or frames[-1][0] not in (FrameSort.END, FrameSort.ERROR):
        frames.append(protocol.read_frame(output.read))
        if frames[-1][0] is FrameSort.PAGE:
            length = frames[-1][1]["length"]
            assert len(output.read(length)) == length
    return frames


def test_the_program_answers_each_task(monkeypatch, tmp_path) -> None:
    sorts = [sort for sort, _ in answered(monkeypatch, PICTURE)]
    assert sorts == [FrameSort.PAGE, FrameSort.END]
    assert [sort for sort, _ in answered(monkeypatch, b"Bonjour")] == sorts
    assert [sort for sort, _ in answered(monkeypatch, pdf("0 0 9 9 re f"))] == sorts
    secret = tmp_path / "secret"
    secret.write_text(MARKER)
    (_, report), _ = answered(monkeypatch, b"", task="check", secret=str(secret))
    assert report == {"network": False, "files": False}


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (CopyError("copy_pixels", limit=3), "copy_pixels"),
        (MemoryError(), "copy_memory"),
        (IndexError("any"), "copy_broken"),
    ],
)
def test_the_program_says_why_it_failed(error, key: str, monkeypatch) -> None:
    def fail(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(child_program, "_answer", fail)
    ((sort, fields),) = answered(monkeypatch, PICTURE)
    assert (sort, fields["key"]) == (FrameSort.ERROR, key)


def test_a_frame_is_at_most_one_chunk() -> None:
    with pytest.raises(ProtocolError):
        protocol.read_frame(BytesIO(b"P\0\x10\0\0").read)


def test_notes_and_errors_have_their_sentences() -> None:
    assert set(messages.evidence.copy_notes) == set(COPY_NOTES)
    assert set(messages.evidence.evidence_errors) >= set(copies.COPY_ERRORS)
