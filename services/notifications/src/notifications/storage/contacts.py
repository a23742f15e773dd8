"""Whom an order belongs to, kept from OrderPlaced for every later mail."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import orjson

from notifications.storage.tables import contacts, order_words
from shared.bulk import insert_all
from shared.database import Tx
from shared.events import OrderPlaced
from shared.words import add_words, words_of_code, words_of_names, words_of_texts


async def remember(tx: Tx, orders: Sequence[OrderPlaced]) -> None:
    """Keep each order once."""
    rows = [
        {
            "order_code": order.order_code,
            "member_id": _member(order),
            "email": order.orderer.email,
            "name": order.orderer.name,
            "placed": orjson.Fragment(order.model_dump_json()),
            "placed_at": order.placed_at,
        }
        for order in orders
    ]
    await insert_all(tx, contacts, rows, skip_known=True)
    words = {
        one.order_code: words_of_contact(one.order_code, one.orderer.name, one.orderer.email)
        for one in orders
    }
    await add_words(tx, order_words, words)


def words_of_contact(order_code: str, name: str, email: str) -> set[str]:
    """Return by what the mails about an order are found."""
    return words_of_code(order_code) | words_of_names(name) | words_of_texts(email)


def _member(order: OrderPlaced) -> UUID | None:
    return order.registration.member_id if order.registration else order.member_id


async def orders_of(tx: Tx, codes: Sequence[str]) -> dict[str, OrderPlaced]:
    """Return the orders among ``codes`` that we have heard of, by code."""
    rows = await tx.rows(
        "SELECT order_code, CAST(placed AS text) AS placed FROM contacts WHERE order_code = ANY(CAST(:codes AS text[]))",
        codes=list(codes),
    )
    return {row.order_code: OrderPlaced.model_validate_json(row.placed) for row in rows}


async def set_cancelled(tx: Tx, cancelled: Mapping[str, datetime]) -> int:
    """Note when orders were cancelled; return how many of them we know."""
    return await tx.execute(
        "UPDATE contacts AS c SET cancelled_at = coalesce(c.cancelled_at, n.at)"
        " FROM unnest(CAST(:codes AS text[]), CAST(:ats AS timestamptz[])) AS n(order_code, at)"
        " WHERE c.order_code = n.order_code",
        codes=list(cancelled),
        ats=list(cancelled.values()),
    )


async def belongs_to(tx: Tx, code: str, member_id: UUID) -> bool:
    """Tell whether order ``code`` is one of this member's."""
    found = await tx.value(
        "SELECT 1 FROM contacts WHERE order_code = :code AND member_id = :member_id",
        code=code,
        member_id=member_id,
    )
    return found is not None


async def payment_names(tx: Tx) -> dict[str, str]:
    """Return the payment methods that orders have used, code to the name that buyers see."""
    rows = await tx.rows(
        "SELECT DISTINCT placed->>'payment_kind' AS kind, placed->>'payment_name' AS name FROM contacts"
    )
    return {row.kind: row.name for row in rows}
