"""Passkeys of members"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import register.db

revision = '0045'
down_revision = '0044'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('passkey',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('lookup', sa.LargeBinary(length=32), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('sign_count', sa.BigInteger(), nullable=False),
    sa.Column('added_at', register.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('used_at', register.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('copied_at', register.db.UTCDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_passkey_member_id_member')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_passkey')),
    sa.UniqueConstraint('lookup', name=op.f('uq_passkey_lookup')),
    )
    op.create_index('ix_passkey_member_id', 'passkey', ['member_id'])


def downgrade() -> None:
    op.drop_table('passkey')
