"""Imports go one way: rooms in their order, faces on top of them.

``docs/proofs.md`` tells how each rule here was seen to fail on purpose; the tests at the end do
it again on made-up sources.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
MODULES = sorted((TOP / "register").rglob("*.py"))

# From the ground up: a room may import those of earlier lines, and none of its own line.
ROOMS: tuple[frozenset[str], ...] = (
    frozenset({"errors", "hosts"}),
    frozenset({"text", "config", "encryption", "concurrency_limit"}),
    frozenset({"db"}),
    frozenset({"key_store"}),
    frozenset({"journal"}),
    frozenset({"territory", "accounts", "evidence"}),
    # Members write the pages.
    frozenset({"pages"}),
    frozenset({"cases"}),
    frozenset({"reports"}),
    frozenset({"search", "feeds", "exchange", "operations"}),
    frozenset({"worker"}),
    # What all faces share.
    frozenset({"web"}),
    # How the register is served.
    frozenset({"server"}),
    # The demonstration is the command's; Alembic's environment names every table.
    frozenset({"cli", "demo", "migrations"}),
    frozenset({"create_app"}),
)
HEIGHT = {name: height for height, line in enumerate(ROOMS) for name in line}
# The command starts the demonstration.
SIDEWAYS = {("cli", "demo")}
# Who may ask for a whole application, against the order: the command and what it shows.
STARTERS = {"cli", "demo"}

# A face (``web.py`` or ``web/`` of a room) imports any room, what all faces share, and the faces
# of rooms before its own in this order.
FACES = ("territory", "accounts", "pages", "journal", "cases", "reports", "feeds")
# What does not follow it yet, each with its reason.
KNOTS = {
    ("pages", "cases"): "the history of a page compares texts as that of a case does",
    ("journal", "cases"): "the public journal is filtered with the panel of the case list",
    ("territory", "cases"): "a place is a row of the case editor",
    ("cases", "reports"): "the desk's home and the file for a lawyer show reports too",
}
# Modules of the shared web that put the faces together.
COMPOSERS = {"register.web.application", "register.web.template_env"}

# What belongs to a request: below the faces, the actor and the clock are arguments.
OF_A_REQUEST = {"request", "g", "session", "flash", "url_for", "globals"}
LINES = 350


def _module(path: Path) -> str:
    name = ".".join(path.relative_to(TOP).with_suffix("").parts)
    return name.removesuffix(".__init__")


def _room(module: str) -> str:
    parts = module.split(".")
    # The package's own module holds create_app; the other starts the command.
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


def wrong_way(module: str, source: str) -> list[str]:
    """What ``module`` imports and may not."""
    return [target for target in _targets(source) if not _allowed(module, target)]


def _allowed(module: str, target: str) -> bool:
    room, other = _room(module), target.split(".")[1]
    if other == "create_app":
        return room in STARTERS
    if other not in HEIGHT:
        return False
    if is_face(target):
        return _face_allowed(module, room, other)
    if room == other or (room, other) in SIDEWAYS:
        return True
    # A face stands as high as what all faces share, and may use that.
    height = HEIGHT["web"] + 1 if is_face(module) or room == "web" else HEIGHT[room]
    return HEIGHT[other] < height


def _face_allowed(module: str, room: str, other: str) -> bool:
    if module in COMPOSERS or HEIGHT[room] > HEIGHT["web"]:
        return True
    if room == "web":
        return other == "accounts"
    if not is_face(module):
        return False
    in_order = FACES.index(other) <= FACES.index(room)
    return in_order or (room, other) in KNOTS


def of_a_request(source: str) -> list[str]:
    """What a source takes of Flask that only a request has."""
    found = []
    for module, names in _imported(source):
        if module == "flask" and not names:
            found.append("flask")  # everything is an attribute of it
        elif module.split(".")[0] == "flask":
            found += [name for name in names if name in OF_A_REQUEST or module != "flask"]
    return found


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
    assert declaring <= imported


def test_every_room_has_its_place():
    assert {_room(_module(path)) for path in MODULES} <= set(HEIGHT)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(TOP)))
def test_imports_go_one_way(path):
    assert wrong_way(_module(path), path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if _room(_module(path)) != "web" and not is_face(_module(path))],
    ids=lambda path: str(path.relative_to(TOP)),
)
def test_only_web_faces_import_the_request(path):
    assert of_a_request(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "path",
    # A migration is generated, and read once.
    [path for path in MODULES if "versions" not in path.parts],
    ids=lambda path: str(path.relative_to(TOP)),
)
def test_a_module_can_be_read_in_one_sitting(path):
    assert len(path.read_text("utf-8").splitlines()) <= LINES


# --- the guards themselves ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "source", "found", "why"),
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
def test_the_guard_of_import_directions_finds_violations(module, source, found, why):
    assert wrong_way(f"register.{module}", source) == found, why


@pytest.mark.parametrize(
    ("source", "found"),
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
def test_the_guard_of_request_imports_finds_violations(source, found):
    assert of_a_request(source) == found
