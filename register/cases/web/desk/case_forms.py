"""Forms of the editor of a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, FormField, HiddenField
from wtforms.validators import ValidationError

from register.cases.acts.public_acts import TITLE_LIMIT
from register.cases.validation import NUMBER_LIMIT
from register.cases.web.desk.act_forms import RevisionForm, parse_id
from register.db import db
from register.territory import place_queries
from register.territory.web.place_choice import LinkedRow, PlaceRow
from register.text.typography import french
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

_CHOOSE = _("À choisir")
_UNSPECIFIED = _("Non précisé")
_SUMMARY_LIMIT = 2_000


def appeals() -> Mapping[str, Any]:
    """State of an appeal → its label."""
    return {"oui": _("Appel en cours"), "non": _("Pas d’appel"), "inconnu": _("On ne sait pas")}


def refusals() -> Mapping[str, Any]:
    """Kind of refusal → its label."""
    return {"explicite": _("Refus écrit ou dit"), "implicite": _("Silence gardé")}


def link_kinds() -> Mapping[str, Any]:
    """Kind of link between two cases → its label."""
    return {
        "meme_affaire": _("Même affaire"),
        "fait_suite": _("Fait suite à"),
        "voir_aussi": _("Voir aussi"),
    }


def _yes_or_no() -> Mapping[str, Any]:
    return {"non": _("Non"), "oui": _("Oui")}


def _countries() -> Mapping[str, str]:
    """The countries, France first because nearly all cases are there."""
    names = countries()
    return {"FR": names["FR"], **names}


def _departements() -> Mapping[str, str]:
    rows = place_queries.departements(db.session())
    return {row.code: french(f"{row.code} {row.name}") for row in rows}


def _regions() -> Mapping[str, str]:
    return {row.code: french(row.name) for row in place_queries.regions(db.session())}


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


class StepRow(FieldGroup):
    """A dated step of a proceeding."""

    step = VocabularyField(_("Étape"), vocabulary="etape", none=_CHOOSE)
    date = TypedDateField(_("Date"))
    outcome = VocabularyField(_("Issue de l’étape"), vocabulary="issue", none=_UNSPECIFIED)
    note = line_field(_("Précision"))
    source_url = line_field(_("Adresse de la source"), validators=(check_url,))

    def validate_step(self, field: Any) -> None:
        """Require a step."""
        check_filled(self, field)


class ProceedingRow(FieldGroup):
    """A proceeding: who acts against whom, before which court, and how it ended."""

    prefilled_fields = frozenset({"nature"})

    direction = VocabularyField(_("Qui agit contre qui"), vocabulary="sens", none=_CHOOSE)
    nature = VocabularyField(_("Nature"), vocabulary="nature", default="inconnue")
    plaintiff = VocabularyField(
        _("Qui a engagé la procédure"), vocabulary="acteur", none=_UNSPECIFIED
    )
    court = line_field(_("Juridiction"))
    docket = line_field(_("Numéro de l’affaire"))
    legal_basis = line_field(_("Fondement juridique"))
    amount = line_field(_("Somme demandée"))
    outcome = VocabularyField(_("Issue de la procédure"), vocabulary="issue", none=_UNSPECIFIED)
    outcome_date = TypedDateField(_("Date de la décision"), or_unknown=True)
    appeal = VocabularyField(_("Appel"), vocabulary=appeals, none=_UNSPECIFIED)
    steps = FieldGroupList(StepRow, _("Étape"))

    def validate_direction(self, field: Any) -> None:
        """Require a direction."""
        check_filled(self, field)


class LinkRow(FieldGroup):
    """A link to another case, by its number."""

    prefilled_fields = frozenset({"kind"})

    kind = VocabularyField(_("Lien"), vocabulary=link_kinds, default="meme_affaire")
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


class RequestRow(FieldGroup):
    """A request for a document and its procedure at the CADA (CRPA L311-1 s.)."""

    asked = line_field(_("Ce qui était demandé"))
    asked_of = line_field(_("À qui"))
    asked_on = TypedDateField(_("Demandé le"))
    refusal = VocabularyField(_("Refus"), vocabulary=refusals, none=_UNSPECIFIED)
    refused_on = TypedDateField(_("Refusé le"))
    cada_number = line_field(_("Numéro de la demande à la CADA"))
    cada_registered_on = TypedDateField(_("Saisine de la CADA enregistrée le"))
    cada_opinion_on = TypedDateField(_("Avis de la CADA rendu le"))
    opinion = line_field(_("Ce que dit l’avis"))
    outcome = VocabularyField(_("Ce qu’il en est advenu"), vocabulary="issue", none=_UNSPECIFIED)


class TypeField(VocabularyField):
    """A type, with choices grouped by family."""

    def grouped_choices(self) -> list[tuple[str, list[tuple[str, str, bool]]]]:
        """Families with their types as (code, label, selected); first the types without family."""
        families = current_vocabulary().family_of
        groups = {
            "": "",
            **{name: word.label for name, word in current_vocabulary().lists["famille"].items()},
        }
        return [
            (
                label,
                [
                    (code, word, code == self.data)
                    for code, word in self.offered_choices
                    if families.get(code, "") == name
                ],
            )
            for name, label in groups.items()
        ]


class EditorForm(RevisionForm):
    """Base of the editor's forms."""

    def lists(self) -> dict[str, FieldGroupList]:
        """The lists with buttons to add rows, by name."""
        by_name = {field.name: field for field in self if isinstance(field, FieldGroupList)}
        step_lists = [row.form.steps for row in by_name.get("proceedings", ())]
        return {**by_name, **{steps.name: steps for steps in step_lists}}


