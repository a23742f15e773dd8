"""Money that went out, or was taken back, beyond what was here; and records that staff take back."""

from collections import Counter
from dataclasses import replace

import pytest

from harness.keys import Keys
from payments.calls import rules as call_rules
from payments.chargebacks import rules as chargeback_rules
from payments.desk import call_labels, offers
from payments.payment.locked_payments import settle_answers
from payments.payment.rules import order_wishes
from payments.payment.rules.answers import (
    Authorized,
    Captured,
    CaptureDeclined,
    Chargeback,
    Expired,
    Refunded,
    RefundedInAll,
    Reversed,
    Voided,
)
from payments.payment.rules.drafting import NewRequest, Settled
from payments.payment.rules.moves import State
from payments.payment.rules.payment import Payment
from payments.payment.rules.settling import settle_answer
from payments.payment.rules.standing import with_standing
from payments.payment.rules.terms import Terms
from payments.refunds import rules as refund_rules
from payments.watching.watch_payments import is_overdue
from shared.events import (
    PaymentCaptured,
    PaymentExpired,
    PaymentRefunded,
    PaymentStandingChanged,
    RefundTakenBack,
)
from tests.payments.conftest import Shopping
from tests.payments.konbini_numbers import issued, notify
from tests.payments.order_examples import cancelled
from tests.payments.payment_examples import AT, BANK, CARD, DUE, KONBINI, NUMBER, PAID, RENEWABLE, payment
from tests.payments.staff import press, sign_in
from tests.payments.transfers import awaited, today

LIVE = payment("captured", number=NUMBER, captured_amount=3_300, receipts=("r1",))
OUT = Refunded(refund_ref="b1", amount=3_500, route="bank_transfer")
BACK = Reversed(receipt_id="r1", amount=3_300)


def receivable(*settled: Settled) -> int:
    books: Counter[str] = Counter()
    for entry in (entry for one in settled for entry in one.entries):
        books[entry.debit] += entry.amount
        books[entry.credit] -= entry.amount
    return books["receivable"]


def shown(one: Payment) -> str:
    return " ".join(text for _, text in call_labels.calls(one, BANK))


def standing(before: Payment, settled: Settled) -> PaymentStandingChanged:
    told = with_standing(before, settled, AT).events[-1]
    assert isinstance(told, PaymentStandingChanged)
    return told


def test_nothing_goes_back_beside_a_refund_nobody_explains() -> None:
    over = settle_answer(LIVE, None, OUT, AT, BANK)
    assert (over.payment.held_amount, over.payment.lost_amount) == (0, 200)
    assert receivable(over) == -3_500
    assert "¥200多い返金が銀行にあります" in shown(over.payment)
    told = standing(LIVE, over)
    assert (told.refunded_amount, told.lost_amount) == (3_300, 200)
    assert "refund_unexplained" in told.calls
    ended = order_wishes.cancel(over.payment, AT)
    assert (ended.requests, ended.payment.calls) == ((), over.payment.calls)
    more = Captured(amount=300, captured_at=AT, receipt_id="r2")
    explained = settle_answer(ended.payment, None, more, AT, BANK)
    assert (explained.payment.lost_amount, explained.requests) == (0, (NewRequest("refund", 100, 2),))
    assert "refund_unexplained" not in explained.payment.calls


def test_part_of_what_is_missing_explains_and_returns_nothing() -> None:
    over = settle_answer(LIVE, None, OUT, AT, BANK).payment
    part = settle_answer(over, None, Captured(amount=50, captured_at=AT, receipt_id="r2"), AT, BANK).payment
    assert (part.lost_amount, part.held_amount, part.refund_requested_amount) == (150, 0, 0)
    seen = call_rules.mark_seen(part, CARD, AT, by="佐藤").payment
    assert (seen.lost_amount, "refund_unexplained" in seen.calls) == (150, False)


