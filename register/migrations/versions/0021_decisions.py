"""Outcome, evidence level and appeal of a case follow from its decisions

No document changes: one of format 1 is read so from now on. Down, the columns say again what it states.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

from register.cases.case_content import parse_content
from register.cases.decisions import is_appealed

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    _write_columns(_derived)


def downgrade() -> None:
    _write_columns(_stated)


def _write_columns(read: Callable[[dict[str, Any]], tuple[str, str, bool]]) -> None:
    connection = op.get_bind()
    cases = connection.execute(sa.text(
        'SELECT incident.id, outcome, evidence, appealed, coalesce(remaining_content, content) AS document'
        ' FROM incident JOIN revision ON revision.id = incident.revision_id'
    ))
    for case in cases.all():
        if not case.document:
            continue
        outcome, evidence, appealed = read(json.loads(bytes(case.document)))
        if (outcome, evidence, appealed) != (case.outcome, case.evidence, bool(case.appealed)):
            connection.execute(
                sa.text(
                    'UPDATE incident SET outcome = :outcome, evidence = :evidence, appealed = :appealed'
                    ' WHERE id = :id'
                ),
                {'id': case.id, 'outcome': outcome, 'evidence': evidence, 'appealed': appealed},
            )


def _derived(document: dict[str, Any]) -> tuple[str, str, bool]:
    content = parse_content(document)
    return content.outcome, content.evidence, is_appealed(content)


def _stated(document: dict[str, Any]) -> tuple[str, str, bool]:
    # Only format 1 states outcomes of proceedings.
    if not all('outcome' in part for part in document['proceedings']):
        return _derived(document)
    appealed = any(
        part['appeal'] == 'oui' and part['outcome'] == document['outcome'] for part in document['proceedings']
    )
    return document['outcome'], document['evidence'], appealed
