"""Derive the territory's data files: ``python -m tools.territory_data NODE_MODULES OUT``.

How to run it, from the root of the repository:

1. copy ``tools/territory_data/package.json`` into an empty folder and run ``npm install``
   there (Node 20 or later; the versions are exact, so the same files come out);
2. ``python -m tools.territory_data FOLDER/node_modules register/territory/data``;
3. look at the difference, run ``pytest tests/territory``, and write down what changed.

The same packages always give the same bytes: the compressed file carries no date and no name.
"""

from __future__ import annotations

import sys
from pathlib import Path

from register.text.normalisation import fold_name
from tools.territory_data import build_tables, former_places, sources, towns_abroad


def main(arguments: list[str]) -> int:
    """Write every data file into the second argument; 0 when done, 2 when called wrongly."""
    if len(arguments) != 2:
        print("usage: python -m tools.territory_data NODE_MODULES OUT", file=sys.stderr)
        return 2
    modules, out = (Path(argument) for argument in arguments)
    out.mkdir(parents=True, exist_ok=True)
    packages = sources.installed_versions(modules)
    division = sources.read_division(modules)
    outlines = build_tables.write_outlines(modules, division.departements)
    build_tables.write_map(out)
    spots = sources.read_geonames(modules)
    counts = build_tables.write(division, spots, out, former_places.read_names())
    counts["contours"] = outlines
    names = {fold_name(row["nom"]) for row in sources.read_table("communes.csv.gz", out)}
    populated_places = sources.read_populated_places(modules)
    counts["villes_etrangeres"] = towns_abroad.write(populated_places, names, out)
    sources.write(packages | former_places.NAMES_SOURCE, counts, out)
    for name, count in counts.items():
        print(f"{name}: {count}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
