"""A bare Debian in a folder, and containers of it: namespaces, chroot, no engine.

A container has its own processes, network and mounts, a system that is only read, a user without
any right, and the variables that it is given. Only packages are fetched, while something is
installed.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from containerfile import TOP, Stage, copied

INSTALL_SECONDS = 900
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_NAMESPACES = ("--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child")
# As an engine gives it: few devices, and what is written there is gone with the container.
_MOUNTS = """
mount --make-rprivate /
mount --bind "$ROOT" "$ROOT"
mount -t proc proc "$ROOT/proc"
mount -t tmpfs -o mode=755 tmpfs "$ROOT/dev"
for name in null zero full random urandom; do
  touch "$ROOT/dev/$name"; mount --bind "/dev/$name" "$ROOT/dev/$name"
done
ln -s /proc/self/fd "$ROOT/dev/fd"
mkdir -m 1777 "$ROOT/dev/shm"
"""
_NETWORK_UP = "ip link set lo up\n"


def missing_means() -> str:
    """Why no Debian can be made here, in words; empty when it can."""
    if os.geteuid() != 0:
        return "only root can make and enter the folder of another system"
    programs = ("debootstrap", "unshare", "nsenter", "ip")
    if missing := [program for program in programs if shutil.which(program) is None]:
        return f"not installed: {', '.join(missing)}"
    if subprocess.run(["unshare", "--mount", "--pid", "--net", "--fork", "true"]).returncode:
        return "the kernel gives no namespaces to root here"
    return ""


def make_debian(folder: Path, suite: str) -> str:
    """Make a minimal Debian from the packages; the reason when they cannot be had."""
    command = [
        "debootstrap",
        "--variant=minbase",
        suite,
        str(folder),
        "http://deb.debian.org/debian",
    ]
    result = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    # The packages themselves, as an engine's base image is without them.
    shutil.rmtree(folder / "var" / "cache" / "apt", ignore_errors=True)
    return "" if result.returncode == 0 else f"no packages: {result.stdout[-300:]}"


class System:
    """The folder of a system, in which root installs."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def copy(self, folder: Path) -> System:
        """The same system in another folder."""
        subprocess.run(["cp", "-a", "--reflink=auto", str(self.root), str(folder)], check=True)
        return System(folder)

    def run(self, script: str, environ: Mapping[str, str] = {}, workdir: str = "/") -> str:
        """Run a shell script as root, with network; its output.

        :raises AssertionError: it failed.
        """
        for name in ("resolv.conf", "hosts"):
            shutil.copy(Path("/etc", name), self.root / "etc" / name)
        fetching = self.root / "run" / "fetching"
        fetching.mkdir(exist_ok=True)
        # How packages are reached from this machine is no part of the system.
        dump = subprocess.check_output(["apt-config", "dump", "Acquire"], text=True)
        (fetching / "apt.conf").write_text(f'{dump}APT::Get::Assume-Yes "true";\n')
        shutil.copy("/etc/ssl/certs/ca-certificates.crt", fetching / "ca.pem")
        variables = {
            "PATH": PATH,
            "DEBIAN_FRONTEND": "noninteractive",
            "APT_CONFIG": "/run/fetching/apt.conf",
            "PIP_CERT": "/run/fetching/ca.pem",
            "PIP_DEFAULT_TIMEOUT": "120",
            **environ,
        }
        words = ["/bin/sh", "-ec", f"cd {shlex.quote(workdir)}\n{script}"]
        inner = shlex.join([*_env(variables), *words])
        outer = f'{_MOUNTS}\nexec chroot "$ROOT" {inner}'
        result = subprocess.run(
            ["unshare", *_NAMESPACES, "sh", "-ec", outer],
            env={**os.environ, "ROOT": str(self.root)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=INSTALL_SECONDS,
        )
        assert result.returncode == 0, f"{script}\n{result.stdout[-3000:]}"
        shutil.rmtree(fetching)
        return result.stdout

    def size(self) -> int:
        """Bytes on the disk."""
        return int(subprocess.check_output(["du", "-sxB1", str(self.root)]).split()[0])


def build(stages: Mapping[str, Stage], debian: System, folder: Path) -> System:
    """Carry out the instructions of a Containerfile, each stage in a copy of Debian."""
    systems: dict[str, System] = {}
    for stage_name, stage in stages.items():
        system = systems[stage_name] = debian.copy(folder / f"stage-{stage_name or 'image'}")
        workdir = "/"
        for name, arguments in stage.steps:
            if name == "RUN":
                system.run(arguments, stage.environ, workdir)
            elif name == "WORKDIR":
                workdir = arguments
                (system.root / workdir.lstrip("/")).mkdir(parents=True, exist_ok=True)
            else:
                from_stage, sources, target = copied(arguments)
                origin = systems[from_stage].root if from_stage else TOP
                place = system.root / str(Path(workdir, target)).lstrip("/")
                for source in sources:
                    _copy(origin / source.lstrip("/"), place, into=target.endswith("/"))
    return systems[""]


def _copy(source: Path, place: Path, *, into: bool) -> None:
    if source.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", f"{source}/.", str(place)], check=True)
        return
    if into:
        place = place / source.name
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, place)


