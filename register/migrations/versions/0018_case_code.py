"""Codes of cases: those of the present beside those that cases lost

What the codes lead to today (areas around a commune, family, year) is made by ``webcitoyen
upgrade`` after the migration, as at every change of the territory or the vocabularies.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa
from alembic import op

from register.cases.case_content import parse_content
from register.cases.decisions import proceeding_outcomes
from register.cases.document_formats import convert_document
from register.text import dates
from register.text.normalisation import fold

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None

_STORED_NAMES = {'commune': 'commune_saisie', 'departement': 'departement_saisi', 'region': 'region_saisie'}
_COMMITTED_AXES = (
    'commune_saisie departement_saisi region_saisie pays type cible acteur niveau issue preuve sens procedure duree'
    ' sans_date du au'
).split()

_Code = tuple[str, str]


def upgrade() -> None:
    case_code = op.create_table(
        'case_code',
        sa.Column('incident_id', sa.Integer(), nullable=False),
        sa.Column('axis', sa.String(length=24), nullable=False),
        sa.Column('code', sa.Text(), nullable=False),
        sa.Column('until_line', sa.Integer(), nullable=False),
        sa.Column('since_line', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['incident_id'], ['incident.id'], name=op.f('fk_case_code_incident_id')),
        sa.PrimaryKeyConstraint('incident_id', 'axis', 'code', 'until_line', name=op.f('pk_case_code')),
        sqlite_with_rowid=False,
    )
    op.create_index('ix_case_code_axis', 'case_code', ['axis', 'code', 'until_line', 'since_line', 'incident_id'])
    connection = op.get_bind()
    if connection.dialect.name == 'postgresql':
        # What ANALYZE samples of a text would outlast an erasure.
        op.execute('ALTER TABLE case_code ALTER code SET STATISTICS 0')
    rows = [
        {'incident_id': row.incident_id, 'axis': _STORED_NAMES.get(row.axis, row.axis), 'code': row.code,
         'until_line': row.seq, 'since_line': 0}
        for row in connection.execute(sa.text('SELECT incident_id, axis, code, seq FROM former_code'))
    ]
    cases = sa.text("SELECT id, state, revision_id FROM incident WHERE state <> 'erased' ORDER BY id")
    for case in connection.execute(cases).all():
        since = _first_lines(connection, case.id) if case.state == 'published' else {}
        rows += (
            {'incident_id': case.id, 'axis': axis, 'code': code, 'until_line': 0,
             'since_line': since.get((axis, code), 0)}
            for axis, code in _codes_of_revision(connection, case.revision_id) or ()
        )
        if len(rows) > 5_000:
            connection.execute(sa.insert(case_code), rows)
            rows = []
    if rows:
        connection.execute(sa.insert(case_code), rows)
    op.drop_index('ix_former_code_axis', table_name='former_code')
    op.drop_table('former_code')


def downgrade() -> None:
    former_code = op.create_table(
        'former_code',
        sa.Column('incident_id', sa.Integer(), nullable=False),
        sa.Column('axis', sa.String(length=16), nullable=False),
        sa.Column('code', sa.String(length=40), nullable=False),
        sa.Column('seq', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['incident_id'], ['incident.id'], name=op.f('fk_former_code_incident_id')),
        sa.PrimaryKeyConstraint('incident_id', 'axis', 'code', 'seq', name=op.f('pk_former_code')),
    )
    op.create_index('ix_former_code_axis', 'former_code', ['axis', 'code', 'incident_id'])
    names = {stored: name for name, stored in _STORED_NAMES.items()}
    connection = op.get_bind()
    lost = connection.execute(sa.text('SELECT incident_id, axis, code, until_line FROM case_code WHERE until_line > 0'))
    rows = [
        {'incident_id': row.incident_id, 'axis': names.get(row.axis, row.axis), 'code': row.code, 'seq': row.until_line}
        for row in lost
        if row.axis in _COMMITTED_AXES
    ]
    if rows:
        connection.execute(sa.insert(former_code), rows)
    op.execute("DELETE FROM dataset WHERE name = 'case_code'")
    op.drop_index('ix_case_code_axis', table_name='case_code')
    op.drop_table('case_code')


def _first_lines(connection: sa.Connection, incident_id: int) -> dict[_Code, int]:
    """Code → the public line since which the public case has it."""
    lines = connection.execute(
        sa.text(
            "SELECT seq, act, revision_id FROM journal_entry WHERE ledger = 'public' AND incident_id = :case"
            ' ORDER BY seq'
        ),
        {'case': incident_id},
    )
    since: dict[_Code, int] = {}
    is_public = False
    for line in lines.all():
        is_public = line.act in ('published', 'restored') or (is_public and line.act not in ('withdrawn', 'merged'))
        codes = _codes_of_revision(connection, line.revision_id) if is_public else set()
        if codes is not None:
            since = {code: since.get(code, line.seq) for code in codes}
    return since


def _codes_of_revision(connection: sa.Connection, revision_id: int | None) -> set[_Code] | None:
    """The codes of a revision, as they were entered; None once it is destroyed."""
    content = connection.scalar(sa.text('SELECT content FROM revision WHERE id = :id'), {'id': revision_id})
    return set(_codes(json.loads(bytes(content)))) if content is not None else None


def _codes(document: dict[str, Any]) -> Iterator[_Code]:
    # Whatever its format, a document is read as it is today.
    content = convert_document(document)
    outcomes = proceeding_outcomes(parse_content(content))
    day = dates.parse(content['date']) if content['date'] else None
    end = dates.parse(content['end_date']) if content['end_date'] else None
    axes: dict[str, Iterable[str]] = {
        'commune_saisie': [content['commune'], *content['linked_communes']],
        'departement_saisi': [content['departement']],
        'region_saisie': [content['region']],
        'lieu': [content['commune'] or content['departement']] if content['country'] == 'FR' else [],
        'pays': [content['country']],
        'endroit': [content['place_label']] if len(content['place_label']) <= 120 else [],
        'type': content['types'],
        'cible': [content['target']],
        'acteur': [content['actor']],
        'niveau': [content['level']],
        'issue': [content['outcome']],
        'preuve': [content['evidence']],
        'sens': [part['direction'] for part in content['proceedings']],
        'procedure': [
            f'{part["direction"]}.{outcome or "inconnue"}'
            for part, outcome in zip(content['proceedings'], outcomes, strict=True)
        ],
        'media': map(fold, content['outlets']),
        'nom_media': content['outlets'],
        'source': [part['url'] for part in content['sources']],
        'lien': [str(part['number']) for part in content['links']],
        'duree': [_duration(day.first if day else None, end.last if end else None)],
        'sans_date': [] if day else ['1'],
        'du': [day.last.isoformat()] if day else [],
        'au': [day.first.isoformat()] if day else [],
    }
    for axis, codes in axes.items():
        yield from ((axis, code) for code in codes if code)


def _duration(first: date | None, last: date | None) -> str:
    if first is None or last is None:
        return 'inconnue'
    days = (last - first).days
    if days <= 365:
        return 'moins-d-un-an'
    return 'un-a-trois-ans' if days <= 3 * 365 else 'plus-de-trois-ans'
