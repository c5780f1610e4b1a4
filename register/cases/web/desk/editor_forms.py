"""Forms of the editor, each with the content that it stands for and the arguments of its act."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, FormField

from register.cases.acts.public_changes import TITLE_LIMIT
from register.cases.case_content import Content, RequestContent
from register.cases.cited_sources import with_copies_of
from register.cases.member_view import DeskCase
from register.cases.validation import LIST_LIMIT, UNKNOWN_WORD, ContentFault
from register.cases.web.desk import editor_rows
from register.cases.web.desk.act_forms import AttestedForm, ExplainedForm, RevisionForm
from register.cases.web.desk.piece_rows import PieceRow, PieceShelf, row_values
from register.territory import place_queries
from register.territory.web import place_choice
from register.territory.web.place_choice import LinkedRow, PlaceRow
from register.text.typography import french
from register.web.error_messages import reason_sentence
from register.web.form_fields import (
    FieldGroupList,
    TypedDateField,
    VocabularyField,
    check_url,
    line_field,
    text_field,
)
from register.web.request_context import current_vocabulary

_TYPE_FIELDS = ("type_1", "type_2", "type_3")
_PLACE_KINDS = ("commune", "departement", "region")
# Fields that are arguments of the act by their names, in the forms that have them.
_ARGUMENT_FIELDS = (
    *("reason", "note", "without_report", "public_note"),
    *("text", "source_url", "no_source"),
)
# Field of the content → fields of the form where the names differ; the first takes its faults.
_FORM_FIELDS = {
    "types": _TYPE_FIELDS,
    "linked_communes": ("linked",),
    "commune": ("place", "departement", "region"),
    "departement": ("departement", "place", "region"),
    "region": ("region", "place", "departement"),
}


class EditorForm(RevisionForm):
    """Base of the editor's forms; ``markdown_field``: the field with a preview."""

    markdown_field = "narrative"

    @classmethod
    def initial_values(cls, desk_case: DeskCase) -> dict[str, Any]:
        """The values of the fields for the present case."""
        return cls.values_of(desk_case, desk_case.content)

    @classmethod
    def values_of(cls, desk_case: DeskCase, content: Content) -> dict[str, Any]:
        """The values of the fields for a content of the case, present or proposed."""
        return form_values(content)

    def content(self, stored: Content) -> Content:
        """The content that the form makes of the stored one."""
        raise NotImplementedError

    def arguments(self) -> dict[str, Any]:
        """The arguments of the act besides the content."""
        fields = {name: self[name].data for name in _ARGUMENT_FIELDS if name in self}
        return {**fields, **super().arguments()}

    def review(self, desk_case: DeskCase) -> Any:
        """What is shown before the act is done; None when it can be done."""
        return None

    def lists(self) -> dict[str, FieldGroupList]:
        """The lists with buttons to add rows, by name."""
        by_name = {field.name: field for field in self if isinstance(field, FieldGroupList)}
        step_lists = [row.form.steps for row in by_name.get("proceedings", ())]
        return {**by_name, **{steps.name: steps for steps in step_lists}}

    def load_pieces(self, desk_case: DeskCase | None, *, is_opened: bool) -> None:
        """Take note of the pieces and copies of the case; nothing for a form without pieces.

        :param is_opened: the form is opened, so that the newer copies of pieces are ticked.
        """

    def restore(self, names: Iterable[str], stored: Mapping[str, Any]) -> None:
        """Reset the fields of these parts of the content to the stored values."""
        for name in names:
            for field_name in _FORM_FIELDS.get(name, (name,)):
                if field_name in self._fields and field_name in stored:
                    self._fields[field_name].process(None, stored[field_name])

    def attach_faults(self, faults: Sequence[ContentFault]) -> list[ContentFault]:
        """Add each fault to its field.

        :returns: the faults without a field in this form.
        """
        unplaced = []
        for fault in faults:
            head, _dot, name = fault.field.partition(".")
            head = "decision" if head == "proceedings" and head not in self._fields else head
            field: Any = self._fields.get(_FORM_FIELDS.get(head, (head,))[0])
            if isinstance(field, FieldGroupList):
                fault_text = str(fault.values.get("value", ""))
                field = next(_faulty_cells(field, name, fault_text), field)
            elif isinstance(field, FormField):
                name = name.rpartition(".")[2]
                field = field.form.typed if head == "commune" else field.form._fields.get(name)
            if field is None:
                unplaced.append(fault)
            else:
                field.errors = [*field.errors, reason_sentence(fault.key, fault.values)]
        return unplaced


