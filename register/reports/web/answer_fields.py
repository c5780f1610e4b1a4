"""Fields of the report form: short texts, and choices of codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import RadioField, SelectField
from wtforms.validators import ValidationError

from register.reports import report_content
from register.text.normalisation import one_line
from register.web import messages
from register.web.form_fields import LineField, line_field
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
