"""A hold captured in parts, a paid order of which a part goes back, and second tries of what was refused."""

import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from harness.hearing import said
from harness.keys import Keys
from payments.calls import rules as call_rules
from payments.deposits import rules as deposit_rules
from payments.desk import call_labels
from payments.payment.rules import order_wishes
from payments.payment.rules.answers import (
    Captured,
    CaptureDeclined,
    CaptureRefused,
    Expired,
    RefundDeclined,
    Refunded,
    Voided,
)
from payments.payment.rules.details import CaptureWish
from payments.payment.rules.drafting import NewRequest, Settled
from payments.payment.rules.payment import Payment, State
from payments.payment.rules.reports.known import reported_before
from payments.payment.rules.settling import settle_answer
from payments.payment.rules.standing import with_standing
from payments.payment.rules.terms import Terms
from payments.refunds import rules as refund_rules
from shared.clock import clock
from shared.events import (
    AuthorizationEnded,
    CaptureRejected,
    PaymentCaptured,
    PaymentDeedDone,
    PaymentRefunded,
    PaymentStandingChanged,
)
from shared.ids import new_id
from tests.payments.conftest import Shopping
from tests.payments.konbini_numbers import issued, notify
from tests.payments.order_examples import cancelled, capture_requested, placed, shipped
from tests.payments.payment_examples import AT, CARD, CASH, HELD, payment
from tests.payments.staff import press, sign_in

PARTS = Terms(flow="authorized", deposit="capture", may_reauthorize=True, part_captures=True)
FIRST = Captured(amount=1_000, captured_at=AT, receipt_id="r1")
SECOND = Captured(amount=2_300, captured_at=AT, receipt_id="r2")
HOLDING = payment(**HELD)
LIVE = payment("captured", authorization_id="a1", captured_amount=3_300, receipts=("r1",))


def kinds(settled: Settled) -> list[type]:
    return [type(event) for event in settled.events]


def wanted(amount: int | None = None, before: Payment = HOLDING, terms: Terms = PARTS) -> Settled:
    return order_wishes.capture_for_staff(before, terms, AT, send_mail=False, by="佐藤", amount=amount)


def books(*settled: Settled) -> Counter[str]:
    found: Counter[str] = Counter()
    for entry in (entry for one in settled for entry in one.entries):
        found[entry.debit] += entry.amount
        found[entry.credit] -= entry.amount
    return found


def test_each_part_is_a_request_and_the_last_pays_the_order() -> None:
    asked = wanted(1_000)
    assert asked.requests == (NewRequest("capture", 1_000),)
    part = settle_answer(asked.payment, "capture", FIRST, AT, PARTS)
    assert (part.payment.state, part.payment.capture_wish, part.payment.parts) == (
        "authorized",
        None,
        ("r1",),
    )
    assert (part.events, part.payment.calls) == ((), ()), "nobody has to look at it"
    rest = wanted(before=part.payment)
    assert rest.requests == (NewRequest("capture", 2_300, 2),)
    paid = settle_answer(rest.payment, "capture", SECOND, AT, PARTS)
    assert (paid.payment.state, paid.payment.captured_amount, paid.payment.spare_amount) == (
        "captured",
        3_300,
        0,
    )
    assert [event.amount for event in paid.events if isinstance(event, PaymentCaptured)] == [3_300]
    assert books(part, paid) == {"receivable": 3_300, "sales": -3_300, "suspense": 0}


def test_a_part_is_told_as_money_that_is_here() -> None:
    before = wanted(1_000).payment
    told = with_standing(before, settle_answer(before, "capture", FIRST, AT, PARTS), AT).events
    assert [(type(one), one.suspense_amount, one.calls) for one in told] == [  # type: ignore[attr-defined]
        (PaymentStandingChanged, 1_000, ())
    ]


def test_who_takes_less_than_asked_is_asked_for_the_rest() -> None:
    asked = order_wishes.capture_after_shipping(HOLDING, PARTS, AT)
    part = settle_answer(asked.payment, "capture", FIRST, AT, PARTS)
    assert (part.payment.state, part.requests) == ("capturing", (NewRequest("capture", 2_300, 2),))
    assert part.payment.capture_wish == CaptureWish("shipped")


