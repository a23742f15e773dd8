"""expand payments keep room for their next"""

from alembic import op

revision = "b3f91c6d20a7"
down_revision = "b3d94a6e5f18"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The room that a page keeps lets a change touch no index where none of the indexed columns changed.
    op.execute("ALTER TABLE payments SET (fillfactor = 50)")
    op.execute("ALTER TABLE payment_requests SET (fillfactor = 50)")


def downgrade() -> None:
    op.execute("ALTER TABLE payment_requests RESET (fillfactor)")
    op.execute("ALTER TABLE payments RESET (fillfactor)")
