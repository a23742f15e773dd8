"""What staff say of a provider's object is kept, and is never the last word against a new report. Pure."""

from dataclasses import replace

import pytest

from payments.calls import rules as call_rules
from payments.desk.call_labels import calls
from payments.desk.offers import objects_of_other_orders, offers
from payments.payment.locked_payments import end_mismatch_if_all_fits, is_outdated, settle_answers
from payments.payment.rules.answers import (
    Answer,
    Captured,
    NoLongerReported,
    OtherHold,
    RefundDeclined,
    Refunded,
    Reversed,
    Unknown,
    Voided,
)
from payments.payment.rules.contradictions.count_again import count_again, record_order_of_receipt
from payments.payment.rules.contradictions.deny import deny
from payments.payment.rules.contradictions.disown import disown
from payments.payment.rules.drafting import Settled
from payments.payment.rules.order_wishes import cancel, capture_after_shipping, reauthorize
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.refunds.rules import refund_again, refund_part
from payments.requests.outcomes import outcome, settle_reply, without_disowned
from payments.requests.refund_refusals import judge_refused_refund
from shared.events import PaymentAuthorized, PaymentVoided
from tests.payments.payment_examples import AT, GRANTED, KONBINI, NUMBER, PAID, PLACED, RENEWABLE, payment
from tests.payments.requests.test_outcomes import row

STAFF = "佐藤"
HOLD = replace(GRANTED, refs={"charge_id": "a1"})
TAKEN = Captured(amount=3_300, captured_at=PLACED, receipt_id="a1")
HELD = settle_answers(payment("requested"), "authorize", [HOLD], AT, RENEWABLE).payment
WAITS = payment("waiting", number=NUMBER)
PAID_NUMBER = settle_answers(WAITS, None, [PAID], AT, KONBINI).payment
BACK = Refunded(refund_ref="p1", amount=3_300)
OF_ANOTHER = Unknown(reason="other_reference", mismatch=True, to_request=True, ref_of_others="a1")


def look(one: Payment, *answers: Answer, terms: Terms = RENEWABLE) -> Payment:
    """A whole look-up."""
    settled = settle_answers(one, None, answers, AT, terms)
    return end_mismatch_if_all_fits(settled, answers, AT, terms).payment


def pressed(one: Payment, terms: Terms = RENEWABLE) -> Payment:
    """Staff mark as seen what calls them."""
    return call_rules.mark_seen(one, terms, AT, by=STAFF).payment


def deeds(one: Payment, terms: Terms = RENEWABLE) -> set[str]:
    """The buttons of the page about contradictions."""
    return {offer.label for offer in (*offers(one, terms), *objects_of_other_orders(one))}


# ---------- a request that was not done ----------


def capture_in_doubt() -> Payment:
    asked = HELD.changed(state="capturing")
    doubted = settle_answers(asked, "capture", [OF_ANOTHER], AT, RENEWABLE).payment
    assert doubted.contradicted
    return doubted


def test_a_denied_capture_leaves_the_orders_own_hold() -> None:
    denied = deny(capture_in_doubt(), RENEWABLE, AT, by=STAFF).payment

    assert (denied.state, dict(denied.disowned)) == ("authorized", {})
    assert (denied.authorization_id, denied.refs["charge_id"]) == ("a1", "a1")
    paid = settle_answers(denied.changed(state="capturing"), "capture", [TAKEN], AT, RENEWABLE).payment
    assert (paid.state, paid.held_amount) == ("captured", 3_300)


def test_a_denied_capture_that_was_done_is_heard_by_a_look() -> None:
    denied = deny(capture_in_doubt(), RENEWABLE, AT, by=STAFF).payment
    found = look(cancel(denied, AT).payment, HOLD, TAKEN)
    assert (found.state, found.refund_requested_amount) == ("refunding", 3_300)


