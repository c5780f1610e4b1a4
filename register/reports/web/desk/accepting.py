"""A report becomes a draft, what is taken over ticked one by one, or it joins a case.

Whatever is refused comes back with what was written, and with the report as it is by now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from register.accounts.web import current_member
from register.cases import desk_lists
from register.cases.case_content import Content
from register.cases.desk_lists import OnDesk
from register.cases.validation import Fault
from register.cases.web.desk import act_view, content_words
from register.db import db, now
from register.errors import Invalid, NotFound, Refused, RegisterError
from register.journal import Pen
from register.reports import acts, report_place, report_to_draft
from register.reports.case_reports import case_to_join
from register.reports.queries import File
from register.reports.report_to_draft import Part, Where
from register.reports.web.desk import labels, list_query, report_summary
from register.reports.web.desk.accept_report import AcceptForm, AttachForm, DecisionForm
from register.reports.web.desk.detail import opened
from register.text.errors import TextError
from register.text.sanitize import one_line
from register.web.context import french_book, key_store
from register.web.error_messages import field_name, say, say_fault, say_reason
from register.web.errors import status_of
from register.web.l10n import named, typeset
from register.web.template_env import first_upper

Filled = TypeVar("Filled", bound=DecisionForm)


def route(blueprint: Blueprint) -> None:
    """The addresses of this module, and what templates ask about reports behind a case."""
    for path, view in (("retenir", retain), ("rattacher", attach)):
        rule = f"/signalements/{list_query.KEY}/{path}"
        blueprint.add_url_rule(rule, view.__name__, view, methods=["GET", "POST"])
    report_summary.route(blueprint)


# --- as a new case ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Offer:
    """A part of a report on one side, what it would become on the other.

    ``becomes`` are fields of the draft with their words; ``left`` says what stays behind, and why;
    ``words``: the reporter's own, which stay beside the draft.
    """

    name: str
    label: str
    reported: Sequence[report_summary.Item]
    becomes: Sequence[tuple[str, str]]
    left: Sequence[str]
    words: bool


def retain(key: str) -> ResponseReturnValue:
    """The report beside the draft that it would become; sent, the draft is made."""
    file, form = opened(key), AcceptForm()
    found, where = _parts(file)
    if request.method != "POST":
        form.reprendre.data = [part.name for part in found if part.ticked]
        form.vu.data = str(file.seen)
        return _retaining(file, form, "")
    if not form.validate():
        return _retaining(file, form, ""), 422
    taken = form.taken(part.name for part in found if not part.is_empty)
    content = report_to_draft.content(found, taken, french_book(), where)

    def act(pen: Pen, by: int) -> int:
        return acts.accept(
            pen,
            key_store(),
            key,
            by=by,
            reason=form.reason.data,
            new=content,
            sentence=form.sentence.data,
            seen=form.seen,
        )

    made = _done(key, form, act, _retaining)
    if not isinstance(made, int):
        return made
    flash(
        typeset(
            str(
                _(
                    "Le signalement est retenu, et voici son brouillon. Rien n’est public : "
                    "écrivez le résumé et le récit avec vos mots."
                )
            )
        )
    )
    return redirect(act_view.address(made, "modifier"), 303)


def _parts(file: File) -> tuple[list[Part], Where | None]:
    if file.received is None:
        return [], None
    sent = file.received.sent
    where = report_place.where(db.session(), sent)
    return report_to_draft.parts(sent, french_book(), where), where


def _retaining(file: File, form: AcceptForm, said: str) -> str:
    found, where = _parts(file)
    offers = [_offer(file, part) for part in found]
    everything = report_to_draft.content(found, {part.name for part in found}, french_book(), where)
    return _page("accept", file, form, said, offers=offers, title=everything.title)


def _offer(file: File, part: Part) -> Offer:
    sent = file.received.sent if file.received else None
    fields = {one.name: one for one in report_summary.reported(sent)} if sent else {}
    field = fields.get(part.name)
    label, items = (field.label, field.items) if field else ("", ())
    if part.name in ("actor", "target"):
        # The words beside a role are a part of their own.
        items = items[:1]
    if part.name in _OWN_WORDS and sent is not None:
        label, items = str(_OWN_WORDS[part.name]()), [report_summary.Item(getattr(sent, part.name))]
    left = [_left(fault) for fault in part.left]
    return Offer(part.name, label, items, _becomes(part), left, part.words)


# Words that the form asks for beside a role.
_OWN_WORDS: dict[str, Callable[[], str]] = {
    "actor_text": lambda: _("Qui a agi, avec ses mots"),
    "target_text": lambda: _("Qui était visé, avec ses mots"),
}


def _becomes(part: Part) -> list[tuple[str, str]]:
    said = content_words.words_of(asdict(Content(**part.changes)))
    every = {**said, "sources": "\n".join(row.url for row in part.changes.get("sources", ()))}
    return [(first_upper(field_name(name)), every[name]) for name in part.changes]


def _left(fault: Fault) -> str:
    if fault.key == "typed_date":
        # How a date is written is said to whoever can write it here.
        return typeset(str(_("les mots ne disent pas de date ; donnez-la dans le brouillon.")))
    value = str(fault.values.get("value", ""))
    reason = say_reason(fault.key, fault.values)
    reason = reason[:1].lower() + reason[1:]
    return typeset(reason if value in reason else named(value, reason))


# --- to a case that is there ------------------------------------------------------------------


def attach(key: str) -> ResponseReturnValue:
    """The report beside a case; sent, it joins it."""
    file, form = opened(key), AttachForm()
    if request.method != "POST":
        form.vu.data = str(file.seen)
        for field in (form.numero, form.dossier):
            field.data = one_line(request.args.get(field.name, ""))[:20]
        if form.numero.data or form.dossier.data:
            _case(form)
        return _attaching(file, form, "")
    into = _case(form) if form.validate() else 0
    if not into:
        return _attaching(file, form, ""), 422

    def act(pen: Pen, by: int) -> int:
        return acts.accept(
            pen,
            key_store(),
            key,
            by=by,
            reason="",
            into=into,
            sentence=form.sentence.data,
            seen=form.seen,
        )

    made = _done(key, form, act, _attaching)
    if not isinstance(made, int):
        return made
    flash(typeset(str(_("Le signalement est rattaché à ce dossier, qui en garde une copie."))))
    return redirect(act_view.address(made), 303)


def _case(form: AttachForm) -> int:
    """The case that is meant; 0 for none, with the reason at the field."""
    number, dossier = form.case_number, form.case_id
    field = form.dossier if form.dossier.data else form.numero
    try:
        if not number and not dossier:
            raise Invalid("no_number")
        return case_to_join(db.session(), number=0 if dossier else number, dossier=dossier)
    except (Invalid, NotFound, Refused) as error:
        field.errors = [*field.errors, typeset(say(error))]
        return 0


def _attaching(file: File, form: AttachForm, said: str) -> str:
    return _page("attach", file, form, said, case=_shown(form))


def _shown(form: AttachForm) -> OnDesk | None:
    """The case that is meant, as lists show it; None while none is."""
    if form.numero.errors or form.dossier.errors or not (form.case_number or form.case_id):
        return None
    into = _case(form)
    return desk_lists.rows(db.session(), current_member.member(), [into], now()).get(into)


# --- what both share --------------------------------------------------------------------------


def _page(name: str, file: File, form: DecisionForm, said: str, **more: Any) -> str:
    return render_template(
        f"moderation/reports/{name}.html",
        file=file,
        form=form,
        said=said,
        why="" if request.method == "POST" else why_not(file),
        place=labels.place(file.received.sent if file.received else None),
        **more,
    )


def why_not(file: File) -> str:
    """Why the member who asks cannot accept a report as it is now; empty when they can try."""
    line, error = file.line, None
    holder = line.holder(now())
    if not line.is_open:
        error = Refused("report_state", state=line.state.value)
    elif file.is_purged:
        error = Refused("report_purged", state=line.state.value)
    elif holder not in (None, current_member.member().id):
        error = Refused("report_held", state=line.state.value, member=holder)
    return labels.refused(error, line) if error else ""


def _done(
    key: str,
    form: Filled,
    act: Callable[[Pen, int], int],
    page: Callable[[File, Filled, str], str],
) -> int | ResponseReturnValue:
    """Do it under the pen; what was done, or the page with what was refused."""
    try:
        return act_view.penned(act)
    except (Refused, Invalid, NotFound, TextError) as error:
        return _refused(key, form, error, page)


def _refused(
    key: str,
    form: Filled,
    error: RegisterError | TextError,
    page: Callable[[File, Filled, str], str],
) -> ResponseReturnValue:
    file = opened(key)
    if error.key == "report_changed":
        form.vu.data = str(file.seen)
    if isinstance(error, TextError):
        return page(file, form, typeset(say(error))), 422
    if error.key == "content":
        faults = error.values["faults"]
        said = " ".join(say_fault(fault) for fault in faults)  # type: ignore[attr-defined]
        return page(file, form, typeset(said)), 422
    said = form.tell(error, labels.refused(error, file.line))
    return page(file, form, said), status_of(error)
