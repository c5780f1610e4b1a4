"""The checklist before publication and restoration, and the risk flags. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from register.cases.case_content import Content, ProceedingContent
from register.cases.rules import free_texts
from register.cases.vocabulary import Vocabulary
from register.text.personal_data import risks

SUMMARY_LIMIT = 300
TYPES_LIMIT = 3

# What only people can attest; journalled as theirs.
ATTESTATIONS = ("attribution", "no_private_person", "no_private_life")

# What the content alone decides; a correction may not leave a published case without it.
CONTENT_CHECKS = frozenset(
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
class CheckItem:
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
    displayed_texts: Sequence[
        str
    ] = ()  # what readers are shown beside the content (see ``displayed_texts``)
    report_withdrawn: bool = False  # nobody has saved a version that does without that report


@dataclass(frozen=True)
class Flag:
    """A risk found in one field of a case; it asks for a reason."""

    field: str
    code: str
    excerpt: str


def risk_flags(content: Content) -> tuple[Flag, ...]:
    """The risk flags of a case's texts."""
    flags: list[Flag] = []
    for field_name, field_text in free_texts(content):
        flags += [Flag(field_name, risk.code, risk.excerpt) for risk in risks(field_text)]
    return tuple(flags)


def content_needs_second(
    content: Content, vocabulary: Vocabulary, flags: Sequence[Flag] | None = None
) -> bool:
    """Whether a second moderator must have approved: a type of family justice, or a risk flag.

    :param flags: the content's flags, when they are known already.
    """
    is_justice = any(vocabulary.family_of.get(code) == "justice" for code in content.types)
    return is_justice or bool(risk_flags(content) if flags is None else flags)


def needs_second(
    content: Content,
    vocabulary: Vocabulary,
    flags: Sequence[Flag] | None = None,
    *,
    needed_before: bool = False,
    added_texts: Iterable[str] = (),
) -> bool:
    """Whether readers may be shown a content only once a second person has approved it.

    :param needed_before: a case that needed one when it was published needs one for whatever is
        added to it.
    :param added_texts: texts that come with it beside the content: a follow-up, a reply, a note.
    """
    return (
        needed_before
        or content_needs_second(content, vocabulary, flags)
        or any(map(risks, added_texts))
    )


def displayed_texts(case: Any) -> list[str]:
    """The words of a case, or of its dossier, that readers are shown beside the content.

    They may have been written while nobody saw the case.
    """
    published_replies = (part for part in case.replies if part.state == "published")
    return [
        *(part_text for part in case.follow_ups for part_text in (part.title, part.text)),
        *(
            part_text
            for part in published_replies
            for part_text in (part.author, part.capacity, part.text)
        ),
        *(part.note for part in case.corrections),
    ]


def build_checklist(
    content: Content,
    vocabulary: Vocabulary,
    circumstances: Circumstances,
    flags: Sequence[Flag] | None = None,
) -> list[CheckItem]:
    """Every line, met or not, in the order in which a moderator reads them.

    :param flags: the content's flags, when they are known already.
    """
    flags = risk_flags(content) if flags is None else flags
    is_second_needed = needs_second(
        content,
        vocabulary,
        flags,
        needed_before=circumstances.needed_before,
        added_texts=circumstances.displayed_texts,
    )
    has_second = not is_second_needed or circumstances.seconded or circumstances.single_moderator
    check_items = [
        CheckItem("texts", bool(content.title and content.summary)),
        CheckItem(
            "summary_length",
            len(content.summary) <= SUMMARY_LIMIT,
            {"limit": SUMMARY_LIMIT, "length": len(content.summary)},
        ),
        CheckItem("source", bool(content.sources)),
        CheckItem("types", 0 < len(content.types) <= TYPES_LIMIT),
        CheckItem("parties", bool(content.actor and content.target and content.level)),
        # Abroad, the country is a place; in France, only silence about it is none.
        CheckItem("place", bool(_any_place(content)) or content.country != "FR"),
        CheckItem("evidence", bool(content.evidence)),
        CheckItem("outcome", bool(content.outcome)),
        _court_item(content, vocabulary),
        CheckItem("invitation", circumstances.invited),
        CheckItem(
            "flags",
            not flags or bool(circumstances.flags_reason),
            {"flags": [(flag.field, flag.code, flag.excerpt) for flag in flags]},
        ),
        CheckItem("second", has_second),
    ]
    if circumstances.report_withdrawn:
        check_items.append(CheckItem("report_withdrawn", False))
    check_items += [
        CheckItem(attestation, attestation in circumstances.attested)
        for attestation in ATTESTATIONS
    ]
    return check_items


def unmet_items(check_items: list[CheckItem]) -> list[CheckItem]:
    """The lines that block."""
    return [check_item for check_item in check_items if not check_item.met]


def _any_place(content: Content) -> str:
    return content.commune or content.departement or content.region or content.place_label


def _court_item(content: Content, vocabulary: Vocabulary) -> CheckItem:
    """A court's outcome carries court, date and appeal status: only silence blocks."""
    ruled_proceedings = [
        proceeding
        for proceeding in content.proceedings
        if proceeding.outcome in vocabulary.court_outcomes
    ]
    missing = [
        name for proceeding in ruled_proceedings for name in _missing_court_fields(proceeding)
    ]
    if content.outcome in vocabulary.court_outcomes and not ruled_proceedings:
        missing.append("proceeding")
    return CheckItem("court", not missing, {"missing": missing})


def _missing_court_fields(proceeding: ProceedingContent) -> list[str]:
    court_fields = {
        "court": proceeding.court,
        "outcome_date": proceeding.outcome_date,
        "appeal": proceeding.appeal,
    }
    return [name for name, field_value in court_fields.items() if not field_value]
