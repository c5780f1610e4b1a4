"""The codes that cases had, and the public journal's own order

Nothing is filled in: what a case published by an earlier version of this code once had is in its
revisions, and that version was never released.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('former_code',
    sa.Column('incident_id', sa.Integer(), nullable=False),
    sa.Column('axis', sa.String(length=16), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['incident_id'], ['incident.id'], name=op.f('fk_former_code_incident_id')),
    sa.PrimaryKeyConstraint('incident_id', 'axis', 'code', 'seq', name=op.f('pk_former_code'))
    )
    op.create_index('ix_former_code_axis', 'former_code', ['axis', 'code', 'incident_id'])
    some = sa.text('merged_into IS NOT NULL')
    op.create_index('ix_incident_merged_into', 'incident', ['merged_into'], sqlite_where=some, postgresql_where=some)
    op.drop_index('ix_journal_entry_case', table_name='journal_entry')
    op.create_index('ix_journal_entry_case', 'journal_entry', ['ledger', 'case_number', 'act', 'seq'])
    op.create_index('ix_journal_entry_act', 'journal_entry', ['ledger', 'act', 'seq'])
    op.create_index('ix_journal_entry_at', 'journal_entry', ['ledger', 'at'])


def downgrade() -> None:
    op.drop_index('ix_journal_entry_at', table_name='journal_entry')
    op.drop_index('ix_journal_entry_act', table_name='journal_entry')
    op.drop_index('ix_journal_entry_case', table_name='journal_entry')
    op.create_index('ix_journal_entry_case', 'journal_entry', ['ledger', 'case_number', 'seq'])
    op.drop_index('ix_incident_merged_into', table_name='incident')
    op.drop_index('ix_former_code_axis', table_name='former_code')
    op.drop_table('former_code')
