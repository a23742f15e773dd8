"""Consumers and due work place orders in their own transaction, by the rules that requests follow."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest

from checkout.placing.claims import ReservedBenefit
from checkout.placing.order_wish import OrderWish
from checkout.placing.place_order import PlacingSettings, place_order, place_orders
from checkout.placing.placements import Placement
from checkout.placing.till import Till
from harness.hearing import Hearing, said
from harness.traces import traced
from shared.cause import trace_id
from shared.database.transactions import Database, Tx
from shared.errors import Refused
from shared.events import Address, MemberRegistered, Orderer, OrderPlaced, StockReserved
from shared.messaging.consumers import Consumers
from tests.checkout.shopper import ORDERER, ORIGIN, open_shop

SETTINGS = PlacingSettings(ORIGIN)
MEMBER = UUID("0190f5fe-7c00-7a00-8000-0000000000aa")


def wish(key: str, quantity: int = 1, **changes: Any) -> OrderWish:
    """Return what a member wants regularly."""
    orderer = Orderer(**ORDERER)
    wanted = OrderWish(
        key=key,
        lines=(("cup", quantity),),
        orderer=orderer,
        address=Address(**{name: ORDERER[name] for name in Address.model_fields}),
        payment_kind="bank_transfer",
        member_id=MEMBER,
    )
    return replace(wanted, **changes)


@dataclass
class Left:
    """What is in the database: codes of orders, pieces on the shelf, events said."""

    codes: list[str]
    available: int
    said: list[type]


async def left_in(db: Database) -> Left:
    """Return what the transactions left behind."""
    async with db.transaction() as tx:
        codes = [row.code for row in await tx.rows("SELECT code FROM orders ORDER BY number")]
        available = await tx.value("SELECT available FROM stock")
    return Left(codes, available, [type(event) for event in await said(db)])


async def test_an_order_is_placed_with_all_else_of_a_transaction(shop_db: Database) -> None:
    await open_shop(shop_db, available=5)
    async with shop_db.transaction() as tx:
        placed = await place_order(tx, wish("renewal-1"), SETTINGS)
        again = await place_order(tx, wish("renewal-1"), SETTINGS)
    assert again == replace(placed, repeated=True)
    assert await left_in(shop_db) == Left([placed.order_code], 4, [OrderPlaced, StockReserved])


async def test_what_else_fails_takes_the_order_with_it(shop_db: Database) -> None:
    await open_shop(shop_db, available=5)
    with pytest.raises(RuntimeError, match="later"):
        async with shop_db.transaction() as tx:
            await place_order(tx, wish("renewal-1"), SETTINGS)
            raise RuntimeError("what comes later fails")
    assert await left_in(shop_db) == Left([], 5, [])


async def test_a_refused_order_leaves_the_transaction_whole(shop_db: Database) -> None:
    await open_shop(shop_db, available=5)
    async with shop_db.transaction() as tx:
        with pytest.raises(Refused) as refused:
            await place_order(tx, wish("renewal-1", quantity=6), SETTINGS)
        placed = await place_order(tx, wish("renewal-2", quantity=5), SETTINGS)
    assert refused.value.code == "sold_out"
    assert await left_in(shop_db) == Left([placed.order_code], 0, [OrderPlaced, StockReserved])


async def test_one_that_is_refused_does_not_keep_the_others(shop_db: Database) -> None:
    await open_shop(shop_db, available=5)
    benefit = ReservedBenefit(reservation_id=UUID(int=5), member_id=MEMBER, points=100)
    wanted = [
        wish("too-many", quantity=6),
        wish("first", benefit=benefit),
        wish("benefit-again", benefit=benefit),
        wish("no-such-method", payment_kind="none"),
        wish("second"),
    ]
    async with shop_db.transaction() as tx:
        outcomes = await place_orders(tx, wanted, SETTINGS)
    refused = {key: one.code for key, one in outcomes.items() if isinstance(one, Refused)}
    placed = [one.order_code for one in outcomes.values() if isinstance(one, Placement)]
    assert refused == {
        "too-many": "sold_out",
        "benefit-again": "benefit_used",
        "no-such-method": "method_unavailable",
    }
    left = await left_in(shop_db)
    assert (sorted(left.codes), left.available) == (sorted(placed), 3)
    assert left.said == [OrderPlaced, StockReserved] * 2


async def test_the_till_is_a_resource_of_consumers(shop_db: Database) -> None:
    await open_shop(shop_db, available=5)
    consumers = Consumers("checkout")

    @consumers.on(MemberRegistered)
    async def order_welcome_gift(event: MemberRegistered, tx: Tx, till: Till) -> None:
        await till.place_orders_in(tx, [wish(f"welcome-{event.member_id}", member_id=event.member_id)])

    registered = MemberRegistered.model_validate(
        {
            "member_id": MEMBER,
            "email": "hanako.shiken@example.jp",
            "name": "試験 花子",
            "registered_at": "2026-11-22T05:00:00Z",
            "via": "form",
        }
    )
    heard = traced(registered)
    till = Till(shop_db, origin_url=ORIGIN)
    await Hearing(consumers, shop_db, {Till: till}).hears(heard, times=2)
    left = await left_in(shop_db)
    assert (len(left.codes), left.available) == (1, 4)
    placed, held = await said(shop_db)
    assert (placed.caused_by, held.caused_by) == (heard.event_id, placed.event_id)
    assert {trace_id(event.traceparent) for event in (placed, held)} == {trace_id(heard.traceparent)}
