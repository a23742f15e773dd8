"""expand products are listed

Listings with pictures and categories; what an order must know of a product; corrections and counts of stock.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "4c7be09d5a31"
down_revision = "9d42f7a1c6be"
branch_labels = None
depends_on = None

# A replica of the former release adds products without a listing. The search text is folded like
# shared.text.search_words.fold; the next save at the desk writes it anew.
_KATAKANA = "".join(map(chr, range(0x30A1, 0x30F7)))
_HIRAGANA = "".join(map(chr, range(0x3041, 0x3097)))
_GIVE_LISTING = f"""
CREATE FUNCTION products_give_listing() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE the_category uuid;
BEGIN
    IF NEW.listing_id IS NOT NULL THEN
        RETURN NEW;
    END IF;
    INSERT INTO listings (listing_id, address, name, maker, summary, description, facts, hidden, position,
        search_text, created_at)
    VALUES (gen_random_uuid(), NEW.sku, NEW.name, NEW.maker, NEW.summary, NEW.description, NEW.facts,
        NOT NEW.on_sale, NEW.position, regexp_replace(translate(lower(normalize(
            concat_ws(' ', NEW.name, NEW.maker, NEW.category, NEW.sku), NFKC)), '{_KATAKANA}', '{_HIRAGANA}'),
            '[[:space:][:punct:]・「」（）]', '', 'g'), now())
    ON CONFLICT (address) DO NOTHING;
    SELECT listing_id INTO NEW.listing_id FROM listings WHERE address = NEW.sku;
    IF NEW.category <> '' THEN
        INSERT INTO categories (category_id, name, position)
        VALUES (gen_random_uuid(), NEW.category, NEW.position) ON CONFLICT (name) DO NOTHING;
        SELECT category_id INTO the_category FROM categories WHERE name = NEW.category;
        INSERT INTO listing_categories (listing_id, category_id)
        VALUES (NEW.listing_id, the_category) ON CONFLICT DO NOTHING;
    END IF;
    RETURN NEW;
