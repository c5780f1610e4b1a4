"""PostgreSQL: no planner statistics of texts, where words would outlast an erasure"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

_TEXT_COLUMNS = sa.text("""
    SELECT format('%I', relname), format('%I', attname), format_type(atttypid, atttypmod),
        CASE WHEN attcollation NOT IN (0, typcollation) THEN format(' COLLATE %I', collname) ELSE '' END
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid JOIN pg_type ON pg_type.oid = atttypid
    LEFT JOIN pg_collation ON pg_collation.oid = attcollation
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND attnum > 0
        AND NOT attisdropped AND atttypid IN ('text'::regtype, 'json'::regtype, 'jsonb'::regtype)
""")


def upgrade() -> None:
    for table, column, type_, collation in _text_columns():
        op.execute(f'ALTER TABLE {table} ALTER {column} SET STATISTICS 0')
        # A change of type to the same one rewrites nothing and drops the statistics taken so far.
        op.execute(f'ALTER TABLE {table} ALTER {column} TYPE {type_}{collation}')


def downgrade() -> None:
    for table, column, _type, _collation in _text_columns():
        op.execute(f'ALTER TABLE {table} ALTER {column} SET STATISTICS -1')


def _text_columns() -> list[sa.Row]:
    connection = op.get_bind()
    if connection.dialect.name != 'postgresql':
        return []
    return list(connection.execute(_TEXT_COLUMNS))
