"""Requests, notices and looks as rows: what each answer makes of them, on a real database."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from harness.due_once import claim, perform
from harness.keys import Keys
from harness.postgres import MakeDatabase
from payments.consumers import consumers
from payments.methods.registry import Methods
from payments.notices.act_on_notices import EARLY_ATTEMPTS_MAX, Notices
from payments.notices.rows import match_references
from payments.payment.look_soon import look_soon
from payments.payment.rows import insert_payments, lock_order_payments, lock_payments, read_payments
from payments.payment.rules.answers import (
    Answer,
    Authorized,
    Captured,
    Declined,
    Issued,
    RefundDeclined,
    Refunded,
    RefundWaiting,
    Unknown,
    Voided,
    Waiting,
)
from payments.payment.rules.drafting import Settled
from payments.payment.rules.terms import Terms
from payments.requests.outcomes import SILENT_ATTEMPTS_MAX
from payments.requests.perform_requests import Requests
from payments.requests.provider_gate import ProviderGate
from payments.tables import metadata
from payments.watching.watch_payments import Watch, is_overdue
from shared.clock import clock, now
from shared.errors import TryAgain
from shared.events import (
    Event,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentFailed,
    PaymentNumberIssued,
    PaymentRefunded,
)
from shared.ids import new_id
from tests.payments.order_examples import cancelled, capture_requested, placed, reserved
from tests.payments.payments_service import Payments, make_payments
from tests.payments.scripted import Scripted
from tests.payments.staff import press, sign_in

SILENCE = Unknown(reason="timeout")
NUMBERS = Terms(flow="prepaid", deposit="automatic", grace=timedelta(hours=12))


def granted() -> Authorized:
    return Authorized(authorization_id="a1", amount=3_300, authorized_at=now(), refs={"charge": "c1"})


async def ask(payments: Payments, method: Scripted, *answers: Answer | Exception) -> Any:
    """Place an order, unless it is, and let each answer be a turn of its own; return the last request."""
    method.script = list(answers)
    if not await payments.rows("SELECT 1 FROM payments"):
        await payments.hears(placed("N1", "scripted"))
    for _ in answers:
        clock.move(timedelta(minutes=5))
        await turn(payments)
    return (await payments.rows("SELECT * FROM payment_requests ORDER BY written_at DESC LIMIT 1"))[0]


async def turn(payments: Payments) -> int:
    """Perform once what is due at the requests; return how many there were."""
    work = Requests(ProviderGate(payments.methods)).due_work(concurrency=1)
    claimed = await claim(payments.db, work)
    await perform(payments.db, work, claimed.items)
    return claimed.rows


def seconds_to_wait(request: Any) -> float:
    """How long the request rests from now on."""
    return float((request.due_at - now()).total_seconds())


async def test_an_answered_request_is_done_and_keeps_the_answer(payments: Payments, method: Scripted) -> None:
    request = await ask(payments, method, granted())
    assert (request.operation, request.state, request.due_at, request.amount) == (
        "authorize",
        "done",
        None,
        3_300,
    )
    assert request.answer["answer"] == "Authorized"
    assert request.answer["authorization_id"] == "a1"
    assert request.answered_at is not None
    assert method.asked == [("authorize", 3_300, request.request_id.hex)]


async def test_a_request_that_was_declined_may_be_made_anew(payments: Payments, method: Scripted) -> None:
    request = await ask(payments, method, Declined(reason="declined"))
    assert (request.state, request.due_at) == ("declined", None)
    [failed] = await payments.said(PaymentFailed)
    assert isinstance(failed, PaymentFailed)


async def test_pauses_grow_to_two_minutes_and_then_a_person_is_shown(
    payments: Payments, method: Scripted
) -> None:
    pauses = []
    for turns in range(1, 9):
        method.known = [(SILENCE,)]
        request = await ask(payments, method, SILENCE)
        pauses.append(seconds_to_wait(request))
        calls = (await payments.payment("N1")).calls
        assert calls == (("no_answer",) if turns >= SILENT_ATTEMPTS_MAX else ())
    assert all(0.8 * 2**n - 1 <= pause <= 1.2 * 2**n for n, pause in enumerate(pauses[:6], start=1))
    assert all(0.8 * 120 - 1 <= pause <= 1.2 * 120 for pause in pauses[6:])
    method.known = [(granted(),)]
    await ask(payments, method, SILENCE)
    assert (await payments.payment("N1")).calls == ()
    assert len([one for one in method.asked if one[0] == "authorize"]) == 1, "looked up, not asked again"


async def test_a_lost_answer_is_found_and_a_lost_question_is_repeated(
    payments: Payments, method: Scripted
) -> None:
    method.known = [()]
    request = await ask(payments, method, SILENCE, granted())
    operations = [one[0] for one in method.asked]
    assert operations == ["authorize", "look_up", "authorize"]
    assert method.asked[0][2] == method.asked[2][2] == request.request_id.hex
    assert len(await payments.said(PaymentAuthorized)) == 1


@pytest.mark.parametrize("still_open", [Waiting(), RefundWaiting()])
async def test_what_the_provider_has_not_decided_is_never_asked_twice(
    payments: Payments, method: Scripted, still_open: Answer
) -> None:
    method.known = [(still_open,)]
    await ask(payments, method, SILENCE, SILENCE)
    assert [one[0] for one in method.asked] == ["authorize", "look_up"]


async def test_an_order_cancelled_meanwhile_is_looked_up_not_asked_for(
    payments: Payments, method: Scripted
) -> None:
    method.known = [()]
    await ask(payments, method, SILENCE)
    await payments.hears(cancelled("N1"))
    request = await ask(payments, method, granted())
    assert [one[0] for one in method.asked] == ["authorize", "look_up"]
    assert request.operation == "void", "the first question may still arrive"
    [first] = await payments.rows("SELECT state FROM payment_requests WHERE operation = 'authorize'")
    assert (first.state, (await payments.payment("N1")).state) == ("done", "voided")
    assert await payments.said(PaymentFailed) == []


async def test_what_was_voided_in_doubt_is_voided_until_it_is_certain(
    payments: Payments, method: Scripted
) -> None:
    method.known = [()]
    await ask(payments, method, SILENCE)
    await payments.hears(cancelled("N1"))
    await ask(payments, method, granted())
    request = await ask(payments, method, Waiting(ask_again_seconds=60))
    assert (request.operation, request.state) == ("void", "open")
    method.known = [(granted(),)]
    request = await ask(payments, method, Voided())
    assert (request.operation, request.state) == ("void", "done")
    payment = await payments.payment("N1")
    assert (payment.state, payment.refs, payment.calls) == ("voided", {"charge": "c1"}, ())
    assert [one[0] for one in method.asked] == ["authorize", "look_up", "void", "look_up", "void"]
    assert await payments.said() == []


async def test_a_request_unwanted_at_its_first_turn_is_dropped_unasked(
    payments: Payments, method: Scripted
) -> None:
    await ask(payments, method, granted())
    await payments.hears(capture_requested("N1"))
    await payments.rows("UPDATE payments SET state = 'captured' RETURNING 1")
    request = await ask(payments, method, Voided())
    assert (request.operation, request.state, request.due_at) == ("capture", "dropped", None)
    assert request.answer is None
    assert [one[0] for one in method.asked] == ["authorize"]


async def test_a_request_that_is_overtaken_by_a_notice_is_done(payments: Payments, method: Scripted) -> None:
    await ask(payments, method, SILENCE)
    await payments.rows("UPDATE payments SET state = 'authorized' RETURNING 1")
    request = await ask(payments, method, Voided())
    assert (request.state, request.due_at, request.attempts) == ("done", None, 2)


async def test_a_worker_that_lost_its_lease_writes_nothing(payments: Payments, method: Scripted) -> None:
    await payments.hears(placed("N1", "scripted"))
    work = Requests(ProviderGate(payments.methods)).due_work(concurrency=1)
    claimed = await claim(payments.db, work)
    await payments.rows("UPDATE payment_requests SET lease = gen_random_uuid() RETURNING 1")
    method.script = [granted()]
    await perform(payments.db, work, claimed.items)
    assert (await payments.payment("N1")).state == "requested"
    assert await payments.said() == []
    assert [one.state for one in await payments.rows("SELECT state FROM payment_requests")] == ["pending"]


async def test_a_refund_that_was_declined_is_closed_as_declined(payments: Payments, method: Scripted) -> None:
    await ask(payments, method, granted())
    taken = Captured(amount=3_300, captured_at=now(), receipt_id="r1")
    await payments.hears(capture_requested("N1"))
    await ask(payments, method, taken)
    await payments.hears(cancelled("N1"))
    request = await ask(payments, method, RefundDeclined(reason="too_late"))
    assert (request.operation, request.state, request.answer["reason"]) == ("refund", "declined", "too_late")
    assert (await payments.payment("N1")).calls == ("refund_failed",)
    assert await payments.said(PaymentRefunded) == []


async def test_an_earlier_failed_refund_does_not_answer_a_later_one(
    payments: Payments, method: Scripted
) -> None:
    await ask(payments, method, granted())
    await payments.hears(capture_requested("N1"))
    await ask(payments, method, Captured(amount=3_300, captured_at=now(), receipt_id="r1"))
    await payments.hears(cancelled("N1"))
    await payments.rows(
        "UPDATE payments SET details = jsonb_set(details, '{failed_refunds}', '[\"f1\"]') RETURNING 1"
    )
    request = await ask(payments, method, SILENCE)
    assert (request.operation, request.state) == ("refund", "unknown")
    method.known = [(RefundDeclined(reason="x", refund_ref="f1"),)]
    clock.move(timedelta(minutes=2))
    request = await ask(payments, method, Refunded(refund_ref="f2", amount=3_300))
    assert request.state == "done"
    seen = await payments.payment("N1")
    assert (seen.state, seen.refunds, seen.calls) == ("refunded", ("f2",), ())


async def test_a_refund_whose_failure_a_notice_told_may_be_repeated(
    payments: Payments, method: Scripted, keys: Keys
) -> None:
    await ask(payments, method, granted())
    await payments.hears(capture_requested("N1"))
    await ask(payments, method, Captured(amount=3_300, captured_at=now(), receipt_id="r1"))
    await payments.hears(cancelled("N1"))
    await ask(payments, method, RefundWaiting(refund_refs=("f1",)))
    sign_in(payments.browser, keys)
    method.known = [(RefundDeclined(reason="x", refund_ref="f1"),)]
    await notice(payments, "n1:c1")
    assert (await press(payments, "N1", "refund")).status_code == 409, "the first one is not closed yet"
    assert (await payments.payment("N1")).state == "owed"
    await turn(payments)
    assert (await press(payments, "N1", "refund")).status_code == 303
    request = await ask(payments, method, Refunded(refund_ref="f2", amount=3_300))
    assert request.state == "done"
    assert (await payments.payment("N1")).state == "refunded"
    assert [one[0] for one in method.asked].count("refund") == 2


async def test_an_order_heard_of_twice_is_one_payment_with_one_request(payments: Payments) -> None:
    event = placed("N1", "scripted")
    await payments.hears(event, event.model_copy(update={"event_id": new_id()}), placed("N2", "scripted"))
    assert len(await payments.rows("SELECT 1 FROM payments")) == 2
    assert len(await payments.rows("SELECT 1 FROM payment_requests")) == 2
    history = await payments.rows("SELECT version, state, because FROM payment_history")
    assert {tuple(row) for row in history} == {(1, "requested", "order placed")}
    async with payments.db.transaction() as tx:
        await insert_payments(tx, [], now())
    assert len(await payments.rows("SELECT 1 FROM payments")) == 2


async def test_a_payment_that_does_not_exist_is_left_out(payments: Payments) -> None:
    await payments.hears(placed("N1", "scripted"))
    payment = await payments.payment("N1")
    for read in (read_payments, lock_payments):
        async with payments.db.transaction() as tx:
            found = await read(tx, [UUID(int=9), payment.payment_id])
        assert found == {payment.payment_id: payment}
    async with payments.db.transaction() as tx:
        assert await lock_order_payments(tx, ["N9", "N1"]) == {"N1": payment}


@pytest.mark.parametrize("later_id", [UUID(int=1), UUID(int=2**128 - 1)])
async def test_of_several_tries_of_an_order_the_last_is_the_one(payments: Payments, later_id: UUID) -> None:
    await payments.hears(placed("N1", "scripted"))
    first = await payments.payment("N1")
    async with payments.db.transaction() as tx:
        await insert_payments(tx, [Settled(replace(first, payment_id=later_id, try_number=2))], now())
        assert list(await lock_order_payments(tx, ["N1"])) == ["N1"]
        assert (await lock_order_payments(tx, ["N1"]))["N1"].payment_id == later_id
    assert (await payments.payment("N1")).try_number == 2


async def test_a_payment_that_cannot_be_read_holds_up_no_other(payments: Payments, method: Scripted) -> None:
    await payments.hears(placed("N1", "scripted"), placed("N2", "scripted"))
    await payments.rows(
        "UPDATE payments SET details = '{\"steps\": 7}', refs = '[]' WHERE order_code = 'N1' RETURNING 1"
    )
    method.script = [granted()]
    assert await turn(payments) == 2
    assert (await payments.payment("N2")).state == "authorized"
    [left] = await payments.rows("SELECT * FROM payment_requests WHERE state = 'pending'")
    assert left.leased_until is not None, "it is left to its lease, and so comes again"


async def test_who_asks_at_once_has_payment_and_requests_looked_at_now(
    payments: Payments, method: Scripted
) -> None:
    method.poll_seconds = {"unknown": 600}
    await ask(payments, method, Unknown(reason="http_429", retry_after_seconds=500))
    payment_id = (await payments.payment("N1")).payment_id
    work = (payments.db.waker("payments due"), payments.db.waker("payment requests"))
    for waker in work:
        waker.clear()
    later = "SELECT 1 FROM {} WHERE due_at > now() + interval '5 minutes'"
    tables = ("payments", "payment_requests")
    assert [len(await payments.rows(later.format(table))) for table in tables] == [1, 1]
    async with payments.db.transaction() as tx:
        await look_soon(tx, [])
    assert not any(waker.is_set() for waker in work)
    async with payments.db.transaction() as tx:
        await look_soon(tx, [payment_id])
    assert all(waker.is_set() for waker in work)
    assert [
        len(await payments.rows(f"SELECT 1 FROM {table} WHERE due_at <= :at", at=now())) for table in tables
    ] == [1, 1]


async def test_a_payment_is_found_by_its_providers_id_and_its_own(
    payments: Payments, method: Scripted
) -> None:
    await ask(payments, method, granted())
    own_id = (await payments.payment("N1")).payment_id
    known = [("scripted", reference) for reference in ("c1", own_id.hex, str(own_id))]
    unknown = [("another", "c1"), ("scripted", "c2"), ("scripted", UUID(int=3).hex)]
    async with payments.db.transaction() as tx:
        assert await match_references(tx, known + unknown, str) == dict.fromkeys(known, own_id)


async def notice(payments: Payments, text: str) -> Sequence[Any]:
    """Post a notice and act on it once; return all notices."""
    assert (await payments.browser.post("/payments/scripted/notices", content=text)).status_code == 200
    await act(payments)
    return await payments.rows("SELECT * FROM notices ORDER BY received_at")


async def act(payments: Payments) -> None:
    """Act once on every notice that is due."""
    work = Notices(ProviderGate(payments.methods)).due_work(concurrency=1)
    await perform(payments.db, work, (await claim(payments.db, work)).items)


async def test_a_notice_makes_the_provider_be_looked_up_and_is_done(
    payments: Payments, method: Scripted
) -> None:
    await ask(payments, method, SILENCE)
    payment = await payments.payment("N1")
    method.known = [(granted(),)]
    [row] = await notice(payments, f"n1:{payment.payment_id.hex}")
    assert (row.state, row.due_at, row.payment_id) == ("done", None, payment.payment_id)
    assert (await payments.payment("N1")).state == "authorized"
    assert len(await payments.said(PaymentAuthorized)) == 1
    [request] = await payments.rows("SELECT * FROM payment_requests")
    assert request.due_at <= now(), "its request is looked at now"


async def test_a_notice_waits_while_the_provider_does_not_answer(
    payments: Payments, method: Scripted
) -> None:
    await ask(payments, method, SILENCE)
    reference = (await payments.payment("N1")).payment_id.hex
    method.known = [(SILENCE,)]
    [row] = await notice(payments, f"n1:{reference}")
    assert (row.state, row.lease) == ("new", None)
    assert 0 < seconds_to_wait(row) <= 2
    clock.move(timedelta(seconds=3))
    await act(payments)
    [row] = await payments.rows("SELECT * FROM notices")
    assert 2 < seconds_to_wait(row) <= 4


async def test_a_notice_about_nobody_waits_and_ends_unmatched(
    payments: Payments,
) -> None:
    [row] = await notice(payments, "n1:nobody")
    for attempt in range(1, EARLY_ATTEMPTS_MAX):
        assert row.state == "new"
        assert min(2**attempt, 120) - 1.5 <= seconds_to_wait(row) <= min(2**attempt, 120)
        clock.move(timedelta(minutes=3))
        await act(payments)
        [row] = await payments.rows("SELECT * FROM notices")
    assert (row.state, row.due_at, row.payment_id) == ("unmatched", None, None)


async def test_a_notice_about_no_payment_is_noted_and_nothing_is_due(payments: Payments) -> None:
    [row] = await notice(payments, "n1:")
    assert (row.state, row.due_at, row.attempts, row.notice_id) == ("noted", None, 0, "n1")


async def test_two_workers_with_one_notice_act_once(payments: Payments, method: Scripted) -> None:
    await ask(payments, method, SILENCE)
    reference = (await payments.payment("N1")).payment_id.hex
    work = Notices(ProviderGate(payments.methods)).due_work(concurrency=1)
    method.known = [(granted(),)]
    await payments.browser.post("/payments/scripted/notices", content=f"n1:{reference}")
    claimed = await claim(payments.db, work)
    await payments.rows("UPDATE notices SET lease = gen_random_uuid() RETURNING 1")
    await perform(payments.db, work, claimed.items)
    assert [row.state for row in await payments.rows("SELECT state FROM notices")] == ["new"]
    assert (await payments.payment("N1")).state == "unknown"


async def test_a_payment_that_another_worker_looks_at_is_not_written(
    payments: Payments, method: Scripted
) -> None:
    method.poll_seconds = {"authorized": 600}
    await ask(payments, method, granted())
    clock.move(timedelta(seconds=601))
    method.known = [(Captured(amount=3_300, captured_at=now(), receipt_id="r1"),)]
    work = Watch(ProviderGate(payments.methods)).due_work(concurrency=1)
    claimed = await claim(payments.db, work)
    await payments.rows("UPDATE payments SET lease = gen_random_uuid() RETURNING 1")
    await perform(payments.db, work, claimed.items)
    assert (await payments.payment("N1")).state == "authorized"
    assert await payments.said(PaymentCaptured) == []


async def test_a_number_is_watched_and_expires_only_after_a_question(
    make_db: MakeDatabase, keys: Keys, tmp_path: Path
) -> None:
    method = Scripted(NUMBERS)
    payments = make_payments(await make_db("payments", metadata), keys, tmp_path, method)
    await payments.hears(placed("N1", "scripted"), reserved("N1"))
    due_at = now() + timedelta(days=6)
    method.script = [Issued(number="1", number_label="番号", due_at=due_at)]
    await turn(payments)
    [row] = await payments.rows("SELECT due_at FROM payments")
    assert row.due_at == due_at + timedelta(hours=12)
    assert len(await payments.said(PaymentNumberIssued)) == 1

    method.known = [(SILENCE,)]
    clock.move(row.due_at - now() + timedelta(seconds=1))
    await look(payments)
    [row] = await payments.rows("SELECT state, due_at, lease FROM payments")
    assert (row.state, row.lease) == ("waiting", None)
    assert 28 < (row.due_at - now()).total_seconds() <= 30
    method.known = [(Captured(amount=3_300, captured_at=now(), receipt_id="r1"),)]
    clock.move(timedelta(minutes=1))
    await look(payments)
    [row] = await payments.rows("SELECT state, due_at FROM payments")
    assert (row.state, row.due_at) == ("captured", None)
    assert len(await payments.said(PaymentCaptured)) == 1
    assert not is_overdue(await payments.payment("N1"), NUMBERS, now())
    await payments.browser.aclose()


async def look(payments: Payments) -> None:
    """Look once at every payment that is due."""
    work = Watch(ProviderGate(payments.methods)).due_work(concurrency=1)
    await perform(payments.db, work, (await claim(payments.db, work)).items)


async def test_a_look_cut_short_by_silence_keeps_what_it_found(payments: Payments, method: Scripted) -> None:
    method.poll_seconds = {"authorized": 600, "captured": 900}
    await ask(payments, method, granted())
    clock.move(timedelta(seconds=601))
    method.known = [(Captured(amount=3_300, captured_at=now(), receipt_id="r1"), SILENCE)]
    await look(payments)
    [row] = await payments.rows("SELECT state, due_at FROM payments")
    assert row.state == "captured"
    assert 20 < (row.due_at - now()).total_seconds() <= 30


async def test_a_notice_wakes_who_acts_on_it_once_and_otherwise_nobody(payments: Payments) -> None:
    waker = payments.db.waker("payment notices")
    woken = []
    for text in ("n1:somebody", "n1:somebody", "n2:", "n3:somebody"):
        waker.clear()
        answer = await payments.browser.post("/payments/scripted/notices", content=text)
        assert answer.status_code == 200
        woken.append(waker.is_set())
    assert woken == [True, False, False, True]


async def test_a_look_without_news_writes_nothing_and_comes_again(
    payments: Payments, method: Scripted
) -> None:
    method.poll_seconds = {"authorized": 600}
    await ask(payments, method, granted())
    [before] = await payments.rows("SELECT changed_at, due_at FROM payments")
    assert 590 < (before.due_at - now()).total_seconds() <= 600
    clock.move(timedelta(seconds=601))
    method.known = [(granted(),)]
    await look(payments)
    [after] = await payments.rows("SELECT changed_at, due_at FROM payments")
    assert after.changed_at == before.changed_at
    assert 590 < (after.due_at - now()).total_seconds() <= 600


@pytest.mark.parametrize("early", [reserved, cancelled, capture_requested])
async def test_news_of_an_order_that_is_not_known_yet_comes_back_later(
    payments: Payments, early: Callable[[str], Event]
) -> None:
    event = early("N1")
    [consumer] = [one for one in consumers.all if type(event) in one.events]
    async with payments.db.transaction() as tx:
        with pytest.raises(TryAgain, match="order_not_heard_of_yet"):
            await consumer.call([event], tx, {Methods: payments.methods})


async def test_a_refund_waits_for_one_of_others_and_asks_for_the_rest(
    payments: Payments, method: Scripted
) -> None:
    await ask(payments, method, granted())
    await payments.hears(capture_requested("N1"))
    await ask(payments, method, Captured(amount=3_300, captured_at=now(), receipt_id="r1"))
    await payments.hears(cancelled("N1"))
    request = await ask(payments, method, RefundWaiting(looks=1))
    assert (request.state, (await payments.payment("N1")).calls) == ("open", ())

    method.known = [(Refunded(refund_ref="console", amount=300),)]
    await ask(payments, method, Refunded(refund_ref="ours", amount=3_000))
    await turn(payments)

    seen = await payments.payment("N1")
    assert (seen.state, seen.calls, seen.refunded_amount) == ("refunded", (), 3_300)
    assert [amount for operation, amount, _ in method.asked if operation == "refund"] == [3_300, 3_000]
