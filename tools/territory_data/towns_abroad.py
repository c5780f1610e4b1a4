"""Names of countries and towns abroad, which a search must not take for misspelt communes."""

from __future__ import annotations

import gzip
import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path

from register.territory.dataset import ABROAD
from register.text.countries import countries as country_names
from register.text.normalisation import fold_name
from tools.territory_data.sources import COUNTRIES

# Neighbours in which French is spoken: their towns of so many people are listed, and elsewhere
# capitals and cities.
_NEIGHBOURS = frozenset({"AD", "BE", "CH", "LU", "MC"})
_TOWN, _KNOWN_TOWN, _CITY = 1_000, 10_000, 300_000
_CAPITAL = "PPLC"
_LATIN = re.compile(r"[A-Za-zÀ-ÿœŒ' \-]{4,}")


def write(cells: Iterable[list[str]], names_of_france: Collection[str], out: Path) -> int:
    """Write the folded names with their countries; how many there are.

    :param cells: see :func:`tools.territory_data.sources.read_populated_places`.
    """
    countries: defaultdict[str, set[str]] = defaultdict(set)
    for language in ("fr", "en"):
        for code, name in country_names(language).items():
            if code not in COUNTRIES and fold_name(name) not in names_of_france:
                countries[fold_name(name)].add(code)
    for place in cells:
        name, other_names, feature, country, people = (place[at] for at in (1, 3, 7, 8, 14))
        is_city = int(people) >= _CITY or feature == _CAPITAL
        is_near = country in _NEIGHBOURS and int(people) >= _TOWN
        if country in COUNTRIES or not (is_city or is_near):
            continue
        # Londres, Bruxelles: the source does not say in which language a name is.
        others = other_names.split(",") if is_city or int(people) >= _KNOWN_TOWN else []
        for spelling in (name, *filter(_LATIN.fullmatch, others)):
            if (folded := fold_name(spelling)) not in names_of_france:
                countries[folded].add(country)
    lines = [f"{name},{' '.join(sorted(codes))}\n" for name, codes in sorted(countries.items())]
    (out / ABROAD).write_bytes(gzip.compress("".join(lines).encode(), 9, mtime=0))
    return len(lines)
