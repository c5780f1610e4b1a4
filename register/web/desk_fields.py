"""Fields that the forms of the desk are made of: typed dates, words of a vocabulary, rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import wtforms
from flask_babel import gettext as _
from wtforms import FieldList, FormField, SelectField, StringField
from wtforms.utils import unset_value
from wtforms.validators import ValidationError

from register.cases import validation
from register.cases.validation import UNKNOWN
from register.text import typed_dates
from register.text.errors import TextError
from register.text.sanitize import one_line
from register.web.context import book
from register.web.error_messages import say, say_reason
from register.web.l10n import edtf_words

# Rows of one list that are shown again; nobody adds as many by hand.
ROWS_KEPT = 100
# What tells a list that was sent empty from one that was not sent.
SENT = "lignes"


class Row(wtforms.Form):
    """A group of fields within a form; an empty one is no fault and is left out."""

    # Fields that say nothing by themselves: they have a value from the start.
    quiet: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written in it."""
        return not any(_told(field) for field in self if field.short_name not in self.quiet)

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether it holds; an empty row always does."""
        return self.is_empty or super().validate(extra_validators)


def _told(field: Any) -> bool:
    if isinstance(field, FieldList):
        return any(not entry.form.is_empty for entry in field.entries)
    return bool(field.data)


class TypedDate(StringField):
    """A partial date as people write it; ``edtf`` is what it was understood as.

    :param or_unknown: whether a date may be said to be unknown, which is more than silence.
    """

    def __init__(self, label: Any = None, *, or_unknown: bool = False, **more: Any) -> None:
        super().__init__(label, **more)
        self.or_unknown = or_unknown

    def process_data(self, value: str | None) -> None:
        """A stored date, in words that read as the same date."""
        unknown = str(_("inconnue"))
        self.data = unknown if value == UNKNOWN else _in_words(value or "")

    def process_formdata(self, valuelist: list[Any]) -> None:
        """What was typed."""
        if valuelist:
            self.data = one_line(valuelist[0])

    def pre_validate(self, form: Any) -> None:
        """Refuse what reads as no date."""
        try:
            self._read()
        except TextError as error:
            raise ValidationError(say(error)) from error

    @property
    def edtf(self) -> str:
        """The date as it is stored; empty when there is none or it cannot be read."""
        try:
            return self._read()
        except TextError:
            return ""

    @property
    def understood(self) -> str:
        """The date in words, where that says more than what was typed."""
        words = _in_words(self.edtf) if self.edtf != UNKNOWN else ""
        return words if words != self.data else ""

    def _read(self) -> str:
        return typed_dates.read(self.data or "", unknown=UNKNOWN if self.or_unknown else "")


class Words(SelectField):
    """One word of a vocabulary, or none; a retired one stays where it stands.

    :param vocabulary: the list's name, or what gives codes and labels.
    """

    def __init__(
        self,
        label: Any = None,
        *,
        vocabulary: str | Callable[[], Mapping[str, Any]],
        none: Any = None,
        **more: Any,
    ) -> None:
        super().__init__(label, choices=[], validate_choice=False, **more)
        self.offered: list[tuple[str, str]] = []
        self.vocabulary = vocabulary
        self.none = none

    def process(self, *args: Any, **more: Any) -> None:
        """Offer the words of today, and the one that is there already."""
        super().process(*args, **more)
        self.data = one_line(str(self.data or ""))
        offered = self.words()
        if self.none is not None:
            offered = {"": str(self.none), **offered}
        if self.data not in offered and self._stands(str(self.object_data or "")):
            offered = {**offered, self.data: _("%(word)s (mot retiré)", word=self._label())}
        self.offered = list(offered.items())
        self.choices = list(self.offered)

    def words(self) -> dict[str, str]:
        """The codes in use and their labels, in their order."""
        if not isinstance(self.vocabulary, str):
            return {code: str(label) for code, label in self.vocabulary().items()}
        words = book().lists[self.vocabulary].values()
        return {word.code: _start(word.label) for word in words if not word.retired}

    def pre_validate(self, form: Any) -> None:
        """Refuse a code that is in no list."""
        if self.data not in dict(self.offered):
            raise ValidationError(say_reason("unknown_code", {"value": self.data[:40]}))

    def _stands(self, stored: str) -> bool:
        known = isinstance(self.vocabulary, str) and book().has(self.vocabulary, self.data)
        return bool(self.data) and self.data == stored and known

    def _label(self) -> str:
        return book().label(str(self.vocabulary), self.data)

    @property
    def definition(self) -> str:
        """What the chosen word means, in the vocabulary's words."""
        known = isinstance(self.vocabulary, str) and book().word(self.vocabulary, self.data)
        return known.definition if known else ""


def _start(label: str) -> str:
    return label[:1].upper() + label[1:]


class Rows(FieldList):  # type: ignore[type-arg]
    """Rows of one kind. Those that were not sent at all are the stored ones.

    WTForms reads the number of a row from whatever was sent; here it is a number of ours, and
    there is an end to them.
    """

    def __init__(self, shape: type[Row], label: Any = None, **more: Any) -> None:
        super().__init__(FormField(shape), label, **more)
        self.too_many = 0

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        """Read the rows that were sent, or show the stored ones."""
        sent = formdata is not None and self._was_sent(formdata)
        super().process(formdata if sent else None, data, extra_filters)

    def _was_sent(self, formdata: Any) -> bool:
        return f"{self.name}-{SENT}" in formdata or bool(self._numbers(formdata))

    def _numbers(self, formdata: Any) -> list[int]:
        form = re.compile(re.escape(self.name) + r"-([0-9]{1,6})-")
        return sorted({int(found[1]) for name in formdata if (found := form.match(name))})

    def _extract_indices(self, prefix: str, formdata: Any) -> Iterator[int]:
        found = self._numbers(formdata)
        self.too_many = max(0, len(found) - ROWS_KEPT)
        yield from found[:ROWS_KEPT]

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        """Whether every row holds, and there are not too many."""
        super().validate(form, extra_validators)
        if self.too_many or len(self.told) > validation.LIST_LIMIT:
            said = say_reason("too_many", {"limit": validation.LIST_LIMIT})
            self.errors = [*self.errors, said]
        return not self.errors

    @property
    def told(self) -> list[Any]:
        """The rows in which something was written."""
        return [entry.form for entry in self.entries if not entry.form.is_empty]


def address(form: Any, field: Any) -> None:
    """A validator: the address of a page, or nothing."""
    for fault in validation.url_faults(field.name, field.data or ""):
        raise ValidationError(say_reason(fault.key, fault.values))


def filled(form: Any, field: Any) -> None:
    """A validator: what a row cannot do without."""
    if not field.data:
        raise ValidationError(say_reason("missing", {}))


def _in_words(edtf: str) -> str:
    """A stored date as it is read again, in the language of whoever writes."""
    return edtf_words(edtf) if edtf else ""
