"""expand amazon logins end with a logout"""

import sqlalchemy as sa
from alembic import op

revision = "5b1e7c93d0a4"
down_revision = "7d20b9f4c1e6"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("members", sa.Column("amazon_login_after", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE members SET amazon_login_after = sessions_ended_at WHERE sessions_ended_at IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_column("members", "amazon_login_after")
