"""The checklist before each public change, as pure functions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from register.cases.case_content import Content, parse_content
from register.cases.decisions import recourse
from register.cases.piece_content import PieceContent
from register.cases.risk_flags import (
    Flag,
    GivenReasons,
    displayed_texts,
    reason_for,
    reasons_of_document,
    risk_flags,
)
from register.cases.validation import TYPES_LIMIT
from register.cases.vocabulary import Vocabulary
from register.evidence.file_kinds import FileKind

SUMMARY_LIMIT = 300

# Items that a member attests; the journal records who did.
ATTESTATIONS = ("attribution", "no_private_person", "no_private_life")

# Items computed from the content alone, and its flags: they are stored with each revision.
STORED_CHECKS = frozenset(
    {
        "texts",
        "summary_length",
        "source",
        "pieces",
        "types",
        "parties",
        "place",
        "evidence",
        "outcome",
        "court",
        "flags",
    }
)


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
    flag_reasons: GivenReasons = ""
    # The case needed a second person when it was published, so it still does.
    needed_before: bool = False
    # Texts apart from the content, with their fields: those that readers see besides it, or those
    # that a change adds.
    displayed_texts: Sequence[tuple[str, str]] = ()
    # Flags of what readers see before a change: they need no new reason.
    public_flags: Collection[Flag] = ()
    # The numbers of the pieces of evidence whose copies may not be published, from 1.
    unready_pieces: Sequence[int] = ()
    # No version without the withdrawn report has been saved yet.
    report_withdrawn: bool = False


@dataclass(frozen=True)
class Checklist:
    """Every item in display order, the flags that need a reason, and whether two must read it."""

    items: Sequence[CheckItem]
    flags: Sequence[Flag]
    needs_second: bool

    @property
    def unmet(self) -> list[CheckItem]:
        """The items that block the act."""
        return [check_item for check_item in self.items if not check_item.met]


def needs_second(
    content: Content, vocabulary: Vocabulary, flags: Sequence[Flag] | None = None
) -> bool:
    """Whether a content needs a second person's approval before it is shown to readers.

    A type of the family justice needs one, and so does a risk flag.

    :param flags: the flags of the content and of the texts besides it, when computed already.
    """
    return any(vocabulary.family_of.get(code) == "justice" for code in content.types) or bool(
        risk_flags(content) if flags is None else flags
    )


def build_checklist(
    content: Content, vocabulary: Vocabulary, circumstances: Circumstances
) -> Checklist:
    """Every item, met or not, in display order."""
    all_flags = risk_flags(content, circumstances.displayed_texts)
    flags = [flag for flag in all_flags if flag not in circumstances.public_flags]
    unexplained = [flag for flag in flags if not reason_for(flag, circumstances.flag_reasons)]
    # Once a case needs a second person, every addition does.
    is_second_needed = circumstances.needed_before or needs_second(content, vocabulary, all_flags)
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
        CheckItem("source", bool(content.sources or content.pieces)),
        *_piece_items(content.pieces, circumstances.unready_pieces),
        CheckItem("types", 0 < len(content.types) <= TYPES_LIMIT),
        CheckItem("parties", bool(content.actor and content.target and content.level)),
        # Abroad, the country is place enough.
        CheckItem("place", bool(has_place) or content.country != "FR"),
        CheckItem("evidence", bool(content.evidence)),
        CheckItem("outcome", bool(content.outcome)),
        CheckItem("court", not missing_court_fields, {"missing": missing_court_fields}),
        CheckItem("invitation", circumstances.invited),
        CheckItem("flags", not unexplained, {"flags": unexplained}),
        CheckItem("second", has_second),
    ]
    if circumstances.report_withdrawn:
        check_items.append(CheckItem("report_withdrawn", False))
    check_items += [
        CheckItem(attestation, attestation in circumstances.attested)
        for attestation in ATTESTATIONS
    ]
    return Checklist(check_items, flags, is_second_needed)


def checklist_columns(
    document: Mapping[str, Any],
    flags_reason: str | None,
    vocabulary: Vocabulary,
    *,
    needed: bool = False,
    content: Content | None = None,
) -> dict[str, Any]:
    """The content's part of the checklist, as it is stored with each revision.

    ``unmet`` has the codes of the unmet content checks, and ``flags`` where a risk flag has no
    reason; ``needs_second`` says whether the revision by itself needs a second person. Both repeat
    no word of a text.

    :param flags_reason: the reasons that the revision stores.
    :param needed: it is a publication that needed a second person: a case for which two answered
        stays one, also when the words that needed it are removed.
    :param content: the content of the document, when parsed already.
    """
    circumstances = Circumstances(
        displayed_texts=displayed_texts(document),
        flag_reasons=reasons_of_document(flags_reason, document),
    )
    result = build_checklist(content or parse_content(document), vocabulary, circumstances)
    unmet = [item.code for item in result.unmet if item.code in STORED_CHECKS]
    return {"unmet": " ".join(unmet), "needs_second": needed or result.needs_second}


def _piece_items(pieces: Sequence[PieceContent], unready: Sequence[int]) -> Iterator[CheckItem]:
    """The items about pieces of evidence; none without a piece."""
    if pieces:
        numbers = [rank for rank, piece in enumerate(pieces, start=1) if not _is_described(piece)]
        yield CheckItem("pieces", not numbers, {"numbers": numbers})
        yield CheckItem("copies", not unready, {"numbers": list(unready)})


def _is_described(piece: PieceContent) -> bool:
    """Whether who cannot see or hear a piece is told what it shows, or why not."""
    has_words = piece.kind == FileKind.TEXT or all(page.alt for page in piece.pages)
    has_transcript = bool(piece.transcript or piece.no_transcript)
    if piece.kind in (FileKind.AUDIO, FileKind.VIDEO):
        has_words = has_transcript
    elif piece.kind == FileKind.PDF:
        has_words = has_words or has_transcript
    return bool(piece.caption) and has_words


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
