"""What every form of the site shares: cleaned text, sentences for faults, the summary's links."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import Field, FieldList, FormField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from register.text.clean import clean, one_line


class Form(FlaskForm):  # type: ignore[misc]
    """A form whose faults can be told one by one, each with the id of its field."""

    def faults(self) -> list[tuple[str, str]]:
        """Every fault as (id of the field, sentence), in the order of the fields."""
        return list(_faults(self))

    @property
    def is_sent(self) -> bool:
        """Whether it was sent and holds."""
        return bool(self.validate_on_submit())


def _faults(form: Any) -> Iterator[tuple[str, str]]:
    for field in form:
        if isinstance(field, FormField):
            yield from _faults(field.form)
        elif isinstance(field, FieldList):
            for entry in field.entries:
                if isinstance(entry, FormField):
                    yield from _faults(entry.form)
                else:
                    yield from _of(entry)
            yield from ((field.id, str(text)) for text in field.errors if isinstance(text, str))
        else:
            yield from _of(field)


def _of(field: Field) -> Iterator[tuple[str, str]]:
    yield from ((field.id, f"{field.label.text} : {text}") for text in field.errors)


def line(label: Any, *, needed: bool = False, limit: int = 2_000, **more: Any) -> StringField:
    """A line of text, its spaces and hidden characters put right."""
    return StringField(label, filters=[_line], validators=_rules(needed, limit), **more)


def text(label: Any, *, needed: bool = False, limit: int = 50_000, **more: Any) -> TextAreaField:
    """Several lines of text, its hidden characters put right."""
    return TextAreaField(label, filters=[_text], validators=_rules(needed, limit), **more)


def _line(value: str | None) -> str:
    return one_line(value or "")


def _text(value: str | None) -> str:
    return clean(value or "").strip()


def _rules(needed: bool, limit: int) -> list[Any]:
    rules: list[Any] = [Length(max=limit, message=_TOO_LONG)]
    return [DataRequired(_MISSING), *rules] if needed else rules


_MISSING = _("Ce champ doit être rempli.")
_TOO_LONG = _("Le texte dépasse %(max)d caractères.")
