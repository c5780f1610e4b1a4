"""The wheel: it has all that a register is served from, and serves without the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
FILES = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "docs/verifier.py")
FOLDERS = ("register", "templates", "static")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built from a copy, so that nothing is written beside it."""
    source = tmp_path_factory.mktemp("source")
    for folder in FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(TOP / folder, source / folder, ignore=ignored)
    for name in FILES:
        (source / name).parent.mkdir(exist_ok=True)
        shutil.copy(TOP / name, source / name)
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir", "."]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, "."], cwd=source, check=True)
    return next(source.glob("*.whl"))


def test_a_wheel_has_every_file_of_the_program(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("register/")}
    expected = {"register/docs/verifier.py"}
    for folder, place in (("register", ""), ("templates", "register/"), ("static", "register/")):
        for path in (TOP / folder).rglob("*"):
            is_source = path.suffix == ".po" or "__pycache__" in path.parts
            if path.is_file() and not is_source:
                expected.add(f"{place}{path.relative_to(TOP).as_posix()}")
    assert packed == expected


@pytest.mark.prove
def test_a_register_is_made_and_may_be_served_from_a_wheel(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(tmp_path / "site"),
        "REGISTER_INSTANCE": str(tmp_path / "instance"),
        "REGISTER_SEAL_DIR": str(tmp_path / "seal"),
    }

    def run(*arguments: str) -> str:
        command = [sys.executable, *arguments]
        return subprocess.check_output(command, env=environment, cwd=tmp_path, text=True)

    run("-m", "register", "init")
    assert "peut être servi" in run("-m", "register", "check")
    verifier = "from register.web import etag; print(etag.__file__, len(etag.verifier()))"
    place, size = run("-c", verifier).split()
    assert place.startswith(str(tmp_path))
    assert int(size) == (TOP / "docs" / "verifier.py").stat().st_size
