"""Placing an order: one transaction from the idempotency key to the events, no call to anybody.

A lost answer is found again by its key. Consumers and due work call :func:`place_orders` or :func:`place_order` in
their own transaction; requests go to the till (``till.py``), which places many together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from asyncpg import IntegrityConstraintViolationError

from checkout.carts.rows import mark_ordered
from checkout.catalogue.rows import read_products
from checkout.orders.rows import NewOrder, insert_orders
from checkout.orders.rules.code import new_order_code
from checkout.placing.compose_order import ComposedOrder, Terms, compose_order, sold_out
from checkout.placing.held_stock import HeldStock, HeldStockLimits
from checkout.placing.order_wish import OrderWish
from checkout.placing.placements import Placement, find_placements, take_keys, used_twice
from checkout.placing.rows import read_rules
from checkout.stock.moves import reserve_stock
from shared.cause import Cause, current_cause, following
from shared.clock import now
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import StockReserved

NO_CAUSES: Mapping[str, Cause] = {}


class BeginAnew(Exception):
    """Some orders are ``refused``, by their keys, after others were written: undo all and begin anew without them."""

    def __init__(self, refused: Mapping[str, Refused]) -> None:
        self.refused = refused


@dataclass(frozen=True)
class PlacingSettings:
    """What placing orders needs from the settings of the service: its address, and what one buyer may hold."""

    origin_url: str
    limits: HeldStockLimits = HeldStockLimits()  # noqa: RUF009 - frozen


async def place_order(tx: Tx, wish: OrderWish, settings: PlacingSettings) -> Placement:
    """Place one order in the caller's transaction, or find the one that its key already placed.

    Raises Refused where the rules say no; nothing of the order is left in the transaction then.
    """
    outcome = (await place_orders(tx, [wish], settings))[wish.key]
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


async def place_orders(
    tx: Tx, wishes: Sequence[OrderWish], settings: PlacingSettings
) -> dict[str, Placement | Refused]:
    """Place orders in the caller's transaction; return by their keys what was placed, found or refused.

    What is refused leaves nothing behind, and nothing in the way of the others. Keys differ.
    """
    outcomes: dict[str, Placement | Refused] = {}
    left = {wish.key: wish for wish in wishes}
    while left:
        try:
            async with tx.savepoint():
                placed = await try_to_place(tx, list(left.values()), settings)
        except BeginAnew as anew:
            outcomes |= anew.refused
            left = {key: one for key, one in left.items() if key not in anew.refused}
        except IntegrityConstraintViolationError as error:
            refused = used_twice(error)
            if refused is None:
                raise
            if len(left) > 1:
                for one in left.values():
                    outcomes |= await place_orders(tx, [one], settings)
                return outcomes
            return outcomes | dict.fromkeys(left, refused)
        else:
            return outcomes | placed
    return outcomes


async def try_to_place(
    tx: Tx,
    wishes: Sequence[OrderWish],
    settings: PlacingSettings,
    causes: Mapping[str, Cause] = NO_CAUSES,
) -> dict[str, Placement | Refused]:
    """Place orders, or nothing: key, cart, order and stock of each, and the events. Return the outcomes by key.

    ``causes`` are what each follows from, by its key; without one, it follows from what the caller follows from.

    Raises BeginAnew if the transaction, or its savepoint, must begin anew without some of them, and
    IntegrityConstraintViolationError if what may be used once was used before; ``used_twice`` reads it.
    """
    at = now()
    terms = await _read_terms(tx, wishes, settings)
    outcomes: dict[str, Placement | Refused] = {}
    composed: list[ComposedOrder] = []
    for wish in wishes:
        try:
            composed.append(compose_order(terms, wish, code=new_order_code(at), at=at))
        except Refused as refused:
            outcomes[wish.key] = refused
    numbers = await take_keys(tx, [(one.wish, _placement(one)) for one in composed], at=at)
    # A key that is taken has placed an order, whatever the rules say today; only a new key is refused.
    outcomes |= await find_placements(tx, [one for one in wishes if one.key not in numbers])
    new = [one.numbered(numbers[one.wish.key]) for one in composed if one.wish.key in numbers]
    if new:
        await _tie_carts(tx, new, at=at)
        await insert_orders(tx, [NewOrder(one.placed, one.page_key, one.wish.counted_client) for one in new])
        # Last, and sent with the orders: everybody who wants the same product waits for this lock until our commit.
        await _hold_stock(tx, new, at=at)
        _say(tx, new, causes)
    return outcomes | {one.wish.key: _placement(one) for one in new}


async def _read_terms(tx: Tx, wishes: Sequence[OrderWish], settings: PlacingSettings) -> Terms:
    limits = settings.limits
    skus = {sku for wish in wishes for sku in wish.pieces}
    rules = await read_rules(tx, buyers=wishes, orders_max=limits.orders_read_max)
    return Terms(
        prices=rules.settings,
        products=await read_products(tx, skus),
        menu=rules.menu,
        held=HeldStock(limits, rules.held),
        origin_url=settings.origin_url,
    )


def _placement(composed: ComposedOrder) -> Placement:
    total = composed.placed.amounts.total
    return Placement(composed.code, total, composed.method.confirm_path if total else None)


async def _tie_carts(tx: Tx, new: Sequence[ComposedOrder], *, at: datetime) -> None:
    codes = {one.wish.cart_id: one.code for one in new if one.wish.cart_id is not None}
    tied = await mark_ordered(tx, codes, at=at)
    refused = Refused("cart_already_ordered", "このカートの商品はすでに注文済みです。")
    untied = {
        one.wish.key: refused
        for one in new
        if one.wish.cart_id is not None and (one.wish.cart_id, one.code) not in tied
    }
    if untied:
        raise BeginAnew(untied)


async def _hold_stock(tx: Tx, new: Sequence[ComposedOrder], *, at: datetime) -> None:
    wanted = {one.code: one.wish.pieces for one in new}
    short = await reserve_stock(tx, wanted, at=at)
    if short:
        raise BeginAnew(
            {one.wish.key: sold_out(*short[one.code], one.placed) for one in new if one.code in short}
        )


def _say(tx: Tx, new: Sequence[ComposedOrder], causes: Mapping[str, Cause]) -> None:
    """Say the new orders with this commit, and of prepaid ones that their stock is held."""
    for one in new:
        with following(causes.get(one.wish.key) or current_cause()):
            tx.say(one.placed)
            if one.method.flow == "prepaid":
                tx.say(StockReserved(order_code=one.code, caused_by=one.placed.event_id))