def test_what_is_shipped_during_a_part_is_captured_next() -> None:
    shipped_meanwhile = order_wishes.capture_after_shipping(wanted(1_000).payment, PARTS, AT)
    assert shipped_meanwhile.requests == ()
    part = settle_answer(shipped_meanwhile.payment, "capture", FIRST, AT, PARTS)
    assert part.requests == (NewRequest("capture", 2_300, 2),)


def test_the_whole_wanted_during_a_part_is_asked_for_next() -> None:
    whole = wanted(before=wanted(1_000).payment)
    assert (whole.requests, whole.events) == ((), ())
    assert settle_answer(whole.payment, "capture", FIRST, AT, PARTS).requests == (
        NewRequest("capture", 2_300, 2),
    )


def test_a_part_found_by_a_look_leaves_the_rest_held() -> None:
    found = settle_answer(HOLDING, None, FIRST, AT, PARTS)
    assert (found.payment.state, found.payment.parts, found.requests) == ("authorized", ("r1",), ())
    assert reported_before(found.payment, FIRST)
    again = settle_answer(found.payment, None, FIRST, AT, PARTS)
    assert again == Settled(found.payment)


def test_a_part_found_before_its_own_answer_is_booked_once() -> None:
    asked = wanted(1_000).payment
    found = settle_answer(asked, None, FIRST, AT, PARTS)
    assert (found.payment.state, found.requests) == ("capturing", ())
    told = settle_answer(found.payment, "capture", FIRST, AT, PARTS)
    assert (told.payment.state, told.entries, told.requests) == ("authorized", (), ())


@pytest.mark.parametrize("terms", [CARD, PARTS])
@pytest.mark.parametrize("amount", [0, 1_000])
def test_a_part_is_refused_where_holds_have_none(terms: Terms, amount: int) -> None:
    if terms is PARTS and amount:
        return
    refused = wanted(amount, terms=terms)
    assert [one.reason for one in refused.events if isinstance(one, CaptureRejected)] == ["no_part_captures"]
    assert refused.payment.state == "authorized"


def test_a_part_is_refused_while_another_is_asked_for() -> None:
    refused = wanted(500, before=wanted(1_000).payment)
    assert [one.reason for one in refused.events if isinstance(one, CaptureRejected)] == ["capture_under_way"]
    assert (refused.payment, refused.requests) == (wanted(1_000).payment, ())


def test_a_part_as_large_as_what_is_missing_is_the_whole() -> None:
    assert wanted(3_300) == wanted()
    assert wanted(3_300, terms=CARD).requests == (NewRequest("capture", 3_300),)


PART = settle_answer(wanted(1_000).payment, "capture", FIRST, AT, PARTS).payment


@pytest.mark.parametrize("end", [Voided(), Expired(), CaptureDeclined(reason="x")])
def test_a_hold_that_ends_after_a_part_leaves_short_money(end: Voided | Expired | CaptureDeclined) -> None:
    ended = settle_answer(PART, None, end, AT, PARTS)
    assert (ended.payment.state, ended.payment.held_amount, ended.requests) == ("short", 1_000, ())
    assert ended.payment.calls == ("short_money", "authorization_ended")
    assert [one.reason for one in ended.events if isinstance(one, AuthorizationEnded)] == ["captured_in_part"]
    assert deposit_rules.may_accept_short(ended.payment)


def test_the_rest_of_a_hold_is_renewed_after_a_part() -> None:
    asked = order_wishes.reauthorize(PART, PARTS, AT, by="佐藤")
    assert (asked.payment.state, asked.requests) == ("voiding", (NewRequest("void", 3_300, 2),))
    renewed = settle_answer(asked.payment, "void", Voided(), AT, PARTS)
    assert renewed.payment.state == "reauthorizing"
    assert renewed.requests == (NewRequest("reauthorize", 2_300, 2),)


def test_a_cancelled_order_gets_part_and_hold_back() -> None:
    ended = order_wishes.cancel(PART, AT)
    assert (ended.payment.state, ended.requests) == ("voiding", (NewRequest("void", 3_300, 2),))
    voided = settle_answer(ended.payment, "void", Voided(), AT, PARTS)
    assert (voided.payment.state, voided.requests) == ("refunding", (NewRequest("refund", 1_000),))