def test_a_denied_release_is_requested_anew() -> None:
    ends = cancel(HELD, AT).payment
    doubt = replace(OF_ANOTHER, ref_of_others="B9")
    doubted = settle_answers(ends, "void", [doubt], AT, RENEWABLE).payment

    denied = deny(doubted, RENEWABLE, AT, by=STAFF)

    assert (denied.payment.state, denied.denied) == ("voiding", ("void",))
    assert [one.operation for one in denied.requests] == ["void"]
    assert not any(isinstance(event, PaymentVoided) for event in denied.events)
    [offer] = [one for one in offers(doubted, RENEWABLE) if one.path == "deny"]
    assert "与信の取消を、もう一度依頼します" in offer.confirm


def refund_in_doubt() -> Payment:
    asked = cancel(PAID_NUMBER, AT).payment
    doubt = Unknown(reason="amount_differs", mismatch=True, to_request=True, unfit_refund_ref="p1")
    return settle_answers(asked, "refund", [doubt], AT, KONBINI).payment


def test_a_denied_refund_that_was_done_is_counted_again() -> None:
    denied = deny(refund_in_doubt(), KONBINI, AT, by=STAFF).payment
    assert (denied.state, denied.held_amount) == ("owed", 3_300)

    told = look(denied, PAID, BACK, terms=KONBINI)
    assert "answer_mismatch" in told.calls
    assert {"この注文の返金として数え直す", "確認済みにする"} <= deeds(told, KONBINI)

    counted = count_again(told, KONBINI, AT, ref="p1", by=STAFF).payment
    assert (counted.state, counted.held_amount, counted.calls) == ("refunded", 0, ())
    assert counted.own_refunds == {"p1": 3_300}
    assert look(counted, PAID, BACK, terms=KONBINI) == counted


def test_a_repeated_refund_ends_with_the_one_that_was_done() -> None:
    denied = deny(refund_in_doubt(), KONBINI, AT, by=STAFF).payment
    repeated = refund_again(denied, RENEWABLE, AT, by=STAFF).payment
    refused = RefundDeclined(reason="nothing_left")

    became = judge_refused_refund(repeated, (), [PAID, BACK], refused, amount=3_300, at=AT, terms=KONBINI)
    told = settle_reply(repeated, "refund", [BACK, became], AT, KONBINI, number=2).payment
    assert (told.state, told.contradicted, told.held_amount) == ("refunding", True, 3_300)
    assert became.__class__ is Unknown

    counted = count_again(told, KONBINI, AT, ref="p1", by=STAFF)
    assert (counted.payment.state, counted.payment.refund_requested_amount) == ("refunded", 0)
    assert (counted.denied, counted.requests) == (("refund",), ())


def test_an_answer_that_names_a_disowned_object_ends_nothing() -> None:
    denied = deny(refund_in_doubt(), KONBINI, AT, by=STAFF).payment
    repeated = refund_again(denied, RENEWABLE, AT, by=STAFF).payment

    became = outcome(row("refund"), without_disowned(repeated, [BACK]), AT)
    told = settle_reply(repeated, "refund", [BACK], AT, KONBINI, number=2).payment

    assert became.state == "unknown"
    assert (told.state, told.contradicted) == ("refunding", True)
    assert {"依頼は成立していない", "この注文の返金として数え直す"} <= deeds(told, KONBINI)


# ---------- receipts ----------


def disowned_receipt() -> Payment:
    gone = look(PAID_NUMBER, NoLongerReported(receipts=("r1",)), terms=KONBINI)
    return pressed(disown(gone, KONBINI, AT, ref="r1", by=STAFF).payment, KONBINI)


