"""expand mails know what was typed"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "5b0c7d1f9a36"
down_revision = "104355bfe4ed"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mails", sa.Column("typed", postgresql.JSONB(astext_type=sa.Text()), nullable=True))


def downgrade() -> None:
    op.drop_column("mails", "typed")
