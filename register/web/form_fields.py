"""Form classes and fields of the site: cleaned text, partial dates, vocabularies, lists of rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import wtforms
from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.form import _Auto
from wtforms import FieldList, FormField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.i18n import get_translations
from wtforms.utils import unset_value
from wtforms.validators import DataRequired, Length, ValidationError

from register.cases import validation
from register.cases.validation import UNKNOWN_WORD
from register.errors import RegisterError, TextError
from register.text import dates
from register.text.dates import Language
from register.text.normalisation import clean, one_line
from register.web.error_messages import error_sentence, reason_sentence
from register.web.l10n import edtf_words, language, typeset, with_label
from register.web.request_context import current_vocabulary

# Rows of a list that are shown again after a fault; nobody adds as many by hand.
MAX_ROWS = 100
# Name of the hidden field that tells a list sent empty from a list not sent.
SENT_MARKER = "lignes"

_MISSING = lazy_gettext("Ce champ doit être rempli.")
_TOO_LONG = lazy_gettext("Le texte dépasse %(max)d caractères.")


@cache
def _wtforms_messages(lang: Language) -> Any:
    return get_translations([lang])


class BaseForm(FlaskForm):  # type: ignore[misc]
    """A form that lists its faults with the ids of their fields, for the error summary."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Options of the form."""

        # Whether required fields are marked: useful where most fields are optional.
        marks_required = False

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """The text fields of the request, without files sent under their names."""
            if formdata is not _Auto:
                return formdata
            return request.form if request.method == "POST" else None

        def get_translations(self, form: Any) -> Any:
            """WTForms' own messages, which Flask-WTF reads from the disk in each request."""
            return _wtforms_messages(language())

    def faults(self) -> list[tuple[str, str]]:
        """Every fault as (field id, sentence), in the order of the fields."""
        return list(_field_faults(self))

    def attach(self, error: RegisterError) -> bool:
        """Add an error to the field that it names; False where this form has no such field."""
        field = self._fields.get(str(error.values.get("field", "")))
        if field is None:
            return False
        # The page names the field itself.
        field.errors = [*field.errors, typeset(reason_sentence(error.key, error.values))]
        return True

    @property
    def is_sent(self) -> bool:
        """Whether the form was sent and is valid."""
        return bool(self.validate_on_submit())


class DeskForm(BaseForm):
    """A form of the desk, where most fields are optional and required ones are marked."""

    class Meta(BaseForm.Meta):
        """Options of the form."""

        marks_required = True


