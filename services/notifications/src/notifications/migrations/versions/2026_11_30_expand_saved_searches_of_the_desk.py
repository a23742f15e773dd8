"""expand saved searches of the desk"""

import sqlalchemy as sa
from alembic import op

revision = "1c6e8d92f7a5"
down_revision = "c41d7e95b3a8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_searches",
        sa.Column("search_id", sa.Uuid(), nullable=False),
        sa.Column("list_path", sa.Text(), nullable=False),
        sa.Column(
            "owner", sa.Text(), nullable=False, comment="The member of staff whose it is; empty: all staff"
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("search_id"),
    )
    op.create_index("saved_searches_by_name", "saved_searches", ["list_path", "owner", "name"], unique=True)


def downgrade() -> None:
    op.drop_index("saved_searches_by_name", table_name="saved_searches")
    op.drop_table("saved_searches")