def test_a_sum_the_provider_tells_is_booked_in_full_and_once() -> None:
    for _ in range(2):
        over = settle_answers(LIVE, None, [RefundedInAll(amount=3_500)] * 2, AT, CARD)
    assert (over.payment.lost_amount, receivable(over)) == (200, -3_500)
    named = settle_answers(
        over.payment, None, [replace(OUT, amount=3_500), RefundedInAll(amount=3_500)], AT, CARD
    )
    assert (named.payment.lost_amount, named.entries) == (200, ())


def test_a_refund_known_by_its_sum_is_not_our_equal_one() -> None:
    known = settle_answer(LIVE, None, RefundedInAll(amount=1_000), AT, CARD).payment
    asked = replace(known, refund_requested_amount=1_000)
    named = settle_answer(asked, None, replace(OUT, amount=1_000), AT, CARD).payment
    assert (named.refunded_amount, named.unnamed_refund_amount, named.refund_requested_amount) == (
        1_000,
        0,
        1_000,
    )
    own = Refunded(refund_ref="b2", amount=1_000, route="provider")
    ours = settle_answer(named, "refund", own, AT, CARD).payment
    assert (ours.refunded_amount, ours.refund_requested_amount) == (2_000, 0)


def test_a_receipt_taken_back_after_its_refund_is_a_seen_loss() -> None:
    before = replace(LIVE, order_cancelled=True, state="refunded", refunded_amount=3_300)
    settled = settle_answer(before, None, BACK, AT, KONBINI)
    assert (settled.payment.lost_amount, settled.payment.calls) == (3_300, ("receipt_reversed",))
    assert receivable(settled) == -3_300
    assert "¥3,300がお店の損失" in shown(settled.payment)
    assert settle_answer(settled.payment, None, BACK, AT, KONBINI) == Settled(settled.payment)
    again = settle_answer(settled.payment, None, replace(PAID, receipt_id="r2"), AT, KONBINI)
    assert (again.payment.lost_amount, again.payment.held_amount, again.requests) == (0, 0, ())
    assert receivable(settled, again) == 0


def test_a_number_whose_money_is_taken_back_awaits_its_buyer() -> None:
    part = replace(LIVE, suspense_amount=500, calls=("excess_money",))
    settled = settle_answer(part, None, BACK, AT, KONBINI)
    waits = settled.payment
    assert (waits.state, waits.captured_amount, waits.spare_amount) == ("waiting", 0, 500)
    assert waits.calls == ("receipt_reversed", "short_money")
    assert standing(part, settled).captured_amount == 0
    assert is_overdue(waits, KONBINI, DUE)
    late = settle_answer(waits, None, Expired(), AT, KONBINI)
    assert (type(late.events[0]), [ask.operation for ask in late.requests]) == (
        PaymentExpired,
        ["void", "refund"],
    )
    ended = order_wishes.cancel(settle_answer(LIVE, None, BACK, AT, KONBINI).payment, AT)
    assert (ended.payment.state, ended.requests) == ("voiding", (NewRequest("void", 3_300),))
    assert settle_answer(ended.payment, "void", Voided(), AT, KONBINI).payment.state == "voided"
    rest = settle_answer(waits, None, Captured(amount=2_800, captured_at=AT, receipt_id="r2"), AT, KONBINI)
    assert (rest.payment.state, rest.payment.sale_amount) == ("captured", 3_300)
    assert isinstance(rest.events[0], PaymentCaptured)


def test_a_lost_chargeback_is_told_and_stays_until_seen() -> None:
    told = Chargeback(reference="d1", amount=3_300)
    disputed = settle_answer(LIVE, None, told, AT, CARD).payment
    lost = chargeback_rules.decide_chargeback(disputed, AT, reference="d1", state="lost", by="佐藤")
    [said] = lost.events
    assert isinstance(said, PaymentRefunded)
    assert (said.amount, said.remaining_amount, said.by_dispute) == (3_300, 0, True)
    assert (lost.payment.state, lost.payment.calls) == ("refunded", ("chargeback_lost",))
    assert call_rules.mark_seen(lost.payment, CARD, AT, by="佐藤").payment.calls == ()


