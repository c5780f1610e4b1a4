"""Known holes in the pinned dependencies, by the advisories of OSV (https://osv.dev).

Exit code 0: none is known; 1: some are; 3: the advisories could not be read, so nothing is known.
With `--advisories` nothing is asked over the network: the path is OSV's archive of the ecosystem
PyPI (all.zip), or a folder of its JSON files.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from tools import pins

API = "https://api.osv.dev/v1/querybatch"
# A release with a hole that has been known since 2019. Advisories without it are none: a mirror may
# answer politely about packages of which it knows nothing.
CANARY = ("jinja2", "2.10")

Pins = list[tuple[str, str]]
Vulnerabilities = dict[tuple[str, str], set[str]]


class UnreadableError(Exception):
    """The advisories cannot be had; the sentence says why."""


def pinned_releases() -> Pins:
    """Name and version of everything in requirements/."""
    lines = [
        (name, Requirement(block.partition("\\\n")[0]))
        for file in pins.FILES
        for name, block in pins.pins(file).items()
    ]
    return [(name, str(line.specifier).removeprefix("==")) for name, line in lines]


def query_osv(releases: Pins, api: str = API) -> Vulnerabilities:
    """The identifiers of the advisories about each release, from OSV's service."""
    queries = [
        {"package": {"ecosystem": "PyPI", "name": name}, "version": version}
        for name, version in releases
    ]
    request = urllib.request.Request(  # noqa: S310
        api, json.dumps({"queries": queries}).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            results = json.load(answer)["results"]
        holes = [{row["id"] for row in result.get("vulns", [])} for result in results]
        return dict(zip(releases, holes, strict=True))
    except (OSError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise UnreadableError(f"{api} did not answer with advisories ({error})") from error


def read_advisories(releases: Pins, path: Path) -> Vulnerabilities:
    """The same, from a file or folder of advisories."""
    holes: Vulnerabilities = {pin: set() for pin in releases}
    try:
        for advisory in _read(path):
            for pin in releases:
                if "withdrawn" not in advisory and any(
                    _is_affected(affected, *pin) for affected in advisory.get("affected", [])
                ):
                    holes[pin].add(advisory["id"])
    except (OSError, ValueError, LookupError, AttributeError, zipfile.BadZipFile) as error:
        raise UnreadableError(f"{path} cannot be read as OSV advisories ({error})") from error
    return holes


def _read(path: Path) -> Iterator[dict[str, Any]]:
    if path.is_dir():
        for file in sorted(path.rglob("*.json")):
            yield json.loads(file.read_bytes())
        return
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".json"):
                yield json.loads(archive.read(name))


def _is_affected(affected: dict[str, Any], name: str, version: str) -> bool:
    package = affected.get("package", {})
    if package.get("ecosystem") != "PyPI" or canonicalize_name(package["name"]) != name:
        return False
    return version in affected.get("versions", []) or any(
        _in_range(affected_range["events"], Version(version))
        for affected_range in affected.get("ranges", [])
        if affected_range["type"] == "ECOSYSTEM"
    )


def _in_range(events: list[dict[str, str]], version: Version) -> bool:
    """Whether a version lies in a range of the OSV schema, whose events are in order."""
    inside = False
    for event in events:
        (kind, bound_text), *_ = event.items()
        try:
            bound = Version(bound_text)
        except InvalidVersion:
            continue
        if kind == "introduced" and version >= bound:
            inside = True
        elif (kind == "fixed" and version >= bound) or (
            kind == "last_affected" and version > bound
        ):
            inside = False
    return inside


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tools.audit", description=__doc__.partition("\n")[0])
    parser.add_argument("--advisories", type=Path, help="OSV's all.zip for PyPI, or a folder")
    parser.add_argument("--api", default=API, help="the address of OSV's querybatch")
    options = parser.parse_args(arguments)
    releases = [CANARY, *pinned_releases()]
    try:
        if options.advisories:
            holes = read_advisories(releases, options.advisories)
        else:
            holes = query_osv(releases, options.api)
        if not holes.pop(CANARY):
            raise UnreadableError(f"the advisories do not even know the hole in {' '.join(CANARY)}")
    except UnreadableError as error:
        print(f"Nothing was audited: {error}.", file=sys.stderr)
        return 3
    for (name, version), names in holes.items():
        for identifier in sorted(names):
            print(f"{name} {version}: {identifier}, https://osv.dev/vulnerability/{identifier}")
    vulnerable_count = sum(map(bool, holes.values()))
    print(f"{len(holes)} pinned releases audited, {vulnerable_count} with a known hole.")
    return 1 if vulnerable_count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
