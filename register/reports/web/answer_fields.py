"""Fields of the report form: short texts, and choices of codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import HiddenField, RadioField, SelectField
from wtforms.validators import DataRequired, ValidationError

from register.reports import report_content
from register.text.normalisation import one_line
from register.web import messages
from register.web.form_fields import LineField, MultilineField, line_field, text_field
from register.web.l10n import number
from register.web.request_validation import DESK_BODY_LIMIT


def at_most(limit: int, advice: Any) -> Any:
    """A validator of a text's length, with advice in its error."""

    def check(_form: Any, field: Any) -> None:
        if len(field.data) > limit:
            raise ValidationError(
                str(messages.reports.answer_too_long) % {"most": number(limit), "advice": advice}
            )

    return check


def short_field(
    label: Any,
    limit: int = report_content.LINE_LIMIT,
    advice: Any = messages.reports.shorten,
    *,
    conditions: Sequence[Any] = (),
) -> LineField:
    """A line field with advice in its length error.

    :param conditions: validators that come before that of the length.
    """
    validators = [*conditions, at_most(limit, advice)]
    return line_field(label, limit=DESK_BODY_LIMIT, validators=validators)


def long_field(label: Any, limit: int, advice: Any, *, missing: Any = None) -> MultilineField:
    """A field of several lines with advice in its length error.

    :param missing: the error of an empty one; None for an optional field.
    """
    required = [DataRequired(missing)] if missing else []
    validators = [*required, at_most(limit, advice)]
    return text_field(label, limit=DESK_BODY_LIMIT, validators=validators)


def clean_code(value: str | None) -> str:
    """A code or token as it was sent, on one line."""
    return one_line(value or "")


def hidden_field() -> HiddenField:
    """A code or token that the page carries."""
    return HiddenField(filters=[clean_code])


class CheckedField:
    """A choice of codes; one that is no longer offered is left out with an error."""

    data: Any
    choices: Any
    was_unknown = False

    def pre_validate(self, form: Any) -> None:
        """Raise the error for a code that was left out."""
        if self.was_unknown:
            raise ValidationError(str(messages.reports.unknown_choice))


class _CheckedChoice(CheckedField):
    def __init__(self, label: Any = None, **options: Any) -> None:
        super().__init__(label, default="", validate_choice=False, **options)  # type: ignore[call-arg]

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Keep a code that is among the choices."""
        if valuelist:
            code = one_line(valuelist[0])
            self.was_unknown = code not in {choice.value for choice in self.choices}
            self.data = "" if self.was_unknown else code


class CheckedSelect(_CheckedChoice, SelectField):
    """A list with the words of a plain vocabulary and an empty choice."""


class CheckedRadio(_CheckedChoice, RadioField):
    """Radio buttons with few choices."""