def test_a_part_that_was_quicker_than_the_void_lets_the_rest_go() -> None:
    voiding = order_wishes.cancel(HOLDING, AT)
    assert voiding.requests == (NewRequest("void", 3_300),)
    quick = settle_answer(voiding.payment, "void", FIRST, AT, PARTS)
    assert (quick.payment.state, quick.requests) == ("voiding", (NewRequest("void", 3_300, 2),))
    again = settle_answer(quick.payment, "void", FIRST, AT, PARTS)
    assert again.payment.state == "refunding", "what cannot be closed goes back"


def test_an_order_cancelled_during_a_part_keeps_nothing() -> None:
    cancelled_meanwhile = order_wishes.cancel(wanted(1_000).payment, AT)
    assert cancelled_meanwhile.requests == ()
    part = settle_answer(cancelled_meanwhile.payment, "capture", FIRST, AT, PARTS)
    assert (part.payment.state, part.requests) == ("voiding", (NewRequest("void", 3_300, 2),))


def test_a_capture_that_was_refused_is_asked_for_again() -> None:
    refused = settle_answer(wanted(1_000).payment, "capture", CaptureRefused(reason="x"), AT, PARTS)
    assert wanted(1_000, before=refused.payment).requests == (NewRequest("capture", 1_000),)


def test_parts_go_back_up_to_what_is_still_here() -> None:
    asked = refund_rules.refund_part(LIVE, CARD, AT, amount=1_000, reason="傷があった", by="佐藤")
    assert (asked.payment.state, asked.requests) == ("captured", (NewRequest("refund", 1_000),))
    assert [(one.because, one.by, one.note) for one in asked.steps] == [
        ("part refund asked", "佐藤", "¥1,000 傷があった")
    ]
    assert refund_rules.part_refund_max(asked.payment, CARD) == 0, "one at a time"
    back = settle_answer(asked.payment, "refund", Refunded(refund_ref="f1", amount=1_000), AT, CARD)
    assert (back.payment.state, back.payment.sale_amount, back.payment.calls) == ("captured", 2_300, ())
    told = [(one.amount, one.remaining_amount) for one in back.events if isinstance(one, PaymentRefunded)]
    assert told == [(1_000, 2_300)]
    assert refund_rules.part_refund_max(back.payment, CARD) == 2_300
    too_much = refund_rules.refund_part(back.payment, CARD, AT, amount=2_500, reason="x", by="佐藤")
    assert too_much == Settled(back.payment)
    rest = refund_rules.refund_part(back.payment, CARD, AT, amount=2_300, reason="x", by="佐藤")
    assert rest.requests == (NewRequest("refund", 2_300, 2),)
    over = settle_answer(rest.payment, "refund", Refunded(refund_ref="f2", amount=2_300), AT, CARD)
    assert (over.payment.state, over.payment.held_amount) == ("refunded", 0)


@pytest.mark.parametrize(
    ("before", "terms"),
    [
        (replace(LIVE, state="short"), CARD),
        (replace(LIVE, order_cancelled=True), CARD),
        (LIVE, replace(CARD, part_refunds=False)),
        (LIVE, CASH),
    ],
)
def test_nothing_is_offered_back_where_it_cannot_go(before: Payment, terms: Terms) -> None:
    assert refund_rules.part_refund_max(before, terms) == 0
    spare = replace(before, suspense_amount=100)
    assert not refund_rules.may_refund_spare(spare, terms)


def test_only_a_part_refund_takes_from_the_sale() -> None:
    both = replace(LIVE, suspense_amount=200)
    spare = refund_rules.refund_spare(both, CARD, AT, by="佐藤").payment
    assert (spare.refund_requested_amount, spare.refundable_amount) == (200, 200)
    part = refund_rules.refund_part(both, CARD, AT, amount=500, reason="x", by="佐藤").payment
    assert (part.refund_requested_amount, part.refundable_amount) == (500, 3_500)


def test_a_part_refund_that_failed_is_tried_again_or_let_be() -> None:
    asked = refund_rules.refund_part(LIVE, CARD, AT, amount=1_000, reason="x", by="佐藤").payment
    failed = settle_answer(asked, "refund", RefundDeclined(reason="x"), AT, CARD).payment
    assert (failed.state, failed.calls, refund_rules.may_refund_again(failed)) == (
        "captured",
        ("refund_failed",),
        False,
    )
    [(_, text)] = call_labels.calls(failed, CARD)
    assert "依頼した返金（¥1,000）は成立しませんでした（お預かり ¥3,300）" in text
    again = refund_rules.refund_part(failed, CARD, AT, amount=800, reason="x", by="佐藤")
    assert (again.payment.calls, again.requests) == ((), (NewRequest("refund", 800, 2),))
    assert call_rules.mark_seen(failed, CARD, AT, by="佐藤").payment.calls == ()
    assert call_rules.calls_to_mark_seen(replace(failed, suspense_amount=100)) == (), "that much is owed"


