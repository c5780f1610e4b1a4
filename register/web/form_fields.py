"""What every form of the site shares: cleaned text, sentences for faults, the summary's links."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import wtforms
from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.form import _Auto
from wtforms import FieldList, FormField, SelectField, StringField, TextAreaField
from wtforms.utils import unset_value
from wtforms.validators import DataRequired, Length, ValidationError

from register.cases import validation
from register.cases.validation import UNKNOWN_WORD
from register.errors import TextError
from register.text import typed_dates
from register.text.normalisation import clean, one_line
from register.web.error_messages import error_sentence, reason_sentence
from register.web.l10n import edtf_words, with_label
from register.web.request_context import current_vocabulary


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


# Rows of one list that are shown again; nobody adds as many by hand.
MAX_ROWS = 100
# What tells a list that was sent empty from one that was not sent.
SENT_MARKER = "lignes"


class FieldGroup(wtforms.Form):
    """A group of fields within a form; an empty one is no fault and is left out."""

    # Fields that say nothing by themselves: they have a value from the start.
    prefilled_fields: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written in it."""
        return not any(
            _is_filled(field) for field in self if field.short_name not in self.prefilled_fields
        )

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether it holds; an empty row always does."""
        return self.is_empty or super().validate(extra_validators)


def _is_filled(field: Any) -> bool:
    if isinstance(field, FieldList):
        return any(not row_field.form.is_empty for row_field in field.entries)
    return bool(field.data)


class TypedDateField(StringField):
    """A partial date as people write it; ``edtf`` is what it was understood as.

    :param or_unknown: whether a date may be said to be unknown, which is more than silence.
    """

    def __init__(self, label: Any = None, *, or_unknown: bool = False, **options: Any) -> None:
        super().__init__(label, **options)
        self.or_unknown = or_unknown

    def process_data(self, value: str | None) -> None:
        """A stored date, in words that read as the same date."""
        unknown = str(_("inconnue"))
        self.data = unknown if value == UNKNOWN_WORD else _input_words(value or "")

    def process_formdata(self, valuelist: list[Any]) -> None:
        """What was typed."""
        if valuelist:
            self.data = one_line(valuelist[0])

    def pre_validate(self, form: Any) -> None:
        """Refuse what reads as no date."""
        try:
            self._parse_typed()
        except TextError as error:
            raise ValidationError(error_sentence(error)) from error

    @property
    def edtf(self) -> str:
        """The date as it is stored; empty when there is none or it cannot be read."""
        try:
            return self._parse_typed()
        except TextError:
            return ""

    @property
    def understood(self) -> str:
        """The date in words, where that says more than what was typed."""
        words = _input_words(self.edtf) if self.edtf != UNKNOWN_WORD else ""
        return words if words != self.data else ""

    def _parse_typed(self) -> str:
        return typed_dates.parse_typed_date(
            self.data or "", unknown=UNKNOWN_WORD if self.or_unknown else ""
        )


class VocabularyField(SelectField):
    """One word of a vocabulary, or none; a retired one stays where it stands.

    :param vocabulary: the list's name, or what gives codes and labels.
    """

    def __init__(
        self,
        label: Any = None,
        *,
        vocabulary: str | Callable[[], Mapping[str, Any]],
        none: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(label, choices=[], validate_choice=False, **options)
        self.offered_choices: list[tuple[str, str]] = []
        self.vocabulary = vocabulary
        self.none = none

    def process(self, *args: Any, **options: Any) -> None:
        """Offer the words of today, and the one that is there already."""
        super().process(*args, **options)
        self.data = one_line(str(self.data or ""))
        labels = self.current_words()
        if self.none is not None:
            labels = {"": str(self.none), **labels}
        if self.data not in labels and self._is_stored_word(str(self.object_data or "")):
            labels = {**labels, self.data: _("%(word)s (mot retiré)", word=self._label())}
        self.offered_choices = list(labels.items())
        self.choices = list(self.offered_choices)

    def current_words(self) -> dict[str, str]:
        """The codes in use and their labels, in their order."""
        if not isinstance(self.vocabulary, str):
            return {code: str(label) for code, label in self.vocabulary().items()}
        words = current_vocabulary().lists[self.vocabulary].values()
        return {word.code: _capitalised(word.label) for word in words if not word.retired}

    def pre_validate(self, form: Any) -> None:
        """Refuse a code that is in no list."""
        if self.data not in dict(self.offered_choices):
            raise ValidationError(reason_sentence("unknown_code", {"value": self.data[:40]}))

    def _is_stored_word(self, stored: str) -> bool:
        in_vocabulary = isinstance(self.vocabulary, str) and current_vocabulary().has(
            self.vocabulary, self.data
        )
        return bool(self.data) and self.data == stored and in_vocabulary

    def _label(self) -> str:
        return current_vocabulary().label(str(self.vocabulary), self.data)

    @property
    def definition(self) -> str:
        """What the chosen word means, in the vocabulary's words."""
        word = isinstance(self.vocabulary, str) and current_vocabulary().word(
            self.vocabulary, self.data
        )
        return word.definition if word else ""


def _capitalised(label: str) -> str:
    return label[:1].upper() + label[1:]


class FieldGroupList(FieldList):  # type: ignore[type-arg]
    """Rows of one kind. Those that were not sent at all are the stored ones.

    WTForms reads the number of a row from whatever was sent; here it is a number of ours, and
    there is an end to them.
    """

    def __init__(self, shape: type[FieldGroup], label: Any = None, **options: Any) -> None:
        super().__init__(FormField(shape), label, **options)
        self.excess_rows = 0

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        """Read the rows that were sent, or show the stored ones."""
        sent = formdata is not None and self._was_sent(formdata)
        super().process(formdata if sent else None, data, extra_filters)

    def _was_sent(self, formdata: Any) -> bool:
        return f"{self.name}-{SENT_MARKER}" in formdata or bool(self._row_numbers(formdata))

    def _row_numbers(self, formdata: Any) -> list[int]:
        pattern = re.compile(re.escape(self.name) + r"-([0-9]{1,6})-")
        return sorted({int(match[1]) for name in formdata if (match := pattern.match(name))})

    def _extract_indices(self, prefix: str, formdata: Any) -> Iterator[int]:
        row_numbers = self._row_numbers(formdata)
        self.excess_rows = max(0, len(row_numbers) - MAX_ROWS)
        yield from row_numbers[:MAX_ROWS]

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        """Whether every row holds, and there are not too many."""
        super().validate(form, extra_validators)
        if self.excess_rows or len(self.filled_rows) > validation.LIST_LIMIT:
            sentence = reason_sentence("too_many", {"limit": validation.LIST_LIMIT})
            self.errors = [*self.errors, sentence]
        return not self.errors

    @property
    def filled_rows(self) -> list[Any]:
        """The rows in which something was written."""
        return [row_field.form for row_field in self.entries if not row_field.form.is_empty]


def check_url(form: Any, field: Any) -> None:
    """A validator: the address of a page, or nothing."""
    for fault in validation.url_faults(field.name, field.data or ""):
        raise ValidationError(reason_sentence(fault.key, fault.values))


def check_filled(form: Any, field: Any) -> None:
    """A validator: what a row cannot do without."""
    if not field.data:
        raise ValidationError(reason_sentence("missing", {}))


def _input_words(edtf: str) -> str:
    """A stored date as it is read again, in the language of whoever writes."""
    return edtf_words(edtf) if edtf else ""
