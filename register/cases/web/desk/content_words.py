"""What a revision says, field by field, in words: to be read, and to be compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from register.cases.validation import UNKNOWN
from register.cases.web.desk.case_forms import appeals, link_kinds, refusals
from register.territory.web import place_field
from register.text import worddiff
from register.text.worddiff import Difference
from register.web.context import book
from register.web.error_messages import field_name
from register.web.l10n import country_name, edtf_words, named

Told = Mapping[str, str]


@dataclass(frozen=True)
class Changed:
    """A field that two texts do not tell alike: both, and their difference word by word."""

    name: str
    before: str
    after: str
    difference: Difference

    @property
    def label(self) -> str:
        """The field's name, as a heading."""
        name = field_name(self.name)
        return name[:1].upper() + name[1:]


def words_of(content: Mapping[str, Any]) -> Told:
    """Every field of a canonical content in words, in the order in which they are read."""
    return {name: say(content.get(name)) for name, say in _FIELDS.items()}


def changes(before: Told, after: Told) -> list[Changed]:
    """The fields that differ, each with its differences."""
    return [
        Changed(name, before[name], after[name], worddiff.differences(before[name], after[name]))
        for name in before
        if before[name] != after[name]
    ]


Say = Callable[[Any], str]


def _text(value: Any) -> str:
    return str(value or "")


def _yes(value: Any) -> str:
    return str(_("oui") if value else _("non"))


def _date(value: Any) -> str:
    if value == UNKNOWN:
        return str(_("inconnue"))
    return edtf_words(value) if value else ""


def _word(vocabulary: str) -> Say:
    return lambda code: book().label(vocabulary, code) if code else ""


def _place(kind: str) -> Say:
    return lambda code: place_field.named(kind, code) if code else ""


def _each(say: Say) -> Say:
    """One line for each entry of a list."""
    return lambda values: "\n".join(say(value) for value in values or ())


Part = tuple[str, str, Say]


def _row(name: Callable[[], str], *parts: Part) -> Say:
    """The parts of a row that say something, each with its name, under the row's own."""

    def told(row: Mapping[str, Any]) -> str:
        lines = [(label, say(row.get(part))) for part, label, say in parts]
        return "\n".join([name(), *(_named(label, text) for label, text in lines if text)])

    return told


def _named(label: str, text: str) -> str:
    return named(field_name(label), text) if label else text


_SOURCE = _row(
    lambda: _("Source"),
    ("url", "sources.url", _text),
    ("kind", "sources.kind", _word("source")),
    ("label", "sources.label", _text),
    ("title", "title", _text),
    ("publisher", "sources.publisher", _text),
    ("published_on", "sources.published_on", _date),
    ("archived_url", "sources.archived_url", _text),
    ("checked_on", "sources.checked_on", _date),
)
_STEP = _row(
    lambda: _("Étape"),
    ("date", "date", _date),
    ("step", "proceedings.step", _word("etape")),
    ("outcome", "outcome", _word("issue")),
    ("note", "precision_note", _text),
    ("source_url", "source_url", _text),
)
_PROCEEDING = _row(
    lambda: _("Procédure"),
    ("direction", "proceedings.direction", _word("sens")),
    ("nature", "proceedings.nature", _word("nature")),
    ("plaintiff", "proceedings.plaintiff", _word("acteur")),
    ("court", "court", _text),
    ("docket", "proceedings.docket", _text),
    ("legal_basis", "proceedings.legal_basis", _text),
    ("amount", "amount", _text),
    ("outcome", "outcome", _word("issue")),
    ("outcome_date", "outcome_date", _date),
    ("appeal", "appeal", lambda code: str(appeals().get(code, code))),
    ("steps", "", _each(_STEP)),
)
_REQUEST = _row(
    lambda: _("Demande"),
    ("asked", "request.asked", _text),
    ("asked_of", "request.asked_of", _text),
    ("asked_on", "request.asked_on", _date),
    ("refusal", "request.refusal", lambda code: str(refusals().get(code, code))),
    ("refused_on", "request.refused_on", _date),
    ("cada_number", "request.cada_number", _text),
    ("cada_registered_on", "request.cada_registered_on", _date),
    ("cada_opinion_on", "request.cada_opinion_on", _date),
    ("opinion", "request.opinion", _text),
    ("outcome", "request.outcome", _word("issue")),
)


def _link(row: Mapping[str, Any]) -> str:
    kind = link_kinds().get(row["kind"], row["kind"])
    told = _("%(kind)s : cas nº %(number)s", kind=kind, number=row["number"])
    return str(told)


_FOLLOW_UP = _row(
    lambda: _("Suite"),
    ("title", "title", _text),
    ("happened_on", "date", _date),
    ("text", "", _text),
    ("source_url", "source_url", _text),
)
_REPLY = _row(
    lambda: _("Réponse"),
    ("author", "author", _text),
    ("capacity", "capacity", _text),
    ("text", "", _text),
)

_FIELDS: Mapping[str, Say] = {
    "title": _text,
    "summary": _text,
    "types": _each(_word("type")),
    "date": _date,
    "end_date": _date,
    "precision_note": _text,
    "commune": _place("commune"),
    "linked_communes": _each(_place("commune")),
    "place_label": _text,
    "departement": _place("departement"),
    "region": _place("region"),
    "country": lambda code: country_name(code or ""),
    "actor": _word("acteur"),
    "actor_text": _text,
    "level": _word("niveau"),
    "target": _word("cible"),
    "outlets": _each(_text),
    "evidence": _word("preuve"),
    "contested": _yes,
    "outcome": _word("issue"),
    "narrative": _text,
    "proceedings": _each(_PROCEEDING),
    "request": lambda row: _REQUEST(row) if row else "",
    "steps_taken": _text,
    "amount": _text,
    "sources": _each(_SOURCE),
    "links": _each(_link),
    "language": _text,
    "follow_ups": _each(_FOLLOW_UP),
    "replies": _each(_REPLY),
    "corrections": _each(lambda row: _text(row["note"])),
    "single_review": _yes,
}
