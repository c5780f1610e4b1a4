"""References to a case, to keep and to cite: pinned to a version, in the forms programs read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, redirect
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from register.cases import queries
from register.cases.queries import PublicCase
from register.cases.web.public import citation_formats
from register.cases.web.public.cases import case_number, requested_version
from register.cases.web.public.citation_formats import CaseReference
from register.db import db
from register.errors import Moved
from register.text import dates
from register.text.typography import french
from register.web import urls
from register.web.blueprints import public
from register.web.context import head, settings
from register.web.l10n import edtf_words, typeset

SITE = "Web Citoyen"


@dataclass(frozen=True)
class CitationFormat:
    """How a reference is written, and what that is called on the wire."""

    write: Callable[[CaseReference], str]
    mimetype: str


FORMATS = {
    "bib": CitationFormat(citation_formats.bibtex, "application/x-bibtex"),
    "ris": CitationFormat(citation_formats.ris, "application/x-research-info-systems"),
    "json": CitationFormat(citation_formats.csl, "application/vnd.citationstyles.csl+json"),
}


@public.get("/incidents/<number>/citation.bib")
def citation_bib(number: str) -> ResponseReturnValue:
    """For BibTeX and biblatex."""
    return _citation_response(number, "bib")


@public.get("/incidents/<number>/citation.ris")
def citation_ris(number: str) -> ResponseReturnValue:
    """For programs that keep references, nearly all of which read RIS."""
    return _citation_response(number, "ris")


@public.get("/incidents/<number>/citation.json")
def citation_json(number: str) -> ResponseReturnValue:
    """As CSL-JSON, for Zotero, pandoc and the like."""
    return _citation_response(number, "json")


def _citation_response(number: str, format_name: str) -> ResponseReturnValue:
    """The reference to a case, as it reads now or at a version."""
    head()
    try:
        public_case = queries.load_public_case(
            db.session(), case_number(number), requested_version()
        )
    except Moved as moved:
        return redirect(urls.citation(int(str(moved.values["number"])), format_name), 301)
    citation = reference(public_case)
    response = Response(
        FORMATS[format_name].write(citation), mimetype=FORMATS[format_name].mimetype
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{citation.key}.{format_name}"'
    # A search engine keeps what it indexed: the title must not outlive the case there.
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def reference(case: PublicCase) -> CaseReference:
    """What a reference to this version of a case says."""
    content = case.snapshot.content
    return CaseReference(
        number=case.number,
        version=case.version,
        title=french(content["title"]),
        site=SITE,
        publisher=settings().publisher_name or SITE,
        address=settings().base_url + urls.version(case.number, case.version),
        language=content["language"],
        issued=dates.paris_day(case.version_at),
        first_published=dates.paris_day(case.first_published_at),
        facts=dates.parse(content["date"]) if content["date"] else None,
        note=_(
            "Registre public, cas nº %(number)s, version %(version)s. Faits : %(day)s.",
            number=case.number,
            version=case.version,
            day=typeset(edtf_words(content["date"])),
        ),
        keywords=content["outlets"],
    )
