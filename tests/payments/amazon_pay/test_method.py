"""Amazon Pay as a payment method: every step may break off, and money moves once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from payments.methods.amazon_pay.client import AmazonPayClient
from payments.methods.amazon_pay.method import AmazonPay
from payments.methods.amazon_pay.settings import AmazonPaySettings
from payments.payment.rules.answers import (
    Answer,
    Authorized,
    Captured,
    CaptureDeclined,
    CaptureRefused,
    Declined,
    Expired,
    NeedsBuyer,
    RefundDeclined,
    Refunded,
    RefundedInAll,
    RefundWaiting,
    Unknown,
    Voided,
    Waiting,
)
from payments.payment.rules.payment import Payment
from shared.clock import clock

KEY = "0f8fad5bd9cb469fa16570867728950e"
Begin = Callable[..., Payment]


def last(answers: Any) -> Answer:
    answer: Answer = answers[-1]
    return answer


async def test_the_money_is_held_once_however_often_it_is_asked_for(
    amazon: Any, method: AmazonPay, begin: Begin, buyer_pays: Any
) -> None:
    payment = begin()
    first = await buyer_pays(payment)
    again = await method.authorize(payment, key=KEY)

    assert isinstance(first, Authorized)
    assert (first.amount, first.card_amount, first.gift_balance_amount) == (5480, 5480, 0)
    assert first.instrument == "Visa ****1111 (Amazon Pay)"
    assert again == first
    assert await method.look_up(payment) == (first,)
    [row] = amazon.ledger("authorized")
    assert (row["amount"], row["merchant_reference_id"]) == (5480, "N-1")


async def test_the_gift_card_balance_is_told_apart(buyer_pays: Any, begin: Begin) -> None:
    answer = await buyer_pays(begin(instrument="gift"))

    assert (answer.card_amount, answer.gift_balance_amount) == (0, 5480)


async def test_nothing_is_completed_before_the_buyer_paid(
    amazon: Any, method: AmazonPay, begin: Begin
) -> None:
    payment = begin()
    first = await method.authorize(payment, key=KEY)
    second = await method.authorize(payment, key=KEY)

    assert isinstance(first, NeedsBuyer)
    assert second == first
    assert await method.look_up(payment) == ()
    assert amazon.ledger() == []


@pytest.mark.parametrize(
    ("instrument", "reason"),
    [
        ("declined", "declined"),
        ("insufficient", "insufficient_balance"),
        ("wrong_data", "wrong_card_data"),
        ("expired", "expired_card"),
        ("over_limit", "limit_exceeded"),
        ("canceled", "buyer_abandoned"),
    ],
)
async def test_each_cause_of_a_decline_has_its_own_reason(
    amazon: Any, method: AmazonPay, begin: Begin, buyer_pays: Any, instrument: str, reason: str
) -> None:
    payment = begin(instrument=instrument)
    answer = await buyer_pays(payment)

    assert isinstance(answer, Declined)
    assert answer.reason == reason
    assert await method.look_up(payment) == (answer,)
    assert amazon.ledger("authorized") == []


async def test_a_decline_at_the_last_moment_is_a_decline(begin: Begin, buyer_pays: Any) -> None:
    answer = await buyer_pays(begin(behaviour="complete:Declined"))

    assert isinstance(answer, Declined)
    assert answer.reason == "declined"


@pytest.mark.parametrize(("instrument", "end"), [("pending", Authorized), ("pending_declined", Declined)])
async def test_a_pending_authorization_is_waited_for(
    method: AmazonPay, begin: Begin, buyer_pays: Any, instrument: str, end: type
) -> None:
    payment = begin(instrument=instrument)
    waiting = await buyer_pays(payment)
    assert isinstance(waiting, Waiting)
    payment = replace(payment, state="pending", refs=waiting.refs)
    assert isinstance(last(await method.look_up(payment)), Waiting)

    clock.move(timedelta(hours=1, seconds=1))

    assert isinstance(last(await method.look_up(payment)), end)


@pytest.mark.parametrize("behaviour", ["complete:lose_answer", "complete:hang"])
async def test_a_lost_authorization_is_found_by_looking(
    amazon: Any, method: AmazonPay, begin: Begin, buyer_pays: Any, behaviour: str
) -> None:
    payment = begin(behaviour=behaviour)
    lost = await buyer_pays(payment)
    assert isinstance(lost, Unknown)

    [found] = await method.look_up(replace(payment, state="unknown"))

    assert isinstance(found, Authorized)
    assert len(amazon.ledger("authorized")) == 1


async def test_a_buyer_who_does_not_return_has_given_up(method: AmazonPay, begin: Begin) -> None:
    payment = begin()
    await method.authorize(payment, key=KEY)
    clock.move(timedelta(minutes=44))
    assert isinstance(await method.authorize(payment, key=KEY), NeedsBuyer)
    clock.move(timedelta(minutes=1, seconds=1))

    answer = await method.authorize(payment, key=KEY)

    assert isinstance(answer, Declined)
    assert answer.reason == "buyer_abandoned"
    assert answer.refs, "the session stays known, for whatever comes of it"


async def test_a_buyer_who_agreed_and_did_not_return_has_paid(
    method: AmazonPay, begin: Begin, buyer_pays: Any
) -> None:
    payment = begin()
    assert isinstance(await buyer_pays(payment, returns_after=timedelta(hours=2)), Authorized)


async def test_an_order_ends_by_no_answer_of_amazon(method: AmazonPay, begin: Begin) -> None:
    payment = begin(behaviour="complete:hang")
    await method.authorize(payment, key=KEY)
    clock.move(timedelta(hours=2))
    answer = await method.authorize(payment, key=KEY)
    assert isinstance(answer, Unknown), answer


async def test_a_session_of_another_order_pays_nothing(
    amazon: Any, method: AmazonPay, begin: Begin, authorized: Any
) -> None:
    paid = await authorized()
    for used in (paid, begin()):
        await method.authorize(used, key=KEY)
        thief = replace(begin(order_code="N-2"), choice=used.choice)

        answer = await method.authorize(thief, key=KEY)

        assert isinstance(answer, Declined)
        assert answer.detail == "session of another order"
    assert amazon.ledger("voided") == []


async def test_a_hold_over_another_amount_is_refused_and_let_go(
    amazon: Any, client: AmazonPayClient, method: AmazonPay, begin: Begin, purchase: Any
) -> None:
    payment = begin()
    session_id = payment.choice["checkout_session_id"]
    session = await client.update_session(session_id, purchase(1))
    amazon.pay(session.redirect_url)
    await client.complete_session(session_id, 1)

    answer = await method.authorize(payment, key=KEY)

    assert isinstance(answer, Declined)
    assert answer.reason == "amount_mismatch"
    assert [row["amount"] for row in amazon.ledger("voided")] == [1]


async def test_a_changed_amount_is_asked_for_again(
    amazon: Any, client: AmazonPayClient, method: AmazonPay, begin: Begin, purchase: Any
) -> None:
    payment = begin()
    session = await client.update_session(payment.choice["checkout_session_id"], purchase(1))
    amazon.pay(session.redirect_url)

    asked = await method.authorize(payment, key=KEY)
    assert isinstance(asked, NeedsBuyer)
    amazon.pay(asked.redirect_url)
    answer = await method.authorize(payment, key=KEY)

    assert isinstance(answer, Authorized)
    assert answer.amount == 5480


async def test_an_account_of_another_marketplace_cannot_pay(
    amazon: Any, method: AmazonPay, begin: Begin
) -> None:
    answer = await method.authorize(begin(account="john"), key=KEY)

    assert answer == Declined(reason="marketplace_not_supported")
    assert amazon.ledger() == []


async def test_an_order_without_a_session_waits_for_the_buyers_page(method: AmazonPay, begin: Begin) -> None:
    payment = replace(begin(), choice={})
    answer = await method.authorize(payment, key=KEY)

    assert answer == NeedsBuyer(redirect_url="https://shop.example.jp/payments/amazon_pay/confirm?order=N-1")
    clock.move(timedelta(minutes=45, seconds=1))
    late = await method.authorize(payment, key=KEY)
    assert isinstance(late, Declined)
    assert late.reason == "buyer_abandoned"


@pytest.mark.parametrize("behaviour", ["capture:lose_answer", "capture:hang"])
async def test_a_capture_with_a_lost_answer_is_found_and_not_repeated(
    amazon: Any, method: AmazonPay, authorized: Any, behaviour: str
) -> None:
    payment = await authorized(behaviour=behaviour)
    assert isinstance(await method.capture(payment, amount=5480, key=KEY), Unknown)

    answers = await method.look_up(replace(payment, state="capturing"))

    assert [type(answer) for answer in answers] == [Authorized, Captured]
    assert await method.capture(payment, amount=5480, key=KEY) == answers[-1]
    assert [row["amount"] for row in amazon.ledger("captured")] == [5480]


async def test_a_throttled_capture_says_when_to_come_again(
    amazon: Any, method: AmazonPay, authorized: Any
) -> None:
    payment = await authorized(behaviour="capture:throttle")

    answer = await method.capture(payment, amount=5480, key=KEY)

    assert answer == Unknown(reason="status 429", retry_after_seconds=1)
    assert amazon.ledger("captured") == []


@pytest.mark.parametrize(
    ("behaviour", "end"), [("CaptureInitiated", Captured), ("PendingHardDeclined", CaptureDeclined)]
)
async def test_a_slow_capture_is_waited_for(
    method: AmazonPay, authorized: Any, behaviour: str, end: type
) -> None:
    payment = await authorized(behaviour=f"capture:{behaviour}")
    assert isinstance(await method.capture(payment, amount=5480, key=KEY), Waiting)

    clock.move(timedelta(hours=1, seconds=1))

    assert isinstance(last(await method.look_up(replace(payment, state="capturing"))), end)


async def test_what_the_console_did_is_what_a_look_finds(
    amazon: Any, method: AmazonPay, authorized: Any
) -> None:
    captured, cancelled, lapsed = await authorized(), await authorized(), await authorized()
    amazon.console(captured.refs["charge_id"], "capture", "5000")
    amazon.console(cancelled.refs["charge_id"], "cancel")

    found = last(await method.look_up(captured))
    assert isinstance(found, Captured)
    assert found.amount == 5000
    assert isinstance(last(await method.look_up(cancelled)), Voided)
    assert isinstance(await method.capture(captured, amount=5480, key=KEY), Captured)
    assert isinstance(await method.capture(cancelled, amount=5480, key=KEY[::-1]), Voided)
    clock.move(timedelta(days=30, seconds=1))
    assert isinstance(last(await method.look_up(lapsed)), Expired)


async def test_more_than_was_held_cannot_be_captured(method: AmazonPay, authorized: Any) -> None:
    answer = await method.capture(await authorized(), amount=5481, key=KEY)

    assert answer == CaptureRefused(reason="TransactionAmountExceeded")


async def test_a_void_lets_the_hold_go_or_tells_of_the_money(
    amazon: Any, method: AmazonPay, begin: Begin, authorized: Any
) -> None:
    held, taken = await authorized(), await authorized(behaviour="cancel:lose_answer")
    gone = Voided(authorization_id=held.authorization_id)
    assert await method.void(held, key=KEY) == gone
    assert await method.void(held, key=KEY) == gone
    assert await method.void(begin(), key=KEY) == Waiting(ask_again_seconds=60)
    assert await method.void(replace(begin(), choice={}), key=KEY) == Voided()
    assert isinstance(await method.void(taken, key=KEY), Unknown)
    assert isinstance(last(await method.look_up(taken)), Voided)
    assert len(amazon.ledger("voided")) == 2

    captured = await authorized()
    amazon.console(captured.refs["charge_id"], "capture")
    assert isinstance(await method.void(captured, key=KEY), Captured)


async def test_a_late_hold_is_found_by_its_session_and_let_go_once(
    amazon: Any, client: AmazonPayClient, method: AmazonPay, begin: Begin
) -> None:
    payment = begin()
    asked = await method.authorize(payment, key=KEY)
    assert isinstance(asked, NeedsBuyer)
    amazon.pay(asked.redirect_url)
    voided = replace(payment, state="voided")
    [wait] = await method.look_up(voided)
    assert wait == Waiting(ask_again_seconds=60), "nothing is there, and something may come"
    await client.complete_session(payment.choice["checkout_session_id"], 5480)

    [held] = await method.look_up(voided)
    assert isinstance(held, Authorized)
    answer = await method.void(voided, key=KEY)

    assert answer == Voided(refs=held.refs, authorization_id=held.authorization_id)
    assert await method.void(voided, key=KEY) == answer
    assert [row["amount"] for row in amazon.ledger("voided")] == [5480]


async def test_a_lapsed_session_holds_nothing_and_is_awaited_no_more(method: AmazonPay, begin: Begin) -> None:
    voided = replace(begin(), state="voided")
    clock.move(timedelta(hours=5))
    [wait] = await method.look_up(voided)
    assert isinstance(wait, Waiting)
    assert 17_990 < wait.ask_again_seconds < 18_100, "each pause is as long as the order is old"
    clock.move(timedelta(hours=19, seconds=1))

    assert await method.look_up(voided) == (Voided(),)
    assert await method.void(voided, key=KEY) == Voided()


async def test_the_hold_of_another_order_is_never_let_go(
    amazon: Any, method: AmazonPay, begin: Begin, authorized: Any
) -> None:
    paid = await authorized()
    thief = replace(begin(order_code="N-2"), choice=paid.choice, state="voided")

    assert isinstance(await method.void(thief, key=KEY), Declined)
    assert amazon.ledger("voided") == []


async def test_a_late_hold_captured_in_the_console_names_its_charge(
    amazon: Any, method: AmazonPay, authorized: Any
) -> None:
    payment = await authorized()
    amazon.console(payment.refs["charge_id"], "capture")

    answer = await method.void(replace(payment, state="voided", refs={}), key=KEY)

    assert isinstance(answer, Captured)
    assert answer.refs["charge_id"] == payment.refs["charge_id"]


async def test_a_refund_is_given_once_although_its_answer_was_lost(
    amazon: Any, method: AmazonPay, authorized: Any
) -> None:
    payment = await authorized(behaviour="refund:lose_answer")
    await method.capture(payment, amount=5480, key=KEY)
    other_key = KEY[::-1]
    assert isinstance(await method.refund(payment, amount=5480, key=other_key), Unknown)

    answer = await method.refund(payment, amount=5480, key=other_key)

    assert isinstance(answer, RefundWaiting)
    payment = replace(payment, state="refunding", refs={**payment.refs, **answer.refs})
    [*_, found, in_all] = await method.look_up(payment)
    assert isinstance(found, Refunded)
    assert found.amount == 5480
    assert in_all == RefundedInAll(amount=5480)
    assert [row["amount"] for row in amazon.ledger("refunded")] == [5480]


async def test_a_refused_refund_is_for_a_person_to_solve(method: AmazonPay, authorized: Any) -> None:
    payment = await authorized(behaviour="refund:AmazonRejected")
    await method.capture(payment, amount=5480, key=KEY)
    answer = await method.refund(payment, amount=5480, key=KEY[::-1])
    payment = replace(payment, state="refunding", refs={**payment.refs, **answer.refs})

    [refund_id] = answer.refs.values()
    refused = RefundDeclined(refund_ref=refund_id, reason="AmazonRejected")
    assert last(await method.look_up(payment)) == refused
    assert await method.refund(payment, amount=99_999, key="another") == RefundDeclined(
        reason="TransactionAmountExceeded"
    )


async def test_a_wrong_key_of_ours_decides_nothing_about_money(
    method: AmazonPay, settings: AmazonPaySettings, authorized: Any
) -> None:
    payment = await authorized()
    wrong = AmazonPaySettings.model_validate(
        {**settings.model_dump(), "public_key_id": "SANDBOX-SOMEBODYELSESOMEBODYELSE"}
    )
    broken = AmazonPay(wrong, method.shop, method.client.http)

    unknown = Unknown(reason="InvalidRequestSignature")
    assert await broken.authorize(payment, key=KEY) == unknown
    assert await broken.capture(payment, amount=5480, key=KEY) == unknown
    assert await broken.void(payment, key=KEY) == unknown
    assert await broken.refund(payment, amount=5480, key=KEY) == unknown
    assert await broken.look_up(payment) == (unknown,)
