"""The forms by which a member acts on a case. Each carries the revision that was looked at."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, DateField, HiddenField, IntegerField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, ValidationError

from register.cases.checklist import ATTESTATIONS
from register.cases.member_view import DeskCase
from register.cases.queries import NUMBER_LIMIT
from register.cases.vocabulary import Vocabulary
from register.errors import Invalid, RegisterError, TextError
from register.text.normalisation import one_line
from register.web.error_messages import error_sentence
from register.web.form_fields import DeskForm, line_field, text_field
from register.web.l10n import typeset

# A day as a browser's own calendar sends it, or as people write it where there is none.
_DAYS = ["%Y-%m-%d", "%d/%m/%Y"]
_CHOOSE_ANSWER = _("Choisissez une réponse.")
_NO_NUMBER = _("Ce numéro n’est celui d’aucun cas.")


class ActForm(DeskForm):
    """What every act's form has: ``vu``, the revision before the member's eyes."""

    vu = HiddenField()
    # The revision that stood when the case had moved under the member, and what they had seen.
    moved: tuple[int, int] | None = None

    def set_revision(self, desk_case: DeskCase) -> None:
        """Note what the page shows; what was sent is left as it came."""
        if self.vu.data is None:
            self.vu.data = str(desk_case.revision_id or 0)

    @property
    def seen(self) -> int:
        """The revision looked at; 0, which is none, when the form does not say."""
        digits = str(self.vu.data or "")
        return int(digits) if digits.isdecimal() and len(digits) < 12 else 0

    def attach_error(self, error: RegisterError | TextError, desk_case: DeskCase) -> str:
        """Put an error beside its field, or give its sentence when it is of none.

        :param desk_case: the case as it is now.
        """
        if error.key == "changed_meanwhile":
            self._catch_up(desk_case)
        field = self._fields.get(str(error.values.get("field", "")))
        error_text = typeset(error_sentence(error))
        if field is None:
            return error_text
        field.errors = [*field.errors, error_text]
        return ""

    def _catch_up(self, desk_case: DeskCase) -> None:
        """Show what moved, and let the form be sent again upon the case as it now reads."""
        if desk_case.revision_id is not None:
            self.moved = (self.seen, desk_case.revision_id)
            self.vu.data = str(desk_case.revision_id)


class _TypedValueMixin:
    """A field that comes back as it was typed, without what no page may hold."""

    def _value(self) -> str:
        return one_line(str(super()._value()))  # type: ignore[misc]


class DayField(_TypedValueMixin, DateField):
    """A civil day, as a browser's own calendar sends it or as people write it."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the day; an empty field is none.

        :raises ValueError: there is no such day.
        """
        if not "".join(valuelist).strip():
            self.data = None
            return
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(_("Donnez un jour qui existe, comme 26/06/2026.")) from error


class CaseNumberField(_TypedValueMixin, IntegerField):
    """The number of a case."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the number.

        :raises ValueError: it is none that a case could have.
        """
        typed = "".join(valuelist).strip()
        digits = typed.isascii() and typed.isdigit() and len(typed) < len(str(NUMBER_LIMIT))
        self.data = int(typed) if digits else None
        if not self.data:
            raise ValueError(_NO_NUMBER)


class _OfferedChoiceMixin:
    """A choice among words of ours: what is not offered is answered in French."""

    def pre_validate(self, form: Any) -> None:
        """Refuse what was not offered."""
        try:
            super().pre_validate(form)  # type: ignore[misc]
        except ValidationError as error:
            raise ValidationError(_CHOOSE_ANSWER) from error


class ChoiceRadios(_OfferedChoiceMixin, RadioField):
    """One of several, all of them in view."""


class ChoiceSelect(_OfferedChoiceMixin, SelectField):
    """One of several."""


def _reason_field() -> Any:
    return line_field(_("Motif, pour les membres"), required=True)


class PublishForm(ActForm):
    """Publication: what is attested, why flagged words stay, why it is published."""

    attribution = BooleanField(_("Chaque affirmation est attribuée à sa source"))
    no_private_person = BooleanField(_("Aucune personne privée n’est nommée ni reconnaissable"))
    no_private_life = BooleanField(_("Rien ne touche à la vie privée"))
    flags_reason = line_field(_("Pourquoi les mots signalés restent"))
    reason = _reason_field()

    @property
    def attested(self) -> list[str]:
        """What is ticked."""
        return [name for name in ATTESTATIONS if self[name].data]

    def attach_error(self, error: RegisterError | TextError, desk_case: DeskCase) -> str:
        """As any act's; the checklist is on the page, line by line."""
        return "" if error.key == "checklist" else super().attach_error(error, desk_case)

    def _catch_up(self, desk_case: DeskCase) -> None:
        super()._catch_up(desk_case)
        # What was attested was another text.
        for name in ATTESTATIONS:
            self[name].data = False


