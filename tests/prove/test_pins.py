"""Pins against the package index: every supported system is served, a changed file is refused."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools import pins

SYSTEMS = ["x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "aarch64-apple-darwin"]

pytestmark = pytest.mark.prove


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_every_supported_python_and_system_has_files_with_these_hashes(tmp_path, system, python):
    command = [sys.executable, "-m", "uv", "pip", "install", "--dry-run", "--target", str(tmp_path)]
    command += ["--python-version", python, "--python-platform", system, "--no-deps"]
    command += ["--require-hashes", "--only-binary", ":all:"]
    sources = "|".join(pins.SOURCES)
    for file in pins.FILES:
        lines = [pin for name, pin in pins.pins(file).items() if not re.fullmatch(sources, name)]
        requirements = tmp_path / f"{file}.txt"
        requirements.write_text("".join(lines), "utf-8")
        run = subprocess.run(
            [*command, "-r", requirements], capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr


def test_a_file_of_another_hash_is_refused(tmp_path):
    text = (pins.FOLDER / "build.txt").read_text("utf-8")
    changed = Path(tmp_path, "build.txt")
    changed.write_text(re.sub("sha256:[0-9a-f]{8}", "sha256:00000000", text), "utf-8")
    command = [sys.executable, "-m", "pip", "download", "--require-hashes", "--no-deps"]
    run = subprocess.run(
        [*command, "-d", tmp_path, "-r", changed], capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert "DO NOT MATCH THE HASHES" in run.stderr
    assert not list(tmp_path.glob("*.whl"))
