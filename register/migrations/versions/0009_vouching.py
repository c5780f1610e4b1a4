"""Accounts that vouch for nobody at first; those that exist vouch from the start"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import register.db

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    vouches_from = sa.Column('vouches_from', register.db.UTCDateTime(timezone=True), nullable=True)
    op.add_column('member', vouches_from)
    op.add_column('member', sa.Column('invited_by', sa.Integer(), nullable=True))
    op.add_column('member', sa.Column('reopened_by', sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column('member', 'reopened_by')
    op.drop_column('member', 'invited_by')
    op.drop_column('member', 'vouches_from')
