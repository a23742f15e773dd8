"""Carts with the data entered in their checkout. The id of a cart gives access to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson

from checkout.carts.rules import QUANTITY_MAX, Cart, CartLine
from checkout.catalogue.rows import PRODUCT_COLUMNS, product_of
from shared.database.sql import columns_of
from shared.database.transactions import Tx

Draft = Mapping[str, object]
"""The data entered in the order form so far, by the names of its parts. Each page knows and parses its own part."""
TYPED_BY = "typed_by"
"""The key of a draft for the member who typed it. A guest's draft has none."""


@dataclass(frozen=True)
class StoredCart:
    """A cart with its checkout. ``attempt_key`` is the idempotency key of its future order."""

    cart_id: UUID
    cart: Cart
    attempt_key: str
    draft: Draft = field(default_factory=dict)
    ordered_as: str | None = None
    member_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Head:
    cart_id: UUID
    ordered_as: str | None
    attempt_key: str
    draft: Draft
    member_id: UUID | None


async def open_cart(tx: Tx, *, at: datetime, member_id: UUID | None = None) -> UUID:
    """Create an empty cart. Its id is fully random, because only the id protects a guest's cart."""
    cart_id = uuid4()
    await tx.execute(
        "INSERT INTO carts (cart_id, attempt_key, changed_at, member_id) VALUES (:cart_id, :key, :at, :member_id)",
        cart_id=cart_id,
        key=str(uuid4()),
        at=at,
        member_id=member_id,
    )
    return cart_id


async def open_cart_of_member(tx: Tx, member_id: UUID) -> UUID | None:
    """Return the open cart of a member, from any device. Return None if there is none."""
    found: UUID | None = await tx.value(
        "SELECT cart_id FROM carts WHERE member_id = :member_id AND ordered_as IS NULL"
        " ORDER BY changed_at DESC LIMIT 1",
        member_id=member_id,
    )
    return found


async def give_to_member(tx: Tx, cart_id: UUID, member_id: UUID) -> None:
    """Transfer a guest's cart to the member."""
    await tx.execute(
        "UPDATE carts SET member_id = :member_id WHERE cart_id = :cart_id AND member_id IS NULL",
        cart_id=cart_id,
        member_id=member_id,
    )


async def read_cart(tx: Tx, cart_id: UUID) -> StoredCart | None:
    """Return the cart, or None if there is no such cart."""
    head = await tx.read_one(
        _Head,
        f"SELECT {columns_of(_Head)} FROM carts WHERE cart_id = :cart_id",  # noqa: S608 - our own column names
        cart_id=cart_id,
    )
    if head is None:
        return None
    lines = await tx.read(
        _line,
        f"SELECT l.quantity, {PRODUCT_COLUMNS} FROM cart_lines l JOIN products p USING (sku)"  # noqa: S608
        " JOIN stock s USING (sku) WHERE l.cart_id = :cart_id ORDER BY l.added_at, l.sku",
        cart_id=cart_id,
    )
    return StoredCart(
        head.cart_id, Cart.of(lines), head.attempt_key, head.draft, head.ordered_as, head.member_id
    )


def _line(*, quantity: int, **product: Any) -> CartLine:
    return CartLine(product_of(**product), quantity)


async def add_to_cart(tx: Tx, cart_id: UUID, sku: str, quantity: int, *, at: datetime) -> None:
    """Add pieces of a product. A line never exceeds 99 pieces."""
    await tx.execute(
        "INSERT INTO cart_lines (cart_id, sku, quantity, added_at) VALUES (:cart_id, :sku, :quantity, :at)"
        " ON CONFLICT (cart_id, sku) DO UPDATE"
        " SET quantity = least(cart_lines.quantity + excluded.quantity, :most)",
        cart_id=cart_id,
        sku=sku,
        quantity=quantity,
        at=at,
        most=QUANTITY_MAX,
    )
    await _touch(tx, cart_id, at=at)


async def set_quantity(tx: Tx, cart_id: UUID, sku: str, quantity: int, *, at: datetime) -> None:
    """Set the quantity of a line. 0 removes it."""
    if quantity == 0:
        await tx.execute(
            "DELETE FROM cart_lines WHERE cart_id = :cart_id AND sku = :sku", cart_id=cart_id, sku=sku
        )
    else:
        await tx.execute(
            "UPDATE cart_lines SET quantity = :quantity WHERE cart_id = :cart_id AND sku = :sku",
            cart_id=cart_id,
            sku=sku,
            quantity=quantity,
        )
    await _touch(tx, cart_id, at=at)


