"""A case is the document of its current revision: no tables that repeat it

Down, the tables are filled from the documents. Of an erased case its types and its commune return,
which are columns of the case meanwhile; its linked communes are lost.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from alembic import op

from register.text.normalisation import fold

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None

_TEXT_COLUMNS = ('narrative', 'precision_note', 'actor_text', 'steps_taken', 'amount')
_SOURCE_FIELDS = {
    'url': sa.Text(), 'title': sa.Text(), 'publisher': sa.Text(), 'kind': sa.String(40),
    'label': sa.Text(), 'published_on': sa.String(11), 'archived_url': sa.Text(),
    'checked_on': sa.String(11),
}
_PROCEEDING_FIELDS = {
    'direction': sa.String(40), 'nature': sa.String(40), 'plaintiff': sa.String(40),
    'court': sa.Text(), 'docket': sa.Text(), 'legal_basis': sa.Text(), 'amount': sa.Text(),
    'outcome': sa.String(40), 'outcome_date': sa.String(11), 'appeal': sa.String(8),
}
_STEP_FIELDS = {
    'step': sa.String(40), 'date': sa.String(11), 'outcome': sa.String(40), 'note': sa.Text(),
    'source_url': sa.Text(),
}
_REQUEST_FIELDS = {
    'asked': sa.Text(), 'asked_of': sa.Text(), 'asked_on': sa.String(11), 'refusal': sa.String(10),
    'refused_on': sa.String(11), 'cada_number': sa.Text(), 'cada_registered_on': sa.String(11),
    'cada_opinion_on': sa.String(11), 'opinion': sa.Text(), 'outcome': sa.String(40),
}
# Children before their parents.
_TABLES = (
    'case_link', 'incident_source', 'source', 'incident_outlet', 'incident_place', 'incident_type',
    'proceeding_step', 'proceeding', 'information_request',
)


def upgrade() -> None:
    op.add_column('incident', sa.Column('remaining_content', sa.LargeBinary(), nullable=True))
    op.add_column('incident', sa.Column('commune', sa.String(5), nullable=False, server_default=''))
    op.add_column('incident', sa.Column('types', sa.String(130), nullable=False, server_default=''))
    op.add_column(
        'incident', sa.Column('appealed', sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.execute(
        "UPDATE incident SET commune = coalesce((SELECT code FROM incident_place"
        " WHERE incident_id = incident.id AND scope = 'autorite'), '')"
    )
    op.execute(
        "UPDATE incident SET appealed = true WHERE EXISTS (SELECT 1 FROM proceeding WHERE"
        " incident_id = incident.id AND appeal = 'oui' AND proceeding.outcome = incident.outcome)"
    )
    types = defaultdict(list)
    for row in _select('SELECT incident_id, code FROM incident_type ORDER BY incident_id, position'):
        types[row.incident_id].append(row.code)
    _execute(
        'UPDATE incident SET types = :types WHERE id = :id',
        ({'id': case, 'types': ' '.join(codes)} for case, codes in types.items()),
    )
    # The revision was destroyed with a withdrawn report: the rows are all that is left of a draft.
    codes_of = import_module('register.migrations.versions.0018_case_code')._codes
    for case in _select(
        'SELECT incident.* FROM incident JOIN revision ON revision.id = incident.revision_id'
        ' WHERE content IS NULL'
    ):
        content = _content(case)
        _execute(
            'UPDATE incident SET remaining_content = :content WHERE id = :id',
            [{'id': case.id, 'content': json.dumps(content).encode()}],
        )
        _execute('DELETE FROM case_code WHERE until_line = 0 AND incident_id = :id', [{'id': case.id}])
        _insert('case_code', (
            {'incident_id': case.id, 'axis': axis, 'code': code, 'until_line': 0, 'since_line': 0}
            for axis, code in sorted(set(codes_of(content)))
        ))
    for table in _TABLES:
        op.drop_table(table)
    # The codes of a case are asked instead.
    for column in ('departement', 'region'):
        op.drop_index(f'ix_incident_{column}', table_name='incident')
    for column in _TEXT_COLUMNS:
        op.drop_column('incident', column)


def downgrade() -> None:
    _make_tables()
    for column in _TEXT_COLUMNS:
        op.add_column('incident', sa.Column(column, sa.Text(), nullable=False, server_default=''))
    sources: dict[tuple[str, ...], int] = {}
    proceedings = 0
    for case in _select(
        'SELECT incident.id, types, commune, coalesce(remaining_content, content) AS content'
        ' FROM incident LEFT JOIN revision ON revision.id = incident.revision_id'
    ):
        document = json.loads(case.content) if case.content else _erased_document(case)
        texts = {name: document[name] for name in _TEXT_COLUMNS}
        assignments = ', '.join(f'{name} = :{name}' for name in texts)
        _execute(f'UPDATE incident SET {assignments} WHERE id = :id', [{'id': case.id, **texts}])
        _insert_list('incident_type', case.id, ({'code': code} for code in document['types']))
        places = [(document['commune'], 'autorite')] if document['commune'] else []
        places += [(code, 'liee') for code in document['linked_communes']]
        _insert_list(
            'incident_place', case.id, ({'code': code, 'scope': scope} for code, scope in places)
        )
        _insert_list(
            'incident_outlet', case.id,
            ({'name': name, 'folded': fold(name)} for name in document['outlets']),
        )
        cited = []
        for source in document['sources']:
            columns = _columns(_SOURCE_FIELDS, source)
            key = tuple(columns.values())
            if key not in sources:
                sources[key] = len(sources) + 1
                _insert('source', [{'id': sources[key], **columns}])
            cited.append({'source_id': sources[key]})
        _insert_list('incident_source', case.id, cited)
        for position, proceeding in enumerate(document['proceedings']):
            proceedings += 1
            columns = _columns(_PROCEEDING_FIELDS, proceeding)
            key = {'id': proceedings, 'incident_id': case.id, 'position': position}
            _insert('proceeding', [{**key, **columns}])
            steps = (_columns(_STEP_FIELDS, step) for step in proceeding['steps'])
            _insert('proceeding_step', (
                {'proceeding_id': proceedings, 'position': place, **step}
                for place, step in enumerate(steps)
            ))
        if document['request']:
            columns = _columns(_REQUEST_FIELDS, document['request'])
            _insert('information_request', [{'incident_id': case.id, **columns}])
        _insert_list('case_link', case.id, document['links'])
    for column in ('departement', 'region'):
        op.create_index(f'ix_incident_{column}', 'incident', [column])
    for column in ('remaining_content', 'commune', 'types', 'appealed'):
        op.drop_column('incident', column)


def _content(case: Any) -> dict[str, Any]:
    """The content that the rows of a case make."""

    def rows(table: str, *names: str, order: str = 'position') -> list[dict[str, Any]]:
        stmt = f'SELECT * FROM {table} WHERE incident_id = :case ORDER BY {order}'
        selected = _select(stmt, case=case.id)
        return [{name: row._mapping[name] for name in names} for row in selected]

    places = rows('incident_place', 'code', 'scope')
    proceedings = rows('proceeding', 'id', *_PROCEEDING_FIELDS)
    for proceeding in proceedings:
        steps = _select(
            'SELECT * FROM proceeding_step WHERE proceeding_id = :id ORDER BY position',
            id=proceeding.pop('id'),
        )
        proceeding['steps'] = [{name: step._mapping[name] for name in _STEP_FIELDS} for step in steps]
    cited = 'incident_source JOIN source ON source.id = incident_source.source_id'
    plain_names = (
        'title', 'summary', 'date', 'end_date', 'country', 'departement', 'region', 'place_label',
        'level', 'actor', 'target', 'evidence', 'outcome', 'language', *_TEXT_COLUMNS,
    )
    requests = rows('information_request', *_REQUEST_FIELDS, order='incident_id')
    return {
        'form': 1,
        **{name: case._mapping[name] for name in plain_names},
        'contested': bool(case.contested),
        'commune': next((row['code'] for row in places if row['scope'] == 'autorite'), ''),
        'linked_communes': [row['code'] for row in places if row['scope'] == 'liee'],
        'outlets': [row['name'] for row in rows('incident_outlet', 'name')],
        'types': [row['code'] for row in rows('incident_type', 'code')],
        'sources': rows(cited, *_SOURCE_FIELDS),
        'proceedings': proceedings,
        'request': requests[0] if requests else None,
        'links': rows('case_link', 'kind', 'number'),
    }


def _erased_document(case: Any) -> dict[str, Any]:
    """What is known of the document of an erased case."""
    lists: dict[str, list[Any]] = {
        name: [] for name in ('linked_communes', 'outlets', 'sources', 'proceedings', 'links')
    }
    codes = {'types': case.types.split(), 'commune': case.commune, 'request': None}
    return {**dict.fromkeys(_TEXT_COLUMNS, ''), **lists, **codes}


def _columns(fields: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a row, from a part of a document; later forms lack some of them."""
    return {name: part.get(name, '') for name in fields}


