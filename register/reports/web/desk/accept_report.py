"""The forms by which a report becomes a draft, or joins a case."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import lazy_gettext as _
from wtforms import SelectMultipleField

from register.cases.validation import NUMBER_LIMIT
from register.reports.acts.moderation import SENTENCE_LIMIT
from register.reports.web.desk.decision_forms import ReportActForm
from register.text.sanitize import one_line
from register.web.form_fields import line_field, text_field

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
