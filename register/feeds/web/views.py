"""The Atom feeds: of the list with any filter, of every place, every case, and the ledger."""

from __future__ import annotations

import re
from dataclasses import replace

from flask import Response, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from register.cases import events, public_journal, queries
from register.cases.event_clauses import EventQuery
from register.cases.filters import CaseQuery
from register.cases.web.public import search_request, search_title
from register.cases.web.public.cases import case_number, faulty_form_page
from register.db import db
from register.errors import Gone, Invalid, Moved, NotFound
from register.feeds import atom
from register.feeds.atom import Feed
from register.feeds.web.entries import entries
from register.journal import line_time
from register.journal.web import public_journal as registre
from register.operations.instance_identity import tag_uri_maker
from register.search.service import Reach
from register.territory import place_queries
from register.territory.web import place_choice
from register.text.typography import french
from register.web import urls
from register.web.blueprints import public
from register.web.request_context import current_vocabulary, find_commune, head, settings

_EVENT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
BEFORE_PARAMETER = "avant"


@public.get("/incidents.atom")
def cases_feed() -> ResponseReturnValue:
    """The events of the whole register, or of a search."""
    args = request.args.to_dict(flat=False)
    head()
    place_text = place_choice.typed_place(args.pop("lieu", []))
    try:
        case_query = _case_query(args)
        return (
            _redirect_to_place(place_text, case_query) if place_text else _search_feed(case_query)
        )
    except Invalid as error:
        # The address was written by hand: the form of the page shows what is wrong in it.
        return faulty_form_page(args, error)


def _search_feed(case_query: CaseQuery) -> Response:
    subject = search_title.phrase(case_query, current_vocabulary()) or _("tout le registre")
    return feed_response(_event_query(case_query), urls.cases(case_query), subject)


def _case_query(args: dict[str, list[str]]) -> CaseQuery:
    """The search of an address; a feed has one order, and no pages."""
    case_query = search_request.parse_search(args)
    if case_query.page > 1:
        raise NotFound("no_such_page")
    return case_query.ordered_by(case_query.usual_order)


def _event_query(case_query: CaseQuery) -> EventQuery:
    """The events of a search, by its words as well."""
    text_matches = search_request.run_search(case_query)
    if text_matches is None:
        return EventQuery(case_query)
    # The index moves while the ledger stands still: only what was looked for everywhere is as new
    # as the last line.
    g.register_in_part = text_matches.matches.reach is not Reach.EVERYWHERE
    return EventQuery(case_query, matches=text_matches.strength)


def _redirect_to_place(place_text: str, case_query: CaseQuery) -> ResponseReturnValue:
    """To the feed at the typed place, or to the page that offers the choice."""
    choice = place_choice.match_places(
        place_text, lambda reading: urls.cases(place_choice.query_at_place(case_query, reading))
    )
    if choice.sole_choice:
        return redirect(urls.feed(choice.sole_choice.address), 303)
    return redirect(urls.cases(case_query, lieu=place_text), 303)


@public.get("/incidents/<number>.atom")
def case_feed(number: str) -> ResponseReturnValue:
    """The events of one case; once it is gone, the one that says so."""
    head()
    parsed_number = case_number(number)
    try:
        title = french(
            queries.load_public_case(db.session(), parsed_number).snapshot.content["title"]
        )
        subject = _("cas nº %(number)s : %(title)s", number=parsed_number, title=title)
    except Moved as moved:
        other = urls.case(int(str(moved.values["number"])))
        return redirect(urls.feed(other), 301)
    except Gone:
        subject = _("cas nº %(number)s", number=parsed_number)
    return feed_response(EventQuery(case=parsed_number), urls.case(parsed_number), subject)


@public.get("/communes/<code>.atom")
def commune_feed(code: str) -> ResponseReturnValue:
    """The events of a commune; a former code leads to the commune of today."""
    head()
    upper_code = code.upper()
    place = find_commune(upper_code) if place_queries.is_commune_code(upper_code) else None
    if place is None:
        raise NotFound("no_such_place")
    return _place_feed("commune", code, place.commune.code)


