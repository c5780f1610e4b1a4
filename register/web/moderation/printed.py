"""The readable page of a case file: what a lawyer reads and prints, without the register."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import render_template
from flask_babel import gettext as _

from register.exchange.casefile import CaseFile, Version
from register.incidents.content import Snapshot, opened
from register.incidents.vocabulary import Book
from register.web.jinja import clock
from register.web.moderation import telling, told
from register.web.moderation.reports.beside import reported
from register.web.sentences import STATES
from register.web.sentences.journal import BOOK_NAMES
from register.web.speech import day_words
from register.web.wording import field_name

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
            (line, telling.sentence(line, who), telling.details(line, who, book))
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
    words = told.words_of(snapshot.content)
    fields = [(field_name(name), said) for name, said in words.items() if name not in _APART]
    return Printed(version, snapshot, [(name, said) for name, said in fields if said])


def _when(moment: str) -> str:
    """A moment in RFC 3339 as a day and an hour on the clocks of Paris."""
    at = datetime.fromisoformat(moment)
    return str(_("%(day)s à %(time)s", day=day_words(at), time=clock(at)))
