"""Refusals of versions by a second reader, and the passage that a refusal is about"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import register.db

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('revision', sa.Column('refused_by', sa.Integer(), nullable=True))
    op.add_column(
        'revision', sa.Column('refused_at', register.db.UTCDateTime(timezone=True), nullable=True)
    )
    op.add_column('revision', _text('refusal'))
    op.add_column('revision', _text('passage'))
    op.add_column('pending_change', _text('passage'))
    if op.get_bind().dialect.name == 'postgresql':
        # What ANALYZE samples of a text would outlast an erasure.
        for table, name in (('revision', 'refusal'), ('revision', 'passage'), ('pending_change', 'passage')):
            op.execute(f'ALTER TABLE {table} ALTER {name} SET STATISTICS 0')
    op.create_index(
        'ix_revision_refused',
        'revision',
        ['incident_id'],
        sqlite_where=sa.text('refused_at IS NOT NULL'),
        postgresql_where=sa.text('refused_at IS NOT NULL'),
    )


def downgrade() -> None:
    op.drop_column('pending_change', 'passage')
    op.drop_index('ix_revision_refused', table_name='revision')
    for name in ('passage', 'refusal', 'refused_at', 'refused_by'):
        op.drop_column('revision', name)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default='', nullable=False)