async def keep_typed(tx: Tx, cart_id: UUID, changes: Draft, *, at: datetime) -> None:
    """Store the present input of a page that submits all of it again with the order."""
    await tx.execute(
        "UPDATE carts SET draft = draft || CAST(:changes AS jsonb), changed_at = :at"
        " WHERE cart_id = :cart_id AND ordered_as IS NULL",
        cart_id=cart_id,
        changes=orjson.dumps(dict(changes)).decode(),
        at=at,
    )


async def save_draft(tx: Tx, cart_id: UUID, changes: Draft, *, at: datetime) -> None:
    """Store a finished step of the order form. An earlier confirmation page can then no longer place the order."""
    await tx.execute(
        "UPDATE carts SET draft = draft || CAST(:changes AS jsonb), attempt_key = :key, changed_at = :at"
        " WHERE cart_id = :cart_id AND ordered_as IS NULL",
        cart_id=cart_id,
        changes=orjson.dumps(dict(changes)).decode(),
        key=str(uuid4()),
        at=at,
    )


async def forget_draft(tx: Tx, cart_id: UUID, *, at: datetime) -> None:
    """Delete the order form and keep the goods. An earlier confirmation page can then no longer place the order."""
    await tx.execute(
        "UPDATE carts SET draft = '{}', attempt_key = :key, changed_at = :at"
        " WHERE cart_id = :cart_id AND ordered_as IS NULL",
        cart_id=cart_id,
        key=str(uuid4()),
        at=at,
    )


async def mark_ordered(tx: Tx, codes: Mapping[UUID, str], *, at: datetime) -> set[tuple[UUID, str]]:
    """Link carts to their orders, {cart: order code}, and return the linked carts. A cart becomes only one order."""
    if not codes:
        return set()
    # All code locks them in the same order, so that two transactions wait for each other and never deadlock.
    await tx.rows(
        "SELECT 1 FROM carts WHERE cart_id = ANY(CAST(:ids AS uuid[])) ORDER BY cart_id FOR UPDATE",
        ids=list(codes),
    )
    tied = await tx.rows(
        "UPDATE carts AS c SET ordered_as = n.code, changed_at = :at"
        " FROM unnest(CAST(:ids AS uuid[]), CAST(:codes AS text[])) AS n(cart_id, code)"
        " WHERE c.cart_id = n.cart_id AND c.ordered_as IS NULL RETURNING c.cart_id, n.code",
        ids=list(codes),
        codes=list(codes.values()),
        at=at,
    )
    return {(row.cart_id, row.code) for row in tied}


async def reopen_cart(tx: Tx, order_code: str, *, at: datetime) -> None:
    """Reopen the cart of an order that could not be paid (AP-47), with a new key."""
    await tx.execute(
        "UPDATE carts SET ordered_as = NULL, attempt_key = :key, changed_at = :at WHERE ordered_as = :code",
        code=order_code,
        key=str(uuid4()),
        at=at,
    )


async def move_lines(tx: Tx, from_id: UUID, to_id: UUID, *, at: datetime) -> None:
    """Copy the lines of one cart into another, as :func:`copy_lines` does, and delete them from the first."""
    await copy_lines(tx, from_id, to_id, at=at)
    await tx.execute("DELETE FROM cart_lines WHERE cart_id = :from_id", from_id=from_id)


async def copy_lines(tx: Tx, from_id: UUID, to_id: UUID, *, at: datetime) -> None:
    """Copy the lines of one cart into another, which must not be ordered.

    For a product in both, keep the larger quantity.
    """
    await tx.execute(
        "INSERT INTO cart_lines (cart_id, sku, quantity, added_at)"
        " SELECT :to_id, sku, quantity, added_at FROM cart_lines WHERE cart_id = :from_id"
        " ON CONFLICT (cart_id, sku) DO UPDATE"
        " SET quantity = greatest(cart_lines.quantity, excluded.quantity)",
        from_id=from_id,
        to_id=to_id,
    )
    await _touch(tx, to_id, at=at)


async def _touch(tx: Tx, cart_id: UUID, *, at: datetime) -> None:
    # A changed cart is another order: a confirmation page from before the change must not place it.
    await tx.execute(
        "UPDATE carts SET attempt_key = :key, changed_at = :at WHERE cart_id = :cart_id",
        cart_id=cart_id,
        key=str(uuid4()),
        at=at,
    )
