"""Files of reports that members had destroyed, and keyed hashes of recent accounts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0039'
down_revision = '0038'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('report_destroyed_file',
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.Column('report_key', sa.String(length=32), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['report_key'], ['report.key'], name=op.f('fk_report_destroyed_file_report_key_report')),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_report_destroyed_file')),
    sqlite_with_rowid=False,
    )
    op.create_index('ix_report_destroyed_file_report', 'report_destroyed_file', ['report_key', 'day'])
    op.add_column('report', sa.Column('account_lookup', sa.LargeBinary(length=32), nullable=True))
    op.create_index('ix_report_account_lookup', 'report', ['account_lookup'])


def downgrade() -> None:
    op.drop_index('ix_report_account_lookup', 'report')
    op.drop_column('report', 'account_lookup')
    op.drop_table('report_destroyed_file')
