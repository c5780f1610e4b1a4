"""Sentences and labels for the lines of the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _

from register.cases.members_journal import MembersJournalLine
from register.cases.vocabulary import Vocabulary
from register.journal import Act, Ledger
from register.journal.service_mode import ServiceMode
from register.pages.web.public_pages import page_path
from register.text.dates import day_words
from register.text.typography import first_upper
from register.web import messages
from register.web.l10n import number


def _labelled_acts(kinds: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[Act, Any]]:
    return {kind: (Act(entry["act"]), entry["label"]) for kind, entry in kinds.items()}


# Name in URLs of each public act, with its label; in the order of the form.
PUBLIC_KINDS = _labelled_acts(messages.journal.public_kinds)
# Name in URLs of each act, with its label, by group; the name of a group stands for all its acts.
ACT_GROUPS: Mapping[str, Mapping[str, tuple[Act, Any]]] = {
    group: _labelled_acts(kinds) for group, kinds in messages.journal.act_groups.items()
}
ACTS_BY_NAME: Mapping[str, tuple[Act, ...]] = {
    **{kind: (act,) for kinds in ACT_GROUPS.values() for kind, (act, _label) in kinds.items()},
    **{group: tuple(act for act, _label in kinds.values()) for group, kinds in ACT_GROUPS.items()},
}

# Gives the name of a member by id; None stands for the console.
MemberNames = Callable[[int | None], str]

# Acts that the register does by itself on a due day.
_AUTOMATIC_ACTS = (
    Act.REPORT_DECLINED,
    Act.REPORT_RETURNED,
    Act.REPORT_CONCLUDED,
    Act.REPORT_PURGED,
    Act.DESTROYED,
    Act.SIGN_INS_FAILED,
    Act.COPY_MADE,
    Act.COPY_FAILED,
)

_CLOSED = (ServiceMode.READ_ONLY, ServiceMode.LOCKDOWN)


def actor(line: MembersJournalLine, member_name: MemberNames) -> str:
    """The name of the actor: a member, the console, a reporter, or the register itself."""
    if line.by is None and line.act in _AUTOMATIC_ACTS:
        return str(_("le registre"))
    if line.by is None and line.ledger == Ledger.REPORTS.value:
        return str(_("l’auteur du signalement"))
    return member_name(line.by)


def sentence(line: MembersJournalLine, member_name: MemberNames) -> str:
    """A line as a sentence without full stop."""
    private = line.private
    count, day = private.get("count"), "…"
    with suppress(ValueError):
        day = day_words(date.fromisoformat(str(private.get("day"))))
    fields = {
        "who": first_upper(actor(line, member_name)),
        "into": private.get("into", "…"),
        "holder": _member_name(private.get("holder"), member_name),
        "member": _member_name(private.get("member"), member_name),
        "page": page_path(private["page"]) if "page" in private else "/…",
        "count": number(count) if isinstance(count, int) else "…",
        "day": day,
    }
    return str(messages.journal.act_sentences.get(_sentence_key(line), line.act)) % fields


def _sentence_key(line: MembersJournalLine) -> str:
    """The key of a line in :data:`messages.journal.act_sentences`."""
    private = line.private
    purpose, count = str(private.get("purpose")), private.get("count")
    sessions = "several" if isinstance(count, int) and count > 1 else ""
    is_own = line.by is not None and private.get("member") == line.by
    released = "other" if private.get("holder", line.by) != line.by else ""
    assigned = "self" if is_own else ""
    marks = [mark for mark in ("danger", "term") if private.get(mark)]
    mailed = "mailed" if private.get("mailed") is True else ""
    closed = "" if line.by is not None else "destroyed"
    sent = "complaint" if private.get("kind") == "reclamation" else "online"
    notice = "notice" if private.get("kind") == "notice" else ""
    urgency = "both" if len(marks) == 2 else "".join(marks)
    variants: dict[str, str] = {
        Act.APPROVED: purpose if purpose in ("erase", "change") else "",
        Act.CHANGE_REFUSED: "own" if private.get("taken_back") is True else "",
        Act.PAGE_CHANGED: "restored" if private.get("restored") is True else "",
        Act.DESTROYED: "term" if line.by is None else "",
        Act.INVITED: "not" if private.get("invited") is False else mailed,
        Act.REPLY_RECEIVED: "online" if line.by is None else "",
        Act.POST_ENTERED: sent if line.by is None else "",
        Act.POST_CLOSED: "decided" if "decision" in private else closed,
        Act.INCOMING_READ: notice,
        Act.INCOMING_PURGED: notice,
        Act.RELEASED: released,
        Act.REPORT_RELEASED: released,
        Act.ASSIGNED: assigned,
        Act.REPORT_ASSIGNED: assigned,
        Act.URGENCY_SET: urgency,
        Act.REPORT_URGENCY: urgency,
        Act.MEMBER_PASSWORD: "link" if "link" in private else "",
        Act.MEMBER_FACTOR: "codes" if private.get("what") == "codes" else "",
        Act.MEMBER_ADDED: "self" if is_own else "",
        Act.PASSKEY_REMOVED: "" if is_own else "other",
        Act.SESSIONS_ENDED: sessions if private.get("member") == line.by else "other",
        Act.MODE_CHANGED: private["mode"] if private.get("mode") in _CLOSED else "",
        Act.SOURCE_COPIED: "asked" if line.by is not None else "",
        Act.SOURCE_WITHDRAWN: "public" if private.get("still_public") is True else "",
        Act.REPORT_ACCEPTED: "new" if private.get("new") is True else "",
        # Purges of what remains of a report after its texts.
        Act.REPORT_PURGED: next((name for name in ("kept", "counted") if name in private), ""),
    }
    variant = variants.get(line.act)
    return f"{line.act}.{variant}" if variant else line.act


def _member_name(member_id: object, member_name: MemberNames) -> str:
    return member_name(member_id) if isinstance(member_id, int) else "…"


def details(
    line: MembersJournalLine, member_name: MemberNames, vocabulary: Vocabulary
) -> Sequence[tuple[str, str]]:
    """The private details of a line, as (label, words)."""
    private, words = line.private, messages.journal
    restriction = str(private.get("restriction") or "")
    members_reason = restriction if restriction != line.reason else ""
    code = str(private.get("reason") or "") if line.report else ""
    role = str(private.get("role") or "")
    approved_by, attested, destroyed = (
        private[name] if isinstance(private.get(name), list) else []
        for name in ("approved_by", "attested", "destroyed")
    )
    page_digests = private["pages"] if isinstance(private.get("pages"), list) else []
    if isinstance(private.get("sha256"), str):
        page_digests = [private["sha256"]]
    why, decision = str(private.get("why") or ""), str(private.get("decision") or "")
    evidence_words = messages.evidence.removal_reasons | messages.evidence.evidence_errors
    fields = (
        (_("Version"), str(private.get("revision") or private.get("version") or "")),
        (_("Motif public"), vocabulary.label("restriction", line.reason)),
        (_("Motif pour les membres"), vocabulary.label("restriction", members_reason)),
        (_("Motif"), str(words.mask_reasons.get(code) or vocabulary.label("refus", code))),
        (_("Approuvé par"), ", ".join(_member_name(by, member_name) for by in approved_by)),
        (_("Attesté"), ", ".join(str(words.attested_words.get(code, code)) for code in attested)),
        (_("Rôle"), str(words.role_words.get(role, role))),
        (_("Versions détruites"), ", ".join(map(str, destroyed))),
        (_("Versions privées d’un passage"), ", ".join(private.get("redacted", ()))),
        (_("Empreinte de l’original"), str(private.get("original") or "")),
        (_("Empreintes de la copie"), ", ".join(map(str, page_digests))),
        (_("Raison"), str(evidence_words.get(why, why))),
        (_("Décision"), str(messages.incoming.decisions.get(decision, decision))),
    )
    return [(str(label), words) for label, words in fields if words]
