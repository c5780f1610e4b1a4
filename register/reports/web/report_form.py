"""Report form.

Only the account is required. Other answers are refused for their length only, and a place once,
when its name is ambiguous.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import ValidationError

from register.cases.validation import NUMBER_LIMIT
from register.db import now
from register.reports import form_vocabulary, questions, report_content
from register.reports.account_hints import date_hints, place_hints
from register.reports.outside_places import read_outside_place
from register.reports.questions import AnswerKind
from register.reports.report_files import sent_files
from register.reports.web.answer_fields import (
    CheckedField,
    CheckedRadio,
    CheckedSelect,
    clean_code,
    hidden_field,
    long_field,
    short_field,
)
from register.reports.web.file_field import files_field
from register.reports.web.public_forms import FORM_NAME, SessionlessForm, read_token
from register.reports.web.question_fields import QuestionFields, field_name
from register.territory.gazetteer import gazetteer
from register.territory.name_normalisation import MAX_TYPED_LENGTH
from register.territory.readings import INEXACT, PlaceResolution
from register.territory.web import place_choice
from register.territory.web.place_choice import PlaceChoice, place_from_key, place_key, stored_place
from register.territory.web.place_names import describe_place
from register.text.date_reading import DateReading, read_date
from register.text.dates import paris_day
from register.text.normalisation import one_line
from register.web import messages
from register.web.blueprints import submit
from register.web.form_fields import code_choices, text_field
from register.web.l10n import edtf_words, language, number, typeset
from register.web.request_validation import DESK_BODY_LIMIT

# The place code that keeps the words as typed.
AS_TYPED = "tel_quel"
_PLACE_KINDS = frozenset({"commune", "departement", "region"})


class TypesField(CheckedField, SelectMultipleField):
    """Types as checkboxes."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Keep each known code once, in the order of the form."""
        known_codes = form_vocabulary.words("type", language())
        self.data = [code for code in known_codes if code in valuelist]
        self.was_unknown = not known_codes.keys() >= set(valuelist)


def _role_field(label: Any, vocabulary_name: str) -> CheckedSelect:
    def choices() -> list[SelectChoice]:
        labels = form_vocabulary.labels(vocabulary_name, language())
        return code_choices({"": _("Je préfère ne pas le dire"), **labels})

    return CheckedSelect(label, choices=choices)


