"""The sandbox of the service: the unit's exposure, and the AppArmor profile.

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
_OPEN = re.compile(r"openat\(.*, (?P<flags>O_[A-Z_|]+).*\) = \d+<(?P<path>/[^>]*)>")
_MAP = re.compile(r"mmap\([^<]*PROT_EXEC[^<]*\d+<(?P<path>/[^>]*)>")
_LOCK = re.compile(r"(?:fcntl|flock)\(\d+<(?P<path>/[^>]*)>, (?:F_\w*SETLK|F_OFD_SETLK|LOCK_)")
_CHANGE = re.compile(r'(?:unlink|mkdir|rmdir|rename|chmod)(?:at2?)?\([^"]*"(?P<path>/[^"]*)".* = 0')
_LINK = re.compile(r'link(?:at)?\([^"]*"[^"]*",[^"]*"(?P<path>/[^"]*)".* = 0')
_RUN = re.compile(r'execve\("(?P<path>/[^"]*)".* = 0')


@pytest.fixture(scope="module")
def register_settings(registers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with registers.new("sqlite", tmp_path_factory.mktemp("sandbox")) as settings:
        yield settings


def parse_profile(*words: str) -> subprocess.CompletedProcess[str]:
    """Parse a profile with apparmor_parser, which loads and caches nothing."""
    parser = shutil.which("apparmor_parser") or "/usr/sbin/apparmor_parser"
    if not Path(parser).exists():
        pytest.skip("no apparmor_parser: tools/bring prove installs it")
    return subprocess.run([parser, "-Q", "-K", *words], capture_output=True, text=True)


def test_the_profile_is_understood_by_apparmor(tmp_path: Path) -> None:
    parser = parse_profile(str(PROFILE))
    assert parser.returncode == 0, parser.stderr
    broken = tmp_path / "broken"
    broken.write_text(PROFILE.read_text("utf-8").replace("rwkl,", "rwkl", 1), "utf-8")
    assert parse_profile(str(broken)).returncode != 0


# --- its rules ---------------------------------------------------------------------------------


def rules(text: str) -> list[tuple[str, re.Pattern[str], str]]:
    """The file rules of a profile without includes: allow or deny, paths, permissions."""
    values = {
        name: "{" + ",".join(value.split()) + "}"
        for name, value in re.findall(r"^@\{(\w+)\}=(.*)$", text, re.MULTILINE)
        if name in VARIABLES
    }
    file_rules = []
    for line in text.partition("\nprofile ")[2].splitlines():
        rule = re.match(r"\s*(?:(deny|audit|owner) )*([/@]\S*)\s+([rwamixklPUCpuc]+),", line)
        if rule is None:
            continue
        path = re.sub(r"@\{(\w+)\}", lambda name: values.get(name[1], "@"), rule[2])
        kind = "deny" if "deny " in line.partition("/")[0] else "allow"
        file_rules.append((kind, re.compile(_as_regex(path)), rule[3]))
    return file_rules


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


def accesses(trace: str, places: dict[str, str]) -> set[tuple[str, str]]:
    """Every path that was opened, changed, locked, mapped or run, with the permission needed."""
    traced: set[tuple[str, str]] = set()
    for line in trace.splitlines():
        if opening := _OPEN.search(line):
            writes = re.search("O_WRONLY|O_RDWR|O_CREAT", opening["flags"])
            # AppArmor tells a folder by the stroke behind it.
            opened_path = Path(opening["path"])
            is_folder = (
                "O_DIRECTORY" in opening["flags"]
                or opened_path.is_dir()
                or opened_path.name == "fd"
            )
            stroke = "/" if is_folder else ""
            traced.add((opening["path"] + stroke, "w" if writes else "r"))
        for shape, need in ((_MAP, "m"), (_LOCK, "k"), (_CHANGE, "w"), (_LINK, "l")):
            if match := shape.search(line):
                # A rotation of the keys locks the folder itself.
                stroke = "/" if Path(match["path"]).is_dir() else ""
                traced.add((match["path"] + stroke, need))
        if run := _RUN.search(line):
            traced.add((os.path.realpath(run["path"]), "x"))
    return {
        (_installed_path(path.removesuffix(" (deleted)"), places), need) for path, need in traced
    }


def _installed_path(path: str, places: dict[str, str]) -> str:
    for source, installed in places.items():
        if path == source or path.startswith(f"{source}/"):
            return installed + path.removeprefix(source)
    return path


def refused_accesses(profile: str, needed: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """The accesses that a profile would refuse."""
    file_rules = rules(profile)

    def allows(path: str, need: str) -> bool:
        kinds = [
            kind
            for kind, shape, permissions in file_rules
            if need in permissions and shape.fullmatch(path)
        ]
        return "allow" in kinds and "deny" not in kinds

    return sorted(access for access in needed if access[0].startswith("/") and not allows(*access))


def test_the_profile_lets_a_service_do_all_that_it_does(
    register_settings: Settings, tmp_path: Path
) -> None:
    if shutil.which("strace") is None:
        pytest.skip("no strace: tools/bring prove installs it")
    trace = tmp_path / "trace"
    calls = "trace=openat,mmap,fcntl,flock,/^unlink,/^mkdir,/^rmdir,/^rename,/^link,/chmod,execve"
    words = command("serve", "--port", "0")
    process = subprocess.Popen(
        ["strace", "-f", "-qq", "-y", "-s", "400", "-e", calls, "-o", str(trace), *words],
        # The service cannot write beside its program, and Python does not mind.
        env=environ(register_settings) | {"PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": "/tmp"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        address = re.search(r"http://\S+", process.stdout.readline())[0].rstrip(".")
        for path in ("/", "/incidents?q=filmer", "/signaler", "/incidents.atom"):
            with urllib.request.urlopen(address + path, timeout=60) as answer:
                assert answer.status == 200
        until(lambda: (register_settings.instance / "index").exists(), 30)
    finally:
        # strace itself does not pass a signal on.
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii")
        for child in map(int, children.split()):
            os.kill(child, signal.SIGTERM)
        process.wait(90)
        process.stdout.close()
    places = {
        str(register_settings.instance): "/var/lib/webcitoyen",
        str(register_settings.seal_dir): "/var/lib/webcitoyen-seal",
        # It may be a link to another folder.
        str(Path(sys.prefix).resolve()): "/opt/webcitoyen/.venv",
        str(TOP): "/opt/webcitoyen",
        sys.base_prefix: "/usr",
    }
    needed = accesses(trace.read_text("utf-8", "replace"), places)
    assert {need for _path, need in needed} >= set("rwmkx")
    full_profile = parse_profile("-p", str(PROFILE)).stdout
    assert refused_accesses(full_profile, needed) == []
    # A profile that lacks a line is found out.
    lacking = full_profile.replace("/var/lib/webcitoyen/** rwkl,", "")
    assert any(
        path.startswith("/var/lib/webcitoyen/") for path, _ in refused_accesses(lacking, needed)
    )


# --- the unit ----------------------------------------------------------------------------------


UNITS = ("webcitoyen.service", "webcitoyen-worker.service")


@pytest.mark.parametrize("name", UNITS)
def test_the_unit_leaves_little_open(tmp_path: Path, name: str) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze")
    unit = tmp_path / name
    unit.write_text((EXAMPLES / name).read_text("utf-8"), "utf-8")
    words = ["systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=13"]
    analysis = subprocess.run([*words, str(unit)], capture_output=True, text=True)
    assert analysis.returncode == 0, analysis.stdout


@pytest.mark.parametrize("name", UNITS)
def test_the_unit_keeps_memory_from_the_disk_and_the_network_away(name: str) -> None:
    text = (EXAMPLES / name).read_text("utf-8")
    expected = {
        "LimitCORE=0",
        "MemorySwapMax=0",
        "IPAddressDeny=any",
        "IPAddressAllow=localhost",
        "AppArmorProfile=-webcitoyen",
    }
    assert expected <= set(text.splitlines())
