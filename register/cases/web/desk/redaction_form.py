"""Form of a redaction, and its review before it is done: each version as it will read."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, SelectMultipleField

from register.accounts.web import current_member
from register.cases import act_permissions, cited_sources, revisions
from register.cases import case_content as contents
from register.cases.acts.redaction import FIXED_NOTES, REWRITTEN_COLUMNS
from register.cases.case_content import FIELD_RULES, PART_CLASSES, Content
from register.cases.document_formats import convert_document
from register.cases.field_rules import FieldKind
from register.cases.member_view import DeskCase
from register.cases.models import Note, SourceCopy
from register.cases.persistence import redacted_members_words
from register.cases.redaction_plan import (
    RedactedVersion,
    RedactionPlan,
    distinct_passages,
    passages_removed,
    plan_redaction,
)
from register.cases.revisions import RevisionSummary
from register.cases.web.desk import editor_rows
from register.cases.web.desk.act_forms import parse_id
from register.cases.web.desk.editor_forms import CorrectForm
from register.cases.web.field_texts import field_texts
from register.db import db
from register.errors import Invalid
from register.journal.models import canonical_json
from register.text.normalisation import one_line
from register.text.passage_removal import REMOVAL_MARK, REMOVED_URL, PassageRemoval, is_too_common
from register.web.error_messages import error_sentence, field_name
from register.web.form_fields import FieldGroupList, text_field
from register.web.l10n import typeset

_CONTEXT = 60  # characters on each side of a removed passage


@dataclass(frozen=True)
class RedactionReview:
    """What the page of a redaction shows before it is done.

    ``redacted``: earlier versions, each with what stays around the removed passages by the names
    of their fields. ``unmatched``: versions in which no passage was found. ``note_count`` and
    ``other_count``: the internal notes, and the other texts for members, that lose a passage.
    ``elsewhere``: removed words that the present text still has in another place. ``codes``: the
    names of changed fields that are no texts, which earlier versions keep. ``copies``: those of
    sources, with addresses.
    """

    plan: RedactionPlan
    redacted: Sequence[tuple[RevisionSummary, Sequence[tuple[str, str]]]]
    hidden: Sequence[RevisionSummary]
    unmatched: Sequence[RevisionSummary]
    note_count: int
    other_count: int
    elsewhere: Sequence[str]
    codes: Sequence[str]
    errors: Sequence[Invalid]
    digest: str
    copies: Sequence[tuple[SourceCopy, str]] = ()


def review_redaction(
    desk_case: DeskCase, content: Content, arguments: Mapping[str, Any], seen_digest: str
) -> RedactionReview | None:
    """The review of a redaction; None when the member has seen it as it stands.

    :param arguments: those of the act. Where the texts changed since the last review, the words
        that they lack are added to its passages.
    :param seen_digest: the digest of the last review.
    """
    before = desk_case.snapshot.content
    present = _document_after(desk_case, content.cleaned(), arguments)
    removed, elsewhere = passages_removed(before, present)
    texts_digest = _digest(present)
    passages = distinct_passages(arguments["passages"])
    chosen = arguments["hidden"]
    if not seen_digest.startswith(texts_digest):
        passages += [passage for passage in removed if passage not in passages]
    errors = [
        Invalid("passage_common", field="passages", passage=passage)
        for passage in passages
        if is_too_common(passage)
    ]
    copies = arguments["copies"]
    if not (passages or chosen or elsewhere or copies):
        errors.append(Invalid("no_passage", field="passages"))
    digest = f"{texts_digest}-{_digest([passages, sorted(chosen), sorted(copies)])}"
    if digest == seen_digest and (passages or chosen or copies) and not errors:
        return None
    session = db.session()
    plan = plan_redaction(session, desk_case.id, present, passages, chosen)
    if plan.remaining:
        errors.append(Invalid("passage_remains", field="passages", fields=plan.remaining))
    members_texts = Counter(
        type(members_row)
        for members_row, _columns in redacted_members_words(
            session, desk_case.id, PassageRemoval(passages)
        )
    )
    summaries = {
        summary.id: summary
        for summary in revisions.list_revisions(session, current_member.member(), desk_case.id)
    }
    changed = act_permissions.changed_fields(desk_case.content, content)
    return RedactionReview(
        plan=plan,
        redacted=[(summaries[version.id], _excerpts(version)) for version in plan.redacted],
        hidden=[summaries[revision_id] for revision_id in plan.hidden],
        unmatched=[summaries[revision_id] for revision_id in plan.unmatched],
        note_count=members_texts[Note],
        other_count=members_texts.total() - members_texts[Note],
        elsewhere=elsewhere,
        codes=sorted(field_name(name) for name in changed if _is_code(name)),
        errors=errors,
        digest=digest,
        copies=_destructible_copies(desk_case),
    )


def _destructible_copies(desk_case: DeskCase) -> list[tuple[SourceCopy, str]]:
    """The copies of sources that no redaction is to destroy yet, with their addresses."""
    known = cited_sources.addresses(desk_case.snapshot.content)
    copies = cited_sources.list_copies(db.session(), desk_case.id)
    return [(copy, known.get(copy.source, "")) for copy in copies if copy.destruction_id is None]


def _is_code(name: str) -> bool:
    rule = FIELD_RULES[Content].get(name)
    return (
        rule is not None
        and name not in PART_CLASSES
        and rule.kind not in (FieldKind.TEXT, FieldKind.URL)
    )


def _document_after(
    desk_case: DeskCase, content: Content, arguments: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The document of the case as the redaction leaves it."""
    fragments = {name: desk_case.snapshot.content[name] for name in contents.FRAGMENT_NAMES}
    lists: Mapping[str, Sequence[Any]] = {
        "follow_ups": desk_case.follow_ups,
        "replies": [reply for reply in desk_case.replies if reply.published_at is not None],
        "corrections": desk_case.corrections,
    }
    for name, columns in REWRITTEN_COLUMNS.items():
        new_words = arguments["rewrites"][name]
        fragments[name] = [
            {**fragment, **dict(zip(columns, new_words.get(row.id, ()), strict=False))}
            for row, fragment in zip(lists[name], fragments[name], strict=True)
        ]
    fragments["corrections"].append({"note": arguments["public_note"]})
    document: Mapping[str, Any] = json.loads(contents.canonical_content(content, fragments))
    return document


