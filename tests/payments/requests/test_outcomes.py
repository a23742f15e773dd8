"""Which answers end a request, and when an open one is repeated. Pure."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import cast
from uuid import UUID

import pytest

from payments.payment.locked_payments import LockedPayments, settle_answers
from payments.payment.rules.answers import (
    Answer,
    Authorized,
    Captured,
    CaptureDeclined,
    CaptureRefused,
    Declined,
    Issued,
    NeedsBuyer,
    RefundDeclined,
    Refunded,
    RefundWaiting,
    Unknown,
    Voided,
    Waiting,
)
from payments.payment.rules.drafting import Settled
from payments.payment.rules.payment import Operation
from payments.payment.rules.terms import Terms
from payments.requests.outcomes import RequestOutcome, outcome
from payments.requests.refund_replies import never_sent, reply_of_look
from payments.requests.rows import ClaimedRequest
from payments.requests.stored_answers import StoredAnswer, answer_as_json
from payments.watching.watch_payments import look
from shared.database.transactions import Tx
from shared.events import Event
from tests.payments.payment_examples import AT, CARD, NEW, NUMBER, payment
from tests.payments.scripted import Scripted

GRACE = timedelta(hours=12)
TERMS = Terms(flow="prepaid", deposit="automatic", grace=GRACE)
WAITING = replace(NEW, method="scripted", state="waiting", number=NUMBER)
END = NUMBER.due_at + GRACE
SILENCE = Unknown(reason="timeout")
PAID = Captured(amount=3_300, captured_at=AT, receipt_id="r1")
ISSUED = Issued(number="123", number_label="支払い番号", due_at=NUMBER.due_at)


def numbers(*, polled: float | None = None, looked_after: timedelta = timedelta(0)) -> Scripted:
    """A method of numbers that may be polled, and looked at for a while after all is over."""
    method = Scripted(TERMS)
    method.poll_seconds = {} if polled is None else {"waiting": polled, "captured": polled}
    method.look_after = looked_after
    return method


def row(operation: Operation, attempts: int = 1, answer: StoredAnswer | None = None) -> ClaimedRequest:
    """The request as it was claimed."""
    return ClaimedRequest(
        request_id=UUID(int=1),
        payment_id=UUID(int=2),
        operation=operation,
        sequence=1,
        amount=3_300,
        answer=answer,
        caused_by=None,
        traceparent=None,
        attempts=attempts,
        lease=UUID(int=3),
    )


GRANTED = Authorized(authorization_id="a1", amount=3_300, authorized_at=AT)


@pytest.mark.parametrize(
    ("operation", "answer", "state"),
    [
        ("authorize", GRANTED, "done"),
        ("authorize", Declined(reason="declined"), "declined"),
        ("capture", PAID, "done"),
        ("capture", CaptureDeclined(reason="x"), "declined"),
        ("capture", CaptureRefused(reason="x"), "declined"),
        ("void", Voided(), "done"),
    ],
)
def test_a_definite_answer_ends_a_request_among_others(
    operation: Operation, answer: Answer, state: str
) -> None:
    for answers in ((answer,), (SILENCE, answer), (answer, SILENCE)):
        assert outcome(row(operation), answers, AT) == RequestOutcome(state, answer, None)


@pytest.mark.parametrize(
    ("answer", "state"),
    [(Refunded(refund_ref="f1", amount=1), "done"), (RefundDeclined(reason="x"), "declined")],
)
def test_only_its_own_answer_ends_a_refund(answer: Answer, state: str) -> None:
    assert outcome(row("refund"), (SILENCE, answer), AT) == RequestOutcome(state, answer, None)
    assert outcome(row("refund"), (answer, SILENCE), AT).state == "unknown"


def test_the_last_of_two_definite_answers_counts() -> None:
    assert outcome(row("authorize"), (Declined(reason="declined"), GRANTED), AT) == RequestOutcome(
        "done", GRANTED, None
    )


def test_a_refund_that_only_waited_counts_as_never_asked_for() -> None:
    waited: StoredAnswer | None = None
    for attempts in (1, 2, 3):
        assert never_sent(row("refund", attempts, waited))
        told = reply_of_look(
            payment("refunding", captured_amount=3_300, refund_requested_amount=3_300),
            (PAID, RefundWaiting()),
            row("refund", attempts, waited),
            AT,
            CARD,
        )
        assert told is not None
        found = (PAID, told)
        waited = answer_as_json(outcome(row("refund", attempts), found, AT).answer)
    assert not never_sent(row("refund", 5, waited)), "a turn whose outcome was lost may have asked"
    assert not never_sent(row("refund", 2, answer_as_json(RefundWaiting())))
    assert not never_sent(row("refund", 2))


def test_an_unwanted_request_is_dropped_first_and_done_later() -> None:
    assert outcome(row("capture"), (), AT) == RequestOutcome("dropped", None, None)
    assert outcome(row("capture", 2), (), AT) == RequestOutcome("done", None, None)


@pytest.mark.parametrize(
    ("operation", "answer", "state", "seconds"),
    [
        ("authorize", Waiting(ask_again_seconds=47), "open", 47),
        ("refund", RefundWaiting(ask_again_seconds=300), "open", 300),
        ("authorize", NeedsBuyer(redirect_url="http://provider.test"), "open", 60),
        # The answer to another question leaves this one open.
        ("void", GRANTED, "open", 60),
        ("authorize", Unknown(reason="http_429", retry_after_seconds=75), "unknown", 75),
    ],
)
def test_an_open_request_rests_as_long_as_its_last_answer_asks(
    operation: Operation, answer: Answer, state: str, seconds: float
) -> None:
    for answers in ((answer,), (SILENCE, answer)):
        assert outcome(row(operation), answers, AT) == RequestOutcome(
            state, answer, AT + timedelta(seconds=seconds)
        )


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 2), (2, 4), (3, 8), (6, 64), (7, 120), (10, 120), (1_000, 120)]
)
def test_pauses_after_silence_double_to_two_minutes_and_spread(attempts: int, seconds: float) -> None:
    pauses = []
    for _ in range(50):
        became = outcome(row("void", attempts), (SILENCE,), AT)
        assert (became.state, became.answer) == ("unknown", SILENCE)
        assert became.due_at is not None
        pauses.append((became.due_at - AT).total_seconds())
    assert all(0.8 * seconds <= pause <= 1.2 * seconds for pause in pauses)
    assert max(pauses) - min(pauses) > 0.1 * seconds


def test_each_thing_finds_a_payment_as_the_one_before_left_it() -> None:
    batch = LockedPayments([WAITING])
    assert batch.payment(WAITING.payment_id) == WAITING
    once = look(WAITING, (PAID,), numbers(), AT)[0]
    batch.add(once)
    assert batch.payment(WAITING.payment_id) == once.payment
    batch.add(Settled(once.payment.with_call("late_money")))
    assert batch.payment(WAITING.payment_id).calls == ("late_money",)
    with pytest.raises(KeyError):
        batch.payment(UUID(int=9))


async def test_all_decisions_are_said_in_order_and_only_changes_saved() -> None:
    batch = LockedPayments([WAITING])
    said = look(WAITING, (PAID,), numbers(), AT)[0].events
    expired = look(WAITING, (ISSUED,), numbers(), END)[0].events
    for events in (said, expired):
        batch.add(Settled(WAITING, events=events))
    heard: list[Event] = []
    nowhere = cast(Tx, SimpleNamespace(say=lambda *events: heard.extend(events)))
    await batch.save(nowhere, {}, AT)
    assert [event.event_id for event in heard] == [event.event_id for event in (*said, *expired)]
    assert len({*said, *expired}) == 2


def test_answers_are_those_to_the_operation_that_was_asked_for() -> None:
    asked = replace(NEW, state="requested")
    card = Terms(flow="authorized", deposit="capture")
    operations: tuple[Operation | None, ...] = ("authorize", None)
    history = [
        [step.because for step in settle_answers(asked, operation, (SILENCE, Waiting()), AT, card).steps]
        for operation in operations
    ]
    assert history[0] == ["authorize: Unknown", "authorize: Waiting"]
    assert history[1] == ["look_up: Unknown", "look_up: Waiting"]
