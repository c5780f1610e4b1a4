"""Public address of an authority, mail of an invitation, clock of a request for a document"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from register.cases.timeline import request_clock

revision = '0046'
down_revision = '0045'
branch_labels = None
depends_on = None

_KNOWN = sa.text('request_on IS NOT NULL')
_INCIDENT = sa.table(
    'incident', sa.column('id', sa.Integer), sa.column('request_event', sa.String), sa.column('request_on', sa.Date)
)


def upgrade() -> None:
    op.create_table('authority_contact',
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.Column('commune', sa.String(length=5), nullable=False),
    sa.Column('incident_id', sa.Integer(), nullable=False),
    sa.Column('address', sa.String(length=254), nullable=False),
    sa.Column('source', sa.String(length=3000), nullable=False),
    sa.Column('checked_on', sa.Date(), nullable=False),
    sa.Column('checked_by', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['incident_id'], ['incident.id'], name=op.f('fk_authority_contact_incident_id_incident')),
    sa.ForeignKeyConstraint(['checked_by'], ['member.id'], name=op.f('fk_authority_contact_checked_by_member')),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_authority_contact')),
    sqlite_with_rowid=False,
    )
    op.create_index('ix_authority_contact_commune', 'authority_contact', ['commune'])
    op.create_index('ix_authority_contact_incident_id', 'authority_contact', ['incident_id'])
    op.add_column('invitation', sa.Column('mail_id', sa.String(length=300)))
    op.add_column('invitation', sa.Column('contact', sa.String(length=32)))
    op.add_column('incident', sa.Column('request_event', sa.String(length=16), nullable=False, server_default=''))
    op.add_column('incident', sa.Column('request_on', sa.Date()))
    op.create_index(
        'ix_incident_request', 'incident', ['request_event', 'request_on'],
        sqlite_where=_KNOWN, postgresql_where=_KNOWN,
    )
    connection = op.get_bind()
    documents = connection.execute(sa.text(
        'SELECT incident.id, coalesce(remaining_content, content) AS document'
        ' FROM incident JOIN revision ON revision.id = incident.revision_id'
    ))
    for case in documents.all():
        event, day = request_clock(json.loads(bytes(case.document)).get('request') if case.document else None)
        if day is not None:
            stmt = sa.update(_INCIDENT).where(_INCIDENT.c.id == case.id)
            connection.execute(stmt.values(request_event=event, request_on=day))


def downgrade() -> None:
    op.drop_index('ix_incident_request', 'incident')
    op.drop_column('incident', 'request_on')
    op.drop_column('incident', 'request_event')
    op.drop_column('invitation', 'contact')
    op.drop_column('invitation', 'mail_id')
    op.drop_table('authority_contact')
