"""Content of a report field by field, the reports behind a case, and recorded views."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _

from register.accounts.web import current_member
from register.cases.web.desk import act_view
from register.cases.web.desk.case_summaries import SimilarCase, reasons_sentence
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

# Selectors of the editor's fields into which chosen and recognised values are copied; the
# reporter's own words are never copied.
_PLACE, _DATE = "#place-typed", "#date, #happened_on"
_TYPES, _ACTOR, _TARGET = "#type_1, #type_2, #type_3", "#actor", "#target"
_LINKS = '[name^="sources-"][name$="-url"], #source_url'
_BEGAN = '[name^="proceedings-"][name$="-direction"]'


@dataclass(frozen=True)
class ReportedItem:
    """One answer of a field, with the value to copy and the selector of its target.

    ``many``: the selector matches several fields, of which an empty one is filled.
    """

    text: str
    value: str = ""
    into: str = ""
    many: bool = False
    is_link: bool = False


@dataclass(frozen=True)
class ReportedField:
    """A field of a report with its answers."""

    name: str
    label: str
    items: Sequence[ReportedItem]


@desk.app_template_global("reported")
def reported(sent: ReportContent) -> list[ReportedField]:
    """The fields with an answer, in the order of the form."""
    label = current_vocabulary().label
    items: dict[str, list[ReportedItem]] = {
        "account": [ReportedItem(sent.account)] if sent.account else [],
        "types": [
            ReportedItem(label("type", code), code, _TYPES, many=True) for code in sent.types
        ],
        "place": _recognised_items(sent.place, _place_words(sent), _PLACE),
        "date": _recognised_items(sent.when, _date_words(sent), _DATE),
        "actor": _role_items("acteur", sent.actor, sent.actor_text, _ACTOR),
        "target": _role_items("cible", sent.target, sent.target_text, _TARGET),
        "began": [
            ReportedItem(typeset(labels.proceedings_label(code)), code, _BEGAN, many=True)
            for code in (sent.began,)
            if code
        ],
        "links": [
            ReportedItem(
                url, url, _LINKS, many=True, is_link=url.startswith(("http://", "https://"))
            )
            for url in sent.links
        ],
    }
    return [ReportedField(name, str(_LABELS[name]), items[name]) for name in items if items[name]]


def _place_words(sent: ReportContent) -> str:
    kind, _colon, code = sent.place_code.partition(":")
    return full_name(kind, code) if code else ""


def _date_words(sent: ReportContent) -> str:
    try:
        return edtf_words(sent.date) if sent.date else ""
    except TextError:
        return ""


def _recognised_items(typed: str, recognised: str, into: str) -> list[ReportedItem]:
    items = [ReportedItem(typed)] if typed and typed != recognised else []
    if recognised:
        items.append(ReportedItem(french(recognised), recognised, into))
    return items


def _role_items(vocabulary_name: str, code: str, words: str, into: str) -> list[ReportedItem]:
    items = [ReportedItem(words)] if words else []
    if code:
        role_label = current_vocabulary().label(vocabulary_name, code)
        items.insert(0, ReportedItem(role_label, code, into))
    return items


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


# --- reports of a case ------------------------------------------------------------------------


@desk.app_template_global("reports_behind")
def reports_behind(incident_id: int) -> CaseReports | None:
    """The reports behind a case; None if there are none, or if the key store is missing.

    Members can work on the case without the keys; the dashboard warns that they are missing.
    """
    try:
        case_reports = reports_of_case(db.session(), key_store(), incident_id)
    except SealError:
        return None
    return case_reports if case_reports.retained or case_reports.reports else None


# --- duplicates -------------------------------------------------------------------------------


@dataclass(frozen=True)
class SimilarReportLink:
    """A similar report with its address and the reasons of the similarity."""

    key: str
    address: str
    title: str
    state: str
    day: date
    why: str


@dataclass(frozen=True)
class SimilarItems:
    """Cases and reports on what may be the same facts."""

    cases: Sequence[SimilarCase]
    reports: Sequence[SimilarReportLink]


@desk.app_template_global("likely_of_report")
def likely_of_report(report_view: ReportView) -> SimilarItems:
    """Cases and reports similar to a report, the most similar first; none after the purge."""
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
    first_type = [current_vocabulary().label("type", code) for code in similar.sent.types[:1]]
    return SimilarReportLink(
        key=similar.key,
        address=list_query.report_url(similar.key),
        title=typeset(", ".join([labels.place_short(similar.sent), *first_type])),
        state=str(REPORT_STATES[similar.state.value]),
        day=similar.day,
        why=reasons_sentence(similar.reasons),
    )


def note_views(keys: Collection[str]) -> None:
    """Record that the member views the content of reports, without a write if already recorded."""
    if not keys:
        return
    viewed_keys = views_on_day(
        db.session(), Act.REPORT_VIEWED, current_member.member().id, now()
    ).reports
    new_keys = [key for key in keys if key not in viewed_keys]
    if new_keys:
        act_view.run_act(lambda tx, by: acts.view(tx, new_keys, by=by))


def note_retained_view(incident_id: int) -> None:
    """Record that the member views the copies of reports that a case retains, if any."""
    session = db.session()
    if not has_retained(session, incident_id):
        return
    viewed_cases = views_on_day(session, Act.COPY_VIEWED, current_member.member().id, now()).cases
    if incident_id not in viewed_cases:
        act_view.run_act(lambda tx, by: acts.view_retained(tx, incident_id, by=by))
