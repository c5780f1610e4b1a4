"""Pinned dependencies with their hashes: requirements/*.txt, made from pyproject.toml by uv.

Needs the package index. Without an option the present versions stay, and only what pyproject.toml
newly asks for is added; `--upgrade` raises all, `--upgrade-package NAME` one.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from packaging.utils import canonicalize_name

TOP = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))
FOLDER = TOP / "requirements"
# The file, what it adds to, and what it is for.
FILES = {
    "build": (None, "what builds the project and its dependencies; installed first"),
    "run": ("build", "what an installation needs on SQLite and in one process"),
    "scale": ("run", "what PostgreSQL and several processes need on top"),
    "dev": ("scale", "what the tests and tools need on top"),
}
# No wheel of these exists. They are built from their source by the pinned setuptools.
SOURCES = ("feedgen",)

_PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)(?:.*\\\n)*.*\n?", re.MULTILINE)


def pins(file: str) -> dict[str, str]:
    """Each pin of one file by its canonical name: the requirement, its marker, its hashes."""
    return _blocks((FOLDER / f"{file}.txt").read_text("utf-8"))


def _blocks(text: str) -> dict[str, str]:
    return {canonicalize_name(match["name"]): match[0] for match in _PIN.finditer(text)}


def _compile(source: str, output: Path, *options: str, stdin: str | None = None) -> dict[str, str]:
    oldest = PROJECT["project"]["requires-python"].removeprefix(">=")
    command = [sys.executable, "-m", "uv", "pip", "compile", source, "--output-file", str(output)]
    # The header would hold this command, with the folders of the machine it ran on.
    command += ["--quiet", "--universal", "--python-version", oldest]
    command += ["--no-header", "--no-annotate", *options]
    subprocess.run(command, cwd=TOP, check=True, input=stdin, text=True)
    return _blocks(output.read_text("utf-8"))


def main(options: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        build, all_pins = Path(folder, "build.txt"), Path(folder, "every.txt")
        # uv keeps to the versions that it finds in the file it writes.
        current = {path.stem: path.read_text("utf-8") for path in FOLDER.glob("*.txt")}
        build.write_text(current.pop("build", ""), "utf-8")
        pinned = "".join(block for text in current.values() for block in _blocks(text).values())
        all_pins.write_text(pinned, "utf-8")
        options = ["--generate-hashes", *options]
        backend = "\n".join(PROJECT["build-system"]["requires"])
        blocks = {"build": _compile("-", build, *options, stdin=backend)}
        # One resolution for all, so that every installation has the same version of a package.
        blocks["dev"] = _compile("pyproject.toml", all_pins, "--extra", "dev", *options)
        same = ("--constraints", str(all_pins))
        run = _compile("pyproject.toml", Path(folder, "run.txt"), *same)
        scale = _compile("pyproject.toml", Path(folder, "scale.txt"), "--extra", "scale", *same)
    blocks["run"] = {name: blocks["dev"].pop(name) for name in run}
    blocks["scale"] = {name: blocks["dev"].pop(name) for name in scale if name not in run}
    for name, (base, purpose) in FILES.items():
        head = f"# Made by `make pins`, never by hand: {purpose}.\n"
        if base:
            head += f"-r {base}.txt\n"
        else:
            # A source would be built with tools that nobody pinned.
            head += "--only-binary :all:\n" + "".join(
                f"--no-binary {package}\n" for package in SOURCES
            )
        (FOLDER / f"{name}.txt").write_text(head + "".join(blocks[name].values()), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
