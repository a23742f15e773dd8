"""A refund that was refused is looked up before it has failed."""

from collections.abc import Sequence

import pytest

from payments.payment.rules.answers import Answer, RefundDeclined, Refunded, RefundedInAll, Unknown
from payments.requests.refund_refusals import judge_refused_refund, needs_look_up
from shared.events import PaymentRefunded
from tests.payments.order_examples import cancelled, capture_requested, placed
from tests.payments.payment_examples import AT, CARD, payment
from tests.payments.payments_service import Payments
from tests.payments.scripted import Scripted, granted, taken

NO = RefundDeclined(reason="not_found")
OURS, OTHERS = Refunded(refund_ref="p1", amount=3_300), Refunded(refund_ref="p2", amount=1_000)
SILENCE = Unknown(reason="timeout")
BACK = payment(
    "refunding", authorization_id="a1", captured_amount=3_300, receipts=("r1",), refund_requested_amount=3_300
)


@pytest.mark.parametrize(
    ("before", "after", "became"),
    [
        ((), (), NO),
        ((), (OURS,), OURS),
        ((OURS,), (OURS,), NO),
        ((), (SILENCE,), SILENCE),
        ((), (OTHERS,), Unknown(reason="refused_and_gone")),
        ((OTHERS,), (OTHERS,), NO),
        ((), (RefundedInAll(amount=3_300),), Unknown(reason="refused_and_gone")),
        ((RefundedInAll(amount=300),), (RefundedInAll(amount=300),), NO),
    ],
)
def test_a_refusal_counts_when_nothing_more_is_gone(
    before: Sequence[Answer], after: Sequence[Answer], became: Answer
) -> None:
    assert judge_refused_refund(BACK, before, after, NO, amount=3_300, at=AT, terms=CARD) == became


def test_only_a_refusal_without_an_id_is_looked_up() -> None:
    assert needs_look_up(NO)
    assert not needs_look_up(RefundDeclined(reason="declined", refund_ref="p1"))
    assert not needs_look_up(OURS)


async def test_a_refund_refused_and_made_is_done(payments: Payments, method: Scripted) -> None:
    method.script = [granted(), taken(), NO]
    await payments.hears(placed("N1", "scripted"))
    await payments.work()
    await payments.hears(capture_requested("N1"))
    await payments.work()
    method.known = [(granted(), taken()), (granted(), taken(), OURS)]
    await payments.hears(cancelled("N1"))
    await payments.work()
    back = await payments.payment("N1")
    assert (back.state, back.calls, back.refunds) == ("refunded", (), ("p1",))
    assert len(await payments.said(PaymentRefunded)) == 1


async def test_a_refund_refused_and_not_made_is_for_staff(payments: Payments, method: Scripted) -> None:
    method.script = [granted(), taken(), NO]
    await payments.hears(placed("N1", "scripted"))
    await payments.work()
    await payments.hears(capture_requested("N1"))
    await payments.work()
    method.known = [(granted(), taken())]
    await payments.hears(cancelled("N1"))
    await payments.work()
    back = await payments.payment("N1")
    assert (back.state, back.calls) == ("owed", ("refund_failed",))