def _select(stmt: str, **parameters: Any) -> list[sa.Row]:
    return list(op.get_bind().execute(sa.text(stmt), parameters))


def _execute(stmt: str, parameters: Iterable[Mapping[str, Any]]) -> None:
    parameter_list = list(parameters)
    if parameter_list:
        op.get_bind().execute(sa.text(stmt), parameter_list)


def _insert(table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    for row in rows:
        names, places = ', '.join(row), ', '.join(f':{name}' for name in row)
        _execute(f'INSERT INTO {table} ({names}) VALUES ({places})', [row])


def _insert_list(table: str, case: int, rows: Iterable[Mapping[str, Any]]) -> None:
    _insert(
        table,
        ({'incident_id': case, 'position': place, **row} for place, row in enumerate(rows)),
    )


def _make_tables() -> None:
    """The tables of revision 0002."""
    def of_case() -> sa.ForeignKey:
        return sa.ForeignKey('incident.id')

    def listed() -> dict[str, Any]:
        return {'incident_id': of_case(), 'position': None}

    _make_table('source', {'id': None}, _SOURCE_FIELDS, indexes={'url': ['url']})
    _make_table('case_link', listed(), {'kind': sa.String(16), 'number': sa.Integer()},
                indexes={'number': ['number']})
    _make_table('incident_outlet', listed(), {'name': sa.Text(), 'folded': sa.Text()},
                indexes={'folded': ['folded', 'incident_id']})
    _make_table('incident_place', listed(), {'code': sa.String(5), 'scope': sa.String(8)},
                indexes={'code': ['code', 'incident_id']})
    _make_table('incident_type', listed(), {'code': sa.String(40)},
                indexes={'code': ['code', 'incident_id']})
    _make_table('incident_source', listed(), {'source_id': sa.ForeignKey('source.id')},
                indexes={'source_id': ['source_id']})
    _make_table('information_request', {'incident_id': of_case()}, _REQUEST_FIELDS)
    _make_table(
        'proceeding', {'id': None},
        {'incident_id': of_case(), 'position': sa.Integer(), **_PROCEEDING_FIELDS},
        indexes={'direction': ['direction', 'incident_id'], 'incident_id': ['incident_id']},
    )
    _make_table('proceeding_step', {'proceeding_id': sa.ForeignKey('proceeding.id'), 'position': None},
                _STEP_FIELDS)


def _make_table(
    table: str,
    keys: Mapping[str, Any],
    fields: Mapping[str, Any],
    indexes: Mapping[str, list[str]] = MappingProxyType({}),
) -> None:
    """Make a table with the keys of its rows, its other columns, and its indexes by their names."""
    op.create_table(
        table,
        *(
            sa.Column(name, sa.Integer(), *(filter(None, [key])), primary_key=True)
            for name, key in keys.items()
        ),
        *(
            sa.Column(name, sa.Integer(), kind, nullable=False)
            if isinstance(kind, sa.ForeignKey)
            else sa.Column(name, kind, nullable=False)
            for name, kind in fields.items()
        ),
    )
    for name, columns in indexes.items():
        op.create_index(f'ix_{table}_{name}', table, columns)
