"""When Noren looks a payment up without a notice, and what the answer means for a number. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from payments.payment.rules.answers import (
    Answer,
    Captured,
    Issued,
    Unknown,
    Waiting,
)
from payments.payment.rules.next_look import next_look_at
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.watching.watch_payments import SILENT_PAUSE_SECONDS, is_overdue, look
from tests.payments.payment_examples import AT, NEW, NUMBER
from tests.payments.scripted import Scripted

GRACE = timedelta(hours=12)
TERMS = Terms(flow="prepaid", deposit="automatic", grace=GRACE)
WAITING = replace(NEW, method="scripted", state="waiting", number=NUMBER)
END = NUMBER.due_at + GRACE
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
SILENCE = Unknown(reason="timeout")
PAID = Captured(amount=3_300, captured_at=AT, receipt_id="r1")
ISSUED = Issued(number="123", number_label="支払い番号", due_at=NUMBER.due_at)


def numbers(*, polled: float | None = None, looked_after: timedelta = timedelta(0)) -> Scripted:
    """A method of numbers that may be polled, and looked at for a while after all is over."""
    method = Scripted(TERMS)
    method.poll_seconds = {} if polled is None else {"waiting": polled, "captured": polled}
    method.look_after = looked_after
    return method


@pytest.mark.parametrize(
    ("payment", "at", "overdue"),
    [
        (WAITING, END - SECOND, False),
        (WAITING, END, True),
        (WAITING, END + SECOND, True),
        (replace(WAITING, state="captured"), END, False),
        (replace(WAITING, number=None), END, False),
    ],
)
def test_a_number_is_overdue_the_moment_its_grace_ends(payment: Payment, at: datetime, overdue: bool) -> None:
    assert is_overdue(payment, TERMS, at) == overdue


@pytest.mark.parametrize("answers", [(ISSUED,), (ISSUED, Waiting())])
def test_a_number_without_money_expires_at_its_end_not_before(
    answers: Sequence[Answer],
) -> None:
    before, next_at = look(WAITING, answers, numbers(), END - SECOND)
    assert (before.payment.state, next_at) == ("waiting", END)
    after, next_at = look(WAITING, answers, numbers(), END)
    assert (after.payment.state, next_at) == ("expired", None)
    assert len(after.events) == 1


@pytest.mark.parametrize("answers", [(), (Waiting(),)])
def test_a_look_that_tells_nothing_lets_nothing_expire(answers: Sequence[Answer]) -> None:
    found, next_at = look(WAITING, answers, numbers(), END)
    assert (found.payment.state, found.payment.calls) == ("waiting", ("answer_mismatch",))
    assert next_at is not None


def test_money_that_a_look_finds_at_the_last_moment_is_taken() -> None:
    found, next_at = look(WAITING, (PAID,), numbers(), END)
    assert (found.payment.state, found.payment.captured_amount, next_at) == ("captured", 3_300, None)


@pytest.mark.parametrize("answers", [(SILENCE,), (Waiting(), SILENCE)])
def test_a_silent_provider_lets_nothing_expire_and_is_asked_soon(
    answers: Sequence[Answer],
) -> None:
    found, next_at = look(WAITING, answers, numbers(polled=600), END + DAY)
    assert found.payment.state == "waiting"
    assert next_at == END + DAY + timedelta(seconds=SILENT_PAUSE_SECONDS)
    assert SILENT_PAUSE_SECONDS == 30


def test_a_payment_is_looked_at_by_its_deadline_at_the_latest() -> None:
    assert next_look_at(WAITING, numbers(), AT) == END
    assert next_look_at(WAITING, numbers(polled=600), AT) == AT + timedelta(seconds=600)
    near = END - timedelta(seconds=60)
    assert next_look_at(WAITING, numbers(polled=600), near) == END
    assert next_look_at(replace(WAITING, state="requested"), numbers(polled=600), END + DAY) is None
    card = replace(WAITING, state="captured", number=None)
    assert next_look_at(card, numbers(looked_after=DAY), AT) is None


@pytest.mark.parametrize("state", ["captured", "expired", "voided"])
def test_a_number_that_is_over_is_looked_at_ever_more_rarely(
    state: str,
) -> None:
    over = replace(WAITING, state=state)  # type: ignore[arg-type]
    method = numbers(looked_after=timedelta(days=10))
    looks, at = [], END - 2 * DAY
    while (following := next_look_at(over, method, at)) is not None:
        looks.append((following - END) / DAY)
        at = following
    assert looks == [-1, 0, 1, 2, 4, 8, 10]


def test_money_without_a_number_is_looked_after_ever_more_rarely() -> None:
    card = replace(WAITING, state="captured", number=None, captured_amount=3_300, received_at=AT)
    method = numbers(looked_after=timedelta(days=30))
    looks, at = [], AT
    while (following := next_look_at(card, method, at)) is not None:
        looks.append((following - AT) / DAY)
        at = following
    assert looks == [1, 2, 3, 4, 5, 7, 11, 19, 30]
    assert next_look_at(replace(card, state="refunded", refunded_amount=3_300), method, AT) == AT + DAY
    assert next_look_at(replace(card, captured_amount=0), method, AT) is None
    assert next_look_at(card, numbers(), AT) is None
