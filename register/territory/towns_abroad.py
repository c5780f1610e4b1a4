"""Countries and towns abroad by the names that people give them.

"Genève" is no misspelt Renève. Countries, towns of the neighbours that speak French, capitals and
large cities of the world; no name of a commune of France is among them.
"""

from __future__ import annotations

import gzip
from functools import cache

from register.territory.dataset import ABROAD, DATA
from register.territory.name_normalisation import name_candidates


def countries_of_town(typed: str) -> tuple[str, ...]:
    """ISO codes of the countries that have this name or a town of it; none for an unknown one."""
    names = _names()
    for candidate in name_candidates(typed):
        key = f"\n{' '.join(candidate.words)},"
        if (start := names.find(key)) >= 0:
            return tuple(names[start + len(key) :].split("\n", 1)[0].split())
    return ()


@cache
def _names() -> str:
    # One text: a dictionary of these names would take ten times the memory.
    return "\n" + gzip.decompress((DATA / ABROAD).read_bytes()).decode()
