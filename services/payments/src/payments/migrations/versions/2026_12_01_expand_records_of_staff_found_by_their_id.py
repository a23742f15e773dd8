"""expand records of staff found by their id"""

import sqlalchemy as sa
from alembic import op

revision = "4c1f7be20d95"
down_revision = "9fa3c56e81b0"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "journal_lines_of_staff",
        "journal_lines",
        ["subject"],
        postgresql_where=sa.text("subject LIKE 'desk:%'"),
    )


def downgrade() -> None:
    op.drop_index(
        "journal_lines_of_staff",
        table_name="journal_lines",
        postgresql_where=sa.text("subject LIKE 'desk:%'"),
    )
