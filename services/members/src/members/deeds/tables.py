"""The table of deeds."""

from sqlalchemy import Column, Index, Table, Text, Uuid, text

from members.metadata import MOMENT, metadata

# Deeds of staff, logins and failed logins (STF-03).
staff_deeds = Table(
    "staff_deeds",
    metadata,
    Column("deed_id", Uuid, primary_key=True),
    Column("done_at", MOMENT, nullable=False),
    # NULL where nobody was recognised: a failed login.
    Column("by_id", Uuid),
    Column("by", Text, nullable=False),
    Column("deed", Text, nullable=False),
    Column("subject", Text, nullable=False, server_default=""),
    Column("ip", Text, nullable=False),
    # The browser, as its owner recognises it; empty for deeds at other desks.
    Column("device", Text, nullable=False, server_default=""),
    Column("order_code", Text, nullable=False, server_default=""),
    # What the deed changed; empty where it changed no value.
    Column("before", Text, nullable=False, server_default=""),
    Column("after", Text, nullable=False, server_default=""),
    # The member of staff whom a login or a role is about.
    Column("about_id", Uuid),
    info={"append_only": True},
)
Index("staff_deeds_done_at", staff_deeds.c.done_at)
Index(
    "staff_deeds_order_code",
    staff_deeds.c.order_code,
    postgresql_where=text("order_code <> ''"),
)
Index(
    "staff_deeds_about",
    staff_deeds.c.about_id,
    staff_deeds.c.done_at,
    postgresql_where=text("about_id IS NOT NULL"),
)