class CaseForm(EditorForm):
    """All fields of a case, in the order of its page."""

    sources = FieldGroupList(SourceRow, _("Source"), min_entries=1)
    type_1 = TypeField(_("Type principal"), vocabulary="type", none=_CHOOSE)
    type_2 = TypeField(_("Deuxième type"), vocabulary="type", none=_("Aucun"))
    type_3 = TypeField(_("Troisième type"), vocabulary="type", none=_("Aucun"))
    title = line_field(_("Titre"))
    summary = text_field(_("Résumé"), limit=_SUMMARY_LIMIT)
    date = TypedDateField(_("Date des faits"))
    end_date = TypedDateField(_("Date du dernier fait connu"))
    precision_note = line_field(_("Précision publique sur la date ou le lieu"))
    place = FormField(PlaceRow)
    linked = FieldGroupList(LinkedRow, _("Commune liée"))
    place_label = line_field(_("Lieu, en mots"))
    departement = VocabularyField(_("Département"), vocabulary=_departements, none=_("Aucun"))
    region = VocabularyField(_("Région"), vocabulary=_regions, none=_("Aucune"))
    country = VocabularyField(_("Pays"), vocabulary=_countries, default="FR")
    actor = VocabularyField(_("Qui agit"), vocabulary="acteur", none=_CHOOSE)
    level = VocabularyField(_("Niveau de l’autorité"), vocabulary="niveau", none=_CHOOSE)
    target = VocabularyField(_("Qui est visé"), vocabulary="cible", none=_CHOOSE)
    actor_text = line_field(_("Les mots de la source pour qui agit"))
    outlets = text_field(_("Blogs ou médias en cause"))
    evidence = VocabularyField(_("Niveau de preuve"), vocabulary="preuve", none=_CHOOSE)
    outcome = VocabularyField(_("Issue du cas"), vocabulary="issue", none=_CHOOSE)
    contested = VocabularyField(_("L’autorité conteste-t-elle les faits ?"), vocabulary=_yes_or_no)
    narrative = text_field(_("Récit"))
    proceedings = FieldGroupList(ProceedingRow, _("Procédure"))
    request = FormField(RequestRow)
    steps_taken = line_field(_("Démarches, telles que la source les raconte"))
    amount = line_field(_("Montant en jeu"))
    language = line_field(_("Langue du texte"), limit=8)
    links = FieldGroupList(LinkRow, _("Cas lié"))
    reason = line_field(_("Pourquoi cet enregistrement"), required=True)


class NewForm(CaseForm):
    """A new case, with an internal note."""

    note = text_field(_("Note interne"), limit=10_000)


class EditForm(CaseForm):
    """A draft, with an attestation for cases whose report was withdrawn by its author."""

    without_report = BooleanField(
        _(
            "J’atteste que rien, dans cette version, ne repose sur le seul signalement que son "
            "auteur a retiré"
        )
    )


class CorrectForm(CaseForm):
    """A published case, with a public note."""

    public_note = line_field(_("Note publique"), required=True)


class FollowUpTextRow(FieldGroup):
    """A published follow-up, by its id."""

    id = HiddenField()
    title = line_field(_("Titre"), limit=TITLE_LIMIT, validators=(check_filled,))
    text = text_field(_("Texte"), validators=(check_filled,))


class ReplyTextRow(FieldGroup):
    """A received reply, by its id."""

    id = HiddenField()
    text = text_field(_("Texte"), validators=(check_filled,))


class NoteTextRow(FieldGroup):
    """The public note of an earlier correction, by its id."""

    id = HiddenField()
    note = line_field(_("Note publique"), validators=(check_filled,))


class RedactForm(CorrectForm):
    """A redaction of a case and of its follow-ups, replies and notes."""

    follow_ups = FieldGroupList(FollowUpTextRow, _("Suite"))
    replies = FieldGroupList(ReplyTextRow, _("Réponse"))
    corrections = FieldGroupList(NoteTextRow, _("Correction"))


class FollowUpForm(EditorForm):
    """A follow-up: a dated text, and the new state of outcome, proceedings and request."""

    heading = line_field(_("Titre de la suite"), required=True, limit=TITLE_LIMIT)
    text = text_field(_("Texte de la suite"), required=True)
    happened_on = TypedDateField(_("Date du fait"))
    source_url = line_field(_("Adresse de la source"), validators=(check_url,))
    outcome = VocabularyField(_("Issue du cas"), vocabulary="issue", none=_CHOOSE)
    end_date = TypedDateField(_("Date du dernier fait connu"))
    proceedings = FieldGroupList(ProceedingRow, _("Procédure"))
    request = FormField(RequestRow)
    reason = line_field(_("Pourquoi cet enregistrement"), required=True)
