"""Each act of a sequence, done with one word in all that it writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import attested_acts as acts
from reference_model import Case

from register.cases.case_content import Content
from register.cases.checklist import ATTESTATIONS
from register.cases.models import Incident
from register.journal import JournalEntry, WriteTransaction


# One member answers for both, as where there is one moderator.
def _alone(run: RunActs) -> dict[str, Any]:
    return {"by": run.cast.bruno, "second": run.cast.bruno, "single": True}


@dataclass(frozen=True)
class RunActs:
    """The arguments of an act: the members, the case's new content, another case, a word."""

    cast: Any
    content: Content
    into: int
    word: str


def _publish(p: WriteTransaction, case: Case, run: RunActs) -> JournalEntry:
    attestations = {"attested": ATTESTATIONS, "flag_reasons": "relu", "single": True}
    return acts.publish(p, case.id, by=run.cast.bruno, reason=run.word, **attestations)


def _restore(p: WriteTransaction, case: Case, run: RunActs) -> JournalEntry:
    attestations = {"attested": ATTESTATIONS, "flag_reasons": "relu", "single": True}
    attestations |= {"public_note": run.word}
    return acts.restore(p, case.id, by=run.cast.bruno, reason=run.word, **attestations)


def _follow_up(p: WriteTransaction, case: Case, run: RunActs) -> JournalEntry:
    words = {"title": f"Suite {run.word}", "text": run.word, "content": run.content}
    return acts.follow_up(p, case.id, reason=run.word, **words, **_alone(run))


def _reply(p: WriteTransaction, case: Case, run: RunActs) -> JournalEntry:
    received = acts.receive_reply(
        p,
        case.id,
        by=run.cast.bruno,
        author="Ville de Gagny",
        capacity="la commune",
        text=run.word,
        received_on=date(2026, 3, 2),
    )
    return acts.reply(p, received.id, reason=run.word, **_alone(run))


def _correct(p: WriteTransaction, case: Case, run: RunActs) -> JournalEntry:
    return acts.correct(
        p, case.id, run.content, reason=run.word, public_note=run.word, **_alone(run)
    )


def _redact(p: WriteTransaction, case: Case, run: RunActs) -> JournalEntry:
    row = p.load(Incident, case.id)
    return acts.redact(
        p,
        case.id,
        run.content,
        by=run.cast.bruno,
        reason=run.word,
        public_note=run.word,
        rewrites={
            "follow_ups": {part.id: ("Suite", run.word) for part in row.follow_ups},
            "replies": {part.id: [run.word] for part in row.replies},
            "corrections": {part.id: [run.word] for part in row.corrections},
        },
    )


def _withdraw(p: WriteTransaction, case: Case, run: RunActs) -> JournalEntry:
    return acts.withdraw(p, case.id, by=run.cast.bruno, restriction="erreur", reason=run.word)


def _edit(p: WriteTransaction, case: Case, run: RunActs) -> JournalEntry:
    return acts.edit(p, case.id, run.content, by=run.cast.bruno, reason=run.word)


def _merge(p: WriteTransaction, case: Case, run: RunActs) -> JournalEntry:
    return acts.merge(p, case.id, into=run.into, reason=run.word, **_alone(run))


def _part(p: WriteTransaction, case: Case, run: RunActs) -> JournalEntry:
    return acts.part(p, case.id, reason=run.word, **_alone(run))


def _erase(p: WriteTransaction, case: Case, run: RunActs) -> JournalEntry:
    return acts.erase(p, case.id, by=run.cast.ada, restriction="donnee_personnelle", single=True)


ACTS: dict[str, Callable[[WriteTransaction, Case, RunActs], JournalEntry]] = {
    "publish": _publish,
    "follow_up": _follow_up,
    "reply": _reply,
    "correct": _correct,
    "redact": _redact,
    "withdraw": _withdraw,
    "edit": _edit,
    "restore": _restore,
    "merge": _merge,
    "part": _part,
    "erase": _erase,
}


def with_words(content: Content, word: str) -> Content:
    return replace(
        content, title=f"Cas {word}", summary=f"Selon le blog, {word}.", narrative=f"**{word}**."
    )


def word_of(case: int, redactions: int) -> str:
    # Letters only, and of one length, so that no word is within another.
    return f"zinzolin{chr(97 + case)}{chr(97 + redactions)}"
