"""The verifier of ``docs``, run on downloaded files."""

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
    """A folder with downloaded files and the verifier."""

    folder: Path

    def download(self, get: Callable[[str], bytes], case: int, version: int | None = None) -> None:
        """Download the files of one case, and copy the verifier."""
        query = f"?version={version}" if version else ""
        for name, address in (
            (LEDGER, "/registre.jsonl"),
            (HEAD, "/registre/tete"),
            (PROOF, f"/incidents/{case}/preuve{query}"),
        ):
            (self.folder / name).write_bytes(get(address))
        (self.folder / SOURCE.name).write_bytes(SOURCE.read_bytes())

    def read(self, name: str) -> bytes:
        """The content of a file."""
        return (self.folder / name).read_bytes()

    def write(self, name: str, data: bytes) -> None:
        """Overwrite a file."""
        (self.folder / name).write_bytes(data)

    def verify(self, *arguments: str, files: tuple[str, ...] = (LEDGER, HEAD)) -> tuple[int, str]:
        """Run the verifier; its exit status and output."""
        process = subprocess.run(
            # Isolated: only the standard library can be imported.
            [sys.executable, "-I", "-S", SOURCE.name, *files, *arguments],
            cwd=self.folder,
            env={"PYTHONUTF8": "1"},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )
        assert "Traceback" not in process.stderr
        return process.returncode, process.stdout + process.stderr