async def test_part_refunds_are_rows_with_keys_of_their_own(shopping: Shopping, keys: Keys) -> None:
    sign_in(shopping.payments.browser, keys)
    await shopping.payments.hears(placed("N1", "card"), shipped("N1"))
    await shopping.payments.work()
    for amount in (1_000, 800):
        form = {"refund_amount": amount, "refund_reason": "傷があったため"}
        assert (await press(shopping.payments, "N1", "part-refund", **form)).status_code == 303
        await shopping.payments.work()
    assert [one.amount for one in shopping.card.effects(Refunded)] == [1_000, 800]  # type: ignore[union-attr]
    rows = await shopping.payments.rows(
        "SELECT request_id, sequence, amount, state FROM payment_requests WHERE operation = 'refund'"
        " ORDER BY written_at"
    )
    assert [(row.sequence, row.amount, row.state) for row in rows] == [(1, 1_000, "done"), (2, 800, "done")]
    assert {row.request_id.hex for row in rows} <= set(shopping.card.keys)
    page = (await shopping.payments.browser.get("/desk/payments/N1")).text
    assert "¥1,500まで返金できます" in page
    assert "¥1,000 傷があったため" in page
    assert "佐藤 店長" in page
    told = [event for event in await said(shopping.payments.db) if isinstance(event, PaymentDeedDone)]
    assert [(one.by, one.subject) for one in told] == [
        ("佐藤 店長", "N1：返金を依頼しました（返金額 ¥1,000、返金の理由 傷があったため）"),
        ("佐藤 店長", "N1：返金を依頼しました（返金額 ¥800、返金の理由 傷があったため）"),
    ]
    await shopping.payments.hears(cancelled("N1"))
    await shopping.payments.work()
    assert [one.amount for one in shopping.card.effects(Refunded)] == [1_000, 800, 1_500]  # type: ignore[union-attr]
    assert (await shopping.payments.payment("N1")).state == "refunded"


async def test_the_desk_refuses_more_than_is_here_and_no_reason(shopping: Shopping, keys: Keys) -> None:
    sign_in(shopping.payments.browser, keys)
    await shopping.payments.hears(placed("N1", "card"))
    await shopping.payments.work()
    assert "返金を依頼する" not in (await shopping.payments.browser.get("/desk/payments/N1")).text
    form = {"refund_amount": "1000", "refund_reason": "傷"}
    early = await press(shopping.payments, "N1", "part-refund", **form)
    assert (early.status_code, "いま返金できる金額はありません。" in early.text) == (422, True)
    await shopping.payments.hears(shipped("N1"))
    await shopping.payments.work()
    much = await press(shopping.payments, "N1", "part-refund", **form | {"refund_amount": "3301"})
    assert (much.status_code, "返金できるのは¥3,300までです。" in much.text) == (422, True)
    silent = await press(shopping.payments, "N1", "part-refund", **form | {"refund_reason": " "})
    assert (silent.status_code, "返金の理由" in silent.text) == (422, True)
    assert shopping.card.effects(Refunded) == []


async def test_a_refused_part_refund_is_asked_for_with_a_new_key(shopping: Shopping, keys: Keys) -> None:
    sign_in(shopping.payments.browser, keys)
    await shopping.payments.hears(placed("N1", "card"), shipped("N1"))
    await shopping.payments.work()
    form = {"refund_amount": "1000", "refund_reason": "傷"}
    shopping.card.moods["refund"] = "refuse"
    for _ in range(2):
        page = (await shopping.payments.browser.get("/desk/payments/N1")).text
        assert (await press(shopping.payments, "N1", "part-refund", **form)).status_code == 303
        await shopping.payments.work()
    assert "依頼した返金（¥1,000）は成立しませんでした（お預かり ¥3,300）" in page
    assert "¥1,000の返金をもう一度依頼する" in page
    assert re.search(r'<li class="is-stop">(?:(?!<li).)*返金できませんでした', page, re.DOTALL)
    assert (
        "¥1,000の返金をもう一度依頼する"
        not in (await shopping.payments.browser.get("/desk/payments/N1")).text
    )
    rows = await shopping.payments.rows(
        "SELECT sequence, state FROM payment_requests WHERE operation = 'refund' ORDER BY written_at"
    )
    assert [(row.sequence, row.state) for row in rows] == [(1, "declined"), (2, "done")]
    assert [one.amount for one in shopping.card.effects(Refunded)] == [1_000]  # type: ignore[union-attr]


