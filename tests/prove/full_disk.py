"""A folder without room: a small disk that is full, or a process whose files may not grow."""

from __future__ import annotations

import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOM = 1024 * 1024  # bytes that are left of a small disk before it is filled
_ADMINISTRATION = 21  # CAP_SYS_ADMIN, capabilities(7)


def _may_mount() -> bool:
    status = Path("/proc/self/status").read_text("ascii")
    return bool(int(status.split("CapEff:")[1].split()[0], 16) >> _ADMINISTRATION & 1)


class Disk:
    """A small disk in the place of a folder, that is filled and freed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def filled(self, _worker: int) -> None:
        with (self.folder / "ballast").open("ab", buffering=0) as ballast:
            for piece in (65536, 4096, 1):
                try:
                    while True:
                        ballast.write(bytes(piece))
                except OSError:
                    continue

    def freed(self, _worker: int) -> None:
        (self.folder / "ballast").unlink()


class Limit:
    """A process whose files may not grow, where nothing can be mounted (setrlimit(2))."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def filled(self, worker: int) -> None:
        self._set(worker, 4096)

    def freed(self, worker: int) -> None:
        self._set(worker, resource.RLIM_INFINITY)

    def _set(self, worker: int, size: int) -> None:
        _soft, hard = resource.prlimit(worker, resource.RLIMIT_FSIZE)
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (size, hard))


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """Put a small disk in the place of a folder, with all that is in it."""
    original = folder.with_name(f"{folder.name}-kept")
    folder.rename(original)
    folder.mkdir(mode=0o700)
    size = sum(path.stat().st_size for path in original.rglob("*") if path.is_file())
    options = f"size={2 * size + _ROOM},mode=0700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        shutil.copytree(original, folder, dirs_exist_ok=True)
        yield Disk(folder)
        shutil.rmtree(original)
        shutil.copytree(folder, original)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()
        original.rename(folder)


@contextmanager
def limit(folder: Path) -> Iterator[Limit]:
    yield Limit(folder)


MEANS = {"limit": limit, **({"disk": small_disk} if _may_mount() else {})}
