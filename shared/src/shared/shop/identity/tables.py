"""The table of the shop's identity in each service that hears of it."""

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Integer, MetaData, Table
from sqlalchemy.dialects.postgresql import JSONB


def shop_identity_table(metadata: MetaData) -> Table:
    """Declare ``shop_identity``: one row with the newest facts that checkout published."""
    return Table(
        "shop_identity",
        metadata,
        Column("shop_id", Integer, primary_key=True, autoincrement=False),
        Column("revision", BigInteger, nullable=False, comment="Of the event; a higher one is newer"),
        Column("facts", JSONB, nullable=False),
        Column("occurred_at", DateTime(timezone=True), nullable=False),
        CheckConstraint("shop_id = 1", name="shop_identity_is_one_row"),
    )
