"""Views that mask a passage of a report, note something on it, list, send and destroy its files."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from wtforms.validators import InputRequired

from register.accounts.web import current_member
from register.cases.web.desk.act_forms import ChoiceRadios
from register.db import db
from register.errors import Invalid, NotFound, Refused, RegisterError
from register.evidence.file_kinds import extension
from register.reports import acts
from register.reports.acts.masking import PASSAGE_LIMIT, Occurrence, get_notes, occurrences
from register.reports.report_files import report_files
from register.reports.web.desk import detail, labels, report_list_query
from register.web import messages
from register.web.blueprints import asks_password, desk
from register.web.errors import status_of
from register.web.file_response import send_attachment
from register.web.form_fields import DeskForm, code_choices, text_field
from register.web.l10n import typeset
from register.web.request_context import key_store


class MaskForm(DeskForm):
    """The exact words of a passage, and why they are destroyed."""

    passage = text_field(
        _("Les mots à masquer"),
        required=True,
        limit=PASSAGE_LIMIT,
        description=_("Tels qu’ils sont écrits, et rien de plus : un nom, un numéro, une maladie."),
    )
    reason = ChoiceRadios(
        _("Pourquoi"),
        choices=code_choices(messages.journal.mask_reasons),
        validators=[InputRequired(_("Choisissez un motif."))],
    )


@desk.route(f"/signalements/{report_list_query.KEY_RULE}/masquer", methods=["GET", "POST"])
def mask_report(key: str) -> ResponseReturnValue:
    """Ask for a passage, and show each place from which it would be destroyed.

    The words come in the body of a form: an address would stay in the browser's history.
    """
    form = MaskForm()
    if "etape" not in request.form:
        # From the page of the report, with the words that were selected there.
        return _mask_page(key, MaskForm(formdata=None, data={"passage": form.passage.data}))
    return _mask_page(key, form) if form.validate() else (_mask_page(key, form), 422)


@desk.post(f"/signalements/{report_list_query.KEY_RULE}/masquer/detruire", endpoint="report_mask")
@asks_password(_("masquer pour toujours un passage d’un signalement"))
def destroy_passage(key: str) -> ResponseReturnValue:
    """Mask a passage of a report for good."""
    detail.open_report(key)
    form, store = MaskForm(), key_store()
    if not form.validate():
        return _mask_page(key, form), 422
    passage, reason = form.passage.data, form.reason.data
    try:
        current_member.run_act(lambda tx, by: acts.mask(tx, store, key, passage, reason, by=by))
    except (Refused, Invalid) as error:
        return _mask_page(key, form, error), status_of(error)
    flash(typeset(str(_("Le passage est masqué, et ses mots sont détruits."))))
    return redirect(report_list_query.report_url(key), 303)


def _mask_page(key: str, form: MaskForm, error: RegisterError | None = None) -> str:
    report_view, store = detail.open_report(key), key_store()
    places: list[Occurrence] = []
    if form.passage.data and form.reason.data and not error:
        notes = get_notes(db.session(), store, key)
        try:
            places = occurrences(report_view, notes, form.passage.data)
        except Invalid as invalid:
            error = invalid
    error_text = ""
    if error is not None and not form.attach(error):
        error_text = labels.refusal_text(error, report_view.summary)
    return render_template(
        "reports/desk/mask.html",
        file=report_view,
        form=form,
        error_text=error_text,
        places=[(typeset(str(messages.desk.masked_texts[place.place])), place) for place in places],
        place=labels.place(report_view.summary.sent),
    )


@desk.post(f"/signalements/{report_list_query.KEY_RULE}/notes", endpoint="report_note")
def note(key: str) -> ResponseReturnValue:
    """Add an internal note; a refused one is shown again as typed."""
    report_view, form, store = detail.open_report(key), detail.ReportNoteForm(), key_store()
    if not form.is_sent:
        return detail.report_page(report_view, form), 422
    return detail.run_report_act(
        key,
        lambda tx, by: acts.note(tx, store, key, form.note.data, by=by),
        _("La note est ajoutée."),
        form,
        anchor="#notes",
    )


# --- files --------------------------------------------------------------------------------------


_FILE_RULE = f"/signalements/{report_list_query.KEY_RULE}/fichiers/<string(length=32):file_key>"


@desk.get(_FILE_RULE)
def report_file(key: str, file_key: str) -> Response:
    """An original as a download, for members; the view of the report is recorded.

    :raises NotFound: ``no_sent_file``.
    """
    detail.open_report(key)
    manifests = {file.key: file.manifest for file in report_files(db.session(), key_store(), key)}
    if file_key not in manifests:
        raise NotFound("no_sent_file")
    manifest = manifests[file_key]
    # A name that says nothing: the beginning of the digest, and the format.
    name = f"piece-{manifest.sha256[:12]}.{extension(manifest.mime)}"
    return send_attachment(manifest, name)


@desk.post(f"{_FILE_RULE}/detruire", endpoint="report_file_destroy")
@asks_password(_("détruire un fichier d’un signalement"))
def destroy_file(key: str, file_key: str) -> ResponseReturnValue:
    """Have a file destroyed for good; its author reads why."""
    store, reason = key_store(), request.form.get("motif", "")
    if not reason:
        error_text = str(_("Rien n’est détruit : choisissez un motif."))
        return detail.report_page(detail.open_report(key), error_text=error_text), 422
    return detail.run_report_act(
        key,
        lambda tx, by: acts.destroy_file(tx, store, key, file_key, reason, by=by),
        _("Le fichier est détruit. Son auteur lira pourquoi."),
        anchor="#fichiers",
    )
