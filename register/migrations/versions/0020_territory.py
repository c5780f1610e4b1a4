"""The territory is read from the files of the program, not from tables

The files lead from every code that any release had to a commune. A code of a case that they do not
know came from another data set: the migration stops and names it, before anything is lost.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

import register.db
from register.territory import dataset
from register.territory.places import Area, Territory, territory

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

_TABLES = (
    'region', 'departement', 'intercommunalite', 'commune', 'commune_postal', 'commune_alias', 'commune_code'
)
_AXES = ('commune_saisie', 'departement_saisi', 'region_saisie')


def upgrade() -> None:
    places = op.get_bind().execute(
        sa.text('SELECT DISTINCT axis, code FROM case_code WHERE axis IN :axes').bindparams(
            sa.bindparam('axes', list(_AXES), expanding=True)
        )
    )
    lookups = dict(zip(_AXES, (territory().commune, territory().departements.get, territory().regions.get)))
    unknown = sorted(code for axis, code in places if lookups[axis](code) is None)
    if unknown:
        raise ValueError(f'places of cases that no release of the territory knows: {", ".join(unknown)}')
    for table in _TABLES:
        op.drop_table(table)
    op.execute("DELETE FROM dataset WHERE name = 'territory'")


def downgrade() -> None:
    tables = {name: op.create_table(name, *columns) for name, columns in _columns().items()}
    for table, column in (
        ('commune', 'departement_code'),
        ('commune', 'folded'),
        ('commune', 'intercommunalite_code'),
        ('commune', 'region_code'),
        ('commune_alias', 'current_code'),
        ('commune_alias', 'folded'),
        ('commune_code', 'current_code'),
        ('commune_postal', 'commune_code'),
        ('departement', 'region_code'),
    ):
        op.create_index(f'ix_{table}_{column}', table, [column])
    for name, rows in _rows(territory()).items():
        if rows:
            op.bulk_insert(tables[name], rows)
    dataset_table = sa.table('dataset', sa.column('name'), sa.column('version'),
                             sa.column('loaded_at', register.db.UTCDateTime()))
    op.bulk_insert(
        dataset_table, [{'name': 'territory', 'version': dataset.version(), 'loaded_at': datetime.now(UTC)}]
    )


def _columns() -> dict[str, list[Any]]:
    def code(size: int, name: str = 'code', *, null: bool = False) -> sa.Column[Any]:
        return sa.Column(name, sa.String(size), nullable=null)

    def point() -> list[Any]:
        return [
            sa.Column('population', sa.Integer()),
            sa.Column('lat', sa.Double()),
            sa.Column('lon', sa.Double()),
            sa.Column('precision', sa.String(16), nullable=False),
        ]

    def key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
        return sa.PrimaryKeyConstraint(*columns, name=f'pk_{table}')

    def names() -> list[Any]:
        return [sa.Column('name', sa.String(), nullable=False), sa.Column('folded', sa.String(), nullable=False)]

    def retired() -> sa.Column[Any]:
        return sa.Column('retired', sa.Boolean(), nullable=False)

    region_code = code(3, 'region_code', null=True)
    return {
        'region': [code(3), *names(), retired(), key('region', 'code')],
        'departement': [code(3), *names(), region_code, retired(), key('departement', 'code')],
        'intercommunalite': [
            code(9), names()[0], sa.Column('kind', sa.String(8), nullable=False), key('intercommunalite', 'code'),
        ],
        'commune': [
            code(5), *names(), code(3, 'departement_code'), code(3, 'region_code', null=True),
            code(9, 'intercommunalite_code', null=True), *point(), retired(), key('commune', 'code'),
        ],
        'commune_postal': [
            code(5, 'postal'), code(5, 'commune_code'), key('commune_postal', 'postal', 'commune_code'),
        ],
        'commune_alias': [
            code(5), code(16, 'kind'), *names(), code(5, 'current_code'), *point(),
            key('commune_alias', 'code', 'kind'),
        ],
        'commune_code': [code(5), code(5, 'current_code'), key('commune_code', 'code')],
    }


def _rows(places: Territory) -> dict[str, list[dict[str, Any]]]:
    """The rows of each table, as the release before loaded them."""

    def area(place: Area) -> dict[str, Any]:
        return {'code': place.code, 'name': place.name, 'folded': place.folded, 'retired': place.retired}

    communes = places.communes.values()
    # A code may have several former names by now; the former table has room for one of each kind.
    aliases = {
        (alias.code, alias.kind): alias for group in places.aliases.values() for alias in reversed(group)
    }.values()
    return {
        'region': [area(place) for place in places.regions.values()],
        'departement': [
            area(place) | {'region_code': place.region_code} for place in places.departements.values()
        ],
        'intercommunalite': [
            {'code': group.code, 'name': group.name, 'kind': group.kind} for group in places.groups.values()
        ],
        'commune': [
            {'code': place.code, 'name': place.name, 'folded': place.folded,
             'departement_code': place.departement_code, 'region_code': place.region_code,
             'intercommunalite_code': place.group_code, 'population': place.population,
             'lat': place.lat, 'lon': place.lon, 'precision': place.precision, 'retired': place.retired}
            for place in communes
        ],
        'commune_postal': [
            {'postal': postal, 'commune_code': place.code} for place in communes for postal in place.postal_codes
        ],
        'commune_alias': [
            {'code': alias.code, 'kind': alias.kind, 'name': alias.name, 'folded': alias.folded,
             'current_code': alias.current_code, 'population': None, 'lat': None, 'lon': None, 'precision': ''}
            for alias in aliases
        ],
        'commune_code': [
            {'code': code, 'current_code': current}
            for code, current in {**dict(zip(places.communes, places.communes)), **places.current_codes}.items()
        ],
    }
