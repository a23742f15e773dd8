"""Money that others moved, holds that end, chargebacks, and what staff do about them: seen from the service."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from harness.hearing import said
from harness.keys import Keys
from payments.calls import rules as call_rules
from payments.chargebacks import rules as chargeback_rules
from payments.deposits import rules as deposit_rules
from payments.methods.method import Notice
from payments.notices.rows import insert_notice
from payments.payment.locked_payments import settle_answers
from payments.payment.rules import order_wishes
from payments.payment.rules.answers import (
    Answer,
    Authorized,
    Captured,
    Chargeback,
    Declined,
    Expired,
    RefundDeclined,
    Refunded,
    RefundedInAll,
    Reversed,
    Voided,
)
from payments.payment.rules.details import CaptureWish
from payments.payment.rules.drafting import NewRequest, Settled
from payments.payment.rules.holds.ends import release_hold_if_too_old
from payments.payment.rules.payment import Payment
from payments.payment.rules.settling import settle_answer
from payments.payment.rules.standing import with_standing
from payments.payment.rules.terms import Terms
from payments.refunds import rules as refund_rules
from payments.requests.refund_replies import set_apart
from shared.clock import now
from shared.events import (
    AuthorizationEnded,
    CaptureRejected,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeedDone,
    PaymentRefunded,
    PaymentStandingChanged,
    PaymentVoided,
)
from tests.payments.conftest import Shopping
from tests.payments.desk import press, sign_in
from tests.payments.konbini_numbers import give_back_by_hand, issued, notify
from tests.payments.order_examples import cancelled, placed, reserved
from tests.payments.payment_examples import (
    ABOUT,
    AT,
    BANK,
    CARD,
    GRANTED,
    KONBINI,
    NUMBER,
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


def test_an_order_of_nothing_is_paid_at_once_and_nobody_is_asked() -> None:
    free = payment("placed", amount=0)
    for terms in (CARD, KONBINI, BANK):
        begun = order_wishes.begin(free, terms)
        assert (begun.payment.state, begun.requests, kinds(begun)) == ("captured", (), [PaymentCaptured])
        assert order_wishes.cancel(begun.payment, AT).requests == ()


def test_an_open_chargeback_calls_staff_and_stops_refunds() -> None:
    before = payment("captured", captured_amount=3_300)
    due = AT + timedelta(days=7)
    told = Chargeback(reference="d1", amount=3_300, respond_by=due)
    disputed = settle_answer(before, None, told, AT, CARD).payment
    assert (disputed.calls, disputed.respond_by) == (("chargeback",), due)
    assert call_rules.to_be_seen(disputed) == ()
    cancelled_too = order_wishes.cancel(disputed, AT)
    assert cancelled_too.requests == (), "nothing goes back twice"
    won = chargeback_rules.decide_chargeback(
        cancelled_too.payment, AT, reference="d1", state="won", by="佐藤"
    )
    assert (won.requests, won.payment.calls) == ((NewRequest("refund", 3_300),), ())
    lost = chargeback_rules.decide_chargeback(
        cancelled_too.payment, AT, reference="d1", state="lost", by="佐藤"
    )
    assert (lost.requests, lost.payment.state, lost.payment.held_amount) == ((), "refunded", 0)
    again = settle_answer(lost.payment, None, told, AT, CARD)
    assert again.payment == lost.payment, "old news does not open it again"


def test_a_till_that_takes_its_receipt_back_clears_the_suspense() -> None:
    late = settle_answer(payment("expired", number=NUMBER), None, PAID, AT, KONBINI).payment
    failed = settle_answer(late, "refund", RefundDeclined(reason="x"), AT, KONBINI).payment
    back = Reversed(receipt_id="r1", amount=3_300)
    cleared = settle_answer(failed, None, back, AT, KONBINI)
    assert (cleared.payment.state, cleared.payment.held_amount) == ("voided", 0)
    assert cleared.payment.calls == ()
    assert settle_answer(cleared.payment, None, back, AT, KONBINI) == Settled(cleared.payment)
    # A refund under way may have been given: its answer decides.
    awaited = settle_answer(late, None, back, AT, KONBINI).payment
    assert (awaited.state, awaited.refundable_amount) == ("refunding", 0)
    declined = settle_answer(awaited, "refund", RefundDeclined(reason="x"), AT, KONBINI).payment
    assert (declined.state, declined.held_amount, declined.calls) == ("voided", 0, ())
    paid = settle_answer(payment("waiting", number=NUMBER), None, PAID, AT, KONBINI).payment
    unpaid = settle_answer(paid, None, back, AT, KONBINI).payment
    assert (unpaid.state, unpaid.captured_amount, unpaid.calls) == ("waiting", 0, ("receipt_reversed",))


def test_staff_take_short_money_for_the_whole() -> None:
    before = payment("waiting", number=NUMBER, suspense_amount=3_000, calls=("short_money",))
    settled = deposit_rules.accept_short(before, KONBINI, AT, by="佐藤")
    assert (settled.payment.state, settled.payment.sale_amount) == ("captured", 3_000)
    assert (settled.payment.calls, settled.payment.spare_amount) == ((), 0)
    assert kinds(settled) == [PaymentCaptured]
    assert deposit_rules.accept_short(settled.payment, KONBINI, AT, by="佐藤") == Settled(settled.payment)


def test_spare_money_goes_back_and_the_order_stays_paid() -> None:
    before = payment("captured", captured_amount=3_300, suspense_amount=500, calls=("excess_money",))
    asked = refund_rules.refund_spare(before, KONBINI, AT, by="佐藤")
    assert asked.requests == (NewRequest("refund", 500),)
    over = order_wishes.cancel(asked.payment, AT)
    assert over.requests == (), "one refund is awaited before the next"
    done = settle_answer(over.payment, "refund", Refunded(refund_ref="f1", amount=500), AT, KONBINI)
    assert done.requests == (NewRequest("refund", 3_300, 2),)
    refused = settle_answer(asked.payment, "refund", RefundDeclined(reason="x"), AT, KONBINI).payment
    assert (refused.state, refused.calls) == ("captured", ("excess_money", "refund_failed"))
    assert order_wishes.cancel(refused, AT).requests == (NewRequest("refund", 3_800, 2),)


def test_what_staff_returned_is_booked_once_and_never_beyond() -> None:
    before = payment("owed", order_cancelled=True, captured_amount=3_300, calls=("refund_failed",))
    deed: dict[str, Any] = {"ref": "desk:1", "route": "bank_transfer", "note": "三菱", "by": "佐藤"}
    assert refund_rules.record_outside_refund(before, AT, amount=3_301, **deed) == Settled(before)
    settled = refund_rules.record_outside_refund(before, AT, amount=3_300, **deed)
    assert (settled.payment.state, settled.payment.calls) == ("refunded", ())
    assert (settled.steps[0].by, settled.steps[0].note) == ("佐藤", "三菱")
    assert kinds(settled) == [PaymentRefunded]
    assert refund_rules.record_outside_refund(settled.payment, AT, amount=1, **deed) == Settled(
        settled.payment
    )


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
    )
    assert told.model_dump() == expected.model_dump()
    seen = call_rules.mark_seen(said.payment, CARD, AT, by="佐藤")
    over = with_standing(said.payment, seen, AT).events[-1]
    assert isinstance(over, PaymentStandingChanged)
    assert (over.revision, over.calls) == (6, ())


async def test_a_cancellation_returns_the_rest_after_an_untold_refund(
    shopping: Shopping,
) -> None:
    number = await issued(shopping)
    await shopping.konbini.pay(number)
    await notify(shopping)
    await give_back_by_hand(shopping, number, 1_000)
    await shopping.payments.hears(cancelled("N1"))
    await shopping.payments.work()
    assert shopping.konbini.returned(number) == [1_000, 2_300]
    seen = await shopping.payments.payment("N1")
    assert (seen.state, seen.held_amount) == ("refunded", 0)


async def test_a_refusal_returned_elsewhere_is_recorded_with_a_name(shopping: Shopping, keys: Keys) -> None:
    number = await issued(shopping)
    await shopping.konbini.pay(number)
    await notify(shopping)
    await shopping.payments.hears(cancelled("N1"))
    shopping.konbini.go_wrong("refund", "decline")
    await shopping.payments.work()
    sign_in(shopping.payments.browser, keys)
    form = {"route": "bank_transfer", "note": "口座へ", "refund_id": "desk:" + "a" * 32}
    too_much = await press(shopping.payments, "N1", "outside", returned_amount="3,301", **form)
    assert too_much.status_code == 422
    assert "返金できるのは¥3,300までです。" in too_much.text
    odd = await press(
        shopping.payments, "N1", "outside", returned_amount="3,300", **{**form, "note": "口座\u202eへ"}
    )
    assert odd.status_code == 422, "no sign that turns the rest of the line around"
    for _ in range(2):
        seen = await shopping.payments.payment("N1")
        done = await press(shopping.payments, "N1", "outside", returned_amount="3,300", **form)
        assert done.status_code == 303
    assert (await shopping.payments.payment("N1")).refunded_amount == 3_300
    assert seen.state == "refunded"
    page = (await shopping.payments.browser.get("/desk/payments/N1")).text
    assert "銀行振込 ¥3,300 口座へ" in page
    assert "佐藤 店長" in page
    assert "別の方法で返金済みとして記録する" not in page


async def test_many_notices_about_one_payment_make_one_question(shopping: Shopping) -> None:
    number = await issued(shopping)
    await shopping.konbini.pay(number, tell=False)
    asked = 0
    konbini: Any = shopping.payments.methods["konbini"]
    look_up = konbini.look_up

    async def counted(payment: Payment) -> Any:
        nonlocal asked
        asked += 1
        return await look_up(payment)

    async with shopping.payments.db.transaction() as tx:
        for count in range(50):
            await insert_notice(tx, "konbini", Notice(f"n{count}", number.payment_id.hex), b"{}", now())
    konbini.look_up = counted
    await shopping.payments.work()
    assert asked == 1
    states = await shopping.payments.rows("SELECT state, count(*) AS all FROM notices GROUP BY 1")
    assert [tuple(row) for row in states] == [("done", 50)]
    assert (await shopping.payments.payment("N1")).state == "captured"


async def test_unclear_notices_are_listed_until_staff_have_seen_them(shopping: Shopping, keys: Keys) -> None:
    number = await issued(shopping)
    notices = (
        Notice("odd", number.payment_id.hex, "不明な通知", known=False),
        Notice("x" * 60_000, number.payment_id.hex, "a\0b\ud800"),
        Notice("of nobody", None, "about nothing " + "何" * 100, known=False),
    )
    async with shopping.payments.db.transaction() as tx:
        for one in notices:
            await insert_notice(tx, "konbini", one, b"\0\xff", now())
    await shopping.payments.work()
    states = await shopping.payments.rows("SELECT state FROM notices ORDER BY state")
    assert [row.state for row in states] == ["done", "unknown", "unknown"]
    browser = shopping.payments.browser
    sign_in(browser, keys)
    assert "未対応の通知が2件あります" in (await browser.get("/desk/payments")).text
    page = (await browser.get("/desk/payments/notices")).text
    assert "/desk/payments/N1" in page
    shown, _, on_demand = page.partition("about nothing")[2].partition("<details>")
    assert "何" * 40 in shown
    assert "何" * 60 not in shown
    assert "何" * 100 in on_demand.partition("</details>")[0]
    rows = await shopping.payments.rows("SELECT notice_key FROM notices WHERE state = 'unknown'")
    for row in rows:
        path = f"/desk/payments/notices/{row.notice_key}/seen"
        assert [(await browser.post(path)).status_code for _ in range(2)] == [303, 409]
    told = [event for event in await said(shopping.payments.db) if isinstance(event, PaymentDeedDone)]
    assert {(one.subject, one.order_code, one.by) for one in told} == {
        (
            "通知 odd（コンビニ・ATM・ネットバンキング・電子マネー払い）：確認済みにしました",
            "N1",
            "佐藤 店長",
        ),
        (
            "通知 of nobody（コンビニ・ATM・ネットバンキング・電子マネー払い）：確認済みにしました",
            "",
            "佐藤 店長",
        ),
    }
    assert len(told) == 2, "once each"
    assert "未対応の通知はありません" in (await browser.get("/desk/payments/notices")).text


async def test_a_genuine_unreadable_notice_is_kept_and_refused_once(shopping: Shopping) -> None:
    number = await issued(shopping)
    await shopping.konbini.pay(number)
    [(headers, body)] = shopping.konbini.notices()
    [name] = headers.keys() - {"content-type"}
    for wrong in (b'{"notice_id": "\\ud800"}', body.replace(b'"paid"', b"7"), b"\0"):
        signed = headers | {name: shopping.konbini._app.state.sender.sign(wrong)}
        answer = await shopping.payments.browser.post(
            "/payments/konbini/notices", content=wrong, headers=signed
        )
        assert answer.status_code == 400
    kept = await shopping.payments.rows("SELECT state, body FROM notices")
    assert {row.state for row in kept} == {"unreadable"}
    assert len(kept) == 3


def test_money_after_a_lost_chargeback_waits_for_a_person() -> None:
    captured = payment("captured", captured_amount=3_300, suspense_amount=1_700, receipts=("r0",))
    lost = settle_answer(
        captured, None, Chargeback(reference="c1", amount=5_000, state="lost"), AT, BANK
    ).payment
    assert (lost.state, lost.held_amount) == ("refunded", 0)
    for before in (lost, replace(lost, order_cancelled=True)):
        late = settle_answer(before, None, Captured(amount=3_300, captured_at=AT, receipt_id="r2"), AT, BANK)
        assert (late.payment.state, late.requests) == ("refunded", ())
        assert set(late.payment.calls) == {"chargeback_lost", "late_money"}
        again = refund_rules.refund_again(late.payment, AT, by="staff")
        assert again.requests == (NewRequest("refund", 3_300, sequence=2),)


def test_a_new_refund_is_not_one_that_only_the_sum_told_of() -> None:
    began = payment("refunding", captured_amount=5_000, refund_asked_amount=3_000, order_cancelled=True)
    known = settle_answer(began, None, RefundedInAll(amount=500), AT, KONBINI).payment
    assert (known.unnamed_refund_amount, known.held_amount) == (500, 4_500)
    reply = set_apart(began, [RefundedInAll(amount=500)], Refunded(refund_ref="f1", amount=3_000), KONBINI)
    done = settle_answer(known, "refund", reply, AT, KONBINI)
    assert (done.payment.unnamed_refund_amount, done.payment.refunded_amount) == (500, 3_500)
    assert [ask.amount for ask in done.requests] == [1_500], "what is left, and no more"
    named = settle_answer(done.payment, None, Refunded(refund_ref="console", amount=500), AT, KONBINI).payment
    assert (named.unnamed_refund_amount, named.refunded_amount) == (0, 3_500)


async def test_who_is_late_hears_that_a_deed_was_done_by_another(shopping: Shopping, keys: Keys) -> None:
    await shopping.payments.hears(placed("N1", "card"), reserved("N1"))
    await shopping.payments.work()
    sign_in(shopping.payments.browser, keys)
    seen = await shopping.payments.payment("N1")
    first = await press(shopping.payments, "N1", "void", version=seen.version)
    late = await press(shopping.payments, "N1", "void", version=seen.version)
    assert (first.status_code, late.status_code) == (303, 409)
    assert "この決済は他の操作で更新されました。" in late.text
    await shopping.payments.work()
    told = await shopping.payments.said(PaymentVoided, AuthorizationEnded, CaptureRejected)
    assert [type(event) for event in told] == [PaymentVoided, AuthorizationEnded]
