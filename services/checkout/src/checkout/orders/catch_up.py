"""Due work that gives short numbers and search words to orders without them.

Such orders come from a release without numbers, or from a replica of that release during an upgrade.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from checkout.orders.tables import catch_up, order_words
from shared.clock import now
from shared.database.search_words import add_words
from shared.database.sql import columns_of
from shared.database.transactions import Database, Tx
from shared.due.rows import strike_off
from shared.due.work import DueWork
from shared.text.search_words import (
    words_of_code,
    words_of_names,
    words_of_numbers,
    words_of_products,
    words_of_texts,
)

R = TypeVar("R")
ORDERS_AT_ONCE = 200
LOOK_AGAIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class _Numbered:
    code: str
    number: int
    orderer_name: str
    orderer_kana: str
    orderer_email: str
    orderer_phone: str


_NUMBER = f"""
WITH missing AS (
    SELECT code FROM orders WHERE number IS NULL ORDER BY placed_at, code LIMIT :n FOR NO KEY UPDATE SKIP LOCKED
), numbered AS (SELECT code, nextval('order_numbers') AS number FROM missing)
UPDATE orders AS o SET number = n.number FROM numbered AS n WHERE o.code = n.code
RETURNING {columns_of(_Numbered, "o")}
"""  # noqa: S608 - our own column names


@dataclass(frozen=True, slots=True)
class DueCatchUp:
    """The claimed row of ``catch_up``."""

    task: int
    lease: UUID


class CatchUp:
    """Due work on the one row of ``catch_up``."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def due_work(self) -> DueWork:
        """Return this as due work."""
        return DueWork("catch_up", catch_up, self.perform, concurrency=1, kind=DueCatchUp)

    async def perform(self, claimed: DueCatchUp) -> None:
        """Update some orders. Run again at once while there are more."""
        async with self._db.transaction() as tx:
            seen = await catch_up_orders(tx)
            due_at = now() + (timedelta() if seen == ORDERS_AT_ONCE else LOOK_AGAIN)
            await strike_off(tx, catch_up, claimed.task, claimed.lease, due_at=due_at)


async def ask_to_catch_up(tx: Tx, *, at: datetime) -> None:
    """Make this due work due now, when the service starts."""
    await tx.execute(
        "INSERT INTO catch_up (task, due_at) VALUES (1, :at) ON CONFLICT (task) DO UPDATE SET due_at = :at",
        at=at,
    )


@dataclass(frozen=True, slots=True)
class _Sent:
    order_code: str
    name: str
    phone: str
    tracking_number: str | None


@dataclass(frozen=True, slots=True)
class _Bought:
    order_code: str
    sku: str
    name: str


@dataclass(frozen=True, slots=True)
class _Noted:
    order_code: str
    text: str


async def catch_up_orders(tx: Tx) -> int:
    """Give the oldest orders without a number their number and words. Return the count of such orders."""
    orders = await tx.read(_Numbered, _NUMBER, n=ORDERS_AT_ONCE)
    codes = [order.code for order in orders]
    words: dict[str, set[str]] = defaultdict(set)
    for order in orders:
        words[order.code] |= words_of_code(order.code) | {str(order.number)}
        words[order.code] |= words_of_texts(order.orderer_email)
        words[order.code] |= words_of_names(order.orderer_name, order.orderer_kana)
        words[order.code] |= words_of_numbers(order.orderer_phone)
    for parcel in await _of(tx, _Sent, "name, phone, tracking_number FROM order_destinations", codes):
        words[parcel.order_code] |= words_of_names(parcel.name)
        words[parcel.order_code] |= words_of_numbers(parcel.phone, parcel.tracking_number)
    for line in await _of(tx, _Bought, "sku, name FROM order_lines", codes):
        words[line.order_code] |= words_of_texts(line.sku) | words_of_products(line.name)
    for note in await _of(
        tx, _Noted, "CASE topic WHEN 'note' THEN text ELSE '' END AS text FROM timeline", codes
    ):
        words[note.order_code] |= words_of_texts(note.text)
    for told in await _of(tx, _Noted, "coalesce(payment_number, '') AS text FROM order_payments", codes):
        words[told.order_code] |= words_of_numbers(told.text if told.text.isdecimal() else "")
    await add_words(tx, order_words, words)
    return len(orders)


async def _of(tx: Tx, kind: Callable[..., R], columns_and_table: str, codes: Sequence[str]) -> list[R]:
    return await tx.read(
        kind,
        f"SELECT order_code, {columns_and_table} WHERE order_code = ANY(:codes)",
        codes=codes,
    )
