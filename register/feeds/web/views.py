"""The Atom feeds: of the list with any filter, of every place, every case, and the ledger."""

from __future__ import annotations

import re
from dataclasses import replace

from flask import Blueprint, Response, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from register.cases import events, public_journal, queries
from register.cases.events import Wanted
from register.cases.filters import Query
from register.cases.web.public import search_form, search_title, text_search
from register.cases.web.public.cases import case_number, to_put_right
from register.db import db
from register.errors import Gone, Invalid, Moved, NotFound
from register.feeds import atom
from register.feeds.atom import Feed
from register.feeds.web.entries import entries
from register.journal import line_time
from register.journal.web import public_journal as registre
from register.operations.instance_identity import tags
from register.search.service import Reach
from register.territory import places
from register.territory.web import place_choice, place_names
from register.text.typography import french
from register.web import urls
from register.web.context import book, head, settings

_EVENT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
BEFORE = "avant"


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    blueprint.add_url_rule("/incidents.atom", view_func=cases_feed)
    blueprint.add_url_rule("/incidents/<number>.atom", view_func=case_feed)
    blueprint.add_url_rule("/communes/<code>.atom", view_func=commune_feed)
    blueprint.add_url_rule("/departements/<code>.atom", view_func=departement_feed)
    blueprint.add_url_rule("/regions/<code>.atom", view_func=region_feed)
    blueprint.add_url_rule("/registre.atom", view_func=ledger_feed)


def cases_feed() -> ResponseReturnValue:
    """The events of the whole register, or of a search."""
    args = request.args.to_dict(flat=False)
    head()
    typed = place_choice.typed(args.pop("lieu", []))
    try:
        query = _query(args)
        return _at_place(typed, query) if typed else _of_search(query)
    except Invalid as error:
        # Whoever wrote the address by hand can put it right in the page's form.
        return to_put_right(args, error)


def _of_search(query: Query) -> Response:
    what = search_title.phrase(query, book()) or _("tout le registre")
    return answer(_wanted(query), urls.cases(query), what)


def _query(args: dict[str, list[str]]) -> Query:
    """The search of an address; a feed has one order, and no pages."""
    query = search_form.search(args)
    if query.page > 1:
        raise NotFound("no_such_page")
    return query.by(query.usual_order)


def _wanted(query: Query) -> Wanted:
    """The events of a search, by its words as well."""
    found = text_search.sought(query)
    if found is None:
        return Wanted(query)
    # The index moves while the ledger stands still: only what was looked for everywhere is as new
    # as the last line.
    g.register_in_part = found.hits.reach is not Reach.WHOLE
    return Wanted(query, hits=found.strength)


def _at_place(typed: str, query: Query) -> ResponseReturnValue:
    """To the feed at the typed place, or to the page that offers the choice."""
    found = place_choice.read(
        typed, lambda reading: urls.cases(place_choice.narrowed(query, reading))
    )
    if found.one:
        return redirect(urls.feed(found.one.address), 303)
    return redirect(urls.cases(query, lieu=typed), 303)


def case_feed(number: str) -> ResponseReturnValue:
    """The events of one case; once it is gone, the one that says so."""
    head()
    known = case_number(number)
    try:
        title = french(queries.one(db.session(), known).snapshot.content["title"])
        what = _("cas nº %(number)s : %(title)s", number=known, title=title)
    except Moved as moved:
        other = urls.case(int(str(moved.values["number"])))
        return redirect(urls.feed(other), 301)
    except Gone:
        what = _("cas nº %(number)s", number=known)
    return answer(Wanted(case=known), urls.case(known), what)


def commune_feed(code: str) -> ResponseReturnValue:
    """The events of a commune; a former code leads to the commune of today."""
    head()
    known = code.upper()
    here = place_names.of_commune(known) if places.is_commune_code(known) else None
    if here is None:
        raise NotFound("no_such_place")
    return _of_place("commune", code, here.commune.code)


def departement_feed(code: str) -> ResponseReturnValue:
    """The events of a département or an overseas collectivity."""
    head()
    known = code.upper()
    here = places.departement(db.session(), known) if places.is_departement_code(known) else None
    if here is None:
        raise NotFound("no_such_place")
    return _of_place("departement", code, here.code)


def region_feed(code: str) -> ResponseReturnValue:
    """The events of a région."""
    head()
    here = places.region(db.session(), code) if places.is_region_code(code) else None
    if here is None:
        raise NotFound("no_such_place")
    return _of_place("region", code, here.code)


def _of_place(kind: str, asked: str, code: str) -> ResponseReturnValue:
    """A place's feed, which takes the filters of a list as well."""
    address = urls.PLACES[kind](code)
    if asked != code:
        text = request.query_string.decode("latin-1")
        return redirect(urls.feed(f"{address}?{text}" if text else address), 301)
    query = _query(request.args.to_dict(flat=False))
    if kind in query.values:
        # Of another place of the kind there is nothing here: that feed would stay empty for ever.
        raise Invalid("filter", name=kind, value=query.values[kind][0])
    here = replace(query, values={**query.values, kind: (code,)})
    # The page of a place takes no other filter; the list at that place does.
    page = address if query.is_bare else urls.cases(here)
    own = address if query.is_bare else f"{address}?{query.text()}"
    return answer(_wanted(here), page, search_title.phrase(here, book()), own)


def ledger_feed() -> ResponseReturnValue:
    """The events of the whole register of some kinds and one month, and those of no case."""
    head()
    asked = public_journal.parse(request.args.to_dict(flat=False))
    if asked.page > 1:
        raise NotFound("no_such_page")
    wanted = Wanted(acts=asked.acts, since=asked.since, until=asked.until, whole=True)
    parts = [_("main courante"), *(chip.text for chip in registre.chips(asked))]
    return answer(wanted, urls.ledger(asked), french(" ; ".join(parts)))


def answer(wanted: Wanted, page: str, what: str, own: str | None = None) -> Response:
    """The document of some events: the newest, or the archive that the address asks for.

    :param page: the page that shows the same.
    :param what: what the feed is of, in words.
    :param own: the feed's address without its suffix, where it is not the page's.
    """
    after = _before()
    session = db.session()
    here = tags(session)
    found = events.stretch(session, wanted, book(), after)
    base = settings().base_url
    own = own or page
    document = atom.document(
        Feed(
            uri=here.uri(own),
            title=_("Web Citoyen – %(what)s", what=what),
            subtitle=_(
                "Registre public des intimidations de blogueurs : une entrée par événement. "
                "Le registre ne connaît que ce qui lui a été signalé."
            ),
            page=base + page,
            address=_absolute(own, after),
            author=settings().publisher_name or "Web Citoyen",
            home=f"{base}/",
            opened=line_time(session, 1),
            entries=entries(found.rows, here),
            older=_absolute(own, found.older) if found.older else None,
            current=_absolute(own, None) if after else None,
        )
    )
    if not g.get("register_in_part"):
        g.register_moved_at = line_time(session, head().seq)
    return Response(document, content_type=atom.MIMETYPE)


def _before() -> str | None:
    given = request.args.get(BEFORE, "")
    if given and not _EVENT.fullmatch(given):
        raise NotFound("no_such_page")
    return given or None


def _absolute(own: str, after: str | None) -> str:
    address = settings().base_url + urls.feed(own)
    if after is None:
        return address
    return f"{address}{'&' if '?' in address else '?'}{BEFORE}={after}"
