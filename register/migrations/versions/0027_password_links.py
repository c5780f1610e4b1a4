"""Links to choose a new password; names of sessions and browsers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import register.db

revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('password_link',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('made_at', register.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=False),
    sa.Column('expires_at', register.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('closed_at', register.db.UTCDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['made_by'], ['member.id'], name=op.f('fk_password_link_made_by')),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_password_link_member_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_password_link')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_password_link_token_hash'))
    )
    op.create_index('ix_password_link_member_id', 'password_link', ['member_id'])
    for table in ('sign_in_session', 'known_browser'):
        op.add_column(
            table, sa.Column('name', sa.String(length=40), nullable=False, server_default='')
        )


def downgrade() -> None:
    for table in ('known_browser', 'sign_in_session'):
        op.drop_column(table, 'name')
    op.drop_index('ix_password_link_member_id', table_name='password_link')
    op.drop_table('password_link')
