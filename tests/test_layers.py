"""Imports follow one order: the packages of the register, their web faces above them.

``docs/proofs.md`` lists a violation of each rule that was found; the tests at the end check the
rules on invented sources.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from register.web.application import FACES as FACE_PACKAGES

TOP = Path(__file__).resolve().parent.parent
MODULES = sorted((TOP / "register").rglob("*.py"))

# From the lowest layer up: a package (room) may import those of earlier lines only.
ROOMS: tuple[frozenset[str], ...] = (
    frozenset({"errors", "hosts", "log_priority", "postgresql", "program_files"}),
    frozenset({"text", "database_urls"}),
    frozenset({"mail_urls", "site_urls"}),
    frozenset({"config", "encryption", "concurrency_limit"}),
    frozenset({"db"}),
    frozenset({"key_store"}),
    frozenset({"journal", "mail"}),
    frozenset({"territory", "accounts", "evidence", "sources"}),
    # Members write the pages.
    frozenset({"pages"}),
    frozenset({"cases"}),
    # What came by post may be about a case.
    frozenset({"post"}),
    frozenset({"reports"}),
    frozenset({"incoming"}),
    frozenset({"search", "feeds", "exchange", "operations"}),
    frozenset({"worker"}),
    # Shared by all faces.
    frozenset({"web"}),
    # How the register is served.
    frozenset({"server"}),
    # The demonstration is the command's; Alembic's environment names every table.
    frozenset({"cli", "demo", "migrations"}),
    frozenset({"create_app"}),
)
LAYER = {name: height for height, line in enumerate(ROOMS) for name in line}
# The command starts the demonstration.
SIDEWAYS = {("cli", "demo")}
# Exceptions to the order: who may create an application.
STARTERS = {"cli", "demo"}

# A face (``web.py`` or ``web/`` of a room) imports any room, what all faces share, and the faces
# of rooms before its own in this order.
FACES = (
    *("territory", "accounts", "pages", "journal", "cases", "post", "reports", "incoming"),
    *("exchange", "feeds", "operations"),
)
# Modules of the shared web that import all faces.
COMPOSERS = {"register.web.application", "register.web.template_env"}

# Names of a request: below the faces, member and time are arguments.
REQUEST_NAMES = {"request", "g", "session", "flash", "url_for", "globals"}
MAX_LINES = 350


def _module(path: Path) -> str:
    name = ".".join(path.relative_to(TOP).with_suffix("").parts)
    return name.removesuffix(".__init__")


def _room(module: str) -> str:
    parts = module.split(".")
    # register/__init__.py has create_app; __main__ starts the command.
    return "create_app" if len(parts) == 1 or parts[1] == "__main__" else parts[1]


def is_face(module: str) -> bool:
    """Whether a module is a room's own web face."""
    return "web" in module.split(".")[2:]


