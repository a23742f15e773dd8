"""expand mails need no index of message ids"""

from alembic import op

revision = "5e0b7c94a1d3"
down_revision = "1c6e8d92f7a5"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A Message-ID follows from the mail's key, and nobody asks for a mail by it. Code of before does not miss the index.
    op.drop_constraint("mails_message_id_key", "mails", type_="unique")


def downgrade() -> None:
    op.create_unique_constraint("mails_message_id_key", "mails", ["message_id"])