def _faulty_cells(rows: FieldGroupList, name: str, fault_text: str) -> Iterator[Any]:
    """The fields with the faulty value that have this name, or any name if it is empty."""
    for row in (entry.form for entry in rows.entries):
        if isinstance(row, PlaceRow):
            if row.place and row.place[1] == fault_text:
                yield row.typed
            continue
        for cell in row:
            cell_text = str(getattr(cell, "edtf", "") or cell.data or "")
            if fault_text and cell_text.startswith(fault_text) and name in ("", cell.short_name):
                yield cell
        list_name, _dot, cell_name = name.partition(".")
        if isinstance(row._fields.get(list_name), FieldGroupList):
            yield from _faulty_cells(row._fields[list_name], cell_name, fault_text)


def form_values(content: Content) -> dict[str, Any]:
    """The values of the editor's fields for a content."""
    values = asdict(content)
    # The place field takes the smallest place; larger ones have fields of their own.
    place_kind = next((kind for kind in _PLACE_KINDS if values[kind]), "")
    place = place_choice.stored_place(place_kind, values.pop(place_kind)) if place_kind else {}
    return {
        **values,
        **dict(zip(_TYPE_FIELDS, (*content.types, "", "", ""), strict=False)),
        "place": place,
        "linked": [place_choice.stored_place("commune", code) for code in content.linked_communes],
        "outlets": "\n".join(content.outlets),
        "contested": "oui" if content.contested else "non",
        "request": asdict(content.request or RequestContent()),
        "pieces": [row_values(piece, rank) for rank, piece in enumerate(content.pieces, start=1)],
        "links": [{"kind": row.kind, "number": str(row.number)} for row in content.links],
    }


