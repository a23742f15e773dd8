"""The service hears what was done in Seller Central, what time did, and what it can still do about it."""

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from harness.keys import Keys
from payments.methods.amazon_pay.charges import Charge
from payments.methods.amazon_pay.looking import beyond
from payments.payment.rules.payment import Payment
from payments.shop.rules import CaptureSettings
from shared.clock import clock, now
from shared.events import (
    AuthorizationEnded,
    CaptureRejected,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeedDone,
    PaymentRefunded,
    PaymentStandingChanged,
    ReauthorizationRequested,
)
from shared.shop.settings.change_settings import change
from tests.payments.amazon_pay.world import World
from tests.payments.order_examples import cancelled, capture_requested, shipped
from tests.payments.staff import press, sign_in


async def pays(world: World, total: int = 3_300) -> Payment:
    """An order whose money was taken when it was shipped."""
    await world.order(total=total)
    await world.payments.hears(shipped("N1"))
    await world.payments.work()
    return await world.payments.payment("N1")


async def console(world: World, do: str, amount: int | None = None) -> None:
    """Somebody presses a button in Seller Central; its notices come."""
    charge = (await world.payments.payment("N1")).refs["charge_id"]
    await world.provider.post(f"/console/charges/{charge}", data={"do": do, "amount": str(amount or "")})
    await world.provider.get("/ledger")  # lets time settle what is asynchronous
    await hear_notices(world)


async def hear_notices(world: World) -> None:
    for _, body in world.amazon.notices():
        assert await world.posts(body) == 200
    await world.payments.work()


async def refunds(world: World) -> list[tuple[int, int | None]]:
    """What the order heard of money that went back, and of what is left."""
    heard = await world.payments.said(PaymentRefunded)
    return [(each.amount, each.remaining_amount) for each in heard if isinstance(each, PaymentRefunded)]


async def ended(world: World) -> AuthorizationEnded:
    """The one hold that was told to be gone."""
    [event] = await world.payments.said(AuthorizationEnded)
    assert isinstance(event, AuthorizationEnded)
    return event


async def asks_again(world: World) -> None:
    """Staff press 「再与信」."""
    await world.payments.hears(ReauthorizationRequested(order_code="N1", by="staff"))
    await world.payments.work()


# ---------- money given back in Seller Central ----------


async def test_a_cancellation_gives_back_what_the_console_left(world: World) -> None:
    await pays(world)
    await console(world, "refund", 200)
    assert await refunds(world) == [(200, 3_100)]

    await world.payments.hears(cancelled("N1"))
    await world.payments.work()
    await world.soon()

    assert await world.ledger("refunded") == [200, 3_100]
    assert await refunds(world) == [(200, 3_100), (3_100, 0)]
    assert (await world.payments.payment("N1")).state == "refunded"


async def test_console_refunds_are_booked_once_by_sum_or_by_name(world: World) -> None:
    await pays(world)
    charge = (await world.payments.payment("N1")).refs["charge_id"]
    for amount in (300, 200):  # while notices are lost
        await world.provider.post(f"/console/charges/{charge}", data={"do": "refund", "amount": str(amount)})
    await world.provider.get("/ledger")
    await world.payments.hears(cancelled("N1"))
    await world.payments.work()
    await world.soon()

    await hear_notices(world)
    await hear_notices(world)

    assert await world.ledger("refunded") == [300, 200, 2_800]
    assert sum(amount for amount, _ in await refunds(world)) == 3_300
    payment = await world.payments.payment("N1")
    assert (payment.state, payment.refunded_amount, payment.held_amount) == ("refunded", 3_300, 0)


async def test_a_console_refund_without_notice_is_found_the_next_day(world: World) -> None:
    charge = (await pays(world)).refs["charge_id"]
    await world.provider.post(f"/console/charges/{charge}", data={"do": "refund", "amount": "200"})
    await world.provider.get("/ledger")
    await world.soon()
    assert await refunds(world) == []

    clock.move(timedelta(days=1))
    await world.payments.work()

    assert await refunds(world) == [(200, 3_100)]


