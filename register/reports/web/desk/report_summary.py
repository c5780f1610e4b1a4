"""What a report says, field by field, to stand beside the case that comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint
from flask_babel import lazy_gettext as _

from register.accounts.web import current_member
from register.cases.web.desk import act_view
from register.cases.web.desk.duplicates import Alike, why
from register.db import db, now
from register.errors import SealError
from register.reports import duplicates
from register.reports.case_reports import Origins, origins
from register.reports.duplicates import LikeReport
from register.reports.queries import File
from register.reports.report_content import Sent
from register.reports.web.desk import labels, list_query
from register.territory.web.place_field import named
from register.text.errors import TextError
from register.text.typography import french
from register.web.context import book, key_store
from register.web.l10n import edtf_words, typeset
from register.web.messages import REPORT_STATES

# Where what was chosen or recognised is copied to, fields of the editor as a selector names them;
# the reporter's own words are copied nowhere.
_PLACE, _DATE = "#place-typed", "#date, #happened_on"
_TYPES, _ACTOR, _TARGET = "#type_1, #type_2, #type_3", "#actor", "#target"
_LINKS = '[name^="sources-"][name$="-url"], #source_url'
_BEGAN = '[name^="proceedings-"][name$="-direction"]'


@dataclass(frozen=True)
class Item:
    """Something that was reported: as it reads, and what of it is copied into which field.

    ``many``: the field is one of several of a kind, of which none is written over.
    """

    text: str
    value: str = ""
    into: str = ""
    many: bool = False
    is_link: bool = False


@dataclass(frozen=True)
class Reported:
    """A field of a report with what was said in it."""

    name: str
    label: str
    items: Sequence[Item]


def route(blueprint: Blueprint) -> None:
    """What templates of the desk ask about reports behind a case."""
    for tool in (reported, reports_behind, likely_of_report):
        blueprint.add_app_template_global(tool)


def reported(sent: Sent) -> list[Reported]:
    """Every field in which something was said, in the order of the form."""
    every = (Reported(name, str(_LABELS[name]), list(_ITEMS[name](sent))) for name in _ITEMS)
    return [one for one in every if one.items]


def _account(sent: Sent) -> Iterator[Item]:
    if sent.account:
        yield Item(sent.account)


def _types(sent: Sent) -> Iterator[Item]:
    for code in sent.types:
        yield Item(book().label("type", code), code, _TYPES, many=True)


def _place(sent: Sent) -> Iterator[Item]:
    kind, _colon, code = sent.place_code.partition(":")
    read = named(kind, code) if code else ""
    if sent.place and sent.place != read:
        yield Item(sent.place)
    if read:
        yield Item(french(read), read, _PLACE)


def _when(sent: Sent) -> Iterator[Item]:
    try:
        read = edtf_words(sent.date) if sent.date else ""
    except TextError:
        read = ""
    if sent.when and sent.when != read:
        yield Item(sent.when)
    if read:
        yield Item(french(read), read, _DATE)


def _actor(sent: Sent) -> Iterator[Item]:
    if sent.actor:
        yield Item(book().label("acteur", sent.actor), sent.actor, _ACTOR)
    if sent.actor_text:
        yield Item(sent.actor_text)


def _target(sent: Sent) -> Iterator[Item]:
    if sent.target:
        yield Item(book().label("cible", sent.target), sent.target, _TARGET)
    if sent.target_text:
        yield Item(sent.target_text)


def _began(sent: Sent) -> Iterator[Item]:
    if sent.began:
        yield Item(typeset(labels.began(sent.began)), sent.began, _BEGAN, many=True)


def _links(sent: Sent) -> Iterator[Item]:
    for url in sent.links:
        is_page = url.startswith(("http://", "https://"))
        yield Item(url, url, _LINKS, many=True, is_link=is_page)


_ITEMS: dict[str, Callable[[Sent], Iterator[Item]]] = {
    "account": _account,
    "types": _types,
    "place": _place,
    "date": _when,
    "actor": _actor,
    "target": _target,
    "began": _began,
    "links": _links,
}
_LABELS = {
    "account": _("Ce qui s’est passé"),
    "types": _("Types"),
    "place": _("Lieu"),
    "date": _("Quand"),
    "actor": _("Qui a agi"),
    "target": _("Qui était visé"),
    "began": _("Qui a engagé une procédure"),
    "links": _("Où vérifier"),
}


# --- behind a case ----------------------------------------------------------------------------


def reports_behind(incident_id: int) -> Origins | None:
    """The reports that a case goes back to; None for a case that goes back to none.

    Where the keys are away the case is still there to be worked on; the home of the desk says so.
    """
    try:
        found = origins(db.session(), key_store(), incident_id)
    except SealError:
        return None
    return found if found.kept or found.reports else None


# --- duplicates -------------------------------------------------------------------------------


@dataclass(frozen=True)
class AlikeReport:
    """A report that is like another, where it is on the desk, and why."""

    key: str
    address: str
    title: str
    state: str
    day: date
    why: str


@dataclass(frozen=True)
class Likeness:
    """Cases and other reports that may be of the same thing as a report."""

    cases: Sequence[Alike]
    reports: Sequence[AlikeReport]


def likely_of_report(file: File) -> Likeness:
    """What is like a report, the likest first; nothing once its texts are destroyed."""
    if file.received is None:
        return Likeness([], [])
    session, member, sent = db.session(), current_member.member(), file.received.sent
    cases = duplicates.cases(session, member, sent, book(), now())
    line = file.line
    reports = duplicates.reports(session, key_store(), member, line.key, line.day, sent)
    return Likeness(
        [Alike(one.case, act_view.address(one.case.id), why(one.reasons)) for one in cases],
        [_alike(one) for one in reports],
    )


def _alike(one: LikeReport) -> AlikeReport:
    return AlikeReport(
        key=one.key,
        address=list_query.report(one.key),
        title=_title(one.sent),
        state=str(REPORT_STATES[one.state.value]),
        day=one.day,
        why=why(one.reasons),
    )


def _title(sent: Sent) -> str:
    kinds = [book().label("type", code) for code in sent.types[:1]]
    return typeset(", ".join([labels.place_short(sent), *kinds]))
