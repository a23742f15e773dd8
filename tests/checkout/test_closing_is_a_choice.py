"""処理済み is an optional last step: the shop chooses whether a complete order takes it by itself."""

from typing import Any

import pytest

from checkout.consumers import consumers
from harness.as_seen import BULK, as_seen
from harness.hearing import Hearing, said
from shared.clock import now
from shared.database.transactions import Database
from shared.events import OrderProcessed, PaymentAuthorized, PaymentCaptured
from tests.checkout.order_examples import KIND, order_row, payment, place
from tests.checkout.payment_terms import Group
from tests.checkout.shopper import Shopper

SETTINGS = "/desk/orders/settings"


@pytest.fixture
def clerk(shopper: Shopper) -> Shopper:
    """A browser of staff, in the whole of checkout."""
    shopper.sign_in("店長 試験", staff="owner")
    return shopper


async def chooses(clerk: Shopper, closing: str) -> None:
    """Set who closes complete orders, on the page of the desk."""
    form = {"shipping_fee": "550", "free_shipping_from": "5000", "closing": closing}
    answer = await clerk.sends(SETTINGS, **await as_seen(clerk.browser, SETTINGS, form))
    assert answer.status_code == 303, clerk.text


async def pays(db: Database, group: Group, code: str) -> None:
    """Let payments say what it says of an order that is authorized and paid."""
    events: list[Any] = []
    if group == "card_like":
        events.append(
            PaymentAuthorized(
                **payment(code),
                authorization_id="S03-1",
                amount=3_500,
                authorized_at=now(),
                provider_status="承認済",
            )
        )
    if group != "cash_on_delivery":
        kind, _ = KIND[group]
        events.append(PaymentCaptured(**payment(code, kind), amount=3_500, captured_at=now(), source="admin"))
    await Hearing(consumers, db).hears(*events)


async def completes(db: Database, clerk: Shopper, group: Group, code: str) -> None:
    """Take an order to where shipping and deposit are complete."""
    await place(db, group, code)
    await pays(db, group, code)
    await clerk.sends(
        BULK, **await as_seen(clerk.browser, BULK, {"action": "ship", "id": code, "confirmed": "true"})
    )
    assert (await order_row(db, code)).shipping == "shipped", clerk.text


@pytest.mark.feature("ORD-13")
@pytest.mark.feature("ORD-01", clause="complete and marked: processed")
@pytest.mark.parametrize("group", KIND)
async def test_an_unmarked_complete_order_stays_where_staff_close(
    shop_db: Database, clerk: Shopper, group: Group
) -> None:
    await chooses(clerk, "by_staff")
    await completes(shop_db, clerk, group, "S-1")

    assert (await order_row(shop_db, "S-1")).status == "in_progress"
    assert not [event for event in await said(shop_db) if isinstance(event, OrderProcessed)]
    for report in ("/desk/operations", "/desk/orders?tab=all"):
        assert (await clerk.opens(report)).status_code == 200
    assert (await clerk.opens("/desk/orders/S-1")).status_code == 200
    assert "通常処理" in clerk.text
    assert "発送と入金が完了しました。必要であれば処理済みにしてください。" in clerk.text

    await clerk.sends(
        BULK, **await as_seen(clerk.browser, BULK, {"action": "process", "id": "S-1", "confirmed": "true"})
    )
    assert (await order_row(shop_db, "S-1")).status == "processed"


@pytest.mark.parametrize("group", KIND)
async def test_a_complete_order_closes_by_itself_where_none_chose(
    shop_db: Database, clerk: Shopper, group: Group
) -> None:
    await completes(shop_db, clerk, group, "S-2")

    assert (await order_row(shop_db, "S-2")).status == "processed"
    assert [event.by for event in await said(shop_db) if isinstance(event, OrderProcessed)] == ["自動処理"]


async def test_the_choice_holds_for_later_orders_and_is_on_record(shop_db: Database, clerk: Shopper) -> None:
    await chooses(clerk, "by_staff")
    await completes(shop_db, clerk, "cash_on_delivery", "S-3")
    await chooses(clerk, "by_itself")
    await completes(shop_db, clerk, "cash_on_delivery", "S-4")

    statuses = [(await order_row(shop_db, code)).status for code in ("S-3", "S-4")]
    assert statuses == ["in_progress", "processed"]
    await clerk.opens(SETTINGS)
    left, closed = "スタッフが「処理済み」にするまで「通常処理」のままにする", "自動で「処理済み」にする"
    assert f"発送と入金が完了した注文 {closed} {left}" in clerk.text
    assert f"発送と入金が完了した注文 {left} {closed}" in clerk.text


async def test_ticking_the_box_closes_an_order_where_staff_close(shop_db: Database, clerk: Shopper) -> None:
    await chooses(clerk, "by_staff")
    await place(shop_db, "cash_on_delivery", "S-5")
    await clerk.sends(
        BULK,
        **await as_seen(
            clerk.browser,
            BULK,
            {"action": "ship", "id": "S-5", "mark_processed": "true", "confirmed": "true"},
        ),
    )
    assert (await order_row(shop_db, "S-5")).status == "processed"


async def test_a_choice_that_does_not_exist_is_refused(shop_db: Database, clerk: Shopper) -> None:
    answer = await clerk.sends(SETTINGS, shipping_fee="550", closing="sometimes")
    assert answer.status_code == 422
    assert "入力内容をご確認ください" in clerk.text or "選択" in clerk.text
    async with shop_db.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM settings") == 0
