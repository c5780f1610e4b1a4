"""Editorial pages: what administrators write instead of the shipped texts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import register.db

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('page_revision',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('page', sa.String(length=40), nullable=False),
    sa.Column('shipped', sa.Boolean(), nullable=False),
    sa.Column('title', sa.String(length=160), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('html', sa.Text(), nullable=False),
    sa.Column('renderer', sa.String(length=80), nullable=False),
    sa.Column('base', sa.String(length=64), nullable=False),
    sa.Column('made_at', register.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('mark', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['made_by'], ['member.id'], name=op.f('fk_page_revision_made_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_page_revision'))
    )
    op.create_index('ix_page_revision_page', 'page_revision', ['page', 'id'])


def downgrade() -> None:
    op.drop_index('ix_page_revision_page', table_name='page_revision')
    op.drop_table('page_revision')
