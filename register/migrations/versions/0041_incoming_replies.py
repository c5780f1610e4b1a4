"""Rights of reply sent online, and the reasons of refused ones"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0041'
down_revision = '0040'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('reply', sa.Column('refusal_code', sa.String(length=20), server_default='', nullable=False))
    op.add_column('reply', sa.Column('refused_on', sa.Date(), nullable=True))
    op.create_table('incoming',
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('receipt', sa.LargeBinary(length=32), nullable=False),
    sa.Column('incident_id', sa.Integer(), nullable=False),
    sa.Column('reply_id', sa.Integer(), nullable=True),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('read_on', sa.Date(), nullable=True),
    sa.Column('purged_on', sa.Date(), nullable=True),
    sa.Column('sealed_content', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['incident_id'], ['incident.id'], name=op.f('fk_incoming_incident_id_incident')),
    sa.ForeignKeyConstraint(['reply_id'], ['reply.id'], name=op.f('fk_incoming_reply_id_reply'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_incoming')),
    sa.UniqueConstraint('receipt', name=op.f('uq_incoming_receipt')),
    sqlite_with_rowid=False,
    )
    op.create_index('ix_incoming_incident_id', 'incoming', ['incident_id'])
    op.create_index('ix_incoming_reply_id', 'incoming', ['reply_id'], unique=True)
    op.create_table('incoming_file',
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.Column('incoming_key', sa.String(length=32), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('file_id', sa.String(length=32), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['incoming_key'], ['incoming.key'], name=op.f('fk_incoming_file_incoming_key_incoming')),
    sa.ForeignKeyConstraint(['file_id'], ['evidence_file.file_id'], name=op.f('fk_incoming_file_file_id_evidence_file')),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_incoming_file')),
    sqlite_with_rowid=False,
    )
    op.create_index('ix_incoming_file_incoming', 'incoming_file', ['incoming_key', 'position'])
    op.create_index('ix_incoming_file_file_id', 'incoming_file', ['file_id'])


def downgrade() -> None:
    # What was sent goes with its rows: the worker deletes the files to which nothing refers.
    op.drop_table('incoming_file')
    op.drop_table('incoming')
    op.drop_column('reply', 'refused_on')
    op.drop_column('reply', 'refusal_code')