async def test_money_returned_by_hand_after_a_rejected_refund_is_seen(world: World) -> None:
    await pays(world)
    world.amazon.go_wrong("refund", "decline")
    await world.payments.hears(cancelled("N1"))
    await world.payments.work()
    await world.soon()
    assert (await world.payments.payment("N1")).state == "owed"

    await console(world, "refund", 3_300)

    payment = await world.payments.payment("N1")
    assert (payment.state, payment.calls) == ("refunded", ())
    assert await world.ledger("refunded") == [3_300]
    assert await refunds(world) == [(3_300, 0)]


# ---------- parts taken there ----------


async def test_a_part_captured_in_the_console_is_short_and_can_be_had(world: World) -> None:
    await world.order()
    await console(world, "capture", 100)

    payment = await world.payments.payment("N1")
    assert (payment.state, payment.held_amount) == ("short", 100)
    assert (await ended(world)).reason == "captured_in_part"
    assert (await ended(world)).may_reauthorize
    assert await world.payments.said(PaymentCaptured) == []

    await asks_again(world)
    await world.payments.hears(shipped("N1"))
    await world.payments.work()

    assert await world.ledger("captured") == [100, 3_200]
    [captured] = await world.payments.said(PaymentCaptured)
    assert isinstance(captured, PaymentCaptured)
    assert captured.amount == 3_300
    await world.payments.hears(cancelled("N1"))
    await world.payments.work()
    for _ in range(3):
        await world.soon()
    assert sorted(await world.ledger("refunded")) == [100, 3_200]
    assert (await world.payments.payment("N1")).state == "refunded"


# ---------- holds that end ----------


@pytest.mark.feature("PAY-30", clause="failure stays visible")
async def test_a_capture_that_amazon_rejects_ends_the_hold(world: World) -> None:
    async with world.payments.db.transaction() as tx:
        await change(tx, CaptureSettings(capture_policy="by_staff"), by="staff", at=now())
    await world.order()
    world.amazon.go_wrong("capture", "decline")

    await world.payments.hears(capture_requested("N1"))
    await world.payments.work()

    assert (await ended(world)).reason == "capture_declined"
    [rejected] = await world.payments.said(CaptureRejected)
    assert isinstance(rejected, CaptureRejected)
    assert rejected.reason == "AmazonRejected"
    await asks_again(world)
    assert len(await world.ledger("authorized")) == 1


async def test_a_slow_capture_that_is_declined_ends_the_hold(world: World) -> None:
    await world.order()
    charge = (await world.payments.payment("N1")).refs["charge_id"]
    await world.provider.post(
        "/console/behaviours", data={"target": charge, "behaviour": "capture:PendingHardDeclined"}
    )
    await world.payments.hears(shipped("N1"))
    await world.payments.work()
    assert await world.payments.said(AuthorizationEnded) == []

    await console(world, "decide_declined")

    assert (await ended(world)).reason == "capture_declined"
    assert (await world.payments.payment("N1")).state == "declined"


async def test_thirty_unshipped_days_end_the_hold_without_a_notice(world: World) -> None:
    await world.order()
    payment = await world.payments.payment("N1")
    clock.move(payment.placed_at + timedelta(days=30, minutes=20) - now())
    await world.payments.work()
    await world.soon()

    assert (await ended(world)).authorization_id == payment.authorization_id
    assert await world.ledger("captured") == []


@pytest.mark.feature("AP-34", clause="new authorization replaces the old")
async def test_staff_ask_for_another_hold_and_it_alone_is_captured(world: World) -> None:
    await world.order()
    first = (await world.payments.payment("N1")).authorization_id
    await console(world, "expire")

    await asks_again(world)

    second = (await world.payments.payment("N1")).authorization_id
    assert second != first
    held = [
        each for each in await world.payments.said(PaymentAuthorized) if isinstance(each, PaymentAuthorized)
    ]
    assert [each.authorization_id for each in held] == [first, second]
    await world.payments.hears(shipped("N1"))
    await world.payments.work()
    assert await world.ledger("captured") == [3_300]


@pytest.mark.feature("AP-34")
async def test_a_hold_that_stands_is_replaced_and_only_one_is_active(world: World) -> None:
    await world.order()
    first = (await world.payments.payment("N1")).authorization_id

    await asks_again(world)

    payment = await world.payments.payment("N1")
    assert payment.state == "authorized"
    rows = (await world.provider.get("/ledger")).json()["entries"]
    assert [(row["kind"], row["charge_id"]) for row in rows] == [
        ("authorized", first),
        ("voided", first),
        ("authorized", payment.authorization_id),
    ]
    assert await world.payments.said(AuthorizationEnded) == []


