"""Drafts whose report was taken back, until a version is saved that does without it

No draft is marked that lost its report before this revision: which report a draft was made of is
sealed, and no key is at hand here.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('incident', sa.Column('report_withdrawn', sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column('incident', 'report_withdrawn')
