"""The table of products."""

from sqlalchemy import Boolean, CheckConstraint, Column, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from checkout.metadata import metadata

products = Table(
    "products",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("maker", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("facts", JSONB, nullable=False, comment="[[label, value], ...] shown under the description"),
    Column("image", Text, nullable=False, comment="File name under /static/shop/goods"),
    Column("unit_price", Integer, nullable=False, comment="Yen, tax included"),
    Column("position", Integer, nullable=False),
    Column("on_sale", Boolean, nullable=False, server_default="true"),
    Column("tax_class", Text, nullable=False, server_default="standard"),
    CheckConstraint("unit_price > 0", name="products_price_positive"),
    CheckConstraint("tax_class IN ('standard', 'reduced')", name="products_tax_class"),
)
