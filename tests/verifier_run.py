"""What an outsider holds: files that were downloaded, and the verifier of ``docs``."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "docs" / "verifier.py"
LEDGER, HEAD, PROOF = "registre.jsonl", "tete.json", "preuve.json"


@dataclass(frozen=True)
class VerifierRun:
    """Somebody with a folder, a Python and no trust in the register."""

    folder: Path

    def download(self, get: Callable[[str], bytes], case: int, version: int | None = None) -> None:
        """Fetch the files of one case, and the verifier from where one can read it."""
        pinned = f"?version={version}" if version else ""
        for name, address in (
            (LEDGER, "/registre.jsonl"),
            (HEAD, "/registre/tete"),
            (PROOF, f"/incidents/{case}/preuve{pinned}"),
        ):
            (self.folder / name).write_bytes(get(address))
        (self.folder / SOURCE.name).write_bytes(SOURCE.read_bytes())

    def read(self, name: str) -> bytes:
        """One of the files."""
        return (self.folder / name).read_bytes()

    def write(self, name: str, data: bytes) -> None:
        """Change one of the files."""
        (self.folder / name).write_bytes(data)

    def verify(self, *more: str, files: tuple[str, ...] = (LEDGER, HEAD)) -> tuple[int, str]:
        """Run the verifier there, alone: its status, and all that it says."""
        done = subprocess.run(
            # Isolated: neither this project nor anything installed can be imported.
            [sys.executable, "-I", "-S", SOURCE.name, *files, *more],
            cwd=self.folder,
            env={"PYTHONUTF8": "1"},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout + done.stderr
