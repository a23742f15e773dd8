"""What each answer and each wish makes of a payment: state, history, events, requests and entries, in full."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid5

import pytest

from payments.deposits.rules import expect_deposit, why_no_manual_deposit
from payments.payment.locked_payments import settle_answers
from payments.payment.rules import order_wishes
from payments.payment.rules.answers import (
    Answer,
    Captured,
    CaptureDeclined,
    CaptureRefused,
    Declined,
    Expired,
    Issued,
    NeedsBuyer,
    RefundDeclined,
    Refunded,
    RefundedInAll,
    RefundWaiting,
    Unknown,
    Voided,
    Waiting,
)
from payments.payment.rules.books import journal
from payments.payment.rules.details import CaptureWish, OurRefund
from payments.payment.rules.drafting import NewRequest, PaymentStep, Settled
from payments.payment.rules.payment import Payment, State
from payments.payment.rules.settling import settle_answer
from payments.payment.rules.terms import Terms
from payments.refunds import rules as refund_rules
from shared.events import (
    AuthorizationEnded,
    CaptureRejected,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentExpired,
    PaymentFailed,
    PaymentNumberIssued,
    PaymentRefunded,
    PaymentVoided,
)
from tests.payments.payment_examples import (
    AT,
    BANK,
    CARD,
    CASH,
    DUE,
    GRANTED,
    HELD,
    KONBINI,
    NEW,
    NUMBER,
    PAID,
    PLACED,
    RENEWABLE,
    payment,
    says,
    told,
)

NOTHING = {"remaining_amount": 0}


def told_back(
    ref: str, amount: int, *, left: int = 0, route: str = "provider", spare: int = 0
) -> dict[str, Any]:
    """What PaymentRefunded says."""
    refund_id = uuid5(NEW.payment_id, ref)
    told = {"refund_id": refund_id, "amount": amount, "remaining_amount": left, "route": route}
    return told | {"spare_amount": spare}


def test_what_is_begun_depends_on_the_terms() -> None:
    assert order_wishes.begin(NEW, CASH) == Settled(replace(NEW, state="unmanaged"))
    assert order_wishes.begin(NEW, KONBINI) == Settled(NEW)
    asked = Settled(replace(NEW, state="requested"), requests=(NewRequest("authorize", 3_300),))
    assert order_wishes.begin(NEW, CARD) == asked


def test_a_number_is_asked_for_once_and_only_where_numbers_are() -> None:
    settled = order_wishes.issue_number(NEW, KONBINI, AT)
    assert settled.steps == (PaymentStep(2, "requested", "stock reserved"),)
    assert settled.requests == (NewRequest("issue", 3_300),)
    assert (settled.payment.state, settled.payment.version) == ("requested", 2)
    for other, terms in ((settled.payment, KONBINI), (NEW, CARD), (payment("voided"), KONBINI)):
        assert order_wishes.issue_number(other, terms, AT) == Settled(other)


def test_an_authorization_tells_all_that_the_provider_said() -> None:
    before = payment(redirect_url="http://provider.test", refs={"session": "s1"})
    settled = settle_answer(before, "authorize", GRANTED, AT, CARD)
    assert settled.payment == replace(
        before,
        state="authorized",
        version=5,
        authorization_id="a1",
        provider_status="承認済",
        instrument="Visa 1111",
        redirect_url="",
        refs={"session": "s1", "charge": "c1"},
    )
    assert settled.steps == (PaymentStep(5, "authorized", "authorize: Authorized"),)
    fields = {"authorization_id": "a1", "amount": 3_300, "card_amount": 3_000, "gift_balance_amount": 300}
    fields |= {"instrument": "Visa 1111", "authorized_at": PLACED, "provider_status": "承認済"}
    says(settled, (PaymentAuthorized, fields))
    assert (settled.requests, settled.entries) == ((), ())


def test_a_wish_before_the_authorization_is_met_with_it() -> None:
    wish = CaptureWish("shipped")
    waiting = order_wishes.capture_after_shipping(payment(), CARD, AT)
    assert waiting == Settled(payment(capture_wish=wish, capture_when_held=True))
    settled = settle_answer(waiting.payment, None, GRANTED, AT, CARD)
    assert settled.steps == (
        PaymentStep(5, "authorized", "look_up: Authorized"),
        PaymentStep(6, "capturing", "capture asked: shipped"),
    )
    assert settled.requests == (NewRequest("capture", 3_300),)
    assert settled.payment.capture_wish == wish


def test_an_authorization_of_a_cancelled_order_is_given_back() -> None:
    before = payment(order_cancelled=True, capture_wish=CaptureWish("admin"))
    settled = settle_answer(before, "authorize", GRANTED, AT, CARD)
    assert [step.state for step in settled.steps] == ["authorized", "voiding"]
    assert settled.steps[1].because == "order cancelled"
    assert settled.requests == (NewRequest("void", 3_300),)


@pytest.mark.parametrize("state", ["requested", "waiting_for_buyer", "pending", "unknown"])
def test_a_refusal_ends_a_payment_with_its_reason(state: State) -> None:
    before = payment(state, redirect_url="http://x", provider_status="与信済")
    settled = settle_answer(before, "authorize", Declined(reason="expired_card"), AT, CARD)
    assert settled.payment == replace(
        before, state="declined", version=5, redirect_url="", provider_status=""
    )
    says(settled, (PaymentFailed, {"reason": "expired_card"}))


def test_a_refusal_while_giving_back_means_that_nothing_is_held() -> None:
    before = payment("voiding", order_cancelled=True, authorization_id="a1", redirect_url="http://x")
    settled = settle_answer(before, "void", Declined(reason="declined"), AT, CARD)
    assert settled.payment == replace(
        before,
        state="voided",
        version=5,
        redirect_url="",
        provider_status="取消済",
        ended_holds=("a1",),
    )
    says(settled, (PaymentVoided, {}))


def test_a_needed_buyer_is_sent_and_the_next_address_counts() -> None:
    settled = settle_answer(payment(), "authorize", NeedsBuyer(redirect_url="http://one"), AT, CARD)
    assert (settled.payment.state, settled.payment.redirect_url) == ("waiting_for_buyer", "http://one")
    again = settle_answer(settled.payment, "authorize", NeedsBuyer(redirect_url="http://two"), AT, CARD)
    assert (again.payment.redirect_url, again.payment.version, again.steps) == ("http://two", 5, ())


@pytest.mark.parametrize(
    ("answer", "state"), [(Waiting(), "pending"), (Unknown(reason="timeout"), "unknown")]
)
def test_no_answer_is_no_failure(answer: Any, state: str) -> None:
    settled = settle_answer(payment(), "authorize", answer, AT, CARD)
    assert (settled.payment.state, settled.events, settled.requests) == (state, (), ())


def test_an_issued_number_is_told_with_its_deadline() -> None:
    before = payment(page_url="http://shop.test/N1")
    issued = Issued(
        number="123",
        number_label="支払い番号",
        due_at=DUE,
        chain="lawson",
        chain_name="ローソン",
        confirmation_number="8888",
    )
    settled = settle_answer(before, "issue", issued, AT, KONBINI)
    assert settled.payment == replace(before, state="waiting", version=5, number=NUMBER)
    fields = {"amount": 3_300, "number": "123", "chain": "lawson", "number_label": "支払い番号"}
    fields |= {"confirmation_number": "8888", "due_at": DUE, "page_url": "http://shop.test/N1"}
    fields |= {"chain_name": "ローソン", "accepted_until": DUE}
    says(settled, (PaymentNumberIssued, fields))
    gone = settle_answer(replace(before, order_cancelled=True), "issue", issued, AT, KONBINI)
    assert (gone.payment.state, gone.payment.number, gone.events) == ("voiding", NUMBER, ())
    assert gone.requests == (NewRequest("void", 3_300),)


def test_captured_money_is_a_sale_and_is_told_as_the_wish_wanted() -> None:
    before = payment(
        "capturing",
        authorization_id="a1",
        capture_wish=CaptureWish("admin", True),
        calls=("capture_failed",),
    )
    settled = settle_answer(before, "capture", PAID, AT, CARD)
    assert settled.payment == replace(
        before,
        state="captured",
        paid_once=True,
        version=5,
        captured_amount=3_300,
        receipts=("r1",),
        receipt_amounts={"r1": 3_300},
        received_at=PLACED,
        provider_status="売上確定済",
        calls=(),
    )
    assert settled.entries == (journal.sale("r1", 3_300),)
    assert settled.steps == (PaymentStep(5, "captured", "capture: Captured"),)
    says(
        settled,
        (
            PaymentCaptured,
            {"amount": 3_300, "captured_at": PLACED, "source": "admin", "send_mail": True},
        ),
    )
    again = settle_answer(settled.payment, None, PAID, AT, CARD)
    assert again == Settled(settled.payment)


def test_money_nobody_asked_for_is_told_as_the_method_says() -> None:
    settled = settle_answer(payment("waiting", number=NUMBER), None, PAID, AT, KONBINI)
    fields = {"amount": 3_300, "captured_at": PLACED, "source": "provider_notice", "send_mail": True}
    says(settled, (PaymentCaptured, fields))
    assert settled.payment.provider_status == ""
    console = settle_answer(payment(**HELD), None, PAID, AT, CARD)
    fields |= {"source": "provider_console", "send_mail": False}
    says(console, (PaymentCaptured, fields))


@pytest.mark.parametrize("state", ["authorized", "capturing"])
def test_less_than_was_held_is_short_money_and_the_hold_is_over(state: State) -> None:
    wish = CaptureWish("shipped") if state == "capturing" else None
    before = payment(state, authorization_id="a1", capture_wish=wish, provider_status="与信済")
    settled = settle_answer(before, None, replace(PAID, amount=100), AT, RENEWABLE)
    after = settled.payment
    assert after.provider_status == "", "nothing is held any more"
    assert (after.state, after.captured_amount, after.suspense_amount) == ("short", 0, 100)
    assert after.calls == ("short_money", "authorization_ended")
    assert settled.entries == (journal.suspended("r1", 100),)
    rejected = [(CaptureRejected, {"reason": "not_authorized:captured_in_part"})] if wish else []
    ended = {"authorization_id": "a1", "reason": "captured_in_part", "may_reauthorize": True}
    says(settled, *rejected, (AuthorizationEnded, ended))
    assert settle_answer(after, None, replace(PAID, amount=100), AT, RENEWABLE) == Settled(after)


def test_short_money_joins_the_sale_and_too_much_waits() -> None:
    short = settle_answer(payment("waiting", number=NUMBER), None, replace(PAID, amount=1_000), AT, KONBINI)
    assert short.payment == payment(
        "waiting",
        version=5,
        number=NUMBER,
        suspense_amount=1_000,
        receipts=("r1",),
        receipt_amounts={"r1": 1_000},
        received_at=PLACED,
        calls=("short_money",),
    )
    assert (short.entries, short.events) == ((journal.suspended("r1", 1_000),), ())
    rest = Captured(amount=2_500, captured_at=AT, receipt_id="r2")
    settled = settle_answer(short.payment, None, rest, AT, KONBINI)
    after = settled.payment
    assert (after.captured_amount, after.suspense_amount, after.calls) == (3_300, 200, ("excess_money",))
    assert settled.entries == (
        journal.sale("r2", 2_300),
        journal.allocated("r2", 1_000),
        journal.suspended("r2", 200),
    )
    [said] = told(settled)
    assert isinstance(said, PaymentCaptured)
    assert said.amount == 3_300


def test_exactly_what_is_missing_is_enough() -> None:
    before = payment(
        "waiting", number=NUMBER, suspense_amount=1_000, receipts=("r0",), calls=("short_money",)
    )
    settled = settle_answer(before, None, replace(PAID, amount=2_300), AT, KONBINI)
    assert (settled.payment.state, settled.payment.suspense_amount) == ("captured", 0)
    assert settled.payment.calls == ()


@pytest.mark.parametrize("state", ["voided", "declined", "expired"])
def test_money_for_what_is_over_waits_in_suspense_and_goes_back(state: State) -> None:
    settled = settle_answer(payment(state, number=NUMBER), None, PAID, AT, KONBINI)
    assert settled.payment.suspense_amount == 3_300
    assert settled.payment.calls == ("late_money",)
    assert settled.steps == (
        PaymentStep(5, state, "look_up: Captured"),
        PaymentStep(6, "refunding", "look_up: Captured"),
    )
    assert settled.requests == (NewRequest("refund", 3_300),)
    assert settled.entries == (journal.suspended("r1", 3_300),)


def test_money_beside_a_paid_order_waits_for_a_person() -> None:
    before = payment("captured", captured_amount=3_300, receipts=("r0",))
    settled = settle_answer(before, None, PAID, AT, KONBINI)
    assert (settled.payment.calls, settled.payment.suspense_amount) == (("excess_money",), 3_300)
    assert (settled.requests, settled.events) == ((), ())
    assert settled.steps == (PaymentStep(5, "captured", "look_up: Captured"),)


def test_money_that_crosses_the_cancellation_goes_back_unsaid() -> None:
    before = payment("voiding", order_cancelled=True, authorization_id="a1")
    settled = settle_answer(before, "void", PAID, AT, CARD)
    assert [step.state for step in settled.steps] == ["captured", "refunding"]
    assert (settled.requests, settled.events) == ((NewRequest("refund", 3_300),), ())


@pytest.mark.parametrize(
    ("state", "answer"), [("requested", Declined(reason="declined")), ("waiting", Voided())]
)
def test_a_payment_failing_in_part_gives_the_part_back(state: State, answer: Answer) -> None:
    before = payment(state, suspense_amount=1_000, receipts=("r1",), calls=("short_money",))
    settled = settle_answer(before, "issue" if state == "requested" else None, answer, AT, BANK)
    assert settled.payment.state == "refunding"
    assert settled.requests == (NewRequest("refund", 1_000),)
    assert [type(event) for event in settled.events] == [PaymentFailed]
    assert settled.steps[-1].because == f"{type(answer).__name__.lower()} with part of the money here"


def test_a_partly_paid_number_that_stays_open_returns_the_part() -> None:
    before = payment("voiding", order_cancelled=True, number=NUMBER, suspense_amount=1_000, receipts=("r1",))
    part = replace(PAID, amount=1_000)
    assert settle_answer(before, None, part, AT, KONBINI) == Settled(before)
    settled = settle_answer(before, "void", part, AT, KONBINI)
    assert [step.because for step in settled.steps] == ["void: Captured", "order cancelled"]
    assert (settled.payment.state, settled.requests) == ("refunding", (NewRequest("refund", 1_000),))


def test_a_declined_capture_ends_the_hold_a_refused_one_does_not() -> None:
    before = payment(
        "capturing", authorization_id="a1", capture_wish=CaptureWish("admin"), provider_status="与信済"
    )
    declined = settle_answer(before, "capture", CaptureDeclined(reason="ProcessorDeclined"), AT, CARD)
    gone = replace(before, version=5, capture_wish=None, calls=("capture_failed",))
    assert declined.payment == replace(
        gone,
        state="declined",
        provider_status="",
        ended_holds=("a1",),
        calls=("capture_failed", "authorization_ended"),
    )
    ended = {"authorization_id": "a1", "reason": "capture_declined"}
    says(declined, (CaptureRejected, {"reason": "ProcessorDeclined"}), (AuthorizationEnded, ended))
    refused = settle_answer(before, "capture", CaptureRefused(reason="limit"), AT, CARD)
    assert refused.payment == replace(gone, state="authorized")
    says(refused, (CaptureRejected, {"reason": "limit"}))


def test_a_capture_declined_in_the_console_ends_the_hold() -> None:
    before = payment("authorized", authorization_id="a1")
    settled = settle_answer(before, None, CaptureDeclined(reason="ProcessorDeclined"), AT, CARD)
    after = settled.payment
    assert (after.state, after.ended_holds) == ("declined", ("a1",))
    assert after.calls == ("capture_failed", "authorization_ended")
    says(settled, (AuthorizationEnded, {"authorization_id": "a1", "reason": "capture_declined"}))


def test_a_void_in_the_console_is_told_and_an_unmade_hold_failed() -> None:
    before = payment("authorized", authorization_id="a1", redirect_url="http://x")
    settled = settle_answer(before, None, Voided(), AT, CARD)
    assert settled.payment == replace(
        before,
        state="voided",
        version=5,
        redirect_url="",
        provider_status="取消済",
        ended_holds=("a1",),
        calls=("authorization_ended",),
    )
    says(
        settled,
        (PaymentVoided, {}),
        (AuthorizationEnded, {"authorization_id": "a1", "reason": "voided"}),
    )
    never = settle_answer(payment(), "authorize", Voided(), AT, CARD)
    assert never.payment.provider_status == ""
    says(never, (PaymentFailed, {"reason": "provider_error"}))
    unwanted = settle_answer(payment(order_cancelled=True), "authorize", Voided(), AT, CARD)
    assert (unwanted.payment.state, unwanted.events) == ("voided", ())


def test_a_hold_in_doubt_is_voided_after_its_payment_is_over() -> None:
    settled = settle_answer(payment(order_cancelled=True), "authorize", Voided(in_doubt=True), AT, CARD)
    assert (settled.payment.state, settled.events, settled.requests) == (
        "voided",
        (),
        (NewRequest("void", 3_300),),
    )
    late = settle_answer(settled.payment, "void", GRANTED, AT, CARD)
    assert late == Settled(replace(settled.payment, refs={"charge": "c1"}))
    assert settle_answer(late.payment, "void", Voided(), AT, CARD) == Settled(late.payment)
    captured = settle_answer(late.payment, "void", PAID, AT, CARD)
    assert (captured.payment.state, captured.requests) == ("refunding", (NewRequest("refund", 3_300),))


def test_a_number_that_ran_out_is_closed_and_its_money_goes_back() -> None:
    settled = settle_answer(payment("waiting", number=NUMBER), None, Expired(), AT, KONBINI)
    assert (settled.payment.state, settled.requests) == ("expired", (NewRequest("void", 3_300),))
    says(settled, (PaymentExpired, {"due_at": DUE}))
    part = payment("waiting", number=NUMBER, suspense_amount=1_000)
    back = settle_answer(part, None, Expired(), AT, KONBINI)
    assert back.requests == (NewRequest("void", 3_300), NewRequest("refund", 1_000))
    assert back.steps[-1] == PaymentStep(6, "refunding", "expired with part of the money here")


@pytest.mark.parametrize("terms", [CARD, RENEWABLE])
def test_an_authorization_that_ran_out_tells_what_can_be_done(terms: Terms) -> None:
    settled = settle_answer(payment("authorized", authorization_id="a1"), None, Expired(), AT, terms)
    assert (settled.payment.state, settled.payment.calls) == ("expired", ("authorization_ended",))
    ended = {"authorization_id": "a1", "reason": "expired", "may_reauthorize": terms.may_reauthorize}
    says(settled, (AuthorizationEnded, ended))
    wished = payment("capturing", authorization_id="a1", capture_wish=CaptureWish("admin"))
    told = settle_answer(wished, "capture", Expired(), AT, terms)
    says(told, (CaptureRejected, {"reason": "authorization_expired"}), (AuthorizationEnded, ended))


def test_a_hold_that_ends_for_a_cancelled_order_calls_nobody() -> None:
    before = payment("voiding", authorization_id="a1", order_cancelled=True)
    settled = settle_answer(before, "void", Expired(), AT, RENEWABLE)
    assert (settled.payment.state, settled.payment.calls) == ("voided", ())
    says(settled, (PaymentVoided, {}))


def test_only_a_number_that_was_made_is_told_as_cancelled() -> None:
    before = payment("voiding", number=NUMBER, order_cancelled=True)
    says(settle_answer(before, "void", Voided(), AT, KONBINI), (PaymentVoided, {}))
    assert settle_answer(replace(before, number=None), "void", Voided(), AT, KONBINI).events == ()


@pytest.mark.parametrize(("authorization", "status"), [("a1", "返金済"), ("", "")])
def test_a_refund_is_booked_suspended_money_first(authorization: str, status: str) -> None:
    before = payment("refunding", authorization_id=authorization, captured_amount=3_300, suspense_amount=500)
    settled = settle_answer(
        before, "refund", Refunded(refund_ref="f1", amount=3_800, route="gift_card"), AT, CARD
    )
    assert settled.payment == replace(
        before,
        state="refunded",
        version=5,
        refunded_amount=3_800,
        suspense_returned_amount=500,
        refunds=("f1",),
        refund_routes={"f1": "gift_card"},
        refund_amounts={"f1": 3_800},
        own_refunds={"f1": 3_800},
        calls=(),
        provider_status=status,
    )
    assert settled.entries == (journal.suspense_returned("f1", 500), journal.refund("f1", 3_300))
    refund_id = uuid5(NEW.payment_id, "f1")
    says(
        settled,
        (
            PaymentRefunded,
            {"refund_id": refund_id, "amount": 3_800, "spare_amount": 500, "route": "gift_card"} | NOTHING,
        ),
    )


def test_money_that_came_during_a_refund_is_asked_for_as_well() -> None:
    before = payment("refunding", captured_amount=3_300, suspense_amount=500, refund_requested_amount=3_300)
    settled = settle_answer(before, "refund", Refunded(refund_ref="f1", amount=3_300), AT, KONBINI)
    assert settled.entries == (journal.suspense_returned("f1", 500), journal.refund("f1", 2_800))
    assert settled.requests == (NewRequest("refund", 500, sequence=2),)
    assert (settled.payment.state, settled.payment.refund_requested_amount) == ("refunding", 500)
    says(settled, (PaymentRefunded, told_back("f1", 3_300, left=500, spare=500)))


def test_a_refund_of_another_does_not_end_ours() -> None:
    before = payment("refunding", captured_amount=3_300, refund_requested_amount=3_300)
    settled = settle_answer(before, None, Refunded(refund_ref="h1", amount=300), AT, KONBINI)
    assert (settled.payment.state, settled.payment.refund_requested_amount) == ("refunding", 3_300)
    assert settled.requests == ()
    refused = settle_answer(settled.payment, "refund", RefundDeclined(reason="more_than_left"), AT, KONBINI)
    assert refused.requests == (NewRequest("refund", 3_000, sequence=2),), "the rest goes back by itself"
    assert (refused.payment.state, refused.payment.calls) == ("refunding", ())


def test_only_what_is_left_in_suspense_is_returned_from_it() -> None:
    before = payment(
        "refunding",
        captured_amount=3_300,
        suspense_amount=500,
        refunded_amount=400,
        suspense_returned_amount=400,
    )
    settled = settle_answer(before, "refund", Refunded(refund_ref="f2", amount=300), AT, KONBINI)
    assert settled.entries == (journal.suspense_returned("f2", 100), journal.refund("f2", 200))
    assert settled.payment.refunded_amount == 700
    spent = replace(before, refunded_amount=900, suspense_returned_amount=500)
    beyond = settle_answer(spent, "refund", Refunded(refund_ref="f3", amount=9), AT, CARD)
    assert beyond.entries == (journal.refund("f3", 9),)


def test_a_refund_under_way_changes_nothing_a_failed_one_calls() -> None:
    before = payment("refunding", captured_amount=3_300, order_cancelled=True, refund_requested_amount=3_300)
    assert settle_answer(before, "refund", RefundWaiting(), AT, CARD) == Settled(before)
    failed = settle_answer(before, "refund", RefundDeclined(reason="x"), AT, CARD)
    owed = replace(
        before,
        state="owed",
        version=5,
        calls=("refund_failed",),
        refund_requested_amount=0,
        refund_failed_amount=3_300,
    )
    assert failed.payment == owed
    assert (failed.requests, failed.events) == ((), ())


GONE_WRONG = payment(
    "owed",
    order_cancelled=True,
    captured_amount=3_300,
    receipts=("r1",),
    failed_refunds=("f1",),
    calls=("refund_failed",),
)


def test_money_after_a_failed_refund_is_not_sent_back_by_itself() -> None:
    more = replace(PAID, receipt_id="r2", amount=500)
    settled = settle_answer(GONE_WRONG, None, more, AT, KONBINI)
    assert settled.payment.calls == ("refund_failed", "late_money")
    assert (settled.payment.state, settled.payment.held_amount) == ("owed", 3_800)
    assert (settled.requests, settled.entries) == ((), (journal.suspended("r2", 500),))


def test_a_failed_refund_does_not_hide_the_money_before_it() -> None:
    before = payment("refunding", suspense_amount=3_300, receipts=("r1",), calls=("late_money",))
    failed = settle_answer(before, "refund", RefundDeclined(reason="x", refund_ref="f1"), AT, KONBINI).payment
    assert (failed.calls, failed.failed_refunds) == (("late_money", "refund_failed"), ("f1",))
    assert (failed.state, failed.held_amount) == ("owed", 3_300), "never paid, and never said to be"


def test_the_last_word_about_spare_money_counts_beside_others() -> None:
    short = payment(calls=("short_money", "refund_failed", "no_answer"))
    assert short.with_call("excess_money").calls == ("refund_failed", "no_answer", "excess_money")
    assert short.with_call("refund_failed") == short
    assert short.without_calls("no_answer", "late_money").calls == ("short_money", "refund_failed")


def test_staff_repeat_a_failed_refund_with_all_that_is_here_now() -> None:
    before = replace(GONE_WRONG, suspense_amount=500, calls=("refund_failed", "late_money"))
    settled = refund_rules.refund_again(before, CARD, AT)
    assert settled.payment == replace(
        before, state="refunding", version=5, refund_requested_amount=3_800, our_refund=OurRefund(1)
    )
    assert settled.requests == (NewRequest("refund", 3_800),)
    assert settled.steps == (PaymentStep(5, "refunding", "refund asked again"),)
    assert refund_rules.refund_again(settled.payment, CARD, AT) == Settled(settled.payment), "one at a time"
    failed = settle_answer(
        settled.payment, "refund", RefundDeclined(reason="x", refund_ref="f2"), AT, KONBINI
    )
    assert (failed.payment.state, failed.payment.calls) == ("owed", ("refund_failed", "late_money"))
    done = settle_answer(settled.payment, "refund", Refunded(refund_ref="f2", amount=3_800), AT, KONBINI)
    assert (done.payment.state, done.payment.held_amount, done.payment.calls) == ("refunded", 0, ())


@pytest.mark.parametrize(
    "before",
    [
        payment("captured", captured_amount=3_300),
        payment("refunding", captured_amount=3_300, calls=("refund_failed",)),
        payment("owed"),
        payment("expired", suspense_amount=500),
    ],
)
def test_no_refund_is_repeated_where_none_failed_or_none_is_here(before: Payment) -> None:
    assert refund_rules.refund_again(before, CARD, AT) == Settled(before)


RETURNED = Refunded(refund_ref="f2", amount=3_300)
FAILED = RefundDeclined(reason="x", refund_ref="f1")


@pytest.mark.parametrize("answers", [(FAILED, RETURNED), (RETURNED, FAILED)])
@pytest.mark.parametrize("failed_before", [(), ("f1",)])
def test_a_refund_counts_wherever_an_older_failed_one_is_listed(
    answers: tuple[Any, ...], failed_before: tuple[str, ...]
) -> None:
    before = payment("refunding", order_cancelled=True, captured_amount=3_300, failed_refunds=failed_before)
    settled = settle_answers(before, None, answers, AT, CARD)
    after = settled.payment
    assert (after.state, after.refunded_amount, after.refunds) == ("refunded", 3_300, ("f2",))
    assert after.calls == ()
    assert settled.entries == (journal.refund("f2", 3_300),)
    says(
        settled,
        (PaymentRefunded, told_back("f2", 3_300) | {"order_ended": True}),
    )
    assert settle_answers(after, None, answers, AT, CARD) == Settled(after)


def test_an_old_refusal_does_not_end_the_refund_under_way() -> None:
    before = replace(GONE_WRONG, state="refunding", calls=(), refund_requested_amount=3_300)
    assert settle_answer(before, None, FAILED, AT, CARD) == Settled(before)
    others = settle_answer(before, None, RefundDeclined(reason="x", refund_ref="f2"), AT, CARD).payment
    assert (others.state, others.refund_requested_amount) == ("refunding", 3_300)
    waits = settle_answer(before, "refund", RefundWaiting(refund_refs=("f2",)), AT, CARD).payment
    fresh = settle_answer(waits, None, RefundDeclined(reason="x", refund_ref="f2"), AT, CARD).payment
    assert (fresh.state, fresh.failed_refunds) == ("owed", ("f1", "f2"))
    unnamed = settle_answer(before, "refund", RefundDeclined(reason="x"), AT, CARD).payment
    assert (unnamed.state, unnamed.failed_refunds) == ("owed", ("f1",))


def test_what_a_person_sent_after_our_failure_is_booked_in_parts() -> None:
    part = Refunded(refund_ref="h1", amount=1_000)
    first = settle_answer(GONE_WRONG, None, part, AT, CARD)
    assert settle_answer(first.payment, None, part, AT, CARD) == Settled(first.payment)
    assert (first.payment.state, first.payment.calls) == ("owed", ("refund_failed",))
    assert (first.payment.held_amount, first.requests) == (2_300, ())
    assert first.steps == (PaymentStep(5, "owed", "look_up: Refunded"),)
    says(
        first,
        (PaymentRefunded, told_back("h1", 1_000, left=2_300) | {"order_ended": True}),
    )
    rest = settle_answer(first.payment, None, Refunded(refund_ref="h2", amount=2_300), AT, CARD)
    assert [step.state for step in rest.steps] == ["refunding", "refunded"]
    assert {step.because for step in rest.steps} == {"look_up: Refunded"}
    assert (rest.payment.held_amount, rest.payment.calls) == (0, ())


def test_late_money_that_a_person_sent_back_is_booked() -> None:
    before = payment(
        "refunded",
        captured_amount=3_300,
        suspense_amount=500,
        refunded_amount=3_300,
        refunds=("f1",),
        calls=("late_money",),
        provider_status="返金済",
    )
    settled = settle_answer(before, None, Refunded(refund_ref="h1", amount=500), AT, CARD)
    assert settled.payment == replace(
        before,
        version=5,
        refunded_amount=3_800,
        suspense_returned_amount=500,
        refunds=("f1", "h1"),
        refund_amounts={"h1": 500},
        calls=(),
    )
    assert settled.steps == (PaymentStep(5, "refunded", "look_up: Refunded"),)


@pytest.mark.parametrize(
    ("before", "state"),
    [
        (payment("waiting", number=NUMBER, suspense_amount=3_300, calls=("short_money",)), "waiting"),
        (payment("voiding", order_cancelled=True, suspense_amount=3_300), "voiding"),
        (payment("short", authorization_id="a1", suspense_amount=3_300), "voided"),
        (payment("captured", captured_amount=3_300), "refunded"),
    ],
)
def test_money_given_back_elsewhere_is_booked_in_every_state(before: Payment, state: State) -> None:
    settled = settle_answer(before, None, RETURNED, AT, KONBINI)
    assert (settled.payment.state, settled.payment.held_amount) == (state, 0)
    assert "short_money" not in settled.payment.calls
    assert settle_answer(settled.payment, None, RETURNED, AT, KONBINI) == Settled(settled.payment)


def test_a_refund_beyond_what_came_calls_until_money_explains_it() -> None:
    before = payment("waiting", number=NUMBER)
    settled = settle_answer(before, None, RETURNED, AT, BANK)
    assert (settled.payment.lost_amount, settled.payment.held_amount) == (3_300, 0)
    assert (settled.payment.calls, settled.events) == (("refund_unexplained",), ())
    assert settled.entries == (journal.lost("refund", "f2", 3_300),)
    known = settle_answer(settled.payment, None, PAID, AT, BANK).payment
    assert (known.lost_amount, known.held_amount, known.calls) == (0, 0, ("refunded_elsewhere",))
    assert settle_answer(known, None, RETURNED, AT, BANK) == Settled(known)


@pytest.mark.parametrize("state", ["voided", "expired", "owed"])
def test_money_never_for_the_order_is_booked_as_returned(state: State) -> None:
    before = payment(state, suspense_amount=3_300, calls=("refund_failed",))
    settled = settle_answer(before, None, RETURNED, AT, KONBINI)
    assert (settled.payment.state, settled.payment.held_amount) == ("refunded", 0)
    assert settled.entries == (journal.suspense_returned("f2", 3_300),)


@pytest.mark.parametrize(("amount", "calls"), [(500, ("no_answer",)), (200, ("no_answer", "excess_money"))])
def test_what_a_paid_order_does_not_need_goes_back_and_is_told(amount: int, calls: tuple[str, ...]) -> None:
    before = payment(
        "captured", captured_amount=3_300, suspense_amount=500, calls=("no_answer", "excess_money")
    )
    back = Refunded(refund_ref="h1", amount=amount)
    settled = settle_answer(before, None, back, AT, KONBINI)
    assert settled.payment == replace(
        before,
        version=5,
        refunded_amount=amount,
        suspense_returned_amount=amount,
        refunds=("h1",),
        refund_amounts={"h1": amount},
        calls=calls,
    )
    assert settled.entries == (journal.suspense_returned("h1", amount),)
    says(settled, (PaymentRefunded, told_back("h1", amount, left=3_300, spare=amount)))
    assert settled.requests == ()
    assert settle_answer(settled.payment, None, back, AT, KONBINI) == Settled(settled.payment)


def test_part_returned_elsewhere_leaves_the_order_paid() -> None:
    before = payment("captured", captured_amount=3_300, suspense_amount=200, calls=("excess_money",))
    settled = settle_answer(before, None, Refunded(refund_ref="h1", amount=500), AT, KONBINI)
    assert settled.entries == (journal.suspense_returned("h1", 200), journal.refund("h1", 300))
    assert (settled.payment.state, settled.payment.calls) == ("captured", ("refunded_elsewhere",))
    says(settled, (PaymentRefunded, told_back("h1", 500, left=3_000, spare=200)))
    cancelled = order_wishes.cancel(settled.payment, AT)
    assert cancelled.requests == (NewRequest("refund", 3_000, sequence=2),), "the rest goes back, and no more"
    more = settle_answer(
        settled.payment, None, replace(PAID, receipt_id="r2", amount=400), AT, KONBINI
    ).payment
    assert (more.spare_amount, more.sale_amount) == (400, 3_000)


def test_a_refund_named_later_takes_its_place_in_the_sum() -> None:
    before = payment("captured", captured_amount=3_300)
    summed = settle_answer(before, None, RefundedInAll(amount=500), AT, CARD).payment
    assert (summed.refunded_amount, summed.unnamed_refund_amount) == (500, 500)
    named: list[Answer] = [Refunded(refund_ref="h1", amount=500), RefundedInAll(amount=500)]
    settled = settle_answers(summed, None, named, AT, CARD)
    assert (settled.payment.refunded_amount, settled.payment.unnamed_refund_amount) == (500, 0)
    assert (settled.entries, settled.events) == ((), ())
    second: list[Answer] = [*named, Refunded(refund_ref="h2", amount=700), RefundedInAll(amount=1_200)]
    assert settle_answers(settled.payment, None, second, AT, CARD).payment.refunded_amount == 1_200


def test_old_news_leaves_only_its_references() -> None:
    before = payment("voided", refs={"session": "s1"})
    assert settle_answer(before, None, GRANTED, AT, CARD) == Settled(
        replace(before, refs={"session": "s1", "charge": "c1"})
    )


@pytest.mark.parametrize(
    ("terms", "policy"), [(KONBINI, "on_shipped"), (CARD, "by_staff"), (CARD, "in_provider_console")]
)
def test_shipping_captures_only_where_terms_and_policy_say_so(terms: Terms, policy: str) -> None:
    before = payment("authorized", capture_policy=policy)
    assert order_wishes.capture_after_shipping(before, terms, AT) == Settled(before)


@pytest.mark.parametrize("state", ["captured", "capturing"])
def test_shipping_asks_for_no_money_that_is_here_or_asked_for(state: State) -> None:
    before = payment(state, capture_wish=CaptureWish("admin"))
    remembered = replace(before, capture_when_held=True)
    assert order_wishes.capture_after_shipping(before, CARD, AT) == Settled(remembered)


def test_shipping_an_authorized_order_asks_for_its_money() -> None:
    before = payment("authorized", calls=("capture_failed",))
    settled = order_wishes.capture_after_shipping(before, CARD, AT)
    assert settled.payment == replace(
        before,
        state="capturing",
        version=5,
        calls=(),
        capture_wish=CaptureWish("shipped"),
        capture_when_held=True,
    )
    assert settled.requests == (NewRequest("capture", 3_300),)
    assert settled.steps == (PaymentStep(5, "capturing", "capture asked: shipped"),)


@pytest.mark.parametrize("state", ["voided", "declined"])
def test_shipping_what_is_not_authorized_is_answered(state: State) -> None:
    settled = order_wishes.capture_after_shipping(payment(state), CARD, AT)
    assert settled.payment == payment(state, capture_when_held=True)
    says(settled, (CaptureRejected, {"reason": f"not_authorized:{state}"}))


@pytest.mark.parametrize(("late", "allowed"), [(timedelta(0), True), (timedelta(microseconds=1), False)])
def test_thirty_days_after_the_order_are_the_last_for_a_capture(late: timedelta, allowed: bool) -> None:
    at = PLACED + timedelta(days=30) + late
    before = payment("authorized", capture_wish=CaptureWish("shipped"))
    settled = order_wishes.capture_for_staff(before, CARD, at, send_mail=False)
    assert (settled.payment.state == "capturing") == allowed
    if not allowed:
        assert settled.payment == replace(before, state="voiding", version=5, capture_wish=None)
        assert settled.requests == (NewRequest("void", 3_300),), "what nobody may take is let go"
        [said] = settled.events
        assert isinstance(said, CaptureRejected)
        assert (said.reason, said.occurred_at) == ("over_30_days", at)
    unlimited = replace(CARD, capture_days_max=None)
    assert order_wishes.capture_for_staff(before, unlimited, at, send_mail=False).requests == (
        NewRequest("capture", 3_300),
    )


@pytest.mark.parametrize("send_mail", [True, False])
def test_staff_get_the_money_of_an_authorized_order(send_mail: bool) -> None:
    settled = order_wishes.capture_for_staff(payment("authorized"), CARD, AT, send_mail=send_mail)
    assert settled.payment.capture_wish == CaptureWish("admin", send_mail)
    assert (settled.payment.state, settled.requests) == ("capturing", (NewRequest("capture", 3_300),))
    joins = order_wishes.capture_for_staff(payment("capturing"), CARD, AT, send_mail=send_mail)
    assert joins == Settled(payment("capturing", capture_wish=CaptureWish("admin", send_mail)))


@pytest.mark.parametrize(
    ("terms", "before", "reason"),
    [
        (CASH, payment("unmanaged"), "not_managed"),
        (KONBINI, payment("waiting"), "automatic_only"),
        (CARD, payment("authorized", capture_policy="in_provider_console"), "auto_link_off"),
        (CARD, payment("captured"), "already_captured"),
        (CARD, payment("voided"), "not_authorized:voided"),
    ],
)
def test_staff_read_why_the_money_will_not_come(terms: Terms, before: Payment, reason: str) -> None:
    settled = order_wishes.capture_for_staff(before, terms, AT, send_mail=True)
    assert settled.payment == before
    says(settled, (CaptureRejected, {"reason": reason}))


@pytest.mark.parametrize(
    ("terms", "before", "reason"),
    [
        (BANK, payment("waiting"), None),
        (BANK, payment("voided"), None),
        (BANK, payment("captured"), "already_captured"),
        (CARD, payment("authorized"), "not_by_hand"),
        (KONBINI, payment("waiting"), "automatic_only"),
        (CASH, payment("unmanaged"), "not_managed"),
    ],
)
def test_deposits_are_recorded_by_hand_only_where_that_is_so(
    terms: Terms, before: Payment, reason: str | None
) -> None:
    assert why_no_manual_deposit(before, terms) == reason


def test_a_deposit_carries_the_wish_it_was_recorded_with() -> None:
    wish = CaptureWish("manual_deposit", True)
    assert expect_deposit(NEW, wish) == replace(NEW, capture_wish=wish)


@pytest.mark.parametrize(
    ("before", "state", "requests"),
    [
        (NEW, "voided", ()),
        (payment("authorized"), "voiding", (NewRequest("void", 3_300),)),
        (payment("waiting"), "voiding", (NewRequest("void", 3_300),)),
        (payment("capturing"), "capturing", ()),
        (payment("captured", captured_amount=3_300), "refunding", (NewRequest("refund", 3_300),)),
        (payment("captured", captured_amount=1), "refunding", (NewRequest("refund", 1),)),
        (payment("declined"), "declined", ()),
        (payment("expired", suspense_amount=5), "refunding", (NewRequest("refund", 5),)),
    ],
)
def test_a_cancelled_order_gives_back_what_it_holds_now(
    before: Payment, state: State, requests: tuple[NewRequest, ...]
) -> None:
    settled = order_wishes.cancel(replace(before, capture_wish=CaptureWish("shipped")), AT)
    assert (settled.payment.state, settled.requests) == (state, requests)
    assert settled.payment.order_cancelled is True
    assert settled.payment.capture_wish is None
    assert all(step.because == "order cancelled" for step in settled.steps)
    assert order_wishes.cancel(settled.payment, AT) == Settled(settled.payment)


def test_cancelling_what_never_passed_through_us_changes_nothing() -> None:
    assert order_wishes.cancel(payment("unmanaged"), AT) == Settled(payment("unmanaged"))


def test_several_answers_add_up_to_one_outcome() -> None:
    both = settle_answers(payment(), "authorize", [GRANTED, replace(PAID, receipt_id="r9")], AT, CARD)
    assert [step.state for step in both.steps] == ["authorized", "captured"]
    assert [type(event) for event in both.events] == [PaymentAuthorized, PaymentCaptured]
    assert both.entries == (journal.sale("r9", 3_300),)
    crossed = replace(payment("authorized"), order_cancelled=True)
    twice = settle_answers(crossed, None, [Waiting(), PAID], AT, CARD)
    assert twice.requests == (NewRequest("void", 3_300), NewRequest("refund", 3_300))
    assert settle_answers(NEW, None, [], AT, CARD) == Settled(NEW)


def test_the_first_call_for_a_person_is_not_drowned_by_the_next() -> None:
    assert NEW.with_call("no_answer").calls == ("no_answer",)
    stuck = payment(calls=("refund_failed",))
    assert stuck.with_call("no_answer").calls == ("refund_failed", "no_answer")


@pytest.mark.parametrize(
    ("entry", "reason", "debit", "credit"),
    [
        (journal.sale("s", 7), "sale", "receivable", "sales"),
        (journal.suspended("s", 7), "suspended", "receivable", "suspense"),
        (journal.allocated("s", 7), "allocated", "suspense", "sales"),
        (journal.refund("s", 7), "refund", "refunds", "receivable"),
        (journal.suspense_returned("s", 7), "suspense_returned", "suspense", "receivable"),
        (journal.sale_taken_back("s", 7), "sale_reversed", "sales", "receivable"),
        (journal.suspense_taken_back("s", 7), "suspense_reversed", "suspense", "receivable"),
    ],
)
def test_each_kind_of_entry_moves_money_between_its_accounts(
    entry: journal.JournalEntry, reason: str, debit: str, credit: str
) -> None:
    assert entry.reason == reason
    assert (entry.subject, entry.amount, entry.debit, entry.credit) == ("s", 7, debit, credit)


def test_a_change_of_an_unknown_field_is_an_error() -> None:
    assert NEW.changed(amount=5) == replace(NEW, amount=5)
    with pytest.raises(TypeError, match="amuont"):
        NEW.changed(amuont=5)


def test_money_before_its_number_goes_back_with_the_order() -> None:
    came = payment("placed", suspense_amount=1_000, receipts=("r1",), calls=("short_money",))
    ended = order_wishes.cancel(came, AT)
    assert (ended.payment.state, ended.payment.calls, ended.requests) == (
        "refunding",
        (),
        (NewRequest("refund", 1_000),),
    )