class CaseForm(EditorForm):
    """All fields of a case, in the order of its page."""

    sources = FieldGroupList(editor_rows.SourceRow, _("Source"), min_entries=1)
    type_1 = editor_rows.TypeField(_("Type principal"), vocabulary="type", none=editor_rows.CHOOSE)
    type_2 = editor_rows.TypeField(_("Deuxième type"), vocabulary="type", none=_("Aucun"))
    type_3 = editor_rows.TypeField(_("Troisième type"), vocabulary="type", none=_("Aucun"))
    title = line_field(_("Titre"))
    summary = text_field(_("Résumé"), limit=2_000)
    date = TypedDateField(_("Date des faits"))
    end_date = TypedDateField(_("Date du dernier fait connu"))
    precision_note = line_field(_("Précision publique"))
    place = FormField(PlaceRow)
    linked = FieldGroupList(LinkedRow, _("Commune liée"))
    place_label = line_field(_("Lieu, en mots"))
    departement = VocabularyField(
        _("Département"), vocabulary=editor_rows.departements_by_code, none=_("Aucun")
    )
    region = VocabularyField(
        _("Région"),
        vocabulary=lambda: {row.code: french(row.name) for row in place_queries.regions()},
        none=_("Aucune"),
    )
    country = VocabularyField(_("Pays"), vocabulary=editor_rows.countries_by_code, default="FR")
    actor = VocabularyField(_("Qui agit"), vocabulary="acteur", none=editor_rows.CHOOSE)
    level = VocabularyField(_("Niveau de l’autorité"), vocabulary="niveau", none=editor_rows.CHOOSE)
    target = VocabularyField(_("Qui est visé"), vocabulary="cible", none=editor_rows.CHOOSE)
    actor_text = line_field(_("Les mots de la source pour qui agit"))
    outlets = text_field(_("Blogs ou médias en cause"))
    evidence = VocabularyField(_("Niveau de preuve"), vocabulary="preuve", none=editor_rows.CHOOSE)
    outcome = VocabularyField(_("Issue du cas"), vocabulary="issue", none=editor_rows.CHOOSE)
    contested = VocabularyField(
        _("L’autorité conteste-t-elle les faits ?"),
        vocabulary=lambda: {"non": _("Non"), "oui": _("Oui")},
    )
    narrative = text_field(_("Récit"))
    proceedings = FieldGroupList(editor_rows.ProceedingRow, _("Procédure"))
    request = FormField(editor_rows.RequestRow)
    steps_taken = line_field(_("Démarches, telles que la source les raconte"))
    amount = line_field(_("Montant en jeu"))
    language = line_field(_("Langue du texte"), limit=8)
    links = FieldGroupList(editor_rows.LinkRow, _("Cas lié"))
    pieces = FieldGroupList(PieceRow, _("Pièce"))
    reason = line_field(_("Pourquoi cet enregistrement"), required=True)
    shelf = PieceShelf(None)

    def load_pieces(self, desk_case: DeskCase | None, *, is_opened: bool) -> None:
        """Take note of the pieces and copies of the case."""
        self.shelf = PieceShelf(desk_case)
        if is_opened:
            self.shelf.tick_newer(self.pieces)

    def add_piece(self, original: str) -> str:
        """Add the piece of an offered copy; returns the id of its row, or of the list."""
        offered = self.shelf.looked.get(original)
        if offered is None or len(self.pieces.entries) >= LIST_LIMIT:
            return str(self.pieces.id)
        rank = len(self.pieces.entries) + 1
        return str(self.pieces.append_entry(row_values(offered, rank)).id)

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether every field is valid, and every piece still there."""
        is_valid = super().validate(extra_validators)
        return self.shelf.check(self.pieces) and is_valid

    def content(self, stored: Content) -> Content:
        """The content of the valid form."""
        places = {"commune": "", "departement": self.departement.data, "region": self.region.data}
        place_row = self.place.form
        if place_row.place and not place_row.is_empty:
            kind, code = place_row.place
            places[kind] = code
        content = editor_rows.build_part(
            Content,
            self,
            **places,
            types=tuple(self[name].data for name in _TYPE_FIELDS if self[name].data),
            linked_communes=tuple(row.place[1] for row in self.linked.filled_rows if row.place),
            outlets=tuple(filter(None, map(str.strip, self.outlets.data.split("\n")))),
            contested=self.contested.data == "oui",
            language=self.language.data or "fr",
            sources=tuple(row.content() for row in self.sources.filled_rows),
            proceedings=tuple(row.content() for row in self.proceedings.filled_rows),
            request=self.request.form.content(),
            links=tuple(row.content() for row in self.links.filled_rows),
            pieces=self.shelf.pieces(self.pieces, stored.pieces),
        )
        return with_copies_of(content, stored)


class NewForm(ExplainedForm, CaseForm):
    """A new case, with an internal note."""

    takes_revision = False

    note = text_field(_("Note interne"), limit=10_000)


class EditForm(ExplainedForm, CaseForm):
    """A draft, with an attestation for cases whose report was withdrawn by its author."""

    without_report = BooleanField(
        _(
            "J’atteste que rien, dans cette version, ne repose sur le seul signalement que son "
            "auteur a retiré"
        )
    )

    @classmethod
    def initial_values(cls, desk_case: DeskCase) -> dict[str, Any]:
        """The values of the present case, with the reasons of its flags."""
        return {**super().initial_values(desk_case), "flag_reasons": desk_case.flag_reasons}


class CorrectForm(AttestedForm, CaseForm):
    """A published case, with a public note."""

    public_note = line_field(_("Note publique"), required=True)


class FollowUpForm(AttestedForm, EditorForm):
    """A follow-up: a dated text, a step that it adds to a proceeding, outcome and request."""

    markdown_field = "text"

    heading = line_field(_("Titre de la suite"), required=True, limit=TITLE_LIMIT)
    text = text_field(_("Texte de la suite"), required=True)
    happened_on = TypedDateField(_("Date du fait"))
    source_url = line_field(_("Adresse de la source"), validators=(check_url,))
    no_source = line_field(_("Sans adresse : pourquoi"))
    outcome = VocabularyField(_("Issue du cas"), vocabulary="issue", none=editor_rows.CHOOSE)
    end_date = TypedDateField(_("Date du dernier fait connu"))
    decision = FormField(editor_rows.AddedStepRow)
    request = FormField(editor_rows.RequestRow)
    reason = line_field(_("Pourquoi cet enregistrement"), required=True)

    @classmethod
    def values_of(cls, desk_case: DeskCase, content: Content) -> dict[str, Any]:
        """The values of the fields, with the step that the next follow-up adds in the content."""
        vocabulary, rank = current_vocabulary(), len(desk_case.follow_ups) + 1
        suits = list(enumerate(content.proceedings, start=1))
        labels = {
            str(number): f"{number}, {vocabulary.label('sens', suit.direction)}"
            f" ({vocabulary.label('nature', suit.nature)})"
            for number, suit in suits
        }
        added_steps = [
            {"proceeding": str(number), **asdict(step)}
            for number, suit in suits
            for step in suit.steps
            if step.follow_up == rank
        ]
        decision = {**dict(*added_steps[:1]), "labels": labels}
        return {**form_values(content), "decision": decision}

    def content(self, stored: Content) -> Content:
        """The stored content with the new step, outcome and request."""
        # A date that is left empty is one that the source does not give.
        date = self.happened_on.edtf or UNKNOWN_WORD
        step_row, source_url = self.decision.form, self.source_url.data
        return replace(
            stored,
            outcome=self.outcome.data,
            end_date=self.end_date.edtf,
            proceedings=step_row.added_to(stored.proceedings, date, source_url),
            request=self.request.form.content(),
        )

    def arguments(self) -> dict[str, Any]:
        """The arguments of the act besides the content."""
        return {
            **super().arguments(),
            "title": self.heading.data,
            "happened_on": self.happened_on.edtf,
        }
