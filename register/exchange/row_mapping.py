"""Columns of an import file: rows as content of cases, and faults of a content by column.

A refused value comes with the accepted ones nearest to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein
from sqlalchemy.orm import Session

from register.cases.case_content import (
    FIELD_RULES,
    Content,
    ProceedingContent,
    SourceContent,
    StepContent,
)
from register.cases.document_formats import is_decision_stated
from register.cases.timeline import DECISION_STEP
from register.cases.validation import ContentFault
from register.cases.vocabulary import Vocabulary, build_title, current_vocabulary
from register.errors import Invalid, TextError
from register.exchange.csv_syntax import ImportRow, parse_rows
from register.territory import place_queries
from register.territory.gazetteer import gazetteer
from register.territory.resolve import resolve
from register.text import dates
from register.text.countries import countries, country_name
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
            values["types"], _place_name(cells), cells["date"], current_vocabulary(session)
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


def _place_name(cells: Mapping[str, str]) -> str:
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


# --- accepted values nearest to a refused one ---------------------------------------------------

COUNT_LIMIT = 3
# From 0 to 100: lower, the likeness is of a few letters.
_MIN_LIKENESS = 70
_SHORT = 3


def nearest_values(field: str, typed: str, vocabulary: Vocabulary) -> list[str]:
    """The accepted values most like a refused one, at most three.

    :param field: path of a field of the content, such as ``proceedings.direction``.
    """
    if field in ("commune", "linked_communes"):
        return _nearest_communes(typed)
    # By the code and by the name: people write either. A part of two or three letters is in many.
    scorer = fuzz.WRatio if len(typed) > _SHORT else fuzz.ratio
    likeness = {
        code: max(scorer(fold(typed), fold(word)) for word in (code, name) if len(word) > 2)
        for code, name in _accepted_values(field, vocabulary).items()
    }
    ranked = sorted(likeness, key=lambda code: -likeness[code])
    nearest = [code for code in ranked if likeness[code] >= _MIN_LIKENESS]
    # A short list is given whole.
    return nearest[:COUNT_LIMIT] or (ranked if len(ranked) <= COUNT_LIMIT else [])


def _accepted_values(field: str, vocabulary: Vocabulary) -> Mapping[str, str]:
    """Code → name of each value that a field accepts."""
    if field == "contested":
        return {"oui": "oui", "non": "non"}
    if field == "country":
        return countries()
    if field == "departement":
        return {area.code: area.name for area in place_queries.departements()}
    path, _dot, name = field.rpartition(".")
    part_class = {"proceedings": ProceedingContent, "proceedings.steps": StepContent}
    rule = FIELD_RULES[part_class.get(path, Content)].get(name)
    if rule is None:
        return {}
    if rule.choices:
        return {choice: choice for choice in rule.choices if choice}
    return {
        word.code: word.label
        for word in vocabulary.lists.get(rule.vocabulary, {}).values()
        if not word.retired
    }


def _nearest_communes(typed: str) -> list[str]:
    """Codes of communes with their names."""
    communes = gazetteer().communes
    resolution = resolve(gazetteer(), typed)
    readings = (*resolution.readings, *resolution.near_readings)
    codes = [reading.code for reading in readings if reading.code in communes]
    if typed[:1].isdigit():
        matches = process.extract(
            typed.upper(), communes.keys(), scorer=Levenshtein.distance, score_cutoff=1
        )
        codes = [code for code, _distance, _position in matches]
    return [f"{code} ({communes[code].name})" for code in dict.fromkeys(codes)][:COUNT_LIMIT]