def _imported(source: str) -> Iterator[tuple[str, list[str]]]:
    """Every import of a source, inside functions too: the module and the names taken from it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", [alias.name for alias in node.names]


def _targets(source: str) -> Iterator[str]:
    """The full names that a source imports from the register: modules, or names in them."""
    for module, names in _imported(source):
        if module == "register" or module.startswith("register."):
            yield from (f"{module}.{name}" for name in names) if names else (module,)


def forbidden_imports(module: str, source: str) -> list[str]:
    """The imports of ``module`` that its layer does not allow."""
    return [target for target in _targets(source) if not _allowed(module, target)]


def _allowed(module: str, target: str) -> bool:
    room, other = _room(module), target.split(".")[1]
    if other == "create_app":
        return room in STARTERS
    if other not in LAYER:
        return False
    if is_face(target):
        return _face_allowed(module, room, other)
    if room == other or (room, other) in SIDEWAYS:
        return True
    # A face may import the shared web.
    height = LAYER["web"] + 1 if is_face(module) or room == "web" else LAYER[room]
    return LAYER[other] < height


def _face_allowed(module: str, room: str, other: str) -> bool:
    if module in COMPOSERS or LAYER[room] > LAYER["web"]:
        return True
    if room == "web":
        return other == "accounts"
    if not is_face(module):
        return False
    return FACES.index(other) <= FACES.index(room)


def request_imports(source: str) -> list[str]:
    """The names of a request that a source imports from Flask."""
    names = []
    for module, imported_names in _imported(source):
        if module == "flask" and not imported_names:
            names.append("flask")  # everything is an attribute of it
        elif module.split(".")[0] == "flask":
            names += [name for name in imported_names if name in REQUEST_NAMES or module != "flask"]
    return names


def test_every_module_that_declares_routes_is_imported():
    application = TOP / "register" / "web" / "application.py"
    declaring = {
        _module(path)
        for path in MODULES
        if path != application and "register.web.blueprints" in path.read_text("utf-8")
    }
    imported = set()
    for module, names in _imported(application.read_text("utf-8")):
        imported |= {module, *(f"{module}.{name}" for name in names)}
    faces = tuple(f"register.{room}.web." for room in FACE_PACKAGES)
    missing = {module for module in declaring - imported if not f"{module}.".startswith(faces)}
    assert missing == set()


def test_every_package_of_a_face_is_imported():
    packages = {path.parent.parent.name for path in MODULES if path.match("*/web/__init__.py")}
    assert packages - {"register"} == set(FACE_PACKAGES)


def test_every_package_has_a_layer():
    assert {_room(_module(path)) for path in MODULES} <= set(LAYER)


def test_imports_go_one_way():
    found = {path: forbidden_imports(_module(path), path.read_text("utf-8")) for path in MODULES}
    assert {path: imports for path, imports in found.items() if imports} == {}


def test_only_web_faces_import_the_request():
    below = [path for path in MODULES if _room(_module(path)) != "web"]
    found = {
        path: request_imports(path.read_text("utf-8"))
        for path in below
        if not is_face(_module(path))
    }
    assert found
    assert {path: imports for path, imports in found.items() if imports} == {}


def test_a_module_is_at_most_350_lines_long():
    # Migrations are generated.
    written = [path for path in MODULES if "versions" not in path.parts]
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in written}
    assert {path: length for path, length in lengths.items() if length > MAX_LINES} == {}


# --- the checks themselves ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "source", "expected", "why"),
    [
        ("journal.x", "from register.cases import acts", ["register.cases.acts"], "upwards"),
        ("journal.x", "import register.cases.acts", ["register.cases.acts"], "by its whole name"),
        (
            "journal.x",
            "def f():\n    from register.web import attach",
            ["register.web.attach"],
            "hidden in a function",
        ),
        ("journal.x", "from register import web", ["register.web"], "by the package"),
        (
            "journal.x",
            "if TYPE_CHECKING:\n    from register.cli import main",
            ["register.cli.main"],
            "for a type",
        ),
        (
            "accounts.x",
            "from register.territory import codes",
            ["register.territory.codes"],
            "beside",
        ),
        ("web.x", "from register.cli import main", ["register.cli.main"], "the wrong way beside"),
        ("web.x", "from register import create_app", ["register.create_app"], "no page makes one"),
        ("text.x", "from register.nowhere import x", ["register.nowhere.x"], "without a place"),
        ("cases.x", "from register.cases.web import y", ["register.cases.web.y"], "its own face"),
        (
            "accounts.web.x",
            "from register.cases.web import y",
            ["register.cases.web.y"],
            "the face of a later room",
        ),
        ("web.x", "from register.cases.web import y", ["register.cases.web.y"], "shared, of one"),
        ("web.application", "from register.cases.web import y", [], "puts the faces together"),
        ("reports.web.x", "from register.cases.web import y", [], "the face of an earlier room"),
        ("cases.web.x", "from register.search import service", [], "any room"),
        ("cases.web.x", "from register.web import etag", [], "what all faces share"),
        ("cli.x", "from register.server import process_start", [], "the command starts the server"),
        ("cli.x", "from register import create_app", [], "and the application"),
        ("cases.x", "from register.journal import Act", [], "downwards"),
        ("cases.x", "from register.cases.models import Incident", [], "at home"),
        ("cases.x", "from registers import x\nimport json", [], "somebody else's"),
    ],
)
def test_forbidden_imports_are_found(module, source, expected, why):
    assert forbidden_imports(f"register.{module}", source) == expected, why


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from flask import request", ["request"]),
        ("from flask import Flask, g as globals_", ["g"]),
        ("def f():\n    from flask import url_for", ["url_for"]),
        ("import flask", ["flask"]),
        ("from flask.globals import request", ["request"]),
        ("from flask import Flask, current_app", []),
        ("from flask_sqlalchemy import SQLAlchemy", []),
    ],
)
def test_imports_of_the_request_are_found(source, expected):
    assert request_imports(source) == expected
