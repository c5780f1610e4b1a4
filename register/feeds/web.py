"""Web face of the feeds: of the list with any filter, of every place, every case and the journal.

Feeds are in French, whatever the language of the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from flask import Response, g, get_template_attribute, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from register.cases import events
from register.cases.events import EventPage, EventQuery, PublicEvent
from register.cases.filters import FILTERS, CaseQuery
from register.cases.queries import load_public_case
from register.cases.web.public import case_view, search_request, search_title
from register.cases.web.public.cases import faulty_form_page
from register.db import db
from register.errors import Gone, Invalid, NotFound
from register.feeds import atom
from register.feeds.event_contents import EventContent, event_contents
from register.journal import Act, line_time
from register.journal.models import rfc3339
from register.journal.web import public_journal
from register.operations import setup
from register.operations.setup import Identity
from register.pages.web import public_pages
from register.search.service import Reach
from register.territory.place_queries import CommuneDetails, find_commune
from register.territory.web import place_choice, place_names
from register.text.typography import french
from register.web import urls
from register.web.blueprints import public
from register.web.fragments import fragment
from register.web.request_context import current_vocabulary, head, settings

_UPDATED = re.compile("updated>([^<]+)<")
BEFORE_PARAMETER = "avant"


@public.get("/incidents.atom")
def cases_feed() -> ResponseReturnValue:
    """The events of the whole register, or of a search; a typed place redirects to its code."""
    args = request.args.to_dict(flat=False)
    head()
    typed = place_choice.typed_place(args.pop("lieu", []))
    try:
        case_query = _parse_search(args)
        if typed:
            places = place_choice.match_places(
                typed, lambda reading: urls.cases(place_choice.query_at_place(case_query, reading))
            )
            if places.sole_choice:
                return redirect(urls.feed(places.sole_choice.address), 303)
            # The page offers the choice between several places.
            return redirect(urls.cases(case_query, lieu=typed), 303)
        subject = search_title.phrase(case_query) or _("tout le registre")
        return _feed_response(_event_query(case_query), urls.cases(case_query), subject)
    except Invalid as error:
        # The address was written by hand: the form of the page shows what is wrong in it.
        return faulty_form_page(args, error)


def _parse_search(args: dict[str, list[str]]) -> CaseQuery:
    """The search of an address; a feed has one order, and no pages."""
    case_query = search_request.parse_search(args)
    if case_query.page > 1:
        raise NotFound("no_such_page")
    return case_query.ordered_by(case_query.usual_order)


def _event_query(case_query: CaseQuery) -> EventQuery:
    """The events of a search, by its words as well."""
    text_search = search_request.run_search(case_query).text
    if text_search is None:
        return EventQuery(case_query)
    # The index moves while the ledger stands still: only a complete search is as new as the last
    # line.
    g.register_in_part = text_search.matches.reach is not Reach.EVERYWHERE
    return EventQuery(case_query, matches=text_search.strength)


@public.get("/incidents/<number>.atom")
def case_feed(number: str) -> Response:
    """The events of one case; once it is gone, the one that says so."""
    head()
    parsed_number = urls.case_number(number)
    try:
        content = load_public_case(db.session(), parsed_number).snapshot.content
        title = french(content["title"])
        subject = _("cas nº %(number)s : %(title)s", number=parsed_number, title=title)
    except Gone:
        subject = _("cas nº %(number)s", number=parsed_number)
    return _feed_response(EventQuery(case=parsed_number), urls.case(parsed_number), subject)


@public.get("/communes/<code>.atom", endpoint="commune_feed")
@public.get("/departements/<code>.atom", endpoint="departement_feed")
@public.get("/regions/<code>.atom", endpoint="region_feed")
def place_feed(code: str) -> ResponseReturnValue:
    """The events of a place, by the filters of a list; a former code leads to the present one."""
    head()
    kind = request.path.split("/")[1].removesuffix("s")
    place_filter, upper_code = FILTERS[kind], code.upper()
    if not place_filter.accepts(upper_code, current_vocabulary()):
        raise NotFound("no_such_place")
    (present_code,) = place_filter.codes(upper_code)
    address = urls.PLACES[kind](present_code)
    if code != present_code:
        raw_query = request.query_string.decode("latin-1")
        return redirect(urls.feed(f"{address}?{raw_query}" if raw_query else address), 301)
    args = request.args.to_dict(flat=False)
    try:
        case_query = _parse_search(args)
    except Invalid as error:
        return faulty_form_page({**args, kind: [code]}, error)
    if kind in case_query.values:
        # Another place of the kind has no events here: that feed would stay empty for ever.
        raise Invalid("filter", name=kind, value=case_query.values[kind][0])
    place_query = replace(case_query, values={**case_query.values, kind: (code,)})
    subject, event_query = search_title.phrase(place_query), _event_query(place_query)
    if case_query.is_bare:
        return _feed_response(event_query, address, subject)
    # The page of a place takes no other filter; the list at that place does.
    feed_path = f"{address}?{case_query.query_string()}"
    return _feed_response(event_query, urls.cases(place_query), subject, feed_path)


@public.get("/registre.atom")
def ledger_feed() -> Response:
    """The events of the whole register of some kinds and one month, and those of no case."""
    head()
    journal_query = public_journal.parse(request.args.to_dict(flat=False))
    if journal_query.page > 1:
        raise NotFound("no_such_page")
    selection = journal_query.selection
    event_query = EventQuery(
        acts=selection.acts, since=selection.begin, until=selection.end, includes_register=True
    )
    parts = [_("journal public"), *(chip.text for chip in public_journal.chips(journal_query))]
    return _feed_response(event_query, journal_query.address, french(" ; ".join(parts)))


def _feed_response(
    event_query: EventQuery, page: str, subject: str, feed_path: str | None = None
) -> Response:
    """The document of some events: the newest, or the archive that the address asks for.

    :param page: the page that shows the same.
    :param subject: what the feed is of, in words.
    :param feed_path: the feed's address without its suffix, where it is not the page's.
    """
    before_event = request.args.get(BEFORE_PARAMETER) or None
    session = db.session()
    feed_path = feed_path or page

    def document() -> str:
        stretch = events.event_page(session, event_query, before_event)
        return _document(stretch, feed_path, page, subject, before_event)

    # The cases that the words match stand for the index, which moves apart from the data.
    matches = None if event_query.matches is None else event_query.matches.cases
    key = ("feed", feed_path, page, subject, before_event, matches)
    feed_document = fragment(*key, caller=document)
    if not g.get("register_in_part"):
        g.register_moved_at = line_time(session, head().seq)
    return Response(feed_document, content_type=atom.MIMETYPE)


def _absolute_url(feed_path: str, before_event: str | None) -> str:
    address = settings().base_url + urls.feed(feed_path)
    if before_event is None:
        return address
    return f"{address}{'&' if '?' in address else '?'}{BEFORE_PARAMETER}={before_event}"


def _document(
    stretch: EventPage, feed_path: str, page: str, subject: str, before_event: str | None
) -> str:
    session, base_url = db.session(), settings().base_url
    entries = _entries(stretch.events)
    # The times are all of one form and zone: the greatest text is the latest.
    updated = max((_UPDATED.findall(entry)[0] for entry in entries), default="")
    return atom.render_feed(
        uri=setup.identity(session).uri(feed_path),
        title=_("Web Citoyen – %(what)s", what=subject),
        subtitle=_(
            "Registre public des intimidations de blogueurs : une entrée par événement. "
            "Le registre ne connaît que ce qui lui a été signalé."
        ),
        author=settings().publisher_name or "Web Citoyen",
        home=f"{base_url}/",
        address=_absolute_url(feed_path, before_event),
        page=base_url + page,
        updated=updated or rfc3339(line_time(session, 1)),
        entries=entries,
        older=_absolute_url(feed_path, stretch.older) if stretch.older else None,
        current=_absolute_url(feed_path, None) if before_event else None,
    )


def _entries(public_events: Sequence[PublicEvent]) -> list[Markup]:
    """The elements of some events, in their order."""

    @cache
    def contents() -> Mapping[str, EventContent]:
        # All at once: a statement for each event would take longer.
        return event_contents(session, public_events)

    session = db.session()
    identity = setup.identity(session)

    def entry(event: PublicEvent) -> Markup:
        return fragment(
            "event", event.name, caller=lambda: _entry(contents()[event.name], identity)
        )

    return list(map(entry, public_events))


def _entry(event_content: EventContent, identity: Identity) -> Markup:
    """The element of an event."""
    event = event_content.event
    content = event_content.snapshot.content if event_content.snapshot else None
    place = find_commune(content["commune"]) if content else None
    return atom.entry_xml(
        uri=identity.uri(f"evenement/{event.name}"),
        title=_title(event_content),
        address=settings().base_url + _address(event_content),
        published=event.at,
        updated=event_content.updated,
        html=_html(event_content, place),
        language=content["language"] if content else "fr",
        categories=_categories(content, place, identity) if content else (),
        point=place.commune.point if place else None,
    )


def _address(event_content: EventContent) -> str:
    """The page of the event's case, at what the event added."""
    event = event_content.event
    if event.number is None:
        return "/registre" if event.act == Act.OPENED else f"/registre?ligne={event.seq}"
    anchor = ""
    if event_content.snapshot and event.act == Act.FOLLOWED_UP:
        anchor = "#suites"
    elif event_content.snapshot and event.act in (Act.CORRECTED, Act.REDACTED):
        anchor = "#corrections"
    elif event_content.rank and event.act == Act.REPLIED:
        anchor = f"#reponse-{event_content.rank}"
    return urls.case(event.number) + anchor


