"""Rows and choices of the editor's forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

from flask_babel import lazy_gettext as _
from wtforms import HiddenField
from wtforms.validators import ValidationError

from register.cases import case_content as contents
from register.cases.acts.public_changes import TITLE_LIMIT
from register.cases.legal_rules import exact_days
from register.cases.timeline import exact_day
from register.cases.validation import NUMBER_LIMIT, UNKNOWN_WORD
from register.cases.web.desk.act_forms import parse_id
from register.territory import place_queries
from register.text.typography import french
from register.web import messages
from register.web.form_fields import (
    FieldGroup,
    FieldGroupList,
    TypedDateField,
    VocabularyField,
    check_filled,
    check_url,
    line_field,
    text_field,
)
from register.web.l10n import countries
from register.web.request_context import current_vocabulary

Part = TypeVar("Part")
CHOOSE = _("À choisir")
_UNSPECIFIED = _("Non précisé")
_CHOICES = messages.names.choices


def countries_by_code() -> Mapping[str, str]:
    """The countries, France first because nearly all cases are there."""
    names = countries()
    return {"FR": names["FR"], **names}


def departements_by_code() -> Mapping[str, str]:
    """The départements with their codes."""
    rows = place_queries.departements()
    return {row.code: french(f"{row.code} {row.name}") for row in rows}


def build_part(part_type: type[Part], row: Any, **overrides: Any) -> Part:
    """A part of the content from the fields of the same names; dates as EDTF."""
    values = {
        name: row[name].edtf if isinstance(row[name], TypedDateField) else row[name].data
        for name in contents.FIELD_RULES[part_type]
        if name not in overrides
    }
    return part_type(**values, **overrides)


class OutcomeField(VocabularyField):
    """An outcome, with choices grouped by the natures of the proceedings that can have it."""

    natures: tuple[str, ...] = (UNKNOWN_WORD,)

    def limited_to(self, *natures: str) -> OutcomeField:
        """The field with the outcomes of these natures only, and the chosen one."""
        self.natures = natures
        return self

    def grouped_choices(self) -> list[tuple[str, list[tuple[str, str, bool]]]]:
        """Natures with their outcomes as (code, label, selected); first those of any nature."""
        vocabulary = current_vocabulary()
        groups: dict[str, list[tuple[str, str, bool]]] = {"": []}
        for code, label in self.offered_choices:
            word, is_chosen = vocabulary.word("issue", code), code == self.data
            natures = word.extra.get("natures", ()) if word else ()
            if not natures or is_chosen or {UNKNOWN_WORD, *natures}.intersection(self.natures):
                group = ", ".join(vocabulary.label("nature", nature) for nature in natures)
                groups.setdefault(group, []).append((code, label, is_chosen))
        return list(groups.items())


class SourceRow(FieldGroup):
    """A source."""

    prefilled_fields = frozenset({"kind"})

    url = line_field(_("Adresse de la page"), validators=(check_filled, check_url))
    kind = VocabularyField(_("Sorte de source"), vocabulary="source", default="presse")
    title = line_field(_("Titre de l’article"))
    publisher = line_field(_("Publié par"))
    published_on = TypedDateField(_("Date de parution"))
    label = line_field(_("Nom de la source, s’il faut le préciser"))
    archived_url = line_field(_("Adresse d’une copie archivée"), validators=(check_url,))
    checked_on = TypedDateField(_("Lien vérifié le"))

    def content(self) -> contents.SourceContent:
        """The source of the valid row."""
        return build_part(contents.SourceContent, self, copied_on="", copy_sha256="")


class DecisionFields(FieldGroup):
    """A step of a proceeding: with an outcome, a decision."""

    step = VocabularyField(_("Étape"), vocabulary="etape", none=CHOOSE, validators=(check_filled,))
    outcome = OutcomeField(_("Ce qui a été décidé"), vocabulary="issue", none=_UNSPECIFIED)
    court = line_field(_("Juridiction"))
    appeal = VocabularyField(
        _("Appel ou pourvoi"), vocabulary=lambda: _CHOICES["appeal"], none=_UNSPECIFIED
    )
    appeal_until = TypedDateField(_("Dernier jour de ce recours"))


class StepRow(DecisionFields):
    """A dated step of a proceeding, with its source."""

    prefilled_fields = frozenset({"follow_up"})

    date = TypedDateField(_("Date"), or_unknown=True)
    note = line_field(_("Précision"))
    source_url = line_field(_("Adresse de la source"), validators=(check_url,))
    follow_up = HiddenField()

    def content(self) -> contents.StepContent:
        """The step of the valid row."""
        follow_up = parse_id(str(self.follow_up.data))
        return build_part(contents.StepContent, self, follow_up=follow_up)


class AddedStepRow(DecisionFields):
    """A step that a follow-up adds to a proceeding, with the follow-up's own date and source."""

    prefilled_fields = frozenset({"proceeding"})

    proceeding = VocabularyField(_("Procédure"), vocabulary=dict)

    def process(self, *args: Any, **values: Any) -> None:
        """Offer the proceedings by their numbers, with the given labels."""
        labels = values.pop("labels", {})
        self.proceeding.vocabulary = lambda: labels
        super().process(*args, **values)

    def added_to(
        self, proceedings: Sequence[contents.ProceedingContent], date: str, source_url: str
    ) -> tuple[contents.ProceedingContent, ...]:
        """The proceedings with the step of the valid row, if it is filled in."""
        step = build_part(
            contents.StepContent, self, date=date, source_url=source_url, note="", follow_up=0
        )
        number = "" if self.is_empty else self.proceeding.data
        return tuple(
            replace(suit, steps=(*suit.steps, step)) if str(rank) == number else suit
            for rank, suit in enumerate(proceedings, start=1)
        )


