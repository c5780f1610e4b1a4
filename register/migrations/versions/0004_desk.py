"""The desk: who has a case in hand, sign-in, second factor, invitations"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import register.db

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = register.db.UTCDateTime(timezone=True)
    # Plain ALTER TABLE, which SQLite knows too: to copy a table that others refer to, their
    # references would have to be set aside.
    op.add_column('incident', sa.Column('held_by', sa.Integer(), nullable=True))
    op.add_column('incident', sa.Column('held_until', moment, nullable=True))
    op.add_column('member', sa.Column('name', sa.String(length=80), nullable=False, server_default=''))
    op.add_column('member', sa.Column('totp_secret', sa.LargeBinary(), nullable=True))
    op.add_column('member', sa.Column('totp_step', sa.BigInteger(), nullable=False, server_default='0'))
    op.create_table('member_invitation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('role', sa.String(length=16), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('invited_at', moment, nullable=False),
    sa.Column('invited_by', sa.Integer(), nullable=True),
    sa.Column('expires_at', moment, nullable=False),
    sa.Column('closed_at', moment, nullable=True),
    sa.ForeignKeyConstraint(['invited_by'], ['member.id'], name=op.f('fk_member_invitation_invited_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_member_invitation')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_member_invitation_token_hash'))
    )
    op.create_table('recovery_code',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('code_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('used_at', moment, nullable=True),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_recovery_code_member_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recovery_code'))
    )
    op.create_index(op.f('ix_recovery_code_member_id'), 'recovery_code', ['member_id'])
    op.create_table('sign_in_session',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('opened_at', moment, nullable=False),
    sa.Column('seen_at', moment, nullable=False),
    sa.Column('confirmed_at', moment, nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_sign_in_session_member_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in_session')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_sign_in_session_token_hash'))
    )
    op.create_index(op.f('ix_sign_in_session_member_id'), 'sign_in_session', ['member_id'])
    op.create_table('sign_in_tries',
    sa.Column('key', sa.LargeBinary(length=32), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('first_at', moment, nullable=False),
    sa.Column('locked_until', moment, nullable=True),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_sign_in_tries'))
    )


def downgrade() -> None:
    op.drop_table('sign_in_tries')
    op.drop_table('sign_in_session')
    op.drop_table('recovery_code')
    op.drop_table('member_invitation')
    for table, column in (
        ('member', 'totp_step'),
        ('member', 'totp_secret'),
        ('member', 'name'),
        ('incident', 'held_until'),
        ('incident', 'held_by'),
    ):
        op.drop_column(table, column)
