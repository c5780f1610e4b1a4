"""Labels and place names as they were when a public line last sealed them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('sealed_names',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('entries', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_sealed_names'))
    )


def downgrade() -> None:
    op.drop_table('sealed_names')
