"""The checklist of a case as its pages show it: each line in words, and where it is mended."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from register.cases import checklist as checks
from register.cases.checklist import ATTESTED, Circumstances, Flag
from register.cases.member_view import Dossier
from register.cases.models import State
from register.cases.web.desk.act_view import address
from register.web.context import book, settings
from register.web.error_messages import say_line
from register.web.l10n import typeset
from register.web.messages import ASKED

# Where a line is mended: the page of the case, and the field there.
_MENDED = {
    "texts": "modifier#title",
    "summary_length": "modifier#summary",
    "source": "modifier#sources",
    "types": "modifier#type_1",
    "parties": "modifier#actor",
    "place": "modifier#quand",
    "evidence": "modifier#evidence",
    "outcome": "modifier#outcome",
    "court": "modifier#procedures",
    "invitation": "inviter",
    "second": "approuver",
    "report_withdrawn": "modifier#without_report",
}


@dataclass(frozen=True)
class Check:
    """A line of the checklist; ``mend`` is the address that mends an unmet one."""

    code: str
    met: bool
    sentence: str
    mend: str


@dataclass(frozen=True)
class Checked:
    """The checklist of a case before one act, for one member."""

    lines: Sequence[Check]
    flags: Sequence[Flag]
    asks_second: bool
    # Nobody else is asked: the register has one moderator, and the public case will say so.
    single: bool

    @property
    def unmet(self) -> Sequence[Check]:
        """What blocks."""
        return [line for line in self.lines if not line.met]


def checked(file: Dossier, attested: Collection[str] = (), flags_reason: str = "") -> Checked:
    """The checklist as it stands for the member who asks.

    :param attested: what is ticked in the form.
    :param flags_reason: what is written there about flagged words.
    """
    found, words = checks.flags(file.content), book()
    single = settings().single_moderator
    told = Circumstances(
        invited=bool(file.invitations),
        seconded=bool(file.seconds.get("publish")),
        single_moderator=single,
        attested=attested,
        flags_reason=flags_reason,
        needed_before=file.needs_two,
        beside=checks.beside(file),
        report_withdrawn=file.report_withdrawn,
    )
    lines = checks.checklist(file.content, words, told, found)
    asks = checks.needs_second(
        file.content, words, found, needed_before=file.needs_two, added=told.beside
    )
    act = "publier" if file.state == State.DRAFT else "retablir"
    return Checked([_check(file, act, line) for line in lines], found, asks, asks and single)


def _check(file: Dossier, act: str, line: checks.Line) -> Check:
    field = line.code if line.code in (*ATTESTED, "flags") else ""
    field = "flags_reason" if field == "flags" else field
    place = _MENDED.get(line.code) or f"{act}#{field}"
    said = ASKED[line.code] if line.met else say_line(line)
    return Check(line.code, line.met, typeset(str(said)), address(file.id, place))