@public.get("/departements/<code>.atom")
def departement_feed(code: str) -> ResponseReturnValue:
    """The events of a département or an overseas collectivity."""
    head()
    upper_code = code.upper()
    departement = (
        place_queries.departement(db.session(), upper_code)
        if place_queries.is_departement_code(upper_code)
        else None
    )
    if departement is None:
        raise NotFound("no_such_place")
    return _place_feed("departement", code, departement.code)


@public.get("/regions/<code>.atom")
def region_feed(code: str) -> ResponseReturnValue:
    """The events of a région."""
    head()
    region = (
        place_queries.region(db.session(), code) if place_queries.is_region_code(code) else None
    )
    if region is None:
        raise NotFound("no_such_place")
    return _place_feed("region", code, region.code)


def _place_feed(kind: str, typed_code: str, code: str) -> ResponseReturnValue:
    """A place's feed, which takes the filters of a list as well."""
    address = urls.PLACES[kind](code)
    if typed_code != code:
        raw_query = request.query_string.decode("latin-1")
        return redirect(urls.feed(f"{address}?{raw_query}" if raw_query else address), 301)
    case_query = _case_query(request.args.to_dict(flat=False))
    if kind in case_query.values:
        # Of another place of the kind there is nothing here: that feed would stay empty for ever.
        raise Invalid("filter", name=kind, value=case_query.values[kind][0])
    place_query = replace(case_query, values={**case_query.values, kind: (code,)})
    # The page of a place takes no other filter; the list at that place does.
    page = address if case_query.is_bare else urls.cases(place_query)
    feed_path = address if case_query.is_bare else f"{address}?{case_query.query_string()}"
    return feed_response(
        _event_query(place_query),
        page,
        search_title.phrase(place_query, current_vocabulary()),
        feed_path,
    )


@public.get("/registre.atom")
def ledger_feed() -> ResponseReturnValue:
    """The events of the whole register of some kinds and one month, and those of no case."""
    head()
    journal_query = public_journal.parse(request.args.to_dict(flat=False))
    if journal_query.page > 1:
        raise NotFound("no_such_page")
    event_query = EventQuery(
        acts=journal_query.acts,
        since=journal_query.since,
        until=journal_query.until,
        includes_register=True,
    )
    parts = [_("main courante"), *(chip.text for chip in registre.chips(journal_query))]
    return feed_response(event_query, urls.ledger(journal_query), french(" ; ".join(parts)))


def feed_response(
    event_query: EventQuery, page: str, subject: str, feed_path: str | None = None
) -> Response:
    """The document of some events: the newest, or the archive that the address asks for.

    :param page: the page that shows the same.
    :param subject: what the feed is of, in words.
    :param feed_path: the feed's address without its suffix, where it is not the page's.
    """
    before_event = _before_event()
    session = db.session()
    tag_uris = tag_uri_maker(session)
    stretch = events.event_page(session, event_query, current_vocabulary(), before_event)
    base_url = settings().base_url
    feed_path = feed_path or page
    feed_document = atom.render_feed(
        Feed(
            uri=tag_uris.uri(feed_path),
            title=_("Web Citoyen – %(what)s", what=subject),
            subtitle=_(
                "Registre public des intimidations de blogueurs : une entrée par événement. "
                "Le registre ne connaît que ce qui lui a été signalé."
            ),
            page=base_url + page,
            address=_absolute_url(feed_path, before_event),
            author=settings().publisher_name or "Web Citoyen",
            home=f"{base_url}/",
            register_opened_at=line_time(session, 1),
            entries=entries(stretch.events, tag_uris),
            older=_absolute_url(feed_path, stretch.older) if stretch.older else None,
            current=_absolute_url(feed_path, None) if before_event else None,
        )
    )
    if not g.get("register_in_part"):
        g.register_moved_at = line_time(session, head().seq)
    return Response(feed_document, content_type=atom.MIMETYPE)


def _before_event() -> str | None:
    event_name = request.args.get(BEFORE_PARAMETER, "")
    if event_name and not _EVENT.fullmatch(event_name):
        raise NotFound("no_such_page")
    return event_name or None


def _absolute_url(feed_path: str, before_event: str | None) -> str:
    address = settings().base_url + urls.feed(feed_path)
    if before_event is None:
        return address
    return f"{address}{'&' if '?' in address else '?'}{BEFORE_PARAMETER}={before_event}"
