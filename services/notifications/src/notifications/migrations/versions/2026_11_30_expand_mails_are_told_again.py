"""expand mails are told again: written once more as they leave, where what they tell has changed"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "e81d27f5b940"
down_revision = "c3b1f0a84d27"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mails", sa.Column("told", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column(
        "contacts", sa.Column("ended_money", postgresql.JSONB(astext_type=sa.Text()), nullable=True)
    )
    op.add_column("contacts", sa.Column("ended_money_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("contacts", "ended_money_at")
    op.drop_column("contacts", "ended_money")
    op.drop_column("mails", "told")
