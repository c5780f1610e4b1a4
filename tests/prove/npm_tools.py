"""Tools that are brought from npm for one check, and stay in a folder that git ignores."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

BUILD = Path(__file__).resolve().parents[2] / "build"


def need(*tools: str) -> None:
    """Skip where a tool is missing, which under CI none may be."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        reason = f"{' and '.join(missing)} not installed here."
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)


def from_npm(package: str, path: str) -> Path:
    """A file of a package of npm, of one exact version.

    :param package: with its version, ``vnu-jar@26.9.27``.
    :param path: of the file, below ``node_modules``.
    """
    name, _at, version = package.rpartition("@")
    folder = BUILD / name / version
    file = folder / "node_modules" / path
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        # Without a package file of its own, npm would look for one in the folders above.
        (folder / "package.json").write_text('{"private": true}')
        install = ["npm", "install", "--no-save", "--no-audit", "--no-fund", "-E", package]
        subprocess.run(install, cwd=folder, check=True, capture_output=True, timeout=600)
    return file
