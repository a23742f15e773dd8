"""What Seller Central, time and the buyer do to a payment is told, and a hold that ended can be had again."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from payments.methods.amazon_pay.method import AmazonPay
from payments.payment.locked_payments import settle_answers
from payments.payment.rules.answers import (
    Authorized,
    Captured,
    CaptureDeclined,
    CaptureRefused,
    Declined,
    Expired,
    Refunded,
    RefundedInAll,
    RefundWaiting,
    Unknown,
    Voided,
    Waiting,
)
from payments.payment.rules.payment import Payment
from payments.payment.rules.settling import settle_answer
from payments.refunds import rules as refund_rules
from shared.clock import clock, now
from shared.ids import new_id

KEY = "0f8fad5bd9cb469fa16570867728950e"
AGAIN = KEY[::-1]
REFUND_KEY = "5e" * 16
Payments = Callable[..., Awaitable[Payment]]


@pytest.fixture
def refund_seconds() -> float:
    return 0


@pytest.fixture
def amazon(start_amazon: Any, refund_seconds: float) -> Any:
    return start_amazon(refund_seconds=refund_seconds)


@pytest.fixture
def captured(method: AmazonPay, authorized: Payments) -> Payments:
    """A payment whose money was taken."""

    async def captured(**choices: Any) -> Payment:
        payment = await authorized(**choices)
        assert isinstance(await method.capture(payment, amount=payment.amount, key=new_id().hex), Captured)
        return replace(payment, state="captured")

    return captured


@pytest.fixture
def ended(authorized: Payments, amazon: Any) -> Payments:
    """A payment whose hold ran out unused."""

    async def ended(**choices: Any) -> Payment:
        payment = await authorized(**choices)
        amazon.console(payment.authorization_id, "expire")
        return replace(payment, state="reauthorizing", ended_holds=(payment.authorization_id,))

    return ended


def refund_id(amazon: Any, nth: int) -> str:
    """The id of the nth refund in Amazon's ledger."""
    return str(amazon.ledger("refunded")[nth]["refund_id"])


def heard_of(payment: Payment, *refund_ids: str) -> Payment:
    """The payment after notices named these refunds."""
    return replace(payment, refs={**payment.refs, **{f"refund_{each}": each for each in refund_ids}})


# ---------- money given back in Seller Central ----------


async def test_console_refunds_are_told_in_all_before_their_notice(
    amazon: Any, method: AmazonPay, captured: Payments
) -> None:
    payment = await captured()
    for amount in ("300", "200"):
        amazon.console(payment.authorization_id, "refund", amount)

    assert [
        each for each in await method.look_up(payment) if not isinstance(each, Authorized | Captured)
    ] == [RefundedInAll(amount=500)]


async def test_a_refund_of_the_console_has_its_name_by_its_notice(
    amazon: Any, method: AmazonPay, captured: Payments
) -> None:
    payment = await captured()
    amazon.console(payment.authorization_id, "refund", "300")
    amazon.console(payment.authorization_id, "refund", "200")
    await method.look_up(payment)  # lets time settle both
    first, second = refund_id(amazon, 0), refund_id(amazon, 1)

    answers = await method.look_up(heard_of(payment, first, second))

    assert list(answers[2:]) == [
        Refunded(refund_ref=first, amount=300),
        Refunded(refund_ref=second, amount=200),
        RefundedInAll(amount=500),
    ]


async def test_a_refund_of_another_payment_is_not_counted(
    amazon: Any, method: AmazonPay, captured: Payments
) -> None:
    mine, other = await captured(), await captured(order_code="N-2")
    amazon.console(other.authorization_id, "refund", "300")
    await method.look_up(other)

    answers = await method.look_up(heard_of(mine, refund_id(amazon, 0), "S03-0000000-0000000-R000000"))

    assert [type(each) for each in answers] == [Authorized, Captured]


