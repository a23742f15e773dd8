"""expand payment names by index"""

import sqlalchemy as sa
from alembic import op

revision = "c41d7e95b3a8"
down_revision = "f0358ad7be14"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "contacts_payment_kind",
        "contacts",
        [sa.literal_column("(placed ->> 'payment_kind')"), "placed_at"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("contacts_payment_kind", table_name="contacts")