class RestoreForm(PublishForm):
    """Restoration: the same, and a public note when the text changed meanwhile."""

    public_note = line_field(_("Note publique"))


class ApproveForm(ActForm):
    """A second member's yes; the page shows what it is given to."""


class RefuseChangeForm(ActForm):
    """A change is refused, with the reason that its writer is given."""

    refusal = text_field(_("Motif du refus"), required=True, limit=2_000)


class InviteForm(ActForm):
    """That the authority was invited to reply on a day, or why it was not."""

    how = ChoiceSelect(
        _("L’autorité est-elle invitée à répondre ?"),
        choices=[
            SelectChoice("yes", _("Oui, elle a été invitée")),
            SelectChoice("no", _("Non, et voici pourquoi")),
        ],
    )
    on = DayField(_("Jour de l’envoi"), format=_DAYS)
    text = text_field(_("Comment, à quelle adresse ; ou pourquoi elle ne l’est pas"), required=True)

    def validate_on(self, field: DayField) -> None:
        """A sent invitation has its day; one that was not sent has none."""
        if self.how.data == "yes" and not field.data and not field.errors:
            raise ValidationError(_("Donnez le jour de l’envoi."))


class ReceiveReplyForm(ActForm):
    """A right of reply as it arrived."""

    author = line_field(_("Qui répond"), required=True, limit=300)
    capacity = line_field(_("En quelle qualité"), required=True, limit=300)
    received_on = DayField(
        _("Reçue le"), format=_DAYS, validators=[InputRequired(_("Donnez le jour de réception."))]
    )
    text = text_field(_("Le texte, tel qu’il est arrivé"), required=True)

    @property
    def day(self) -> date:
        """The day of its arrival.

        :raises Invalid: ``missing``.
        """
        if self.received_on.data is None:
            raise Invalid("missing", field="received_on")
        return self.received_on.data


class PublishReplyForm(ActForm):
    """A received reply is inserted as it is."""

    reason = _reason_field()


class RefuseReplyForm(ActForm):
    """A received reply is refused, with the reason that its author is given."""

    refusal = text_field(_("Motif, tel que l’auteur de la réponse le recevra"), required=True)


class WithdrawForm(ActForm):
    """A case is taken from view; the public is told the reason's own words."""

    restriction = ChoiceRadios(
        _("Motif, que le public lira"), choices=[], validators=[InputRequired(_CHOOSE_ANSWER)]
    )
    reason = _reason_field()

    def set_restrictions(self, vocabulary: Vocabulary) -> None:
        """Offer the reasons of the vocabulary, each in its own words."""
        terms = vocabulary.lists["restriction"].values()
        self.restriction.choices = [
            SelectChoice(term.code, term.label) for term in terms if not term.retired
        ]


class EraseForm(WithdrawForm):
    """The texts of a case are destroyed; no text is kept, not even a reason."""

    reason = None


class MergeForm(ActForm):
    """A case is joined to another one, by its number."""

    into = CaseNumberField(
        _("Numéro de l’autre cas"),
        validators=[InputRequired(_("Donnez le numéro d’un cas publié."))],
    )
    reason = _reason_field()


class DiscardForm(ActForm):
    """A draft is given up."""
