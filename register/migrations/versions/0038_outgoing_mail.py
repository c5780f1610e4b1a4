"""Outbox of mails"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from register.db import UTCDateTime

revision = '0038'
down_revision = '0036'
branch_labels = None
depends_on = None

_WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    # sqlite_with_rowid: a rowid would reveal the order in which mails were written.
    op.create_table('outgoing_mail',
    sa.Column('message_id', sa.String(length=300), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=True),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_at', UTCDateTime(), nullable=False),
    sa.Column('reply_code', sa.Integer(), nullable=False),
    sa.Column('created_at', UTCDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('message_id', name=op.f('pk_outgoing_mail')),
    sqlite_with_rowid=False,
    )
    op.create_index('ix_outgoing_mail_next_at', 'outgoing_mail', ['next_at'], sqlite_where=_WAITING, postgresql_where=_WAITING)


def downgrade() -> None:
    op.drop_table('outgoing_mail')
