"""Forms of the acts on a case, each with the revision that the member has seen."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, DateField, Field, HiddenField, IntegerField, RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.utils import unset_value
from wtforms.validators import InputRequired, ValidationError

from register.cases import reply_refusals
from register.cases.acts.public_changes import REASON_LIMIT
from register.cases.acts.refusals import PASSAGE_LIMIT
from register.cases.checklist import ATTESTATIONS, CheckItem
from register.cases.member_view import DeskCase
from register.cases.validation import NUMBER_LIMIT
from register.db import now
from register.errors import Incomplete, RegisterError
from register.text.dates import paris_day
from register.text.normalisation import one_line
from register.web.error_messages import check_sentence, error_sentence
from register.web.form_fields import DeskForm, line_field, text_field
from register.web.l10n import language, typeset
from register.web.request_context import current_vocabulary

# The format of browsers' date fields, and the French one for browsers without.
_DAY_FORMATS = ["%Y-%m-%d", "%d/%m/%Y"]
CHOOSE_ANSWER = _("Choisissez une réponse.")
# Fields that are no argument of an act by their name.
_UNNAMED_FIELDS = ("vu", "csrf_token", *ATTESTATIONS)


def parse_id(digits: str) -> int:
    """An id from a form or an address; 0, which no row has, for any other text."""
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 11 else 0


class RevisionForm(DeskForm):
    """A form about one revision of a case: ``vu``, the revision that the member has seen."""

    vu = HiddenField()
    # Whether the act takes the revision that the member has seen.
    takes_revision = True

    @property
    def seen(self) -> int:
        """The seen revision; 0, which no revision has, when the form has none."""
        return parse_id(str(self.vu.data or ""))

    def arguments(self) -> dict[str, Any]:
        """The arguments of the act."""
        return {"seen": self.seen} if self.takes_revision else {}

    def renew(self, desk_case: DeskCase) -> None:
        """Let the form be sent again on the present revision, after a conflict."""
        self.vu.data = str(desk_case.revision_id or 0)


class FlagReasonsField(Field):
    """The reasons of risk flags by key, each typed in an input of its own."""

    data: dict[str, str]

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        """Take the inputs that were sent, or the stored reasons."""
        self.object_data = {} if data is unset_value else data
        self.data = dict(self.object_data)
        prefix = f"{self.name}-"
        for name in formdata or ():
            if name.startswith(prefix):
                self.data[name.removeprefix(prefix)] = one_line(formdata[name])

    def pre_validate(self, form: Any) -> None:
        """Refuse an endless reason."""
        if any(len(reason) > REASON_LIMIT for reason in self.data.values()):
            raise ValidationError(_("Une raison dépasse %(max)d caractères.", max=REASON_LIMIT))


class ExplainedForm(RevisionForm):
    """A form that asks for the reason of each risk flag of its text."""

    flag_reasons = FlagReasonsField(_("Mots signalés"))

    def arguments(self) -> dict[str, Any]:
        """The arguments of the act, with the reasons."""
        return {**super().arguments(), "flag_reasons": self.flag_reasons.data}

    def faults(self) -> list[tuple[str, str]]:
        """Every fault in the order of the page, which ends with these fields."""
        last_fields = ("flag_reasons", *ATTESTATIONS)
        return sorted(super().faults(), key=lambda fault: fault[0] in last_fields)

    def attach_checks(self, error: RegisterError) -> str:
        """Add the unmet items of the checklist to their fields.

        :returns: the sentence of the items without a field in this form; empty when all have one.
        """
        unplaced = []
        for check_item in cast("list[CheckItem]", error.values["lines"]):
            name = "flag_reasons" if check_item.code == "flags" else check_item.code
            if name in ("flag_reasons", *ATTESTATIONS):
                sentence = typeset(check_sentence(check_item))
                self[name].errors = [*self[name].errors, sentence]
            else:
                unplaced.append(check_item)
        return typeset(error_sentence(Incomplete(error.key, lines=unplaced))) if unplaced else ""


class AttestedForm(ExplainedForm):
    """A form of a public change: attestations by its author, and the reason of each flag."""

    attribution = BooleanField(_("Chaque affirmation est attribuée à sa source"))
    no_private_person = BooleanField(_("Aucune personne privée n’est nommée ni reconnaissable"))
    no_private_life = BooleanField(_("Rien ne touche à la vie privée"))

    @property
    def attested(self) -> list[str]:
        """The attestations that are ticked."""
        return [name for name in ATTESTATIONS if self[name].data]

    def arguments(self) -> dict[str, Any]:
        """The arguments of the act, with the attestations in a list."""
        return {**super().arguments(), "attested": self.attested}

    def renew(self, desk_case: DeskCase) -> None:
        """As of every form, without the attestations: they were about another text."""
        super().renew(desk_case)
        for name in ATTESTATIONS:
            self[name].data = False


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
        return {**fields, **super().arguments()}

    def attach_error(self, error: RegisterError, desk_case: DeskCase) -> str:
        """Add an error to its field, or return its sentence when it belongs to no field.

        After a conflict the present revision is set, so that the form can be sent again.

        :param desk_case: the present case.
        """
        if error.key == "changed_meanwhile" and desk_case.revision_id is not None:
            self.moved = (self.seen, desk_case.revision_id)
            self.renew(desk_case)
        if error.key == "checklist" and isinstance(self, ExplainedForm):
            return self.attach_checks(error)
        return "" if self.attach(error) else typeset(error_sentence(error))


class _TypedValueMixin:
    """A field that shows the typed text again, without control characters."""

    def _value(self) -> str:
        return one_line(str(super()._value()))  # type: ignore[misc]


class DayField(_TypedValueMixin, DateField):
    """A civil day.

    :param missing: the fault of an empty field, if it is required.
    """

    def __init__(self, label: Any, *, missing: Any = "", **options: Any) -> None:
        if missing:
            options["validators"] = [InputRequired(missing)]
        super().__init__(label, format=_DAY_FORMATS, **options)
        self.missing = missing

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Parse the day; an empty field is None.

        :raises ValueError: the day does not exist, or is required and empty.
        """
        if not "".join(valuelist).strip():
            self.data = None
            if self.missing:
                raise ValueError(self.missing)
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
        number = parse_id("".join(valuelist).strip())
        self.data = number if 0 < number < NUMBER_LIMIT else None
        if self.data is None:
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

    def attach_checks(self, error: RegisterError) -> str:
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


class ReceiveReplyForm(ActForm):
    """A received right of reply."""

    takes_revision = False

    author = line_field(_("Qui répond"), required=True, limit=300)
    capacity = line_field(_("En quelle qualité"), required=True, limit=300)
    received_on = DayField(_("Reçue le"), default=today, missing=_("Donnez le jour de réception."))
    text = text_field(_("Le texte, tel qu’il est arrivé"), required=True)


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
