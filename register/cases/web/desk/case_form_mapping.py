"""A case's content as the editor's fields show it, and the content that the fields say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields, replace
from typing import Any, TypeVar

from register.cases.case_content import (
    Content,
    LinkContent,
    ProceedingContent,
    RequestContent,
    SourceContent,
    StepContent,
)
from register.cases.validation import Fault
from register.cases.web.desk.case_forms import CaseForm, FollowUpForm, Written
from register.territory.web import place_field
from register.web.desk_fields import Rows, TypedDate
from register.web.error_messages import say_reason

# Fields of a form that hold a field of the content under the same name.
_LINES = (
    "title",
    "summary",
    "narrative",
    "precision_note",
    "country",
    "place_label",
    "level",
    "actor",
    "actor_text",
    "target",
    "evidence",
    "outcome",
    "steps_taken",
    "amount",
)
_KINDS = ("commune", "departement", "region")

Part = TypeVar("Part")


def fields_of(content: Content) -> dict[str, Any]:
    """What the editor's fields hold of a content."""
    shown = _shown_place(content)
    rest = {kind: getattr(content, kind) for kind in ("departement", "region") if kind not in shown}
    return {
        **{name: getattr(content, name) for name in _LINES},
        **dict(zip(("type_1", "type_2", "type_3"), (*content.types, "", "", ""), strict=False)),
        "sources": [asdict(source) for source in content.sources],
        "date": content.date,
        "end_date": content.end_date,
        "place": next((place_field.stored(kind, code) for kind, code in shown.items()), {}),
        "linked": [place_field.stored("commune", code) for code in content.linked_communes],
        **rest,
        "outlets": "\n".join(content.outlets),
        "contested": "oui" if content.contested else "non",
        "proceedings": [asdict(row) for row in content.proceedings],
        "request": asdict(content.request or RequestContent()),
        "language": content.language,
        "links": [{"kind": row.kind, "number": str(row.number)} for row in content.links],
    }


def _shown_place(content: Content) -> dict[str, str]:
    """The place of the one box: the smallest there is; the others have lists of their own."""
    for kind in _KINDS:
        if code := getattr(content, kind):
            return {kind: code}
    return {}


def content_of(form: CaseForm) -> Content:
    """The content that a valid form says."""
    told = dict.fromkeys(_KINDS, "")
    told |= {"departement": form.departement.data, "region": form.region.data}
    if form.place.form.place and not form.place.form.is_empty:
        kind, code = form.place.form.place
        told[kind] = code
    return Content(
        **{name: form[name].data for name in _LINES},
        **told,
        types=tuple(form[name].data for name in ("type_1", "type_2", "type_3") if form[name].data),
        date=form.date.edtf,
        end_date=form.end_date.edtf,
        linked_communes=tuple(row.place[1] for row in form.linked.told if row.place),
        outlets=tuple(name for name in map(str.strip, form.outlets.data.split("\n")) if name),
        contested=form.contested.data == "oui",
        language=form.language.data or "fr",
        sources=tuple(_part(SourceContent, row) for row in form.sources.told),
        proceedings=tuple(_proceeding(row) for row in form.proceedings.told),
        request=_request(form),
        links=tuple(LinkContent(row.kind.data, row.case_number) for row in form.links.told),
    )


def moved_on(form: FollowUpForm, before: Content) -> Content:
    """The content before a follow-up, with what the form says of how things went on."""
    course = tuple(
        replace(
            row,
            outcome=said.outcome,
            outcome_date=said.outcome_date,
            appeal=said.appeal,
            steps=said.steps,
        )
        for row, said in zip(
            before.proceedings, map(_proceeding, _forms(form.proceedings)), strict=False
        )
    )
    return replace(
        before,
        outcome=form.outcome.data,
        end_date=form.end_date.edtf,
        proceedings=course + before.proceedings[len(course) :],
        request=_request(form),
    )


def _forms(rows: Rows) -> list[Any]:
    return [entry.form for entry in rows.entries]


def _part(shape: type[Part], row: Any, **given: Any) -> Part:
    """A part of the content, from the fields of the same names; a date as it was understood."""
    names = (spec.name for spec in fields(shape) if spec.name not in given)  # type: ignore[arg-type]
    return shape(**{name: _said(row[name]) for name in names}, **given)


def _said(field: Any) -> Any:
    return field.edtf if isinstance(field, TypedDate) else field.data


def _proceeding(row: Any) -> ProceedingContent:
    steps = tuple(_part(StepContent, step) for step in row.steps.told)
    return _part(ProceedingContent, row, steps=steps)


def _request(form: CaseForm | FollowUpForm) -> RequestContent | None:
    row = form.request.form
    return None if row.is_empty else _part(RequestContent, row)


# Where a fault below the web is shown, when the field is called otherwise here.
_ELSEWHERE = {"commune": "place", "linked_communes": "linked", "types": "type_1"}


def place_faults(form: Written, faults: Sequence[Fault]) -> list[Fault]:
    """Put each fault beside its field.

    :returns: the faults that no field of this form answers for.
    """
    left = []
    for fault in faults:
        field = _field_of(form, fault)
        if field is None:
            left.append(fault)
        else:
            field.errors = [*field.errors, say_reason(fault.key, fault.values)]
    return left


def _field_of(form: Written, fault: Fault) -> Any:
    head, _dot, name = fault.field.partition(".")
    value = str(fault.values.get("value", ""))
    field = form._fields.get(_ELSEWHERE.get(head, head))
    if field is None:
        return None
    if isinstance(field, Rows):
        cells = _communes(field, value) if head == "linked_communes" else _cells(field, name, value)
        return next(cells, field)
    if head == "request":
        return field.form._fields.get(name)
    return field.form.typed if head == "commune" else field


def _communes(rows: Rows, code: str) -> Iterator[Any]:
    """The boxes that were read as a commune's code."""
    for entry in rows.entries:
        if entry.form.place and entry.form.place[1] == code:
            yield entry.form.typed


def _cells(rows: Rows, name: str, value: str) -> Iterator[Any]:
    """The cells that hold what a fault was found in: of that name, or of any with that value."""
    for entry in rows.entries:
        for cell in entry.form:
            held = str(getattr(cell, "edtf", "") or cell.data or "")
            if value and held[: len(value)] == value and name in ("", cell.short_name):
                yield cell
        if isinstance(entry.form._fields.get(name), Rows):
            yield from _cells(entry.form._fields[name], "", value)
