"""expand settings are one mechanism: a row for each setting and each change; the former tables stay to be read"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "d2f86b31c790"
down_revision = "b3f91c6d20a7"
branch_labels = None
depends_on = None

_PARTS = """
    CASE WHEN name LIKE '%:%' THEN 'method' ELSE 'capture' END,
    CASE WHEN name LIKE '%:%' THEN split_part(name, ':', 2) ELSE '' END,
    CASE split_part(name, ':', 1) WHEN 'offer' THEN 'offered' ELSE split_part(name, ':', 1) END
"""


def _value(column: str) -> str:
    """Return the value as JSON; what was not set is what held then."""
    return f"""
        CASE split_part(name, ':', 1)
            WHEN 'offer' THEN to_jsonb(coalesce({column}, 'yes') = 'yes')
            WHEN 'name' THEN to_jsonb(coalesce({column}, ''))
            ELSE to_jsonb(coalesce({column}, 'on_shipped'))
        END
    """


_CHANGES = f"""
    INSERT INTO setting_changes (group_name, subject, name, before, after, at, by)
    SELECT {_PARTS}, {_value("before")}, {_value("after")}, at, by FROM shop_settings_audit ORDER BY change_id
"""  # noqa: S608 - our own words
# The last change of each is what is in force.
_SETTINGS = """
    INSERT INTO settings (group_name, subject, name, value, version, changed_at, changed_by)
    SELECT DISTINCT ON (group_name, subject, name) group_name, subject, name, after, change_id, at, by
    FROM setting_changes ORDER BY group_name, subject, name, change_id DESC
"""


def upgrade() -> None:
    op.create_table(
        "settings",
        sa.Column("group_name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="What the group is about; empty: the shop"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="The change that made it so"),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("group_name", "subject", "name"),
    )
    op.create_table(
        "setting_changes",
        sa.Column("change_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("group_name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("change_id"),
        info={"append_only": True},
    )
    op.create_index(
        "setting_changes_of_group", "setting_changes", ["group_name", "subject", "name"], unique=False
    )
    op.execute(_CHANGES)
    op.execute(_SETTINGS)


def downgrade() -> None:
    op.drop_index("setting_changes_of_group", table_name="setting_changes")
    op.drop_table("setting_changes")
    op.drop_table("settings")