def test_a_receipt_can_be_counted_again_whatever_was_seen() -> None:
    told = look(disowned_receipt(), PAID, terms=KONBINI)
    assert (told.contradicted, told.held_amount) == (True, 0)
    [offer] = [one for one in offers(told, KONBINI) if one.path == "seen"]
    assert "やはりこの注文のものではない" in offer.confirm
    [(_, text)] = calls(told, KONBINI)
    assert "「この注文の入金として数え直す」" in text

    seen = pressed(told, KONBINI)
    assert (seen.calls, seen.contradicted) == ((), False)
    assert look(seen, PAID, terms=KONBINI) == seen, "the same report calls once"
    assert "この注文の入金として数え直す" in deeds(seen, KONBINI)

    counted = count_again(seen, KONBINI, AT, ref="r1", by=STAFF).payment
    assert (counted.state, counted.held_amount) == ("captured", 3_300)
    assert look(counted, PAID, terms=KONBINI) == counted


def test_another_amount_of_a_disowned_receipt_calls_again() -> None:
    seen = pressed(look(disowned_receipt(), PAID, terms=KONBINI), KONBINI)
    again = look(seen, replace(PAID, amount=3_000), terms=KONBINI)
    assert again.calls == ("answer_mismatch",)
    assert count_again(again, KONBINI, AT, ref="r1", by=STAFF).payment.held_amount == 3_000


def test_a_reversed_receipt_is_not_counted_again() -> None:
    back = Reversed(receipt_id="r1", amount=3_300)
    told = look(disowned_receipt(), PAID, back, terms=KONBINI)
    assert (told.calls, told.contradicted) == ((), False)
    assert "この注文の入金として数え直す" not in deeds(told, KONBINI)
    assert look(told, PAID, back, terms=KONBINI) == told


# ---------- refunds ----------


def refunded(amount: int) -> Payment:
    return look(PAID_NUMBER, PAID, replace(BACK, amount=amount), terms=KONBINI)


def test_a_refund_that_fits_is_not_offered_to_others() -> None:
    known = refunded(500)
    assert "この注文の返金ではない" not in deeds(known, KONBINI)
    assert disown(known, KONBINI, AT, ref="p1", by=STAFF) == Settled(known)


@pytest.mark.parametrize("amount", [500, 3_300])
def test_a_disowned_refund_is_counted_again(amount: int) -> None:
    gone = look(refunded(amount), NoLongerReported(refunds=("p1",)), terms=KONBINI)
    disowned = disown(gone, KONBINI, AT, ref="p1", by=STAFF).payment
    assert disowned.held_amount == 3_300

    told = look(disowned, PAID, replace(BACK, amount=amount), terms=KONBINI)
    assert told.contradicted
    assert not cancel(told, AT).requests, "nothing irreversible before a person has decided"
    seen = pressed(told, KONBINI)
    assert look(seen, PAID, replace(BACK, amount=amount), terms=KONBINI) == seen

    counted = count_again(seen, KONBINI, AT, ref="p1", by=STAFF).payment
    assert counted.held_amount == 3_300 - amount
    assert look(counted, PAID, replace(BACK, amount=amount), terms=KONBINI) == counted


def test_a_receipt_that_another_order_has_now_is_not_offered() -> None:
    told = look(disowned_receipt(), PAID, terms=KONBINI).with_call("receipt_nowhere")
    assert [one.path for one in objects_of_other_orders(told, {"r1": ""})] == ["count-again"]
    assert not objects_of_other_orders(told, {"r1": "N2"})
    known = record_order_of_receipt(told, AT, ref="r1", order_code="N2").payment
    assert "receipt_nowhere" in told.calls
    assert "receipt_nowhere" not in known.calls
    assert not objects_of_other_orders(known)


# ---------- holds ----------


def disowned_hold() -> Payment:
    doubted = settle_answers(HELD, None, [OF_ANOTHER], AT, RENEWABLE).payment
    disowned = disown(doubted, RENEWABLE, AT, ref="a1", by=STAFF).payment
    assert (disowned.state, disowned.contradicted, disowned.refs) == ("voided", False, {})
    return disowned


