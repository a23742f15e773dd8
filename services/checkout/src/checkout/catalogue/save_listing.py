"""Staff create, change, copy, hide and show a listing with its products."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from checkout.catalogue.listing import Listing, ListingDetails
from checkout.catalogue.listing_changes import changes_of
from checkout.catalogue.listing_rows import lock_listing
from checkout.catalogue.rules import GOODS_PATH
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import CatalogueChanged
from shared.ids import new_id
from shared.text.search_words import fold

Doer = Mapping[str, Any]
"""Who does it at the desk (:func:`shared.web.deeds.done_by`). Empty for the samples: no person did it."""

_SAVE_PRODUCT = """
    INSERT INTO products (sku, listing_id, position, name, category, maker, summary, description, facts, image,
        unit_price, on_sale, value_1, value_2, withdrawn, weight_grams, size_cm, tax_class, temperature, kind,
        ships_from, buyer_limit, prepay_excluded, sale_from, sale_until)
    VALUES (:sku, :listing_id, :position, :name, :category, :maker, :summary, :description,
        CAST(:facts AS jsonb), :image, :unit_price, :on_sale, :value_1, :value_2, :withdrawn, :weight_grams,
        :size_cm, :tax_class, :temperature, :kind, :ships_from, :buyer_limit, :prepay_excluded, :sale_from,
        :sale_until)
    ON CONFLICT (sku) DO UPDATE SET position = excluded.position, name = excluded.name,
        category = excluded.category, maker = excluded.maker, summary = excluded.summary,
        description = excluded.description, facts = excluded.facts, image = excluded.image,
        unit_price = excluded.unit_price, on_sale = excluded.on_sale, value_1 = excluded.value_1,
        value_2 = excluded.value_2, withdrawn = excluded.withdrawn, weight_grams = excluded.weight_grams,
        size_cm = excluded.size_cm, tax_class = excluded.tax_class, temperature = excluded.temperature,
        kind = excluded.kind, ships_from = excluded.ships_from, buyer_limit = excluded.buyer_limit,
        prepay_excluded = excluded.prepay_excluded, sale_from = excluded.sale_from,
        sale_until = excluded.sale_until
    WHERE products.listing_id = excluded.listing_id RETURNING sku
