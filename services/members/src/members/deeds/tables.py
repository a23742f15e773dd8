"""The table of deeds."""

from sqlalchemy import Column, Index, Table, Text, Uuid

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
    info={"append_only": True},
)
Index("staff_deeds_done_at", staff_deeds.c.done_at)
