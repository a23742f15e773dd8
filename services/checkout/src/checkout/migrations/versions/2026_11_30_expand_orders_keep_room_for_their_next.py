"""expand orders keep room for their next"""

from alembic import op

revision = "d94e07b1f3c5"
down_revision = "2f7c90be61d4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The room that a page keeps lets a change touch no index where none of the indexed columns changed.
    op.execute("ALTER TABLE orders SET (fillfactor = 50)")
    op.execute("ALTER TABLE order_destinations SET (fillfactor = 70)")


def downgrade() -> None:
    op.execute("ALTER TABLE order_destinations RESET (fillfactor)")
    op.execute("ALTER TABLE orders RESET (fillfactor)")
