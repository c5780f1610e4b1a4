"""The members' journal: its lines by time, by act and by member, in the order of its list"""

from __future__ import annotations

from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index('ix_journal_entry_at', table_name='journal_entry')
    op.create_index('ix_journal_entry_at', 'journal_entry', ['ledger', 'at', 'seq'])
    op.create_index('ix_journal_entry_act_at', 'journal_entry', ['ledger', 'act', 'at', 'seq'])
    op.create_index(
        'ix_journal_entry_member', 'journal_entry', ['ledger', 'member_id', 'act', 'at', 'seq']
    )


def downgrade() -> None:
    op.drop_index('ix_journal_entry_member', table_name='journal_entry')
    op.drop_index('ix_journal_entry_act_at', table_name='journal_entry')
    op.drop_index('ix_journal_entry_at', table_name='journal_entry')
    op.create_index('ix_journal_entry_at', 'journal_entry', ['ledger', 'at'])
