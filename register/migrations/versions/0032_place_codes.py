"""Codes of the one place of a case, which only the counts of the home page read"""

from __future__ import annotations

from alembic import op

revision = '0032'
down_revision = '0029'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM case_code WHERE axis IN ('lieu', 'departement_du_lieu')")


def downgrade() -> None:
    op.execute(
        "INSERT INTO case_code (incident_id, axis, code, until_line, since_line)"
        " SELECT incident.id, 'lieu', coalesce(nullif(commune, ''), departement), 0, since_line"
        " FROM case_code JOIN incident ON incident.id = case_code.incident_id"
        " WHERE axis = 'pays' AND code = 'FR' AND until_line = 0"
        " AND coalesce(nullif(commune, ''), departement) <> ''"
    )
    # The former version then makes the codes that these lead to.
    op.execute("DELETE FROM dataset WHERE name = 'case_code'")
