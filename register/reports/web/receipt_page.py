"""Receipt of a report as a page to keep, and the verification of receipts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from register.db import db
from register.reports import receipt_codes, receipt_file
from register.reports.queries import ReportView
from register.reports.report_files import FileDestruction, destroyed_files
from register.reports.web import file_field, public_forms
from register.reports.web.answer_words import ReviewedAnswer, list_answers
from register.reports.web.status_text import status_text
from register.text.typography import first_upper
from register.web import messages, rate_limits
from register.web.blueprints import submit
from register.web.l10n import day_words, with_label
from register.web.request_context import key_store
from register.web.standalone import standalone_page

_FILES = "fichiers"


def receipt_page_html(report_view: ReportView, document: bytes) -> bytes:
    """The page of a receipt, which holds the document.

    :param document: the report's ``recu.json``.
    """
    return standalone_page(
        "reports/receipt_file.html",
        summary=report_view.summary,
        about=status_text(report_view),
        is_masked=report_view.is_masked,
        answers=_answers_without_files(document),
        files=receipt_file.sent_files(document),
        file_words=file_words(),
        destroyed=destruction_sentences(
            destroyed_files(db.session(), key_store(), report_view.summary.key), document
        ),
        digest=json.loads(document)["empreinte"],
        document=document.decode("utf-8"),
    )


def _answers_without_files(document: bytes) -> list[ReviewedAnswer]:
    """The answers in words; files are listed apart, with their digests."""
    answers = list_answers(receipt_file.sent_content(document))
    return [answer for answer in answers if answer.field != _FILES]


def file_words() -> dict[str, str]:
    """What a document says of a file, in words; anything else stands under its own name."""
    return {
        "nature": _("Nature"),
        "octets": _("Taille, en octets"),
        "sha256": _("Empreinte (SHA-256)"),
    }


def destruction_sentences(destructions: Iterable[FileDestruction], document: bytes) -> list[str]:
    """What became of the files of a receipt that members had destroyed, one sentence each.

    :param destructions: those of its report; files that came with later messages are left out.
    """
    digests = {file["sha256"] for file in receipt_file.sent_files(document)}
    return [
        str(messages.evidence.upload_words["destroyed"])
        % {
            "file": first_upper(file_field.file_words(file)),
            "digest": file.sha256,
            "day": day_words(day),
            "reason": messages.evidence.removal_reasons[reason],
        }
        for file, day, reason in destructions
        if file.sha256 in digests
    ]


def proved_answers(file: bytes) -> Sequence[ReviewedAnswer]:
    """What a verified receipt file says, where its own words could say something else.

    A page's words may have been changed around its document; a document is what it says.
    """
    if not receipt_file.is_page(file):
        return ()
    document = receipt_file.receipt_document(file)
    answers, words = _answers_without_files(document), file_words()
    for sent_file in receipt_file.sent_files(document):
        lines = tuple(with_label(words.get(name, name), str(v)) for name, v in sent_file.items())
        answers.append(ReviewedAnswer(_FILES, _("Fichier"), lines))
    return answers


# Bytes. Below the size from which an uploaded file is written to disk.
BODY_LIMIT = 400_000


@submit.route("/suivi/verifier", methods=["GET", "POST"])
def prove() -> ResponseReturnValue:
    """Verify a receipt: whether and on which day its report was received. It is not stored."""
    if request.method != "POST":
        return _proof_page()
    if (request.content_length or 0) > BODY_LIMIT:
        return _proof_page(messages.reports.receipt_too_long), 422
    wait = rate_limits.wait("receipt")
    pasted = request.form.get("recu", "").strip()
    if wait:
        pattern = messages.reports.too_many_receipts
        return rate_limits.too_soon(pattern, wait, lambda why: _proof_page(why, pasted=pasted))
    file = request.files.get("fichier")
    document = file.stream.read(receipt_codes.FILE_LIMIT + 1) if file else b""
    document = document or pasted.encode("utf-8", "replace")
    if not document.strip():
        fault = _("Choisissez le fichier, ou collez ce qu’il contient.")
        return _proof_page(fault, pasted=pasted), 422
    if not receipt_codes.is_possible_size(document):
        return _proof_page(messages.reports.receipt_too_long, pasted=pasted), 422
    try:
        proof = receipt_codes.receipt_proof(db.session(), document)
        destructions = destroyed_files(db.session(), key_store(), proof.report if proof else "")
    except public_forms.OUTAGE_ERRORS as error:
        busy_text = messages.reports.receipt_busy
        return public_forms.outage_response(
            error, busy_text, lambda _why: _proof_page(busy_text, pasted=pasted)
        )
    if proof is None:
        return _proof_page(verdict=_("Ce reçu ne correspond à aucun signalement encore gardé ici."))
    verdict = str(messages.reports.receipt_verdicts[proof.masked]) % {"day": day_words(proof.day)}
    return _proof_page(
        verdict=verdict,
        proved=True,
        answers=proved_answers(document),
        destroyed=destruction_sentences(destructions, receipt_file.receipt_document(document)),
    )


def _proof_page(fault: object = "", **values: object) -> str:
    return render_template("reports/receipt_check.html", fault=str(fault), **values)
