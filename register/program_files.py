"""Where the files of the program stand that are no code: templates, static files, the verifier."""

from __future__ import annotations

from pathlib import Path


def program_folder(name: str) -> Path:
    """A folder of such files: in a wheel in the package, in a checkout beside it; see setup.py."""
    package = Path(__file__).resolve().parent
    installed = package / name
    return installed if installed.exists() else package.parent / name
