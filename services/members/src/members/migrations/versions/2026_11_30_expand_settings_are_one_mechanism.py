"""expand settings are one mechanism: a row for each setting and each change; the former tables stay to be read"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "e91a4c6027fd"
down_revision = "0c8f5e2d7b19"
branch_labels = None
depends_on = None

_DEFAULTS = """
    '{"points_enabled": true, "purchase_percent": "1", "purchase_activation": "on_shipped",
      "registration_points": 500, "registration_activation": "immediate", "valid_days": null,
      "amazon_login": true}'::jsonb
"""
# A version held all rules; a change is what differs from the version before.
_CHANGES = f"""
    INSERT INTO setting_changes (group_name, subject, name, before, after, at, by)
    SELECT 'rules', '', key, before, after, changed_at, changed_by
    FROM (
        SELECT version, key, value AS after, changed_at, changed_by,
            coalesce(lag(value) OVER (PARTITION BY key ORDER BY version), {_DEFAULTS} -> key) AS before
        FROM rule_versions, jsonb_each(rules)
    ) told
    WHERE before IS DISTINCT FROM after AND {_DEFAULTS} ? key ORDER BY version, key
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
