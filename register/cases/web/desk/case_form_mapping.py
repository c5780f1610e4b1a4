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
from register.cases.validation import ContentFault
from register.cases.web.desk.case_forms import CaseForm, EditorForm, FollowUpForm
from register.territory.web import place_field
from register.web.error_messages import reason_sentence
from register.web.form_fields import FieldGroupList, TypedDateField

# Fields of a form that hold a field of the content under the same name.
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

Part = TypeVar("Part")


def form_values(content: Content) -> dict[str, Any]:
    """What the editor's fields hold of a content."""
    single_place = _single_place(content)
    other_places = {
        kind: getattr(content, kind)
        for kind in ("departement", "region")
        if kind not in single_place
    }
    return {
        **{name: getattr(content, name) for name in _SAME_NAME_FIELDS},
        **dict(zip(("type_1", "type_2", "type_3"), (*content.types, "", "", ""), strict=False)),
        "sources": [asdict(source) for source in content.sources],
        "date": content.date,
        "end_date": content.end_date,
        "place": next(
            (place_field.stored_place(kind, code) for kind, code in single_place.items()), {}
        ),
        "linked": [place_field.stored_place("commune", code) for code in content.linked_communes],
        **other_places,
        "outlets": "\n".join(content.outlets),
        "contested": "oui" if content.contested else "non",
        "proceedings": [asdict(row) for row in content.proceedings],
        "request": asdict(content.request or RequestContent()),
        "language": content.language,
        "links": [{"kind": row.kind, "number": str(row.number)} for row in content.links],
    }


def _single_place(content: Content) -> dict[str, str]:
    """The place of the one box: the smallest there is; the others have lists of their own."""
    for kind in _PLACE_KINDS:
        if code := getattr(content, kind):
            return {kind: code}
    return {}


def content_from_form(form: CaseForm) -> Content:
    """The content that a valid form says."""
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
    """The content before a follow-up, with what the form says of how things went on."""
    updated = tuple(
        replace(
            proceeding,
            outcome=submitted.outcome,
            outcome_date=submitted.outcome_date,
            appeal=submitted.appeal,
            steps=submitted.steps,
        )
        for proceeding, submitted in zip(
            before.proceedings, map(_build_proceeding, _row_forms(form.proceedings)), strict=False
        )
    )
    return replace(
        before,
        outcome=form.outcome.data,
        end_date=form.end_date.edtf,
        proceedings=updated + before.proceedings[len(updated) :],
        request=_build_request(form),
    )


def _row_forms(rows: FieldGroupList) -> list[Any]:
    return [entry.form for entry in rows.entries]


def _build_part(part_type: type[Part], row: Any, **overrides: Any) -> Part:
    """A part of the content, from the fields of the same names; a date as it was understood."""
    names = (spec.name for spec in fields(part_type) if spec.name not in overrides)  # type: ignore[arg-type]
    return part_type(**{name: _field_value(row[name]) for name in names}, **overrides)


def _field_value(field: Any) -> Any:
    return field.edtf if isinstance(field, TypedDateField) else field.data


def _build_proceeding(row: Any) -> ProceedingContent:
    steps = tuple(_build_part(StepContent, step) for step in row.steps.filled_rows)
    return _build_part(ProceedingContent, row, steps=steps)


def _build_request(form: CaseForm | FollowUpForm) -> RequestContent | None:
    row = form.request.form
    return None if row.is_empty else _build_part(RequestContent, row)


# Where a fault below the web is shown, when the field is called otherwise here.
_FIELD_NAMES = {"commune": "place", "linked_communes": "linked", "types": "type_1"}


def attach_faults(form: EditorForm, faults: Sequence[ContentFault]) -> list[ContentFault]:
    """Put each fault beside its field.

    :returns: the faults that no field of this form answers for.
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
        cells = (
            _commune_cells(field, fault_text)
            if head == "linked_communes"
            else _faulty_cells(field, name, fault_text)
        )
        return next(cells, field)
    if head == "request":
        return field.form._fields.get(name)
    return field.form.typed if head == "commune" else field


def _commune_cells(rows: FieldGroupList, code: str) -> Iterator[Any]:
    """The boxes that were read as a commune's code."""
    for entry in rows.entries:
        if entry.form.place and entry.form.place[1] == code:
            yield entry.form.typed


def _faulty_cells(rows: FieldGroupList, name: str, fault_text: str) -> Iterator[Any]:
    """The cells that hold what a fault was found in: of that name, or of any with that value."""
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
