"""Places offered while their name is being typed, for the list under a box.

The box works without them: whatever cannot be completed is an empty list, never an error.
"""

from __future__ import annotations

import json

from flask import Response, request
from flask_babel import ngettext

from register.cases import uncoded_places
from register.db import db
from register.territory.suggest import suggest_places
from register.territory.web import place_choice, place_names
from register.territory.web.place_choice import PlaceChoice
from register.text.typography import french
from register.web.blueprints import public
from register.web.context import commune_case_counts, gazetteer, head
from register.web.l10n import count_words
from register.web.languages import in_language, language
from register.web.permissions import without_csrf_token

MAX_SUGGESTIONS = 8
# Of these, so many at most are what cases call their place, however many cases do.
_MAX_UNCODED = 3


@public.route("/communes/suggest", methods=["GET", "POST"])
@without_csrf_token
def suggestions() -> Response:
    """Completions of ``q`` as JSON, the most likely first, at most :data:`MAX_SUGGESTIONS`.

    The boxes of our pages send it in the body of a POST: an address is in caches and logs, and what
    somebody types before they report is nobody's.
    """
    # Read first: what is shown must not be older than the position it is shown for.
    position = head()
    typed = place_choice.typed_place(request.values.getlist("q"))
    labels = uncoded_places.load_place_labels(db.session(), position)
    uncoded = uncoded_places.match_places(labels, typed, is_partial=True, language=language())[
        :_MAX_UNCODED
    ]
    readings = (
        suggest_places(gazetteer(), typed, commune_case_counts(), MAX_SUGGESTIONS - len(uncoded))
        if typed
        else ()
    )
    places = [
        *place_choice.choices_for(readings, place_choice.place_url),
        *(place_choice.uncoded_choice(place, place_choice.place_url) for place in uncoded),
    ]
    body = {"q": typed, "places": [_place_json(place) for place in places]}
    response = Response(json.dumps(body, ensure_ascii=False), mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def _place_json(choice: PlaceChoice) -> dict[str, object]:
    """A place as the list shows it.

    ``detail`` is the line under the name. ``text`` is what a box may hold so that its form reads
    this very place: no département has two communes of one name.
    """
    reading = choice.reading
    typed_name = reading.alias_name or reading.name
    return {
        "kind": reading.kind,
        "code": reading.code,
        "name": french(reading.name),
        "within": french(choice.area_name),
        "why": choice.why,
        "cases": choice.case_count,
        "address": in_language(choice.address, language()),
        "detail": _detail(choice),
        "text": place_names.qualified_name(
            typed_name, choice.area_name if reading.kind == "commune" else ""
        ),
    }


def _detail(choice: PlaceChoice) -> str:
    """What the name does not say: that it is no commune, what led to it, how many cases."""
    parts = []
    if choice.reading.kind not in ("commune", "endroit"):
        parts.append(choice.kind_label)
    if choice.reading.kind == "commune" and choice.reading.why != "nom":
        parts.append(choice.why)
    if choice.case_count:
        parts.append(
            ngettext(
                "%(count)s cas",
                "%(count)s cas",
                choice.case_count,
                count=count_words(choice.case_count),
            )
        )
    return " · ".join(parts)