def test_a_disowned_hold_that_is_told_again_is_held_again() -> None:
    told = look(disowned_hold(), HOLD)
    assert (told.state, told.contradicted) == ("voided", True)
    assert "この注文の与信として数え直す" in deeds(told)

    counted = count_again(told, RENEWABLE, AT, ref="a1", by=STAFF).payment
    assert (counted.contradicted, counted.refs) == (
        True,
        {"charge_id": "a1", "counted_again_a1": "a1"},
    )
    settled = settle_answers(counted, None, [HOLD], AT, RENEWABLE)
    assert [type(event) for event in settled.events if isinstance(event, PaymentAuthorized)]
    held = look(counted, HOLD)
    assert (held.state, held.authorization_id, held.calls) == ("authorized", "a1", ())


def test_a_disowned_hold_that_was_captured_pays_the_order() -> None:
    told = look(disowned_hold(), HOLD, TAKEN)
    assert (told.contradicted, told.held_amount) == (True, 0)
    paid = look(count_again(told, RENEWABLE, AT, ref="a1", by=STAFF).payment, HOLD, TAKEN)
    assert (paid.state, paid.held_amount, paid.calls) == ("captured", 3_300, ())


def test_a_disowned_hold_of_a_cancelled_order_is_released() -> None:
    told = look(cancel(disowned_hold(), AT).payment, HOLD)
    counted = count_again(told, RENEWABLE, AT, ref="a1", by=STAFF).payment
    settled = settle_answers(counted, None, [HOLD], AT, RENEWABLE)
    over = end_mismatch_if_all_fits(settled, [HOLD], AT, RENEWABLE)
    assert (over.payment.state, [one.operation for one in over.requests]) == ("voiding", ["void"])


def test_a_disowned_hold_that_is_over_calls_nobody() -> None:
    told = look(disowned_hold(), HOLD, Voided(authorization_id="a1"))
    assert (told.contradicted, deeds(told) & {"この注文の与信として数え直す"}) == (False, set())


def test_a_hold_counted_again_beside_another_is_one_of_others() -> None:
    held = disowned_hold().changed(
        state="authorized", authorization_id="a2", refs={"charge_id": "a2"}, ended_holds=("a1",)
    )
    told = look(held, HOLD)
    counted = count_again(told, RENEWABLE, AT, ref="a1", by=STAFF).payment
    assert (counted.authorization_id, counted.refs) == (
        "a2",
        {"charge_id": "a2", "counted_again_a1": "a1"},
    )


def test_a_disowned_hold_of_others_calls_until_it_ends() -> None:
    told = look(disowned_hold(), OtherHold(authorization_id="a1", amount=3_300))
    assert told.contradicted
    over = look(told, OtherHold(authorization_id="a1", amount=3_300, stands=False))
    assert (over.contradicted, over.other_holds) == (False, ())


def test_a_hold_counted_again_after_other_money_is_beside_it() -> None:
    paid = look(disowned_hold(), HOLD).changed(state="captured")
    counted = count_again(paid, RENEWABLE, AT, ref="a1", by=STAFF).payment
    assert (counted.authorization_id, counted.refs) == ("", {"counted_again_a1": "a1"})


def test_a_hold_says_nothing_of_a_disowned_receipt() -> None:
    disowned = disowned_receipt()
    assert look(disowned, replace(HOLD, authorization_id="r1"), terms=KONBINI).disowned == disowned.disowned


def test_only_a_disowned_object_is_counted_again() -> None:
    assert count_again(PAID_NUMBER, KONBINI, AT, ref="r1", by=STAFF) == Settled(PAID_NUMBER)


def test_a_denied_request_leaves_what_may_be_the_orders_own() -> None:
    asked = settle_answers(payment("requested"), "authorize", [OF_ANOTHER], AT, RENEWABLE).payment
    denied = deny(asked, RENEWABLE, AT, by=STAFF).payment
    assert (denied.state, dict(denied.disowned)) == ("declined", {})