async def test_another_hold_with_a_lost_answer_is_not_made_twice(world: World) -> None:
    await world.order()
    await console(world, "expire")
    await world.provider.post("/console/behaviours", data={"target": "*", "behaviour": "charge:lose_answer"})
    await asks_again(world)
    await world.soon()

    assert (await world.payments.payment("N1")).state == "authorized"
    assert await world.ledger("authorized") == [3_300, 3_300]


async def test_another_hold_that_is_declined_leaves_the_order_bare(world: World) -> None:
    await world.order()
    await console(world, "expire")
    await world.provider.post("/console/behaviours", data={"target": "*", "behaviour": "charge:SoftDeclined"})

    await asks_again(world)

    reasons = [
        each.reason
        for each in await world.payments.said(AuthorizationEnded)
        if isinstance(each, AuthorizationEnded)
    ]
    assert reasons == ["expired", "reauthorization_declined"]


async def test_an_order_cancelled_with_its_second_hold_returns_it(world: World) -> None:
    await world.order()
    await console(world, "expire")
    await asks_again(world)

    await world.payments.hears(cancelled("N1"))
    await world.payments.work()

    assert (await world.payments.payment("N1")).state == "voided"
    assert len(await world.ledger("voided")) == 2  # the first by time, the second by us


# ---------- notices ----------


async def test_a_chargeback_calls_staff_and_stops_refunds(world: World) -> None:
    await pays(world)

    await console(world, "chargeback")

    [*_, standing] = await world.payments.said(PaymentStandingChanged)
    assert isinstance(standing, PaymentStandingChanged)
    assert "chargeback" in standing.calls
    await world.payments.hears(cancelled("N1"))
    await world.payments.work()
    assert await world.ledger("refunded") == []


async def test_staff_record_how_much_of_a_chargeback_was_lost(world: World, keys: Keys) -> None:
    await pays(world)
    await console(world, "chargeback")
    sign_in(world.payments.browser, keys)
    [told] = (await world.payments.payment("N1")).open_chargebacks
    form = {"reference": told.reference, "state": "lost"}

    untold = await press(world.payments, "N1", "chargeback", **form)
    too_much = await press(world.payments, "N1", "chargeback", **form, lost_amount=3_301)
    done = await press(world.payments, "N1", "chargeback", **form, lost_amount=500)

    assert (untold.status_code, too_much.status_code, done.status_code) == (422, 422, 303)
    assert "¥3,300以下で入力してください" in too_much.text
    assert '返金された金額<span class="tag-required">必須' in untold.text
    seen = await world.payments.payment("N1")
    assert (seen.held_amount, seen.charged_back_amount) == (2_800, 500)


async def test_staff_take_back_how_a_chargeback_ended(world: World, keys: Keys) -> None:
    await pays(world)
    await console(world, "chargeback")
    payments = world.payments
    sign_in(payments.browser, keys)
    [told] = (await payments.payment("N1")).open_chargebacks
    lost = {"reference": told.reference, "state": "lost", "lost_amount": 3_300}
    page = (await payments.browser.get("/desk/payments/N1")).text
    assert "{yen:lost_amount}が決済会社からお客様に返金されたことを記録します" in page
    assert "判断を取り消す" not in page

    assert (await press(payments, "N1", "chargeback", **lost)).status_code == 303
    page = (await payments.browser.get("/desk/payments/N1")).text
    assert "判断を取り消す" in page
    assert "注文は入金済みに戻ります。" in page
    unsaid = await press(payments, "N1", "chargeback/reopen", reference=told.reference)
    back = await press(
        payments, "N1", "chargeback/reopen", reference=told.reference, reopen_reason="入力の誤り"
    )

    assert (unsaid.status_code, back.status_code) == (422, 303)
    seen = await payments.payment("N1")
    assert (seen.state, seen.held_amount, seen.calls) == ("captured", 3_300, ("chargeback",))
    page = (await payments.browser.get("/desk/payments/N1")).text
    for words in ("チャージバックの結果の記録を取り消しました", "入力の誤り", "佐藤 店長"):
        assert words in page
    *_, deed = await payments.said(PaymentDeedDone)
    assert isinstance(deed, PaymentDeedDone)
    assert (deed.by, deed.order_code) == ("佐藤 店長", "N1")
    assert "入力の誤り" in deed.subject
    *_, standing = await payments.said(PaymentStandingChanged)
    assert isinstance(standing, PaymentStandingChanged)
    assert (standing.charged_back_amount, standing.refunded_amount, standing.calls) == (0, 0, ("chargeback",))

    assert (await press(payments, "N1", "chargeback", **lost)).status_code == 303
    rows = await payments.rows("SELECT account, sum(debit - credit) AS left FROM journal_lines GROUP BY 1")
    assert {row.account: row.left for row in rows} == {"receivable": 0, "sales": -3_300, "refunds": 3_300}


