"""expand mailboxes have registration points once: those that had them are noted"""

import sqlalchemy as sa
from alembic import op

revision = "19929ca1bda5"
down_revision = "f10ed15956e0"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "registration_mailboxes",
        sa.Column("mailbox", sa.Text(), nullable=False, comment="As shared.text.mail_address folds it"),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"]),
        sa.PrimaryKeyConstraint("mailbox"),
        comment="Proved mailboxes whose registration points were given: one grant each",
        info={"append_only": True},
    )
    op.execute(
        "INSERT INTO registration_mailboxes (mailbox, member_id, granted_at)"
        " SELECT regexp_replace(lower(m.email), '[+][^@]*@', '@'), m.member_id, g.granted_at"
        " FROM members m JOIN point_grants g USING (member_id)"
        " WHERE m.email_verified_at IS NOT NULL AND g.reason = 'registration'"
        " ORDER BY g.granted_at ON CONFLICT DO NOTHING"
    )


def downgrade() -> None:
    op.drop_table("registration_mailboxes")
