"""expand staff have seven roles, invitations and an audit log with values"""

import sqlalchemy as sa
from alembic import op

revision = "b82f4c1d6e95"
down_revision = "6747a191f247"
branch_labels = None
depends_on = None

_ROLES = "role IN ('owner', 'manager', 'orders', 'money', 'support', 'ops', 'read_only', 'staff')"


def upgrade() -> None:
    op.add_column("staff", sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint("staff_role", "staff", type_="check")
    op.create_check_constraint("staff_role", "staff", _ROLES)
    # Who was staff may do what staff could do: all but what owners keep.
    op.execute("UPDATE staff SET role = 'manager' WHERE role = 'staff'")
    op.create_table(
        "staff_invitations",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("invited_by", sa.Text(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(_ROLES, name="staff_invitations_role"),
        sa.PrimaryKeyConstraint("request_id"),
    )
    op.create_index(
        "staff_invitations_open",
        "staff_invitations",
        ["email_key"],
        unique=True,
        postgresql_where=sa.text("used_at IS NULL AND void_at IS NULL"),
    )
    op.add_column("sessions", sa.Column("used_at", sa.DateTime(timezone=True), nullable=True))
    for name in ("device", "order_code", "before", "after"):
        op.add_column("staff_deeds", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.add_column("staff_deeds", sa.Column("about_id", sa.Uuid(), nullable=True))
    op.create_index(
        "staff_deeds_order_code",
        "staff_deeds",
        ["order_code"],
        postgresql_where=sa.text("order_code <> ''"),
    )
    op.create_index(
        "staff_deeds_about",
        "staff_deeds",
        ["about_id", "done_at"],
        postgresql_where=sa.text("about_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("staff_deeds_about", table_name="staff_deeds")
    op.drop_index("staff_deeds_order_code", table_name="staff_deeds")
    for name in ("about_id", "after", "before", "order_code", "device"):
        op.drop_column("staff_deeds", name)
    op.drop_column("sessions", "used_at")
    op.drop_index("staff_invitations_open", table_name="staff_invitations")
    op.drop_table("staff_invitations")
    op.drop_constraint("staff_role", "staff", type_="check")
    # The former release knows no disabled person: nobody gets a right back.
    op.execute("DELETE FROM staff WHERE disabled_at IS NOT NULL")
    op.execute("UPDATE staff SET role = 'staff' WHERE role <> 'owner'")
    op.create_check_constraint("staff_role", "staff", "role IN ('owner', 'staff')")
    op.drop_column("staff", "disabled_at")
