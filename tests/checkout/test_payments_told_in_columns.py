"""What payments told stands in columns: pages of orders read nothing out of the timeline's facts."""

from datetime import timedelta
from typing import Any

import pytest

from checkout.consumers import consumers
from checkout.orders.told.payment import PaymentTold, Refund, authorizations_of, read_told
from harness.hearing import Hearing
from harness.together import statements_of
from shared.clock import now
from shared.database.transactions import Database
from shared.events import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentFailed,
    PaymentRefunded,
    RefundTakenBack,
)
from shared.ids import new_id
from tests.checkout.order_examples import number_issued, payment, place
from tests.checkout.shopper import Shopper

CODE = "N261128-1D29-3ZYG6SFW"


@pytest.fixture
def clerk(shopper: Shopper) -> Shopper:
    """A browser of staff."""
    shopper.sign_in("店長 試験", staff="owner")
    return shopper


def authorized(authorization_id: str, code: str = CODE, **changes: Any) -> PaymentAuthorized:
    """Return what payments says of a hold on the buyer's money."""
    values = {
        **payment(code),
        "authorization_id": authorization_id,
        "amount": 3_500,
        "instrument": "Visa ****1111",
        "authorized_at": now(),
        "provider_status": "承認済",
        **changes,
    }
    return PaymentAuthorized(**values)


async def forget_facts(db: Database) -> None:
    """Take the facts out of the timeline of all orders."""
    async with db.transaction() as tx:
        await tx.execute("UPDATE timeline SET facts = '{}'")


async def told(db: Database, code: str = CODE) -> PaymentTold:
    """Return what is known of the payment of an order."""
    async with db.transaction() as tx:
        return await read_told(tx, code)


async def test_number_and_deadline_stay_without_the_timelines_facts(
    shop_db: Database, shopper: Shopper
) -> None:
    shopper.sign_in("試験 花子", staff="owner")
    await place(shop_db, "konbini", CODE, member_id=shopper.member_id)
    issued = number_issued(CODE)
    await Hearing(consumers, shop_db).hears(issued)
    await forget_facts(shop_db)

    await shopper.opens(f"/orders/{CODE}")
    assert issued.number in shopper.text
    assert "お支払い期限" in shopper.text
    await shopper.opens(f"/desk/orders/{CODE}")
    assert f"{issued.number_label} {issued.number}" in shopper.text


async def test_the_newest_authorization_is_shown_and_all_are_known(shop_db: Database, clerk: Shopper) -> None:
    await place(shop_db, "card_like", CODE)
    again = authorized("S03-2", instrument="", authorized_at=now() - timedelta(days=1))
    await Hearing(consumers, shop_db).hears(authorized("S03-1"), again)
    await forget_facts(shop_db)

    await clerk.opens(f"/desk/orders/{CODE}")
    assert "承認番号 S03-2 承認金額 ¥3,500" in clerk.text
    assert "お支払い元" not in clerk.text
    async with shop_db.transaction() as tx:
        assert await authorizations_of(tx, CODE) == ["S03-2", "S03-1"]


async def test_money_is_added_up_a_row_each_time(shop_db: Database, shopper: Shopper) -> None:
    shopper.sign_in("試験 花子", staff="owner")
    await place(shop_db, "konbini", CODE, member_id=shopper.member_id)
    paid = PaymentCaptured(
        **payment(CODE, "konbini"), amount=3_500, captured_at=now(), source="provider_notice"
    )
    backs = [
        PaymentRefunded(
            **payment(CODE, "konbini"),
            refund_id=new_id(),
            amount=amount,
            remaining_amount=left,
            spare_amount=spare,
            route="gift_card",
            by_dispute=by_dispute,
        )
        for amount, left, spare, by_dispute in ((1_000, 2_500, 300, False), (500, 2_000, 0, True))
    ]
    await Hearing(consumers, shop_db).hears(number_issued(CODE), paid, *backs, times=2)
    await forget_facts(shop_db)

    known = await told(shop_db)
    assert (known.captured, list(known.refunds)) == (
        3_500,
        [Refund(1_000, "gift_card", excess=300), Refund(500, "dispute")],
    )
    await shopper.opens(f"/orders/{CODE}")
    assert "¥1,000（うち超過分 ¥300）をギフトカードで返金しました。" in shopper.text
    await shopper.opens(f"/desk/orders/{CODE}")
    assert "入金額 ¥3,500" in shopper.text
    assert "返金額 ¥1,500" in shopper.text


