"""Changes that wait for a second person, destructions that wait for one or for their day"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import register.db

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('pending_change',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('incident_id', sa.Integer(), nullable=False),
    sa.Column('act', sa.String(length=20), nullable=False),
    sa.Column('payload', sa.LargeBinary(), nullable=False),
    sa.Column('revision_id', sa.Integer(), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=False),
    sa.Column('made_at', register.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('refused_by', sa.Integer(), nullable=True),
    sa.Column('refused_at', register.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('refusal', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['incident_id'], ['incident.id'], name=op.f('fk_pending_change_incident_id')),
    sa.ForeignKeyConstraint(['made_by'], ['member.id'], name=op.f('fk_pending_change_made_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pending_change'))
    )
    op.create_index(op.f('ix_pending_change_incident_id'), 'pending_change', ['incident_id'])
    op.create_table('destruction',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('incident_id', sa.Integer(), nullable=False),
    sa.Column('made_at', register.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('ended_at', register.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('ending', sa.String(length=10), nullable=False),
    sa.ForeignKeyConstraint(['incident_id'], ['incident.id'], name=op.f('fk_destruction_incident_id')),
    sa.ForeignKeyConstraint(['made_by'], ['member.id'], name=op.f('fk_destruction_made_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_destruction'))
    )
    op.create_index(op.f('ix_destruction_incident_id'), 'destruction', ['incident_id'])
    op.add_column('revision', sa.Column('destruction_id', sa.Integer(), nullable=True))
    op.add_column('report', sa.Column('together_by', sa.Integer(), nullable=True))


def downgrade() -> None:
    # What was hidden would be shown again by a version that knows of no hiding.
    op.execute(
        'UPDATE revision SET content = NULL, html = NULL, renderer = NULL, salt = NULL,'
        ' reason = NULL, flags_reason = NULL WHERE destruction_id IS NOT NULL'
    )
    op.drop_column('report', 'together_by')
    op.drop_column('revision', 'destruction_id')
    op.drop_index(op.f('ix_destruction_incident_id'), table_name='destruction')
    op.drop_table('destruction')
    op.drop_index(op.f('ix_pending_change_incident_id'), table_name='pending_change')
    op.drop_table('pending_change')
