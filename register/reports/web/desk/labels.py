"""What the desk says of a report: where, what in a few words, who has it, until when."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup

from register.accounts.web import current_member
from register.cases.deadlines import add_months
from register.cases.web.desk import todo_sidebar
from register.cases.web.public.vocabulary_labels import labels
from register.db import now
from register.errors import RegisterError
from register.reports import rules
from register.reports.models import State
from register.reports.queries import Line
from register.reports.report_content import Sent
from register.territory.web import place_names
from register.territory.web.place_field import named
from register.text.sanitize import one_line
from register.text.typography import french
from register.web.context import book, settings
from register.web.error_messages import say
from register.web.l10n import day_words, typeset
from register.web.l10n import named as named_by
from register.web.messages import REPORT_STATES
from register.web.messages.desk_reports import NOBODY_BEGAN
from register.web.template_env import clock, first_upper

# Characters of an account in a list: a sentence or two.
_BEGINNING = 160
_PLACES = ("commune", "departement", "region")
# So many days before its day a deadline is told.
_SOON = 31


def place(sent: Sent | None) -> str:
    """Where it happened: the place that was read, or the words that were typed."""
    return _where(sent, short=False)


def place_short(sent: Sent | None) -> str:
    """The same without what is around it, which is enough in a margin."""
    return _where(sent, short=True)


def _where(sent: Sent | None, *, short: bool) -> str:
    if sent is None:
        return str(_("Textes détruits"))
    kind, _between, code = sent.place_code.partition(":")
    if kind in _PLACES and code:
        return french((place_names.name_of if short else named)(kind, code))
    return one_line(sent.place) or str(_("Lieu non dit"))


def title(line: Line) -> str:
    """A report in a few words of ours: its place, and the first of its types."""
    where = place_short(line.sent)
    kinds = line.sent.types if line.sent else ()
    if not kinds:
        return where
    kind = book().label("type", kinds[0])
    return typeset(named_by(where, f"{kind[:1].lower()}{kind[1:]}"))


def kinds(sent: Sent | None) -> list[Markup | str]:
    """Its types, each with the letter of its family."""
    known = labels(book()).types
    return [known.get(code, code) for code in sent.types] if sent else []


def beginning(sent: Sent | None) -> str:
    """The first words of what somebody wrote, as they wrote them."""
    text = one_line(sent.account) if sent else ""
    if len(text) <= _BEGINNING:
        return text
    return text[:_BEGINNING].rsplit(None, 1)[0] + "…"


def began(code: str) -> str:
    """Who began proceedings."""
    return str(NOBODY_BEGAN) if code == "aucune" else book().label("sens", code)


def state(line: Line) -> str:
    """Where it is on its way."""
    return str(REPORT_STATES[line.state.value])


def held(line: Line) -> str:
    """Who has it in hand; an ended one is in nobody's, and nothing is said of it."""
    if not line.is_open:
        return ""
    by = line.holder(now())
    if by is None or line.held_until is None:
        return str(_("libre"))
    return todo_sidebar.in_hand(by, line.held_until)


def since(line: Line, today: date) -> str:
    """When it came, while that matters; else when it came to where it is."""
    if line.state is State.WAITING:
        return typeset(
            str(_("question posée %(when)s", when=todo_sidebar.when(line.moved_on, today)))
        )
    if line.is_open:
        return typeset(str(_("reçu %(when)s", when=todo_sidebar.when(line.day, today))))
    return typeset(f"{state(line)} {todo_sidebar.when(line.moved_on, today)}")


def says_state(line: Line) -> bool:
    """Whether :func:`since` names the state by itself."""
    return line.state not in (State.IN_REVIEW, State.WAITING)


def deadline(line: Line, today: date) -> tuple[str, bool]:
    """Until when it has to be decided, or when it is destroyed; and whether that day is past."""
    if line.sent is None:
        return "", False
    if line.purge_on is not None and line.together_by is not None:
        told = _("rangé avec d’autres, détruit le %(day)s ou dès qu’un autre membre le confirme")
        return str(told) % {"day": day_words(line.purge_on)}, False
    if line.purge_on is not None:
        return str(_("détruit le %(day)s", day=day_words(line.purge_on))), False
    if not line.is_open:
        return "", False
    ends = add_months(line.day, settings().undecided_after)
    due = min(add_months(line.day, rules.OVERDUE_MONTHS), ends)
    if due <= today:
        told = _("en retard : écarté d’office le %(day)s", day=day_words(ends))
        return typeset(str(told)), True
    if (due - today).days <= _SOON:
        return str(_("à décider avant le %(day)s", day=day_words(due))), False
    return "", False


def refused(error: RegisterError, line: Line | None) -> str:
    """Why an act was refused, with the name of whoever was quicker and the state as it is now."""
    told = say(error)
    if line is not None and error.key == "report_held":
        by = line.holder(now())
        if by is not None and line.held_until is not None:
            told = _(
                "%(who)s a ce signalement en main jusqu’à %(hour)s. Vous pouvez le lire.",
                who=current_member.called(by),
                hour=clock(line.held_until),
            )
    elif error.key == "report_state":
        told = _(
            "Ce signalement est à présent « %(state)s » : ce n’est plus possible.",
            state=_state_of(error.values.get("state")),
        )
    return typeset(first_upper(str(told)))


def _state_of(code: Any) -> str:
    return str(REPORT_STATES.get(str(code), code))
