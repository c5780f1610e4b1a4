"""Notes on reports, and the digest of what is left of a report with a masked passage"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0028'
down_revision = '0027'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # sqlite_with_rowid: as the other tables of reports, without an order of arrival.
    op.create_table('report_note',
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.Column('report_key', sa.String(length=32), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['report_key'], ['report.key'], name=op.f('fk_report_note_report_key')),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_report_note')),
    sqlite_with_rowid=False,
    )
    op.create_index('ix_report_note_report', 'report_note', ['report_key', 'position'])
    op.add_column('report', sa.Column('masked_digest', sa.LargeBinary(length=32), nullable=True))
    op.create_index('ix_report_masked_digest', 'report', ['masked_digest'], unique=True)


def downgrade() -> None:
    op.drop_index('ix_report_masked_digest', 'report')
    op.drop_column('report', 'masked_digest')
    op.drop_table('report_note')
