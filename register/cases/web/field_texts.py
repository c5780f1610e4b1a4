"""Fields of a case in words, and the differences between two of its texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from flask_babel import gettext as _

from register.cases import case_content as contents
from register.cases import field_rules
from register.cases.piece_content import PieceContent, PiecePage
from register.cases.validation import UNKNOWN_WORD
from register.territory.web import place_names
from register.text.text_comparison import FieldChange, FieldTexts, field_changes
from register.web import messages
from register.web.error_messages import field_name
from register.web.l10n import country_name, edtf_words, with_label
from register.web.request_context import current_vocabulary

Formatter = Callable[[Any], str]
RowPart = tuple[str, str, Formatter]
_CHOICE_LABELS = {
    code: label for labels in messages.names.choices.values() for code, label in labels.items()
}


def content_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    """The fields that differ between two canonical contents, word by word."""
    return field_changes(field_texts(before), field_texts(after))


def field_texts(content: Mapping[str, Any]) -> FieldTexts:
    """Every field of a canonical content in words, in reading order."""
    return {name: formatter(content.get(name)) for name, formatter in _FIELD_FORMATTERS.items()}


def _plain_text(field_value: Any) -> str:
    return str(field_value or "")


def _yes_no(is_set: Any) -> str:
    return str(_("oui") if is_set else _("non"))


def _rule_text(rule: field_rules.FieldRule, element: Any) -> str:
    """The text of a field's value by the rule of the field; lists have one line per element."""
    if not element:
        return ""
    if not isinstance(element, str):
        return "\n".join(_rule_text(rule, part) for part in element)
    if rule.vocabulary:
        return current_vocabulary().label(rule.vocabulary, element)
    if rule.kind is field_rules.FieldKind.DATE:
        return str(_("inconnue")) if element == UNKNOWN_WORD else edtf_words(element)
    return str(_CHOICE_LABELS.get(element, element)) if rule.choices else element


def _by_rule(name: str) -> Formatter:
    return partial(_rule_text, contents.FIELD_RULES[contents.Content][name])


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


def _rule_parts(part_class: type, prefix: str, **labels: str) -> Iterator[RowPart]:
    """The fields of a part that have a rule, each with the name of its label."""
    for name, rule in contents.FIELD_RULES[part_class].items():
        path = f"{prefix}.{name}"
        label = labels.get(name) or (path if path in messages.names.field_names else name)
        if rule is not field_rules.OTHER_RULE:
            yield name, label, partial(_rule_text, rule)


_SOURCE = _row_formatter(lambda: _("Source"), *_rule_parts(contents.SourceContent, "sources"))
_STEP = _row_formatter(lambda: _("Étape"), *_rule_parts(contents.StepContent, "proceedings.steps"))
_PROCEEDING = _row_formatter(
    lambda: _("Procédure"),
    *_rule_parts(contents.ProceedingContent, "proceedings"),
    ("steps", "", _line_each(_STEP)),
)
_REQUEST = _row_formatter(lambda: _("Demande"), *_rule_parts(contents.RequestContent, "request"))
_PAGE = _row_formatter(lambda: _("Page"), *_rule_parts(PiecePage, "pieces.pages"))
_PIECE = _row_formatter(
    lambda: _("Pièce"), *_rule_parts(PieceContent, "pieces"), ("pages", "", _line_each(_PAGE))
)
_FOLLOW_UP = _row_formatter(
    lambda: _("Suite"),
    ("title", "title", _plain_text),
    ("happened_on", "date", _by_rule("date")),
    ("text", "", _plain_text),
    ("source_url", "source_url", _plain_text),
    ("no_source", "no_source", _plain_text),
)
_REPLY = _row_formatter(
    lambda: _("Réponse"),
    ("author", "author", _plain_text),
    ("capacity", "capacity", _plain_text),
    ("text", "", _plain_text),
)
# Every other field reads by its rule.
_FORMATTERS: Mapping[str, Formatter] = {
    "commune": _place_formatter("commune"),
    "linked_communes": _line_each(_place_formatter("commune")),
    "departement": _place_formatter("departement"),
    "region": _place_formatter("region"),
    "country": lambda code: country_name(code or ""),
    "contested": _yes_no,
    "proceedings": _line_each(_PROCEEDING),
    "request": lambda row: _REQUEST(row) if row else "",
    "sources": _line_each(_SOURCE),
    "pieces": _line_each(_PIECE),
    "links": _line_each(
        lambda row: _(
            "%(kind)s : cas nº %(number)s",
            kind=_CHOICE_LABELS.get(row["kind"], row["kind"]),
            number=row["number"],
        )
    ),
    "follow_ups": _line_each(_FOLLOW_UP),
    "replies": _line_each(_REPLY),
    "corrections": _line_each(lambda row: _plain_text(row["note"])),
    "single_review": _yes_no,
}
_READING_ORDER = (
    *("title", "summary", "types", "date", "end_date", "precision_note"),
    *("commune", "linked_communes", "place_label", "departement", "region", "country"),
    *("actor", "actor_text", "level", "target", "outlets", "evidence", "contested", "outcome"),
    *("narrative", "proceedings", "request", "steps_taken", "amount", "sources", "pieces", "links"),
    *("language", "follow_ups", "replies", "corrections", "single_review"),
)
_FIELD_FORMATTERS = {name: _FORMATTERS.get(name) or _by_rule(name) for name in _READING_ORDER}


# Fields with a layout of their own in a printed version: titles, and texts stored as HTML.
_SEPARATE_FIELDS = frozenset({"title", "narrative", "follow_ups", "replies", "corrections"})


def printed_fields(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The fields of a version that a page to print shows as a list: name and words."""
    return [
        (field_name(name), field_text)
        for name, field_text in field_texts(content).items()
        if field_text and name not in _SEPARATE_FIELDS
    ]