@pytest.mark.parametrize(
    ("message", "state"),
    [
        ({"ObjectType": "MERCHANT_ACCOUNT", "ObjectId": "X-1"}, (200, "unknown")),
        ({"ObjectType": "CHARGE", "ObjectId": "S03\x00"}, (400, "unreadable")),
        ({"ObjectType": "CHARGE", "ObjectId": "S03\ud800"}, (400, "unreadable")),
        ({"ObjectType": "CHARGE", "ObjectId": "S" * 60_000}, (400, "unreadable")),
    ],
)
async def test_a_strange_but_genuine_notice_is_kept_for_staff(
    world: World, message: dict[str, str], state: tuple[int, str]
) -> None:
    await world.order()
    permission = (await world.payments.payment("N1")).refs["charge_permission_id"]
    body = world.amazon.notice_saying(json.dumps({**message, "ChargePermissionId": permission}))

    status = await world.posts(body)
    assert await world.posts(body) == status
    await world.payments.work()

    rows = await world.payments.rows("SELECT state FROM notices")
    assert (status, [row.state for row in rows]) == (state[0], [state[1]])


async def test_a_notice_with_an_endless_id_still_settles_the_payment(world: World) -> None:
    await world.order()
    payment = await world.payments.payment("N1")
    await world.amazon.pay(payment, tell=False)
    charge, permission = payment.refs["charge_id"], payment.refs["charge_permission_id"]
    message = json.dumps({"ObjectType": "CHARGE", "ObjectId": charge, "ChargePermissionId": permission})

    assert await world.posts(world.amazon.notice_saying(message, message_id="m" * 60_000)) == 200
    await world.payments.work()

    assert (await world.payments.payment("N1")).state == "captured"


# ---------- charges that others make on the same permission ----------


async def charged_beside(world: World, amount: int, *, capture: bool = True, tell: bool = True) -> None:
    """Order-management software charges what the buyer agreed to; its notices come."""
    world.amazon.charge_beside(await world.payments.payment("N1"), amount, capture=capture, tell=tell)
    await hear_notices(world)
    clock.move(timedelta(seconds=10))  # notices that come together are looked at together
    await world.payments.work()


async def is_cancelled(world: World) -> Payment:
    """The order ends, and time passes; return its payment."""
    await world.payments.hears(cancelled("N1"))
    await world.payments.work()
    for _ in range(4):
        await world.soon()
    return await world.payments.payment("N1")


async def test_a_charge_of_others_pays_an_order_with_a_cancelled_hold(world: World) -> None:
    await world.order()
    await console(world, "cancel")
    await charged_beside(world, 3_300)

    payment = await world.payments.payment("N1")
    assert (payment.state, payment.captured_amount, payment.calls) == ("captured", 3_300, ())
    assert len(await world.payments.said(PaymentCaptured)) == 1

    payment = await is_cancelled(world)
    assert (payment.state, payment.held_amount) == ("refunded", 0)
    assert await world.ledger("refunded") == [3_300]


async def test_a_second_charge_of_others_completes_a_part(world: World) -> None:
    await world.order()
    await console(world, "capture", 1_000)
    await charged_beside(world, 2_300)

    payment = await world.payments.payment("N1")
    assert (payment.state, payment.captured_amount) == ("captured", 3_300)

    payment = await is_cancelled(world)
    assert (payment.state, payment.held_amount) == ("refunded", 0)
    assert sorted(await world.ledger("refunded")) == [1_000, 2_300]


