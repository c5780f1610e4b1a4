"""Budget of wrong codes of each account"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('member', sa.Column('totp_whole_at', sa.BigInteger(), nullable=False, server_default='0'))


def downgrade() -> None:
    op.drop_column('member', 'totp_whole_at')
