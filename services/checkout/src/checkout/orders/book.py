"""Orders under change: locked together, changed in memory by the state table, written with few statements.

    async with open_orders(tx, codes) as book:
        book.move(code, "authorize", by=..., at=...)
        book.note(TimelineEntry(...))
        book.say(OrderProcessed(...))

Consumers declare it as their unit of work (:mod:`shared.messaging.consumers`). One order or five hundred take the same
number of statements. The block writes and publishes nothing until it ends without an error. A refused change of one
order therefore leaves nothing behind.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from copy import copy
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from typing import Any, Unpack
from uuid import UUID

from checkout.orders.locked_orders import (
    STATES,
    LockedOrders,
    OrderFacts,
    lock_orders,
    read_parcels,
    update_orders,
    update_parcels,
    update_standings,
)
from checkout.orders.rules.order import Order, Parcel
from checkout.orders.rules.standing import Standing
from checkout.orders.rules.states import Move
from checkout.orders.tables import order_history, order_words
from checkout.orders.timeline import TimelineEntry, add_entries
from checkout.orders.told.payment import ToldColumns, keep_told
from shared.cause import current_cause
from shared.database.bulk import insert_all
from shared.database.search_words import add_words
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import Event
from shared.events.about import AboutAnOrder
from shared.text.search_words import words_of_numbers

LastWork = Callable[[Tx, Sequence[Any]], Awaitable[None]]
"""Work that runs once for all orders of a book, with the subjects of each order."""


@dataclass(slots=True)
class _Contents:
    """The present orders of a book and their unwritten changes.

    Values are replaced, never changed, so that new containers with the same values are a full copy.
    """

    orders: dict[str, Order]
    facts: dict[str, OrderFacts]
    changed: dict[str, None] = field(default_factory=dict)
    called: dict[str, None] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    parcels: dict[UUID, Parcel] = field(default_factory=dict)
    entries: list[TimelineEntry] = field(default_factory=list)
    told: list[ToldColumns] = field(default_factory=list)
    words: dict[str, frozenset[str]] = field(default_factory=dict)
    last_works: list[tuple[LastWork, Any]] = field(default_factory=list)
    said: list[Event] = field(default_factory=list)

    def copied(self) -> "_Contents":
        """Return the same contents in new containers."""
        return _Contents(**{one.name: copy(getattr(self, one.name)) for one in fields(self)})


class OrderBook:
    """The orders that a transaction has locked, with their unwritten changes."""

    @classmethod
    def open(cls, tx: Tx, events: Sequence[AboutAnOrder]) -> "AbstractAsyncContextManager[OrderBook]":
        """Open the unit of work for ``events``; see :func:`open_orders`."""
        return open_orders(tx, [event.order_code for event in events])

    def __init__(self, locked: LockedOrders, parcels: Mapping[str, Sequence[Parcel]]) -> None:
        self._contents = _Contents(
            orders={one.code: one.with_parcels(parcels.get(one.code, ())) for one in locked.orders},
            facts={one.code: one.facts for one in locked.orders},
        )
        self.closing = locked.closing

    def get(self, code: str) -> Order | None:
        """Return the present order, or None if it is not in the book."""
        return self._contents.orders.get(code)

    def __getitem__(self, code: str) -> Order:
        """Return the present order. Raises Refused (404) if it does not exist."""
        order = self._contents.orders.get(code)
        if order is None:
            raise Refused("order_unknown", "この注文は見つかりません。", status=404)
        return order

    def seen(self, code: str, version: int | None) -> Order:
        """Return an order for the request of a person.

        Raises Refused if it is unknown, or has another ``version`` than they saw.
        """
        order = self[code]
        if version is not None and order.version != version:
            raise Refused(
                "order_changed_meanwhile",
                "この注文は他の操作で更新されました。最新の内容を確認してから、もう一度行ってください。",
            )
        return order

    def move(
        self, code: str, move: Move, *, by: str, at: datetime, reason: str = "", **facts: Unpack[OrderFacts]
    ) -> Order:
        """Move an order along the state table, with a history row and new ``facts`` (columns of orders).

        Returns the moved order without the calls for staff that the move ends. Raises Refused if the state table has no
        such edge.
        """
        moved = self[code].moved(move)
        self._contents.history.append(
            {
                "order_code": code,
                "move": move,
                **{name: getattr(moved, name) for name in STATES},
                "by": by,
                "at": at,
                "reason": reason,
            }
        )
        kept = self._keep(moved, facts)
        if kept.own_calls_left == kept.own_calls:
            return kept
        return self.set_standing(code, kept.standing, own_calls=kept.own_calls_left)

    def set_facts(self, code: str, **facts: Unpack[OrderFacts]) -> Order:
        """Change facts of an order without moving it."""
        return self._keep(self[code], facts)

    def set_standing(
        self, code: str, standing: Standing, *, own_calls: tuple[str, ...] | None = None
    ) -> Order:
        """Change the standing of an order's money, and checkout's own calls for staff."""
        order = self[code]
        self._contents.orders[code] = replace(
            order, standing=standing, own_calls=order.own_calls if own_calls is None else own_calls
        )
        self._contents.called[code] = None
        return self._contents.orders[code]

    def set_parcel(
        self,
        code: str,
        destination_id: UUID,
        *,
        ship_date: date | None,
        carrier: str | None,
        tracking_number: str | None,
    ) -> Order:
        """Change the facts of one parcel. A ship date makes it shipped."""
        order = self[code]
        parcels = tuple(
            replace(one, ship_date=ship_date, carrier=carrier, tracking_number=tracking_number)
            if one.destination_id == destination_id
            else one
            for one in order.parcels
        )
        if tracking_number:
            self.find_by(code, words_of_numbers(tracking_number))
        self._contents.parcels |= {
            one.destination_id: one for one in parcels if one.destination_id == destination_id
        }
        self._contents.orders[code] = replace(order, parcels=parcels)
        return self._contents.orders[code]

    def note(self, *entries: TimelineEntry) -> None:
        """Add entries to the timelines of orders in the book."""
        self._contents.entries += entries

    def keep(self, told: ToldColumns | None) -> None:
        """Store what payments reported about the payment of an order in the book."""
        if told is not None:
            self._contents.told.append(told)

    def find_by(self, code: str, words: set[str]) -> None:
        """Add search words by which the desk finds an order."""
        self._contents.words[code] = self._contents.words.get(code, frozenset()) | words

    def say(self, event: Event) -> None:
        """Publish ``event`` when the book is written. Its cause is the present cause of the caller."""
        self._contents.said.append(event.following(current_cause()))

    def do_at_last(self, work: LastWork, *subjects: Any) -> None:
        """Run ``work`` once when the book is written, with the ``subjects`` of all orders."""
        self._contents.last_works += [(work, subject) for subject in subjects]

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Drop all changes of the block if it raises."""
        before = self._contents.copied()
        try:
            yield
        except BaseException:
            self._contents = before
            raise

    def _keep(self, order: Order, facts: OrderFacts) -> Order:
        self._contents.facts[order.code] = self._contents.facts[order.code] | facts
        self._contents.changed[order.code] = None
        if "capture_requested_at" in facts:
            order = replace(order, capture_requested_at=facts["capture_requested_at"])
        if "deposit_date" in facts:
            order = replace(order, deposit_date=facts["deposit_date"])
        self._contents.orders[order.code] = order
        return order

    async def write(self, tx: Tx) -> None:
        """Defer all changes, run the work of ``do_at_last``, and publish the events."""
        contents = self._contents
        await update_orders(tx, [(contents.orders[code], contents.facts[code]) for code in contents.changed])
        await update_standings(tx, [contents.orders[code] for code in contents.called])
        await insert_all(tx, order_history, contents.history)
        await update_parcels(tx, contents.parcels)
        await keep_told(tx, contents.told)
        await add_entries(tx, contents.entries)
        await add_words(tx, order_words, contents.words)
        for work in dict.fromkeys(work for work, _ in contents.last_works):
            await work(tx, [subject for wanted, subject in contents.last_works if wanted is work])
        tx.say(*contents.said)


@asynccontextmanager
async def open_orders(tx: Tx, codes: Sequence[str]) -> AsyncIterator[OrderBook]:
    """Lock the orders named ``codes`` until the commit. Changes of the block are written at its end.

    The next statement sends the deferred changes, at the latest the commit. State table and lock keep every constraint,
    so a broken constraint is a bug and no caller handles it.

    The book leaves out unknown codes. Orders are always locked in the order of their codes, so that two transactions
    never deadlock.
    """
    wanted = sorted(set(codes))
    book = OrderBook(await lock_orders(tx, wanted), await read_parcels(tx, wanted))
    yield book
    await book.write(tx)
