"""Imports go one way. A layer that is skipped today is a knot nobody can untie in a year.

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

# From the ground up: a layer may import those above it in this list, never one below.
LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"errors", "hosts"}),
    frozenset({"text", "config", "seal", "bulkhead"}),
    frozenset({"db"}),
    frozenset({"keystore"}),
    frozenset({"journal"}),
    frozenset({"territory", "members", "evidence"}),
    # Who may write its pages, members say.
    frozenset({"editorial"}),
    frozenset({"incidents"}),
    frozenset({"submissions"}),
    frozenset({"exchange", "followers", "operations"}),
    # The demonstration is the command's; Alembic's environment names every table.
    frozenset({"web", "cli", "demo", "migrations"}),
    frozenset({"create_app"}),
)
# Packages of one layer do not know each other, but for the command, which starts the rest.
SIDEWAYS = {("cli", "web"), ("cli", "demo")}
# Who may ask for a whole application, against the order: the command and what it shows.
STARTERS = {"cli", "demo"}
# What belongs to a request: below web, the actor and the clock are arguments.
OF_A_REQUEST = {"request", "g", "session", "flash", "url_for", "globals"}
LINES = 400

HEIGHT = {name: height for height, layer in enumerate(LAYERS) for name in layer}


def _package(path: Path) -> str:
    first = path.relative_to(TOP / "register").parts[0].removesuffix(".py")
    # The package's own module holds create_app; the other starts the command.
    return "create_app" if first in ("__init__", "__main__") else first


def _imported(source: str) -> Iterator[tuple[str, list[str]]]:
    """Every import of a source, inside functions too: the module and the names taken from it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", [alias.name for alias in node.names]


def _ours(source: str) -> Iterator[str]:
    for module, names in _imported(source):
        if module == "register":
            yield from (name if name in HEIGHT else "unknown:" + name for name in names)
        elif module.startswith("register."):
            yield module.split(".")[1]


def wrong_way(package: str, source: str) -> list[str]:
    """The packages that ``package`` imports and may not."""
    found = []
    for other in _ours(source):
        if other not in HEIGHT:
            found.append(other)
        elif other == package or (other == "create_app" and package in STARTERS):
            continue
        elif (package, other) not in SIDEWAYS and HEIGHT[other] >= HEIGHT[package]:
            found.append(other)
    return found


def of_a_request(source: str) -> list[str]:
    """What a source takes of Flask that only a request has."""
    found = []
    for module, names in _imported(source):
        if module == "flask" and not names:
            found.append("flask")  # everything is an attribute of it
        elif module.split(".")[0] == "flask":
            found += [name for name in names if name in OF_A_REQUEST or module != "flask"]
    return found


def test_every_package_has_its_layer():
    assert {_package(path) for path in MODULES} <= set(HEIGHT)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(TOP)))
def test_imports_go_one_way(path):
    assert wrong_way(_package(path), path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if _package(path) != "web"],
    ids=lambda path: str(path.relative_to(TOP)),
)
def test_nothing_but_the_web_knows_a_request(path):
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
    ("package", "source", "found", "why"),
    [
        ("journal", "from register.incidents import acts", ["incidents"], "upwards"),
        ("journal", "import register.incidents.acts", ["incidents"], "by its whole name"),
        (
            "journal",
            "def f():\n    from register.web import attach",
            ["web"],
            "hidden in a function",
        ),
        ("journal", "from register import web", ["web"], "by the package"),
        ("journal", "if TYPE_CHECKING:\n    from register.cli import main", ["cli"], "for a type"),
        ("members", "from register.territory import codes", ["territory"], "beside"),
        ("web", "from register.cli import main", ["cli"], "the wrong way beside"),
        ("web", "from register import create_app", ["create_app"], "a page makes no application"),
        ("text", "from register.nowhere import x", ["nowhere"], "a package without a layer"),
        ("cli", "from register.web import server", [], "the command starts the web"),
        ("cli", "from register import create_app", [], "and the application"),
        ("incidents", "from register.journal import Act", [], "downwards"),
        ("incidents", "from register.incidents.models import Incident", [], "at home"),
        ("incidents", "from registers import x\nimport json", [], "somebody else's"),
    ],
)
def test_the_guard_of_layers_sees(package, source, found, why):
    assert wrong_way(package, source) == found, why


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
def test_the_guard_of_requests_sees(source, found):
    assert of_a_request(source) == found
