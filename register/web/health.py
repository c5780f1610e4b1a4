"""What machines ask of a running register: is it alive, is it ready."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from register.db import db
from register.errors import RegisterError
from register.operations import schema, setup
from register.web import assets, template_env

blueprint = Blueprint("health", __name__)

_TEXT = "text/plain; charset=utf-8"


@blueprint.get("/healthz")
def alive() -> Response:
    """Whether the process answers; it reads nothing, so that a slow disk restarts nobody."""
    return _no_store(Response("ok\n", content_type=_TEXT))


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """Whether pages can be served. Names only: what is wrong is for ``doctor``, not for all."""
    outcomes = readiness_checks()
    statuses = {name: "ok" if passed else "failed" for name, passed in outcomes.items()}
    return _no_store(jsonify(statuses)), 200 if all(outcomes.values()) else 503


def readiness_checks() -> dict[str, bool]:
    """What a register needs in order to serve, and whether it is there."""
    return {
        "database": _passes(_check_database),
        "schema": _passes(_check_schema),
        "seal": _passes(_check_seal),
        "pages": _passes(_check_pages),
    }


def _passes(check: Callable[[], None]) -> bool:
    try:
        check()
    except (RegisterError, SQLAlchemyError):
        return False
    return True


def _check_database() -> None:
    with db.engine.connect() as connection:
        connection.execute(text("SELECT 1"))


def _check_schema() -> None:
    schema.require(db.engine)


def _check_seal() -> None:
    with Session(db.engine) as session:
        setup.require_seal(current_app.extensions["register.settings"], session)


def _check_pages() -> None:
    # Memory answers in a process that serves; one that was started otherwise reads them now.
    template_env.require(current_app._get_current_object())  # type: ignore[attr-defined]
    assets.require(current_app._get_current_object())  # type: ignore[attr-defined]


def _no_store(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
