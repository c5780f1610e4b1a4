"""Columns of an import file: rows as content of cases, and faults of a content by column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from register.cases.case_content import Content, ProceedingContent, SourceContent, StepContent
from register.cases.document_formats import is_decision_stated
from register.cases.timeline import DECISION_STEP
from register.cases.validation import ContentFault
from register.cases.vocabulary import Vocabulary, build_title, current_vocabulary
from register.errors import Invalid, TextError
from register.exchange.csv_syntax import ImportRow, parse_rows
from register.exchange.nearest_values import nearest_values
from register.territory import place_queries
from register.text import dates
from register.text.countries import country_name
from register.text.normalisation import fold

# Column → field of the content that it holds, or empty. The column of the outcome holds that of
# the proceeding's decision too.
FIELD_OF_COLUMN = {
    "id": "",
    "titre": "title",
    "date": "date",
    "date_fin": "end_date",
    "precision_publique": "precision_note",
    "pays": "country",
    "commune": "commune",
    "departement": "departement",
    "lieu": "place_label",
    "communes_liees": "linked_communes",
    "niveau": "level",
    "acteur": "actor",
    "acteur_texte": "actor_text",
    "cible": "target",
    "media": "outlets",
    "types": "types",
    "resume": "summary",
    "demarches": "steps_taken",
    "procedure": "proceedings.direction",
    "juridiction": "proceedings.steps.court",
    "issue": "outcome",
    "date_issue": "proceedings.steps.date",
    "montant": "amount",
    "source_url": "sources.url",
    "source_type": "sources.kind",
    "preuve": "evidence",
    "en_appel": "proceedings.steps.appeal",
    "invitation": "",
    "note": "",
}
COLUMNS = tuple(FIELD_OF_COLUMN)
# "oui" or "non"; files made before it lack it.
_CONTESTED = "conteste"
# Field of the content → column in which its faults are reported.
COLUMN_OF_FAULT = {
    **{field_name: column for column, field_name in FIELD_OF_COLUMN.items() if field_name},
    "contested": _CONTESTED,
    "sources": "source_url",
    "proceedings.steps": "juridiction",
    "proceedings.steps.outcome": "issue",
    "proceedings.steps.source_url": "source_url",
}
NO_PROCEEDING = "aucune"


def _column_position(fault: ContentFault) -> int:
    column = COLUMN_OF_FAULT.get(fault.field, fault.field)
    return COLUMNS.index(column) if column in COLUMNS else len(COLUMNS)


def row_content(session: Session, cells: Mapping[str, str], kinds: Mapping[str, str]) -> Content:
    """Content of a row.

    :param kinds: folded words for a kind of source → its code.
    :raises Invalid: ``content``: a column of a proceeding in a row without one, or neither yes
        nor no.
    """
    values: dict[str, Any] = {
        field_name: cells[column]
        for column, field_name in FIELD_OF_COLUMN.items()
        if field_name and "." not in field_name
    }
    for name in ("types", "outlets", "linked_communes"):
        values[name] = tuple(filter(None, map(str.strip, values[name].split(";"))))
    values["country"] = cells["pays"] or "FR"
    contested = cells.get(_CONTESTED, "non")
    if contested not in ("oui", "non"):
        fault = ContentFault("contested", "unknown_code", {"value": contested[:40]})
        raise Invalid("content", faults=[fault])
    values["contested"] = contested == "oui"
    if not cells["titre"]:
        values["title"] = build_title(
            values["types"], _place_name(session, cells), cells["date"], current_vocabulary(session)
        )
    if cells["source_url"]:
        kind = kinds.get(fold(cells["source_type"]), "autre")
        source = SourceContent(cells["source_url"], kind=kind, label=cells["source_type"])
        values["sources"] = (source,)
    if cells["procedure"] not in ("", NO_PROCEEDING):
        values["proceedings"] = (_row_proceeding(cells),)
    elif filled := [name for name in ("juridiction", "date_issue", "en_appel") if cells[name]]:
        raise Invalid("content", faults=[ContentFault(filled[0], "no_proceeding")])
    return Content(**values)


def _row_proceeding(cells: Mapping[str, str]) -> ProceedingContent:
    """The proceeding of a row, with one decision if the row says anything of one."""
    columns = {
        "court": "juridiction",
        "outcome": "issue",
        "date": "date_issue",
        "appeal": "en_appel",
    }
    fields: dict[str, Any] = {name: cells[column] for name, column in columns.items()}
    decision = StepContent(DECISION_STEP, **fields, source_url=cells["source_url"])
    steps = (decision,) if is_decision_stated(fields) else ()
    return ProceedingContent(cells["procedure"], steps=steps)


def _place_name(session: Session, cells: Mapping[str, str]) -> str:
    """Name of a row's place at the time of its code, with a foreign country."""
    name = cells["commune"] and place_queries.filed_name(cells["commune"])
    if not name and cells["departement"]:
        departement = place_queries.departement(cells["departement"])
        name = departement.name if departement else ""
    name = name or cells["lieu"]
    if cells["pays"] in ("", "FR"):
        return name
    country = country_name(cells["pays"])
    return f"{name} ({country})" if name else country


def read_import(file_bytes: bytes) -> list[ImportRow]:
    """The rows of an import file.

    :raises Invalid: the whole file is unreadable.
    """
    csv_rows = parse_rows(file_bytes, COLUMNS, (_CONTESTED,))
    return [replace(csv_row, cells=_without_excel_forms(csv_row.cells)) for csv_row in csv_rows]


# What Excel makes of a day and of a code that begins with 0.
_EXCEL_DAY = re.compile(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}")
_EXCEL_CODES = {"commune": re.compile(r"[0-9]{4}"), "departement": re.compile(r"[0-9]")}


def _without_excel_forms(cells: dict[str, str]) -> dict[str, str]:
    """Cells whose days and territory codes are again as they were before Excel opened the file."""
    restored = {
        column: "0" + cells[column]
        for column, pattern in _EXCEL_CODES.items()
        if pattern.fullmatch(cells.get(column, ""))
    }
    for column in ("date", "date_fin", "date_issue"):
        if _EXCEL_DAY.fullmatch(cells.get(column, "")):
            with suppress(TextError):
                restored[column] = dates.parse_typed_date(cells[column])
    return cells | restored


def faults_by_column(faults: Iterable[ContentFault], vocabulary: Vocabulary) -> list[ContentFault]:
    """Faults of a row in the order of the columns; a wrong code comes with the nearest ones."""
    column_faults = []
    for fault in sorted(faults, key=_column_position):
        column = COLUMN_OF_FAULT.get(fault.field, fault.field)
        fault = replace(fault, field=column)
        if fault.key == "unknown_code":
            typed = str(fault.values["value"])
            content_field = FIELD_OF_COLUMN.get(column, "contested")
            names = nearest_values(content_field, typed, vocabulary)
            if names:
                fault = ContentFault(column, "unknown_code_near", {"value": typed, "names": names})
        # The address of a source is that of the decision too.
        if fault not in column_faults:
            column_faults.append(fault)
    return column_faults
