"""The system calls by which a process writes to disk and to its clients, by strace(1)."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from raw_http import until

from register import key_store

_CALL = re.compile(r"(?P<thread>\d+) +(?P<rest>.+)")
_SYNC = re.compile(r"f(?:data)?sync\(\d+<(?P<path>[^>]+)>")
_RESUMED = re.compile(r"<\.\.\. (?P<call>\w+) resumed>")
_ACKNOWLEDGED = re.compile(
    r'(?:sendto|sendmsg|write|writev)\(\d+<[^>]*socket[^>]*>.*"HTTP/1\.1 200 '
)


def steps(trace: str) -> list[str]:
    """The events in their order: the names of files once they are on disk, and ``answer``."""
    events: list[str] = []
    under_way: dict[str, str] = {}
    for line in trace.splitlines():
        call = _CALL.fullmatch(line)
        if call is None:
            continue
        thread, call_text = call["thread"], call["rest"]
        sync, resumed = _SYNC.match(call_text), _RESUMED.match(call_text)
        if sync and "<unfinished" in call_text:
            under_way[thread] = sync["path"]
        elif sync and call_text.endswith("= 0"):
            events.append(Path(sync["path"]).name)
        elif resumed and thread in under_way and call_text.endswith("= 0"):
            events.append(Path(under_way.pop(thread)).name)
        elif _ACKNOWLEDGED.match(call_text):
            events.append("answer")
    return events


def is_synced_before_answer(events: list[str]) -> bool:
    """Whether a key, then a report, were on disk before the first answer."""
    before = events[: events.index("answer")] if "answer" in events else []
    names = [name.removesuffix("-wal") for name in before]
    if not {key_store.STORE_FILE, "register.sqlite3"} <= set(names):
        return False
    return names.index(key_store.STORE_FILE) < names.index("register.sqlite3")


_OPEN_FOR_WRITING = re.compile(r'openat\([^"]*"(?P<path>[^"]*)", [A-Z_|]*(?:O_RDWR|O_WRONLY)')


def written_to(trace: str) -> set[str]:
    """The files and folders that were opened to be written to."""
    return {match["path"] for match in _OPEN_FOR_WRITING.finditer(trace)}


@contextmanager
def traced(process: int, into: Path) -> Iterator[None]:
    """Trace the writes of a process to disk and to its clients."""
    if shutil.which("strace") is None:
        pytest.skip("no strace: tools/bring prove installs it")
    output = into.with_suffix(".told")
    calls = "trace=fsync,fdatasync,sendto,sendmsg,write,writev,openat"
    with output.open("wb") as stderr:
        strace = subprocess.Popen(
            ["strace", "-f", "-y", "-s", "200", "-e", calls, "-o", str(into), "-p", str(process)],
            stdin=subprocess.DEVNULL,
            stderr=stderr,
        )
    try:
        until(lambda: b"attached" in output.read_bytes(), 15, lambda: output.read_text("utf-8"))
        time.sleep(0.5)  # the other threads are attached one by one
        yield
    finally:
        strace.terminate()
        strace.wait(15)
