"""Forms of questions and decisions about a report."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired

from register.cases.validation import NUMBER_LIMIT
from register.cases.vocabulary import Vocabulary
from register.cases.web.desk.act_forms import ChoiceRadios
from register.errors import RegisterError
from register.reports.acts.moderation import SENTENCE_LIMIT
from register.reports.report_content import MESSAGE_LIMIT
from register.text.normalisation import one_line
from register.web.form_fields import DeskForm, line_field, text_field

_CHOOSE = _("Choisissez un motif.")


class ReportActForm(DeskForm):
    """A form of an act on a report. ``vu``: the number of messages on the member's page."""

    vu = HiddenField()

    @property
    def seen(self) -> int:
        """The number of messages on the member's page; -1, which never matches, if invalid."""
        digits = str(self.vu.data or "")
        return int(digits) if digits.isdecimal() and len(digits) < 6 else -1

    def attach_error(self, error: RegisterError, error_text: str) -> str:
        """Attach an error to the text field that it is about, and return "".

        :param error_text: the error in words, returned for an error about no field.
        """
        if error.values.get("field") != "text":
            return error_text
        # Acts call both a question and the sentence of a decision ``text``.
        field = self["text"] if "text" in self else self["sentence"]
        field.errors = [*field.errors, error_text]
        return ""


class AskForm(ReportActForm):
    """A question to the reporter."""

    text = text_field(
        _("Votre question"),
        required=True,
        limit=MESSAGE_LIMIT,
        description=_(
            "Son auteur la lit avec son code, à sa prochaine visite. Ne demandez que ce qui "
            "manque, et rien qui permette de l’identifier."
        ),
    )


class DeclineForm(ReportActForm):
    """A refusal, with a reason and a sentence for the reporter."""

    reason = ChoiceRadios(_("Motif"), choices=[], validators=[InputRequired(_CHOOSE)])
    sentence = text_field(
        _("La phrase que son auteur lira"),
        limit=SENTENCE_LIMIT,
        description=_("Laissée vide, c’est la phrase écrite sous le motif qui est envoyée."),
    )

    def set_reasons(self, vocabulary: Vocabulary) -> None:
        """Set the choices to the current reasons of the vocabulary."""
        words = vocabulary.lists["refus"].values()
        self.reason.choices = [
            SelectChoice(word.code, word.label) for word in words if not word.retired
        ]

    def reporter_sentence(self, vocabulary: Vocabulary) -> str:
        """The sentence for the reporter: the written one, or that of the reason."""
        return self.sentence.data or self.proposed_sentence(vocabulary)

    def proposed_sentence(self, vocabulary: Vocabulary) -> str:
        """The sentence of the chosen reason; empty before one is chosen."""
        word = vocabulary.word("refus", str(self.reason.data or ""))
        return str(word.extra.get("sentence", "")) if word else ""


_SENTENCE_HINT = _(
    "Facultatif. Il la lit à sa prochaine visite, avec son code. N’y dites rien qui permette à un "
    "autre de l’identifier."
)


class DecisionForm(ReportActForm):
    """A form that accepts a report, with an optional sentence for the reporter."""

    sentence = text_field(
        _("Une phrase pour l’auteur du signalement"),
        limit=SENTENCE_LIMIT,
        description=_SENTENCE_HINT,
    )


class AcceptForm(DecisionForm):
    """The acceptance of a report as a draft; ``reprendre``: names of the parts taken over."""

    reprendre = SelectMultipleField(choices=[], validate_choice=False)
    reason = line_field(
        _("Pourquoi ce dossier"),
        required=True,
        description=_("Pour l’équipe : ce qui le rend crédible, ce qui reste à vérifier."),
    )

    def taken(self, names: Iterable[str]) -> set[str]:
        """The ticked parts among those with the names."""
        return set(names) & {one_line(str(name)) for name in self.reprendre.data or ()}


class AttachForm(DecisionForm):
    """The attachment of a report to a case, by its number on the desk or its public number."""

    numero = line_field(_("Numéro d’un cas public"), limit=20)
    dossier = line_field(_("Numéro d’un dossier du bureau"), limit=20)

    @property
    def case_id(self) -> int:
        """The number on the desk; 0 for none or an invalid one."""
        return parse_number(self.dossier.data)

    @property
    def case_number(self) -> int:
        """The public number; 0 for none or an invalid one."""
        return parse_number(self.numero.data)


def parse_number(typed: str) -> int:
    """A number from "12" or "nº 12"; 0 for other texts."""
    digits = typed.casefold().removeprefix("nº").removeprefix("n°").strip()
    is_number = digits.isascii() and digits.isdecimal() and len(digits) < 11
    return min(int(digits), NUMBER_LIMIT) if is_number else 0
