"""A reference to a case, as programs that keep references read it: BibTeX, RIS, CSL-JSON. Pure.

The date of a reference is that of the version it pins; the day of the facts, which may be a month,
a year or unknown, is told beside it, as known. When it was consulted is left to whoever reads.

A text stands on one line in all three: RIS knows no other, and a line break in a title would
begin a field of somebody else's choosing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from register.text.dates import PartialDate


@dataclass(frozen=True)
class Reference:
    """What a reference says. ``facts`` is the day of the facts, None when unknown.

    ``place`` and ``told`` are words: where it was, and the day of the facts for people.
    ``keywords`` are the outlets that are targeted.
    """

    number: int
    version: int
    title: str
    site: str
    publisher: str
    address: str
    language: str
    issued: date
    first: date
    facts: PartialDate | None
    told: str
    keywords: Sequence[str] = ()

    @property
    def key(self) -> str:
        """How a text cites it: letters, digits and hyphens only."""
        return f"webcitoyen-{self.number}-v{self.version}"


# --- BibTeX --------------------------------------------------------------------------------------

# BibTeX counts braces whether or not a backslash is before them, so that an odd one has a name.
_TEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\lbrace{}",
        "}": r"\rbrace{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{mark: f"\\{mark}" for mark in "&%$#_"},
    }
)


def bibtex(told: Reference) -> str:
    """An entry for BibTeX and biblatex, in UTF-8; addresses and dates are verbatim there."""
    fields = {
        "author": f"{{{_tex(told.site)}}}",
        # In a second pair of braces: a style may set a title in small letters, names included.
        "title": f"{{{_tex(told.title)}}}",
        "publisher": _tex(told.publisher),
        "year": str(told.issued.year),
        "month": str(told.issued.month),
        "day": str(told.issued.day),
        "date": told.issued.isoformat(),
        "origdate": told.first.isoformat(),
        "eventdate": told.facts.edtf if told.facts else "",
        "number": str(told.number),
        "version": str(told.version),
        "url": told.address,
        "langid": told.language,
        "keywords": ", ".join(_tex(word.replace(",", " ")) for word in told.keywords),
        "note": _tex(told.told),
    }
    lines = (f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@misc{{{told.key},\n" + ",\n".join(lines) + "\n}\n"


def _tex(text: str) -> str:
    return _line(text).translate(_TEX)


# --- RIS -----------------------------------------------------------------------------------------


def ris(told: Reference) -> str:
    """A record of the RIS format; its lines end as the format has them."""
    return "".join(f"{tag}  - {_line(value)}\r\n" for tag, value in _records(told))


def _records(told: Reference) -> Iterator[tuple[str, str]]:
    yield "TY", "ELEC"
    yield "ID", told.key
    yield "AU", told.site
    yield "TI", told.title
    yield "PB", told.publisher
    yield "PY", str(told.issued.year)
    yield "DA", f"{told.issued:%Y/%m/%d}/"
    yield "ET", str(told.version)
    yield "M1", str(told.number)
    yield "UR", told.address
    yield "LA", told.language
    yield from (("KW", word) for word in told.keywords)
    # No field of the format is for the day of the facts, nor may one be a month or "about".
    yield "C1", told.facts.edtf if told.facts else ""
    yield "N1", told.told
    yield "ER", ""


# --- CSL-JSON ------------------------------------------------------------------------------------


def csl(told: Reference) -> str:
    """A list of one item, as CSL-JSON 1.0.2 has it."""
    item: dict[str, Any] = {
        "id": told.key,
        "type": "webpage",
        "title": _line(told.title),
        "author": [{"literal": _line(told.site)}],
        "container-title": _line(told.site),
        "publisher": _line(told.publisher),
        "number": str(told.number),
        "version": str(told.version),
        "URL": told.address,
        "language": told.language,
        "issued": {"date-parts": [_parts(told.issued)]},
        "original-date": {"date-parts": [_parts(told.first)]},
        "note": _line(told.told),
    }
    if told.facts:
        item["event-date"] = _csl_date(told.facts)
    if told.keywords:
        item["keyword"] = ", ".join(map(_line, told.keywords))
    return json.dumps([item], ensure_ascii=False, indent=2) + "\n"


def _csl_date(told: PartialDate) -> dict[str, Any]:
    """A date as known. The format has one word for a date that is not sure: "circa"."""
    known: Iterable[int | None] = (told.year, told.month, told.day)
    found: dict[str, Any] = {"date-parts": [[part for part in known if part is not None]]}
    return {**found, "circa": True} if told.mark else found


def _parts(day: date) -> list[int]:
    return [day.year, day.month, day.day]


def _line(text: str) -> str:
    return " ".join(text.split())