def _field_faults(fields: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for field in fields:
        errors = field.errors
        if isinstance(field, FormField):
            yield from _field_faults(field.form, prefix)
            continue
        if isinstance(field, FieldList):
            # WTForms mixes the list's own errors (text) with those of its rows (mappings).
            errors = [error for error in errors if not isinstance(error, dict | list | tuple)]
        for error in errors:
            # In "Source 2, adresse" the label is in the middle of a sentence.
            name = _lower_first(str(field.label.text)) if prefix else str(field.label.text)
            yield field.id, with_label(f"{prefix}{name}", _lower_first(str(error)))
        if isinstance(field, FieldList):
            for position, subfield in enumerate(field.entries, start=1):
                yield from _field_faults([subfield], f"{prefix}{field.label.text} {position}, ")


def _lower_first(words: str) -> str:
    return words[:1].lower() + words[1:]


class LineField(StringField):
    """A line of text; its filter makes None an empty text."""

    data: str


class MultilineField(TextAreaField):
    """Several lines of text; its filter makes None an empty text."""

    data: str


def code_choices(words: Mapping[str, Any]) -> list[SelectChoice]:
    """The choices of codes, in their order."""
    return [SelectChoice(code, label) for code, label in words.items()]


def line_field(label: Any, *, limit: int = 2_000, **options: Any) -> LineField:
    """A line of text, with spaces and hidden characters normalised.

    :param options: those of the field, and ``required``.
    """
    clean_line = [lambda typed: one_line(typed or "")]
    return LineField(label, filters=clean_line, **_with_validators(limit, **options))


def text_field(label: Any, *, limit: int = 50_000, **options: Any) -> MultilineField:
    """Several lines of text, with hidden characters removed; see :func:`line_field`."""
    clean_text = [lambda typed: clean(typed or "").strip()]
    return MultilineField(label, filters=clean_text, **_with_validators(limit, **options))


def _with_validators(
    limit: int, *, required: bool = False, validators: Sequence[Any] = (), **options: Any
) -> dict[str, Any]:
    own_validators: list[Any] = [DataRequired(_MISSING)] if required else []
    own_validators.append(Length(max=limit, message=_TOO_LONG))
    return {"validators": [*own_validators, *validators], **options}


class FieldGroup(wtforms.Form):
    """A group of fields within a form; an empty one is valid and ignored."""

    # Fields that have a value from the start, and do not make a group filled.
    prefilled_fields: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was entered in it."""
        return not any(
            field.filled_rows if isinstance(field, FieldGroupList) else field.data
            for field in self
            if field.short_name not in self.prefilled_fields
        )

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether the group is valid; an empty one always is."""
        return self.is_empty or super().validate(extra_validators)


class TypedDateField(StringField):
    """A partial date as people write it.

    :param or_unknown: whether the date may be given as unknown, which differs from empty.
    """

    def __init__(self, label: Any = None, *, or_unknown: bool = False, **options: Any) -> None:
        super().__init__(label, **options)
        self.or_unknown = or_unknown

    def process_data(self, value: str | None) -> None:
        """Show a stored date in words that parse to the same date."""
        unknown = str(_("inconnue"))
        self.data = unknown if value == UNKNOWN_WORD else _input_words(value or "")

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take what was typed, on one line."""
        if valuelist:
            self.data = one_line(valuelist[0])

    def pre_validate(self, form: Any) -> None:
        """Refuse what cannot be parsed as a date."""
        try:
            self._parse_typed()
        except TextError as error:
            raise ValidationError(error_sentence(error)) from error

    @property
    def edtf(self) -> str:
        """The date as stored (EDTF); empty when there is none or it cannot be parsed."""
        try:
            return self._parse_typed()
        except TextError:
            return ""

    @property
    def understood(self) -> str:
        """The parsed date in words, when they differ from what was typed."""
        words = _input_words(self.edtf) if self.edtf != UNKNOWN_WORD else ""
        return words if words != self.data else ""

    def _parse_typed(self) -> str:
        return dates.parse_typed_date(
            self.data or "", unknown=UNKNOWN_WORD if self.or_unknown else ""
        )


class VocabularyField(SelectField):
    """A choice of one vocabulary word; a retired word is offered only where it is already stored.

    :param vocabulary: name of the vocabulary, or a function that returns labels by code.
    :param none: label of the empty choice, if there is one.
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
        """Offer the current words, and the stored one."""
        super().process(*args, **options)
        self.data = one_line(str(self.data or ""))
        labels = self.current_words()
        if self.none is not None:
            labels = {"": str(self.none), **labels}
        is_stored = bool(self.data) and self.data == str(self.object_data or "")
        if self.data not in labels and is_stored and isinstance(self.vocabulary, str):
            vocabulary = current_vocabulary()
            if vocabulary.has(self.vocabulary, self.data):
                stored_label = vocabulary.label(self.vocabulary, self.data)
                labels = {**labels, self.data: _("%(word)s (mot retiré)", word=stored_label)}
        self.offered_choices = list(labels.items())
        self.choices = list(self.offered_choices)

    def current_words(self) -> dict[str, str]:
        """Labels of the codes in use, in their order."""
        if not isinstance(self.vocabulary, str):
            return {code: str(label) for code, label in self.vocabulary().items()}
        words = current_vocabulary().lists[self.vocabulary].values()
        return {
            word.code: word.label[:1].upper() + word.label[1:] for word in words if not word.retired
        }

    def pre_validate(self, form: Any) -> None:
        """Refuse a code that is not offered."""
        if self.data not in dict(self.offered_choices):
            raise ValidationError(reason_sentence("unknown_code", {"value": self.data[:40]}))

    @property
    def definition(self) -> str:
        """The definition of the chosen word; empty when it has none."""
        word = isinstance(self.vocabulary, str) and current_vocabulary().word(
            self.vocabulary, self.data
        )
        return word.definition if word else ""


class FieldGroupList(FieldList):  # type: ignore[type-arg]
    """A list of field groups; when the request does not contain it, the stored rows.

    WTForms takes the number of a row from the request; here its digits and their count are bounded.
    """

    def __init__(self, shape: type[FieldGroup], label: Any = None, **options: Any) -> None:
        super().__init__(FormField(shape), label, **options)
        self.excess_rows = 0

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        """Read the rows that were sent, or show the stored ones."""
        is_sent = formdata is not None and (
            f"{self.name}-{SENT_MARKER}" in formdata or bool(self._row_numbers(formdata))
        )
        super().process(formdata if is_sent else None, data, extra_filters)

    def _row_numbers(self, formdata: Any) -> list[int]:
        pattern = re.compile(re.escape(self.name) + r"-([0-9]{1,6})-")
        return sorted({int(match[1]) for name in formdata if (match := pattern.match(name))})

    def _extract_indices(self, prefix: str, formdata: Any) -> Iterator[int]:
        row_numbers = self._row_numbers(formdata)
        self.excess_rows = max(0, len(row_numbers) - MAX_ROWS)
        yield from row_numbers[:MAX_ROWS]

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        """Whether every row is valid and there are not too many."""
        super().validate(form, extra_validators)
        if self.excess_rows or len(self.filled_rows) > validation.LIST_LIMIT:
            sentence = reason_sentence("too_many", {"limit": validation.LIST_LIMIT})
            self.errors = [*self.errors, sentence]
        return not self.errors

    @property
    def filled_rows(self) -> list[Any]:
        """The rows in which something was entered."""
        return [row_field.form for row_field in self.entries if not row_field.form.is_empty]


def check_url(form: Any, field: Any) -> None:
    """Validator: the URL of a page, or empty."""
    for fault in validation.url_faults(field.name, field.data or ""):
        raise ValidationError(reason_sentence(fault.key, fault.values))


def check_filled(form: Any, field: Any) -> None:
    """Validator: a field that a row requires."""
    if not field.data:
        raise ValidationError(reason_sentence("missing", {}))


def _input_words(edtf: str) -> str:
    """A stored date in words, in the language of the page."""
    return edtf_words(edtf) if edtf else ""
