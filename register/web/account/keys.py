"""The two keys that sign-in asks for, as views reach them."""

from __future__ import annotations

from typing import cast

from flask import current_app
from sqlalchemy.orm import Session

from register import seal
from register.db import db
from register.errors import SealError
from register.operations import opening
from register.web.context import settings

_KEPT = "register.seal_key"


def secret_key() -> str:
    """The key that signs what is short-lived."""
    return str(current_app.secret_key)


def seal_key() -> bytes:
    """The key that opens second factors, read from its file once in the life of a process.

    :raises SealError: missing, foreign, or no ``init`` yet.
    """
    if _KEPT not in current_app.extensions:
        current_app.extensions[_KEPT] = _read()
    return cast(bytes, current_app.extensions[_KEPT])


def _read() -> bytes:
    with Session(db.engine) as session:
        known = opening.identity(session)
        if known is None:
            raise SealError("not_initialised")
        where = seal.folder(settings().seal_dir, known.instance_id)
        return seal.require(where, known.instance_id, known.seal_check)
