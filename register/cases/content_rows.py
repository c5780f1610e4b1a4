"""The content of a case, read from the rows that lists and filters read."""

from __future__ import annotations

from register.cases.case_content import (
    PLAIN_FIELDS,
    Content,
    LinkContent,
    ProceedingContent,
    RequestContent,
    SourceContent,
    build_part,
)
from register.cases.models import Incident, Scope


def content_of_rows(case: Incident) -> Content:
    """The content of a case, from the rows that lists and filters read."""
    authority_codes = [place.code for place in case.places if place.scope == Scope.AUTHORITY]
    return Content(
        **{name: getattr(case, name) for name in PLAIN_FIELDS},
        commune=authority_codes[0] if authority_codes else "",
        linked_communes=tuple(place.code for place in case.places if place.scope == Scope.LINKED),
        outlets=tuple(outlet.name for outlet in case.outlets),
        types=tuple(case_type.code for case_type in case.types),
        sources=tuple(build_part(SourceContent, use.source) for use in case.sources),
        proceedings=tuple(build_part(ProceedingContent, part) for part in case.proceedings),
        request=build_part(RequestContent, case.request) if case.request else None,
        links=tuple(build_part(LinkContent, link) for link in case.links),
    )