@pytest.mark.parametrize("refund_seconds", [3600])
async def test_nothing_is_refunded_beside_a_refund_of_the_console(
    amazon: Any, method: AmazonPay, captured: Payments
) -> None:
    payment = await captured()
    amazon.console(payment.authorization_id, "refund", "300")
    payment = heard_of(payment, str(amazon.ledger("refund_initiated")[0]["refund_id"]))

    assert await method.refund(payment, amount=5480, key=KEY) == RefundWaiting(looks=1)
    assert [type(each) for each in await method.look_up(payment)] == [Authorized, Captured]
    clock.move(timedelta(hours=1, seconds=1))
    assert (await method.look_up(payment))[-1] == RefundedInAll(amount=300)
    assert isinstance(await method.refund(payment, amount=5180, key=AGAIN), RefundWaiting)


# ---------- holds that end ----------


async def test_a_part_taken_in_the_console_is_told_with_its_amount(
    amazon: Any, method: AmazonPay, authorized: Payments
) -> None:
    payment = await authorized()
    amazon.console(payment.authorization_id, "capture", "100")

    [granted, taken] = await method.look_up(payment)

    assert isinstance(granted, Authorized)
    assert isinstance(taken, Captured)
    assert (granted.amount, taken.amount, taken.receipt_id) == (5480, 100, payment.authorization_id)


async def test_a_capture_that_amazon_rejects_has_ended_the_hold(
    amazon: Any, method: AmazonPay, authorized: Payments
) -> None:
    payment = await authorized(behaviour="capture:AmazonRejected")

    answer = await method.capture(payment, amount=5480, key=KEY)

    gone = CaptureDeclined(reason="AmazonRejected", authorization_id=payment.authorization_id)
    assert answer == gone
    assert list(await method.look_up(payment)) == [gone]


async def test_a_refused_capture_is_not_now_while_the_hold_stands(
    method: AmazonPay, authorized: Payments
) -> None:
    payment = await authorized()

    refused = await method.capture(payment, amount=5481, key=KEY)

    assert refused == CaptureRefused(reason="TransactionAmountExceeded")
    assert isinstance(await method.capture(payment, amount=5480, key=AGAIN), Captured)


async def test_a_capture_of_the_console_that_fails_later_ends_the_hold(
    amazon: Any, method: AmazonPay, authorized: Payments
) -> None:
    payment = await authorized(behaviour="capture:PendingHardDeclined")
    amazon.console(payment.authorization_id, "capture")
    clock.move(timedelta(hours=1, seconds=1))

    assert list(await method.look_up(payment)) == [
        CaptureDeclined(reason="HardDeclined", authorization_id=payment.authorization_id)
    ]


async def test_thirty_days_end_the_hold_for_capture_and_look(method: AmazonPay, authorized: Payments) -> None:
    payment = await authorized()
    clock.move(timedelta(days=30, seconds=1))
    gone = Expired(authorization_id=payment.authorization_id)

    assert await method.capture(payment, amount=5480, key=KEY) == gone
    assert (await method.look_up(payment))[-1] == gone


# ---------- once more ----------


@pytest.mark.feature("AP-34", clause="new authorization replaces the old")
async def test_a_hold_that_ended_is_had_again_on_the_same_permission(
    amazon: Any, method: AmazonPay, ended: Payments
) -> None:
    payment = await ended()

    answer = await method.reauthorize(payment, amount=5480, key=AGAIN)

    assert isinstance(answer, Authorized)
    assert answer.authorization_id not in payment.ended_holds
    assert answer.refs == {"charge_id": answer.authorization_id}
    assert answer.amount == 5480
    assert await method.reauthorize(payment, amount=5480, key=AGAIN) == answer, "the same key holds once"
    assert len(amazon.ledger("authorized")) == 2
    taken = replace(payment, authorization_id=answer.authorization_id, refs={**payment.refs, **answer.refs})
    assert isinstance(await method.capture(taken, amount=5480, key=KEY), Captured)
    assert [row["amount"] for row in amazon.ledger("captured")] == [5480]