def test_a_hold_counted_again_has_a_release_of_its_own() -> None:
    """Each release is a request of its own, whatever was forgotten about the holds before."""
    first = look(disowned_hold(), HOLD)
    second = replace(HOLD, authorization_id="a2", refs={"charge_id": "a2"})
    renewed = reauthorize(pressed(first), RENEWABLE, AT, by=STAFF).payment
    held = settle_answers(renewed, "reauthorize", [second], AT, RENEWABLE).payment
    released = cancel(held, AT)
    over = settle_answers(released.payment, "void", [Voided(authorization_id="a2")], AT, RENEWABLE).payment

    counted = count_again(over, RENEWABLE, AT, ref="a1", by=STAFF).payment
    told = settle_answers(counted, None, [HOLD], AT, RENEWABLE)
    again = end_mismatch_if_all_fits(told, [HOLD], AT, RENEWABLE)

    [before], [after] = released.requests, again.requests
    assert (before.operation, after.operation) == ("void", "void")
    assert before.sequence < after.sequence


def test_a_denied_refund_that_was_booked_stays_booked_once() -> None:
    part = refund_part(PAID_NUMBER, KONBINI, AT, amount=500, reason="傷", by=STAFF).payment
    booked = look(part, PAID, replace(BACK, amount=500), terms=KONBINI)
    doubt = Unknown(reason="amount_differs", mismatch=True, to_request=True, unfit_refund_ref="p1")
    doubted = settle_answers(booked, "refund", [doubt], AT, KONBINI).payment

    denied = deny(doubted, KONBINI, AT, by=STAFF).payment

    assert (dict(denied.disowned), denied.held_amount) == ({}, 2_800)
    seen = look(denied, PAID, replace(BACK, amount=500), terms=KONBINI)
    assert (seen.held_amount, seen.contradicted) == (2_800, False)


def test_a_denied_request_leaves_a_booked_receipt_in_doubt() -> None:
    asked = cancel(PAID_NUMBER, AT).payment
    doubt = Unknown(reason="other_reference", mismatch=True, to_request=True, ref_of_others="r1")
    denied = deny(
        settle_answers(asked, "refund", [doubt], AT, KONBINI).payment, KONBINI, AT, by=STAFF
    ).payment
    assert (dict(denied.disowned), denied.refs_of_others, denied.held_amount) == ({}, ("r1",), 3_300)
    assert look(denied, PAID, terms=KONBINI).contradicted is False


# ---------- what was of others, and is reported rightly ----------


def test_an_object_reported_rightly_is_not_of_others_any_more() -> None:
    doubted = settle_answers(
        refunded(500), None, [replace(OF_ANOTHER, ref_of_others="r1")], AT, KONBINI
    ).payment
    assert "answer_mismatch" in pressed(doubted, KONBINI).calls

    told = look(doubted, PAID, replace(BACK, amount=400), terms=KONBINI)

    assert (told.refs_of_others, told.refund_amounts_in_doubt) == ((), {"p1": 400})
    assert "確認済みにする" in deeds(told, KONBINI)
    assert pressed(told, KONBINI).held_amount == 2_900


def test_an_object_not_in_the_books_leaves_a_true_way_out() -> None:
    asked = cancel(PAID_NUMBER, AT).payment
    doubt = Unknown(reason="other_reference", mismatch=True, to_request=True, ref_of_others="stranger")
    doubted = settle_answers(asked, "refund", [doubt], AT, KONBINI).payment
    assert {"確認済みにする", "依頼は成立していない"} <= deeds(doubted, KONBINI)
    seen = pressed(doubted, KONBINI)
    assert (seen.contradicted, seen.refund_requested_amount) == (False, 3_300)


@pytest.mark.parametrize("known", [True, False])
def test_a_receipt_of_another_order_told_no_more_ends_doubt(known: bool) -> None:
    own = {"receipts": ("r9",), "reversals": ("r9",)} if known else {}
    doubted = PAID_NUMBER.changed(booked_elsewhere={"r9": "N2"}, calls=("answer_mismatch",))
    doubted = doubted.changed(**{name: (*getattr(doubted, name), *ids) for name, ids in own.items()})

    fits = look(doubted, PAID, terms=KONBINI)

    assert (fits.contradicted, fits.calls, dict(fits.booked_elsewhere)) == (False, (), {})
    again = settle_answers(fits, None, [replace(PAID, receipt_id="r9")], AT, KONBINI).payment
    assert again.booked_elsewhere == ({"r9": "N2"} if known else {})


