"""HTML page of an exported case file, readable and printable without the register."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import render_template
from flask_babel import gettext as _

from register.cases.case_content import CaseSnapshot, parse_snapshot
from register.cases.vocabulary import Vocabulary
from register.cases.web.desk import content_words
from register.exchange.case_file import CaseFile, CaseVersion
from register.journal.web import journal_sentences
from register.journal.web.journal_sentences import LEDGER_LABELS
from register.reports.web.desk.report_summary import reported
from register.web.error_messages import field_name
from register.web.l10n import day_words
from register.web.messages.errors import CASE_STATES
from register.web.template_env import clock

# Fields with a layout of their own: titles, and texts stored as HTML.
_SEPARATE_FIELDS = frozenset({"title", "narrative", "follow_ups", "replies", "corrections"})


@dataclass(frozen=True)
class PrintedVersion:
    """A printed version; ``snapshot`` is None once its texts are destroyed."""

    version: CaseVersion
    snapshot: CaseSnapshot | None
    fields: Sequence[tuple[str, str]] = ()


def render_page(case_file: CaseFile, vocabulary: Vocabulary, base_url: str) -> bytes:
    """The whole page as HTML, which links to ``style.css`` in the same folder only.

    :param base_url: the address of the register, for the instructions to verify the file.
    """
    console = str(_("la console"))

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
        versions=[_printed_version(version) for version in case_file.versions],
        state=CASE_STATES.get(case_file.state_fields["state"], case_file.state_fields["state"]),
        states=CASE_STATES,
        reported=[reported(report) for report in case_file.reports or ()],
        who=member_name,
        when=moment_words,
        books=LEDGER_LABELS,
        base_url=base_url,
    )
    return html.encode("utf-8")


def render_stylesheet() -> bytes:
    """The style sheet of the page."""
    return render_template("cases/desk/case_file/style.css").encode("utf-8")


def _printed_version(version: CaseVersion) -> PrintedVersion:
    if version.content is None:
        return PrintedVersion(version, None)
    snapshot = parse_snapshot(version.content, version.page)
    texts = content_words.field_texts(snapshot.content)
    fields = [
        (field_name(name), field_text)
        for name, field_text in texts.items()
        if field_text and name not in _SEPARATE_FIELDS
    ]
    return PrintedVersion(version, snapshot, fields)
