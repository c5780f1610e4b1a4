"""The content's part of the checklist, stored with each revision"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Filled from the texts by ``webcitoyen upgrade``, like every change of vocabulary or flags.
    op.add_column('revision', sa.Column('unmet', sa.String(length=100), nullable=True))
    op.add_column(
        'revision',
        sa.Column('needs_second', sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    # Where the text of a publication is destroyed, an approval to publish is the evidence.
    op.execute(
        "UPDATE revision SET needs_second = true WHERE act = 'published' AND content IS NULL"
        " AND EXISTS (SELECT 1 FROM approval WHERE approval.incident_id = revision.incident_id"
        " AND approval.purpose = 'publish')"
    )


def downgrade() -> None:
    op.drop_column('revision', 'needs_second')
    op.drop_column('revision', 'unmet')
