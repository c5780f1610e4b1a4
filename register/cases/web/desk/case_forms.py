"""The editor's forms: everything that a member may write of a case, but files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, FormField, HiddenField
from wtforms.validators import ValidationError

from register.cases.acts.after_publication import TITLE_LIMIT
from register.cases.validation import NUMBER_LIMIT
from register.db import db
from register.territory import places
from register.territory.web.place_field import LinkedRow, PlaceRow
from register.text.typography import french
from register.web.context import book
from register.web.desk_fields import Row, Rows, TypedDate, Words, address, filled
from register.web.form_fields import DeskForm, line, text
from register.web.l10n import countries

_NONE = _("À choisir")
_SILENT = _("Non précisé")
_SUMMARY = 2_000


def appeals() -> Mapping[str, Any]:
    """Whether an appeal is pending, in words."""
    return {"oui": _("Appel en cours"), "non": _("Pas d’appel"), "inconnu": _("On ne sait pas")}


def refusals() -> Mapping[str, Any]:
    """The forms of a refusal, in words."""
    return {"explicite": _("Refus écrit ou dit"), "implicite": _("Silence gardé")}


def link_kinds() -> Mapping[str, Any]:
    """How two cases belong together, in words."""
    return {
        "meme_affaire": _("Même affaire"),
        "fait_suite": _("Fait suite à"),
        "voir_aussi": _("Voir aussi"),
    }


def _yes_or_no() -> Mapping[str, Any]:
    return {"non": _("Non"), "oui": _("Oui")}


def _countries() -> Mapping[str, str]:
    """France first: nearly every case is there."""
    every = countries()
    return {"FR": every["FR"], **every}


def _departements() -> Mapping[str, str]:
    rows = places.departements(db.session())
    return {row.code: french(f"{row.code} {row.name}") for row in rows}


def _regions() -> Mapping[str, str]:
    return {row.code: french(row.name) for row in places.regions(db.session())}


class SourceRow(Row):
    """A source: what it is, where it is, and when it said so."""

    quiet = frozenset({"kind"})

    url = line(_("Adresse de la page"), checks=(filled, address))
    kind = Words(_("Sorte de source"), vocabulary="source", default="presse")
    title = line(_("Titre de l’article"))
    publisher = line(_("Publié par"))
    published_on = TypedDate(_("Date de parution"))
    label = line(_("Nom de la source, s’il faut le préciser"))
    archived_url = line(_("Adresse d’une copie archivée"), checks=(address,))
    checked_on = TypedDate(_("Lien vérifié le"))


class StepRow(Row):
    """A dated step of a proceeding."""

    step = Words(_("Étape"), vocabulary="etape", none=_NONE)
    date = TypedDate(_("Date"))
    outcome = Words(_("Issue de l’étape"), vocabulary="issue", none=_SILENT)
    note = line(_("Précision"))
    source_url = line(_("Adresse de la source"), checks=(address,))

    def validate_step(self, field: Any) -> None:
        """A step is one of the vocabulary."""
        filled(self, field)


class ProceedingRow(Row):
    """A proceeding: who acts against whom, before which court, and how it ended."""

    quiet = frozenset({"nature"})

    direction = Words(_("Qui agit contre qui"), vocabulary="sens", none=_NONE)
    nature = Words(_("Nature"), vocabulary="nature", default="inconnue")
    plaintiff = Words(_("Qui a engagé la procédure"), vocabulary="acteur", none=_SILENT)
    court = line(_("Juridiction"))
    docket = line(_("Numéro de l’affaire"))
    legal_basis = line(_("Fondement juridique"))
    amount = line(_("Somme demandée"))
    outcome = Words(_("Issue de la procédure"), vocabulary="issue", none=_SILENT)
    outcome_date = TypedDate(_("Date de la décision"), or_unknown=True)
    appeal = Words(_("Appel"), vocabulary=appeals, none=_SILENT)
    steps = Rows(StepRow, _("Étape"))

    def validate_direction(self, field: Any) -> None:
        """A proceeding is always somebody's against somebody."""
        filled(self, field)


class LinkRow(Row):
    """A link to another case, by its number."""

    quiet = frozenset({"kind"})

    kind = Words(_("Lien"), vocabulary=link_kinds, default="meme_affaire")
    number = line(_("Numéro du cas"), limit=20)

    def validate_number(self, field: Any) -> None:
        """A number as the register gives them."""
        if not self.case_number:
            raise ValidationError(_("Donnez le numéro d’un cas, comme 12."))

    @property
    def case_number(self) -> int:
        """The number; 0 when there is none."""
        told = str(self.number.data or "").casefold().removeprefix("nº").removeprefix("n°").strip()
        known = told.isascii() and told.isdecimal() and len(told) < 11
        return min(int(told), NUMBER_LIMIT) if known else 0


class RequestRow(Row):
    """A request for a document and its way through the CADA (CRPA L311-1 s.)."""

    asked = line(_("Ce qui était demandé"))
    asked_of = line(_("À qui"))
    asked_on = TypedDate(_("Demandé le"))
    refusal = Words(_("Refus"), vocabulary=refusals, none=_SILENT)
    refused_on = TypedDate(_("Refusé le"))
    cada_number = line(_("Numéro de la demande à la CADA"))
    cada_registered_on = TypedDate(_("Saisine de la CADA enregistrée le"))
    cada_opinion_on = TypedDate(_("Avis de la CADA rendu le"))
    opinion = line(_("Ce que dit l’avis"))
    outcome = Words(_("Ce qu’il en est advenu"), vocabulary="issue", none=_SILENT)


