"""What an act changes in public, and whether it may open a new period for a suit. Pure.

An action for a press offence is barred three months after the first publication (loi du 29
juillet 1881, art. 65). Whatever puts words before the public anew starts another three months for
those words: an added or rewritten text; and, for the Cour de cassation, even a link that leads to
one's own older text (Crim., 2 nov. 2016, nº 15-87.163). Where a court might see it either way,
this module says that it may. Information, not advice: the words are in ``web``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from register.cases import deadlines
from register.journal import Act


class PeriodScope(StrEnum):
    """Which words may be sued over for three months from an act on."""

    ALL = "all"  # the whole text: it is published for the first time
    AGAIN = "again"  # the whole text may count as published anew
    ADDED = "added"  # what is added or rewritten, and nothing else
    REPLY = "reply"  # the words of a reply's author
    NONE = "none"


@dataclass(frozen=True)
class Consequence:
    """What an act does before the public: codes that ``web`` words, and the period it may open."""

    act: Act
    public: tuple[str, ...]
    scope: PeriodScope = PeriodScope.NONE


_CONSEQUENCE_LIST = (
    Consequence(Act.PUBLISHED, ("shown", "numbered", "followers"), PeriodScope.ALL),
    Consequence(Act.RESTORED, ("shown_again", "followers"), PeriodScope.AGAIN),
    Consequence(Act.FOLLOWED_UP, ("fragment", "account_stays", "followers"), PeriodScope.ADDED),
    Consequence(Act.CORRECTED, ("text_changes", "note", "followers"), PeriodScope.ADDED),
    Consequence(
        Act.REDACTED, ("text_changes", "note", "before_destroyed", "followers"), PeriodScope.ADDED
    ),
    Consequence(Act.REPLIED, ("reply_shown", "followers"), PeriodScope.REPLY),
    Consequence(Act.WITHDRAWN, ("tombstone", "unlisted", "feed_says", "texts_kept")),
    Consequence(Act.MERGED, ("leads_on", "unlisted", "feed_says"), PeriodScope.AGAIN),
    Consequence(Act.ERASED, ("tombstone", "unlisted", "feed_says", "destroyed")),
    Consequence(Act.DRAFTED, ("nothing",)),
    Consequence(Act.EDITED, ("nothing",)),
    Consequence(Act.APPROVED, ("nothing",)),
    Consequence(Act.INVITED, ("nothing",)),
    Consequence(Act.REPLY_RECEIVED, ("nothing", "clock_runs")),
    Consequence(Act.REPLY_REFUSED, ("nothing", "reason_sent")),
    Consequence(Act.DRAFT_MERGED, ("nothing",)),
    Consequence(Act.DISCARDED, ("nothing", "destroyed")),
)
CONSEQUENCES = {consequence.act: consequence for consequence in _CONSEQUENCE_LIST}


def consequence_of(act: Act | str) -> Consequence:
    """What an act changes in public and the period it may open.

    :raises KeyError: an act that is not done from the page of a case.
    """
    return CONSEQUENCES[Act(act)]


@dataclass(frozen=True)
class LimitationPeriod:
    """Three months that an act opened; ``ends`` is the last day on which a suit can be begun."""

    act: Act
    began: date
    ends: date
    scope: PeriodScope
    days_left: int  # days, the last one not counted: 0 on the last day


def running_periods(public_acts: Iterable[tuple[Act, date]], today: date) -> list[LimitationPeriod]:
    """The periods of a case that have not run out, the one that ends first before the others.

    A withdrawal ends none of them: what was published was published.

    :param public_acts: the public acts on the case, each with its civil day in Paris.
    """
    periods = [
        LimitationPeriod(act, day, ends, consequence.scope, (ends - today).days)
        for act, day in public_acts
        if (consequence := CONSEQUENCES.get(act)) and consequence.scope is not PeriodScope.NONE
        if (ends := deadlines.limitation_ends(day)) >= today
    ]
    return sorted(periods, key=lambda period: (period.ends, period.act))