END $$
"""  # noqa: S608 - our own letters
_REASONS = "'initial', 'received', 'reserved', 'released', 'shipped'"


def upgrade() -> None:
    _create_tables()
    for column in _columns():
        op.add_column("products", column)
    op.create_foreign_key("products_listing_id_fkey", "products", "listings", ["listing_id"], ["listing_id"])
    op.create_index("products_by_listing", "products", ["listing_id"], unique=False)
    op.create_check_constraint("products_tax_class", "products", "tax_class IN ('standard', 'reduced')")
    op.create_check_constraint(
        "products_temperature", "products", "temperature IN ('ambient', 'chilled', 'frozen')"
    )
    op.create_check_constraint("products_kind", "products", "kind IN ('normal', 'preorder')")
    op.execute(_GIVE_LISTING)
    op.execute(
        "CREATE TRIGGER products_give_listing BEFORE INSERT OR UPDATE ON products FOR EACH ROW"
        " EXECUTE FUNCTION products_give_listing()"
    )
    op.execute("UPDATE products SET listing_id = NULL")
    op.add_column(
        "stock",
        sa.Column(
            "low_at",
            sa.Integer(),
            server_default="5",
            nullable=False,
            comment="So many pieces or fewer are few",
        ),
    )
    op.create_check_constraint("stock_low_at_not_negative", "stock", "low_at >= 0")
    op.drop_constraint("stock_entries_reason", "stock_entries", type_="check")
    op.create_check_constraint(
        "stock_entries_reason", "stock_entries", f"reason IN ({_REASONS}, 'corrected', 'counted')"
    )


def _create_tables() -> None:
    op.create_table(
        "categories",
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("category_id"),
        sa.UniqueConstraint("name"),
    )
    texts = [
        sa.Column(name, sa.Text(), server_default="", nullable=False, comment=comment)
        for name, comment in (
            ("reading", "Other spellings by which it is found"),
            ("maker", None),
            ("summary", None),
            ("description", None),
            ("axis_1", "What its products differ in, such as 色"),
            ("axis_2", None),
            ("search_text", "Folded: shared.text.search_words"),
        )
    ]
    op.create_table(
        "listings",
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column(
            "address", sa.Text(), nullable=False, comment="Of its page, /items/<address>; never changes"
        ),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        *texts,
        sa.Column(
            "facts", postgresql.JSONB(), server_default="[]", nullable=False, comment="[[label, value], ...]"
        ),
        sa.Column("hidden", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("listing_id"),
        sa.UniqueConstraint("address"),
    )
    op.create_index("listings_by_position", "listings", ["position", "listing_id"], unique=False)
    op.create_table(
        "listing_categories",
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["listing_id"], ["listings.listing_id"]),
        sa.ForeignKeyConstraint(["category_id"], ["categories.category_id"]),
        sa.PrimaryKeyConstraint("listing_id", "category_id"),
    )
    op.create_index("listing_categories_by_category", "listing_categories", ["category_id"], unique=False)
    op.create_table(
        "listing_pictures",
        sa.Column("picture_id", sa.Uuid(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("large_key", sa.Text(), nullable=False, comment="Key of the file"),
        sa.Column("small_key", sa.Text(), nullable=False, comment="Key of the file for lists"),
        sa.Column("width", sa.Integer(), nullable=False, comment="Of the large one, in pixels"),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["listing_id"], ["listings.listing_id"]),
        sa.PrimaryKeyConstraint("picture_id"),
    )
    op.create_index(
        "listing_pictures_by_listing", "listing_pictures", ["listing_id", "position"], unique=False
    )
    op.create_index("listing_pictures_by_large_key", "listing_pictures", ["large_key"], unique=False)
    op.create_index("listing_pictures_by_small_key", "listing_pictures", ["small_key"], unique=False)
    op.create_table(
        "picture_sweeps",
        sa.Column("task", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("task = 1", name="picture_sweeps_single_row"),
        sa.PrimaryKeyConstraint("task"),
        comment="When to look again for files that no listing names",
    )
    op.create_index(
        "picture_sweeps_due",
        "picture_sweeps",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "limited_pieces",
        sa.Column("order_code", sa.Text(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column(
            "buyer", sa.Text(), nullable=False, comment="A hash of one thing by which the buyer is known"
        ),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["order_code"], ["orders.code"]),
        sa.ForeignKeyConstraint(["listing_id"], ["listings.listing_id"]),
        sa.PrimaryKeyConstraint("order_code", "listing_id", "buyer"),
    )
    op.create_index("limited_pieces_by_buyer", "limited_pieces", ["listing_id", "buyer"], unique=False)


def _columns() -> list[sa.Column[object]]:
    text, number, moment = sa.Text(), sa.Integer(), sa.DateTime(timezone=True)
    return [
        sa.Column("listing_id", sa.Uuid(), comment="A trigger fills it for 0.1.0"),
        sa.Column("value_1", text, nullable=False, server_default="", comment="On the listing's first axis"),
        sa.Column("value_2", text, nullable=False, server_default=""),
        sa.Column(
            "withdrawn", sa.Boolean(), nullable=False, server_default="false", comment="No longer sold"
        ),
        sa.Column("tax_class", text, nullable=False, server_default="standard"),
        sa.Column("temperature", text, nullable=False, server_default="ambient"),
        sa.Column("kind", text, nullable=False, server_default="normal"),
        sa.Column("ships_from", sa.Date(), comment="Of a preorder: the day from which it is shipped"),
        sa.Column("weight_grams", number),
        sa.Column("size_cm", number, comment="Sum of the three sides of its parcel"),
        sa.Column("buyer_limit", number, comment="The most pieces of the listing for one buyer"),
        sa.Column("prepay_excluded", sa.Boolean(), nullable=False, server_default="false"),
        sa.Column("sale_from", moment),
        sa.Column("sale_until", moment, comment="The first moment after the sale"),
    ]


def downgrade() -> None:
    op.drop_constraint("stock_entries_reason", "stock_entries", type_="check")
    op.create_check_constraint("stock_entries_reason", "stock_entries", f"reason IN ({_REASONS})")
    op.drop_constraint("stock_low_at_not_negative", "stock", type_="check")
    op.drop_column("stock", "low_at")
    op.execute("DROP TRIGGER products_give_listing ON products")
    op.execute("DROP FUNCTION products_give_listing")
    for column in _columns():
        op.drop_column("products", column.name)
    for table in (
        "limited_pieces",
        "picture_sweeps",
        "listing_pictures",
        "listing_categories",
        "listings",
        "categories",
    ):
        op.drop_table(table)