def test_all_disputed_money_is_booked_after_a_part_refund() -> None:
    before = replace(LIVE, refunded_amount=500, refunds=("f1",))
    lost = settle_answer(before, None, Chargeback(reference="d1", amount=3_300, state="lost"), AT, CARD)
    assert (lost.payment.refunded_amount, lost.payment.lost_amount) == (3_300, 500)
    assert receivable(lost) == -3_300
    assert "合わせて¥500がお店の損失" in shown(lost.payment)
    same = settle_answer(lost.payment, None, RefundedInAll(amount=500), AT, CARD)
    assert same == Settled(lost.payment), "the provider counts no chargeback as a refund"


def test_a_chargeback_that_was_won_calls_again_once_opened_again() -> None:
    told = Chargeback(reference="d1", amount=3_300, notice_id="n1")
    disputed = settle_answer(LIVE, None, told, AT, CARD).payment
    won = chargeback_rules.decide_chargeback(disputed, AT, reference="d1", state="won", by="佐藤").payment
    assert settle_answer(won, None, told, AT, CARD) == Settled(won), "the same notice is no news"
    again = settle_answer(won, None, replace(told, notice_id="n2"), AT, CARD).payment
    assert (won.calls, again.calls, len(again.open_chargebacks)) == ((), ("chargeback",), 1)
    lost = settle_answer(won, None, replace(told, state="lost"), AT, CARD).payment
    assert (lost.held_amount, lost.calls) == (0, ("chargeback_lost",))


def test_staff_say_how_much_of_what_was_disputed_was_lost() -> None:
    disputed = settle_answer(LIVE, None, Chargeback(reference="d1", amount=3_300), AT, CARD).payment
    lost = chargeback_rules.decide_chargeback(
        disputed, AT, reference="d1", state="lost", by="佐藤", amount=500
    ).payment
    assert (lost.refunded_amount, lost.charged_back_amount, lost.held_amount) == (500, 500, 2_800)
    won = chargeback_rules.decide_chargeback(
        disputed, AT, reference="d1", state="won", by="佐藤", amount=500
    ).payment
    assert (won.chargebacks[0].amount, won.held_amount) == (3_300, 3_300)
    assert (
        chargeback_rules.lost_amount_max(disputed, "d1"),
        chargeback_rules.lost_amount_max(won, "d1"),
    ) == (3_300, None)


def test_staff_say_what_was_disputed_where_the_provider_does_not() -> None:
    unknown = settle_answer(LIVE, None, Chargeback(reference="d1", amount=0), AT, CARD).payment
    lost = chargeback_rules.decide_chargeback(
        unknown, AT, reference="d1", state="lost", by="佐藤", amount=1_000
    ).payment
    assert (lost.refunded_amount, lost.chargebacks[0].amount) == (1_000, 1_000)


@pytest.mark.parametrize("state", ["authorized", "reauthorizing"])
def test_what_is_shipped_is_captured_once_money_is_held_anew(state: str) -> None:
    held = payment("authorized", authorization_id="a1")
    if state == "authorized":
        asked = order_wishes.capture_after_shipping(held, RENEWABLE, AT).payment
        gone = settle_answer(asked, "capture", CaptureDeclined(reason="x"), AT, RENEWABLE).payment
        renewed = order_wishes.reauthorize(gone, RENEWABLE, AT, by="佐藤").payment
    else:
        anew = order_wishes.reauthorize(held, RENEWABLE, AT, by="佐藤").payment
        shipped = order_wishes.capture_after_shipping(anew, RENEWABLE, AT)
        assert shipped.events == ()
        renewed = settle_answer(shipped.payment, "void", Voided(), AT, RENEWABLE).payment
    assert renewed.state == "reauthorizing"
    granted = Authorized(authorization_id="a2", amount=3_300, authorized_at=AT)
    settled = settle_answer(renewed, "reauthorize", granted, AT, RENEWABLE)
    assert (settled.payment.state, settled.requests) == ("capturing", (NewRequest("capture", 3_300, 2),))


