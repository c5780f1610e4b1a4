"""Views that accept a report, as a new draft or attached to a case.

A refused form is shown again as it was filled in, with the current report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import SelectMultipleField

from register.accounts.web import current_member
from register.cases import desk_lists
from register.cases.case_content import Content
from register.cases.validation import ContentFault
from register.cases.web.desk import act_view
from register.cases.web.desk.act_forms import parse_id
from register.cases.web.field_texts import field_texts
from register.db import db, now
from register.errors import Invalid, NotFound, Refused, RegisterError, TextError
from register.journal import WriteTransaction
from register.reports import acts, report_to_draft
from register.reports.acts.moderation import SENTENCE_LIMIT
from register.reports.queries import ReportView, case_to_join
from register.reports.report_content import ReportContent
from register.reports.report_to_draft import DraftPart
from register.reports.web.desk import labels, report_list_query
from register.reports.web.desk.detail import ReportActForm, open_report
from register.reports.web.desk.report_summary import ReportedItem, reported
from register.text.normalisation import one_line
from register.text.typography import first_upper
from register.web import messages
from register.web.blueprints import desk
from register.web.error_messages import error_sentence, fault_sentence, field_name, reason_sentence
from register.web.errors import status_of
from register.web.form_fields import line_field, text_field
from register.web.l10n import typeset, with_label
from register.web.request_context import key_store, vocabulary_in

# --- the forms --------------------------------------------------------------------------------


class DecisionForm(ReportActForm):
    """A form that accepts a report, with an optional sentence for the reporter."""

    sentence = text_field(
        lazy_gettext("Une phrase pour l’auteur du signalement"),
        limit=SENTENCE_LIMIT,
        description=lazy_gettext(
            "Facultatif. Il la lit à sa prochaine visite, avec son code. N’y dites rien qui "
            "permette à un autre de l’identifier."
        ),
    )


class AcceptForm(DecisionForm):
    """The acceptance of a report as a draft; ``reprendre``: names of the parts taken over."""

    reprendre = SelectMultipleField(choices=[], validate_choice=False)
    reason = line_field(
        lazy_gettext("Pourquoi ce dossier"),
        required=True,
        description=lazy_gettext(
            "Pour l’équipe : ce qui le rend crédible, ce qui reste à vérifier."
        ),
    )


class AttachForm(DecisionForm):
    """The attachment of a report to a case, by its number on the desk or its public number."""

    numero = line_field(lazy_gettext("Numéro d’un cas public"), limit=20)
    dossier = line_field(lazy_gettext("Numéro d’un dossier du bureau"), limit=20)

    @property
    def case_id(self) -> int:
        """The number on the desk; 0 for none or an invalid one."""
        return _parse_number(self.dossier.data)

    @property
    def case_number(self) -> int:
        """The public number; 0 for none or an invalid one."""
        return _parse_number(self.numero.data)


def _parse_number(typed: str) -> int:
    """A number from "12" or "nº 12"; 0 for other texts."""
    return parse_id(typed.casefold().removeprefix("nº").removeprefix("n°").strip())


# --- as a new case ----------------------------------------------------------------------------


@desk.route(f"/signalements/{report_list_query.KEY_RULE}/retenir", methods=["GET", "POST"])
def retain(key: str) -> ResponseReturnValue:
    """Accept a report as a new draft, from the parts that the member ticks."""
    report_view, form = open_report(key), AcceptForm()
    parts = _parts(report_view)
    if request.method != "POST":
        form.reprendre.data = [part.name for part in parts if part.ticked]
        form.vu.data = str(report_view.message_count)
        return _accept_page(report_view, form, "")
    if not form.validate():
        return _accept_page(report_view, form, ""), 422
    ticked = {one_line(str(name)) for name in form.reprendre.data or ()}
    taken = ticked & {part.name for part in parts if part.changes}
    content = report_to_draft.draft_content(parts, taken, vocabulary_in("fr"))
    confirmation = _(
        "Le signalement est retenu, et voici son brouillon. Rien n’est public : "
        "écrivez le résumé et le récit avec vos mots."
    )
    decision = {"reason": form.reason.data, "new": content}
    return _accept(key, form, _accept_page, decision, confirmation, "modifier")


def _parts(report_view: ReportView) -> list[DraftPart]:
    sent = report_view.summary.sent
    return report_to_draft.draft_parts(sent, vocabulary_in("fr")) if sent else []


def _accept_page(report_view: ReportView, form: AcceptForm, error_text: str) -> str:
    parts = _parts(report_view)
    names = {part.name for part in parts}
    title = report_to_draft.draft_content(parts, names, vocabulary_in("fr")).title
    sent = report_view.summary.sent
    offers = list(_draft_offers(sent, parts)) if sent else []
    return _page("accept", report_view, form, error_text, offers=offers, title=title)


def _draft_offers(sent: ReportContent, parts: Iterable[DraftPart]) -> Iterator[dict[str, object]]:
    """Each part of a report with its label and answers, and what it would become in the draft.

    ``becomes``: labels and texts of the draft's fields; ``dropped``: sentences about values that
    are not taken over.
    """
    fields = {field.name: (field.label, field.items) for field in reported(sent)}
    for part in parts:
        label, items = fields.get(part.name, ("", ()))
        if part.name in ("actor", "target"):
            # The free text about a role is a part of its own.
            items = items[:1]
        if part.name in messages.desk.free_text_labels:
            label = str(messages.desk.free_text_labels[part.name])
            items = [ReportedItem(getattr(sent, part.name))]
        source_lines = "\n".join(source.url for source in part.changes.get("sources", ()))
        draft = report_to_draft.draft_fields(part.changes)
        texts = {**field_texts(asdict(Content(**draft))), "sources": source_lines}
        yield {
            "part": part,
            "label": label,
            "reported": items,
            "becomes": [(first_upper(field_name(name)), texts[name]) for name in draft],
            "dropped": [_dropped_text(fault) for fault in part.dropped],
        }


def _dropped_text(fault: ContentFault) -> str:
    if fault.key == "typed_date":
        # The general sentence explains how to type a date, which this page has no field for.
        return typeset(_("les mots ne disent pas de date ; donnez-la dans le brouillon."))
    value = str(fault.values.get("value", ""))
    reason = reason_sentence(fault.key, fault.values)
    reason = reason[:1].lower() + reason[1:]
    return typeset(reason if value in reason else with_label(value, reason))


# --- to an existing case ----------------------------------------------------------------------


@desk.route(f"/signalements/{report_list_query.KEY_RULE}/rattacher", methods=["GET", "POST"])
def attach(key: str) -> ResponseReturnValue:
    """Accept a report by attaching it to a case."""
    report_view, form = open_report(key), AttachForm()
    if request.method != "POST":
        form.vu.data = str(report_view.message_count)
        for field in (form.numero, form.dossier):
            field.data = one_line(request.args.get(field.name, ""))[:20]
        if form.numero.data or form.dossier.data:
            _target_case_id(form)
        return _attach_page(report_view, form, "")
    into = _target_case_id(form) if form.validate() else 0
    if not into:
        return _attach_page(report_view, form, ""), 422
    confirmation = _("Le signalement est rattaché à ce dossier, qui en garde une copie.")
    return _accept(key, form, _attach_page, {"reason": "", "into": into}, confirmation)


def _target_case_id(form: AttachForm) -> int:
    """The id of the chosen case; 0 for an invalid choice, with the error at its field."""
    number, dossier = form.case_number, form.case_id
    field = form.dossier if form.dossier.data else form.numero
    try:
        if not number and not dossier:
            raise Invalid("no_number")
        return case_to_join(db.session(), number=0 if dossier else number, dossier=dossier)
    except (Invalid, NotFound, Refused) as error:
        field.errors = [*field.errors, typeset(error_sentence(error))]
        return 0


def _attach_page(report_view: ReportView, form: AttachForm, error_text: str) -> str:
    has_choice = bool(form.case_number or form.case_id)
    case = None
    if has_choice and not form.numero.errors and not form.dossier.errors:
        into, member = _target_case_id(form), current_member.member()
        case = desk_lists.load_summaries(db.session(), member, [into]).get(into)
    return _page("attach", report_view, form, error_text, case=case)


# --- both -------------------------------------------------------------------------------------


def _page(
    name: str, report_view: ReportView, form: DecisionForm, error_text: str, **extra: Any
) -> str:
    return render_template(
        f"reports/desk/{name}.html",
        file=report_view,
        form=form,
        error_text=error_text,
        why="" if request.method == "POST" else refusal_reason(report_view),
        place=labels.place(report_view.summary.sent),
        **extra,
    )


def refusal_reason(report_view: ReportView) -> str:
    """Why the signed-in member cannot accept the report at present; empty when they can."""
    summary = report_view.summary
    holder, state = summary.holder(now()), summary.state.value
    if not summary.is_open:
        error = Refused("report_state", state=state)
    elif report_view.is_purged:
        error = Refused("report_purged", state=state)
    elif holder not in (None, current_member.member().id):
        error = Refused("report_held", state=state, member=holder)
    else:
        return ""
    return labels.refusal_text(error, summary)


def _accept(
    key: str,
    form: DecisionForm,
    page: Callable[[ReportView, Any, str], str],
    decision: dict[str, Any],
    confirmation: str,
    case_page: str = "",
) -> ResponseReturnValue:
    """Accept a report and go to a page of its case or draft; refused, the page of the form.

    :param decision: ``reason``, and ``new`` or ``into``, of :func:`acts.accept`.
    """
    store, sentence, seen = key_store(), form.sentence.data, form.seen

    def act(tx: WriteTransaction, by: int) -> int:
        return acts.accept(tx, store, key, by=by, sentence=sentence, seen=seen, **decision)

    try:
        case_id = current_member.run_act(act)
        flash(typeset(confirmation))
        return redirect(act_view.case_address(case_id, case_page), 303)
    except (Refused, Invalid, NotFound) as refusal:
        error: RegisterError = refusal
    report_view = open_report(key)
    if error.key == "report_changed":
        form.vu.data = str(report_view.message_count)
    if isinstance(error, TextError):
        return page(report_view, form, typeset(error_sentence(error))), 422
    if error.key == "content":
        faults = error.values["faults"]
        error_text = " ".join(fault_sentence(fault) for fault in faults)  # type: ignore[attr-defined]
        return page(report_view, form, typeset(error_text)), 422
    error_text = form.attach_error(error, labels.refusal_text(error, report_view.summary))
    return page(report_view, form, error_text), status_of(error)
