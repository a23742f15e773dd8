"""Tables of the catalogue: listings with their pictures, categories, and the products that are bought."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from checkout.metadata import metadata
from shared.due.rows import due_columns, due_index

categories = Table(
    "categories",
    metadata,
    Column("category_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("position", Integer, nullable=False),
)

listings = Table(
    "listings",
    metadata,
    Column("listing_id", Uuid, primary_key=True),
    Column(
        "address", Text, nullable=False, unique=True, comment="Of its page, /items/<address>; never changes"
    ),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("name", Text, nullable=False),
    Column(
        "reading", Text, nullable=False, server_default="", comment="Other spellings by which it is found"
    ),
    Column("maker", Text, nullable=False, server_default=""),
    Column("summary", Text, nullable=False, server_default=""),
    Column("description", Text, nullable=False, server_default=""),
    Column("facts", JSONB, nullable=False, server_default="[]", comment="[[label, value], ...]"),
    Column(
        "axis_1", Text, nullable=False, server_default="", comment="What its products differ in, such as 色"
    ),
    Column("axis_2", Text, nullable=False, server_default=""),
    Column("hidden", Boolean, nullable=False, server_default="true"),
    Column("position", Integer, nullable=False, server_default="0"),
    Column(
        "search_text", Text, nullable=False, server_default="", comment="Folded: shared.text.search_words"
    ),
    Column("created_at", DateTime(timezone=True), nullable=False),
)
Index("listings_by_position", listings.c.position, listings.c.listing_id)

listing_categories = Table(
    "listing_categories",
    metadata,
    Column("listing_id", Uuid, ForeignKey("listings.listing_id"), primary_key=True),
    Column("category_id", Uuid, ForeignKey("categories.category_id"), primary_key=True),
)
Index("listing_categories_by_category", listing_categories.c.category_id)

listing_pictures = Table(
    "listing_pictures",
    metadata,
    Column("picture_id", Uuid, primary_key=True),
    Column("listing_id", Uuid, ForeignKey("listings.listing_id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("large_key", Text, nullable=False, comment="Key of the file"),
    Column("small_key", Text, nullable=False, comment="Key of the file for lists"),
    Column("width", Integer, nullable=False, comment="Of the large one, in pixels"),
    Column("height", Integer, nullable=False),
)
Index("listing_pictures_by_listing", listing_pictures.c.listing_id, listing_pictures.c.position)
Index("listing_pictures_by_large_key", listing_pictures.c.large_key)
Index("listing_pictures_by_small_key", listing_pictures.c.small_key)

picture_sweeps = Table(
    "picture_sweeps",
    metadata,
    Column("task", Integer, primary_key=True),
    *due_columns(),
    CheckConstraint("task = 1", name="picture_sweeps_single_row"),
    comment="When to look again for files that no listing names",
)
due_index(picture_sweeps)

# Category, maker, summary, description and facts are those of the listing: the former release reads them here. The name
# is that of the listing with the values of its axes. The image is a path if staff uploaded it. A product is on sale if its
# listing is not hidden and it is not withdrawn.
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
    Column("listing_id", Uuid, ForeignKey("listings.listing_id"), comment="A trigger fills it for 0.1.0"),
    Column("value_1", Text, nullable=False, server_default="", comment="On the listing's first axis"),
    Column("value_2", Text, nullable=False, server_default=""),
    Column("withdrawn", Boolean, nullable=False, server_default="false", comment="No longer sold"),
    Column("tax_class", Text, nullable=False, server_default="standard"),
    Column("temperature", Text, nullable=False, server_default="ambient"),
    Column("kind", Text, nullable=False, server_default="normal"),
    Column("ships_from", Date, comment="Of a preorder: the day from which it is shipped"),
    Column("weight_grams", Integer),
    Column("size_cm", Integer, comment="Sum of the three sides of its parcel"),
    Column("buyer_limit", Integer, comment="The most pieces of the listing for one buyer"),
    Column("prepay_excluded", Boolean, nullable=False, server_default="false"),
    Column("sale_from", DateTime(timezone=True)),
    Column("sale_until", DateTime(timezone=True), comment="The first moment after the sale"),
    CheckConstraint("unit_price > 0", name="products_price_positive"),
    CheckConstraint("tax_class IN ('standard', 'reduced')", name="products_tax_class"),
    CheckConstraint("temperature IN ('ambient', 'chilled', 'frozen')", name="products_temperature"),
    CheckConstraint("kind IN ('normal', 'preorder')", name="products_kind"),
)
Index("products_by_listing", products.c.listing_id)