def test_a_refund_written_down_and_told_by_the_bank_is_one() -> None:
    written = refund_rules.record_outside_refund(
        LIVE, AT, ref="desk:1", amount=500, route="bank_transfer", note="", by="佐藤"
    ).payment
    told = settle_answer(written, None, replace(OUT, amount=500), AT, BANK)
    assert (told.payment.refunded_amount, told.entries, told.events) == (500, (), ())
    assert (told.payment.beside_provider_amount, told.payment.outside) == (0, ())
    second = settle_answer(told.payment, None, replace(OUT, refund_ref="b2", amount=500), AT, BANK).payment
    assert second.refunded_amount == 1_000
    other = settle_answer(written, None, replace(OUT, amount=500, route="gift_card"), AT, BANK).payment
    assert other.refunded_amount == 1_000, "by another way it is another refund"


def test_what_did_not_go_back_is_here_and_left_to_a_person() -> None:
    before = replace(LIVE, order_cancelled=True, state="owed", calls=("refund_failed",))
    written = refund_rules.record_outside_refund(
        before, AT, ref="desk:1", amount=3_300, route="bank_transfer", note="", by="佐藤"
    )
    back = refund_rules.take_back_refund(written.payment, AT, ref="desk:1", by="佐藤")
    assert (back.payment.state, back.payment.held_amount) == ("owed", 3_300)
    assert (back.payment.calls, back.requests) == (("refund_failed",), ())
    (told,), (took_back,) = written.events, back.events
    assert isinstance(told, PaymentRefunded)
    assert isinstance(took_back, RefundTakenBack)
    assert (took_back.refund_id, took_back.amount, took_back.route) == (told.refund_id, 3_300, told.route)
    assert (took_back.remaining_amount, took_back.by) == (3_300, "佐藤")
    assert receivable(written, back) == 0
    assert refund_rules.may_refund_again(back.payment)
    assert refund_rules.take_back_refund(back.payment, AT, ref="desk:1", by="佐藤") == Settled(back.payment)


def test_a_part_that_did_not_go_back_is_told_as_here_again() -> None:
    paid = replace(LIVE, suspense_amount=200, receipts=("r1", "r2"))
    written = refund_rules.record_outside_refund(
        paid, AT, ref="desk:1", amount=500, route="gift_card", note="", by="佐藤"
    )
    back = refund_rules.take_back_refund(written.payment, AT, ref="desk:1", by="佐藤")
    (took_back,) = back.events
    assert isinstance(took_back, RefundTakenBack)
    assert (took_back.amount, took_back.spare_amount, took_back.remaining_amount) == (500, 200, 3_300)


async def test_money_beside_a_paid_order_is_recorded_and_taken_back(shopping: Shopping, keys: Keys) -> None:
    await awaited(shopping)
    payments = shopping.payments
    sign_in(payments.browser, keys)
    day = today().isoformat()
    for mark, amount in (("a", 3_300), ("b", 1_000)):
        form = {"amount": amount, "deposited_on": day, "receipt_id": "desk:" + mark * 32}
        done = await press(payments, "N1", "deposit", **form)
        assert done.status_code == 303, done.text
    seen = await payments.payment("N1")
    assert (seen.state, seen.spare_amount, seen.calls) == ("captured", 1_000, ("excess_money",))
    page = (await payments.browser.get("/desk/payments/N1")).text
    assert "過入金を返金する" in page
    assert "この注文は入金済み（お預かり ¥3,300）です" in page
    for mark in ("b", "a"):
        back = await press(payments, "N1", "deposit/take-back", ref="desk:" + mark * 32)
        assert back.status_code == 303, back.text
    seen = await payments.payment("N1")
    assert (seen.state, seen.held_amount, seen.calls) == ("waiting", 0, ())
    assert (await payments.said(PaymentRefunded)) == []
    standings = await payments.said(PaymentStandingChanged)
    last = standings[-1]
    assert isinstance(last, PaymentStandingChanged)
    assert last.captured_amount == 0
    assert "この入金記録を取り消す" not in (await payments.browser.get("/desk/payments/N1")).text


