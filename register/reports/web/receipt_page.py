"""Receipt of a report as a page to keep, and what a receipt that is such a page proves."""

from __future__ import annotations

import json
from collections.abc import Sequence

from flask_babel import gettext as _

from register.db import now
from register.reports import receipt_file
from register.reports.queries import ReportView
from register.reports.web.answer_words import ReviewedAnswer, list_answers
from register.reports.web.status_text import status_text
from register.web.l10n import with_label
from register.web.request_context import current_vocabulary, settings
from register.web.standalone import standalone_page

_FILES = "fichiers"


def receipt_page_html(report_view: ReportView, document: bytes) -> bytes:
    """The page of a receipt, which holds the document.

    :param document: the report's ``recu.json``.
    """
    vocabulary, undecided_after = current_vocabulary(), settings().undecided_after
    return standalone_page(
        "reports/receipt_file.html",
        summary=report_view.summary,
        about=status_text(report_view, vocabulary, undecided_after, now()),
        is_masked=report_view.is_masked,
        answers=_answers_without_files(document),
        files=receipt_file.sent_files(document),
        file_words=file_words(),
        digest=json.loads(document)["empreinte"],
        document=document.decode("utf-8"),
    )


def _answers_without_files(document: bytes) -> list[ReviewedAnswer]:
    """The answers in words; files are listed apart, with their digests."""
    content = receipt_file.sent_content(document)
    answers = list_answers(content) if content else []
    return [answer for answer in answers if answer.field != _FILES]


def file_words() -> dict[str, str]:
    """What a document says of a file, in words; anything else stands under its own name."""
    return {
        "nature": _("Nature"),
        "octets": _("Taille, en octets"),
        "sha256": _("Empreinte (SHA-256)"),
    }


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
