"""Places orders in one transaction, from the idempotency key to the events, without outside calls.

A retry with the same key finds the first result. Consumers and due work call :func:`place_orders` or
:func:`place_order` in their own transaction. Requests use the till (``till.py``), which places many orders together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from asyncpg import IntegrityConstraintViolationError

from checkout.carts.rows import mark_ordered
from checkout.catalogue.rows import read_products
from checkout.orders.rows import NewOrder, insert_orders
from checkout.orders.rules.code import new_order_code
from checkout.placing.buyer_limits import note_limited, read_limited
from checkout.placing.compose_order import ComposedOrder, OrderTerms, compose_order, sold_out
from checkout.placing.order_wish import OrderWish
from checkout.placing.placements import Placement, find_placements, take_keys, used_twice
from checkout.placing.reserved_stock import ReservedStock, StockLimits
from checkout.placing.rows import read_rules
from checkout.shop.front import Opening
from checkout.stock.moves import reserve_stock
from shared.cause import Cause, current_cause, following
from shared.clock import now
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import StockReserved

NO_CAUSES: Mapping[str, Cause] = {}


class BeginAnew(Exception):
    """The orders with the keys in ``refused`` were refused after others were written.

    Roll back and retry without them.
    """

    def __init__(self, refused: Mapping[str, Refused]) -> None:
        self.refused = refused


@dataclass(frozen=True)
class PlacingSettings:
    """The settings of the service that placing orders needs: its address, the limits of one buyer.

    A ``live`` shop places no order while 特定商取引法に基づく表記 lacks something.
    """

    origin_url: str
    limits: StockLimits = StockLimits()  # noqa: RUF009 - frozen
    live: bool = False


async def place_order(tx: Tx, wish: OrderWish, settings: PlacingSettings) -> Placement:
    """Place one order in the caller's transaction, or return the order that its key already placed.

    Raises Refused if a rule forbids the order. The transaction then contains nothing of the order.
    """
    outcome = (await place_orders(tx, [wish], settings))[wish.key]
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


async def place_orders(
    tx: Tx, wishes: Sequence[OrderWish], settings: PlacingSettings
) -> dict[str, Placement | Refused]:
    """Place orders in the caller's transaction. Return by key what was placed, found or refused.

    A refused order leaves no rows and does not stop the others. All keys must differ.
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
    """Place all orders or none: key, cart, order, stock and events of each. Return the outcomes by key.

    ``causes`` maps a key to the cause of its events. A key without an entry has the cause of the caller.

    Raises BeginAnew if the caller must roll back and retry without some orders. Raises
    IntegrityConstraintViolationError if a one-time value was already used; ``used_twice`` reads that error.
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
    # A known key has already placed an order, also if the rules have changed since. Only a new key can be refused.
    outcomes |= await find_placements(tx, [one for one in wishes if one.key not in numbers])
    new = [one.numbered(numbers[one.wish.key]) for one in composed if one.wish.key in numbers]
    if new:
        await _tie_carts(tx, new, at=at)
        await insert_orders(tx, [NewOrder(one.placed, one.page_key, one.wish.counted_client) for one in new])
        await note_limited(tx, {one.code: one.wish for one in new}, terms.products)
        # Last, and sent with the orders: transactions that want the same product wait for this lock until the commit.
        await _reserve_stock(tx, new, at=at)
        _say(tx, new, causes)
    return outcomes | {one.wish.key: _placement(one) for one in new}


async def _read_terms(tx: Tx, wishes: Sequence[OrderWish], settings: PlacingSettings) -> OrderTerms:
    limits = settings.limits
    skus = {sku for wish in wishes for sku in wish.pieces}
    rules = await read_rules(tx, buyers=wishes, orders_max=limits.orders_read_max)
    products = await read_products(tx, skus)
    return OrderTerms(
        is_open=not Opening(settings.live).keeps_shut(rules.front, rules.menu),
        prices=rules.front.settings,
        tax=rules.front.tax,
        calendar=rules.front.calendar,
        products=products,
        menu=rules.menu,
        reserved=ReservedStock(limits, rules.unsecured),
        bought=await read_limited(tx, wishes, products),
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


async def _reserve_stock(tx: Tx, new: Sequence[ComposedOrder], *, at: datetime) -> None:
    wanted = {one.code: one.wish.pieces for one in new}
    short = await reserve_stock(tx, wanted, at=at)
    if short:
        raise BeginAnew(
            {one.wish.key: sold_out(*short[one.code], one.placed) for one in new if one.code in short}
        )


def _say(tx: Tx, new: Sequence[ComposedOrder], causes: Mapping[str, Cause]) -> None:
    """Publish the new orders with this commit, and for prepaid orders that their stock is reserved."""
    for one in new:
        with following(causes.get(one.wish.key) or current_cause()):
            tx.say(one.placed)
            if one.method.flow == "prepaid":
                tx.say(StockReserved(order_code=one.code, caused_by=one.placed.event_id))
