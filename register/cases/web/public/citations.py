"""Bibliographic references to a version of a case: BibTeX, RIS and CSL-JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from register.cases.queries import PublicCase, list_changes
from register.cases.web.public.case_view import source_titles
from register.cases.web.public.cases import load_requested_case
from register.db import db
from register.text import dates
from register.text.dates import PartialDate
from register.text.typography import french
from register.web import urls
from register.web.blueprints import public
from register.web.l10n import edtf_words, typeset
from register.web.request_context import settings

SITE = "Web Citoyen"

# BibTeX counts braces even after a backslash, so an unpaired brace is written by its name.
_TEX_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\lbrace{}",
        "}": r"\rbrace{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{mark: f"\\{mark}" for mark in "&%$#_"},
    }
)


@dataclass(frozen=True)
class CaseReference:
    """The fields of a reference.

    ``version``: its number among the case's public versions, from 1. ``facts``: the date of the
    facts, None when unknown. ``note``: the case, the version with its line in the journal, the date
    of the facts and the titles of the sources in words. ``keywords``: the targeted outlets.
    """

    number: int
    version: int
    title: str
    publisher: str
    address: str
    language: str
    issued: date
    first_published: date
    facts: PartialDate | None
    note: str
    keywords: Sequence[str] = ()

    @property
    def key(self) -> str:
        """The citation key: letters, digits and hyphens only."""
        return f"webcitoyen-{self.number}-v{self.version}"


@public.get("/incidents/<number>/citation.bib", endpoint="citation_bib")
@public.get("/incidents/<number>/citation.ris", endpoint="citation_ris")
@public.get("/incidents/<number>/citation.json", endpoint="citation_json")
def citation(number: str) -> Response:
    """The reference to the current version of a case, or to the version of the address."""
    format_name = request.path.rpartition(".")[2]
    write, mimetype = FORMATS[format_name]
    case_reference = reference(load_requested_case(number))
    response = Response(write(case_reference), mimetype=mimetype)
    response.headers["Content-Disposition"] = (
        f'attachment; filename="{case_reference.key}.{format_name}"'
    )
    # The title of a withdrawn case must not survive in the index of a search engine.
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def reference(case: PublicCase) -> CaseReference:
    """The reference to this version of a case."""
    content = case.snapshot.content
    version = list_changes(db.session(), case)[-1].rank
    note = _(
        "Registre public, cas nº %(number)s, version %(version)s (ligne %(line)s du journal "
        "public). Faits : %(day)s.",
        number=case.number,
        version=version,
        line=case.version,
        day=typeset(edtf_words(content["date"])),
    )
    if titles := source_titles(content):
        note += " " + _("Sources : %(titles)s.", titles=french(titles))
    return CaseReference(
        number=case.number,
        version=version,
        title=french(content["title"]),
        publisher=settings().publisher_name or SITE,
        address=settings().base_url + urls.version(case.number, case.version),
        language=content["language"],
        issued=dates.paris_day(case.version_at),
        first_published=dates.paris_day(case.first_published_at),
        facts=dates.parse(content["date"]) if content["date"] else None,
        note=note,
        keywords=content["outlets"],
    )


def bibtex(reference: CaseReference) -> str:
    """An entry for BibTeX and biblatex in UTF-8; addresses and dates need no escapes."""
    fields = {
        "author": f"{{{SITE}}}",
        # A second pair of braces: otherwise a style may put names of the title in lower case.
        "title": f"{{{_escape_tex(reference.title)}}}",
        "publisher": _escape_tex(reference.publisher),
        "year": str(reference.issued.year),
        "month": str(reference.issued.month),
        "day": str(reference.issued.day),
        "date": reference.issued.isoformat(),
        "origdate": reference.first_published.isoformat(),
        "eventdate": reference.facts.edtf if reference.facts else "",
        "number": str(reference.number),
        "version": str(reference.version),
        "url": reference.address,
        "langid": reference.language,
        "keywords": ", ".join(_escape_tex(word.replace(",", " ")) for word in reference.keywords),
        "note": _escape_tex(reference.note),
    }
    lines = (f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@misc{{{reference.key},\n" + ",\n".join(lines) + "\n}\n"


def _escape_tex(text: str) -> str:
    return _single_line(text).translate(_TEX_ESCAPES)


def ris(reference: CaseReference) -> str:
    """A record of the RIS format, which nearly all reference managers read, with CRLF line ends."""
    fields = [
        ("TY", "ELEC"),
        ("ID", reference.key),
        ("AU", SITE),
        ("TI", reference.title),
        ("PB", reference.publisher),
        ("PY", str(reference.issued.year)),
        ("DA", f"{reference.issued:%Y/%m/%d}/"),
        ("ET", str(reference.version)),
        ("M1", str(reference.number)),
        ("UR", reference.address),
        ("LA", reference.language),
        *(("KW", word) for word in reference.keywords),
        # RIS has no field for the date of the facts, and no approximate dates.
        ("C1", reference.facts.edtf if reference.facts else ""),
        ("N1", reference.note),
        ("ER", ""),
    ]
    return "".join(f"{tag}  - {_single_line(value)}\r\n" for tag, value in fields)


def csl(reference: CaseReference) -> str:
    """A list of one item, in CSL-JSON 1.0.2."""
    csl_item: dict[str, Any] = {
        "id": reference.key,
        "type": "webpage",
        "title": _single_line(reference.title),
        "author": [{"literal": SITE}],
        "container-title": SITE,
        "publisher": _single_line(reference.publisher),
        "number": str(reference.number),
        "version": str(reference.version),
        "URL": reference.address,
        "language": reference.language,
        "issued": {"date-parts": [_date_parts(reference.issued)]},
        "original-date": {"date-parts": [_date_parts(reference.first_published)]},
        "note": _single_line(reference.note),
    }
    if reference.facts:
        facts = reference.facts
        parts = [part for part in (facts.year, facts.month, facts.day) if part is not None]
        csl_item["event-date"] = {"date-parts": [parts]}
        if facts.mark:
            # The only mark of the format for a date that is not certain.
            csl_item["event-date"]["circa"] = True
    if reference.keywords:
        csl_item["keyword"] = ", ".join(map(_single_line, reference.keywords))
    return json.dumps([csl_item], ensure_ascii=False, indent=2) + "\n"


def _date_parts(day: date) -> list[int]:
    return [day.year, day.month, day.day]


def _single_line(text: str) -> str:
    return " ".join(text.split())


# The writer of each format, and its media type.
FORMATS: Mapping[str, tuple[Callable[[CaseReference], str], str]] = {
    "bib": (bibtex, "application/x-bibtex"),
    "ris": (ris, "application/x-research-info-systems"),
    "json": (csl, "application/vnd.citationstyles.csl+json"),
}
