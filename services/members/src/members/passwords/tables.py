"""The table of link requests by persons who are not logged in."""

from sqlalchemy import Column, Table, Text, Uuid

from members.metadata import MOMENT, metadata
from shared.due.rows import due_columns, due_index

# Typed addresses of forgotten passwords, known or unknown. They are looked up later, so that the answer shows nothing.
reset_wishes = Table(
    "reset_wishes",
    metadata,
    Column("wish_id", Uuid, primary_key=True),
    Column("email", Text, nullable=False),
    Column("wished_at", MOMENT, nullable=False),
    # The trace of the request.
    Column("traceparent", Text),
    *due_columns(),
)
due_index(reset_wishes)