class ProceedingRow(FieldGroup):
    """A proceeding: who acts against whom, and its steps."""

    prefilled_fields = frozenset({"nature"})

    direction = VocabularyField(
        _("Qui agit contre qui"), vocabulary="sens", none=CHOOSE, validators=(check_filled,)
    )
    nature = VocabularyField(_("Nature"), vocabulary="nature", default="inconnue")
    plaintiff = VocabularyField(
        _("Qui a engagé la procédure"), vocabulary="acteur", none=_UNSPECIFIED
    )
    docket = line_field(_("Numéro de l’affaire"))
    legal_basis = line_field(_("Fondement juridique"))
    amount = line_field(_("Somme demandée"))
    steps = FieldGroupList(StepRow, _("Étape"))

    def content(self) -> contents.ProceedingContent:
        """The proceeding of the valid row."""
        steps = tuple(step.content() for step in self.steps.filled_rows)
        return build_part(contents.ProceedingContent, self, steps=steps)


class LinkRow(FieldGroup):
    """A link to another case, by its number."""

    prefilled_fields = frozenset({"kind"})

    kind = VocabularyField(_("Lien"), vocabulary=lambda: _CHOICES["link"], default="meme_affaire")
    number = line_field(_("Numéro du cas"), limit=20)

    def validate_number(self, field: Any) -> None:
        """Require a possible case number."""
        if not self.case_number:
            raise ValidationError(_("Donnez le numéro d’un cas, comme 12."))

    @property
    def case_number(self) -> int:
        """The typed number without "nº"; 0 when it is not a case number."""
        typed = str(self.number.data or "").casefold().removeprefix("nº").removeprefix("n°")
        return min(parse_id(typed.strip()), NUMBER_LIMIT)

    def content(self) -> contents.LinkContent:
        """The link of the valid row."""
        return contents.LinkContent(self.kind.data, self.case_number)


class RequestRow(FieldGroup):
    """A request for a document and its procedure at the CADA (CRPA L311-1 s.)."""

    asked = line_field(_("Ce qui était demandé"))
    asked_of = line_field(_("À qui"))
    asked_on = TypedDateField(_("Demandé le"))
    refusal = VocabularyField(_("Refus"), vocabulary=lambda: _CHOICES["refusal"], none=_UNSPECIFIED)
    refused_on = TypedDateField(_("Refusé le"))
    cada_number = line_field(_("Numéro de la demande à la CADA"))
    cada_registered_on = TypedDateField(_("Saisine de la CADA enregistrée le"))
    cada_opinion_on = TypedDateField(_("Avis de la CADA rendu le"))
    opinion = line_field(_("Ce que dit l’avis"))
    outcome = OutcomeField(_("Ce qu’il en est advenu"), vocabulary="issue", none=_UNSPECIFIED)

    def content(self) -> contents.RequestContent | None:
        """The request of the valid row; None when it is empty."""
        return None if self.is_empty else build_part(contents.RequestContent, self)

    def terms(self) -> list[tuple[str, date]]:
        """The legal terms that its days set running (CRPA R311-12 s., CJA R421-1)."""
        days = exact_days(
            demande=exact_day(self.asked_on.edtf),
            refus=exact_day(self.refused_on.edtf),
            enregistrement=exact_day(self.cada_registered_on.edtf),
        )
        labels = {
            "silence": _("Un mois de silence vaut refus : le"),
            "saisine": _("Deux mois pour saisir la CADA : jusqu’au"),
            "avis": _("La CADA a un mois pour rendre son avis : jusqu’au"),
            "confirmation": _("Deux mois après la saisine, le refus est confirmé : le"),
            "tribunal": _("Deux mois pour saisir le tribunal administratif : jusqu’au"),
        }
        return [(str(label), days[code]) for code, label in labels.items() if code in days]


class FollowUpTextRow(FieldGroup):
    """A published follow-up, by its id."""

    id = HiddenField()
    title = line_field(_("Titre"), limit=TITLE_LIMIT, validators=(check_filled,))
    text = text_field(_("Texte"), validators=(check_filled,))
    no_source = line_field(_("Sans adresse : pourquoi"))


class ReplyTextRow(FieldGroup):
    """A received reply, by its id."""

    id = HiddenField()
    text = text_field(_("Texte"), validators=(check_filled,))


class NoteTextRow(FieldGroup):
    """The public note of an earlier correction, by its id."""

    id = HiddenField()
    note = line_field(_("Note publique"), validators=(check_filled,))


class TypeField(VocabularyField):
    """A type, with choices grouped by family."""

    def grouped_choices(self) -> list[tuple[str, list[tuple[str, str, bool]]]]:
        """Families with their types as (code, label, selected); first the types without family."""
        vocabulary = current_vocabulary()
        groups: dict[str, list[tuple[str, str, bool]]] = {"": []}
        for family in vocabulary.lists["famille"].values():
            groups[family.label] = []
        for code, label in self.offered_choices:
            family_label = vocabulary.label("famille", vocabulary.family_of.get(code, ""))
            groups[family_label].append((code, label, code == self.data))
        return list(groups.items())