# ---------- captures that did not take place ----------


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_hold_whose_capture_is_told_no_more_is_held_again(cancelled: bool) -> None:
    paid = look(
        settle_answers(HELD.changed(state="capturing"), "capture", [TAKEN], AT, RENEWABLE).payment,
        HOLD,
        TAKEN,
    )
    told = look(paid, HOLD, NoLongerReported(receipts=("a1",)))
    assert (told.contradicted, told.held_amount) == (True, 3_300)

    seen = pressed(cancel(told, AT).payment if cancelled else told)
    found = settle_answers(seen, None, [HOLD], AT, RENEWABLE)

    assert found.payment.held_amount == 0
    assert [one.operation for one in found.requests] == (["void"] if cancelled else [])
    assert found.payment.state == ("voiding" if cancelled else "authorized")
    if not cancelled:
        asked = capture_after_shipping(found.payment, RENEWABLE, AT)
        assert asked.requests[0].sequence > 1, "the first capture was answered"
        again = settle_answers(asked.payment, "capture", [TAKEN], AT, RENEWABLE).payment
        assert (again.state, again.held_amount, again.contradicted) == ("captured", 3_300, False)


def captured_once() -> Payment:
    """An order that was paid by a capture which the provider reports no more."""
    return settle_answers(HELD.changed(state="capturing"), "capture", [TAKEN], AT, RENEWABLE).payment


GONE = NoLongerReported(receipts=("a1",))


@pytest.mark.parametrize("shipped_first", [True, False])
def test_what_was_shipped_is_captured_once_the_hold_is_back(shipped_first: bool) -> None:
    paid = captured_once()
    if shipped_first:
        told = look(capture_after_shipping(paid, RENEWABLE, AT).payment, HOLD, GONE)
    else:
        told = capture_after_shipping(look(paid, HOLD, GONE), RENEWABLE, AT).payment

    back = settle_answers(pressed(told), None, [HOLD], AT, RENEWABLE)

    assert [one.operation for one in back.requests] == ["capture"]
    assert (back.payment.state, back.payment.held_amount) == ("capturing", 0)


def test_shipping_requests_no_capture_of_captured_money() -> None:
    shipped = capture_after_shipping(captured_once(), RENEWABLE, AT)
    assert (shipped.requests, shipped.events, shipped.payment.state) == ((), (), "captured")


def test_a_hold_is_released_after_the_refund_of_its_lost_capture() -> None:
    told = look(cancel(captured_once(), AT).payment, HOLD, GONE)
    refused = settle_answers(
        pressed(told), "refund", [RefundDeclined(reason="InvalidChargeStatus")], AT, RENEWABLE
    ).payment

    back = settle_answers(refused, None, [HOLD, GONE], AT, RENEWABLE)

    assert [one.operation for one in back.requests] == ["void"]
    assert (back.payment.state, back.payment.held_amount) == ("voiding", 0)


def test_a_lost_capture_of_the_own_hold_is_no_other_orders() -> None:
    told = look(captured_once(), HOLD, GONE)
    assert told.contradicted
    assert "この注文の入金ではない" not in deeds(told)
    assert "確認済みにする" in deeds(told)


# ---------- looks that are out of date ----------


def test_a_look_from_before_a_deed_contradicts_nothing() -> None:
    stale = settle_answers(PAID_NUMBER, None, [NoLongerReported(receipts=("r1",))], AT, KONBINI)
    before = PAID_NUMBER.changed(version=PAID_NUMBER.version - 1)
    assert is_outdated(before, PAID_NUMBER, stale)
    assert not is_outdated(PAID_NUMBER, PAID_NUMBER, stale)
