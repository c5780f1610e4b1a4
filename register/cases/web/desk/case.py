"""One case as members see it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from register.accounts.web import current_member
from register.cases import deadlines, limitation_periods, reply_length
from register.cases.case_content import Snapshot
from register.cases.checklist import ATTESTED
from register.cases.limitation_periods import Opens
from register.cases.member_view import Dossier, ReplyRow
from register.cases.models import State
from register.cases.queries import Case
from register.cases.vocabulary import Word
from register.cases.web.desk.act_view import address, opened
from register.cases.web.desk.available_acts import deeds
from register.cases.web.desk.checklist import checked
from register.cases.web.public import case_view
from register.cases.web.public.case_view import File
from register.db import db, now
from register.journal import Act
from register.reports.web.desk.traces import note_kept_view
from register.text import markup
from register.text.dates import paris_day
from register.web.context import book, settings
from register.web.error_messages import field_name
from register.web.l10n import typeset
from register.web.languages import in_french
from register.web.messages import BEGINNINGS, CHANGES, FIELDS, OPENINGS, RISKS, STATES


def route(blueprint: Blueprint) -> None:
    """The addresses of this module, and what templates of the desk ask about a case."""
    blueprint.add_url_rule("/dossiers/<int:incident_id>", "dossier", show)
    for name, tool in (
        ("consequence", consequence),
        ("periods_of", periods_of),
        ("reply_clock", reply_clock),
        ("around", around),
        ("letter", letter),
        ("desk_address", address),
        ("risk", risk),
        ("state_words", state_words),
        ("as_inserted", as_inserted),
        ("reply_window", reply_window),
        ("shown_as", shown_as),
        ("names_of", names_of),
        ("desk_today", today),
    ):
        blueprint.add_app_template_global(tool, name)


def show(incident_id: int) -> ResponseReturnValue:
    """The case, what is left to do on it, and what can be done."""
    file = opened(incident_id)
    if file.is_gone:
        return render_template("moderation/dossier_gone.html", file=file)
    note_kept_view(incident_id)
    told = checked(file)
    return render_template(
        "moderation/dossier.html",
        file=file,
        checked=told,
        lines=[line for line in told.lines if line.code not in ATTESTED],
        deeds=deeds(file, current_member.member(), single=settings().single_moderator),
        waiting=file.state in (State.DRAFT, State.WITHDRAWN),
        today=today(),
    )


def today() -> date:
    """The civil day in Paris."""
    return paris_day(now())


def letter(file: Dossier) -> Markup:
    """What invites an authority to reply: in French whoever reads it here, for it goes there."""
    content = file.snapshot.content if file.snapshot else None
    with in_french():
        told = render_template(
            "moderation/acts/_letter.html", file=file, about=around(file), content=content
        )
    return Markup(told)  # noqa: S704 - rendered with every value escaped


def around(file: Dossier, snapshot: Snapshot | None = None) -> File | None:
    """What a public page would show around the case's text: places, parties, titles.

    None once the text is destroyed.

    :param snapshot: another text of the case than the one that it has now.
    """
    if not file.snapshot.content:
        return None
    moment = file.moved_at or file.created_at
    case = Case(
        number=file.number or 0,
        first_published_at=file.first_published_at or moment,
        moved_at=moment,
        version=0,
        current=True,
        version_at=moment,
        commitment="",
        snapshot=snapshot or file.snapshot,
    )
    return case_view.open_file(db.session(), case, book())


@dataclass(frozen=True)
class Told:
    """What an act changes in public, in sentences; ``until`` is where its own period would end."""

    changes: list[str]
    opening: str
    until: date | None


def consequence(act: Act | str) -> Told:
    """What an act would change if it were done today."""
    told = limitation_periods.consequence(act)
    until = None if told.opens is Opens.NONE else deadlines.limitation_ends(today())
    changes = [typeset(str(CHANGES[code])) for code in told.public]
    return Told(changes, typeset(str(OPENINGS[told.opens])), until)


@dataclass(frozen=True)
class Running:
    """A period that has not run out, in words."""

    words: str
    began: date
    ends: date
    left: int


def periods_of(file: Dossier) -> list[Running]:
    """The periods for a suit that run on a case today, by the day on which they end."""
    return [
        Running(typeset(str(BEGINNINGS[period.act])), period.began, period.ends, period.left)
        for period in limitation_periods.running(file.lines, today())
    ]


@dataclass(frozen=True)
class ReplyClock:
    """A reply's three days and its length; ``left`` is negative once it is late."""

    left: int
    length: reply_length.Length
    limit: reply_length.Length

    @property
    def is_long(self) -> bool:
        """Whether it is longer than what it answers."""
        return self.length.exceeds(self.limit)


def reply_clock(file: Dossier, reply: ReplyRow) -> ReplyClock:
    """How long a reply is and how long it may still wait."""
    limit = reply_length.of_account(file.content, [row.text for row in file.follow_ups])
    return ReplyClock((reply.due_on - today()).days, reply_length.length(reply.text), limit)


def risk(code: str, field: str) -> tuple[str, str]:
    """A risk and the field that it was found in, in words."""
    # A field of a row that has no name of its own is told by its row's: "sources.title".
    called = field_name(field) if field in FIELDS else field_name(field.partition(".")[0])
    return typeset(str(RISKS.get(code, code))), called


def state_words(state: str) -> str:
    """The state of a case in words."""
    return str(STATES.get(state, state))


def as_inserted(text: str) -> Markup:
    """A reply as its readers are shown it: as it was written, made safe."""
    return Markup(markup.plain(text))  # noqa: S704 - escaped by the renderer


def reply_window(file: Dossier) -> date | None:
    """The last day on which a right of reply may be asked for; None before any publication."""
    first = file.first_published_at
    return deadlines.reply_window_ends(paris_day(first)) if first else None


def shown_as(word: Word) -> Word:
    """What the public is told instead of a reason that members alone may know."""
    return book().lists["restriction"][word.extra["shown_as"]]


def names_of(ids: Iterable[int]) -> str:
    """What some members are called, one after the other."""
    return ", ".join(current_member.called(member_id) for member_id in ids)
