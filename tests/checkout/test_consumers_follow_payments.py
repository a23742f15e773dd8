"""What payments says moves the order, in whatever order and however often it arrives."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from checkout.consumers import consumers
from checkout.orders.cancel_order import cancel_order
from checkout.shipping.ship_order import ShipWish, ship_order
from checkout.tables import metadata
from harness.hearing import Hearing, said
from harness.postgres import MakeDatabase
from shared.clock import now
from shared.database.transactions import Database
from shared.errors import TryAgain
from shared.events import (
    AuthorizationEnded,
    BenefitShortageFound,
    CaptureRejected,
    Event,
    HoldEndReason,
    OrderCancelled,
    OrderProcessed,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentExpired,
    PaymentFailed,
    PaymentNumberIssued,
    PaymentRefunded,
    PaymentStandingChanged,
    PaymentVoided,
    PointsUsed,
)
from tests.checkout.order_examples import (
    history,
    order_row,
    payment,
    place,
    stock_row,
    timeline_titles,
)


@pytest.fixture
async def db(make_db: MakeDatabase) -> AsyncIterator[Database]:
    yield await make_db("checkout", metadata)


@pytest.fixture
def hearing(db: Database) -> Hearing:
    return Hearing(consumers, db)


def authorized(code: str, amount: int = 3_500) -> PaymentAuthorized:
    return PaymentAuthorized(
        **payment(code),
        authorization_id="S03-1",
        amount=amount,
        authorized_at=now(),
        provider_status="承認済",
    )


def captured(code: str, kind: str = "amazon_pay", **changes: Any) -> PaymentCaptured:
    values = {"amount": 3_500, "captured_at": now(), "source": "shipped", **changes}
    return PaymentCaptured(**payment(code, kind), **values)


def number(code: str) -> PaymentNumberIssued:
    return PaymentNumberIssued(
        **payment(code, "konbini"),
        amount=3_500,
        number="1234567890123",
        chain="セブンイレブン",
        number_label="払込票番号",
        due_at=now() + timedelta(days=6),
        page_url="http://127.0.0.1:8080/payments/x",
    )


def ended(
    code: str, reason: HoldEndReason = "expired", *, authorization_id: str = "S03-1", again: bool = True
) -> AuthorizationEnded:
    return AuthorizationEnded(
        **payment(code), authorization_id=authorization_id, reason=reason, may_reauthorize=again
    )


def standing(code: str, revision: int, *calls: str, **amounts: int) -> PaymentStandingChanged:
    values: dict[str, Any] = {"expected_amount": 3_500, **amounts}
    return PaymentStandingChanged(**payment(code), revision=revision, calls=calls, **values)


async def ship(db: Database, code: str) -> None:
    async with db.transaction() as tx:
        await ship_order(
            tx, order_code=code, sent=None, wish=ShipWish(source="admin_bulk", by="試験", at=now())
        )


async def test_a_wallet_order_runs_from_authorization_to_processed(db: Database, hearing: Hearing) -> None:
    await place(db, "card_like", "W1")
    await hearing.hears(authorized("W1"))
    await ship(db, "W1")
    await hearing.hears(captured("W1"))
    row = await order_row(db, "W1")
    assert (row.status, row.deposit, row.shipping, row.payment) == (
        "processed",
        "paid",
        "shipped",
        "captured",
    )
    assert await history(db, "W1") == [
        (1, "place"),
        (2, "authorize"),
        (3, "ship"),
        (4, "capture"),
        (5, "deposit"),
        (6, "process"),
    ]
    assert [type(event).__name__ for event in await said(db)] == ["Shipped", "OrderProcessed"]


async def test_a_cash_on_delivery_order_is_processed_once_shipped(db: Database) -> None:
    await place(db, "cash_on_delivery", "C1")
    await ship(db, "C1")
    assert (await order_row(db, "C1")).status == "processed"
    assert isinstance((await said(db))[-1], OrderProcessed)
    assert await stock_row(db) == (98, 0)


async def test_events_heard_again_change_nothing(db: Database, hearing: Hearing) -> None:
    await place(db, "card_like", "W2")
    await hearing.hears(authorized("W2"), captured("W2"), times=3)
    assert [move for _, move in await history(db, "W2")] == ["place", "authorize", "capture", "deposit"]
    assert len(await timeline_titles(db, "W2")) == 3


async def test_a_capture_that_overtakes_its_hold_stays_captured(db: Database, hearing: Hearing) -> None:
    await place(db, "card_like", "W3")
    await hearing.hears(captured("W3"), authorized("W3"))
    row = await order_row(db, "W3")
    assert (row.payment, row.deposit) == ("captured", "paid")
    assert await timeline_titles(db, "W3") == [
        "ご注文を受け付けました",
        "入金済みになりました",
        "決済が承認されました",
    ]


async def test_a_refund_before_its_capture_waits_for_it(db: Database, hearing: Hearing) -> None:
    await place(db, "card_like", "W4")
    refund = PaymentRefunded(**payment("W4"), refund_id=UUID(int=1), amount=3_500, route="provider")
    with pytest.raises(Exception, match="refund"):
        await hearing.hears(refund)
    assert (await order_row(db, "W4")).payment == "awaited"
    await hearing.hears(captured("W4"), refund)
    assert (await order_row(db, "W4")).payment == "refunded"


async def test_a_failed_payment_cancels_and_gives_stock_and_cart_back(db: Database, hearing: Hearing) -> None:
    await place(db, "card_like", "W5")
    async with db.transaction() as tx:
        await tx.execute(
            "INSERT INTO carts (cart_id, ordered_as, attempt_key, changed_at) VALUES (:id, 'W5', 'k', :at)",
            id=UUID(int=5),
            at=now(),
        )
    assert await stock_row(db) == (98, 2)
    await hearing.hears(PaymentFailed(**payment("W5"), reason="declined"), times=2)
    row = await order_row(db, "W5")
    assert (row.status, row.cancel_reason, row.payment) == ("cancelled", "payment_failed", "failed")
    assert await stock_row(db) == (100, 0)
    async with db.transaction() as tx:
        assert await tx.value("SELECT ordered_as FROM carts WHERE cart_id = :id", id=UUID(int=5)) is None
    events = await said(db)
    assert len(events) == 1
    assert isinstance(events[0], OrderCancelled)
    # Whether the buyer still looks at the page or not: nobody is left with a thank-you alone.
    assert (events[0].send_mail, events[0].refund_amount) == (True, 0)


@pytest.mark.feature("KON-17")
@pytest.mark.feature("KON-44", clause="free again on expiry")
async def test_an_expired_number_cancels_once_and_frees_the_stock(db: Database, hearing: Hearing) -> None:
    await place(db, "konbini", "K1")
    await hearing.hears(number("K1"))
    expired = PaymentExpired(**payment("K1", "konbini"), due_at=now())
    await hearing.hears(expired, times=2)
    await hearing.hears(PaymentExpired(**payment("K1", "konbini"), due_at=now()))
    row = await order_row(db, "K1")
    assert (row.status, row.cancel_reason) == ("cancelled", "unpaid")
    assert [(type(e).__name__, getattr(e, "reason", "")) for e in await said(db)] == [
        ("OrderCancelled", "unpaid")
    ]
    assert await stock_row(db) == (100, 0)


@pytest.mark.feature("KON-32", clause="payment does not revive it")
async def test_money_for_a_cancelled_order_does_not_revive_it(db: Database, hearing: Hearing) -> None:
    await place(db, "konbini", "K2")
    await hearing.hears(number("K2"), PaymentExpired(**payment("K2", "konbini"), due_at=now()))
    await hearing.hears(captured("K2", "konbini", source="provider_notice"))
    row = await order_row(db, "K2")
    assert (row.status, row.deposit, row.payment) == ("cancelled", "unpaid", "captured")
    assert "キャンセル後に「入金済みになりました」の連絡がありました" in await timeline_titles(db, "K2")


async def test_money_of_a_cancelled_order_returns_without_a_capture(db: Database, hearing: Hearing) -> None:
    await place(db, "card_like", "K4")
    await hearing.hears(authorized("K4"))
    async with db.transaction() as tx:
        await cancel_order(tx, order_code="K4", note="試験", by="試験", at=now())
    refund = PaymentRefunded(**payment("K4"), refund_id=UUID(int=2), amount=3_500, route="provider")
    await hearing.hears(refund, captured("K4"))
    row = await order_row(db, "K4")
    assert (row.status, row.deposit, row.payment) == ("cancelled", "unpaid", "refunded")


async def test_a_deadline_that_passes_after_the_payment_is_old_news(db: Database, hearing: Hearing) -> None:
    await place(db, "konbini", "K3")
    await hearing.hears(captured("K3", "konbini", source="provider_notice"), number("K3"))
    await hearing.hears(PaymentExpired(**payment("K3", "konbini"), due_at=now()))
    row = await order_row(db, "K3")
    assert (row.status, row.deposit, row.payment) == ("in_progress", "paid", "captured")
    assert await said(db) == []


async def test_a_rejected_capture_stays_unpaid_and_may_be_asked_again(db: Database, hearing: Hearing) -> None:
    from checkout.orders.request_capture import request_capture

    await place(db, "card_like", "W7")
    async with db.transaction() as tx:
        await request_capture(tx, order_code="W7", by="試験", at=now())
    await hearing.hears(CaptureRejected(**payment("W7"), reason="over_30_days"))
    row = await order_row(db, "W7")
    assert (row.deposit, row.capture_requested_at) == ("unpaid", None)
    async with db.transaction() as tx:
        text = await tx.value("SELECT text FROM timeline WHERE title = '入金処理ができませんでした'")
        assert text == "注文から30日を過ぎているため売上請求できません"
        await request_capture(tx, order_code="W7", by="試験", at=now())


async def test_a_void_in_the_console_is_shown_but_cancels_nothing(db: Database, hearing: Hearing) -> None:
    await place(db, "card_like", "W8")
    await hearing.hears(authorized("W8"), PaymentVoided(**payment("W8")))
    row = await order_row(db, "W8")
    assert (row.status, row.payment) == ("in_progress", "lapsed"), "nothing is held any more"


@pytest.mark.parametrize(
    "event",
    [
        authorized("NOBODY"),
        captured("NOBODY"),
        number("NOBODY"),
        PaymentFailed(**payment("NOBODY"), reason="declined"),
        PaymentExpired(**payment("NOBODY"), due_at=now()),
        CaptureRejected(**payment("NOBODY"), reason="over_30_days"),
        PaymentVoided(**payment("NOBODY")),
        PaymentRefunded(**payment("NOBODY"), refund_id=UUID(int=1), amount=1, route="provider"),
        ended("NOBODY"),
        standing("NOBODY", 1),
        PointsUsed(member_id=UUID(int=3), points=5, order_code="NOBODY"),
        BenefitShortageFound(
            member_id=UUID(int=3), benefit="points", missing=5, reason="short", order_code="NOBODY"
        ),
    ],
    ids=lambda event: event.type,
)
async def test_events_of_unknown_orders_return_and_are_never_dropped(
    db: Database, hearing: Hearing, event: Event
) -> None:
    with pytest.raises(TryAgain, match="NOBODY"):
        await hearing.hears(event)