class ReportFields(SessionlessForm):
    """The fields of a report, by the names that the page has for them, without its questions.

    An empty form has these alone: to make the fields of all questions takes some milliseconds.
    """

    recit = long_field(
        _("Ce qui s’est passé"),
        report_content.ACCOUNT_LIMIT,
        _("Gardez l’essentiel : vous pourrez ajouter la suite après l’envoi."),
        missing=messages.reports.account_missing,
    )
    types = TypesField(_("De quoi il s’agit"), choices=[], validate_choice=False)
    lieu = short_field(_("Où"), MAX_TYPED_LENGTH)
    lieu_code = StringField(filters=[clean_code])
    lieu_lu = hidden_field()
    quand = short_field(_("Quand"))
    acteur = _role_field(_("Qui a agi"), "acteur")
    acteur_texte = short_field(_("Qui a agi, avec vos mots"))
    cible = _role_field(_("Qui était visé"), "cible")
    cible_texte = short_field(_("Qui était visé, avec vos mots"))
    procedure = CheckedRadio(
        _("Plainte ou procès"), choices=code_choices(messages.reports.proceedings)
    )
    liens = text_field(_("Où cela peut se vérifier"), limit=DESK_BODY_LIMIT)
    fichiers = files_field()
    contact = short_field(
        _("Vous joindre"), report_content.CONTACT_LIMIT, _("Une adresse ou un numéro suffit.")
    )
    # The public case that the report adds to, what it tells of it, and whether the known cases
    # were shown and are another matter.
    cas = hidden_field()
    manque = hidden_field()
    autre = hidden_field()
    site_web = StringField(filters=[clean_code])
    jeton = hidden_field()

    # The places that the typed one may be, the likeliest first; set by :meth:`resolve_place`.
    places: Sequence[PlaceChoice] = ()

    def is_blank(self, *names: str) -> bool:
        """Whether some fields, by default all, show nothing but what those of a new form show."""
        fields = [self[name] for name in names] or [each for each in self if each.name != "jeton"]
        return not any(field.data or field.errors for field in fields)

    def prefill_place(self, place: str) -> None:
        """Fill in a place as if typed and recognised; nothing for an unknown one.

        :param place: kind and code, as :attr:`place_code`.
        """
        place_match = place_from_key(place)
        if place_match:
            field_values = stored_place(*place_match)
            self.lieu.data = self.lieu_lu.data = field_values["typed"]
            self.lieu_code.data = field_values["code"]

    def take_offers(self, place: str, when: str) -> None:
        """Answer place and date with what the account says, where they are empty.

        :param place: kind and code of an offered place.
        :param when: the words of an offered day.
        """
        if not self.lieu.data:
            self.prefill_place(place)
        if not self.quand.data:
            self.quand.data = one_line(when)[: report_content.LINE_LIMIT]

    def validate_lieu(self, field: Any) -> None:
        """Ask once which place an ambiguous name means."""
        question = self.resolve_place()
        if question:
            raise ValidationError(str(question))

    def validate_liens(self, field: Any) -> None:
        """Refuse too many links and too long ones only."""
        if len(self.links) > report_content.LINKS_LIMIT:
            raise ValidationError(
                str(messages.reports.too_many_links) % {"most": report_content.LINKS_LIMIT}
            )
        for line, link in enumerate(self.links, start=1):
            if len(link) > report_content.LINK_LIMIT:
                values = {"line": line, "most": number(report_content.LINK_LIMIT)}
                raise ValidationError(str(messages.reports.long_link) % values)

    def resolve_place(self) -> Any:
        """Recognise the typed place; the question of an ambiguous one, empty otherwise.

        A text recognised before keeps the choice made then.
        """
        typed = self.lieu.data
        if not typed or len(typed) > MAX_TYPED_LENGTH:
            self.lieu_code.data = self.lieu_lu.data = ""
            return ""
        resolution = place_choice.resolve_typed(typed, _PLACE_KINDS)
        outside = read_outside_place(typed)
        if outside and (
            outside.is_explicit or all(place.why in INEXACT for place in resolution.readings)
        ):
            # "Genève" is no misspelt Renève.
            resolution = PlaceResolution(())
        readings = (*resolution.readings, *resolution.near_readings)
        self.places = place_choice.choices_for(readings, place_choice.place_url)
        if self.lieu_lu.data == typed:
            if self.lieu_code.data not in {place_key(reading) for reading in readings}:
                self.lieu_code.data = AS_TYPED
            return ""
        self.lieu_lu.data, self.lieu_code.data = typed, ""
        if resolution.sole_reading:
            self.lieu_code.data = place_key(resolution.sole_reading)
            return ""
        if not readings:
            self.lieu_code.data = AS_TYPED
            return ""
        if not resolution.readings:
            return messages.reports.near_places
        is_unsure = all(reading.why in INEXACT for reading in resolution.readings)
        return messages.reports.unsure_place if is_unsure else messages.reports.several_places

    def place_options(self) -> list[tuple[str, str]]:
        """Codes and distinctive names of the places to choose from."""
        return [(place_key(option.reading), option.label) for option in self.places]

    @property
    def place_code(self) -> str:
        """The recognised place (``commune:93032``); empty where the words stay as typed."""
        code = str(self.lieu_code.data)
        return "" if code == AS_TYPED or not self.lieu.data else code

    @property
    def case_number(self) -> int:
        """The number of the case that the report adds to; 0 for none."""
        digits = str(self.cas.data)
        is_number = digits.isascii() and digits.isdecimal() and len(digits) < 11
        return min(int(digits), NUMBER_LIMIT) if is_number else 0

    @property
    def missing_part(self) -> str:
        """What the report tells of that case, a code of ``missing_parts``; empty for none."""
        code = str(self.manque.data)
        return code if self.case_number and code in messages.reports.missing_parts else ""

    def bind(self, number: str, missing: str) -> None:
        """Make the report an addition to a case; an empty number ends it."""
        self.cas.data, self.manque.data = number, missing

    @property
    def links(self) -> tuple[str, ...]:
        """The lines that are not empty."""
        lines = map(one_line, self.liens.data.split("\n"))
        return tuple(line for line in lines if line)


