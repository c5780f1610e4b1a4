"""What a report says, field by field, to stand beside the case that comes of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _

from register.accounts.web import current_member
from register.cases.web.desk import act_view
from register.cases.web.desk.duplicates import SimilarCase, reasons_sentence
from register.db import db, now
from register.errors import SealError, TextError
from register.journal import Act
from register.reports import acts, duplicates
from register.reports.duplicates import SimilarReport
from register.reports.queries import ReportView
from register.reports.report_content import ReportContent
from register.reports.report_history import CaseReports, has_retained, reports_of_case, views_on_day
from register.reports.web.desk import labels, list_query
from register.territory.web.place_field import full_name
from register.text.typography import french
from register.web.blueprints import desk
from register.web.l10n import edtf_words, typeset
from register.web.messages import REPORT_STATES
from register.web.request_context import current_vocabulary, key_store

# Where what was chosen or recognised is copied to, fields of the editor as a selector names them;
# the reporter's own words are copied nowhere.
_PLACE, _DATE = "#place-typed", "#date, #happened_on"
_TYPES, _ACTOR, _TARGET = "#type_1, #type_2, #type_3", "#actor", "#target"
_LINKS = '[name^="sources-"][name$="-url"], #source_url'
_BEGAN = '[name^="proceedings-"][name$="-direction"]'


@dataclass(frozen=True)
class ReportedItem:
    """Something that was reported: as it reads, and what of it is copied into which field.

    ``many``: the field is one of several of a kind, of which none is written over.
    """

    text: str
    value: str = ""
    into: str = ""
    many: bool = False
    is_link: bool = False


@dataclass(frozen=True)
class ReportedField:
    """A field of a report with what was said in it."""

    name: str
    label: str
    items: Sequence[ReportedItem]


@desk.app_template_global("reported")
def reported(sent: ReportContent) -> list[ReportedField]:
    """Every field in which something was said, in the order of the form."""
    all_fields = (
        ReportedField(name, str(_LABELS[name]), list(_ITEMS[name](sent))) for name in _ITEMS
    )
    return [field for field in all_fields if field.items]


def _account(sent: ReportContent) -> Iterator[ReportedItem]:
    if sent.account:
        yield ReportedItem(sent.account)


def _types(sent: ReportContent) -> Iterator[ReportedItem]:
    for code in sent.types:
        yield ReportedItem(current_vocabulary().label("type", code), code, _TYPES, many=True)


def _place(sent: ReportContent) -> Iterator[ReportedItem]:
    kind, _colon, code = sent.place_code.partition(":")
    read = full_name(kind, code) if code else ""
    if sent.place and sent.place != read:
        yield ReportedItem(sent.place)
    if read:
        yield ReportedItem(french(read), read, _PLACE)


def _when(sent: ReportContent) -> Iterator[ReportedItem]:
    try:
        read = edtf_words(sent.date) if sent.date else ""
    except TextError:
        read = ""
    if sent.when and sent.when != read:
        yield ReportedItem(sent.when)
    if read:
        yield ReportedItem(french(read), read, _DATE)


def _actor(sent: ReportContent) -> Iterator[ReportedItem]:
    if sent.actor:
        yield ReportedItem(current_vocabulary().label("acteur", sent.actor), sent.actor, _ACTOR)
    if sent.actor_text:
        yield ReportedItem(sent.actor_text)


def _target(sent: ReportContent) -> Iterator[ReportedItem]:
    if sent.target:
        yield ReportedItem(current_vocabulary().label("cible", sent.target), sent.target, _TARGET)
    if sent.target_text:
        yield ReportedItem(sent.target_text)


def _began(sent: ReportContent) -> Iterator[ReportedItem]:
    if sent.began:
        yield ReportedItem(
            typeset(labels.proceedings_label(sent.began)), sent.began, _BEGAN, many=True
        )


def _links(sent: ReportContent) -> Iterator[ReportedItem]:
    for url in sent.links:
        is_page = url.startswith(("http://", "https://"))
        yield ReportedItem(url, url, _LINKS, many=True, is_link=is_page)


_ITEMS: dict[str, Callable[[ReportContent], Iterator[ReportedItem]]] = {
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


@desk.app_template_global("reports_behind")
def reports_behind(incident_id: int) -> CaseReports | None:
    """The reports that a case goes back to; None for a case that goes back to none.

    Where the keys are away the case is still there to be worked on; the home of the desk says so.
    """
    try:
        case_reports = reports_of_case(db.session(), key_store(), incident_id)
    except SealError:
        return None
    return case_reports if case_reports.retained or case_reports.reports else None


# --- duplicates -------------------------------------------------------------------------------


@dataclass(frozen=True)
class SimilarReportLink:
    """A report that is like another, where it is on the desk, and why."""

    key: str
    address: str
    title: str
    state: str
    day: date
    why: str


@dataclass(frozen=True)
class SimilarItems:
    """Cases and other reports that may be of the same thing as a report."""

    cases: Sequence[SimilarCase]
    reports: Sequence[SimilarReportLink]


@desk.app_template_global("likely_of_report")
def likely_of_report(report_view: ReportView) -> SimilarItems:
    """What is like a report, the likest first; nothing once its texts are destroyed."""
    if report_view.received is None:
        return SimilarItems([], [])
    session, member, sent = db.session(), current_member.member(), report_view.received.sent
    cases = duplicates.similar_cases(session, member, sent, current_vocabulary(), now())
    summary = report_view.summary
    reports = duplicates.similar_reports(
        session, key_store(), member, summary.key, summary.day, sent
    )
    return SimilarItems(
        [
            SimilarCase(
                match.case, act_view.case_address(match.case.id), reasons_sentence(match.reasons)
            )
            for match in cases
        ],
        [_similar_report(match) for match in reports],
    )


def _similar_report(similar: SimilarReport) -> SimilarReportLink:
    return SimilarReportLink(
        key=similar.key,
        address=list_query.report_url(similar.key),
        title=_report_title(similar.sent),
        state=str(REPORT_STATES[similar.state.value]),
        day=similar.day,
        why=reasons_sentence(similar.reasons),
    )


def _report_title(sent: ReportContent) -> str:
    kinds = [current_vocabulary().label("type", code) for code in sent.types[:1]]
    return typeset(", ".join([labels.place_short(sent), *kinds]))


def note_views(keys: Collection[str]) -> None:
    """Note that the member is shown what was sent in some reports."""
    if not keys:
        return
    viewed_keys = views_on_day(
        db.session(), Act.REPORT_VIEWED, current_member.member().id, now()
    ).reports
    new_keys = [key for key in keys if key not in viewed_keys]
    if new_keys:
        act_view.run_act(lambda tx, by: acts.view(tx, new_keys, by=by))


def note_retained_view(incident_id: int) -> None:
    """Note that the member is shown what a case keeps of its reports, if it keeps anything."""
    session = db.session()
    if not has_retained(session, incident_id):
        return
    viewed_cases = views_on_day(session, Act.COPY_VIEWED, current_member.member().id, now()).cases
    if incident_id not in viewed_cases:
        act_view.run_act(lambda tx, by: acts.view_retained(tx, incident_id, by=by))
