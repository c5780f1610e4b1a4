"""The readable page of a case file: what a lawyer reads and prints, without the register."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import render_template
from flask_babel import gettext as _

from register.cases.case_content import Snapshot, opened
from register.cases.vocabulary import Book
from register.cases.web.desk import content_words
from register.exchange.case_file import CaseFile, Version
from register.journal.web import journal_sentences
from register.reports.web.desk.report_summary import reported
from register.web.error_messages import field_name
from register.web.l10n import day_words
from register.web.messages import STATES
from register.web.messages.journal import BOOK_NAMES
from register.web.template_env import clock

# What the page lays out by itself: titles, and texts that have their HTML.
_APART = frozenset({"title", "narrative", "follow_ups", "replies", "corrections"})


@dataclass(frozen=True)
class Printed:
    """A version as it is printed: its texts, or None once they are destroyed."""

    version: Version
    snapshot: Snapshot | None
    fields: Sequence[tuple[str, str]] = ()


def page(found: CaseFile, book: Book, base_url: str) -> bytes:
    """The whole page as HTML; it names ``style.css`` beside it and nothing else.

    :param base_url: where the register is, to fetch its verifier and its head from.
    """
    console = str(_("la console"))

    def who(member: int | None) -> str:
        return found.members.get(member or 0, "") or console

    html = render_template(
        "moderation/casefile/index.html",
        file=found,
        lines=[
            (
                line,
                journal_sentences.sentence(line, who),
                journal_sentences.details(line, who, book),
            )
            for line in found.lines
        ],
        versions=[_printed(version) for version in found.versions],
        state=STATES.get(found.standing["state"], found.standing["state"]),
        states=STATES,
        reported=[reported(sent) for sent in found.reports or ()],
        who=who,
        when=_when,
        books=BOOK_NAMES,
        base_url=base_url,
    )
    return html.encode("utf-8")


def style() -> bytes:
    """The sheet of the page."""
    return render_template("moderation/casefile/style.css").encode("utf-8")


def _printed(version: Version) -> Printed:
    if version.content is None:
        return Printed(version, None)
    snapshot = opened(version.content, version.page)
    words = content_words.words_of(snapshot.content)
    fields = [(field_name(name), said) for name, said in words.items() if name not in _APART]
    return Printed(version, snapshot, [(name, said) for name, said in fields if said])


def _when(moment: str) -> str:
    """A moment in RFC 3339 as a day and an hour on the clocks of Paris."""
    at = datetime.fromisoformat(moment)
    return str(_("%(day)s à %(time)s", day=day_words(at), time=clock(at)))
