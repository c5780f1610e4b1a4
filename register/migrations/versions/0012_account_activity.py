"""Accounts: failed sign-ins counted by day, browsers that an account knows"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import register.db

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('sign_in_failures',
    sa.Column('account', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('account', 'day', name=op.f('pk_sign_in_failures'))
    )
    op.create_table('known_browser',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('created_at', register.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('used_at', register.db.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_known_browser_member_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_known_browser')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_known_browser_token_hash'))
    )
    op.create_index(op.f('ix_known_browser_member_id'), 'known_browser', ['member_id'])


def downgrade() -> None:
    op.drop_index(op.f('ix_known_browser_member_id'), table_name='known_browser')
    op.drop_table('known_browser')
    op.drop_table('sign_in_failures')