class Container:
    """A running container."""

    def __init__(
        self,
        system: System,
        stage: Stage,
        folders: Mapping[str, Path],
        words: Sequence[str],
        stdin: Path | None = None,
        **variables: str,
    ) -> None:
        self._stage = stage
        self._environ = {**stage.environ, **variables}
        binds = "\n".join(
            f'mkdir -p "$ROOT{inside}"; mount --bind {shlex.quote(str(outside))} "$ROOT{inside}"'
            for inside, outside in folders.items()
        )
        script = (
            f"{_MOUNTS}{binds}\n"
            'mount -t tmpfs -o mode=1777,size=64m,noexec,nosuid,nodev tmpfs "$ROOT/tmp"\n'
            'mount -o remount,bind,ro "$ROOT"\n'
            f'{_NETWORK_UP}exec chroot "$ROOT" {shlex.join(self._words(words))}'
        )
        with (stdin or Path(os.devnull)).open("rb") as input_file:
            self.process = subprocess.Popen(
                ["unshare", "--net", *_NAMESPACES, "sh", "-ec", script],
                env={**os.environ, "ROOT": str(system.root)},
                stdin=input_file,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def _words(self, words: Sequence[str]) -> list[str]:
        user, group = self._stage.user.split(":")
        rights = ("--clear-groups", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs")
        return [
            *("/usr/bin/setpriv", f"--reuid={user}", f"--regid={group}", *rights),
            *_env(self._environ),
            *("/bin/sh", "-c", f'cd {self._stage.workdir} && exec "$@"', "sh", *words),
        ]

    def execute(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another command in it."""
        namespaces = ("--mount", "--pid", "--net", "--ipc", "--uts", "--root", "--wd=/")
        enter = ["nsenter", f"--target={self.first_process}", *namespaces]
        return subprocess.run(
            [*enter, *self._words(words)], capture_output=True, text=True, timeout=60
        )

    @property
    def first_process(self) -> int:
        """The number, on this machine, of the process that is the first one inside."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(path.read_text("ascii").split()[0])

    def wait_for(self, pattern: str, seconds: float = 60) -> str:
        """Read its output up to a line with a pattern; that line."""
        deadline = time.monotonic() + seconds
        lines = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            lines.append(line)
            if re.search(pattern, line):
                return line
            assert time.monotonic() < deadline, lines
        raise AssertionError(f"it ended: {lines}")

    def stop(self) -> tuple[int, str]:
        """End it as an engine does; its exit code and the rest of its output."""
        os.kill(self.first_process, signal.SIGTERM)
        output, _errors = self.process.communicate(timeout=60)
        return self.process.returncode, output


@contextmanager
def container(
    system: System,
    stage: Stage,
    folders: Mapping[str, Path],
    words: Sequence[str],
    stdin: Path | None = None,
    **variables: str,
) -> Iterator[Container]:
    """A container that runs words, and is ended at the latest with the block."""
    running = Container(system, stage, folders, words, stdin, **variables)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
        running.process.wait()
        if running.process.stdout is not None:
            running.process.stdout.close()


def _env(variables: Mapping[str, str]) -> list[str]:
    return ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in variables.items())]
