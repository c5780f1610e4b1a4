"""The instructions of a Containerfile, read as an engine reads those that ours has."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
FILE = TOP / "docs" / "exemples" / "Containerfile"
_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass
class Stage:
    """What one ``FROM`` begins, with the instructions that change its folder, in order."""

    base: str
    environ: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    steps: list[tuple[str, str]] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)
    user: str = "0:0"
    workdir: str = "/"
    port: int = 0
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction with its arguments, comments left out and lines joined."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        name, _space, rest = line.partition(" ")
        yield name, rest.strip()


def stages(text: str) -> dict[str, Stage]:
    """The stages by name; the last one, which is the image, has none.

    :raises ValueError: an instruction that ours has not had so far.
    """
    arguments: dict[str, str] = {}
    result: dict[str, Stage] = {}
    stage = Stage("")
    for name, rest in instructions(text):
        filled = _fill(rest, arguments | stage.environ)
        match name:
            case "FROM":
                base, _as, stage_name = filled.partition(" AS ")
                stage = result[stage_name] = Stage(base)
            case "ARG":
                key, _equals, value = filled.partition("=")
                arguments[key] = value.strip('"')
                stage.environ[key] = value.strip('"')
            case "ENV":
                stage.environ |= dict(_pairs(filled))
            case "LABEL":
                stage.labels |= dict(_pairs(filled))
            case "RUN" | "COPY":
                # The shell fills in what a RUN names.
                stage.steps.append((name, rest if name == "RUN" else filled))
            case "WORKDIR":
                stage.workdir = filled
                stage.steps.append((name, filled))
            case "USER":
                stage.user = filled
            case "EXPOSE":
                stage.port = int(filled)
            case "VOLUME":
                stage.volumes = json.loads(filled)
            case "ENTRYPOINT":
                stage.entrypoint = json.loads(filled)
            case "CMD":
                stage.command = json.loads(filled)
            case "HEALTHCHECK":
                stage.health = json.loads(filled.partition(" CMD ")[2])
            case _:
                raise ValueError(name)
    return result


def copied(arguments: str) -> tuple[str, list[str], str]:
    """The stage, the sources and the target of a COPY."""
    words = shlex.split(arguments)
    stage = words.pop(0).partition("=")[2] if words[0].startswith("--from=") else ""
    return stage, words[:-1], words[-1]


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for word in shlex.split(text):
        key, _equals, value = word.partition("=")
        yield key, value


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: values[match[1]], text)
