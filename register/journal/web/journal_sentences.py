"""A line of the members' journal in words: who did what, and what the line says besides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _

from register.cases.members_journal import MembersJournalLine
from register.cases.vocabulary import Vocabulary
from register.journal import Act, Ledger
from register.pages.web.public import page_path
from register.text.dates import day_words
from register.web.l10n import number
from register.web.messages.journal import ACT_SENTENCES, ATTESTED_WORDS, ROLE_WORDS
from register.web.template_env import first_upper

# What a member is called, by id; None for whoever acted from the console.
MemberNames = Callable[[int | None], str]


# What nobody does: a day that comes.
_AUTOMATIC_ACTS = frozenset(
    {
        Act.REPORT_DECLINED.value,
        Act.REPORT_RETURNED.value,
        Act.REPORT_PURGED.value,
        Act.DESTROYED.value,
        Act.SIGN_INS_FAILED.value,
    }
)


def actor(line: MembersJournalLine, member_name: MemberNames) -> str:
    """Who did it: a member, whoever acted from the console, or the register as a day came."""
    if line.by is None and line.act in _AUTOMATIC_ACTS:
        return str(_("le registre"))
    if line.by is None and line.ledger == Ledger.REPORTS.value:
        return str(_("l’auteur du signalement"))
    return member_name(line.by)


def sentence(line: MembersJournalLine, member_name: MemberNames) -> str:
    """What a line says, as a sentence without its full stop."""
    private = line.private
    fields = {
        "who": first_upper(actor(line, member_name)),
        "into": private.get("into", "…"),
        "holder": _member_name(private.get("holder"), member_name),
        "member": _member_name(private.get("member"), member_name),
        "page": page_path(private["page"]) if "page" in private else "/…",
        "count": _count_words(private.get("count")),
        "day": _day_words(private.get("day")),
    }
    return str(ACT_SENTENCES.get(_variant(line), line.act)) % fields


def _variant(line: MembersJournalLine) -> str:
    private = line.private
    variants = {
        Act.APPROVED: (str(private.get("purpose")), private.get("purpose") in ("erase", "change")),
        Act.CHANGE_REFUSED: ("own", private.get("taken_back") is True),
        Act.DESTROYED: ("term", line.by is None),
        Act.INVITED: ("not", private.get("invited") is False),
        Act.RELEASED: ("other", private.get("holder", line.by) != line.by),
        Act.MEMBER_FACTOR: ("codes", private.get("what") == "codes"),
        Act.MEMBER_ADDED: ("self", line.by is not None and private.get("member") == line.by),
        Act.SESSIONS_ENDED: _sessions_variant(line),
        Act.SOURCE_WITHDRAWN: ("public", private.get("still_public") is True),
        Act.REPORT_ACCEPTED: ("new", private.get("new") is True),
        Act.REPORT_PURGED: (
            "kept" if "kept" in private else "counted",
            not _is_text_purge(private),
        ),
    }
    variant, holds = (
        variants.get(Act(line.act), ("", False)) if line.act in set(Act) else ("", False)
    )
    return f"{line.act}.{variant}" if holds else line.act


def _sessions_variant(line: MembersJournalLine) -> tuple[str, bool]:
    count = line.private.get("count")
    is_own = line.private.get("member") == line.by
    return ("several", isinstance(count, int) and count > 1) if is_own else ("other", True)


def _count_words(value: object) -> str:
    return number(value) if isinstance(value, int) else "…"


def _day_words(value: object) -> str:
    try:
        return day_words(date.fromisoformat(str(value)))
    except ValueError:
        return "…"


def _is_text_purge(private: Mapping[str, Any]) -> bool:
    """Whether a purge was that of a report's texts, and neither of what is left of it."""
    return "kept" not in private and "counted" not in private


def _member_name(member_id: object, member_name: MemberNames) -> str:
    return member_name(member_id) if isinstance(member_id, int) else "…"


def details(
    line: MembersJournalLine, member_name: MemberNames, vocabulary: Vocabulary
) -> Sequence[tuple[str, str]]:
    """What else a line says, opened for members: each a label and its words."""
    return [(label, words) for label, words in _details(line, member_name, vocabulary) if words]


def _details(
    line: MembersJournalLine, member_name: MemberNames, vocabulary: Vocabulary
) -> Iterator[tuple[str, str]]:
    private = line.private
    restriction = str(private.get("restriction") or "")
    public = vocabulary.label("restriction", line.reason) if line.reason else ""
    yield _("Version"), str(private.get("revision") or private.get("version") or "")
    yield _("Motif public"), public
    if restriction and restriction != line.reason:
        yield _("Motif pour les membres"), vocabulary.label("restriction", restriction)
    if line.report:
        yield _("Motif"), vocabulary.label("refus", str(private.get("reason") or ""))
    yield (
        _("Approuvé par"),
        ", ".join(
            _member_name(identifier, member_name)
            for identifier in _as_list(private.get("approved_by"))
        ),
    )
    attested = _as_list(private.get("attested"))
    attested_words = [str(words) for code, words in ATTESTED_WORDS.items() if code in attested]
    yield _("Attesté"), ", ".join(attested_words)
    yield _("Rôle"), str(ROLE_WORDS.get(str(private.get("role")), private.get("role") or ""))
    destroyed = _as_list(private.get("destroyed"))
    yield _("Versions détruites"), ", ".join(str(identifier) for identifier in destroyed)


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
