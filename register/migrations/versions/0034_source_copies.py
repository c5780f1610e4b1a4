"""Copies of the pages of sources, and the work on them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import register.db

revision = '0034'
down_revision = '0033'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('source_copy',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('incident_id', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=64), nullable=False),
    sa.Column('copied_on', sa.Date(), nullable=False),
    sa.Column('origin', sa.String(length=10), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('file_id', sa.String(length=32), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('destruction_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['incident_id'], ['incident.id'], name=op.f('fk_source_copy_incident_id')),
    sa.ForeignKeyConstraint(['file_id'], ['evidence_file.file_id'], name=op.f('fk_source_copy_file_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_source_copy'))
    )
    op.create_index(op.f('ix_source_copy_incident_id'), 'source_copy', ['incident_id'])
    op.create_index(op.f('ix_source_copy_file_id'), 'source_copy', ['file_id'])
    op.create_table('source_request',
    sa.Column('incident_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('source', sa.String(length=64), nullable=False),
    sa.Column('asked_by', sa.Integer(), nullable=True),
    sa.Column('asked_at', register.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('due_at', register.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('failure', sa.String(length=20), nullable=False),
    sa.Column('status', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['incident_id'], ['incident.id'], name=op.f('fk_source_request_incident_id')),
    sa.ForeignKeyConstraint(['asked_by'], ['member.id'], name=op.f('fk_source_request_asked_by')),
    sa.PrimaryKeyConstraint('incident_id', 'source', name=op.f('pk_source_request'))
    )
    due = sa.text('due_at IS NOT NULL')
    op.create_index('ix_source_request_due', 'source_request', ['due_at'], sqlite_where=due, postgresql_where=due)
    op.create_table('source_check',
    sa.Column('incident_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('source', sa.String(length=64), nullable=False),
    sa.Column('checked_on', sa.Date(), nullable=False),
    sa.Column('link_state', sa.String(length=10), nullable=False),
    sa.Column('status', sa.Integer(), nullable=False),
    sa.Column('failing_since', sa.Date(), nullable=True),
    sa.Column('dead_on', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['incident_id'], ['incident.id'], name=op.f('fk_source_check_incident_id')),
    sa.PrimaryKeyConstraint('incident_id', 'source', name=op.f('pk_source_check'))
    )
    dead = sa.text('dead_on IS NOT NULL')
    op.create_index('ix_source_check_dead', 'source_check', ['dead_on'], sqlite_where=dead, postgresql_where=dead)
    op.create_index('ix_source_check_checked', 'source_check', ['checked_on'])


def downgrade() -> None:
    # The copies go with their rows: the worker deletes the files to which nothing refers.
    op.drop_table('source_check')
    op.drop_table('source_request')
    op.drop_table('source_copy')
