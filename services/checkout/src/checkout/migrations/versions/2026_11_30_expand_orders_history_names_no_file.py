"""expand orders history names no file: the comment of a column outlived the place of the table that it named"""

from alembic import op

revision = "e61a3c9f0d87"
down_revision = "5b8e1c07d2a4"
branch_labels = None
depends_on = None

_NEW = "An edge of the table of states, or 'place'"
_OLD = "An edge of orders/states.py, or 'place'"


def upgrade() -> None:
    op.alter_column("order_history", "move", comment=_NEW, existing_comment=_OLD)


def downgrade() -> None:
    op.alter_column("order_history", "move", comment=_OLD, existing_comment=_NEW)
