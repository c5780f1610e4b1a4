"""Figures of the risk flags: ``python -m tools.risk_figures [FILE…]``.

Prints every flag of the 34 cases of the demonstration, field by field, and of the prose of the
files (without any, of docs/ and of the editorial pages), and the number of each kind.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from register.text.personal_data import risks

CASES = Path("register/demo/incidents.csv")
# Addresses are not scanned, and ``note`` is a member's, which no reader sees.
NOT_TEXTS = {"id", "source_url", "note", "invitation"}


def case_texts() -> Iterator[tuple[str, str]]:
    """The texts of the demonstration's cases, with their place."""
    with CASES.open(encoding="utf-8", newline="") as lines:
        for case in csv.DictReader(lines):
            for column, text in case.items():
                if column not in NOT_TEXTS and text:
                    yield f"{case['id']} {column}", text


def file_texts(paths: list[str]) -> Iterator[tuple[str, str]]:
    """The paragraphs of files of prose, with their place."""
    defaults = [*Path("docs").glob("*.md"), *Path("register/pages").rglob("*.md")]
    for path in sorted(map(Path, paths)) or sorted(defaults):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            yield f"{path}:{number}", line


def print_flags(heading: str, texts: Iterator[tuple[str, str]]) -> None:
    """Print each flag and the number of each kind."""
    counts: Counter[str] = Counter()
    places = 0
    for place, text in texts:
        places += 1
        for risk in risks(text):
            counts[risk.code] += 1
            print(f"{place}: {risk.code}: {risk.excerpt}")
    print(f"{heading}, {places} texts: {dict(counts)}, {counts.total()} flags\n")


if __name__ == "__main__":
    print_flags("demonstration", case_texts())
    print_flags("prose", file_texts(sys.argv[1:]))
