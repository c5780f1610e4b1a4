"""The entries of a feed: each event's words, in French, with what a reader sorts them by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask import current_app, get_template_attribute
from flask_babel import gettext as _

from register.cases.event_content import Told, tell
from register.cases.events import Row
from register.cases.web.public import case_view
from register.db import db
from register.feeds.atom import Category, Item, Written
from register.journal import Act
from register.operations.instance_identity import Tags
from register.territory.web import place_names
from register.territory.web.place_names import Whereabouts
from register.text.typography import french
from register.web import context, urls
from register.web.context import book, settings

_KEPT = "register.kept_items"
_LIMIT = 4 * 1024 * 1024  # bytes, about
# What an entry costs beside its text: its elements, its fields, its place in the table.
_OVERHEAD = 6_000

# Where on the page of its case an act is to be read.
_ANCHORS = {
    Act.FOLLOWED_UP: "#suites",
    Act.CORRECTED: "#corrections",
    Act.REDACTED: "#corrections",
}


class _Shelf:
    """The entries of one position of the register; a case's texts are laid out once for each.

    Every position has a shelf of its own: a slow request of an earlier one cannot leave what it
    made among the entries of a later one.
    """

    def __init__(self, position: tuple[str, ...]) -> None:
        self.position = position
        self.entries: dict[str, Written] = {}
        self.size = 0

    def keep(self, name: str, entry: Written) -> None:
        if self.size > _LIMIT:
            self.entries.clear()
            self.size = 0
        self.entries[name] = entry
        self.size += _OVERHEAD + 2 * len(entry.item.content)


def entries(rows: Sequence[Row], tags: Tags) -> list[Written]:
    """The entries of some events, in their order."""
    shelf = _shelf()
    there = {row.name: shelf.entries.get(row.name) for row in rows}
    missing = [row for row in rows if there[row.name] is None]
    for told in tell(db.session(), missing):
        entry = Written(_item(told, tags))
        there[told.row.name] = entry
        shelf.keep(told.row.name, entry)
    return [entry for entry in there.values() if entry]


def _shelf() -> _Shelf:
    where = context.standing()
    position = (where.head.digest, where.vocabulary, where.territory)
    shelf: _Shelf | None = current_app.extensions.get(_KEPT)
    if shelf is None or shelf.position != position:
        shelf = _Shelf(position)
        current_app.extensions[_KEPT] = shelf
    return shelf


def _item(told: Told, tags: Tags) -> Item:
    row, snapshot = told.row, told.snapshot
    content = snapshot.content if snapshot else None
    place = place_names.of_commune(content["commune"]) if content and content["commune"] else None
    return Item(
        uri=tags.uri(f"evenement/{row.name}"),
        title=_title(told),
        address=settings().base_url + _address(told),
        published=row.at,
        updated=told.updated,
        content=_content(told, place),
        language=content["language"] if content else "fr",
        categories=list(_categories(content, place, tags)) if content else (),
        point=place.sheet.point if place else None,
    )


def _address(told: Told) -> str:
    row = told.row
    if row.number is None:
        return "/registre"
    if told.place and row.act == Act.REPLIED:
        return f"{urls.case(row.number)}#reponse-{told.place}"
    anchor = _ANCHORS.get(Act(row.act), "") if told.snapshot else ""
    return urls.case(row.number) + anchor


def _title(told: Told) -> str:
    """What a reader's list shows; it names no case that is no longer shown."""
    row = told.row
    if row.number is None:
        return str(_("Ouverture du registre"))
    number = row.number
    if told.snapshot is None:
        return str(_gone()[row.act] % {"number": number})
    title = french(told.snapshot.content["title"])
    if row.act == Act.PUBLISHED:
        return str(title)
    if row.act == Act.FOLLOWED_UP:
        what = french(told.fragment["title"])
        return str(_("Suite : %(what)s (cas nº %(number)s)", what=what, number=number))
    if row.act == Act.REPLIED:
        who = french(told.fragment["author"])
        return str(_("Réponse : %(who)s (cas nº %(number)s)", who=who, number=number))
    return str(_shown()[row.act] % {"number": number, "title": title})


def _gone() -> dict[str, str]:
    return {
        Act.WITHDRAWN: _("Retrait du cas nº %(number)s"),
        Act.MERGED: _("Réunion du cas nº %(number)s à un autre"),
        Act.ERASED: _("Effacement du cas nº %(number)s"),
    }


def _shown() -> dict[str, str]:
    return {
        Act.CORRECTED: _("Correction du cas nº %(number)s : %(title)s"),
        Act.REDACTED: _("Passage retiré du cas nº %(number)s : %(title)s"),
        Act.RESTORED: _("Rétablissement du cas nº %(number)s : %(title)s"),
        Act.WITHDRAWN: _("Retrait du cas nº %(number)s, levé depuis : %(title)s"),
    }


def _content(told: Told, place: Whereabouts | None) -> str:
    """The event's own complete text as safe HTML, every link absolute: no page is around it."""
    row, snapshot = told.row, told.snapshot
    # A new reading of the template for each entry would cost more than the entry.
    draw: Any = get_template_attribute("feeds/entry.html", "entry")
    if snapshot is None:
        return str(draw(told, None, None, (), place, settings().base_url)).strip()
    content = snapshot.content
    whole = row.act == Act.PUBLISHED
    actings = case_view.actings(content, book(), place.commune.name if place else "")
    linked = [place_names.of_commune(code) for code in content["linked_communes"]] if whole else []
    drawn = draw(
        told,
        content,
        snapshot.html,
        actings if whole else (),
        place,
        settings().base_url,
        linked=[other for other in linked if other],
        around=_around(content) if whole else "",
    )
    return str(drawn).strip()


def _around(content: Any) -> str:
    for kind in ("departement", "region"):
        if content[kind]:
            return place_names.name_of(kind, content[kind])
    return ""


def _categories(content: Any, place: Whereabouts | None, tags: Tags) -> Iterator[Category]:
    for code in content["types"]:
        yield Category(tags.uri("type"), code, book().label("type", code))
    filed = [place] if place else []
    filed += [
        other for code in content["linked_communes"] if (other := place_names.of_commune(code))
    ]
    departements = {}
    for where in filed:
        yield Category(tags.uri("commune"), where.commune.code, where.commune.name)
        if where.departement:
            departements[where.departement.code] = where.departement.name
    if content["departement"]:
        name = place_names.name_of("departement", content["departement"])
        departements[content["departement"]] = name
    for code, name in departements.items():
        yield Category(tags.uri("departement"), code, name)
