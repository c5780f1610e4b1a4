"""Forms of the acts on a case, each with the revision that the member has seen."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, DateField, IntegerField, RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired

from register.cases import reply_refusals
from register.cases.acts.claims import NOTE_LIMIT
from register.cases.acts.public_changes import REASON_LIMIT
from register.cases.acts.refusals import PASSAGE_LIMIT
from register.cases.checklist import ATTESTATIONS
from register.cases.member_view import DeskCase
from register.cases.validation import NUMBER_LIMIT
from register.cases.web.desk.revision_forms import AttestedForm, ExplainedForm, RevisionForm
from register.db import now
from register.errors import Invalid, RegisterError, TextError
from register.text.dates import paris_day
from register.text.normalisation import one_line
from register.web.error_messages import error_sentence, reason_sentence
from register.web.form_fields import BaseForm, line_field, text_field
from register.web.l10n import language, typeset
from register.web.request_context import current_vocabulary, settings

# The format of browsers' date fields, and the French one for browsers without.
DAY_FORMATS = ["%Y-%m-%d", "%d/%m/%Y"]
CHOOSE_ANSWER = _("Choisissez une réponse.")
# Fields that are no argument of an act by their name.
_UNNAMED_FIELDS = ("vu", "csrf_token", *ATTESTATIONS)


def today() -> date:
    """The civil day in Paris."""
    return paris_day(now())


class ActForm(RevisionForm):
    """Form of an act; ``template``: its page, where that has not the name of the view."""

    template = ""
    # After a conflict: the revision that the member had seen, and the present one.
    moved: tuple[int, int] | None = None

    def arguments(self) -> dict[str, Any]:
        """The arguments of the act: the seen revision and the fields by name."""
        fields = {name: data for name, data in self.data.items() if name not in _UNNAMED_FIELDS}
        return {**fields, "seen": self.seen}

    def attach_error(self, error: RegisterError | TextError, desk_case: DeskCase) -> str:
        """Add an error to its field, or return its sentence when it belongs to no field.

        After a conflict the present revision is set, so that the form can be sent again.

        :param desk_case: the present case.
        """
        if error.key == "changed_meanwhile" and desk_case.revision_id is not None:
            self.moved = (self.seen, desk_case.revision_id)
            self.vu.data = str(desk_case.revision_id)
            if isinstance(self, AttestedForm):
                self.untick()
        if error.key == "checklist" and isinstance(self, ExplainedForm):
            return self.attach_checks(error)
        field = self._fields.get(str(error.values.get("field", "")))
        if field is None:
            return typeset(error_sentence(error))
        # The page names the field itself.
        field.errors = [*field.errors, typeset(reason_sentence(error.key, error.values))]
        return ""


class _TypedValueMixin:
    """A field that shows the typed text again, without control characters."""

    def _value(self) -> str:
        return one_line(str(super()._value()))  # type: ignore[misc]


class DayField(_TypedValueMixin, DateField):
    """A civil day."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Parse the day; an empty field is None.

        :raises ValueError: the day does not exist.
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
        """Parse the number.

        :raises ValueError: no case can have it.
        """
        typed = "".join(valuelist).strip()
        digits = typed.isascii() and typed.isdigit() and len(typed) < len(str(NUMBER_LIMIT))
        self.data = int(typed) if digits else None
        if not self.data:
            raise ValueError(_("Ce numéro n’est celui d’aucun cas."))


class ChoiceRadios(RadioField):
    """A choice as radio buttons."""

    def __init__(self, *args: Any, **options: Any) -> None:
        # WTForms knows this option, its type stubs do not yet.
        super().__init__(*args, invalid_choice_message=CHOOSE_ANSWER, **options)  # type: ignore[call-arg]


def _reason_field() -> Any:
    return line_field(_("Motif, pour les membres"), required=True)


