"""Danger marks and terms of cases and reports

Down, they are lost: their lines in the journal stay.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None

_DAYS = ('danger_on', 'term_on')


def upgrade() -> None:
    for table in ('incident', 'report'):
        for column in _DAYS:
            op.add_column(table, sa.Column(column, sa.Date(), nullable=True))
    op.add_column('incident', sa.Column('term_label', sa.String(80), nullable=False, server_default=''))
    op.add_column('report', sa.Column('term_label', sa.LargeBinary(), nullable=True))
    for name, table, column in _indexes():
        condition = sa.text(f'{column} IS NOT NULL')
        op.create_index(name, table, [column], sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    for name, table, _column in _indexes():
        op.drop_index(name, table)
    for table in ('incident', 'report'):
        for column in (*_DAYS, 'term_label'):
            op.drop_column(table, column)


def _indexes() -> list[tuple[str, str, str]]:
    indexes = [
        (f"ix_{table}_{column.removesuffix('_on')}", table, column)
        for table in ('incident', 'report')
        for column in _DAYS
    ]
    return [*indexes, ('ix_report_held', 'report', 'held_by')]
