"""expand orders held by client, member and wallet: also what awaits the yes of a wallet is counted"""

import sqlalchemy as sa
from alembic import op

revision = "5ba1a6315728"
down_revision = "d07a57c7c5d6"
branch_labels = None
depends_on = None

OPEN = "status = 'in_progress' AND deposit = 'unpaid' AND shipping = 'unshipped' AND total > 0"
UNPAID = sa.text(f"{OPEN} AND payment_group <> 'card_like'")
MAILBOX: sa.ColumnElement[str] = sa.literal_column("regexp_replace(lower(orderer_email), '[+][^@]*@', '@')")
TOLD = "Where an order of a guest came from, for the limit of open ones"
TOLD_BEFORE = "Where an order without authorization came from, for the limit of open ones"


def upgrade() -> None:
    op.alter_column(
        "orders",
        "client_address",
        existing_type=sa.TEXT(),
        comment=TOLD,
        existing_comment=TOLD_BEFORE,
        existing_nullable=True,
    )
    op.create_index(
        "orders_held_by_client",
        "orders",
        ["client_address", MAILBOX],
        postgresql_where=sa.text(f"{OPEN} AND client_address IS NOT NULL"),
    )
    op.create_index(
        "orders_held_by_member",
        "orders",
        ["member_id"],
        postgresql_where=sa.text(f"{OPEN} AND member_id IS NOT NULL"),
    )
    op.create_index(
        "orders_held_by_wallet",
        "orders",
        ["wallet_buyer_id"],
        postgresql_where=sa.text(f"{OPEN} AND wallet_buyer_id IS NOT NULL"),
    )
    # Nothing but the count of open orders used them; code of before finds the same rows without.
    op.drop_index("orders_open_by_client", table_name="orders")
    op.drop_index("orders_open_by_mail", table_name="orders")


def downgrade() -> None:
    op.create_index("orders_open_by_mail", "orders", [MAILBOX], postgresql_where=UNPAID)
    op.create_index("orders_open_by_client", "orders", ["client_address"], postgresql_where=UNPAID)
    op.drop_index("orders_held_by_wallet", table_name="orders")
    op.drop_index("orders_held_by_member", table_name="orders")
    op.drop_index("orders_held_by_client", table_name="orders")
    op.alter_column(
        "orders",
        "client_address",
        existing_type=sa.TEXT(),
        comment=TOLD_BEFORE,
        existing_comment=TOLD,
        existing_nullable=True,
    )
