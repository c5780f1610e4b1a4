"""What members want to be told by mail, and were told"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0042'
down_revision = '0041'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('mail_preference',
    sa.Column('member_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('mode', sa.String(length=8), nullable=False),
    sa.Column('digest_on', sa.Date(), nullable=True),
    sa.PrimaryKeyConstraint('member_id', name=op.f('pk_mail_preference'))
    )
    op.create_table('noticed_thing',
    sa.Column('member_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('thing', sa.LargeBinary(length=16), nullable=False),
    sa.PrimaryKeyConstraint('member_id', 'thing', name=op.f('pk_noticed_thing')),
    sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table('noticed_thing')
    op.drop_table('mail_preference')
