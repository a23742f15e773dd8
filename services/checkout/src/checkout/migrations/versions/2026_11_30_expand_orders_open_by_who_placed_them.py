"""expand orders open by who placed them: what is paid at the door counts too, and mails without their tag"""

import sqlalchemy as sa
from alembic import op

revision = "b05b513cb60f"
down_revision = "b262be13bce8"
branch_labels = None
depends_on = None

OPEN = sa.text(
    "status = 'in_progress' AND deposit = 'unpaid' AND shipping = 'unshipped' AND total > 0"
    " AND payment_group <> 'card_like'"
)
PREPAID = sa.text(
    "status = 'in_progress' AND deposit = 'unpaid' AND payment_group IN ('konbini', 'transfer')"
)
TOLD = "Where an order without authorization came from, for the limit of open ones"
TOLD_BEFORE = "Where a prepaid order came from, for the limit of unpaid ones"


def upgrade() -> None:
    op.alter_column(
        "orders",
        "client_address",
        existing_type=sa.TEXT(),
        comment=TOLD,
        existing_comment=TOLD_BEFORE,
        existing_nullable=True,
    )
    op.create_index("orders_open_by_client", "orders", ["client_address"], postgresql_where=OPEN)
    op.create_index(
        "orders_open_by_mail",
        "orders",
        [sa.literal_column("regexp_replace(lower(orderer_email), '[+][^@]*@', '@')")],
        postgresql_where=OPEN,
    )
    # Nothing but the count of open orders used them; code of before finds the same rows without.
    op.drop_index("orders_held_by_client", table_name="orders")
    op.drop_index("orders_held_by_email", table_name="orders")


def downgrade() -> None:
    op.create_index("orders_held_by_client", "orders", ["client_address"], postgresql_where=PREPAID)
    op.create_index(
        "orders_held_by_email",
        "orders",
        [sa.literal_column("lower(orderer_email)")],
        postgresql_where=PREPAID,
    )
    op.drop_index("orders_open_by_mail", table_name="orders")
    op.drop_index("orders_open_by_client", table_name="orders")
    op.alter_column(
        "orders",
        "client_address",
        existing_type=sa.TEXT(),
        comment=TOLD_BEFORE,
        existing_comment=TOLD,
        existing_nullable=True,
    )