async def test_a_refund_taken_back_is_no_longer_told_to_the_buyer(
    shop_db: Database, shopper: Shopper
) -> None:
    shopper.sign_in("試験 花子")
    await place(shop_db, "konbini", CODE, member_id=shopper.member_id)
    of_it = payment(CODE, "konbini")
    paid = PaymentCaptured(**of_it, amount=3_500, captured_at=now(), source="provider_notice")
    backs = [
        PaymentRefunded(
            **of_it,
            refund_id=new_id(),
            amount=500,
            remaining_amount=left,
            spare_amount=spare,
            route="gift_card",
        )
        for left, spare in ((3_500, 500), (3_000, 0), (2_500, 0))
    ]
    undone = RefundTakenBack(
        **of_it, refund_id=backs[1].refund_id, amount=500, remaining_amount=3_000, route="gift_card"
    )
    await Hearing(consumers, shop_db).hears(number_issued(CODE), paid, *backs, undone, times=2)

    known = await told(shop_db)
    assert list(known.refunds) == [Refund(500, "gift_card", excess=500), Refund(500, "gift_card")]
    await shopper.opens(f"/orders/{CODE}")
    assert shopper.text.count("をギフトカードで返金しました") == 2


async def test_a_chargeback_not_lost_after_all_is_told_no_longer(shop_db: Database, shopper: Shopper) -> None:
    shopper.sign_in("試験 花子")
    await place(shop_db, "konbini", CODE, member_id=shopper.member_id)
    of_it = payment(CODE, "konbini")
    paid = PaymentCaptured(**of_it, amount=3_500, captured_at=now(), source="provider_notice")
    gone: dict[str, Any] = {
        **of_it,
        "refund_id": new_id(),
        "amount": 500,
        "route": "provider",
        "by_dispute": True,
    }
    back, undone = (
        PaymentRefunded(**gone, remaining_amount=3_000),
        RefundTakenBack(**gone, remaining_amount=3_500),
    )
    await Hearing(consumers, shop_db).hears(number_issued(CODE), paid, back, undone, times=2)

    assert list((await told(shop_db)).refunds) == []
    await shopper.opens(f"/orders/{CODE}")
    assert "返金" not in shopper.text


async def test_why_a_payment_failed_is_told_to_its_buyer(shop_db: Database, shopper: Shopper) -> None:
    shopper.sign_in("試験 花子")
    await place(shop_db, "card_like", CODE, member_id=shopper.member_id)
    await Hearing(consumers, shop_db).hears(PaymentFailed(**payment(CODE), reason="expired_card"))
    await forget_facts(shop_db)

    await shopper.opens(f"/orders/{CODE}")
    assert "カードの有効期限が切れているため" in shopper.text


async def test_an_order_of_which_nothing_was_told_shows_nothing(shop_db: Database, clerk: Shopper) -> None:
    await place(shop_db, "cash_on_delivery", CODE)
    assert await told(shop_db) == PaymentTold(refunds=[])


async def test_keeping_what_payments_told_costs_no_statement(shop_db: Database) -> None:
    for number in range(3):
        await place(shop_db, "card_like", f"N-{number}")
    hearing = Hearing(consumers, shop_db)
    with statements_of(shop_db) as sent:
        await hearing.hears(authorized("S03-0", "N-0"))
    # Inbox, orders under lock, their parcels, and one statement for all that is written.
    assert len([sql for sql in sent if "order_payments" in sql]) == 1
    assert len([sql for sql in sent if "UPDATE orders" in sql and "order_payments" in sql]) == 1
