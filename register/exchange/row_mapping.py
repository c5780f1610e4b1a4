"""One row of the import file ↔ the content of a case (the columns of the public contract)."""

from __future__ import annotations

from collections.abc import Mapping

from register.cases import default_title
from register.cases.case_content import Content, ProceedingContent, SourceContent
from register.cases.vocabulary import Vocabulary
from register.text.countries import country_name
from register.text.fold import fold

# The column that a fault in a field is reported by.
COLUMN_OF = {
    "title": "titre",
    "summary": "resume",
    "date": "date",
    "end_date": "date_fin",
    "precision_note": "precision_publique",
    "country": "pays",
    "commune": "commune",
    "linked_communes": "communes_liees",
    "departement": "departement",
    "place_label": "lieu",
    "level": "niveau",
    "actor": "acteur",
    "actor_text": "acteur_texte",
    "target": "cible",
    "outlets": "media",
    "types": "types",
    "evidence": "preuve",
    "outcome": "issue",
    "steps_taken": "demarches",
    "amount": "montant",
    "sources": "source_url",
    "sources.url": "source_url",
    "sources.kind": "source_type",
    "proceedings": "juridiction",
    "proceedings.direction": "procedure",
    "proceedings.outcome": "issue",
    "proceedings.outcome_date": "date_issue",
    "proceedings.appeal": "en_appel",
}
NO_PROCEEDING = "aucune"


def row_content(
    cells: Mapping[str, str], vocabulary: Vocabulary, kinds: Mapping[str, str], place: str
) -> Content:
    """The content that a row stands for.

    :param kinds: free words for a kind of source → our kind.
    :param place: the name of the row's place, for a title made from type, place and date.
    """
    types = _split_cell(cells["types"])
    return Content(
        title=cells["titre"] or default_title.build_title(types, place, cells["date"], vocabulary),
        summary=cells["resume"],
        date=cells["date"],
        end_date=cells["date_fin"],
        precision_note=cells["precision_publique"],
        country=cells["pays"] or "FR",
        commune=cells["commune"],
        linked_communes=_split_cell(cells["communes_liees"]),
        departement=cells["departement"],
        place_label=cells["lieu"],
        level=cells["niveau"],
        actor=cells["acteur"],
        actor_text=cells["acteur_texte"],
        target=cells["cible"],
        outlets=_split_cell(cells["media"]),
        types=types,
        evidence=cells["preuve"],
        outcome=cells["issue"],
        steps_taken=cells["demarches"],
        amount=cells["montant"],
        sources=_sources(cells, kinds),
        proceedings=_proceedings(cells),
    )


def stray_proceeding_column(cells: Mapping[str, str]) -> str:
    """The first column that tells of a proceeding in a row that says there is none; or empty."""
    if cells["procedure"] not in ("", NO_PROCEEDING):
        return ""
    proceeding_columns = ("juridiction", "date_issue", "en_appel")
    return next((column for column in proceeding_columns if cells[column]), "")


def place_name(cells: Mapping[str, str], commune: str, departement: str) -> str:
    """The place of a row in words: commune, département, free words, or the country."""
    name = commune or departement or cells["lieu"]
    if cells["pays"] not in ("", "FR"):
        country = country_name(cells["pays"])
        return f"{name} ({country})" if name else country
    return name


def _split_cell(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def _sources(cells: Mapping[str, str], kinds: Mapping[str, str]) -> tuple[SourceContent, ...]:
    if not cells["source_url"]:
        return ()
    kind = kinds.get(fold(cells["source_type"]), "autre")
    return (SourceContent(cells["source_url"], kind=kind, label=cells["source_type"]),)


def _proceedings(cells: Mapping[str, str]) -> tuple[ProceedingContent, ...]:
    if cells["procedure"] in ("", NO_PROCEEDING):
        return ()
    return (
        ProceedingContent(
            direction=cells["procedure"],
            court=cells["juridiction"],
            outcome=cells["issue"],
            outcome_date=cells["date_issue"],
            appeal=cells["en_appel"],
        ),
    )
