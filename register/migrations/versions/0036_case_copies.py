"""Clean copies of the evidence files of cases"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from register.db import UTCDateTime

revision = '0036'
down_revision = '0034'
branch_labels = None
depends_on = None

_UNFINISHED = sa.text("state IN ('wanted', 'making')")


def upgrade() -> None:
    # sqlite_with_rowid: as the tables of evidence files.
    op.create_table('case_copy',
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.Column('evidence_key', sa.String(length=32), nullable=False),
    sa.Column('incident_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('claim', sa.String(length=32), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['evidence_key'], ['case_evidence.key'], name=op.f('fk_case_copy_evidence_key_case_evidence')),
    sa.ForeignKeyConstraint(['incident_id'], ['incident.id'], name=op.f('fk_case_copy_incident_id_incident')),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_case_copy')),
    sqlite_with_rowid=False,
    )
    op.create_index('ix_case_copy_evidence_key', 'case_copy', ['evidence_key'])
    op.create_index('ix_case_copy_incident_id', 'case_copy', ['incident_id'])
    op.create_index('ix_case_copy_state', 'case_copy', ['state'], sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED)
    op.create_table('case_copy_page',
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.Column('copy_key', sa.String(length=32), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('file_id', sa.String(length=32), nullable=False),
    sa.Column('lookup', sa.LargeBinary(length=32), nullable=False),
    sa.Column('looked_by', sa.Integer(), nullable=True),
    sa.Column('looked_at', UTCDateTime(), nullable=True),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['copy_key'], ['case_copy.key'], name=op.f('fk_case_copy_page_copy_key_case_copy')),
    sa.ForeignKeyConstraint(['file_id'], ['evidence_file.file_id'], name=op.f('fk_case_copy_page_file_id_evidence_file')),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_case_copy_page')),
    sqlite_with_rowid=False,
    )
    op.create_index('ix_case_copy_page_copy', 'case_copy_page', ['copy_key', 'position'])
    op.create_index('ix_case_copy_page_file_id', 'case_copy_page', ['file_id'])
    op.create_index('ix_case_copy_page_lookup', 'case_copy_page', ['lookup'])


def downgrade() -> None:
    op.drop_table('case_copy_page')
    op.drop_table('case_copy')