class TypeWords(Words):
    """A type of what happened, offered under its family."""

    def grouped(self) -> list[tuple[str, list[tuple[str, str, bool]]]]:
        """Families with their types as (code, label, whether chosen); first what is of none."""
        families = book().family_of
        groups = {"": "", **{name: word.label for name, word in book().lists["famille"].items()}}
        return [
            (
                label,
                [
                    (code, word, code == self.data)
                    for code, word in self.offered
                    if families.get(code, "") == name
                ],
            )
            for name, label in groups.items()
        ]


class Written(DeskForm):
    """What every form of the editor has: the reason, and the revision that was looked at."""

    vu = HiddenField()

    @property
    def seen(self) -> int:
        """The revision looked at; 0, which is none, when the form does not say."""
        told = str(self.vu.data or "")
        return int(told) if told.isascii() and told.isdecimal() and len(told) < 11 else 0

    def lists(self) -> dict[str, Rows]:
        """Every list that grows by a button, by its name."""
        found = {field.name: field for field in self if isinstance(field, Rows)}
        inner = [row.form.steps for row in found.get("proceedings", ())]
        return {**found, **{steps.name: steps for steps in inner}}


class CaseForm(Written):
    """The whole of a case, in the order of its page."""

    sources = Rows(SourceRow, _("Source"), min_entries=1)
    type_1 = TypeWords(_("Type principal"), vocabulary="type", none=_NONE)
    type_2 = TypeWords(_("Deuxième type"), vocabulary="type", none=_("Aucun"))
    type_3 = TypeWords(_("Troisième type"), vocabulary="type", none=_("Aucun"))
    title = line(_("Titre"))
    summary = text(_("Résumé"), limit=_SUMMARY)
    date = TypedDate(_("Date des faits"))
    end_date = TypedDate(_("Date du dernier fait connu"))
    precision_note = line(_("Précision publique sur la date ou le lieu"))
    place = FormField(PlaceRow)
    linked = Rows(LinkedRow, _("Commune liée"))
    place_label = line(_("Lieu, en mots"))
    departement = Words(_("Département"), vocabulary=_departements, none=_("Aucun"))
    region = Words(_("Région"), vocabulary=_regions, none=_("Aucune"))
    country = Words(_("Pays"), vocabulary=_countries, default="FR")
    actor = Words(_("Qui agit"), vocabulary="acteur", none=_NONE)
    level = Words(_("Niveau de l’autorité"), vocabulary="niveau", none=_NONE)
    target = Words(_("Qui est visé"), vocabulary="cible", none=_NONE)
    actor_text = line(_("Les mots de la source pour qui agit"))
    outlets = text(_("Blogs ou médias en cause"))
    evidence = Words(_("Niveau de preuve"), vocabulary="preuve", none=_NONE)
    outcome = Words(_("Issue du cas"), vocabulary="issue", none=_NONE)
    contested = Words(_("L’autorité conteste-t-elle les faits ?"), vocabulary=_yes_or_no)
    narrative = text(_("Récit"))
    proceedings = Rows(ProceedingRow, _("Procédure"))
    request = FormField(RequestRow)
    steps_taken = line(_("Démarches, telles que la source les raconte"))
    amount = line(_("Montant en jeu"))
    language = line(_("Langue du texte"), limit=8)
    links = Rows(LinkRow, _("Cas lié"))
    reason = line(_("Pourquoi cet enregistrement"), needed=True)


class NewForm(CaseForm):
    """A new case; what only the team should know goes into a note."""

    note = text(_("Note interne"), limit=10_000)


class EditForm(CaseForm):
    """A draft; after a report behind it was taken back, what is attested of the new version."""

    without_report = BooleanField(
        _(
            "J’atteste que rien, dans cette version, ne repose sur le seul signalement que son "
            "auteur a retiré"
        )
    )


class CorrectForm(CaseForm):
    """A published case; readers see the note."""

    public_note = line(_("Note publique"), needed=True)


class FollowUpTextRow(Row):
    """A published follow-up, by its id."""

    id = HiddenField()
    title = line(_("Titre"), limit=TITLE_LIMIT, checks=(filled,))
    text = text(_("Texte"), checks=(filled,))


class ReplyTextRow(Row):
    """A received reply, by its id."""

    id = HiddenField()
    text = text(_("Texte"), checks=(filled,))


class NoteTextRow(Row):
    """The public note of an earlier correction, by its id."""

    id = HiddenField()
    note = line(_("Note publique"), checks=(filled,))


class RedactForm(CorrectForm):
    """A passage is taken out of a case and of all that was added to it."""

    follow_ups = Rows(FollowUpTextRow, _("Suite"))
    replies = Rows(ReplyTextRow, _("Réponse"))
    corrections = Rows(NoteTextRow, _("Correction"))


class FollowUpForm(Written):
    """What happened since: a dated text, and how things went on."""

    heading = line(_("Titre de la suite"), needed=True, limit=TITLE_LIMIT)
    text = text(_("Texte de la suite"), needed=True)
    happened_on = TypedDate(_("Date du fait"))
    source_url = line(_("Adresse de la source"), checks=(address,))
    outcome = Words(_("Issue du cas"), vocabulary="issue", none=_NONE)
    end_date = TypedDate(_("Date du dernier fait connu"))
    proceedings = Rows(ProceedingRow, _("Procédure"))
    request = FormField(RequestRow)
    reason = line(_("Pourquoi cet enregistrement"), needed=True)
