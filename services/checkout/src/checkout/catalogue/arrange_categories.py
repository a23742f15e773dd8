"""Staff add, rename, order and delete categories."""

from uuid import UUID

from asyncpg import UniqueViolationError

from checkout.catalogue.listing_rows import Category, read_categories
from checkout.catalogue.save_listing import Doer
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import CatalogueChanged
from shared.text.search_words import fold


async def add_category(tx: Tx, name: str, *, by: Doer) -> None:
    """Add a category behind the others. Raises Refused at ``name`` if there is one of this name."""
    added = await tx.execute(
        "INSERT INTO categories (category_id, name, position) SELECT gen_random_uuid(), :name,"
        " coalesce(max(position) + 1, 0) FROM categories ON CONFLICT (name) DO NOTHING",
        name=name,
    )
    if not added:
        raise _taken(name)
    tx.say(CatalogueChanged(**by, subject=f"分類「{name}」を追加"))


async def rename_category(tx: Tx, category_id: UUID, name: str, *, by: Doer) -> None:
    """Rename a category; its listings follow. Raises Refused at ``name`` if there is another one of this name."""
    category = await _known(tx, category_id)
    if category.name == name:
        return
    try:
        async with tx.savepoint():
            await tx.execute(
                "UPDATE categories SET name = :name WHERE category_id = :id", name=name, id=category_id
            )
    except UniqueViolationError as error:
        raise _taken(name) from error
    # The former release reads the category of a product here, and searches find the new name.
    await tx.execute("UPDATE products SET category = :new WHERE category = :old", new=name, old=category.name)
    await tx.execute(
        "UPDATE listings SET search_text = search_text || chr(10) || :word WHERE listing_id IN"
        " (SELECT listing_id FROM listing_categories WHERE category_id = :id)",
        word=fold(name),
        id=category_id,
    )
    tx.say(CatalogueChanged(**by, subject=f"分類「{category.name}」→「{name}」"))


async def move_category_up(tx: Tx, category_id: UUID, *, by: Doer) -> None:
    """Put a category before the one that stands before it."""
    category = await _known(tx, category_id)
    order = [one.category_id for one in await read_categories(tx)]
    place = order.index(category_id)
    if place == 0:
        return
    order[place - 1], order[place] = order[place], order[place - 1]
    await tx.execute(
        "UPDATE categories AS c SET position = o.place FROM unnest(CAST(:ids AS uuid[]))"
        " WITH ORDINALITY AS o(category_id, place) WHERE c.category_id = o.category_id",
        ids=order,
    )
    tx.say(CatalogueChanged(**by, subject=f"分類「{category.name}」を上へ移動"))


async def delete_category(tx: Tx, category_id: UUID, *, by: Doer) -> None:
    """Delete a category without listings. Raises Refused if it has some."""
    category = await _known(tx, category_id)
    if category.listings:
        message = f"「{category.name}」には商品が{category.listings}件あります。商品の分類を変えてから削除してください。"
        raise Refused("category_in_use", message)
    await tx.execute("DELETE FROM categories WHERE category_id = :id", id=category_id)
    tx.say(CatalogueChanged(**by, subject=f"分類「{category.name}」を削除"))


async def _known(tx: Tx, category_id: UUID) -> Category:
    await tx.execute("SELECT 1 FROM categories ORDER BY category_id FOR UPDATE")
    found = next((one for one in await read_categories(tx) if one.category_id == category_id), None)
    if found is None:
        raise Refused("category_unknown", "この分類は見つかりません。", status=404)
    return found


def _taken(name: str) -> Refused:
    return Refused("category_taken", f"分類「{name}」はすでにあります", field="name", status=422)
