"""The catalogue, with types: French sentences in, the reader's language out."""

from __future__ import annotations

import flask_babel


def _(sentence: str, **values: object) -> str:
    return str(flask_babel.gettext(sentence, **values))
