"""Text of each field of a case's content, for reading and for comparison of revisions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from register.cases.validation import UNKNOWN_WORD
from register.cases.web.desk.editor_rows import appeals, link_kinds, refusals
from register.territory.web import place_names
from register.text import text_diff
from register.text.text_diff import TextDiff
from register.web.error_messages import field_name
from register.web.l10n import country_name, edtf_words, with_label
from register.web.request_context import current_vocabulary

FieldTexts = Mapping[str, str]
Formatter = Callable[[Any], str]
RowPart = tuple[str, str, Formatter]


@dataclass(frozen=True)
class FieldChange:
    """A field that differs between two revisions: both texts and their difference by word."""

    name: str
    before: str
    after: str
    difference: TextDiff

    @property
    def label(self) -> str:
        """The field's name, as a heading."""
        name = field_name(self.name)
        return name[:1].upper() + name[1:]


def field_texts(content: Mapping[str, Any]) -> FieldTexts:
    """Every field of a canonical content in words, in reading order."""
    return {name: formatter(content.get(name)) for name, formatter in _FIELD_FORMATTERS.items()}


def field_changes(before: FieldTexts, after: FieldTexts) -> list[FieldChange]:
    """The fields that differ between two revisions."""
    return [
        FieldChange(
            name, before[name], after[name], text_diff.diff_texts(before[name], after[name])
        )
        for name in before
        if before[name] != after[name]
    ]


def _plain_text(field_value: Any) -> str:
    return str(field_value or "")


def _yes_no(is_set: Any) -> str:
    return str(_("oui") if is_set else _("non"))


def _date_text(edtf: Any) -> str:
    if edtf == UNKNOWN_WORD:
        return str(_("inconnue"))
    return edtf_words(edtf) if edtf else ""


def _word_formatter(list_name: str) -> Formatter:
    return lambda code: current_vocabulary().label(list_name, code) if code else ""


def _place_formatter(kind: str) -> Formatter:
    return lambda code: place_names.full_name(kind, code) if code else ""


def _line_each(formatter: Formatter) -> Formatter:
    """A formatter of lists, with one line per element."""
    return lambda elements: "\n".join(formatter(element) for element in elements or ())


def _row_formatter(name: Callable[[], str], *parts: RowPart) -> Formatter:
    """A formatter of rows: the row's name, then its parts that are not empty."""

    def format_row(row: Mapping[str, Any]) -> str:
        lines = [name()]
        for part, label, formatter in parts:
            if part_text := formatter(row.get(part)):
                lines.append(with_label(field_name(label), part_text) if label else part_text)
        return "\n".join(lines)

    return format_row


def _link_text(row: Mapping[str, Any]) -> str:
    kind = link_kinds().get(row["kind"], row["kind"])
    link_line = _("%(kind)s : cas nº %(number)s", kind=kind, number=row["number"])
    return str(link_line)


_SOURCE = _row_formatter(
    lambda: _("Source"),
    ("url", "sources.url", _plain_text),
    ("kind", "sources.kind", _word_formatter("source")),
    ("label", "sources.label", _plain_text),
    ("title", "title", _plain_text),
    ("publisher", "sources.publisher", _plain_text),
    ("published_on", "sources.published_on", _date_text),
    ("archived_url", "sources.archived_url", _plain_text),
    ("checked_on", "sources.checked_on", _date_text),
)
_STEP = _row_formatter(
    lambda: _("Étape"),
    ("date", "date", _date_text),
    ("step", "proceedings.step", _word_formatter("etape")),
    ("outcome", "outcome", _word_formatter("issue")),
    ("note", "precision_note", _plain_text),
    ("source_url", "source_url", _plain_text),
)
_PROCEEDING = _row_formatter(
    lambda: _("Procédure"),
    ("direction", "proceedings.direction", _word_formatter("sens")),
    ("nature", "proceedings.nature", _word_formatter("nature")),
    ("plaintiff", "proceedings.plaintiff", _word_formatter("acteur")),
    ("court", "court", _plain_text),
    ("docket", "proceedings.docket", _plain_text),
    ("legal_basis", "proceedings.legal_basis", _plain_text),
    ("amount", "amount", _plain_text),
    ("outcome", "outcome", _word_formatter("issue")),
    ("outcome_date", "outcome_date", _date_text),
    ("appeal", "appeal", lambda code: str(appeals().get(code, code))),
    ("steps", "", _line_each(_STEP)),
)
_REQUEST = _row_formatter(
    lambda: _("Demande"),
    ("asked", "request.asked", _plain_text),
    ("asked_of", "request.asked_of", _plain_text),
    ("asked_on", "request.asked_on", _date_text),
    ("refusal", "request.refusal", lambda code: str(refusals().get(code, code))),
    ("refused_on", "request.refused_on", _date_text),
    ("cada_number", "request.cada_number", _plain_text),
    ("cada_registered_on", "request.cada_registered_on", _date_text),
    ("cada_opinion_on", "request.cada_opinion_on", _date_text),
    ("opinion", "request.opinion", _plain_text),
    ("outcome", "request.outcome", _word_formatter("issue")),
)
_FOLLOW_UP = _row_formatter(
    lambda: _("Suite"),
    ("title", "title", _plain_text),
    ("happened_on", "date", _date_text),
    ("text", "", _plain_text),
    ("source_url", "source_url", _plain_text),
)
_REPLY = _row_formatter(
    lambda: _("Réponse"),
    ("author", "author", _plain_text),
    ("capacity", "capacity", _plain_text),
    ("text", "", _plain_text),
)
_FIELD_FORMATTERS: Mapping[str, Formatter] = {
    "title": _plain_text,
    "summary": _plain_text,
    "types": _line_each(_word_formatter("type")),
    "date": _date_text,
    "end_date": _date_text,
    "precision_note": _plain_text,
    "commune": _place_formatter("commune"),
    "linked_communes": _line_each(_place_formatter("commune")),
    "place_label": _plain_text,
    "departement": _place_formatter("departement"),
    "region": _place_formatter("region"),
    "country": lambda code: country_name(code or ""),
    "actor": _word_formatter("acteur"),
    "actor_text": _plain_text,
    "level": _word_formatter("niveau"),
    "target": _word_formatter("cible"),
    "outlets": _line_each(_plain_text),
    "evidence": _word_formatter("preuve"),
    "contested": _yes_no,
    "outcome": _word_formatter("issue"),
    "narrative": _plain_text,
    "proceedings": _line_each(_PROCEEDING),
    "request": lambda row: _REQUEST(row) if row else "",
    "steps_taken": _plain_text,
    "amount": _plain_text,
    "sources": _line_each(_SOURCE),
    "links": _line_each(_link_text),
    "language": _plain_text,
    "follow_ups": _line_each(_FOLLOW_UP),
    "replies": _line_each(_REPLY),
    "corrections": _line_each(lambda row: _plain_text(row["note"])),
    "single_review": _yes_no,
}
