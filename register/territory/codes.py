"""The shapes of official codes. A well-formed code may still belong to no place."""

from __future__ import annotations

import re

_COMMUNE = re.compile(r"(?:[0-9]{2}|2[AB])[0-9]{3}")
_DEPARTEMENT = re.compile(r"0[1-9]|[1-8][0-9]|9[0-5]|2[AB]|97[1-8]|98[46-9]")
_REGION = re.compile(r"0[1-9]|[1-9][0-9]")


def is_commune_code(text: str) -> bool:
    """Five characters, as INSEE writes them: digits, ``2A`` and ``2B`` in upper case."""
    return _COMMUNE.fullmatch(text) is not None


def is_departement_code(text: str) -> bool:
    """``01`` to ``95``, ``2A``, ``2B``, ``971`` to ``978``, ``984`` and ``986`` to ``989``."""
    return text != "20" and _DEPARTEMENT.fullmatch(text) is not None


def is_region_code(text: str) -> bool:
    """Two digits, other than ``00``."""
    return _REGION.fullmatch(text) is not None
