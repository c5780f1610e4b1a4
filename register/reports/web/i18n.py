"""Typed translation of French sentences into the reader's language."""

from __future__ import annotations

import flask_babel


def _(sentence: str, **values: object) -> str:
    return str(flask_babel.gettext(sentence, **values))
