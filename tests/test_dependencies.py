"""Dependencies: pinned with their hashes, installed as pinned, listed, audited, described."""

from __future__ import annotations

import http.server
import json
import re
import threading
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import audit, pins, sbom

TOP = Path(__file__).resolve().parent.parent
PROJECT = pins.PROJECT["project"]
TEXTS = {path.name: path.read_text("utf-8") for path in pins.FOLDER.glob("*.txt")}
PINNED = {name: block for file in pins.FILES for name, block in pins.pins(file).items()}
DIRECT = {
    "build": pins.PROJECT["build-system"]["requires"],
    "run": PROJECT["dependencies"],
    **PROJECT["optional-dependencies"],
}
DIRECT_REQUIREMENTS = [
    (file, Requirement(line))
    for file, lines in DIRECT.items()
    for line in lines
    if not line.startswith("webcitoyen")
]


def _requirement(name: str) -> Requirement:
    return Requirement(PINNED[name].partition("\\\n")[0])


def _version(name: str) -> str:
    return str(_requirement(name).specifier).removeprefix("==")


def _applies(name: str) -> bool:
    """Whether a pin is for this system and this Python."""
    marker = _requirement(name).marker
    return marker is None or marker.evaluate()


def test_each_file_of_pins_is_known():
    assert set(TEXTS) == {f"{name}.txt" for name in pins.FILES}


def test_every_pin_is_one_version_with_sha256_hashes():
    for name, block in PINNED.items():
        assert re.fullmatch(r"==[\w.]+", str(_requirement(name).specifier)), name
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), name


def test_the_files_contain_pins_only():
    # No index, host, folder or other source of packages.
    for text in TEXTS.values():
        lines = [line.rstrip("\\ ") for line in text.splitlines() if not line.startswith("#")]
        other_lines = [
            line for line in lines if not re.match(r"    --hash=sha256:[0-9a-f]{64}$", line)
        ]
        pin = re.compile(r"[\w.-]+==[\w.]+( ; [\w<>!='. -]+)?$")
        options = r"-r (build|run|scale)\.txt$|--only-binary :all:$|--no-binary feedgen$"
        assert [
            line for line in other_lines if not (pin.match(line) or re.match(options, line))
        ] == []


def test_every_direct_dependency_is_pinned_in_its_file():
    for file, requirement in DIRECT_REQUIREMENTS:
        name = canonicalize_name(requirement.name)
        assert name in pins.pins(file)
        assert requirement.specifier.contains(_version(name)), name


def test_installed_versions_are_the_pinned_ones():
    for name in filter(_applies, PINNED):
        assert metadata.version(name) == _version(name), name


def test_every_transitive_dependency_is_installed():
    # Pins are installed without resolving their dependencies.
    for name in filter(_applies, PINNED):
        for line in map(Requirement, metadata.requires(name) or []):
            if line.marker is None or line.marker.evaluate({"extra": ""}):
                assert line.specifier.contains(metadata.version(line.name)), (name, line)


def test_installation_requires_hashes_and_builds_without_isolation():
    script = (TOP / "tools" / "venv").read_text("utf-8")
    calls = [line for line in script.splitlines() if "pip install" in line]
    assert len(calls) == 1
    assert "--no-deps --no-build-isolation" in calls[0]
    installs = [line for line in script.splitlines() if line.startswith("install ")]
    assert installs.pop() == "install -e ."
    assert all(line.startswith("install --require-hashes -r ") for line in installs)


# --- the list of components --------------------------------------------------------------------


@pytest.fixture(scope="module")
def listed_components():
    """Checked against the schema of CycloneDX 1.6 as it is made."""
    return json.loads(sbom.bill_of_materials())


def test_the_list_of_components_has_runtime_packages_only(listed_components):
    components = {component["name"]: component for component in listed_components["components"]}
    runtime_names = [name for file in ("run", "scale") for name in pins.pins(file)]
    assert set(components) == set(filter(_applies, runtime_names))
    assert "pytest" not in components
    assert components["flask"]["purl"] == f"pkg:pypi/flask@{_version('flask')}"
    assert components["flask"]["scope"] == "required"
    assert components["redis"]["scope"] == "optional"


def test_every_component_has_its_licence_and_the_hashes_of_its_pin(listed_components):
    for component in listed_components["components"]:
        (licence,) = component["licenses"]
        licence_name = licence.get("expression") or "".join(licence["license"].values())
        assert licence_name not in ("", "unknown", "UNKNOWN"), component["name"]
        hashes = {hash_entry["content"] for hash_entry in component["hashes"]}
        assert hashes == set(re.findall("sha256:([0-9a-f]+)", PINNED[component["name"]]))


def test_the_list_of_components_has_dependencies(listed_components):
    needs = {
        dependency["ref"]: dependency.get("dependsOn", [])
        for dependency in listed_components["dependencies"]
    }
    assert "flask" in needs["webcitoyen"]
    assert "werkzeug" in needs["flask"]
    assert "psycopg-binary" in needs["psycopg"]


# --- the audit ---------------------------------------------------------------------------------

