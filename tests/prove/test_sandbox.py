"""What holds the service in: the unit's exposure, and the AppArmor profile against what it does.

A profile can only be put in force where the kernel has AppArmor. Everywhere, ``apparmor_parser``
reads it, and its rules, abstractions included, are compared with what strace saw a service do.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from raw_http import command, environ, until

from register.config import Settings

pytestmark = pytest.mark.prove

TOP = Path(__file__).resolve().parents[2]
EXAMPLES = TOP / "docs" / "exemples"
PROFILE = EXAMPLES / "apparmor"
VARIABLES = ("PROC", "etc_ro", "etc_rw", "multiarch", "pid", "pids", "run", "sys", "uid")

# `12 openat(AT_FDCWD, "…", O_RDONLY) = 3</path>`: -y names the file itself, links followed.
_OPENED = re.compile(r"openat\(.*, (?P<flags>O_[A-Z_|]+).*\) = \d+<(?P<path>/[^>]*)>")
_MAPPED = re.compile(r"mmap\([^<]*PROT_EXEC[^<]*\d+<(?P<path>/[^>]*)>")
_LOCKED = re.compile(r"(?:fcntl|flock)\(\d+<(?P<path>/[^>]*)>, (?:F_\w*SETLK|F_OFD_SETLK|LOCK_)")
_CHANGED = re.compile(
    r'(?:unlink|mkdir|rmdir|rename|chmod)(?:at2?)?\([^"]*"(?P<path>/[^"]*)".* = 0'
)
_LINKED = re.compile(r'link(?:at)?\([^"]*"[^"]*",[^"]*"(?P<path>/[^"]*)".* = 0')
_RUN = re.compile(r'execve\("(?P<path>/[^"]*)".* = 0')


@pytest.fixture(scope="module")
def made(registers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with registers.new("sqlite", tmp_path_factory.mktemp("sandbox")) as settings:
        yield settings


def parsed(*words: str) -> subprocess.CompletedProcess[str]:
    """What apparmor_parser says of a profile; it loads nothing, nor keeps anything."""
    parser = shutil.which("apparmor_parser") or "/usr/sbin/apparmor_parser"
    if not Path(parser).exists():
        pytest.skip("no apparmor_parser: tools/bring prove installs it")
    return subprocess.run([parser, "-Q", "-K", *words], capture_output=True, text=True)


def test_the_profile_is_understood_by_apparmor(tmp_path: Path) -> None:
    told = parsed(str(PROFILE))
    assert told.returncode == 0, told.stderr
    broken = tmp_path / "broken"
    broken.write_text(PROFILE.read_text("utf-8").replace("rwkl,", "rwkl", 1), "utf-8")
    assert parsed(str(broken)).returncode != 0


# --- its rules ---------------------------------------------------------------------------------


def rules(text: str) -> list[tuple[str, re.Pattern[str], str]]:
    """Every rule about files of a profile without includes: allow or deny, its paths, what for."""
    values = {
        name: "{" + ",".join(value.split()) + "}"
        for name, value in re.findall(r"^@\{(\w+)\}=(.*)$", text, re.MULTILINE)
        if name in VARIABLES
    }
    found = []
    for line in text.partition("\nprofile ")[2].splitlines():
        rule = re.match(r"\s*(?:(deny|audit|owner) )*([/@]\S*)\s+([rwamixklPUCpuc]+),", line)
        if rule is None:
            continue
        path = re.sub(r"@\{(\w+)\}", lambda name: values.get(name[1], "@"), rule[2])
        kind = "deny" if "deny " in line.partition("/")[0] else "allow"
        found.append((kind, re.compile(_as_regex(path)), rule[3]))
    return found


def _as_regex(path: str) -> str:
    """A path as AppArmor writes it (apparmor.d(5), "Globbing") as a regular expression."""
    signs = {"**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", ",": "|"}
    parts = re.findall(r"\*\*|\[[^]]*\]|.", path)
    return (
        "".join(
            signs.get(part, part if part[0] == "[" and len(part) > 1 else re.escape(part))
            for part in parts
        )
        .replace("//", "/")
        .replace("/)/", "/?)/?")
    )


def test_paths_are_read_as_apparmor_reads_them() -> None:
    for glob, path, holds in (
        ("/a/*", "/a/b", True),
        ("/a/*", "/a/b/c", False),
        ("/a/**", "/a/b/c", True),
        ("/a/{b,c}.so*", "/a/c.so.1", True),
        ("/a/x[0-9]", "/a/x3", True),
        ("/a.b", "/axb", False),
    ):
        assert bool(re.fullmatch(_as_regex(glob), path)) == holds, glob


# --- what a service does -----------------------------------------------------------------------


def wants(trace: str, places: dict[str, str]) -> set[tuple[str, str]]:
    """Every path that was opened, changed, locked, mapped or run, and what for."""
    found: set[tuple[str, str]] = set()
    for line in trace.splitlines():
        if opened := _OPENED.search(line):
            writes = re.search("O_WRONLY|O_RDWR|O_CREAT", opened["flags"])
            # AppArmor tells a folder by the stroke behind it.
            place = Path(opened["path"])
            is_folder = "O_DIRECTORY" in opened["flags"] or place.is_dir() or place.name == "fd"
            stroke = "/" if is_folder else ""
            found.add((opened["path"] + stroke, "w" if writes else "r"))
        for shape, need in ((_MAPPED, "m"), (_LOCKED, "k"), (_CHANGED, "w"), (_LINKED, "l")):
            if match := shape.search(line):
                # A rotation of the keys locks the folder itself.
                stroke = "/" if Path(match["path"]).is_dir() else ""
                found.add((match["path"] + stroke, need))
        if run := _RUN.search(line):
            found.add((os.path.realpath(run["path"]), "x"))
    return {(_placed(path.removesuffix(" (deleted)"), places), need) for path, need in found}


def _placed(path: str, places: dict[str, str]) -> str:
    for here, there in places.items():
        if path == here or path.startswith(f"{here}/"):
            return there + path.removeprefix(here)
    return path


def refused(profile: str, wanted: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """What a profile would not let a service do."""
    known = rules(profile)

    def allows(path: str, need: str) -> bool:
        held = [kind for kind, shape, what in known if need in what and shape.fullmatch(path)]
        return "allow" in held and "deny" not in held

    return sorted(one for one in wanted if one[0].startswith("/") and not allows(*one))


@pytest.mark.parametrize("workers", [0, 1])
def test_the_profile_lets_a_service_do_all_that_it_does(
    made: Settings, tmp_path: Path, workers: int
) -> None:
    if shutil.which("strace") is None:
        pytest.skip("no strace: tools/bring prove installs it")
    trace = tmp_path / "trace"
    calls = "trace=openat,mmap,fcntl,flock,/^unlink,/^mkdir,/^rmdir,/^rename,/^link,/chmod,execve"
    words = command("serve", "--port", "0", *(["--workers", str(workers)] if workers else []))
    process = subprocess.Popen(
        ["strace", "-f", "-qq", "-y", "-s", "400", "-e", calls, "-o", str(trace), *words],
        # The service cannot write beside its program, and Python does not mind.
        env=environ(made) | {"PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": "/tmp"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        address = re.search(r"http://\S+", process.stdout.readline())[0].rstrip(".")
        for path in ("/", "/incidents?q=filmer", "/signaler", "/carte.png", "/incidents.atom"):
            with urllib.request.urlopen(address + path, timeout=60) as answer:
                assert answer.status == 200
        until(lambda: (made.instance / "index").exists(), 30)
    finally:
        # strace itself does not pass a signal on.
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii")
        for child in map(int, children.split()):
            os.kill(child, signal.SIGTERM)
        process.wait(90)
        process.stdout.close()
    places = {
        str(made.instance): "/var/lib/webcitoyen",
        str(made.seal_dir): "/var/lib/webcitoyen-seal",
        str(TOP): "/opt/webcitoyen",
        sys.base_prefix: "/usr",
    }
    wanted = wants(trace.read_text("utf-8", "replace"), places)
    assert {need for _path, need in wanted} >= set("rwmkx")
    whole = parsed("-p", str(PROFILE)).stdout
    assert refused(whole, wanted) == []
    # A profile that lacks a line is found out.
    lacking = whole.replace("/var/lib/webcitoyen/** rwkl,", "")
    assert any(path.startswith("/var/lib/webcitoyen/") for path, _ in refused(lacking, wanted))


# --- the unit ----------------------------------------------------------------------------------


def test_the_unit_leaves_little_open(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze")
    unit = tmp_path / "webcitoyen.service"
    unit.write_text((EXAMPLES / "webcitoyen.service").read_text("utf-8"), "utf-8")
    words = ["systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=13"]
    told = subprocess.run([*words, str(unit)], capture_output=True, text=True)
    assert told.returncode == 0, told.stdout


def test_the_unit_keeps_memory_from_the_disk_and_the_network_away() -> None:
    text = (EXAMPLES / "webcitoyen.service").read_text("utf-8")
    wanted = {
        "LimitCORE=0",
        "MemorySwapMax=0",
        "IPAddressDeny=any",
        "IPAddressAllow=localhost",
        "AppArmorProfile=-webcitoyen",
    }
    assert wanted <= set(text.splitlines())