class PublishForm(AttestedForm, ActForm):
    """Publication: attestations, missing reasons of flags, reason for publishing."""

    reason = _reason_field()

    def arguments(self) -> dict[str, Any]:
        """The arguments of the act."""
        return {**super().arguments(), "single": settings().single_moderator}

    def attach_checks(self, error: RegisterError | TextError) -> str:
        """Add no item to a field: the page shows the whole checklist."""
        return ""


class RestoreForm(PublishForm):
    """Restoration: as publication, with a public note for a changed text."""

    template = "publish"

    public_note = line_field(_("Note publique"))


class RefusalForm(ActForm):
    """Refusal of a version, with the reason for its writer and the passage that it is about."""

    template = "approve"

    refusal = text_field(_("Motif du refus"), required=True, limit=REASON_LIMIT)
    passage = text_field(_("Passage en cause"), limit=PASSAGE_LIMIT)


class RefuseChangeForm(RefusalForm):
    """Refusal of a change."""

    template = "change"


class ReceiveReplyForm(ActForm):
    """A received right of reply."""

    author = line_field(_("Qui répond"), required=True, limit=300)
    capacity = line_field(_("En quelle qualité"), required=True, limit=300)
    received_on = DayField(
        _("Reçue le"),
        format=DAY_FORMATS,
        default=today,
        validators=[InputRequired(_("Donnez le jour de réception."))],
    )
    text = text_field(_("Le texte, tel qu’il est arrivé"), required=True)

    @property
    def day(self) -> date:
        """The day of arrival.

        :raises Invalid: ``missing``.
        """
        if self.received_on.data is None:
            raise Invalid("missing", field="received_on")
        return self.received_on.data

    def arguments(self) -> dict[str, Any]:
        """The arguments of the act, which takes no revision."""
        arguments = super().arguments()
        del arguments["seen"]
        return {**arguments, "received_on": self.day}


class PublishReplyForm(AttestedForm, ActForm):
    """Publication of a received reply, whose text is its author's own."""

    attribution = BooleanField(_("La réponse et la qualité de son auteur sont bien les siennes"))
    no_private_person = BooleanField(
        _("Elle ne met en cause aucune personne privée, nommée ou reconnaissable")
    )
    no_private_life = BooleanField(_("Elle ne touche à la vie privée de personne"))
    reason = _reason_field()


class RefuseReplyForm(ActForm):
    """Refusal of a received reply, with a reason of the law and words for its author."""

    code = ChoiceRadios(
        _("Motif, que l’auteur de la réponse lira"),
        choices=lambda: [
            SelectChoice(reason.code, reason.sentence)
            for reason in reply_refusals.reasons(language()).values()
        ],
        validators=[InputRequired(CHOOSE_ANSWER)],
    )
    refusal = text_field(_("Vos mots pour lui (facultatif)"))


def _restriction_field(label: Any) -> ChoiceRadios:
    return ChoiceRadios(
        label,
        choices=lambda: [
            SelectChoice(word.code, word.label)
            for word in current_vocabulary().lists["restriction"].values()
            if not word.retired
        ],
        validators=[InputRequired(CHOOSE_ANSWER)],
    )


class WithdrawForm(ActForm):
    """Withdrawal of a case, with the reason code whose label is public."""

    restriction = _restriction_field(_("Motif, que le public lira"))
    reason = _reason_field()


class EraseForm(ActForm):
    """Erasure of a case's texts, without a reason in words, which would be a text too."""

    restriction = _restriction_field(_("Motif, pour les membres seulement"))

    def arguments(self) -> dict[str, Any]:
        """The arguments of the act."""
        return {**super().arguments(), "single": settings().single_moderator}


class MergeForm(ActForm):
    """Merge of a case into another one, by its number."""

    into = CaseNumberField(
        _("Numéro de l’autre cas"),
        validators=[InputRequired(_("Donnez le numéro d’un cas publié."))],
    )
    reason = _reason_field()


class PartForm(ActForm):
    """End of a merge."""

    reason = _reason_field()


class NoteForm(BaseForm):
    """An internal note."""

    text = text_field(_("Note interne"), required=True, limit=NOTE_LIMIT)
