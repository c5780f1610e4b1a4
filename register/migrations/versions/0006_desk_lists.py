"""The desk's lists: cases by state and newest change, and those that somebody has in hand"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_incident_changed', 'incident', ['state', 'revision_id'])
    held = sa.text('held_until IS NOT NULL')
    op.create_index(
        'ix_incident_held',
        'incident',
        ['held_until', 'held_by'],
        sqlite_where=held,
        postgresql_where=held,
    )


def downgrade() -> None:
    op.drop_index('ix_incident_held', table_name='incident')
    op.drop_index('ix_incident_changed', table_name='incident')
