"""Add the day of a capture of a source.

Revision ID: 0040
Revises: 0038
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.add_column("source_copy", sa.Column("captured_on", sa.Date()))


def downgrade() -> None:
    op.drop_column("source_copy", "captured_on")
