"""expand amazon links end with a password reset"""

from alembic import op

revision = "a4d17e0c52b8"
down_revision = "5b1e7c93d0a4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint("ended_amazon_links_reason", "ended_amazon_links", type_="check")
    op.create_check_constraint(
        "ended_amazon_links_reason",
        "ended_amazon_links",
        "reason IN ('undone', 'address_proved', 'password_reset')",
    )


def downgrade() -> None:
    op.drop_constraint("ended_amazon_links_reason", "ended_amazon_links", type_="check")
    op.create_check_constraint(
        "ended_amazon_links_reason", "ended_amazon_links", "reason IN ('undone', 'address_proved')"
    )
