"""The table of saved searches, for a service that has desk lists."""

from sqlalchemy import Column, DateTime, Index, MetaData, Table, Text, Uuid


def saved_searches_table(metadata: MetaData) -> Table:
    """Declare ``saved_searches``: a query string of a list, under a name."""
    saved = Table(
        "saved_searches",
        metadata,
        Column("search_id", Uuid, primary_key=True),
        Column("list_path", Text, nullable=False),
        Column("owner", Text, nullable=False, comment="The member of staff whose it is; empty: all staff"),
        Column("name", Text, nullable=False),
        Column("query", Text, nullable=False),
        Column("saved_by", Text, nullable=False),
        Column("saved_at", DateTime(timezone=True), nullable=False),
    )
    Index("saved_searches_by_name", saved.c.list_path, saved.c.owner, saved.c.name, unique=True)
    return saved
