"""expand mails needed to pay: staff hear if one does not arrive"""

import sqlalchemy as sa
from alembic import op

revision = "c3b1f0a84d27"
down_revision = "5b0c7d1f9a36"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "mails",
        sa.Column("needed_to_pay", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.execute(
        "UPDATE mails SET needed_to_pay = true"
        " WHERE mail = 'payment_number_issued.customer' AND state IN ('queued', 'sending', 'refused', 'gave_up')"
    )


def downgrade() -> None:
    op.drop_column("mails", "needed_to_pay")
