"""References to a case, to keep and to cite: pinned to a version, in the forms programs read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response, redirect
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from register.cases import queries
from register.cases.queries import Case
from register.cases.web.public import citation_formats
from register.cases.web.public.cases import asked_version, case_number
from register.cases.web.public.citation_formats import Reference
from register.db import db
from register.errors import Moved
from register.text import dates
from register.text.typography import french
from register.web import urls
from register.web.context import head, settings
from register.web.l10n import edtf_words, typeset

SITE = "Web Citoyen"


@dataclass(frozen=True)
class Form:
    """How a reference is written, and what that is called on the wire."""

    write: Callable[[Reference], str]
    mimetype: str


FORMS = {
    "bib": Form(citation_formats.bibtex, "application/x-bibtex"),
    "ris": Form(citation_formats.ris, "application/x-research-info-systems"),
    "json": Form(citation_formats.csl, "application/vnd.citationstyles.csl+json"),
}


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    blueprint.add_url_rule("/incidents/<number>/citation.bib", view_func=citation_bib)
    blueprint.add_url_rule("/incidents/<number>/citation.ris", view_func=citation_ris)
    blueprint.add_url_rule("/incidents/<number>/citation.json", view_func=citation_json)


def citation_bib(number: str) -> ResponseReturnValue:
    """For BibTeX and biblatex."""
    return _citation(number, "bib")


def citation_ris(number: str) -> ResponseReturnValue:
    """For programs that keep references, nearly all of which read RIS."""
    return _citation(number, "ris")


def citation_json(number: str) -> ResponseReturnValue:
    """As CSL-JSON, for Zotero, pandoc and the like."""
    return _citation(number, "json")


def _citation(number: str, form: str) -> ResponseReturnValue:
    """The reference to a case, as it reads now or at a version."""
    head()
    try:
        found = queries.one(db.session(), case_number(number), asked_version())
    except Moved as moved:
        return redirect(urls.citation(int(str(moved.values["number"])), form), 301)
    told = reference(found)
    answer = Response(FORMS[form].write(told), mimetype=FORMS[form].mimetype)
    answer.headers["Content-Disposition"] = f'attachment; filename="{told.key}.{form}"'
    # A search engine keeps what it indexed: the title must not outlive the case there.
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def reference(case: Case) -> Reference:
    """What a reference to this version of a case says."""
    content = case.snapshot.content
    return Reference(
        number=case.number,
        version=case.version,
        title=french(content["title"]),
        site=SITE,
        publisher=settings().publisher_name or SITE,
        address=settings().base_url + urls.version(case.number, case.version),
        language=content["language"],
        issued=dates.paris_day(case.version_at),
        first=dates.paris_day(case.first_published_at),
        facts=dates.parse(content["date"]) if content["date"] else None,
        told=_(
            "Registre public, cas nº %(number)s, version %(version)s. Faits : %(day)s.",
            number=case.number,
            version=case.version,
            day=typeset(edtf_words(content["date"])),
        ),
        keywords=content["outlets"],
    )
