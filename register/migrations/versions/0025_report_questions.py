"""Day of the question that waits for an answer, also on accepted reports

Accepted reports have no day of destruction while their case is a draft. Down, they get one again.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None

_TEXTS_TERM = dt.timedelta(days=90)
_COLUMNS = ['state', 'suspect', 'day', 'key', 'news', 'moved_on']


def upgrade() -> None:
    op.add_column('report', sa.Column('asked_on', sa.Date(), nullable=True))
    op.execute("UPDATE report SET asked_on = moved_on WHERE state = 'waiting'")
    op.drop_index('ix_report_state', 'report')
    op.create_index('ix_report_state', 'report', [*_COLUMNS, 'asked_on'])


def downgrade() -> None:
    report = sa.table('report', *(sa.column(name) for name in ('key', 'state', 'asked_on')),
                      sa.column('moved_on', sa.Date()), sa.column('purge_on', sa.Date()))
    connection = op.get_bind()
    connection.execute(
        sa.update(report).where(report.c.state == 'waiting').values(moved_on=report.c.asked_on)
    )
    undated = sa.select(report).where(report.c.state == 'accepted', report.c.purge_on.is_(None))
    for row in connection.execute(undated).all():
        purge_on = row.moved_on + _TEXTS_TERM
        connection.execute(sa.update(report).where(report.c.key == row.key).values(purge_on=purge_on))
    op.drop_index('ix_report_state', 'report')
    op.create_index('ix_report_state', 'report', _COLUMNS)
    op.drop_column('report', 'asked_on')
