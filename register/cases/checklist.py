"""The checklist before publication and restoration, and the risk flags, as pure functions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from register.cases.case_content import Content, FieldKind, parse_content
from register.cases.decisions import recourse
from register.cases.validation import TYPES_LIMIT
from register.cases.vocabulary import Vocabulary
from register.text.personal_data import risks

SUMMARY_LIMIT = 300

# Items that a member attests; the journal records who did.
ATTESTATIONS = ("attribution", "no_private_person", "no_private_life")

# Items computed from the content alone; a correction must leave them met.
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
# Items stored with each revision; for flagged words, a reason comes with the act.
STORED_CHECKS = CONTENT_CHECKS | {"flags"}


@dataclass(frozen=True)
class CheckItem:
    """One item of the checklist: its code, whether it is met, and details for the message."""

    code: str
    met: bool
    values: dict[str, object] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Circumstances:
    """The input of the checklist apart from the content."""

    invited: bool = False  # the authority was invited to reply, or a note says why not
    seconded: bool = False  # another member approved this revision
    single_moderator: bool = False
    attested: Collection[str] = ()
    flags_reason: str = ""
    # The case needed a second person when it was published, so it still does.
    needed_before: bool = False
    # Texts that readers see apart from the content (see the function ``displayed_texts``).
    displayed_texts: Sequence[str] = ()
    # No version without the withdrawn report has been saved yet.
    report_withdrawn: bool = False


class Flag(NamedTuple):
    """A risk in one field of a case; publication then needs a reason."""

    field: str
    code: str
    excerpt: str


@dataclass(frozen=True)
class Checklist:
    """Every item in display order, the risk flags, and whether a second person is needed."""

    items: Sequence[CheckItem]
    flags: Sequence[Flag]
    needs_second: bool

    @property
    def unmet(self) -> list[CheckItem]:
        """The items that block the act."""
        return [check_item for check_item in self.items if not check_item.met]


def checked_texts(content: Content) -> Iterator[tuple[str, str]]:
    """Every string of a case with the path of its field, except URLs."""
    for path, rule, leaf in content.leaves():
        if isinstance(leaf, str) and leaf and rule.kind is not FieldKind.URL:
            yield path, leaf


def risk_flags(content: Content) -> tuple[Flag, ...]:
    """The risk flags of a case's texts."""
    return tuple(
        Flag(field_name, risk.code, risk.excerpt)
        for field_name, field_text in checked_texts(content)
        for risk in risks(field_text)
    )


def needs_second(
    content: Content,
    vocabulary: Vocabulary,
    flags: Sequence[Flag] | None = None,
    *,
    needed_before: bool = False,
    added_texts: Iterable[str] = (),
) -> bool:
    """Whether a content needs a second person's approval before it is shown to readers.

    A type of the family justice needs one, and so does a risk flag.

    :param flags: the content's flags, when the caller has computed them.
    :param needed_before: whether the case needed one when it was published; then every addition
        needs one too.
    :param added_texts: texts apart from the content: a follow-up, a reply, a note.
    """
    return (
        needed_before
        or any(vocabulary.family_of.get(code) == "justice" for code in content.types)
        or bool(risk_flags(content) if flags is None else flags)
        or any(map(risks, added_texts))
    )


def displayed_texts(document: Mapping[str, Any]) -> list[str]:
    """The texts that readers see apart from the content: follow-ups, replies, corrections.

    They may have been written while the case was withdrawn.

    :param document: a document, or its fragments alone; empty once it is destroyed.
    """
    return [
        part[name]
        for list_name, names in _DISPLAYED_TEXTS.items()
        for part in document.get(list_name, ())
        for name in names
    ]


_DISPLAYED_TEXTS = {
    "follow_ups": ("title", "text"),
    "replies": ("author", "capacity", "text"),
    "corrections": ("note",),
}


def build_checklist(
    content: Content, vocabulary: Vocabulary, circumstances: Circumstances
) -> Checklist:
    """Every item, met or not, in display order."""
    flags = risk_flags(content)
    is_second_needed = needs_second(
        content,
        vocabulary,
        flags,
        needed_before=circumstances.needed_before,
        added_texts=circumstances.displayed_texts,
    )
    has_second = not is_second_needed or circumstances.seconded or circumstances.single_moderator
    has_place = content.commune or content.departement or content.region or content.place_label
    missing_court_fields = _missing_court_fields(content, vocabulary)
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
        # Abroad, the country is place enough.
        CheckItem("place", bool(has_place) or content.country != "FR"),
        CheckItem("evidence", bool(content.evidence)),
        CheckItem("outcome", bool(content.outcome)),
        CheckItem("court", not missing_court_fields, {"missing": missing_court_fields}),
        CheckItem("invitation", circumstances.invited),
        CheckItem("flags", not flags or bool(circumstances.flags_reason), {"flags": flags}),
        CheckItem("second", has_second),
    ]
    if circumstances.report_withdrawn:
        check_items.append(CheckItem("report_withdrawn", False))
    check_items += [
        CheckItem(attestation, attestation in circumstances.attested)
        for attestation in ATTESTATIONS
    ]
    return Checklist(check_items, flags, is_second_needed)


def checklist_columns(document: Mapping[str, Any], vocabulary: Vocabulary) -> dict[str, Any]:
    """The content's part of the checklist, as it is stored with each revision.

    ``unmet`` has the codes of the unmet content checks, and ``flags`` where there is a risk flag;
    ``needs_second`` says whether the revision by itself needs a second person. Both repeat no word
    of a text.
    """
    circumstances = Circumstances(displayed_texts=displayed_texts(document))
    result = build_checklist(parse_content(document), vocabulary, circumstances)
    unmet = [item.code for item in result.unmet if item.code in STORED_CHECKS]
    return {"unmet": " ".join(unmet), "needs_second": result.needs_second}


def _missing_court_fields(content: Content, vocabulary: Vocabulary) -> list[str]:
    """The empty fields of court decisions; ``inconnue`` counts as filled in."""
    rulings = [
        step
        for proceeding in content.proceedings
        for step in proceeding.steps
        if step.outcome in vocabulary.court_outcomes
    ]
    if content.outcome in vocabulary.court_outcomes and not rulings:
        return ["proceeding"]
    filled = [
        {
            "court": ruling.court,
            "outcome_date": ruling.date,
            "appeal": ruling.appeal or not recourse(vars(ruling), vocabulary),
        }
        for ruling in rulings
    ]
    return [name for fields in filled for name in fields if not fields[name]]
