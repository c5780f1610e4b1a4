"""What a second filling of a form adds to the report that was made with it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from flask_babel import gettext as _

from register.evidence.sealed_files import FileManifest
from register.journal import WriteTransaction
from register.key_store import KeyStore
from register.reports import acts
from register.reports.models import MessageKind
from register.reports.report_content import MESSAGE_LIMIT, ReportContent
from register.reports.web.answer_words import list_answers
from register.web.l10n import typeset


def added_text(before: ReportContent, after: ReportContent) -> str:
    """The answers of a second filling that differ from the first; empty if none does.

    The changed account comes first, then other changed answers under their labels, then the labels
    of emptied ones, so that moderators learn what the reporter took back.
    """
    first, second = list_answers(before), list_answers(after)
    remaining_fields = {answer.field for answer in second}
    parts = []
    for answer in second:
        if answer not in first:
            is_account = answer.field == "recit"
            heading = () if is_account else (typeset(_("%(label)s :", label=answer.label)),)
            parts.append("\n".join([*heading, *answer.lines]))
    for answer in first:
        if answer.field not in remaining_fields:
            parts.append(typeset(_("%(label)s : à retirer", label=answer.label)))
    return "\n\n".join(parts)


def add_parts(
    tx: WriteTransaction,
    store: KeyStore,
    key: str,
    addition: str,
    nonce: str,
    files: Sequence[FileManifest],
) -> bool:
    """Add a text as messages of at most ``MESSAGE_LIMIT`` characters; whether any was new.

    :param files: the files of the first of them.
    """
    is_new = False
    for number, start in enumerate(range(0, len(addition), MESSAGE_LIMIT)):
        part = addition[start : start + MESSAGE_LIMIT]
        if part.strip():
            # The text is in the nonce: another text of the same form is another message.
            digests = "".join(file.sha256 for file in files)
            part_nonce = hashlib.sha256(f"{nonce} {number} {part}{digests}".encode())
            is_new |= acts.add(
                tx,
                store,
                key,
                MessageKind.ADDITION,
                part,
                part_nonce.hexdigest()[:32],
                () if number else files,
            )
    return is_new
