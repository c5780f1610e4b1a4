"""Content of a case in words: each field, differences of revisions, page of a case file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from flask import render_template
from flask_babel import gettext as _

from register.cases import case_content as contents
from register.cases.risk_flags import Flag, GivenReasons, reason_for
from register.cases.vocabulary import current_vocabulary
from register.cases.web.field_texts import printed_fields
from register.db import db
from register.errors import SealError
from register.exchange.case_file import CaseFile, CaseVersion, build_archive, gather
from register.journal.web import journal_sentences
from register.web import messages
from register.web.error_messages import field_name
from register.web.l10n import clock, day_words, typeset
from register.web.request_context import key_store, sealed_files, settings
from register.web.standalone import standalone_style


@dataclass(frozen=True)
class FlagLine:
    """Flagged words with the names of their fields, and the reason why they stay."""

    key: str
    kind: str
    excerpt: str
    fields: Sequence[str]
    reason: str


def flag_lines(flags: Iterable[Flag], reasons: GivenReasons) -> list[FlagLine]:
    """Each flagged passage once, in the order of the text."""
    flags_by_key: dict[str, list[Flag]] = {}
    for flag in flags:
        flags_by_key.setdefault(flag.key, []).append(flag)
    return [
        FlagLine(
            key,
            typeset(str(messages.desk.risk_names.get(same_flags[0].code, same_flags[0].code))),
            same_flags[0].excerpt,
            list(dict.fromkeys(map(_flagged_field_name, same_flags))),
            reason_for(same_flags[0], reasons),
        )
        for key, same_flags in flags_by_key.items()
    ]


def _flagged_field_name(flag: Flag) -> str:
    # A field of a row may have no name of its own: "sources.title" has that of "sources".
    has_name = flag.field in messages.names.field_names
    return field_name(flag.field if has_name else flag.field.partition(".")[0])


def case_file_archive(number: int) -> tuple[Iterator[bytes], CaseFile]:
    """The archive of a case file in parts, and what it is built of.

    Nothing is read from the database while the parts are taken.
    """
    store, files = None, None
    # Without the key, the case file has neither reports nor files.
    with suppress(SealError):
        key_store().require()
        store, files = key_store(), sealed_files()
    gathered = gather(db.session(), number, store, files)
    page = render_case_file(gathered)
    parts = build_archive(gathered, page, standalone_style().encode())
    db.session.rollback()
    return parts, gathered


def render_case_file(case_file: CaseFile) -> bytes:
    """The page of a case file as HTML, readable and printable without the register.

    It links to ``style.css`` in the same folder only.
    """
    console, vocabulary = str(_("la console")), current_vocabulary(db.session())

    def member_name(member: int | None) -> str:
        return case_file.members.get(member or 0, "") or console

    def moment_words(moment: str) -> str:
        """A time in RFC 3339 as day and time in Paris."""
        at = datetime.fromisoformat(moment)
        return str(_("%(day)s à %(time)s", day=day_words(at), time=clock(at)))

    html = render_template(
        "cases/desk/case_file/index.html",
        file=case_file,
        lines=[
            (
                line,
                journal_sentences.sentence(line, member_name),
                journal_sentences.details(line, member_name, vocabulary),
            )
            for line in case_file.lines
        ],
        versions=[(version, *_printed_texts(version)) for version in case_file.versions],
        who=member_name,
        when=moment_words,
        base_url=settings().base_url,
    )
    return html.encode("utf-8")


def _printed_texts(
    version: CaseVersion,
) -> tuple[contents.CaseSnapshot | None, list[tuple[str, str]]]:
    """The texts of a version, and its fields in words; None once the texts are destroyed."""
    if version.content is None:
        return None, []
    snapshot = contents.parse_snapshot(version.content, version.page)
    return snapshot, printed_fields(snapshot.content)