async def test_our_hold_is_let_go_when_a_charge_of_others_paid(world: World) -> None:
    await world.order()
    await charged_beside(world, 3_300)

    assert (await world.payments.payment("N1")).state == "captured"
    assert await world.ledger("voided") == [3_300]


async def test_our_hold_pays_what_a_charge_of_others_left_open(world: World) -> None:
    await world.order()
    await charged_beside(world, 300)
    assert (await world.payments.payment("N1")).state == "authorized"

    await world.payments.hears(shipped("N1"))
    await world.payments.work()

    assert (await world.payments.payment("N1")).captured_amount == 3_300
    assert await world.ledger("captured") == [300, 3_000]


async def test_a_hold_of_others_is_shown_and_ends_with_the_order(world: World) -> None:
    await world.order()
    await console(world, "cancel")
    await charged_beside(world, 3_300, capture=False)
    payment = await world.payments.payment("N1")
    assert "other_hold" in payment.calls
    assert payment.held_amount == 0

    payment = await is_cancelled(world)
    await hear_notices(world)

    assert len(await world.ledger("voided")) == 2
    assert "other_hold" not in (await world.payments.payment("N1")).calls


async def test_a_hold_made_anew_leaves_none_of_others_beside_it(world: World) -> None:
    await world.order()
    await console(world, "expire")
    await charged_beside(world, 3_300, capture=False)

    await asks_again(world)

    assert (await world.payments.payment("N1")).state == "authorized"
    assert len(await world.ledger("authorized")) - len(await world.ledger("voided")) == 1


async def test_a_charge_that_nobody_named_calls_a_person(world: World) -> None:
    await world.order()
    await console(world, "capture", 1_000)
    await charged_beside(world, 2_300, tell=False)
    clock.move(timedelta(days=1))
    await world.payments.work()

    payment = await world.payments.payment("N1")
    assert "charge_unknown" in payment.calls
    assert (payment.unnamed_charge_amount, payment.held_amount) == (2_300, 1_000)


async def test_our_open_hold_hides_no_charge_that_nobody_named(world: World) -> None:
    await world.order()
    await charged_beside(world, 300, tell=False)
    clock.move(timedelta(minutes=11))
    await world.payments.work()

    payment = await world.payments.payment("N1")
    assert (payment.state, payment.calls) == ("authorized", ("charge_unknown",))
    assert payment.unnamed_charge_amount == 300


async def test_a_hold_let_go_is_looked_at_ever_more_rarely(world: World) -> None:
    await world.order()
    await charged_beside(world, 300, tell=False)
    assert (await is_cancelled(world)).state == "voided"
    clock.move(timedelta(seconds=6))
    await world.payments.work()

    payment = await world.payments.payment("N1")
    assert (payment.state, payment.unnamed_charge_amount) == ("voided", 300)
    assert "charge_unknown" in payment.calls
    [row] = await world.payments.rows("SELECT due_at FROM payments")
    assert now() < row.due_at <= now() + timedelta(days=1)


@pytest.mark.parametrize(
    ("charged", "taken", "held", "beyond_them"),
    [
        (0, 0, 3_300, 0),
        (3_300, 0, 3_300, 0),
        (300, 0, 3_300, 300),
        (3_600, 0, 3_300, 300),
        (3_600, 3_300, 0, 300),
        (3_300, 3_300, 0, 0),
        (3_000, 3_300, 0, 0),
    ],
)
def test_what_is_charged_beyond_known_charges_is_told_apart(
    charged: int, taken: int, held: int, beyond_them: int
) -> None:
    charges = [SimpleNamespace(taken=taken, held=held)]
    assert beyond(charged, cast("list[Charge]", charges)) == beyond_them


async def test_a_charge_of_another_permission_is_none_of_ours(world: World) -> None:
    await world.order("N1")
    await world.order("N2")
    mine, other = [await world.payments.payment(code) for code in ("N1", "N2")]
    foreign = world.amazon.charge_beside(other, 3_300, capture=True, tell=False)
    permission = mine.refs["charge_permission_id"]
    message = json.dumps({"ObjectType": "CHARGE", "ObjectId": foreign, "ChargePermissionId": permission})
    assert await world.posts(world.amazon.notice_saying(message)) == 200
    await world.payments.work()

    assert (await world.payments.payment("N1")).receipts == ()
