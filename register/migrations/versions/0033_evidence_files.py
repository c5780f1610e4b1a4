"""Evidence files, and those of reports and of cases"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0033'
down_revision = '0032'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # sqlite_with_rowid: as the tables of reports, without an order of arrival.
    op.create_table('evidence_file',
    sa.Column('file_id', sa.String(length=32), nullable=False),
    sa.Column('is_settled', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('file_id', name=op.f('pk_evidence_file')),
    sqlite_with_rowid=False,
    )
    op.create_index('ix_evidence_file_is_settled', 'evidence_file', ['is_settled'])
    op.create_table('report_evidence',
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.Column('report_key', sa.String(length=32), nullable=False),
    sa.Column('message_key', sa.String(length=32), nullable=True),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('file_id', sa.String(length=32), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['report_key'], ['report.key'], name=op.f('fk_report_evidence_report_key_report')),
    sa.ForeignKeyConstraint(['message_key'], ['report_message.key'], name=op.f('fk_report_evidence_message_key_report_message')),
    sa.ForeignKeyConstraint(['file_id'], ['evidence_file.file_id'], name=op.f('fk_report_evidence_file_id_evidence_file')),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_report_evidence')),
    sqlite_with_rowid=False,
    )
    op.create_index('ix_report_evidence_report', 'report_evidence', ['report_key', 'position'])
    op.create_index('ix_report_evidence_message_key', 'report_evidence', ['message_key'])
    op.create_index('ix_report_evidence_file_id', 'report_evidence', ['file_id'])
    op.create_table('case_evidence',
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.Column('incident_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('file_id', sa.String(length=32), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['incident_id'], ['incident.id'], name=op.f('fk_case_evidence_incident_id_incident')),
    sa.ForeignKeyConstraint(['file_id'], ['evidence_file.file_id'], name=op.f('fk_case_evidence_file_id_evidence_file')),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_case_evidence')),
    sqlite_with_rowid=False,
    )
    op.create_index('ix_case_evidence_incident', 'case_evidence', ['incident_id', 'position'])
    op.create_index('ix_case_evidence_file_id', 'case_evidence', ['file_id'])


def downgrade() -> None:
    op.drop_table('case_evidence')
    op.drop_table('report_evidence')
    op.drop_table('evidence_file')
