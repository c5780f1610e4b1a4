"""A follow-up has a source or says why it has none

Down, the reason stays in the documents, from which up restores the column.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('follow_up', sa.Column('no_source', sa.Text(), server_default='', nullable=False))
    connection = op.get_bind()
    cases = connection.execute(sa.text(
        'SELECT incident.id, content FROM incident JOIN revision ON revision.id = incident.revision_id'
        " WHERE incident.id IN (SELECT incident_id FROM follow_up) AND content IS NOT NULL"
    ))
    for case in cases.all():
        reasons = [part.get('no_source') for part in json.loads(case.content)['follow_ups']]
        if not any(reasons):
            continue
        ids = connection.scalars(
            sa.text('SELECT id FROM follow_up WHERE incident_id = :case ORDER BY id'), {'case': case.id}
        )
        # The document has them in the order of their ids.
        for follow_up_id, reason in zip(ids.all(), reasons, strict=False):
            connection.execute(
                sa.text('UPDATE follow_up SET no_source = :reason WHERE id = :id'),
                {'reason': reason or '', 'id': follow_up_id},
            )


def downgrade() -> None:
    op.drop_column('follow_up', 'no_source')
