"""Forms about one revision of a case, with the reasons of its risk flags and the attestations."""

from __future__ import annotations

from typing import Any, cast

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, Field, HiddenField
from wtforms.utils import unset_value
from wtforms.validators import ValidationError

from register.cases.acts.public_changes import REASON_LIMIT
from register.cases.checklist import ATTESTATIONS, CheckItem
from register.errors import Incomplete, RegisterError, TextError
from register.text.normalisation import one_line
from register.web.error_messages import check_sentence, error_sentence
from register.web.form_fields import DeskForm
from register.web.l10n import typeset


def parse_id(digits: str) -> int:
    """An id from a form or an address; 0, which no row has, for any other text."""
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 11 else 0


class RevisionForm(DeskForm):
    """A form about one revision of a case: ``vu``, the revision that the member has seen."""

    vu = HiddenField()

    @property
    def seen(self) -> int:
        """The seen revision; 0, which no revision has, when the form has none."""
        return parse_id(str(self.vu.data or ""))

    def arguments(self) -> dict[str, Any]:
        """The arguments of the act."""
        return {"seen": self.seen}


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

    def attach_checks(self, error: RegisterError | TextError) -> str:
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

    def untick(self) -> None:
        """Untick the attestations, after a conflict: they were about another text."""
        for name in ATTESTATIONS:
            self[name].data = False
