"""expand mails are paced by mailbox"""

import sqlalchemy as sa
from alembic import op

revision = "39ddf34d9954"
down_revision = "e2b39c932e60"
branch_labels = None
depends_on = None

TRIED = sa.text("first_tried_at IS NOT NULL")


def upgrade() -> None:
    mailbox: sa.ColumnElement[str] = sa.literal_column("regexp_replace(lower(recipient), '[+][^@]*@', '@')")
    op.create_index("mails_mailbox", "mails", [mailbox, "first_tried_at"], postgresql_where=TRIED)
    # Only the pace of mails used it; code of before finds the same rows without.
    op.drop_index("mails_recipient", table_name="mails")


def downgrade() -> None:
    address: sa.ColumnElement[str] = sa.literal_column("lower(recipient)")
    op.create_index("mails_recipient", "mails", [address, "first_tried_at"], postgresql_where=TRIED)
    op.drop_index("mails_mailbox", table_name="mails")
