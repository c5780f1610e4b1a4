"""The forms by which a member answers a report. Each carries how many messages were read."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import HiddenField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired

from register.cases.vocabulary import Vocabulary
from register.cases.web.desk.act_forms import ChoiceRadios
from register.errors import RegisterError
from register.reports.acts.moderation import SENTENCE_LIMIT
from register.reports.report_content import MESSAGE_LIMIT
from register.web.form_fields import DeskForm, text_field

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
