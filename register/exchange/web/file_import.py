"""Import of a file of cases from the desk: a table of what each row would do, then the drafts.

Nothing is stored between the two: the page with the table sends the file back.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from contextlib import suppress

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _

from register.accounts.web import current_member
from register.db import db
from register.errors import Invalid
from register.exchange import csv_syntax
from register.exchange.case_csv_import import ImportReport, RowEffect, RowOutcome, import_rows
from register.exchange.csv_syntax import ImportRow
from register.exchange.row_mapping import COLUMNS, FIELD_OF_COLUMN, read_import
from register.web.blueprints import desk
from register.web.error_messages import error_sentence, field_name, reason_sentence
from register.web.form_fields import DeskForm, line_field
from register.web.l10n import typeset, with_label

# Below these, a trial answers within seconds and the upload stays in memory; longer files are for
# the command.
BYTES_LIMIT = 300_000
ROWS_LIMIT = 300

_IMPORT_PATH = "/importer"
_EFFECTS = {
    # effect → of a trial, of an import
    RowEffect.DRAFTED: (_("un nouveau brouillon"), _("brouillon créé")),
    RowEffect.UNCHANGED: (_("déjà importé, rien"), _("déjà importé, rien")),
    RowEffect.REFUSED: (_("refusé"), _("refusé")),
}


class ImportForm(DeskForm):
    """The reason of the drafts."""

    reason = line_field(
        _("D’où viennent ces cas"),
        required=True,
        description=_("Une phrase, gardée avec chaque brouillon, pour les membres."),
    )


@desk.route(_IMPORT_PATH, methods=["GET", "POST"])
def import_cases() -> ResponseReturnValue:
    """The choice of a file, its trial, and the import of its rows as drafts."""
    form = ImportForm()
    if request.method != "POST":
        return _import_page(form)
    is_trial = request.form.get("faire") != "importer"
    try:
        file_bytes, csv_rows = _sent_file()
    except Invalid as error:
        return _import_page(form, error_text=typeset(error_sentence(error))), 422
    if not is_trial and not form.validate():
        return _import_page(form, _run_import(csv_rows, dry_run=True), file_bytes), 422
    report = _run_import(csv_rows, dry_run=is_trial, reason=form.reason.data)
    if is_trial:
        return _import_page(ImportForm(formdata=None), report, file_bytes)
    return _import_page(form, report)


@desk.get(f"{_IMPORT_PATH}/modele.csv")
def import_model() -> Response:
    """An empty file with the names of the columns."""
    disposition = {"Content-Disposition": 'attachment; filename="cas-a-importer.csv"'}
    return Response(
        csv_syntax.encode_table(COLUMNS, ()), mimetype=csv_syntax.MIMETYPE, headers=disposition
    )


def _sent_file() -> tuple[bytes, list[ImportRow]]:
    """The chosen file, or the one that the page of its trial sent back.

    :raises Invalid: none was sent, or it is too large or unreadable.
    """
    upload = request.files.get("fichier")
    file_bytes = upload.stream.read(BYTES_LIMIT + 1) if upload else b""
    if not file_bytes:
        with suppress(binascii.Error):
            file_bytes = base64.b64decode(request.form.get("contenu", ""), validate=True)
    csv_rows = read_import(file_bytes) if len(file_bytes) <= BYTES_LIMIT else []
    if len(file_bytes) > BYTES_LIMIT or len(csv_rows) > ROWS_LIMIT:
        raise Invalid("import_too_long", rows=ROWS_LIMIT, size=BYTES_LIMIT // 1000)
    if not csv_rows:
        raise Invalid("import_file_empty")
    return file_bytes, csv_rows


def _run_import(csv_rows: Sequence[ImportRow], *, dry_run: bool, reason: str = "") -> ImportReport:
    author = current_member.member().id
    db.session.rollback()
    return import_rows(db.engine, csv_rows, by=author, reason=reason or "–", dry_run=dry_run)


def _import_page(
    form: ImportForm,
    report: ImportReport | None = None,
    file_bytes: bytes = b"",
    error_text: str = "",
) -> str:
    """The page; with ``file_bytes``, the report is that of a trial."""
    return render_template(
        "exchange/import.html",
        form=form,
        report=report,
        effects=RowEffect,
        content=base64.b64encode(file_bytes).decode(),
        error_text=error_text,
        column_names={
            column: field_name(content_field)
            for column, content_field in FIELD_OF_COLUMN.items()
            if content_field
        },
        rows_limit=ROWS_LIMIT,
        size_limit=BYTES_LIMIT // 1000,
    )


@desk.app_template_global("row_effect")
def row_effect_words(outcome: RowOutcome, *, is_trial: bool) -> str:
    """What an import does with a row, in words."""
    return str(_EFFECTS[outcome.effect][0 if is_trial else 1])


@desk.app_template_global("row_faults")
def row_fault_sentences(outcome: RowOutcome) -> list[str]:
    """The faults of a refused row, each after the name of its column."""
    return [
        with_label(fault.field, reason_sentence(fault.key, fault.values))
        for fault in outcome.faults
    ]