@pytest.mark.feature("AP-34", clause="only one is active")
async def test_a_hold_that_still_stands_is_let_go_before_the_next(
    amazon: Any, method: AmazonPay, authorized: Payments
) -> None:
    payment = await authorized()
    standing = replace(payment, state="reauthorizing", ended_holds=(payment.authorization_id,))

    assert isinstance(await method.reauthorize(standing, amount=5480, key=AGAIN), Authorized)

    kinds = [row["kind"] for row in amazon.ledger() if row["charge_id"]]
    assert kinds == ["authorized", "voided", "authorized"]


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [("SoftDeclined", "declined"), ("HardDeclined", "declined"), ("AmazonRejected", "declined")],
)
async def test_another_hold_that_is_refused_is_a_decline(
    amazon: Any, method: AmazonPay, ended: Payments, behaviour: str, reason: str
) -> None:
    payment = await ended()
    amazon.trouble(f"charge:{behaviour}", payment.refs["charge_permission_id"])

    answer = await method.reauthorize(payment, amount=5480, key=AGAIN)

    assert (type(answer), getattr(answer, "reason", "")) == (Declined, reason)


async def test_a_permission_that_the_buyer_ended_holds_nothing_more(
    amazon: Any, method: AmazonPay, ended: Payments
) -> None:
    payment = await ended()
    amazon.console(payment.authorization_id, "end")

    answer = await method.reauthorize(payment, amount=5480, key=AGAIN)

    assert answer == Declined(reason="provider_error", detail="InvalidChargePermissionStatus")


async def test_a_lost_answer_about_another_hold_makes_no_third(
    amazon: Any, method: AmazonPay, ended: Payments
) -> None:
    payment = await ended()
    amazon.trouble("charge:lose_answer", payment.refs["charge_permission_id"])

    assert isinstance(await method.reauthorize(payment, amount=5480, key=AGAIN), Unknown)
    assert isinstance(await method.reauthorize(payment, amount=5480, key=AGAIN), Authorized)
    assert len(amazon.ledger("authorized")) == 2


@pytest.mark.parametrize(("do", "end"), [("decide", Authorized), ("decide_declined", Declined)])
async def test_another_hold_may_take_its_time(
    amazon: Any, method: AmazonPay, ended: Payments, do: str, end: type
) -> None:
    payment = await ended()
    amazon.trouble("charge:AuthorizationInitiated", payment.refs["charge_permission_id"])
    waiting = await method.reauthorize(payment, amount=5480, key=AGAIN)
    assert isinstance(waiting, Waiting)
    payment = replace(payment, refs={**payment.refs, **waiting.refs})

    amazon.console(payment.refs["charge_id"], do)

    [old, over, new] = await method.look_up(payment)
    assert isinstance(old, Authorized)
    assert over == Expired(authorization_id=payment.ended_holds[0])
    assert isinstance(new, end)
    assert isinstance(await method.reauthorize(payment, amount=5480, key=AGAIN), end), "a late repetition"


async def test_a_cancelled_try_for_another_hold_is_a_decline(
    amazon: Any, method: AmazonPay, ended: Payments
) -> None:
    payment = await ended()
    amazon.trouble("charge:AuthorizationInitiated", payment.refs["charge_permission_id"])
    waiting = await method.reauthorize(payment, amount=5480, key=AGAIN)
    payment = replace(payment, refs={**payment.refs, **waiting.refs})
    amazon.console(payment.refs["charge_id"], "cancel")

    assert isinstance((await method.look_up(payment))[-1], Declined)


# ---------- several charges ----------


@pytest.fixture
def in_two_parts(method: AmazonPay, authorized: Payments, amazon: Any) -> Payments:
    """100 yen taken in the console, the rest by another hold."""

    async def in_two_parts() -> Payment:
        payment = await authorized()
        first = payment.authorization_id
        amazon.console(first, "capture", "100")
        short = replace(payment, state="reauthorizing", ended_holds=(first,))
        again = await method.reauthorize(short, amount=5380, key=AGAIN)
        assert isinstance(again, Authorized)
        held = replace(
            short,
            state="captured",
            authorization_id=again.authorization_id,
            refs={**short.refs, **again.refs},
        )
        assert isinstance(await method.capture(held, amount=5380, key=KEY), Captured)
        return held

    return in_two_parts


