"""Reports: sealed, without an order; and lines without a hidden row number"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import register.db

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = register.db.UTCDateTime(timezone=True)
    if op.get_bind().dialect.name == 'sqlite':
        # Copied into a table that keeps no order but its key's; nothing refers to it.
        with op.batch_alter_table(
            'journal_entry', recreate='always', table_kwargs={'sqlite_with_rowid': False}
        ):
            pass
    op.create_table('report',
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.Column('receipt', sa.LargeBinary(length=32), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('suspect', sa.Boolean(), nullable=False),
    sa.Column('news', sa.Boolean(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('moved_on', sa.Date(), nullable=False),
    sa.Column('held_by', sa.Integer(), nullable=True),
    sa.Column('held_until', moment, nullable=True),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('purge_on', sa.Date(), nullable=True),
    sa.Column('digest', sa.LargeBinary(length=32), nullable=True),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.Column('contact', sa.LargeBinary(), nullable=True),
    sa.Column('decision', sa.LargeBinary(), nullable=True),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_report')),
    sa.UniqueConstraint('receipt', name=op.f('uq_report_receipt')),
    sqlite_with_rowid=False,
    )
    op.create_index('ix_report_state', 'report', ['state', 'suspect', 'day', 'key', 'news', 'moved_on'])
    op.create_index('ix_report_purge', 'report', ['purge_on'])
    op.create_index('ix_report_digest', 'report', ['digest'], unique=True)
    op.create_table('report_message',
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.Column('report_key', sa.String(length=32), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['report_key'], ['report.key'], name=op.f('fk_report_message_report_key')),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_report_message')),
    sqlite_with_rowid=False,
    )
    op.create_index('ix_report_message_report', 'report_message', ['report_key', 'position'])
    op.create_table('report_kept',
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.Column('incident_id', sa.Integer(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['incident_id'], ['incident.id'], name=op.f('fk_report_kept_incident_id')),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_report_kept')),
    sqlite_with_rowid=False,
    )
    op.create_index(op.f('ix_report_kept_incident_id'), 'report_kept', ['incident_id'])
    op.create_table('report_tally',
    sa.Column('year', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('year', 'state', 'reason', name=op.f('pk_report_tally')),
    sqlite_with_rowid=False,
    )
    op.create_table('retention_clock',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_retention_clock'))
    )


def downgrade() -> None:
    for table in ('retention_clock', 'report_tally', 'report_kept', 'report_message', 'report'):
        op.drop_table(table)
