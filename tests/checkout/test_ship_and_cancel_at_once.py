"""Many hands on one order at the same moment: one of them does it, the others are told."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from checkout.consumers import consumers
from checkout.orders.cancel_order import cancel_order
from checkout.orders.request_capture import request_capture
from checkout.shipping.ship_order import ShipWish, ship_order
from checkout.tables import metadata
from harness.hearing import Hearing, said
from harness.postgres import MakeDatabase
from shared.clock import now
from shared.database.transactions import Database, Tx
from shared.errors import Refused
from shared.events import PaymentAuthorized, PaymentCaptured
from tests.checkout.order_examples import history, order_row, payment, place, stock_row

HANDS = 8


@pytest.fixture
async def db(make_db: MakeDatabase) -> AsyncIterator[Database]:
    yield await make_db("checkout", metadata)


async def at_once(db: Database, *acts: Callable[[Tx], Awaitable[Any]]) -> Counter[str]:
    async def one(act: Callable[[Tx], Awaitable[Any]]) -> str:
        try:
            async with db.transaction() as tx:
                await act(tx)
        except Refused as refused:
            return refused.code
        return "done"

    return Counter(await asyncio.gather(*(one(act) for act in acts)))


async def authorized(db: Database, code: str) -> None:
    await place(db, "card_like", code)
    await Hearing(consumers, db).hears(
        PaymentAuthorized(
            **payment(code),
            authorization_id="S03-1",
            amount=3_500,
            authorized_at=now(),
            provider_status="承認済",
        )
    )


def ship(code: str) -> Callable[[Tx], Awaitable[Any]]:
    return lambda tx: ship_order(
        tx, order_code=code, sent=None, wish=ShipWish(source="admin_bulk", by="試験", at=now())
    )


def cancel(code: str) -> Callable[[Tx], Awaitable[Any]]:
    return lambda tx: cancel_order(tx, order_code=code, note="試験", by="試験", at=now())


async def test_eight_hands_ship_an_order_once(db: Database) -> None:
    await authorized(db, "S-1")
    ends = await at_once(db, *[ship("S-1")] * HANDS)
    assert ends == {"done": 1, "order_move_not_allowed": HANDS - 1}
    assert len(await said(db)) == 1
    assert await stock_row(db) == (98, 0)


async def test_eight_hands_ask_for_the_money_once(db: Database) -> None:
    await authorized(db, "S-2")
    ends = await at_once(db, *[lambda tx: request_capture(tx, order_code="S-2", by="試験", at=now())] * HANDS)
    assert ends == {"done": 1, "capture_already_requested": HANDS - 1}


async def test_an_order_is_shipped_or_cancelled_but_never_both(db: Database) -> None:
    for number in range(6):
        code = f"R-{number}"
        await authorized(db, code)
        acts = [ship(code), cancel(code)] if number % 2 else [cancel(code), ship(code)]
        ends = await at_once(db, *acts)
        assert ends["done"] == 1
        row = await order_row(db, code)
        assert (row.status == "cancelled") != (row.shipping == "shipped")
    available, reserved = await stock_row(db)
    assert reserved == 0
    shipped = sum(1 for event in await said(db) if type(event).__name__ == "Shipped")
    assert available == 100 - 2 * shipped


async def test_versions_have_no_gap_whatever_happens_at_once(db: Database) -> None:
    await authorized(db, "V-1")
    captured = PaymentCaptured(**payment("V-1"), amount=3_500, captured_at=now(), source="admin")
    await asyncio.gather(
        at_once(db, ship("V-1"), cancel("V-1"), ship("V-1")), Hearing(consumers, db).hears(captured)
    )
    versions = [version for version, _ in await history(db, "V-1")]
    assert versions == list(range(1, len(versions) + 1))
    assert (await order_row(db, "V-1")).version == versions[-1]