"""


async def create_listing(
    tx: Tx, details: ListingDetails, *, by: Doer, at: datetime, hidden: bool = True
) -> UUID:
    """Store a new listing. Its products have no stock yet; goods are received into it.

    Raises Refused at its field for details that contradict each other, and for a SKU that another listing has.
    """
    _check(details)
    if not details.products:
        raise Refused("product_missing", "商品コードを入力してください", field="0-sku", status=422)
    listing_id, address = new_id(), details.products[0].sku
    stored = await tx.row(
        "INSERT INTO listings (listing_id, address, name, hidden, position, created_at)"
        " SELECT :id, :address, :name, :hidden, coalesce(max(position) + 1, 0), :at FROM listings"
        " ON CONFLICT (address) DO NOTHING RETURNING address",
        id=listing_id,
        address=address,
        name=details.name,
        hidden=hidden,
        at=at,
    )
    if stored is None:
        raise _taken(0, address)
    await _save(tx, listing_id, details, hidden=hidden, image="")
    _say(tx, by, f"商品「{details.name}」（{address}）を登録")
    return listing_id


async def change_listing(
    tx: Tx, listing_id: UUID, details: ListingDetails, *, version: int, by: Doer
) -> bool:
    """Store the changed details. Return whether anything differs.

    A product that ``details`` do not name stays as it is, as SKUs stand in orders and ledgers. Raises Refused as
    :func:`create_listing` does, and Refused (409) if somebody saved after ``version`` was shown.
    """
    listing = await _seen(tx, listing_id, version)
    details = _with_unnamed(details, listing)
    _check(details)
    changes = changes_of(listing.details, details)
    if not changes:
        return False
    image = listing.pictures[0].small_url if listing.pictures else _image_of(listing)
    await _save(tx, listing_id, details, hidden=listing.hidden, image=image)
    _say(tx, by, f"商品「{details.name}」（{listing.address}）：{changes}")
    return True


async def copy_listing(tx: Tx, listing_id: UUID, *, sku: str, by: Doer, at: datetime) -> UUID:
    """Store a hidden copy of a listing under new SKUs: ``sku``, and ``sku`` with a number for each further product.

    The copy has its own rows of the pictures and no stock. Raises Refused at ``sku`` if another listing has it.
    """
    listing = await _known(tx, listing_id)
    products = [
        replace(product, sku=sku if number == 1 else f"{sku}-{number}")
        for number, product in enumerate(
            (one for one in listing.details.products if not one.withdrawn), start=1
        )
    ]
    details = replace(listing.details, name=f"{listing.details.name}（コピー）"[:200], products=products)
    try:
        copy_id = await create_listing(tx, details, by=by, at=at)
    except Refused as refused:
        raise Refused(refused.code, refused.message, field="sku", status=refused.status) from refused
    await tx.execute(
        "INSERT INTO listing_pictures (picture_id, listing_id, position, large_key, small_key, width, height)"
        " SELECT gen_random_uuid(), :copy_id, position, large_key, small_key, width, height"
        " FROM listing_pictures WHERE listing_id = :id",
        copy_id=copy_id,
        id=listing_id,
    )
    await save_first_picture(tx, copy_id)
    return copy_id


async def hide_listing(tx: Tx, listing_id: UUID, *, hidden: bool, version: int, by: Doer) -> None:
    """Hide a listing from the shop, or show it again. What was ordered stays ordered. Raises Refused (409)."""
    listing = await _seen(tx, listing_id, version)
    if listing.hidden == hidden:
        return
    await tx.execute(
        "UPDATE listings SET hidden = :hidden, version = version + 1 WHERE listing_id = :id",
        hidden=hidden,
        id=listing_id,
    )
    await tx.execute(
        "UPDATE products SET on_sale = NOT withdrawn AND NOT :hidden WHERE listing_id = :id",
        hidden=hidden,
        id=listing_id,
    )
    _say(tx, by, f"商品「{listing.details.name}」（{listing.address}）を{'非公開に' if hidden else '公開'}")


async def save_first_picture(tx: Tx, listing_id: UUID) -> None:
    """Make the first picture of a listing that of its products in carts, lists and orders."""
    await tx.execute(
        "UPDATE products SET image = coalesce((SELECT :path || small_key FROM listing_pictures"
        " WHERE listing_id = :id ORDER BY position, picture_id LIMIT 1), '') WHERE listing_id = :id",
        path=f"{GOODS_PATH}/",
        id=listing_id,
    )


async def _known(tx: Tx, listing_id: UUID) -> Listing:
    listing = await lock_listing(tx, listing_id)
    if listing is None:
        raise Refused("listing_unknown", "この商品は見つかりません。", status=404)
    return listing


async def _seen(tx: Tx, listing_id: UUID, version: int) -> Listing:
    listing = await _known(tx, listing_id)
    if listing.version != version:
        message = "この画面を開いたあとに、ほかのスタッフが商品を変更したため、保存していません。画面を開き直して確認してください。"
        raise Refused("listing_changed_meanwhile", message)
    return listing


def _with_unnamed(details: ListingDetails, listing: Listing) -> ListingDetails:
    named = {product.sku for product in details.products}
    kept = [product for product in listing.details.products if product.sku not in named]
    return replace(details, products=[*details.products, *kept])


def _image_of(listing: Listing) -> str:
    return listing.products[0].image if listing.products else ""


def _check(details: ListingDetails) -> None:
    for field, message in details.findings():
        raise Refused("listing_refused", message, field=field, status=422)


async def _save(tx: Tx, listing_id: UUID, details: ListingDetails, *, hidden: bool, image: str) -> None:
    searched = (details.name, details.reading, details.maker, *details.categories)
    products = [word for one in details.products for word in (one.sku, one.value_1, one.value_2)]
    await tx.execute(
        "UPDATE listings SET name = :name, reading = :reading, maker = :maker, summary = :summary,"
        " description = :description, facts = CAST(:facts AS jsonb), axis_1 = :axis_1, axis_2 = :axis_2,"
        " search_text = :search_text, version = version + 1 WHERE listing_id = :id",
        id=listing_id,
        name=details.name,
        reading=details.reading,
        maker=details.maker,
        summary=details.summary,
        description=details.description,
        facts=orjson.dumps(details.facts).decode(),
        axis_1=details.axis_1,
        axis_2=details.axis_2,
        # A line end between the texts, so that no search finds the end of one with the beginning of the next.
        search_text="\n".join(map(fold, (*searched, *products))),
    )
    await _save_categories(tx, listing_id, details)
    for position, product in enumerate(details.products):
        saved = await tx.row(
            _SAVE_PRODUCT,
            **asdict(details.terms),
            **asdict(product),
            listing_id=listing_id,
            position=position,
            name=details.name_of(product),
            category=details.categories[0] if details.categories else "",
            maker=details.maker,
            summary=details.summary,
            description=details.description,
            facts=orjson.dumps(details.facts).decode(),
            image=image,
            on_sale=not hidden and not product.withdrawn,
        )
        if saved is None or await _is_address_of_another(tx, listing_id, product.sku):
            raise _taken(position, product.sku)
        await tx.execute(
            "INSERT INTO stock (sku, available) VALUES (:sku, 0) ON CONFLICT DO NOTHING", sku=product.sku
        )


async def _is_address_of_another(tx: Tx, listing_id: UUID, sku: str) -> bool:
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT 1 FROM listings WHERE address = :sku AND listing_id <> :id)",
            sku=sku,
            id=listing_id,
        )
    )


async def _save_categories(tx: Tx, listing_id: UUID, details: ListingDetails) -> None:
    names = list(details.categories)
    await tx.execute(
        "INSERT INTO categories (category_id, name, position) SELECT gen_random_uuid(), n.name,"
        " (SELECT coalesce(max(position), 0) FROM categories) + n.place"
        " FROM unnest(CAST(:names AS text[])) WITH ORDINALITY AS n(name, place) ON CONFLICT (name) DO NOTHING",
        names=names,
    )
    await tx.execute("DELETE FROM listing_categories WHERE listing_id = :id", id=listing_id)
    await tx.execute(
        "INSERT INTO listing_categories (listing_id, category_id) SELECT :id, category_id FROM categories"
        " WHERE name = ANY(:names)",
        id=listing_id,
        names=names,
    )


def _taken(place: int, sku: str) -> Refused:
    message = f"商品コード {sku} は、ほかの商品で使われています"
    return Refused("sku_taken", message, field=f"{place}-sku", status=422)


def _say(tx: Tx, by: Doer, subject: str) -> None:
    if by:
        tx.say(CatalogueChanged(**by, subject=subject))
