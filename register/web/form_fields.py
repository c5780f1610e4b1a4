"""What every form of the site shares: cleaned text, sentences for faults, the summary's links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask import request
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.form import _Auto
from wtforms import FieldList, FormField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from register.text.sanitize import clean, one_line
from register.web.l10n import with_label


class BaseForm(FlaskForm):  # type: ignore[misc]
    """A form whose faults can be told one by one, each with the id of its field."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Where the fields are read from."""

        # Where most fields may stay empty, those that may not say so.
        marks_required = False

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """What was sent as text: a file under the name of a text field is no text."""
            if formdata is not _Auto:
                return formdata
            return request.form if request.method == "POST" else None

    def faults(self) -> list[tuple[str, str]]:
        """Every fault as (id of the field, sentence), in the order of the fields."""
        return list(_form_faults(self))

    @property
    def is_sent(self) -> bool:
        """Whether it was sent and holds."""
        return bool(self.validate_on_submit())


class DeskForm(BaseForm):
    """A form of the desk: most of what it asks for may come later, so it says what may not."""

    class Meta(BaseForm.Meta):
        """Tell what has to be filled in before it is sent."""

        marks_required = True


def _form_faults(form: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    for field in form:
        yield from _field_faults(field, prefix)


def _field_faults(field: Any, prefix: str) -> Iterator[tuple[str, str]]:
    if isinstance(field, FormField):
        yield from _form_faults(field.form, prefix)
    elif isinstance(field, FieldList):
        # A list's own faults stand among those of its rows, which WTForms keeps as mappings.
        own_errors = [
            str(error) for error in field.errors if not isinstance(error, dict | list | tuple)
        ]
        yield from (
            (field.id, _fault_sentence(prefix, field.label.text, error)) for error in own_errors
        )
        for position, subfield in enumerate(field.entries, start=1):
            yield from _field_faults(subfield, f"{prefix}{field.label.text} {position}, ")
    else:
        yield from (
            (field.id, _fault_sentence(prefix, field.label.text, error)) for error in field.errors
        )


def _fault_sentence(prefix: str, label: object, error: object) -> str:
    name = str(label)
    # In "Source 2, adresse" the label has become the middle of a sentence.
    return with_label(f"{prefix}{_lower_first(name) if prefix else name}", _lower_first(str(error)))


def _lower_first(words: str) -> str:
    return words[:1].lower() + words[1:]


class LineField(StringField):
    """A line of text; its filter sees to it that there is always one."""

    data: str


class MultilineField(TextAreaField):
    """A text; its filter sees to it that there is always one."""

    data: str


def line_field(
    label: Any,
    *,
    required: bool = False,
    limit: int = 2_000,
    validators: Sequence[Any] = (),
    **options: Any,
) -> LineField:
    """A line of text, its spaces and hidden characters put right."""
    all_validators = [*_validators(required, limit), *validators]
    return LineField(label, filters=[_clean_line], validators=all_validators, **options)


def text_field(
    label: Any,
    *,
    required: bool = False,
    limit: int = 50_000,
    validators: Sequence[Any] = (),
    **options: Any,
) -> MultilineField:
    """Several lines of text, its hidden characters put right."""
    all_validators = [*_validators(required, limit), *validators]
    return MultilineField(label, filters=[_clean_text], validators=all_validators, **options)


def _clean_line(value: str | None) -> str:
    return one_line(value or "")


def _clean_text(value: str | None) -> str:
    return clean(value or "").strip()


def _validators(required: bool, limit: int) -> list[Any]:
    validators: list[Any] = [Length(max=limit, message=_TOO_LONG)]
    return [DataRequired(_MISSING), *validators] if required else validators


_MISSING = lazy_gettext("Ce champ doit être rempli.")
_TOO_LONG = lazy_gettext("Le texte dépasse %(max)d caractères.")
