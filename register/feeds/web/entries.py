"""The entries of a feed: each event's words, in French, with what a reader sorts them by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask import current_app, get_template_attribute
from flask_babel import gettext as _

from register.cases.events import PublicEvent
from register.cases.web.public import case_view
from register.db import db
from register.feeds.atom import AtomEntry, Category, EntryContent
from register.feeds.event_content import EventContent, event_contents
from register.journal import Act
from register.operations.instance_identity import TagUriMaker
from register.territory.place_queries import CommuneDetails
from register.territory.web import place_names
from register.text.typography import french
from register.web import request_context, urls
from register.web.request_context import current_vocabulary, settings

_CACHE_EXTENSION = "register.kept_items"
_CACHE_LIMIT = 4 * 1024 * 1024  # bytes, about
# What an entry costs beside its text: its elements, its fields, its place in the table.
_ENTRY_OVERHEAD = 6_000

# Where on the page of its case an act is to be read.
_ANCHORS = {
    Act.FOLLOWED_UP: "#suites",
    Act.CORRECTED: "#corrections",
    Act.REDACTED: "#corrections",
}


class _EntryCache:
    """The entries of one position of the register; a case's texts are laid out once for each.

    Every position has a cache of its own: a slow request of an earlier one cannot leave what it
    made among the entries of a later one.
    """

    def __init__(self, position: tuple[str, ...]) -> None:
        self.position = position
        self.entries: dict[str, AtomEntry] = {}
        self.size = 0

    def add(self, name: str, entry: AtomEntry) -> None:
        if self.size > _CACHE_LIMIT:
            self.entries.clear()
            self.size = 0
        self.entries[name] = entry
        self.size += _ENTRY_OVERHEAD + 2 * len(entry.entry_content.content)


def entries(event_rows: Sequence[PublicEvent], tag_uris: TagUriMaker) -> list[AtomEntry]:
    """The entries of some events, in their order."""
    cache = _entry_cache()
    entries_by_name = {
        event_row.name: cache.entries.get(event_row.name) for event_row in event_rows
    }
    missing = [event_row for event_row in event_rows if entries_by_name[event_row.name] is None]
    for event in event_contents(db.session(), missing):
        entry = AtomEntry(_entry_content(event, tag_uris))
        entries_by_name[event.event.name] = entry
        cache.add(event.event.name, entry)
    return [entry for entry in entries_by_name.values() if entry]


def _entry_cache() -> _EntryCache:
    current = request_context.current_data_version()
    position = (current.head.digest, current.vocabulary, current.territory)
    cache: _EntryCache | None = current_app.extensions.get(_CACHE_EXTENSION)
    if cache is None or cache.position != position:
        cache = _EntryCache(position)
        current_app.extensions[_CACHE_EXTENSION] = cache
    return cache


def _entry_content(event: EventContent, tag_uris: TagUriMaker) -> EntryContent:
    event_row, snapshot = event.event, event.snapshot
    content = snapshot.content if snapshot else None
    place = (
        request_context.find_commune(content["commune"]) if content and content["commune"] else None
    )
    return EntryContent(
        uri=tag_uris.uri(f"evenement/{event_row.name}"),
        title=_title(event),
        address=settings().base_url + _address(event),
        published=event_row.at,
        updated=event.updated,
        content=_content(event, place),
        language=content["language"] if content else "fr",
        categories=list(_categories(content, place, tag_uris)) if content else (),
        point=place.point if place else None,
    )


def _address(event: EventContent) -> str:
    event_row = event.event
    if event_row.number is None:
        return "/registre"
    if event.rank and event_row.act == Act.REPLIED:
        return f"{urls.case(event_row.number)}#reponse-{event.rank}"
    anchor = _ANCHORS.get(Act(event_row.act), "") if event.snapshot else ""
    return urls.case(event_row.number) + anchor


def _title(event: EventContent) -> str:
    """What a reader's list shows; it names no case that is no longer shown."""
    event_row = event.event
    if event_row.number is None:
        return str(_("Ouverture du registre"))
    number = event_row.number
    if event.snapshot is None:
        return str(_removal_titles()[event_row.act] % {"number": number})
    title = french(event.snapshot.content["title"])
    if event_row.act == Act.PUBLISHED:
        return str(title)
    if event_row.act == Act.FOLLOWED_UP:
        what = french(event.fragment["title"])
        return str(_("Suite : %(what)s (cas nº %(number)s)", what=what, number=number))
    if event_row.act == Act.REPLIED:
        who = french(event.fragment["author"])
        return str(_("Réponse : %(who)s (cas nº %(number)s)", who=who, number=number))
    return str(_change_titles()[event_row.act] % {"number": number, "title": title})


def _removal_titles() -> dict[str, str]:
    return {
        Act.WITHDRAWN: _("Retrait du cas nº %(number)s"),
        Act.MERGED: _("Réunion du cas nº %(number)s à un autre"),
        Act.ERASED: _("Effacement du cas nº %(number)s"),
    }


def _change_titles() -> dict[str, str]:
    return {
        Act.CORRECTED: _("Correction du cas nº %(number)s : %(title)s"),
        Act.REDACTED: _("Passage retiré du cas nº %(number)s : %(title)s"),
        Act.RESTORED: _("Rétablissement du cas nº %(number)s : %(title)s"),
        Act.WITHDRAWN: _("Retrait du cas nº %(number)s, levé depuis : %(title)s"),
    }


def _content(event: EventContent, place: CommuneDetails | None) -> str:
    """The event's own complete text as safe HTML, every link absolute: no page is around it."""
    event_row, snapshot = event.event, event.snapshot
    # A new reading of the template for each entry would cost more than the entry.
    render: Any = get_template_attribute("feeds/entry.html", "entry")
    if snapshot is None:
        return str(render(event, None, None, (), place, settings().base_url)).strip()
    content = snapshot.content
    is_publication = event_row.act == Act.PUBLISHED
    actings = case_view.act_statements(
        content, current_vocabulary(), place.commune.name if place else ""
    )
    linked = (
        [request_context.find_commune(code) for code in content["linked_communes"]]
        if is_publication
        else []
    )
    html = render(
        event,
        content,
        snapshot.html,
        actings if is_publication else (),
        place,
        settings().base_url,
        linked=[other for other in linked if other],
        around=_area_name(content) if is_publication else "",
    )
    return str(html).strip()


def _area_name(content: Any) -> str:
    for kind in ("departement", "region"):
        if content[kind]:
            return place_names.place_name(kind, content[kind])
    return ""


def _categories(
    content: Any, place: CommuneDetails | None, tag_uris: TagUriMaker
) -> Iterator[Category]:
    for code in content["types"]:
        yield Category(tag_uris.uri("type"), code, current_vocabulary().label("type", code))
    places = [place] if place else []
    places += [
        other
        for code in content["linked_communes"]
        if (other := request_context.find_commune(code))
    ]
    departements = {}
    for whereabouts in places:
        yield Category(tag_uris.uri("commune"), whereabouts.commune.code, whereabouts.commune.name)
        if whereabouts.departement:
            departements[whereabouts.departement.code] = whereabouts.departement.name
    if content["departement"]:
        name = place_names.place_name("departement", content["departement"])
        departements[content["departement"]] = name
    for code, name in departements.items():
        yield Category(tag_uris.uri("departement"), code, name)