async def test_a_till_that_takes_back_after_a_refund_is_in_the_books(shopping: Shopping) -> None:
    number = await issued(shopping)
    await shopping.konbini.pay(number)
    await notify(shopping)
    await shopping.payments.hears(cancelled("N1"))
    await shopping.payments.work()
    await shopping.konbini.take_back(number)
    await notify(shopping)
    seen = await shopping.payments.payment("N1")
    assert (seen.state, seen.lost_amount, seen.calls) == ("refunded", 3_300, ("receipt_reversed",))
    rows = await shopping.payments.rows(
        "SELECT account, sum(debit - credit) AS left FROM journal_lines GROUP BY 1 HAVING sum(debit - credit) <> 0"
    )
    assert {row.account: row.left for row in rows} == {
        "receivable": -3_300,
        "sales": -3_300,
        "refunds": 3_300,
        "losses": 3_300,
    }


async def test_a_cancelled_order_closes_a_number_taken_back(shopping: Shopping, keys: Keys) -> None:
    number = await issued(shopping)
    await shopping.konbini.pay(number)
    await notify(shopping)
    await shopping.konbini.take_back(number)
    await notify(shopping)
    assert (await shopping.payments.payment("N1")).state == "waiting"
    await shopping.payments.hears(cancelled("N1"))
    shopping.konbini.go_wrong("void", "lost_answer")
    await shopping.payments.work()
    sign_in(shopping.payments.browser, keys)
    await press(shopping.payments, "N1", "look-up")
    await shopping.payments.work()
    assert (await shopping.payments.payment("N1")).state == "voided"


@pytest.mark.parametrize("state", ["won", "lost"])
def test_the_rest_of_a_refund_goes_back_once_a_chargeback_ends(state: str) -> None:
    waits = payment("refunding", captured_amount=3_300, receipts=("r1",), order_cancelled=True)
    disputed = settle_answer(waits, None, Chargeback(reference="d1", amount=300), AT, CARD)
    assert disputed.requests == ()
    ended = chargeback_rules.decide_chargeback(disputed.payment, AT, reference="d1", state=state, by="佐藤")  # type: ignore[arg-type]
    assert ended.requests == (
        NewRequest("refund", 3_300 if state == "won" else 3_000, len(ended.payment.refunds) + 1),
    )


def test_short_money_beside_a_hold_offers_what_can_be_done() -> None:
    held = payment("authorized", suspense_amount=300, calls=("short_money",), authorization_id="a1")
    text = shown(held)
    assert "残りの¥3,000は承認済" in text
    assert "不足のまま確定" not in text


@pytest.mark.parametrize(
    ("state", "terms", "words", "not_said"),
    [
        ("waiting", KONBINI, "お客様に連絡し、不足のまま確定するか", "残額の入金を待つ"),
        ("waiting", BANK, "残額の入金を待つか、不足のまま確定するか", "お客様に連絡"),
        ("short", RENEWABLE, "残額を再与信するか、不足のまま確定するか", "残額の入金を待つ"),
        ("short", CARD, "お客様に連絡し、不足のまま確定するか", "再与信"),
        ("reauthorizing", RENEWABLE, "残りの¥3,000を再与信しています", "不足のまま確定"),
    ],
    ids=["konbini", "bank", "renewable", "not renewable", "under way"],
)
def test_short_money_tells_how_the_rest_can_come(
    state: State, terms: Terms, words: str, not_said: str
) -> None:
    short = payment(state, suspense_amount=300, calls=("short_money",), ended_holds=("a1",))
    text = " ".join(text for _, text in call_labels.calls(short, terms))
    assert words in text
    assert not_said not in text


def test_late_money_after_a_lost_chargeback_is_asked_for_once() -> None:
    late = payment("voided", suspense_amount=300, calls=("late_money",), order_cancelled=True)
    failed = payment("owed", suspense_amount=300, calls=("refund_failed",), order_cancelled=True)
    labels = [[offer.label for offer in offers.offers(one, CARD)] for one in (late, failed)]
    assert [names[0] for names in labels] == ["返金を依頼する", "返金をもう一度依頼する"]
