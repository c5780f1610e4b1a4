"""Places offered while their name is being typed, for the list under a box.

The box works without them: whatever cannot be completed is an empty list, never an error.
"""

from __future__ import annotations

import json

from flask import Response, request
from flask_babel import ngettext

from register.cases import uncoded_places
from register.db import db
from register.territory.suggest import suggest
from register.territory.web import place_choice, place_names
from register.territory.web.place_choice import Choice
from register.text.typography import french
from register.web.context import gazetteer, head, known_places
from register.web.l10n import count_words
from register.web.languages import in_language, language

LIMIT = 8
# Of these, so many at most are what cases call their place, however many cases do.
_ELSEWHERE = 3


def suggestions() -> Response:
    """Completions of ``q`` as JSON, the most likely first, at most :data:`LIMIT`.

    The boxes of our pages send it in the body of a POST: an address is in caches and logs, and what
    somebody types before they report is nobody's.
    """
    # Read first: what is shown must not be older than the position it is shown for.
    position = head()
    text = place_choice.typed(request.values.getlist("q"))
    labels = uncoded_places.labels(db.session(), position)
    others = uncoded_places.matching(labels, text, begun=True, language=language())[:_ELSEWHERE]
    known = suggest(gazetteer(), text, known_places(), LIMIT - len(others)) if text else ()
    places = [
        *place_choice.offered(known, place_choice.page_of),
        *(place_choice.outside(place, place_choice.page_of) for place in others),
    ]
    document = {"q": text, "places": [_told(place) for place in places]}
    answer = Response(json.dumps(document, ensure_ascii=False), mimetype="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _told(place: Choice) -> dict[str, object]:
    """A place as the list shows it.

    ``detail`` is the line under the name. ``text`` is what a box may hold so that its form reads
    this very place: no département has two communes of one name.
    """
    reading = place.reading
    meant = reading.through or reading.name
    return {
        "kind": reading.kind,
        "code": reading.code,
        "name": french(reading.name),
        "within": french(place.within),
        "why": place.why,
        "cases": place.cases,
        "address": in_language(place.address, language()),
        "detail": _detail(place),
        "text": place_names.named(meant, place.within if reading.kind == "commune" else ""),
    }


def _detail(place: Choice) -> str:
    """What the name does not say: that it is no commune, what led to it, how many cases."""
    parts = []
    if place.reading.kind not in ("commune", "endroit"):
        parts.append(place.kind)
    if place.reading.kind == "commune" and place.reading.why != "nom":
        parts.append(place.why)
    if place.cases:
        parts.append(
            ngettext("%(count)s cas", "%(count)s cas", place.cases, count=count_words(place.cases))
        )
    return " · ".join(parts)
