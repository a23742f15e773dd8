"""Card-like payments: held at order time, captured once, given back when the order ends."""

from datetime import timedelta

import pytest

from harness.due_once import claim, perform
from payments.payment.rules.answers import Captured, Refunded, Voided
from payments.shop.rules import CaptureSettings
from shared.clock import clock, now
from shared.events import (
    CaptureRejected,
    Event,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentFailed,
    PaymentRefunded,
    PaymentStandingChanged,
    PaymentVoided,
)
from shared.shop.settings.change_settings import change
from tests.payments.conftest import Shopping
from tests.payments.order_examples import cancelled, capture_requested, placed, shipped


async def kinds(shopping: Shopping) -> list[type[Event]]:
    return [type(event) for event in await shopping.payments.said()]


async def test_money_is_held_with_the_order_and_taken_at_shipping(shopping: Shopping) -> None:
    await shopping.payments.hears(placed("N1", "card"), times=2)
    await shopping.payments.work()
    assert await kinds(shopping) == [PaymentAuthorized]
    await shopping.payments.hears(shipped("N1"), times=2)
    await shopping.payments.work()
    assert await kinds(shopping) == [PaymentAuthorized, PaymentCaptured]
    [captured] = await shopping.payments.said(PaymentCaptured)
    assert isinstance(captured, PaymentCaptured)
    assert (captured.amount, captured.source) == (3_300, "shipped")


async def test_a_part_of_the_parcels_takes_no_money(shopping: Shopping) -> None:
    await shopping.payments.hears(placed("N1", "card"))
    await shopping.payments.work()
    await shopping.payments.hears(shipped("N1", fully=False))
    await shopping.payments.work()
    assert shopping.card.effects(Captured) == []


async def test_shipped_before_the_authorization_is_remembered(shopping: Shopping) -> None:
    await shopping.payments.hears(placed("N1", "card"), shipped("N1"))
    await shopping.payments.work()
    assert await kinds(shopping) == [PaymentAuthorized, PaymentCaptured]


@pytest.mark.parametrize("operation", ["authorize", "capture"])
async def test_a_lost_answer_is_looked_up_and_never_done_twice(shopping: Shopping, operation: str) -> None:
    shopping.card.moods[operation] = "lost_answer"
    await shopping.payments.hears(placed("N1", "card"), shipped("N1"))
    await shopping.payments.work()
    clock.move(timedelta(minutes=5))
    await shopping.payments.work()
    assert await kinds(shopping) == [PaymentAuthorized, PaymentCaptured]
    assert [call for call, _ in shopping.card.calls].count(operation) == 1
    assert len(shopping.card.effects(Captured)) == 1


async def test_an_unheard_call_is_made_again_with_the_same_key(shopping: Shopping) -> None:
    shopping.card.moods["authorize"] = "silence"
    await shopping.payments.hears(placed("N1", "card"))
    await shopping.payments.work()
    assert (await shopping.payments.payment("N1")).state == "unknown"
    assert await kinds(shopping) == []
    clock.move(timedelta(minutes=5))
    await shopping.payments.work()
    assert [call for call, _ in shopping.card.calls] == ["authorize", "look_up", "authorize"]
    [request] = await shopping.payments.rows("SELECT request_id, state FROM payment_requests")
    assert (request.state, list(shopping.card.keys)) == ("done", [request.request_id.hex])
    assert len(request.request_id.hex) <= 32


@pytest.mark.feature("PAY-22", clause="insufficient balance")
async def test_a_decline_is_said_with_its_reason(shopping: Shopping) -> None:
    shopping.card.moods["authorize"] = "decline"
    await shopping.payments.hears(placed("N1", "card"))
    await shopping.payments.work()
    [failed] = await shopping.payments.said(PaymentFailed)
    assert isinstance(failed, PaymentFailed)
    assert failed.reason == "insufficient_balance"


@pytest.mark.feature("PAY-08", clause="authorization failed")
@pytest.mark.feature("PAY-30", clause="capture rejected")
async def test_capture_is_refused_in_any_state_but_authorized(shopping: Shopping) -> None:
    shopping.card.moods["authorize"] = "decline"
    await shopping.payments.hears(placed("N1", "card"))
    await shopping.payments.work()
    calls = len(shopping.card.calls)
    await shopping.payments.hears(capture_requested("N1"))
    await shopping.payments.work()
    [rejected] = await shopping.payments.said(CaptureRejected)
    assert isinstance(rejected, CaptureRejected)
    assert rejected.reason == "not_authorized:declined"
    assert len(shopping.card.calls) == calls


@pytest.mark.feature("AP-38", clause="capture only while on")
@pytest.mark.feature("PAY-02")
async def test_staff_capture_only_while_the_auto_link_is_on(shopping: Shopping) -> None:
    await set_policy(shopping, "in_provider_console")
    await shopping.payments.hears(placed("N1", "card"))
    await shopping.payments.work()
    await shopping.payments.hears(capture_requested("N1"), shipped("N1"))
    await shopping.payments.work()
    assert await kinds(shopping) == [PaymentAuthorized, CaptureRejected]
    assert shopping.card.effects(Captured) == []
    await set_policy(shopping, "by_staff")
    await shopping.payments.hears(placed("N2", "card"))
    await shopping.payments.work()
    await shopping.payments.hears(shipped("N2"))
    await shopping.payments.work()
    assert shopping.card.effects(Captured) == []
    await shopping.payments.hears(capture_requested("N2", send_mail=True), capture_requested("N2"))
    await shopping.payments.work()
    [captured] = await shopping.payments.said(PaymentCaptured)
    assert isinstance(captured, PaymentCaptured)
    assert captured.source == "admin"
    assert len(shopping.card.effects(Captured)) == 1


