"""The standing of an order's money: published when something unusual changes, and only then."""

import pytest

from payments.calls import rules as call_rules
from payments.payment.locked_payments import settle_answers
from payments.payment.rules import order_wishes
from payments.payment.rules.answers import (
    Answer,
    Refunded,
    Voided,
)
from payments.payment.rules.details import CaptureWish
from payments.payment.rules.drafting import Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.settling import settle_answer
from payments.payment.rules.standing import with_standing
from payments.payment.rules.terms import Terms
from shared.events import (
    PaymentCaptured,
    PaymentStandingChanged,
)
from tests.payments.payment_examples import (
    ABOUT,
    AT,
    BANK,
    CARD,
    GRANTED,
    KONBINI,
    NUMBER,
    PAID,
    payment,
)


def kinds(settled: Settled) -> list[type]:
    return [type(event) for event in settled.events]


def test_an_order_of_nothing_is_paid_at_once_and_nobody_is_asked() -> None:
    free = payment("placed", amount=0)
    for terms in (CARD, KONBINI, BANK):
        begun = order_wishes.begin(free, terms)
        assert (begun.payment.state, begun.requests, kinds(begun)) == ("captured", (), [PaymentCaptured])
        assert order_wishes.cancel(begun.payment, AT).requests == ()


@pytest.mark.parametrize(
    ("before", "answers", "terms"),
    [
        (payment(), [GRANTED], CARD),
        (payment("capturing", authorization_id="a1", capture_wish=CaptureWish("shipped")), [PAID], CARD),
        (payment("waiting", number=NUMBER), [PAID], KONBINI),
        (payment("voiding", authorization_id="a1", order_cancelled=True), [Voided()], CARD),
        (
            payment("refunding", order_cancelled=True, captured_amount=3_300),
            [Refunded(refund_ref="f1", amount=3_300)],
            CARD,
        ),
    ],
)
def test_the_straight_way_needs_no_word_about_the_standing(
    before: Payment, answers: list[Answer], terms: Terms
) -> None:
    settled = settle_answers(before, None, answers, AT, terms)
    assert with_standing(before, settled, AT) == settled


def test_the_standing_is_said_whole_with_a_growing_revision() -> None:
    before = payment("captured", captured_amount=3_300, revision=4)
    settled = settle_answer(before, None, Refunded(refund_ref="h1", amount=500), AT, CARD)
    said = with_standing(before, settled, AT)
    told = said.events[-1]
    expected = PaymentStandingChanged(
        **ABOUT,
        revision=5,
        calls=("refunded_elsewhere",),
        expected_amount=3_300,
        captured_amount=3_300,
        refunded_amount=500,
        refunded_elsewhere_amount=500,
        sale_amount=2_800,
    )
    assert told.model_dump() == expected.model_dump()
    seen = call_rules.mark_seen(said.payment, CARD, AT, by="佐藤")
    over = with_standing(said.payment, seen, AT).events[-1]
    assert isinstance(over, PaymentStandingChanged)
    assert (over.revision, over.calls) == (6, ())
