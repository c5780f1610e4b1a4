"""Legal deadlines, lengths of replies and limitation periods, as pure functions.

Days are civil days (Europe/Paris). The dates are information, not legal advice. The length of each
term stands in ``legal_rules.toml``, with its article.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from register.cases.legal_rules import rule
from register.journal import Act


def limitation_ends(first_published: date) -> date:
    """End of the three months of loi du 29 juillet 1881, art. 65, from the first publication."""
    return rule("prescription").last_day(first_published)


def offer_of_proof_ends(summoned: date) -> date:
    """The tenth day after a summons, the last one for the offer of proof (loi de 1881, art. 55).

    The day of the summons does not count. A tenth day that is not a working day is not put off:
    whoever counts on a later one may lose the proof.
    """
    return rule("offre_de_preuve").last_day(summoned)


def reply_window_ends(published: date) -> date:
    """Last day to ask for a right of reply: three months (LCEN art. 1-1 III)."""
    return rule("demande_de_reponse").last_day(published)


def reply_due(received: date) -> date:
    """Last day to publish a reply: three days after its receipt (LCEN art. 1-1 III)."""
    return rule("insertion").last_day(received)


LINE_WIDTH = 75  # characters: the widest line of a case's page
LINES_LIMIT = 200
# Loi du 29 juillet 1881, art. 13, to which LCEN art. 1-1 III refers: a reply to a shorter text may
# have as many.
LINES_ALWAYS_ALLOWED = 50


@dataclass(frozen=True)
class TextLength:
    """A text's lines and characters."""

    lines: int
    characters: int

    def exceeds(self, limit: TextLength) -> bool:
        """Whether it has more lines than another text."""
        return self.lines > limit.lines

    @property
    def is_too_long(self) -> bool:
        """Whether a reply of this length need not be published, whatever it answers."""
        return self.lines > LINES_LIMIT


def text_length(body: str) -> TextLength:
    """The number of lines that a text fills in the register's pages, empty ones included."""
    lines = body.split("\n") if body else []
    return TextLength(sum(max(1, -(-len(line) // LINE_WIDTH)) for line in lines), len(body))


def longest_reply(texts: Iterable[str]) -> TextLength:
    """The longest allowed reply: as long as the texts that it answers, 50 to 200 lines."""
    lengths = [text_length(body) for body in texts if body]
    lines = sum(part_length.lines for part_length in lengths)
    return TextLength(
        min(max(lines, LINES_ALWAYS_ALLOWED), LINES_LIMIT),
        sum(part_length.characters for part_length in lengths),
    )


def answered_texts(document: Mapping[str, Any]) -> Iterator[str]:
    """The texts of a case's page that a reply to it answers: all but replies and corrections.

    :param document: a document of a case; empty once it is destroyed.
    """
    yield from (document.get(name) or "" for name in ("title", "summary", "narrative"))
    yield document.get("steps_taken") or ""
    for proceeding in document.get("proceedings", ()):
        yield from (step["note"] for step in proceeding["steps"])
    for follow_up in document.get("follow_ups", ()):
        yield from (follow_up["title"], follow_up["text"])


class PeriodScope(StrEnum):
    """The texts for which an act opens a limitation period of three months."""

    ALL = "all"  # the whole text, published for the first time
    AGAIN = "again"  # the whole text, which may count as published again
    ADDED = "added"  # only added or rewritten text
    REPLY = "reply"  # the text of a reply's author
    NONE = "none"


@dataclass(frozen=True)
class Consequence:
    """The public effects of an act, as codes for ``web``, and the period that it opens."""

    public: tuple[str, ...]
    scope: PeriodScope = PeriodScope.NONE


CONSEQUENCES: Mapping[Act, Consequence] = {
    Act.PUBLISHED: Consequence(("shown", "numbered", "followers"), PeriodScope.ALL),
    Act.RESTORED: Consequence(("shown_again", "followers"), PeriodScope.AGAIN),
    Act.FOLLOWED_UP: Consequence(("fragment", "account_stays", "followers"), PeriodScope.ADDED),
    Act.CORRECTED: Consequence(("text_changes", "note", "followers"), PeriodScope.ADDED),
    Act.REDACTED: Consequence(
        ("text_changes", "note", "before_destroyed", "followers"), PeriodScope.ADDED
    ),
    Act.REPLIED: Consequence(("reply_shown", "followers"), PeriodScope.REPLY),
    Act.WITHDRAWN: Consequence(("tombstone", "unlisted", "feed_says", "texts_kept")),
    Act.MERGED: Consequence(("leads_on", "unlisted", "feed_says"), PeriodScope.AGAIN),
    Act.PARTED: Consequence(("shown_again", "followers"), PeriodScope.AGAIN),
    Act.ERASED: Consequence(("one_sentence", "unlisted", "feed_says", "destroyed")),
    Act.DRAFTED: Consequence(("nothing",)),
    Act.EDITED: Consequence(("nothing",)),
    Act.APPROVED: Consequence(("nothing",)),
    Act.INVITED: Consequence(("nothing",)),
    Act.REPLY_RECEIVED: Consequence(("nothing", "clock_runs")),
    Act.REPLY_REFUSED: Consequence(("nothing", "reason_sent")),
    Act.DRAFT_MERGED: Consequence(("nothing",)),
    Act.DISCARDED: Consequence(("nothing", "destroyed")),
}


@dataclass(frozen=True)
class LimitationPeriod:
    """Three months that an act opened; ``ends`` is the last day for starting proceedings."""

    act: Act
    began: date
    ends: date
    scope: PeriodScope
    days_left: int  # 0 on the last day


def running_periods(public_acts: Iterable[tuple[Act, date]], today: date) -> list[LimitationPeriod]:
    """The periods of a case that are still running, by their last day.

    A withdrawal ends none of them: the text remains one that was published.

    :param public_acts: the public acts on the case, each with its civil day in Paris.
    """
    periods = [
        LimitationPeriod(act, day, ends, consequence.scope, (ends - today).days)
        for act, day in public_acts
        if (consequence := CONSEQUENCES.get(act)) and consequence.scope is not PeriodScope.NONE
        if (ends := limitation_ends(day)) >= today
    ]
    return sorted(periods, key=lambda period: (period.ends, period.act))
