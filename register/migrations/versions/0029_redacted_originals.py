"""Texts of revisions before a redaction, beside those without the removed passages"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0029'
down_revision = '0028'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('redacted_original',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('incident_id', sa.Integer(), nullable=False),
    sa.Column('revision_id', sa.Integer(), nullable=False),
    sa.Column('destruction_id', sa.Integer(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('flags_reason', sa.Text(), nullable=False),
    sa.Column('salt', sa.LargeBinary(length=32), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('html', sa.LargeBinary(), nullable=False),
    sa.Column('renderer', sa.String(length=80), nullable=False),
    sa.ForeignKeyConstraint(['incident_id'], ['incident.id'], name=op.f('fk_redacted_original_incident_id')),
    sa.ForeignKeyConstraint(['revision_id'], ['revision.id'], name=op.f('fk_redacted_original_revision_id')),
    sa.ForeignKeyConstraint(['destruction_id'], ['destruction.id'], name=op.f('fk_redacted_original_destruction_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_redacted_original'))
    )
    op.create_index(op.f('ix_redacted_original_incident_id'), 'redacted_original', ['incident_id'])
    op.create_index(op.f('ix_redacted_original_revision_id'), 'redacted_original', ['revision_id'])
    op.add_column('destruction', sa.Column('passages', sa.LargeBinary(), nullable=True))
    if op.get_bind().dialect.name == 'postgresql':
        # What ANALYZE samples of a text would outlast its destruction.
        op.execute('ALTER TABLE destruction ALTER passages SET STATISTICS 0')
        for name in ('reason', 'flags_reason', 'content', 'html'):
            op.execute(f'ALTER TABLE redacted_original ALTER {name} SET STATISTICS 0')


def downgrade() -> None:
    # What is hidden is destroyed: readers of the former version get the texts without the passages.
    op.drop_column('destruction', 'passages')
    op.drop_index(op.f('ix_redacted_original_revision_id'), table_name='redacted_original')
    op.drop_index(op.f('ix_redacted_original_incident_id'), table_name='redacted_original')
    op.drop_table('redacted_original')
