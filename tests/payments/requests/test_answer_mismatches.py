"""Answers that are not about what was asked, or that no book can hold: not believed, and a person is called."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from harness.eventually import eventually
from harness.keys import Keys
from payments.methods.amazon_pay.charges import Charge
from payments.methods.amazon_pay.client import NoAnswer, _read
from payments.methods.registry import Methods
from payments.payment.rules.answers import Answer, Authorized, Captured, Issued, Refunded, Unknown
from payments.payment.rules.reports.checking import checked
from payments.providers.retry_after import retry_after_seconds
from payments.requests.perform_requests import Requests
from payments.requests.provider_gate import ProviderGate
from shared.clock import clock, now
from shared.due.work import DueRunner
from shared.events import PaymentStandingChanged
from tests.payments.order_examples import cancelled, capture_requested, placed
from tests.payments.payment_examples import AT, NEW
from tests.payments.payments_service import Payments
from tests.payments.scripted import Scripted, granted, taken
from tests.payments.staff import press, sign_in


async def refund_of_one_yen(payments: Payments, method: Scripted) -> None:
    """A paid order is cancelled, and the provider says that it gave back 1 yen."""
    method.script = [granted(), taken(), Refunded(refund_ref="p1", amount=1)]
    for event in (placed("N1", "scripted"), capture_requested("N1"), cancelled("N1")):
        await payments.hears(event)
        await payments.work()
    method.known = [(granted(), taken(), Refunded(refund_ref="p1", amount=1))]


async def test_who_has_seen_an_odd_refund_decides_about_the_rest(
    payments: Payments, method: Scripted, keys: Keys
) -> None:
    await refund_of_one_yen(payments, method)
    assert (await payments.payment("N1")).calls == ("answer_mismatch",)
    sign_in(payments.browser, keys)

    assert (await press(payments, "N1", "seen")).status_code == 303
    await payments.work()

    seen = await payments.payment("N1")
    assert (seen.state, seen.calls, seen.refunded_amount) == ("owed", ("refund_failed",), 1)
    assert [one for one in method.asked if one[0] == "refund"][1:] == []
    method.script = [Refunded(refund_ref="p2", amount=3_299)]
    assert (await press(payments, "N1", "refund")).status_code == 303
    await payments.work()
    assert (await payments.payment("N1")).state == "refunded"


async def test_an_odd_refund_is_explained_by_a_look(payments: Payments, method: Scripted) -> None:
    await refund_of_one_yen(payments, method)
    method.known = [(granted(), taken(), Refunded(refund_ref="p1", amount=3_300))]

    clock.move(timedelta(minutes=1))
    await payments.work()

    seen = await payments.payment("N1")
    assert (seen.state, seen.calls, seen.refunds) == ("refunded", (), ("p1",))
    [*_, last] = await payments.said(PaymentStandingChanged)
    assert isinstance(last, PaymentStandingChanged)
    assert last.calls == ()


async def test_the_desk_says_what_does_not_fit(payments: Payments, method: Scripted, keys: Keys) -> None:
    await refund_of_one_yen(payments, method)
    sign_in(payments.browser, keys)

    page = (await payments.browser.get("/desk/payments/N1")).text

    assert "回答の不一致" in page
    assert "金額が依頼と異なります" in page
    assert "確認済みにする" in page


async def test_what_cannot_be_written_down_calls_a_person(payments: Payments, method: Scripted) -> None:
    method.script = [granted("a1"), taken("r1"), granted("a2"), taken("r1")]
    for code in ("N1", "N2"):
        await payments.hears(placed(code, "scripted"))
        await payments.work()
        await payments.hears(capture_requested(code))
        if code == "N1":
            await payments.work()
    runner = DueRunner(Requests(ProviderGate(payments.methods)).due_work(concurrency=1), payments.db)
    running = _started(runner)

    async def called() -> bool:
        return (await payments.payment("N2")).calls == ("answer_mismatch",)

    await eventually(called)
    runner.stop()
    await running

    [request] = await payments.rows(
        "SELECT r.due_at, r.lease FROM payment_requests r JOIN payments USING (payment_id)"
        " WHERE order_code = 'N2' AND operation = 'capture'"
    )
    assert request.due_at > now()
    assert request.lease is None


def _started(runner: DueRunner) -> Any:

    return asyncio.create_task(runner.run())


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Captured(amount=-5, captured_at=AT, receipt_id="r"), "amount_impossible"),
        (Captured(amount=2**70, captured_at=AT, receipt_id="r"), "amount_impossible"),
        (Captured(amount=5, captured_at=AT.replace(tzinfo=None), receipt_id="r"), "moment_impossible"),
        (Captured(amount=5, captured_at=AT.replace(year=9999), receipt_id="r"), "moment_impossible"),
        (Captured(amount=5, captured_at=AT, receipt_id="r" * 3_000), "text_too_long"),
        (Issued(number="1", number_label="", due_at=AT - timedelta(days=1)), "deadline_passed"),
        (Authorized(authorization_id="a", amount=1, authorized_at=AT), "amount_differs"),
    ],
)
def test_an_impossible_answer_is_unknown(answer: Answer, reason: str) -> None:
    assert checked(NEW, answer, AT) == Unknown(reason=reason, mismatch=True)


def test_the_ids_of_a_payment_are_not_overwritten() -> None:
    mine = NEW.changed(refs={"charge_id": "C1"})
    told = Captured(amount=3_300, captured_at=AT, receipt_id="C2", refs={"charge_id": "C2"})
    assert checked(mine, told, AT) == Unknown(reason="other_reference", mismatch=True)


async def test_no_provider_makes_us_wait_longer_than_an_hour(method: Scripted) -> None:
    method.known = [(Unknown(reason="http_429", retry_after_seconds=1_800_000_000),)]
    [answer] = await ProviderGate(Methods([method])).look_up(NEW.changed(method="scripted"))
    assert isinstance(answer, Unknown)
    assert answer.retry_after_seconds == 3_600


@pytest.mark.parametrize(
    ("given", "seconds"), [("7", 7), ("²", None), ("９", None), ("9" * 5_000, None), ("", None)]
)
def test_a_pause_is_read_only_where_it_is_a_number(given: str, seconds: int | None) -> None:
    assert retry_after_seconds({"retry-after": given}) == seconds


@pytest.mark.parametrize("amount", ["x", "NaN", "Infinity", "1e999999", "9" * 400])
def test_an_amount_that_is_none_is_no_answer(amount: str) -> None:
    body = {"chargeAmount": {"amount": amount, "currencyCode": "JPY"}}
    with pytest.raises(NoAnswer):
        _read(Charge, httpx.Response(200, json=body))
