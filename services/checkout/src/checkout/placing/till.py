"""The till: places the orders of many requests in one transaction. Workers place orders in their own transactions."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from asyncpg import IntegrityConstraintViolationError

from checkout.placing.order_wish import OrderWish
from checkout.placing.place_order import BeginAnew, PlacingSettings, place_orders, try_to_place
from checkout.placing.placements import Placement, used_twice
from checkout.placing.reserved_stock import StockLimits
from shared.cause import Cause, current_cause
from shared.crash import crash_point
from shared.database.group_commit import GroupCommit
from shared.database.transactions import Database, Tx
from shared.database.transient import is_transient
from shared.errors import Refused

log = structlog.get_logger()

TRIES_MAX = 3
BATCH_MAX = 100


class Busy(Exception):
    """The database could not store the order now. Nothing was ordered, and the same request may be sent again."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """An order wish that a request wants to place."""

    wish: OrderWish
    cause: Cause


class Till:
    """Places orders. A resource of the service, shared by pages, consumers and due work."""

    def __init__(
        self,
        db: Database,
        *,
        origin_url: str,
        limits: StockLimits = StockLimits(),  # noqa: B008
        live: bool = False,
    ) -> None:
        self._db = db
        self._settings = PlacingSettings(origin_url.rstrip("/"), limits, live)
        self._placements: GroupCommit[_Asked, Placement | Refused] = GroupCommit(
            self._place_batch, batch_max=BATCH_MAX, key=lambda asked: asked.wish.key
        )

    async def place_orders_in(self, tx: Tx, wishes: Sequence[OrderWish]) -> dict[str, Placement | Refused]:
        """Place orders in the caller's transaction; see :func:`checkout.placing.place_order.place_orders`."""
        return await place_orders(tx, wishes, self._settings)

    async def place_and_commit(self, wish: OrderWish) -> Placement:
        """Place the order and commit it, or return the order that this key already placed.

        The order gets its own transaction, or shares one with all purchases that arrived during the last one. Raises
        Refused if a rule forbids the order. Raises Busy if the database failed in all tries. The order may then exist;
        a retry with the same key returns it.
        """
        placement = await self._placements.do(_Asked(wish, current_cause()))
        if isinstance(placement, Refused):
            raise placement
        if not placement.repeated:
            log.info("order.placed", order_code=placement.order_code, payment_kind=wish.payment_kind)
        return placement

    async def _place_batch(self, asked: Sequence[_Asked]) -> list[Placement | Refused]:
        outcomes: dict[str, Placement | Refused] = {}
        left = {one.wish.key: one for one in asked}
        for attempt in range(1, TRIES_MAX + 1):
            try:
                while left:
                    try:
                        outcomes |= await self._place_in_one_transaction(list(left.values()))
                        left = {}
                    except BeginAnew as anew:
                        outcomes |= anew.refused
                        left = {key: one for key, one in left.items() if key not in anew.refused}
                return [outcomes[one.wish.key] for one in asked]
            except IntegrityConstraintViolationError as error:
                raise (used_twice(error) or error) from error
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("order.try_failed", attempt=attempt, error=type(error).__name__)
                await asyncio.sleep(0.05 * attempt)
        raise Busy

    async def _place_in_one_transaction(self, asked: Sequence[_Asked]) -> dict[str, Placement | Refused]:
        causes = {one.wish.key: one.cause for one in asked}
        async with self._db.transaction() as tx:
            outcomes = await try_to_place(tx, [one.wish for one in asked], self._settings, causes)
            crash_point("K1")
        crash_point("K2")
        return outcomes