class ReportForm(QuestionFields, ReportFields):
    """A report as it was sent: its fields and its answers to questions.

    It has the fields of the questions that were answered, and of those for the ticked types.
    """

    def __init__(self) -> None:
        super().__init__()
        # The token, while it is valid.
        self.token = read_token(FORM_NAME, self.jeton.data or "")
        # The day on which the form was displayed, to which "hier soir" is relative. It comes from
        # the token, so that the same form sent again the next day has the same content. A form too
        # old to be sent is shown again today.
        self.displayed_on = self.token.day if self.token else paris_day(now())
        ticked, sent = set(self.types.data or ()), request.form
        self.add_questions(
            (
                question
                for question in questions.current_questions()
                if question.types & ticked or field_name(question) in sent
            ),
            sent,
        )

    @property
    def date_reading(self) -> DateReading:
        """What the typed date means on the day on which the form was displayed."""
        return read_date(self.quand.data, self.displayed_on)

    @property
    def answers(self) -> dict[str, str]:
        """The answers to the questions of the ticked types, and the dates recognised in them.

        A day to come that is told without its year would be read as a past one.
        """
        answers = {}
        for question in questions.questions_for(self.types.data or ()):
            value = self.question_field(question).data
            if value:
                answers[question.key] = value
            if value and question.kind is AnswerKind.DATE:
                reading = read_date(value, self.displayed_on)
                if reading.start and not (question.is_future and reading.is_year_missing):
                    answers[report_content.date_key(question.key)] = reading.start
        return answers

    @property
    def sent(self) -> report_content.ReportContent:
        """The content of the report, once the form is valid."""
        # The names of the fields are those of the stored content; a field that is renamed must be
        # renamed in ``report_content`` too.
        recognised: dict[str, Any] = {
            "lieu_code": self.place_code,
            "date": self.date_reading.start,
            "liens": list(self.links),
            "reponses": self.answers,
            "cas": self.case_number,
            "manque": self.missing_part,
            "fichiers": [f.public_fields() for f in sent_files(self.fichiers.manifests)],
        }
        return report_content.parse_content(
            {**self.data, "types": self.types.data or [], **recognised}, language()
        )


# --- what the account says -----------------------------------------------------------------


@submit.app_template_global("offered_places")
def offered_places(form: ReportForm) -> Sequence[tuple[str, str]]:
    """Value and words of a button for each commune that the account names, without an answer."""
    if form.lieu.data:
        return []
    offers = []
    for reading in place_hints(gazetteer(), form.recit.data):
        key = place_key(reading)
        offers.append((key, typeset(describe_place(*key.split(":")))))
    return offers


@submit.app_template_global("offered_days")
def offered_days(form: ReportForm) -> Sequence[tuple[str, str]]:
    """The same for each day that the account tells."""
    if form.quand.data:
        return []
    hints = date_hints(form.recit.data, form.displayed_on)
    return [(words, _day_words(words, edtf_words(reading.start))) for words, reading in hints]


def _day_words(typed: str, day: str) -> str:
    """The words of the account, and the day that they mean where it is not in them."""
    if day in typed:
        return typeset(typed)
    return typeset(gettext("« %(typed)s » : %(date)s", typed=typed, date=day))
