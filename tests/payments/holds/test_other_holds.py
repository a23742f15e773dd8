"""What others hold, charge or take on the agreement with the buyer: called once, and given back with the order."""

from dataclasses import replace

from payments.calls import rules as call_rules
from payments.payment.rules import order_wishes
from payments.payment.rules.answers import Answer, Captured, OtherHold, UnnamedCharges
from payments.payment.rules.drafting import NewRequest, PaymentStep, Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.settling import settle_answer
from tests.payments.payment_examples import AT, CARD, HELD, PLACED, payment

OURS = payment(**HELD)
STANDS = OtherHold(authorization_id="h2", amount=1_200, refs={"charge": "c2"})
OVER = replace(STANDS, stands=False)


def heard(before: Payment, answer: Answer) -> Settled:
    return settle_answer(before, None, answer, AT, CARD)


def test_a_hold_of_others_is_called_once_and_kept() -> None:
    first = heard(OURS, STANDS)

    assert first.payment.other_holds == (replace(STANDS, refs={}),)
    assert (first.payment.calls, first.requests, first.events) == (("other_hold",), (), ())
    assert first.steps == (PaymentStep(5, "authorized", "other hold", note="¥1,200"),)
    assert heard(first.payment, STANDS) == Settled(first.payment)


def test_a_hold_of_others_that_is_over_unheard_is_no_news() -> None:
    assert heard(replace(OURS, refs={"charge": "c2"}), OVER) == Settled(replace(OURS, refs={"charge": "c2"}))


def test_the_call_ends_with_the_last_hold_of_others() -> None:
    third = replace(STANDS, authorization_id="h3", amount=5)
    both = heard(heard(OURS, STANDS).payment, third).payment

    one_left = heard(both, OVER)
    none_left = heard(one_left.payment, replace(third, stands=False))

    assert [one.stands for one in one_left.payment.other_holds] == [False, True]
    assert (one_left.payment.calls, none_left.payment.calls) == (("other_hold",), ())
    assert (one_left.steps, none_left.steps) == ((), ())


def test_holds_of_others_go_back_with_a_cancelled_order() -> None:
    cancelled = payment("voided", order_cancelled=True)

    freed = heard(cancelled, STANDS)

    assert freed.requests == (NewRequest("void", 3_300, 2),)
    assert heard(payment("voiding", order_cancelled=True, authorization_id="a1"), STANDS).requests == ()
    assert heard(OURS, STANDS).requests == ()
    assert order_wishes.cancel(freed.payment, AT).requests == ()


def test_a_hold_that_others_made_superfluous_goes_back() -> None:
    beside = Captured(amount=3_300, captured_at=PLACED, receipt_id="r2", beside_hold=True)

    taken = heard(OURS, beside)

    assert (taken.payment.state, taken.payment.ended_holds) == ("captured", ("a1",))
    assert taken.requests == (NewRequest("void", 3_300, 2),)


def test_who_marks_a_call_as_seen_stands_in_the_history() -> None:
    seen = call_rules.mark_seen(heard(OURS, STANDS).payment, CARD, AT, by="佐藤")

    assert seen.payment.calls == ()
    assert seen.steps == (PaymentStep(6, "authorized", "marked as seen", by="佐藤"),)


def test_charges_that_nobody_named_are_called_until_named() -> None:
    told = heard(OURS, UnnamedCharges(amount=700))

    assert (told.payment.calls, told.payment.unnamed_charge_amount) == (("charge_unknown",), 700)
    assert told.steps == (PaymentStep(5, "authorized", "unnamed charges", note="¥700"),)
    assert heard(told.payment, UnnamedCharges(amount=700)) == Settled(told.payment)
    named = heard(told.payment, UnnamedCharges(amount=0))
    assert (named.payment.calls, named.payment.unnamed_charge_amount, named.steps) == ((), 0, ())
    assert heard(OURS, UnnamedCharges(amount=0)) == Settled(OURS)