# Titles of entries by act, with the case and without one that readers may see. Feeds are French.
_CASE_TITLES = {
    Act.PUBLISHED: "%(title)s",
    Act.FOLLOWED_UP: "Suite : %(what)s (cas nº %(number)s)",
    Act.REPLIED: "Réponse : %(who)s (cas nº %(number)s)",
    Act.CORRECTED: "Correction du cas nº %(number)s : %(title)s",
    Act.REDACTED: "Passage retiré du cas nº %(number)s : %(title)s",
    Act.RESTORED: "Rétablissement du cas nº %(number)s : %(title)s",
    Act.WITHDRAWN: "Retrait du cas nº %(number)s, levé depuis : %(title)s",
    Act.MERGED: "Réunion du cas nº %(number)s à un autre, défaite depuis : %(title)s",
    Act.PARTED: "Séparation du cas nº %(number)s : %(title)s",
}
_REGISTER_TITLES = {
    Act.OPENED: "Ouverture du registre",
    Act.PAGE_CHANGED: "Page du site changée : %(page)s",
    Act.TEXTS_CHANGED: "Libellés, noms de lieux ou pages mis à jour",
}
_REMOVAL_TITLES = {
    Act.WITHDRAWN: "Retrait du cas nº %(number)s",
    Act.MERGED: "Réunion du cas nº %(number)s à un autre",
    Act.ERASED: "Effacement du cas nº %(number)s",
}


