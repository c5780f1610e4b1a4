"""Revisions that members ask for."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

REVISION_ERRORS: dict[str, Any] = {
    "no_such_revision": _(
        "Ce dossier n’a pas de version sous ce numéro ou à cette date, ou son texte a été détruit."
    ),
}
