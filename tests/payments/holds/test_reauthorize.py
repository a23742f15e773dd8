"""A hold that ended or is too old: released, and requested once more for the missing amount."""

from dataclasses import replace
from datetime import timedelta

from payments.payment.locked_payments import settle_answers
from payments.payment.rules import order_wishes
from payments.payment.rules.answers import (
    Answer,
    Authorized,
    Captured,
    Declined,
    Expired,
    Voided,
)
from payments.payment.rules.drafting import NewRequest, Settled
from payments.payment.rules.holds.ends import release_hold_if_too_old
from payments.payment.rules.settling import settle_answer
from shared.events import (
    AuthorizationEnded,
    PaymentAuthorized,
    PaymentVoided,
)
from tests.payments.payment_examples import (
    AT,
    CARD,
    GRANTED,
    PAID,
    PLACED,
    RENEWABLE,
    payment,
    says,
)

ENDED = payment("expired", authorization_id="a1", ended_holds=("a1",), calls=("authorization_ended",))
AGAIN = Authorized(authorization_id="a2", amount=3_300, authorized_at=AT)


def kinds(settled: Settled) -> list[type]:
    return [type(event) for event in settled.events]


def test_what_is_missing_is_held_anew_and_captured_once_more() -> None:
    short = replace(ENDED, state="short", suspense_amount=100, receipts=("r1",))
    asked = order_wishes.reauthorize(short, RENEWABLE, AT, by="佐藤")
    assert (asked.payment.state, asked.requests) == ("reauthorizing", (NewRequest("reauthorize", 3_200, 2),))
    assert asked.steps[0].by == "佐藤"
    told: list[Answer] = [
        GRANTED,
        Expired(authorization_id="a1"),
        replace(PAID, amount=100),
        replace(AGAIN, amount=3_200),
    ]
    held = settle_answers(asked.payment, "reauthorize", told, AT, RENEWABLE)
    assert (held.payment.state, held.payment.authorization_id) == ("authorized", "a2")
    assert kinds(held) == [PaymentAuthorized], "what is known of the old hold is old news"
    assert held.payment.calls == ()
    wanted = order_wishes.capture_after_shipping(held.payment, RENEWABLE, AT)
    assert wanted.requests == (NewRequest("capture", 3_200, 2),)
    rest = Captured(amount=3_200, captured_at=AT, receipt_id="r2")
    paid = settle_answer(wanted.payment, "capture", rest, AT, RENEWABLE)
    assert (paid.payment.state, paid.payment.sale_amount) == ("captured", 3_300)


def test_a_declined_new_hold_is_told_and_may_be_asked_for_again() -> None:
    asked = order_wishes.reauthorize(ENDED, RENEWABLE, AT, by="佐藤").payment
    settled = settle_answer(asked, "reauthorize", Declined(reason="declined"), AT, RENEWABLE)
    fields = {"authorization_id": "a1", "reason": "reauthorization_declined", "may_reauthorize": True}
    says(settled, (AuthorizationEnded, fields))
    assert settled.payment.state == "declined"
    assert order_wishes.may_reauthorize(settled.payment, RENEWABLE)
    assert not order_wishes.may_reauthorize(settled.payment, CARD)


def test_a_standing_hold_is_returned_before_the_next_is_sought() -> None:
    before = payment("authorized", authorization_id="a1")
    asked = order_wishes.reauthorize(before, RENEWABLE, AT, by="佐藤")
    assert (asked.payment.state, asked.requests) == ("voiding", (NewRequest("void", 3_300),))
    settled = settle_answer(asked.payment, "void", Voided(), AT, RENEWABLE)
    assert settled.requests == (NewRequest("reauthorize", 3_300, 2),)
    assert (settled.payment.state, settled.events) == ("reauthorizing", ())


def test_a_hold_lives_as_long_as_its_captures_and_is_let_go() -> None:
    before = payment("authorized", authorization_id="a1")
    end = PLACED + timedelta(days=30)
    assert release_hold_if_too_old(before, RENEWABLE, end) == Settled(before)
    late = end + timedelta(seconds=1)
    settled = release_hold_if_too_old(before, RENEWABLE, late)
    assert (settled.payment.state, settled.requests) == ("voiding", (NewRequest("void", 3_300),))
    gone = settle_answer(settled.payment, "void", Voided(), late, RENEWABLE)
    assert kinds(gone) == [PaymentVoided, AuthorizationEnded]
    assert gone.events[1].reason == "expired"  # type: ignore[attr-defined]
    renewed = replace(before, reauthorized_at=end)
    assert release_hold_if_too_old(renewed, RENEWABLE, late) == Settled(renewed)