def _title(event_content: EventContent) -> str:
    """The title of an entry; it names no case that is no longer shown."""
    event, snapshot, fragment = event_content.event, event_content.snapshot, event_content.fragment
    if event.number is None:
        page = public_pages.page_path(str(event.private.get("page", "")))
        return _REGISTER_TITLES[Act(event.act)] % {"page": page}
    if snapshot is None:
        return _REMOVAL_TITLES[Act(event.act)] % {"number": event.number}
    act = Act(event.act)
    name, text = "title", snapshot.content["title"]
    if act is Act.FOLLOWED_UP:
        name, text = "what", fragment["title"]
    elif act is Act.REPLIED:
        name, text = "who", fragment["author"]
    return _CASE_TITLES[act] % {"number": event.number, name: french(text)}


def _html(event_content: EventContent, place: CommuneDetails | None) -> str:
    """The event's own complete text as safe HTML, every link absolute: no page is around it."""
    # A new reading of the template for each entry would cost more than the entry.
    render: Any = get_template_attribute("feeds/entry.html", "entry")
    base_url, snapshot = settings().base_url, event_content.snapshot
    if snapshot is None:
        return str(render(event_content, None, None, place, base_url)).strip()
    content = snapshot.content
    whole_case: dict[str, Any] = {}
    if event_content.event.act == Act.PUBLISHED:
        areas = [(kind, content[kind]) for kind in ("departement", "region") if content[kind]]
        whole_case = {
            "deeds": case_view.list_deeds(content),
            "linked": case_view.linked_communes(content),
            "around": place_names.place_name(*areas[0]) if areas else "",
        }
    return str(render(event_content, content, snapshot.html, place, base_url, **whole_case)).strip()


def _categories(
    content: Mapping[str, Any], place: CommuneDetails | None, identity: Identity
) -> Iterator[Mapping[str, str]]:
    """The scheme (a URI), the code and the label of each type and place."""
    labels = [("type", code, current_vocabulary().label("type", code)) for code in content["types"]]
    departements = {}
    for view in [*([place] if place else []), *case_view.linked_communes(content)]:
        labels.append(("commune", view.commune.code, view.commune.name))
        if view.departement:
            departements[view.departement.code] = view.departement.name
    if code := content["departement"]:
        departements[code] = place_names.place_name("departement", code)
    labels += [("departement", code, name) for code, name in departements.items()]
    for scheme, code, label in labels:
        yield {"scheme": identity.uri(scheme), "term": code, "label": label}