async def test_all_charges_of_a_payment_are_told(method: AmazonPay, in_two_parts: Payments) -> None:
    payment = await in_two_parts()

    taken = [each for each in await method.look_up(payment) if isinstance(each, Captured)]

    assert [(each.receipt_id, each.amount) for each in taken] == [
        (payment.ended_holds[0], 100),
        (payment.authorization_id, 5380),
    ]


async def test_money_goes_back_on_the_charge_that_took_it(
    amazon: Any, method: AmazonPay, in_two_parts: Payments
) -> None:
    payment = replace(await in_two_parts(), state="refunding")
    for key, amount in (("first", 5380), ("second", 100)):
        payment = await asked_for_twice(method, payment, amount, key)

    told = [each for each in await method.look_up(payment) if isinstance(each, Refunded | RefundedInAll)]

    assert [each.amount for each in told] == [5380, 100, 5480]
    assert sorted(row["charge_id"] for row in amazon.ledger("refunded")) == sorted(
        (payment.ended_holds[0], payment.authorization_id)
    )


async def asked_for_twice(method: AmazonPay, payment: Payment, amount: int, key: str) -> Payment:
    """The payment once a refund was asked for: where it comes from is chosen and kept at the first turn."""
    for looks in (1, 0):
        answer = await method.refund(payment, amount=amount, key=key)
        assert isinstance(answer, RefundWaiting)
        assert answer.looks == looks
        payment = settle_answer(payment, "refund", answer, now(), method.terms).payment
    return payment


def paid(payment: Payment) -> Payment:
    """The payment with the money of both charges."""
    receipts = (payment.ended_holds[0], payment.authorization_id)
    return replace(payment, state="captured", captured_amount=5480, receipts=receipts)


async def looked_at(method: AmazonPay, payment: Payment) -> Payment:
    """The payment after looks at all that Amazon has done by then."""
    for _ in range(3):
        payment = settle_answers(payment, None, await method.look_up(payment), now(), method.terms).payment
    return payment


async def test_a_refund_of_more_than_one_charge_is_made_in_parts(
    amazon: Any, method: AmazonPay, in_two_parts: Payments
) -> None:
    before = paid(await in_two_parts())
    one = refund_rules.refund_part(before, method.terms, now(), amount=5400, reason="傷", by="x").payment
    one = await asked_for_twice(method, one, 5400, REFUND_KEY)
    again = await method.refund(one, amount=5400, key=REFUND_KEY)
    assert isinstance(again, RefundWaiting)
    assert again.refund_refs == one.our_refund.refs, "asked again, they are the same"
    after = await looked_at(method, one)
    assert sorted(row["amount"] for row in amazon.ledger("refunded")) == [20, 5380]
    assert (after.refunded_amount, after.refund_requested_amount, after.calls) == (5400, 0, ())


async def test_the_failed_part_of_a_refund_is_told_with_its_amount(
    amazon: Any, method: AmazonPay, in_two_parts: Payments
) -> None:
    before = paid(await in_two_parts())
    one = refund_rules.refund_part(before, method.terms, now(), amount=5400, reason="傷", by="x").payment
    chosen = await method.refund(one, amount=5400, key=REFUND_KEY)
    one = settle_answer(one, "refund", chosen, now(), method.terms).payment
    amazon.console(before.ended_holds[0], "refund", "96")
    waits = await method.refund(one, amount=5400, key=REFUND_KEY)
    one = settle_answer(one, "refund", waits, now(), method.terms).payment
    one = await looked_at(method, one)
    assert (one.refund_requested_amount, one.refunded_amount) == (20, 5476)
    ended = settle_answer(
        one, "refund", await method.refund(one, amount=5400, key=REFUND_KEY), now(), method.terms
    ).payment
    assert (ended.refund_requested_amount, ended.refund_failed_amount) == (0, 20)
    assert set(ended.calls) == {"refund_failed", "refunded_elsewhere"}


async def test_a_void_tells_which_hold_it_let_go(method: AmazonPay, ended: Payments) -> None:
    payment = await ended()
    again = await method.reauthorize(payment, amount=5480, key=AGAIN)
    payment = replace(payment, state="voiding", refs={**payment.refs, **again.refs})

    assert await method.void(payment, key=KEY) == Voided(authorization_id=again.refs["charge_id"])
