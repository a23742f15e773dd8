"""What was asked for and was not done, as staff say, is over: the next of its kind goes out under a key of its own."""

from datetime import timedelta

import pytest
from asyncpg import UniqueViolationError

from harness.keys import Keys
from payments.payment.new_requests import insert_requests
from payments.payment.rules.answers import Unknown, Voided
from payments.payment.rules.drafting import NewRequest
from shared.clock import clock, now
from tests.payments.order_examples import cancelled, capture_requested, placed
from tests.payments.payments_service import Payments
from tests.payments.scripted import Scripted, granted, taken
from tests.payments.staff import press, sign_in

ODD = Unknown(reason="other_reference", mismatch=True, to_request=True)


async def denied_capture(payments: Payments, method: Scripted, keys: Keys) -> None:
    """A capture was answered with what does not fit, more than once, and staff say that it was not done."""
    sign_in(payments.browser, keys)
    method.script = [granted(), ODD]
    method.known = [(ODD,)]
    for event in (placed("N1", "scripted"), capture_requested("N1")):
        await payments.hears(event)
        await payments.work()
    clock.move(timedelta(minutes=5))
    await payments.work()
    assert (await press(payments, "N1", "deny")).status_code == 303
    assert (await payments.payment("N1")).state == "authorized"


@pytest.mark.parametrize("meanwhile", [True, False])
async def test_a_denied_capture_can_be_asked_for_anew(
    payments: Payments, method: Scripted, keys: Keys, meanwhile: bool
) -> None:
    await denied_capture(payments, method, keys)
    method.script, method.known = [taken()], [(granted(),)]
    if meanwhile:
        clock.move(timedelta(hours=2))
        await payments.work()

    await payments.hears(capture_requested("N1"))
    await payments.work()

    assert (await payments.payment("N1")).state == "captured"
    first, *_, last = [key for operation, _, key in method.asked if operation == "capture"]
    assert first != last
    rows = await payments.rows(
        "SELECT state, due_at FROM payment_requests WHERE operation = 'capture' ORDER BY written_at"
    )
    assert [(row.state, row.due_at) for row in rows] == [("declined", None), ("done", None)]


async def test_a_request_that_was_done_is_not_left_out_in_silence(
    payments: Payments, method: Scripted
) -> None:
    method.script = [granted(), taken()]
    for event in (placed("N1", "scripted"), capture_requested("N1")):
        await payments.hears(event)
        await payments.work()
    payment_id = (await payments.payment("N1")).payment_id
    with pytest.raises(UniqueViolationError):
        async with payments.db.transaction() as tx:
            await insert_requests(tx, [(payment_id, NewRequest("capture", 3_300))], now(), awaited=True)


async def test_a_denied_release_goes_out_under_a_key_of_its_own(
    payments: Payments, method: Scripted, keys: Keys
) -> None:
    sign_in(payments.browser, keys)
    method.script, method.known = [granted(), ODD], [(ODD,)]
    for event in (placed("N1", "scripted"), cancelled("N1")):
        await payments.hears(event)
        await payments.work()
    assert (await payments.payment("N1")).state == "voiding"
    method.script, method.known = [Voided()], [(granted(),)]

    assert (await press(payments, "N1", "deny")).status_code == 303
    assert (await payments.payment("N1")).state == "voiding"
    await payments.work()

    assert (await payments.payment("N1")).state == "voided"
    first, *_, last = [key for operation, _, key in method.asked if operation == "void"]
    assert first != last
