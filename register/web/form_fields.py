"""What every form of the site shares: cleaned text, sentences for faults, the summary's links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.form import _Auto
from wtforms import FieldList, FormField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from register.text.sanitize import clean, one_line
from register.web.l10n import named


class Form(FlaskForm):  # type: ignore[misc]
    """A form whose faults can be told one by one, each with the id of its field."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Where the fields are read from."""

        # Where most fields may stay empty, those that may not say so.
        says_needed = False

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """What was sent as text: a file under the name of a text field is no text."""
            if formdata is not _Auto:
                return formdata
            return request.form if request.method == "POST" else None

    def faults(self) -> list[tuple[str, str]]:
        """Every fault as (id of the field, sentence), in the order of the fields."""
        return list(_faults(self))

    @property
    def is_sent(self) -> bool:
        """Whether it was sent and holds."""
        return bool(self.validate_on_submit())


class DeskForm(Form):
    """A form of the desk: most of what it asks for may come later, so it says what may not."""

    class Meta(Form.Meta):
        """Tell what has to be filled in before it is sent."""

        says_needed = True


def _faults(form: Any, within: str = "") -> Iterator[tuple[str, str]]:
    for field in form:
        yield from _of_field(field, within)


def _of_field(field: Any, within: str) -> Iterator[tuple[str, str]]:
    if isinstance(field, FormField):
        yield from _faults(field.form, within)
    elif isinstance(field, FieldList):
        # A list's own faults stand among those of its rows, which WTForms keeps as mappings.
        own = [str(text) for text in field.errors if not isinstance(text, dict | list | tuple)]
        yield from ((field.id, _said(within, field.label.text, text)) for text in own)
        for place, entry in enumerate(field.entries, start=1):
            yield from _of_field(entry, f"{within}{field.label.text} {place}, ")
    else:
        yield from ((field.id, _said(within, field.label.text, text)) for text in field.errors)


def _said(within: str, label: object, text: object) -> str:
    name = str(label)
    # In "Source 2, adresse" the label has become the middle of a sentence.
    return named(f"{within}{_carried_on(name) if within else name}", _carried_on(str(text)))


def _carried_on(words: str) -> str:
    return words[:1].lower() + words[1:]


class Line(StringField):
    """A line of text; its filter sees to it that there is always one."""

    data: str


class Area(TextAreaField):
    """A text; its filter sees to it that there is always one."""

    data: str


def line(
    label: Any,
    *,
    needed: bool = False,
    limit: int = 2_000,
    checks: Sequence[Any] = (),
    **more: Any,
) -> Line:
    """A line of text, its spaces and hidden characters put right."""
    rules = [*_rules(needed, limit), *checks]
    return Line(label, filters=[_line], validators=rules, **more)


def text(
    label: Any,
    *,
    needed: bool = False,
    limit: int = 50_000,
    checks: Sequence[Any] = (),
    **more: Any,
) -> Area:
    """Several lines of text, its hidden characters put right."""
    rules = [*_rules(needed, limit), *checks]
    return Area(label, filters=[_text], validators=rules, **more)


def _line(value: str | None) -> str:
    return one_line(value or "")


def _text(value: str | None) -> str:
    return clean(value or "").strip()


def _rules(needed: bool, limit: int) -> list[Any]:
    rules: list[Any] = [Length(max=limit, message=_TOO_LONG)]
    return [DataRequired(_MISSING), *rules] if needed else rules


_MISSING = _("Ce champ doit être rempli.")
_TOO_LONG = _("Le texte dépasse %(max)d caractères.")
