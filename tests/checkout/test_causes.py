"""What checkout says follows from the event, or the request, that it follows from, also where many share a commit."""

import asyncio

import httpx

from checkout.consumers import consumers
from checkout.shipping.ship_order import ShipWish, ship_order
from checkout.tables import metadata
from harness.hearing import said
from harness.keys import Keys
from harness.postgres import MakeDatabase
from harness.together import hear_together, statements_of
from harness.traces import causes, traced
from shared.cause import trace_id
from shared.clock import now
from shared.database.transactions import Database
from shared.events import OrderPlaced, OrderProcessed, PaymentCaptured, PaymentFailed, Shipped, StockReserved
from shared.ids import new_id
from tests.checkout.order_examples import payment, place
from tests.checkout.shopper import ORDERER, ORIGIN, open_shop, shop_app

CODES = ("N1", "N2", "N3")


def captured(code: str) -> PaymentCaptured:
    """The money of an order came in."""
    return PaymentCaptured(**payment(code), amount=3_500, captured_at=now(), source="shipped")


async def test_each_capture_of_a_batch_causes_its_own_processing(make_db: MakeDatabase) -> None:
    db = await make_db("checkout", metadata)
    for code in CODES:
        await place(db, "card_like", code)
        async with db.transaction() as tx:
            await tx.execute("UPDATE orders SET payment = 'authorized' WHERE code = :code", code=code)
            wish = ShipWish(source="admin_bulk", by="試験", at=now())
            await ship_order(tx, order_code=code, sent=None, wish=wish)
    heard = [traced(captured(code)) for code in CODES]
    with statements_of(db) as seen:
        await hear_together(db, consumers, heard)
    closed = [event for event in await said(db) if isinstance(event, OrderProcessed)]
    assert causes(closed, heard) == [("OrderProcessed", code) for code in CODES]
    assert len([one for one in seen if "FOR NO KEY UPDATE" in one]) == 1


async def test_each_failure_of_a_batch_causes_its_own_cancellation(make_db: MakeDatabase) -> None:
    db = await make_db("checkout", metadata)
    for code in CODES:
        await place(db, "card_like", code)
    heard = [traced(PaymentFailed(**payment(code), reason="declined")) for code in CODES]
    await hear_together(db, consumers, heard)
    assert causes(await said(db), heard) == [("OrderCancelled", code) for code in CODES]


async def test_an_order_closed_by_its_shipping_follows_from_it(make_db: MakeDatabase) -> None:
    db = await make_db("checkout", metadata)
    await place(db, "cash_on_delivery", "C1")
    async with db.transaction() as tx:
        wish = ShipWish(source="admin_bulk", by="試験", at=now())
        await ship_order(tx, order_code="C1", sent=None, wish=wish)
    shipped, processed = await said(db)
    assert isinstance(shipped, Shipped)
    assert isinstance(processed, OrderProcessed)
    assert (shipped.caused_by, processed.caused_by) == (None, shipped.event_id)


async def test_orders_of_one_commit_keep_the_traces_of_their_requests(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db, available=100)
    body = {"lines": [{"sku": "cup", "quantity": 1}], "orderer": ORDERER, "payment_kind": "konbini"}
    choice = {"payment_choice": {"chain": "seven_eleven"}}
    traces = [f"00-{number:032x}-{number:016x}-01" for number in (1, 2, 3)]
    transport = httpx.ASGITransport(app=shop_app(shop_db, keys))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        answers = await asyncio.gather(
            *(
                client.post(
                    "/api/checkout/orders",
                    json=body | choice,
                    headers={"Idempotency-Key": str(new_id()), "traceparent": trace},
                )
                for trace in traces
            )
        )
    assert [answer.status_code for answer in answers] == [201, 201, 201], answers[0].text
    told = await said(shop_db)
    placed = {event.correlation: event for event in told if isinstance(event, OrderPlaced)}
    codes = [answer.json()["order_code"] for answer in answers]
    assert [trace_id(placed[code].traceparent) for code in codes] == [trace_id(trace) for trace in traces]
    assert {event.caused_by for event in placed.values()} == {None}
    for held in (event for event in told if isinstance(event, StockReserved)):
        order = placed[held.order_code]
        assert held.caused_by == order.event_id
        assert trace_id(held.traceparent) == trace_id(order.traceparent)
