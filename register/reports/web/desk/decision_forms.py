"""The forms by which a member answers a report. Each carries how many messages were read."""

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
    """What every form about a report has: ``vu``, how many messages the member had read."""

    vu = HiddenField()

    @property
    def seen(self) -> int:
        """How many messages were read; -1, which is no number of them, when it does not say."""
        digits = str(self.vu.data or "")
        return int(digits) if digits.isdecimal() and len(digits) < 6 else -1

    def attach_error(self, error: RegisterError, error_text: str) -> str:
        """Put an error beside the text that it is about, or give its sentence back.

        :param error_text: the error in words.
        """
        if error.values.get("field") != "text":
            return error_text
        # To an act, a question and the sentence of a decision are both a text.
        field = self["text"] if "text" in self else self["sentence"]
        field.errors = [*field.errors, error_text]
        return ""


class AskForm(ReportActForm):
    """A question to the one who reported."""

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
    """A report is declined, with a reason and a sentence that its author reads."""

    reason = ChoiceRadios(_("Motif"), choices=[], validators=[InputRequired(_CHOOSE)])
    sentence = text_field(
        _("La phrase que son auteur lira"),
        limit=SENTENCE_LIMIT,
        description=_("Laissée vide, c’est la phrase écrite sous le motif qui est envoyée."),
    )

    def set_reasons(self, vocabulary: Vocabulary) -> None:
        """Offer the reasons of the vocabulary."""
        words = vocabulary.lists["refus"].values()
        self.reason.choices = [
            SelectChoice(word.code, word.label) for word in words if not word.retired
        ]

    def reporter_sentence(self, vocabulary: Vocabulary) -> str:
        """What its author will read: what was written, or the sentence of the reason."""
        return self.sentence.data or self.proposed_sentence(vocabulary)

    def proposed_sentence(self, vocabulary: Vocabulary) -> str:
        """The sentence of the chosen reason; nothing before one is chosen."""
        word = vocabulary.word("refus", str(self.reason.data or ""))
        return str(word.extra.get("sentence", "")) if word else ""


_SENTENCE_HINT = _(
    "Facultatif. Il la lit à sa prochaine visite, avec son code. N’y dites rien qui permette à un "
    "autre de l’identifier."
)


class DecisionForm(ReportActForm):
    """What both ways of accepting have: a sentence for the one who reported."""

    sentence = text_field(
        _("Une phrase pour l’auteur du signalement"),
        limit=SENTENCE_LIMIT,
        description=_SENTENCE_HINT,
    )


class AcceptForm(DecisionForm):
    """A report becomes a draft; ``reprendre`` names what is taken over."""

    reprendre = SelectMultipleField(choices=[], validate_choice=False)
    reason = line_field(
        _("Pourquoi ce dossier"),
        required=True,
        description=_("Pour l’équipe : ce qui le rend crédible, ce qui reste à vérifier."),
    )

    def taken(self, names: Iterable[str]) -> set[str]:
        """What is ticked among the parts that there are."""
        return set(names) & {one_line(str(name)) for name in self.reprendre.data or ()}


class AttachForm(DecisionForm):
    """A report joins a case, by its number on the desk or its public one."""

    numero = line_field(_("Numéro d’un cas public"), limit=20)
    dossier = line_field(_("Numéro d’un dossier du bureau"), limit=20)

    @property
    def case_id(self) -> int:
        """The number on the desk; 0 when none is given."""
        return parse_number(self.dossier.data)

    @property
    def case_number(self) -> int:
        """The public number; 0 when none is given."""
        return parse_number(self.numero.data)


def parse_number(typed: str) -> int:
    """A number as people copy it: "12", "nº 12"; 0 for what is none."""
    digits = typed.casefold().removeprefix("nº").removeprefix("n°").strip()
    is_number = digits.isascii() and digits.isdecimal() and len(digits) < 11
    return min(int(digits), NUMBER_LIMIT) if is_number else 0
