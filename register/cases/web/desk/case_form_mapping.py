"""Mapping between a case's content and the editor's form."""

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
from register.cases.validation import ContentFault
from register.cases.web.desk.case_forms import CaseForm, EditorForm, FollowUpForm
from register.territory.web import place_choice
from register.web.error_messages import reason_sentence
from register.web.form_fields import FieldGroupList, TypedDateField

# Fields with the same name in the form and in the content.
_SAME_NAME_FIELDS = (
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
_PLACE_KINDS = ("commune", "departement", "region")
# Field of the content → field of the form for its faults, where the names differ.
_FIELD_NAMES = {"commune": "place", "linked_communes": "linked", "types": "type_1"}

Part = TypeVar("Part")


def form_values(content: Content) -> dict[str, Any]:
    """The values of the editor's fields for a content."""
    # The place field takes the smallest place; larger ones have fields of their own.
    place = next(
        ((kind, code) for kind in _PLACE_KINDS if (code := getattr(content, kind))), ("", "")
    )
    other_places = {
        kind: getattr(content, kind) for kind in ("departement", "region") if kind != place[0]
    }
    return {
        **{name: getattr(content, name) for name in _SAME_NAME_FIELDS},
        **dict(zip(("type_1", "type_2", "type_3"), (*content.types, "", "", ""), strict=False)),
        "sources": [asdict(source) for source in content.sources],
        "date": content.date,
        "end_date": content.end_date,
        "place": place_choice.stored_place(*place) if place[1] else {},
        "linked": [place_choice.stored_place("commune", code) for code in content.linked_communes],
        **other_places,
        "outlets": "\n".join(content.outlets),
        "contested": "oui" if content.contested else "non",
        "proceedings": [asdict(row) for row in content.proceedings],
        "request": asdict(content.request or RequestContent()),
        "language": content.language,
        "links": [{"kind": row.kind, "number": str(row.number)} for row in content.links],
    }


def content_from_form(form: CaseForm) -> Content:
    """The content of a valid form."""
    places = dict.fromkeys(_PLACE_KINDS, "")
    places |= {"departement": form.departement.data, "region": form.region.data}
    if form.place.form.place and not form.place.form.is_empty:
        kind, code = form.place.form.place
        places[kind] = code
    return Content(
        **{name: form[name].data for name in _SAME_NAME_FIELDS},
        **places,
        types=tuple(form[name].data for name in ("type_1", "type_2", "type_3") if form[name].data),
        date=form.date.edtf,
        end_date=form.end_date.edtf,
        linked_communes=tuple(row.place[1] for row in form.linked.filled_rows if row.place),
        outlets=tuple(name for name in map(str.strip, form.outlets.data.split("\n")) if name),
        contested=form.contested.data == "oui",
        language=form.language.data or "fr",
        sources=tuple(_build_part(SourceContent, row) for row in form.sources.filled_rows),
        proceedings=tuple(_build_proceeding(row) for row in form.proceedings.filled_rows),
        request=_build_request(form),
        links=tuple(LinkContent(row.kind.data, row.case_number) for row in form.links.filled_rows),
    )


def content_after_follow_up(form: FollowUpForm, before: Content) -> Content:
    """The stored content with the new outcome, proceedings and request of a follow-up."""
    submitted_proceedings = [_build_proceeding(entry.form) for entry in form.proceedings.entries]
    updated = tuple(
        replace(
            proceeding,
            outcome=submitted.outcome,
            outcome_date=submitted.outcome_date,
            appeal=submitted.appeal,
            steps=submitted.steps,
        )
        for proceeding, submitted in zip(before.proceedings, submitted_proceedings, strict=False)
    )
    return replace(
        before,
        outcome=form.outcome.data,
        end_date=form.end_date.edtf,
        proceedings=updated + before.proceedings[len(updated) :],
        request=_build_request(form),
    )


def _build_part(part_type: type[Part], row: Any, **overrides: Any) -> Part:
    """A part of the content from the fields of the same names; dates as EDTF."""
    names = (spec.name for spec in fields(part_type) if spec.name not in overrides)  # type: ignore[arg-type]
    values = {
        name: row[name].edtf if isinstance(row[name], TypedDateField) else row[name].data
        for name in names
    }
    return part_type(**values, **overrides)


def _build_proceeding(row: Any) -> ProceedingContent:
    steps = tuple(_build_part(StepContent, step) for step in row.steps.filled_rows)
    return _build_part(ProceedingContent, row, steps=steps)


def _build_request(form: CaseForm | FollowUpForm) -> RequestContent | None:
    row = form.request.form
    return None if row.is_empty else _build_part(RequestContent, row)


def attach_faults(form: EditorForm, faults: Sequence[ContentFault]) -> list[ContentFault]:
    """Add each fault to its field.

    :returns: the faults without a field in this form.
    """
    unplaced = []
    for fault in faults:
        field = _field_of(form, fault)
        if field is None:
            unplaced.append(fault)
        else:
            field.errors = [*field.errors, reason_sentence(fault.key, fault.values)]
    return unplaced


def _field_of(form: EditorForm, fault: ContentFault) -> Any:
    head, _dot, name = fault.field.partition(".")
    fault_text = str(fault.values.get("value", ""))
    field = form._fields.get(_FIELD_NAMES.get(head, head))
    if field is None:
        return None
    if isinstance(field, FieldGroupList):
        if head != "linked_communes":
            return next(_faulty_cells(field, name, fault_text), field)
        rows = [entry.form for entry in field.entries]
        cells = (row.typed for row in rows if row.place and row.place[1] == fault_text)
        return next(cells, field)
    if head == "request":
        return field.form._fields.get(name)
    return field.form.typed if head == "commune" else field


def _faulty_cells(rows: FieldGroupList, name: str, fault_text: str) -> Iterator[Any]:
    """The fields with the faulty value that have this name, or any name if it is empty."""
    for entry in rows.entries:
        for cell in entry.form:
            cell_text = str(getattr(cell, "edtf", "") or cell.data or "")
            if (
                fault_text
                and cell_text[: len(fault_text)] == fault_text
                and name in ("", cell.short_name)
            ):
                yield cell
        if isinstance(entry.form._fields.get(name), FieldGroupList):
            yield from _faulty_cells(entry.form._fields[name], "", fault_text)
