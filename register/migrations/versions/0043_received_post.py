"""What came by post, with its last day"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0043'
down_revision = '0042'
branch_labels = None
depends_on = None

_OPEN = sa.text('closed_on IS NULL')


def upgrade() -> None:
    op.create_table('received_post',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('received_on', sa.Date(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('incident_id', sa.Integer(), nullable=True),
    sa.Column('entered_by', sa.Integer(), nullable=False),
    sa.Column('closed_on', sa.Date(), nullable=True),
    sa.Column('closed_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['incident_id'], ['incident.id'], name=op.f('fk_received_post_incident_id_incident')),
    sa.ForeignKeyConstraint(['entered_by'], ['member.id'], name=op.f('fk_received_post_entered_by_member')),
    sa.ForeignKeyConstraint(['closed_by'], ['member.id'], name=op.f('fk_received_post_closed_by_member')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_received_post')),
    )
    op.create_index('ix_received_post_due', 'received_post', ['due_on'], sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_index('ix_received_post_closed', 'received_post', ['closed_on'])
    op.create_index('ix_received_post_incident_id', 'received_post', ['incident_id'])


def downgrade() -> None:
    op.drop_table('received_post')