OTHER_ADVISORY = {
    "id": "PYSEC-1",
    "affected": [{"package": {"ecosystem": "PyPI", "name": "Jinja2"}, "versions": ["2.9", "2.10"]}],
}


def _advisory(name: str, **affected) -> dict:
    package = {"ecosystem": "PyPI", "name": name}
    return {"id": f"PYSEC-{name}", "affected": [{"package": package, **affected}]}


def _range(*events: dict[str, str]) -> dict:
    return {"ranges": [{"type": "ECOSYSTEM", "events": list(events)}]}


def _archive(folder: Path, *advisories: dict) -> list[str]:
    path = folder / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number, advisory in enumerate(advisories):
            archive.writestr(f"{number}.json", json.dumps(advisory))
    return ["--advisories", str(path)]


FLASK = _version("flask")


@pytest.mark.parametrize(
    ("advisory", "code"),
    [
        (_advisory("Flask", versions=[FLASK]), 1),
        (_advisory("Flask", versions=["0.12"]), 0),
        (_advisory("somebody-else", versions=[FLASK]), 0),
        (_advisory("Flask", **_range({"introduced": "0"})), 1),
        (_advisory("Flask", **_range({"introduced": "0"}, {"fixed": "2.0"})), 0),
        (_advisory("Flask", **_range({"introduced": "0"}, {"fixed": "99"})), 1),
        (_advisory("Flask", **_range({"introduced": "0"}, {"last_affected": FLASK})), 1),
        (_advisory("Flask", **_range({"introduced": "0"}, {"last_affected": "2.0"})), 0),
        (_advisory("Flask", **_range({"introduced": "99"})), 0),
        ({**_advisory("Flask", versions=[FLASK]), "withdrawn": "2026-01-01T00:00:00Z"}, 0),
        ({"id": "GHSA-without-packages"}, 0),
    ],
)
def test_the_audit_finds_advisories_of_pinned_releases(tmp_path, capsys, advisory, code):
    assert audit.main(_archive(tmp_path, OTHER_ADVISORY, advisory)) == code
    output = capsys.readouterr()
    assert output.err == ""
    assert (f"flask {FLASK}: PYSEC-Flask" in output.out) == (code == 1)


def _empty_archive(folder: Path) -> list[str]:
    return _archive(folder)


def _missing_archive(folder: Path) -> list[str]:
    return ["--advisories", str(folder / "missing.zip")]


def _html_archive(folder: Path) -> list[str]:
    (folder / "all.zip").write_text("<html>Sign in to the network</html>", "utf-8")
    return ["--advisories", str(folder / "all.zip")]


def _unreachable_service(_folder: Path) -> list[str]:
    return ["--api", "http://127.0.0.1:1/"]


@pytest.mark.parametrize(
    "advisories", [_empty_archive, _missing_archive, _html_archive, _unreachable_service]
)
def test_an_audit_without_advisories_fails_with_its_own_exit_code(tmp_path, capsys, advisories):
    assert audit.main(advisories(tmp_path)) == 3
    output = capsys.readouterr()
    assert output.out == ""
    assert re.fullmatch(r"Nothing was audited: .+\.\n", output.err)


class _Service(http.server.BaseHTTPRequestHandler):
    """The documented querybatch API of OSV: results in the order of the queries."""

    vulnerable: set[str]

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        results = [
            {"vulns": [{"id": "PYSEC-1", "modified": "2026-01-01T00:00:00Z"}]}
            if f"{query['package']['name']} {query['version']}" in self.vulnerable
            else {}
            for query in request["queries"]
        ]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"results": results}).encode())

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.mark.parametrize(
    ("vulnerable", "code"),
    [(set(), 3), ({"jinja2 2.10"}, 0), ({"jinja2 2.10", f"flask {FLASK}"}, 1)],
    ids=["knows nothing", "knows no hole in ours", "knows a hole in flask"],
)
def test_the_audit_asks_the_service_about_every_pin(capsys, vulnerable, code):
    handler = type("Service", (_Service,), {"vulnerable": vulnerable})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert audit.main(["--api", f"http://127.0.0.1:{server.server_port}/"]) == code
        thread.join()
    assert (f"flask {FLASK}: PYSEC-1" in capsys.readouterr().out) == (code == 1)


# --- the table of dependencies -----------------------------------------------------------------

STATE = (TOP / "docs" / "developpement.md").read_text("utf-8")
ROWS = {
    canonicalize_name(cells[0]): cells
    for line in STATE.partition("## Dependencies\n")[2].partition("\n## ")[0].splitlines()
    if len(cells := [cell.strip() for cell in line.strip("|").split("|")]) == 7
    and cells[0] not in ("Package", "---")
}


def test_the_table_has_every_direct_dependency_with_its_version():
    direct = {canonicalize_name(requirement.name) for _file, requirement in DIRECT_REQUIREMENTS}
    assert {name: cells[1] for name, cells in ROWS.items()} == {
        name: _version(name) for name in direct
    }
    assert all(all(cells) for cells in ROWS.values())