async def test_parts_of_a_hold_are_captured_once_each(shopping: Shopping) -> None:
    method = shopping.payments.methods["card"]
    method.terms = PARTS
    await shopping.payments.hears(placed("N1", "card"))
    await shopping.payments.work()
    shopping.card.moods["capture"] = "lost_answer"
    await shopping.payments.hears(capture_requested("N1", amount=1_000))
    await shopping.payments.work()
    clock.move(timedelta(minutes=5))
    await shopping.payments.work()
    assert (await shopping.payments.payment("N1")).state == "authorized"
    await shopping.payments.hears(shipped("N1"))
    await shopping.payments.work()
    assert [one.amount for one in shopping.card.effects(Captured)] == [1_000, 2_300]  # type: ignore[union-attr]
    [captured] = await shopping.payments.said(PaymentCaptured)
    assert isinstance(captured, PaymentCaptured)
    assert (captured.amount, captured.source) == (3_300, "shipped")
    rows = await shopping.payments.rows(
        "SELECT sequence, amount FROM payment_requests WHERE operation = 'capture' ORDER BY sequence"
    )
    assert [tuple(row) for row in rows] == [(1, 1_000), (2, 2_300)]


async def test_a_refund_whose_money_is_taken_back_meanwhile_ends(shopping: Shopping, keys: Keys) -> None:
    sign_in(shopping.payments.browser, keys)
    number = await issued(shopping)
    await shopping.konbini.pay(number, amount=5_000)
    await notify(shopping)
    await shopping.konbini.take_back(number)
    assert (await press(shopping.payments, "N1", "refund-spare")).status_code == 303
    await notify(shopping)
    reopened = await shopping.payments.payment("N1")
    assert (reopened.state, reopened.held_amount, reopened.refund_requested_amount) == ("waiting", 0, 0)
    assert shopping.konbini.returned(number) == []


POINTS_STAY = "会員の購入ポイントは、一部の返金では取り消されません。代金の全額を返金すると取り消されます。"


@pytest.mark.parametrize("guest", [False, True])
async def test_a_refund_form_tells_what_becomes_of_points(
    shopping: Shopping, keys: Keys, guest: bool
) -> None:
    sign_in(shopping.payments.browser, keys)
    member_id = None if guest else new_id()
    await shopping.payments.hears(placed("N1", "card", member_id=member_id), shipped("N1"))
    await shopping.payments.work()

    page = (await shopping.payments.browser.get("/desk/payments/N1")).text

    assert "返金を依頼する" in page
    assert page.count(POINTS_STAY) == (0 if guest else 2), "beside both ways to refund"


async def test_the_standing_tells_what_an_order_keeps_of_its_money(shopping: Shopping, keys: Keys) -> None:
    sign_in(shopping.payments.browser, keys)
    await shopping.payments.hears(placed("N1", "card"), shipped("N1"))
    await shopping.payments.work()
    for amount in (1_000, 2_300):
        await press(shopping.payments, "N1", "part-refund", refund_amount=amount, refund_reason="傷")
        await shopping.payments.work()

    told = await shopping.payments.said(PaymentStandingChanged)

    kept = [one.sale_amount for one in told if isinstance(one, PaymentStandingChanged)]
    assert kept == [2_300, 0]


@pytest.mark.parametrize("state", ["refunding", "owed", "refunded"])
def test_money_that_leaves_or_returns_is_told_in_any_state(state: State) -> None:
    paid = replace(LIVE, state=state)
    empty = replace(paid, refunded_amount=3_300)
    for before, after, kept in ((paid, empty, 0), (empty, paid, 3_300)):
        [told] = with_standing(before, Settled(after), AT).events
        assert isinstance(told, PaymentStandingChanged)
        assert (told.captured_amount, told.sale_amount) == (3_300, kept)
    ended = replace(paid, order_cancelled=True)
    assert with_standing(ended, Settled(replace(empty, order_cancelled=True)), AT).events == ()
