"""Notices of errors and of illegal content, sent by a form"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0044'
down_revision = '0043'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('received_post') as batch:
        batch.alter_column('entered_by', existing_type=sa.Integer(), nullable=True)
    op.create_table('notice_review',
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('incoming_key', sa.String(length=32), nullable=False),
    sa.Column('decision', sa.String(length=12), nullable=False),
    sa.Column('sealed_texts', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['post_id'], ['received_post.id'], name=op.f('fk_notice_review_post_id_received_post')),
    sa.ForeignKeyConstraint(['incoming_key'], ['incoming.key'], name=op.f('fk_notice_review_incoming_key_incoming')),
    sa.PrimaryKeyConstraint('post_id', name=op.f('pk_notice_review')),
    )
    op.create_index('ix_notice_review_incoming_key', 'notice_review', ['incoming_key'])


def downgrade() -> None:
    # The former version knows no notice: its words and its clock go.
    op.drop_table('notice_review')
    op.execute("DELETE FROM incoming WHERE kind = 'notice'")
    op.execute('DELETE FROM received_post WHERE entered_by IS NULL')
    with op.batch_alter_table('received_post') as batch:
        batch.alter_column('entered_by', existing_type=sa.Integer(), nullable=False)
