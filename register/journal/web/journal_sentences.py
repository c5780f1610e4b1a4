"""A line of the members' journal in words: who did what, and what the line says besides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _

from register.cases.members_journal import Line
from register.cases.vocabulary import Book
from register.journal import Act, Ledger
from register.pages.web.public import path_of
from register.text.dates import day_words
from register.web.l10n import number
from register.web.messages.journal import ATTESTED_WORDS, DONE, ROLE_WORDS
from register.web.template_env import first_upper

# What a member is called, by id; None for whoever acted from the console.
Names = Callable[[int | None], str]


# What nobody does: a day that comes.
_ALONE = frozenset(
    {
        Act.REPORT_DECLINED.value,
        Act.REPORT_RETURNED.value,
        Act.REPORT_PURGED.value,
        Act.DESTROYED.value,
        Act.SIGN_INS_FAILED.value,
    }
)


def doer(line: Line, who: Names) -> str:
    """Who did it: a member, whoever acted from the console, or the register as a day came."""
    if line.by is None and line.act in _ALONE:
        return str(_("le registre"))
    if line.by is None and line.ledger == Ledger.REPORTS.value:
        return str(_("l’auteur du signalement"))
    return who(line.by)


def sentence(line: Line, who: Names) -> str:
    """What a line says, as a sentence without its full stop."""
    told = line.private
    words = {
        "who": first_upper(doer(line, who)),
        "into": told.get("into", "…"),
        "holder": _name(told.get("holder"), who),
        "member": _name(told.get("member"), who),
        "page": path_of(told["page"]) if "page" in told else "/…",
        "count": _count(told.get("count")),
        "day": _day(told.get("day")),
    }
    return str(DONE.get(_variant(line), line.act)) % words


def _variant(line: Line) -> str:
    told = line.private
    finer = {
        Act.APPROVED: (str(told.get("purpose")), told.get("purpose") in ("erase", "change")),
        Act.CHANGE_REFUSED: ("own", told.get("taken_back") is True),
        Act.DESTROYED: ("term", line.by is None),
        Act.INVITED: ("not", told.get("invited") is False),
        Act.RELEASED: ("other", told.get("holder", line.by) != line.by),
        Act.MEMBER_FACTOR: ("codes", told.get("what") == "codes"),
        Act.MEMBER_ADDED: ("self", line.by is not None and told.get("member") == line.by),
        Act.SESSIONS_ENDED: _whose_sessions(line),
        Act.SOURCE_WITHDRAWN: ("public", told.get("still_public") is True),
        Act.REPORT_ACCEPTED: ("new", told.get("new") is True),
        Act.REPORT_PURGED: ("kept" if "kept" in told else "counted", not _is_first(told)),
    }
    name, holds = finer.get(Act(line.act), ("", False)) if line.act in set(Act) else ("", False)
    return f"{line.act}.{name}" if holds else line.act


def _whose_sessions(line: Line) -> tuple[str, bool]:
    count = line.private.get("count")
    is_own = line.private.get("member") == line.by
    return ("several", isinstance(count, int) and count > 1) if is_own else ("other", True)


def _count(value: object) -> str:
    return number(value) if isinstance(value, int) else "…"


def _day(value: object) -> str:
    try:
        return day_words(date.fromisoformat(str(value)))
    except ValueError:
        return "…"


def _is_first(told: Mapping[str, Any]) -> bool:
    """Whether a purge was that of a report's texts, and neither of what is left of it."""
    return "kept" not in told and "counted" not in told


def _name(member: object, who: Names) -> str:
    return who(member) if isinstance(member, int) else "…"


def details(line: Line, who: Names, book: Book) -> Sequence[tuple[str, str]]:
    """What else a line says, opened for members: each a label and its words."""
    return [(label, words) for label, words in _details(line, who, book) if words]


def _details(line: Line, who: Names, book: Book) -> Iterator[tuple[str, str]]:
    told = line.private
    restriction = str(told.get("restriction") or "")
    public = book.label("restriction", line.reason) if line.reason else ""
    yield _("Version"), str(told.get("revision") or told.get("version") or "")
    yield _("Motif public"), public
    if restriction and restriction != line.reason:
        yield _("Motif pour les membres"), book.label("restriction", restriction)
    if line.report:
        yield _("Motif"), book.label("refus", str(told.get("reason") or ""))
    yield _("Approuvé par"), ", ".join(_name(one, who) for one in _many(told.get("approved_by")))
    attested = _many(told.get("attested"))
    said = [str(words) for code, words in ATTESTED_WORDS.items() if code in attested]
    yield _("Attesté"), ", ".join(said)
    yield _("Rôle"), str(ROLE_WORDS.get(str(told.get("role")), told.get("role") or ""))
    destroyed = _many(told.get("destroyed"))
    yield _("Versions détruites"), ", ".join(str(one) for one in destroyed)


def _many(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