@pytest.mark.feature("AP-39", clause="captured on day 30 | rejected one second later")
@pytest.mark.parametrize(("seconds_too_late", "taken"), [(0, 1), (1, 0)])
async def test_the_shop_may_capture_for_thirty_days(
    shopping: Shopping, seconds_too_late: int, taken: int
) -> None:
    order = placed("N1", "card")
    await shopping.payments.hears(order)
    await shopping.payments.work()
    pressed_at = order.placed_at + timedelta(days=30, seconds=seconds_too_late)
    await shopping.payments.hears(capture_requested("N1", occurred_at=pressed_at))
    await shopping.payments.work()
    assert len(shopping.card.effects(Captured)) == taken
    rejected = [event.reason for event in await shopping.payments.said(CaptureRejected)]  # type: ignore[attr-defined]
    assert rejected == ([] if taken else ["over_30_days"])


@pytest.mark.feature("AP-51", clause="authorized: voided")
@pytest.mark.feature("ORD-21", clause="payment voided")
async def test_a_cancelled_order_gets_its_hold_back(shopping: Shopping) -> None:
    await shopping.payments.hears(placed("N1", "card"))
    await shopping.payments.work()
    await shopping.payments.hears(cancelled("N1"), times=2)
    await shopping.payments.work()
    assert await kinds(shopping) == [PaymentAuthorized, PaymentVoided]
    assert len(shopping.card.effects(Voided)) == 1


@pytest.mark.feature("AP-51", clause="captured: refunded")
async def test_a_cancelled_paid_order_gets_its_money_back(shopping: Shopping) -> None:
    await shopping.payments.hears(placed("N1", "card"), shipped("N1"))
    await shopping.payments.work()
    await shopping.payments.hears(cancelled("N1"))
    await shopping.payments.work()
    assert await kinds(shopping) == [PaymentAuthorized, PaymentCaptured, PaymentRefunded]
    assert [one.amount for one in shopping.card.effects(Refunded)] == [3_300]  # type: ignore[union-attr]


async def test_an_order_cancelled_before_any_answer_keeps_nothing(shopping: Shopping) -> None:
    shopping.card.moods["authorize"] = "lost_answer"
    await shopping.payments.hears(placed("N1", "card"))
    await shopping.payments.work()
    await shopping.payments.hears(cancelled("N1"))
    clock.move(timedelta(minutes=5))
    await shopping.payments.work()
    assert (await shopping.payments.payment("N1")).state == "voided"
    assert len(shopping.card.effects(Voided)) == 1


async def test_an_order_cancelled_before_the_call_is_never_authorized(shopping: Shopping) -> None:
    await shopping.payments.hears(placed("N1", "card"), cancelled("N1"))
    await shopping.payments.work()
    assert shopping.card.calls == []
    assert (await shopping.payments.payment("N1")).state == "voided"


async def test_a_capture_that_crosses_a_cancellation_is_paid_back(shopping: Shopping) -> None:
    shopping.card.moods["capture"] = "lost_answer"
    await shopping.payments.hears(placed("N1", "card"), shipped("N1"))
    await shopping.payments.work()
    await shopping.payments.hears(cancelled("N1"))
    clock.move(timedelta(minutes=5))
    await shopping.payments.work()
    assert (await shopping.payments.payment("N1")).state == "refunded"
    assert await kinds(shopping) == [PaymentAuthorized, PaymentRefunded]
    assert [one.amount for one in shopping.card.effects(Refunded)] == [3_300]  # type: ignore[union-attr]


async def test_a_provider_that_stays_silent_is_shown_to_staff(shopping: Shopping) -> None:
    await shopping.payments.hears(placed("N1", "card"))
    for _ in range(7):
        shopping.card.moods |= {"authorize": "silence", "look_up": "timeout"}
        await shopping.payments.work()
        clock.move(timedelta(minutes=5))
    assert (await shopping.payments.payment("N1")).calls == ("no_answer",)
    assert await kinds(shopping) == [PaymentStandingChanged]


async def test_a_worker_that_comes_too_late_writes_nothing(shopping: Shopping) -> None:
    await shopping.payments.hears(placed("N1", "card"))
    db, requests = shopping.payments.db, shopping.payments.works[0]
    slow = await claim(db, requests)
    async with db.transaction() as tx:
        await tx.execute("UPDATE payment_requests SET leased_until = now() - interval '1 second'")
    quick = await claim(db, requests)
    await perform(db, requests, quick.items)
    await perform(db, requests, slow.items)
    assert await kinds(shopping) == [PaymentAuthorized]
    assert len(shopping.card.keys) == 1


async def test_the_journal_balances_after_sale_and_refund(shopping: Shopping) -> None:
    await shopping.payments.hears(placed("N1", "card"), shipped("N1"))
    await shopping.payments.work()
    await shopping.payments.hears(cancelled("N1"))
    await shopping.payments.work()
    balances = {
        row.account: row.balance
        for row in await shopping.payments.rows(
            "SELECT account, sum(debit - credit) AS balance FROM journal_lines GROUP BY account"
        )
    }
    assert balances == {"receivable": 0, "sales": -3_300, "refunds": 3_300}


async def test_history_is_gapless(shopping: Shopping) -> None:
    await shopping.payments.hears(placed("N1", "card"), shipped("N1"), cancelled("N1"))
    await shopping.payments.work()
    versions = [row.version for row in await shopping.payments.rows("SELECT version FROM payment_history")]
    assert sorted(versions) == list(range(1, len(versions) + 1))
    assert (await shopping.payments.payment("N1")).version == len(versions)


async def set_policy(shopping: Shopping, policy: str) -> None:
    async with shopping.payments.db.transaction() as tx:
        await change(tx, CaptureSettings.model_validate({"capture_policy": policy}), by="staff", at=now())
