"""The checklist before publication and restoration, and the risk flags. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from register.cases.case_content import Content, ProceedingContent
from register.cases.rules import texts
from register.cases.vocabulary import Book
from register.text.personal_data import risks

SUMMARY_LIMIT = 300
TYPES_LIMIT = 3

# What only people can attest; journalled as theirs.
ATTESTED = ("attribution", "no_private_person", "no_private_life")

# What the content alone decides; a correction may not leave a published case without it.
OF_CONTENT = frozenset(
    {
        "texts",
        "summary_length",
        "source",
        "types",
        "parties",
        "place",
        "evidence",
        "outcome",
        "court",
    }
)


@dataclass(frozen=True)
class Line:
    """One line of the checklist: its code, whether it is met, and what an unmet one lacks."""

    code: str
    met: bool
    values: dict[str, object] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Circumstances:
    """What the checklist needs to know beside the content."""

    invited: bool = False  # the authority was invited to reply, or why not is noted
    seconded: bool = False  # another member approved this revision
    single_moderator: bool = False
    attested: Collection[str] = ()
    flags_reason: str = ""
    # The case was published as one that needs a second person: it stays one.
    needed_before: bool = False
    beside: Sequence[str] = ()  # what readers are shown beside the content (see ``beside``)
    report_withdrawn: bool = False  # nobody has saved a version that does without that report


@dataclass(frozen=True)
class Flag:
    """A risk found in one field of a case; it asks for a reason."""

    field: str
    code: str
    excerpt: str


def flags(content: Content) -> tuple[Flag, ...]:
    """The risk flags of a case's texts."""
    found: list[Flag] = []
    for name, text in texts(content):
        found += [Flag(name, risk.code, risk.excerpt) for risk in risks(text)]
    return tuple(found)


def asks_second(content: Content, book: Book, found: Sequence[Flag] | None = None) -> bool:
    """Whether a second moderator must have approved: a type of family justice, or a risk flag.

    :param found: the content's flags, when they are known already.
    """
    justice = any(book.family_of.get(code) == "justice" for code in content.types)
    return justice or bool(flags(content) if found is None else found)


def needs_second(
    content: Content,
    book: Book,
    found: Sequence[Flag] | None = None,
    *,
    needed_before: bool = False,
    added: Iterable[str] = (),
) -> bool:
    """Whether readers may be shown a content only once a second person has approved it.

    :param needed_before: a case that needed one when it was published needs one for whatever is
        added to it.
    :param added: texts that come with it beside the content: a follow-up, a reply, a note.
    """
    return needed_before or asks_second(content, book, found) or any(map(risks, added))


def beside(case: Any) -> list[str]:
    """The words of a case, or of its dossier, that readers are shown beside the content.

    They may have been written while nobody saw the case.
    """
    shown = (row for row in case.replies if row.state == "published")
    return [
        *(text for row in case.follow_ups for text in (row.title, row.text)),
        *(text for row in shown for text in (row.author, row.capacity, row.text)),
        *(row.note for row in case.corrections),
    ]


def checklist(
    content: Content, book: Book, told: Circumstances, found: Sequence[Flag] | None = None
) -> list[Line]:
    """Every line, met or not, in the order in which a moderator reads them.

    :param found: the content's flags, when they are known already.
    """
    found = flags(content) if found is None else found
    asked = needs_second(content, book, found, needed_before=told.needed_before, added=told.beside)
    second = not asked or told.seconded or told.single_moderator
    lines = [
        Line("texts", bool(content.title and content.summary)),
        Line(
            "summary_length",
            len(content.summary) <= SUMMARY_LIMIT,
            {"limit": SUMMARY_LIMIT, "length": len(content.summary)},
        ),
        Line("source", bool(content.sources)),
        Line("types", 0 < len(content.types) <= TYPES_LIMIT),
        Line("parties", bool(content.actor and content.target and content.level)),
        # Abroad, the country is a place; in France, only silence about it is none.
        Line("place", bool(_places(content)) or content.country != "FR"),
        Line("evidence", bool(content.evidence)),
        Line("outcome", bool(content.outcome)),
        _court(content, book),
        Line("invitation", told.invited),
        Line(
            "flags",
            not found or bool(told.flags_reason),
            {"flags": [(flag.field, flag.code, flag.excerpt) for flag in found]},
        ),
        Line("second", second),
    ]
    if told.report_withdrawn:
        lines.append(Line("report_withdrawn", False))
    lines += [Line(code, code in told.attested) for code in ATTESTED]
    return lines


def unmet(lines: list[Line]) -> list[Line]:
    """The lines that block."""
    return [line for line in lines if not line.met]


def _places(content: Content) -> str:
    return content.commune or content.departement or content.region or content.place_label


def _court(content: Content, book: Book) -> Line:
    """A court's outcome carries court, date and appeal status: only silence blocks."""
    ruled = [row for row in content.proceedings if row.outcome in book.court_outcomes]
    missing = [name for row in ruled for name in _silences(row)]
    if content.outcome in book.court_outcomes and not ruled:
        missing.append("proceeding")
    return Line("court", not missing, {"missing": missing})


def _silences(row: ProceedingContent) -> list[str]:
    told = {"court": row.court, "outcome_date": row.outcome_date, "appeal": row.appeal}
    return [name for name, value in told.items() if not value]