def _digest(node: Any) -> str:
    return hashlib.sha256(canonical_json({"of": node})).hexdigest()[:32]


def _excerpts(version: RedactedVersion) -> list[tuple[str, str]]:
    """Name of a field, and a part of its text, for each passage that a version loses."""
    document, former = (
        field_texts(convert_document(json.loads(document)))
        for document in (version.document, version.former_document)
    )
    excerpts = []
    for name, text in document.items():
        if text == former[name]:
            continue
        for mark in (REMOVAL_MARK, REMOVED_URL):
            start = text.find(mark)
            while start >= 0:
                first, end = max(0, start - _CONTEXT), start + len(mark)
                last = min(len(text), end + _CONTEXT)
                excerpt = f"{'…' * (first > 0)}{text[first:last]}{'…' * (last < len(text))}"
                excerpts.append((field_name(name), one_line(excerpt)))
                start = text.find(mark, last)
    for reason in (version.reason, version.flags_reason):
        if REMOVAL_MARK in reason:
            excerpts.append((field_name("reason"), reason))
    return excerpts


class RedactForm(CorrectForm):
    """A redaction of a case and of its follow-ups, replies and notes."""

    follow_ups = FieldGroupList(editor_rows.FollowUpTextRow, _("Suite"))
    replies = FieldGroupList(editor_rows.ReplyTextRow, _("Réponse"))
    corrections = FieldGroupList(editor_rows.NoteTextRow, _("Correction"))
    passages = text_field(_("Passages à retirer des versions d’avant"), limit=20_000)
    whole = SelectMultipleField(validate_choice=False)
    copies = SelectMultipleField(validate_choice=False)
    reviewed = HiddenField()

    @classmethod
    def initial_values(cls, desk_case: DeskCase) -> dict[str, Any]:
        """The values of the present case, of the rows, and the fixed note where two must read."""
        values = super().initial_values(desk_case)
        if desk_case.needs_second_person:
            values["public_note"] = FIXED_NOTES[0]
        for name in REWRITTEN_COLUMNS:
            rows = getattr(desk_case, name)
            values[name] = [{**_columns(row), "id": str(row.id)} for row in rows]
        return values

    def arguments(self) -> dict[str, Any]:
        """The arguments of the act besides the content: the rewritten texts by id."""
        return {
            **super().arguments(),
            "rewrites": {
                name: {
                    row_id: [row[column].data for column in columns]
                    for row_id, row in _rewritten_rows(self[name])
                }
                for name, columns in REWRITTEN_COLUMNS.items()
            },
            "passages": self.passages.data.splitlines(),
            "hidden": [parse_id(revision_id) for revision_id in self.whole.data or ()],
            "copies": [parse_id(copy_id) for copy_id in self.copies.data or ()],
        }

    def review(self, desk_case: DeskCase) -> RedactionReview | None:
        """What the redaction will do, with the passages that it removes in their field."""
        content = self.content(desk_case.content)
        seen_digest = self.reviewed.data or ""
        review = review_redaction(desk_case, content, self.arguments(), seen_digest)
        if review is not None:
            self.reviewed.data = review.digest
            self.passages.data = "\n".join(review.plan.passages)
            self.passages.errors = [typeset(error_sentence(error)) for error in review.errors]
        return review


def _rewritten_rows(rows: FieldGroupList) -> list[tuple[int, Any]]:
    """The rows whose texts differ from the stored ones, with the ids of what they rewrite."""
    changed = []
    for entry in rows.entries:
        stored = entry.object_data if isinstance(entry.object_data, Mapping) else {}
        submitted = {field.short_name: field.data for field in entry.form}
        key = str(submitted.pop("id"))
        if any(submitted[name] != stored.get(name) for name in submitted) and key.isdecimal():
            changed.append((int(key[:9]), entry.form))
    return changed


def _columns(row: Any) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in row.__table__.columns}
