"""Reports on other pages of the desk: beside a case, in the sidebar, on the dashboard."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from flask_babel import gettext as _

from register.accounts.web import current_member
from register.cases.duplicates import PossibleDuplicate
from register.cases.web.desk.case_summaries import reasons_sentence
from register.db import db, now
from register.errors import SealError, TextError
from register.journal import Act
from register.reports import acts, duplicates, queries, report_lists
from register.reports.questions import Question, answer_date, answered
from register.reports.report_content import ReportContent
from register.reports.retention import clock_jump
from register.reports.web.bound_case import case_words
from register.reports.web.desk import labels
from register.territory.web.place_names import full_name
from register.text.date_reading import interval_end
from register.text.dates import paris_day
from register.text.typography import french
from register.web import messages
from register.web.blueprints import desk
from register.web.l10n import day_words, edtf_words, language, number, typeset
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
    """A field of a report with its answers; ``is_private``: they never become public."""

    name: str
    label: str
    items: Sequence[ReportedItem]
    is_private: bool = False


@desk.app_template_global("reported")
def reported(sent: ReportContent) -> list[ReportedField]:
    """The fields with an answer, in the order of the form."""

    def coded(vocabulary_name: str, code: str, into: str, *, many: bool = False) -> ReportedItem:
        label = current_vocabulary().label(vocabulary_name, code) if code else ""
        return ReportedItem(label, code, into, many)

    kind, _colon, code = sent.place_code.partition(":")
    place = full_name(kind, code) if code else ""
    date = ""
    with suppress(TextError):
        date = edtf_words(sent.date) if sent.date else ""
    end_words = edtf_words(end_date) if (end_date := interval_end(sent.when, sent.date)) else ""
    end = ReportedItem(end_words, end_words, "#end_date")
    began = typeset(labels.proceedings_label(sent.began)) if sent.began else ""
    proceedings = ReportedItem(began, sent.began, _BEGAN, True)
    types = [coded("type", code, _TYPES, many=True) for code in sent.types]
    links = [
        ReportedItem(url, url, _LINKS, True, url.startswith(("http://", "https://")))
        for url in sent.links
    ]
    actor, target = coded("acteur", sent.actor, _ACTOR), coded("cible", sent.target, _TARGET)
    fields = (
        ReportedField("case", _("À ajouter au cas"), [ReportedItem(case_words(sent))]),
        ReportedField("account", _("Ce qui s’est passé"), [ReportedItem(sent.account)]),
        ReportedField("types", _("Types"), types),
        ReportedField("place", _("Lieu"), _recognised_items(sent.place, place, _PLACE)),
        ReportedField("date", _("Quand"), [*_recognised_items(sent.when, date, _DATE), end]),
        ReportedField("actor", _("Qui a agi"), [actor, ReportedItem(sent.actor_text)]),
        ReportedField("target", _("Qui était visé"), [target, ReportedItem(sent.target_text)]),
        ReportedField("began", _("Qui a engagé une procédure"), [proceedings]),
        ReportedField("links", _("Où vérifier"), links),
        *(_answer_field(sent, question, value) for question, value in answered(sent)),
    )
    filled = (replace(field, items=[i for i in field.items if i.text]) for field in fields)
    return [field for field in filled if field.items]


def _answer_field(sent: ReportContent, question: Question, value: str) -> ReportedField:
    items = [ReportedItem(question.value_words(value, language()))]
    with suppress(TextError):
        edtf = answer_date(sent, question.key)
        items.append(ReportedItem(edtf_words(edtf) if edtf else ""))
    label = question.labels[language()]
    return ReportedField(question.key, label, items, not question.is_public)


def _recognised_items(typed: str, recognised: str, into: str) -> list[ReportedItem]:
    typed_only = "" if typed == recognised else typed
    return [ReportedItem(typed_only), ReportedItem(french(recognised), recognised, into)]


# --- reports of a case ------------------------------------------------------------------------


@desk.app_template_global("reports_behind")
def reports_behind(incident_id: int) -> queries.CaseReports | None:
    """The reports behind a case; None if there are none, or if the key store is missing.

    Members can work on the case without the keys; the dashboard warns that they are missing.
    """
    try:
        case_reports = queries.reports_of_case(db.session(), key_store(), incident_id)
    except SealError:
        return None
    return case_reports if case_reports.retained or case_reports.withdrawn else None


# --- duplicates -------------------------------------------------------------------------------


@desk.app_template_global("likely_of_report")
def likely_of_report(
    report_view: queries.ReportView,
) -> tuple[Sequence[PossibleDuplicate], Sequence[tuple[queries.ReportSummary, str, str]]]:
    """Cases and reports similar to a report, the most similar first; none after the purge.

    A report comes with its title and the reasons of the similarity.
    """
    summary, sent = report_view.summary, report_view.summary.sent
    if sent is None:
        return [], []
    session, member = db.session(), current_member.member()
    own_case = report_view.decision.incident
    cases = duplicates.similar_cases(session, member, sent, current_vocabulary(), own_case)
    reports = duplicates.similar_reports(
        session, key_store(), member, summary.key, summary.day, sent
    )
    similar_reports = []
    for other_summary, reasons in reports:
        other = other_summary.sent
        types = other.types[:1] if other else ()
        first_type = [current_vocabulary().label("type", code) for code in types]
        title = typeset(", ".join([labels.place(other, short=True), *first_type]))
        similar_reports.append((other_summary, title, reasons_sentence(reasons)))
    return cases, similar_reports


# --- recorded views ---------------------------------------------------------------------------


def note_views(keys: Collection[str]) -> None:
    """Record that the member views the content of reports, without a write if already recorded."""
    if not keys:
        return
    viewed = queries.viewed_on_day(
        db.session(), Act.REPORT_VIEWED, current_member.member().id, now()
    )
    new_keys = [key for key in keys if key not in viewed]
    if new_keys:
        current_member.run_act(lambda tx, by: acts.view(tx, new_keys, by=by))


# --- warnings --------------------------------------------------------------------

# Number of unread reports above which the desk is warned.
FLOOD = 200


@desk.app_template_global("reports_in_danger")
def reports_in_danger() -> list[queries.ReportSummary]:
    """New reports that say that somebody is in danger, and that no member marked."""
    try:
        return report_lists.new_reports_in_danger(db.session(), key_store())
    except SealError:
        return []


@desk.app_template_global("report_warnings")
def warnings() -> Iterator[str]:
    """Sentences about a flood of reports, a jump of the clock and a missing key store."""
    if report_lists.count_unread(db.session()) > FLOOD:
        yield typeset(str(messages.desk.many_unread) % {"count": number(FLOOD)})
    last_day = clock_jump(db.session(), paris_day(now()))
    if last_day is not None:
        yield typeset(str(messages.desk.clock_warning) % {"day": day_words(last_day)})
    try:
        key_store().require()
    except SealError:
        yield typeset(str(messages.desk.key_missing))
