"""Gives orders that have none their short number and the words they are found by, as due work.

Such orders were placed before there were numbers, or by a replica of the former release during an upgrade.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from checkout.orders.tables import catch_up, order_words
from shared.clock import now
from shared.database import Database, Tx
from shared.due_rows import strike_off
from shared.sql import Row
from shared.words import (
    add_words,
    words_of_code,
    words_of_names,
    words_of_numbers,
    words_of_products,
    words_of_texts,
)

ORDERS_AT_ONCE = 200
LOOK_AGAIN = timedelta(minutes=10)

_NUMBER = """
WITH missing AS (
    SELECT code FROM orders WHERE number IS NULL ORDER BY placed_at, code LIMIT :n FOR NO KEY UPDATE SKIP LOCKED
), numbered AS (SELECT code, nextval('order_numbers') AS number FROM missing)
UPDATE orders AS o SET number = n.number FROM numbered AS n WHERE o.code = n.code
RETURNING o.code, o.number, o.orderer_name, o.orderer_kana, o.orderer_email, o.orderer_phone
"""


class CatchUp:
    """Due work on the one row of ``catch_up``."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def __call__(self, row: Row) -> None:
        """Look after some orders; look again at once while there are more."""
        async with self._db.transaction() as tx:
            seen = await catch_up_orders(tx)
            due_at = now() + (timedelta() if seen == ORDERS_AT_ONCE else LOOK_AGAIN)
            await strike_off(tx, catch_up, row.task, row.lease, due_at=due_at)


async def ask_to_catch_up(tx: Tx, *, at: datetime) -> None:
    """Let it be looked for orders without number now, as the service starts."""
    await tx.execute(
        "INSERT INTO catch_up (task, due_at) VALUES (1, :at) ON CONFLICT (task) DO UPDATE SET due_at = :at",
        at=at,
    )


async def catch_up_orders(tx: Tx) -> int:
    """Give the oldest orders without number theirs, and their words; return how many there were."""
    orders = await tx.rows(_NUMBER, n=ORDERS_AT_ONCE)
    codes = [order.code for order in orders]
    words: dict[str, set[str]] = defaultdict(set)
    for order in orders:
        words[order.code] |= words_of_code(order.code) | {str(order.number)}
        words[order.code] |= words_of_texts(order.orderer_email)
        words[order.code] |= words_of_names(order.orderer_name, order.orderer_kana)
        words[order.code] |= words_of_numbers(order.orderer_phone)
    for parcel in await _of(tx, "name, phone, tracking_number", "order_destinations", codes):
        words[parcel.order_code] |= words_of_names(parcel.name)
        words[parcel.order_code] |= words_of_numbers(parcel.phone, parcel.tracking_number)
    for line in await _of(tx, "sku, name", "order_lines", codes):
        words[line.order_code] |= words_of_texts(line.sku) | words_of_products(line.name)
    for entry in await _of(tx, "topic, text", "timeline", codes):
        words[entry.order_code] |= words_of_texts(entry.text if entry.topic == "note" else "")
    for told in await _of(tx, "payment_number", "order_payments", codes):
        number = told.payment_number or ""
        words[told.order_code] |= words_of_numbers(number if number.isdecimal() else "")
    await add_words(tx, order_words, words)
    return len(orders)


async def _of(tx: Tx, columns: str, table: str, codes: Sequence[str]) -> Sequence[Row]:
    return await tx.rows(
        f"SELECT order_code, {columns} FROM {table} WHERE order_code = ANY(:codes)",  # noqa: S608 - names are ours
        codes=codes,
    )
