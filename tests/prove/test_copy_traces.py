"""Clean copies, traced: nothing that a file shows reaches a disk or a network in clear."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from evidence_samples import needs_ffmpeg, pdf, photograph, saved, video

pytestmark = pytest.mark.prove
_OPENED = re.compile(
    r'open(?:at)?\([^"]*"(?P<path>[^"]*)", (?P<flags>[A-Z_|]+)[^=]*= \d+<(?P<file>[^>]*)>'
)
_WRITING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TMPFILE")
_FORBIDDEN = re.compile(
    r"\b(?:socket|connect|creat|mknod|mknodat|rename|link|mkdir)\(.*= \d+(?:<.*>)?$"
)
# What is not on a disk.
_HARMLESS = re.compile(r"/dev/null|/memfd:(?:source|copy)(?: \(deleted\))?")

CALLS = "open,openat,creat,memfd_create,mknod,mknodat,rename,link,mkdir,socket,connect,execve"
PROGRAM = """
import pathlib, sys
from io import BytesIO
from register.evidence.clean_copy.copies import make_copy
from register.evidence.file_kinds import recognise
content = pathlib.Path(sys.argv[1]).read_bytes()
for page in make_copy(BytesIO(content), recognise(content[:16384], len(content))):
    print(page.mime, sum(map(len, page.chunks)))
"""


@needs_ffmpeg
@pytest.mark.parametrize(
    ("made", "mime"),
    [
        (lambda: saved(photograph(), "JPEG"), b"image/jpeg"),
        (lambda: pdf("1 0 0 rg 0 0 9 9 re f"), b"image/png"),
        (video, b"video/mp4"),
    ],
    ids=["picture", "document", "video"],
)
def test_a_copy_is_made_without_a_file_or_a_socket(made, mime: bytes, tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("no strace: tools/bring prove installs it")
    source, trace = tmp_path / "source", tmp_path / "trace"
    source.write_bytes(made())
    done = subprocess.run(
        [
            *("strace", "-f", "-y", "-s", "300", "-e", f"trace={CALLS}", "-o", str(trace)),
            *(sys.executable, "-B", "-c", PROGRAM, str(source)),
        ],
        capture_output=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.startswith(mime)
    lines = trace.read_text("utf-8").splitlines()
    assert violations(lines) == []
    text = "\n".join(lines)
    assert re.search(r'execve\("[^"]*", \[.*"register\.evidence\.clean_copy"', text)
    assert 'memfd_create("source"' in text
    assert (' execve("/usr/bin/ffmpeg"' in text) == (mime == b"video/mp4")


def violations(lines: list[str]) -> list[str]:
    """The traced calls by which something was written to a disk, or a socket opened."""
    return [line for line in lines if _FORBIDDEN.search(line) or _writes(line)]


def _writes(line: str) -> bool:
    opened = _OPENED.search(line)
    if opened is None or not _WRITING.search(opened["flags"]):
        return False
    return not _HARMLESS.fullmatch(opened["file"])


@pytest.mark.parametrize(
    "line",
    [
        '7 openat(AT_FDCWD</>, "/tmp/x", O_WRONLY|O_CREAT, 0600) = 3</tmp/x>',
        '7 openat(AT_FDCWD</>, "/tmp", O_RDWR|O_TMPFILE, 0600) = 3</tmp/#12 (deleted)>',
        '7 open("/tmp/x", O_RDWR) = 3</tmp/x>',
        "7 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3<socket:[12]>",
        '7 mkdir("/tmp/x", 0700) = 0',
        '7 rename("/tmp/x", "/tmp/y") = 0',
    ],
)
def test_a_violation_is_found(line: str) -> None:
    assert violations([line, line.replace("= 3", "= -1 EACCES (").replace("= 0", "= -1")]) == [line]
