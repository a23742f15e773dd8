"""How a chargeback ended is taken back, decided anew, or told otherwise by the provider: the books follow to the yen."""

from collections import Counter
from dataclasses import replace
from typing import Any, Literal

import pytest

from harness.keys import Keys
from payments.calls import rules as call_rules
from payments.chargebacks import rules as chargeback_rules
from payments.deposits import rules as deposit_rules
from payments.desk.offers import effect_of_reopening
from payments.payment.rules import order_wishes
from payments.payment.rules.answers import Captured, CaptureDeclined, Chargeback, Refunded, Reversed
from payments.payment.rules.details import KnownChargeback, Loss
from payments.payment.rules.drafting import NewRequest, Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.settling import settle_answer
from payments.payment.rules.standing import with_standing
from payments.refunds import rules as refund_rules
from shared.events import PaymentCaptured, PaymentRefunded, RefundTakenBack
from tests.payments.conftest import Shopping
from tests.payments.payment_examples import AT, BANK, CARD, DUE, NUMBER, payment
from tests.payments.staff import press, sign_in
from tests.payments.transfers import awaited, today

LIVE = payment(
    "captured",
    authorization_id="a1",
    captured_amount=3_300,
    receipts=("r1",),
    provider_status="売上確定済",
)
OPEN = Chargeback(reference="d1", amount=3_300, respond_by=DUE)
NO_WORD = "入力の誤り"


def heard(before: Payment, told: Chargeback = OPEN) -> Payment:
    return settle_answer(before, None, told, AT, CARD).payment


def decided(before: Payment, state: Literal["won", "lost"], amount: int | None = None) -> Settled:
    return chargeback_rules.decide_chargeback(
        before, AT, reference="d1", state=state, by="佐藤", amount=amount
    )


def reopened(before: Payment) -> Settled:
    return chargeback_rules.reopen_chargeback(before, AT, reference="d1", reason=NO_WORD, by="佐藤")


def balances(*settled: Settled) -> dict[str, int]:
    books: Counter[str] = Counter()
    written: set[tuple[str, str]] = set()
    for entry in (entry for one in settled for entry in one.entries):
        assert (entry.reason, entry.subject) not in written, "booked once"
        written.add((entry.reason, entry.subject))
        books[entry.debit] += entry.amount
        books[entry.credit] -= entry.amount
    return {account: amount for account, amount in books.items() if amount}


def without_memory(one: Payment) -> Payment:
    """The payment without what counts steps and remembers what was booked."""
    known = tuple(replace(kept, lost_times=0) for kept in one.chargebacks)
    return replace(one, version=1, chargebacks=known, refunds=())


def told_back(settled: Settled) -> list[tuple[int, int, bool]]:
    events = [one for one in settled.events if isinstance(one, RefundTakenBack)]
    return [(one.amount, one.remaining_amount, one.by_dispute) for one in events]


@pytest.mark.parametrize("amount", [500, 3_300])
def test_a_loss_taken_back_leaves_all_as_it_was_while_open(amount: int) -> None:
    disputed = heard(LIVE)
    lost = decided(disputed, "lost", amount)
    back = reopened(lost.payment)
    assert without_memory(back.payment) == without_memory(disputed)
    assert (back.payment.state, back.payment.calls, back.payment.respond_by) == (
        "captured",
        ("chargeback",),
        DUE,
    )
    assert balances(lost, back) == {}
    assert [(entry.reason, entry.subject) for entry in back.entries] == [("refund_undone", "chargeback:d1:1")]
    assert told_back(back) == [(amount, 3_300, True)]
    [step] = [one for one in back.steps if one.note]
    assert (step.because, step.by, step.note) == ("chargeback reopened", "佐藤", NO_WORD)


def test_the_event_names_the_told_refund_and_who_took_it_back() -> None:
    lost = decided(heard(LIVE), "lost", 3_300)
    (took_back,) = reopened(lost.payment).events
    (told,) = lost.events
    assert isinstance(told, PaymentRefunded)
    assert isinstance(took_back, RefundTakenBack)
    assert (took_back.refund_id, took_back.by) == (told.refund_id, "佐藤")


def test_a_chargeback_is_decided_anew_any_number_of_times() -> None:
    whole, now = [], heard(LIVE)
    for state, amount in (("lost", 500), ("lost", 3_300), ("won", None), ("lost", 1_000)):
        one = decided(now, state, amount)  # type: ignore[arg-type]
        assert one.payment.charged_back_amount == (amount or 0)
        back = reopened(one.payment)
        whole += [one, back]
        now = back.payment
        assert balances(*whole) == {}
    last = decided(now, "lost", 700)
    assert balances(*whole, last) == {"refunds": 700, "receivable": -700}
    assert (last.payment.held_amount, last.payment.calls) == (2_600, ("chargeback_lost",))
    told = {
        one.refund_id for part in (*whole, last) for one in part.events if isinstance(one, PaymentRefunded)
    }
    assert len(told) == 4, "each loss has an id of its own"


def test_a_win_taken_back_stops_refunds_again() -> None:
    won = decided(heard(LIVE), "won").payment
    back = reopened(won)
    assert (back.payment.calls, back.events, back.entries) == (("chargeback",), (), ())
    assert order_wishes.cancel(back.payment, AT).requests == ()


@pytest.mark.parametrize(
    ("state", "told_state", "told_amount", "amount", "disputed"),
    [
        ("open", "open", 0, 3_300, 3_300),
        ("open", "open", 800, 800, 800),
        ("open", "lost", 500, 500, 3_300),
        ("open", "lost", 0, 3_300, 3_300),
        ("lost", "lost", 0, 500, 3_300),
        ("lost", "won", 0, 3_300, 3_300),
        ("won", "open", 0, 3_300, 3_300),
    ],
)
def test_what_a_provider_leaves_out_of_a_chargeback_stays(
    state: Any, told_state: Any, told_amount: int, amount: int, disputed: int
) -> None:
    known_amount = 500 if state == "lost" else 3_300
    before = KnownChargeback(
        reference="d1", amount=known_amount, disputed_amount=3_300, respond_by=DUE, state=state
    )

    seen = before.updated_by(Chargeback(reference="d1", amount=told_amount, state=told_state))

    assert (seen.state, seen.amount, seen.disputed_amount, seen.respond_by) == (
        told_state,
        amount,
        disputed,
        DUE,
    )


@pytest.mark.parametrize(("given_back", "paid"), [(0, True), (2_800, False)])
def test_the_desk_says_paid_again_only_where_all_of_it_is_back(given_back: int, paid: bool) -> None:
    rest = 3_300 - given_back
    before = replace(LIVE, refunded_amount=given_back, refunds=("f1",) if given_back else ())
    lost = decided(heard(before, replace(OPEN, amount=rest)), "lost", rest).payment
    assert lost.state == "refunded"
    words = effect_of_reopening(lost, lost.chargebacks[0])
    assert f"¥{rest:,}" in words
    assert ("注文は入金済みに戻ります。" in words) is paid


def test_an_open_or_unknown_chargeback_has_nothing_to_take_back() -> None:
    disputed = heard(LIVE)
    assert reopened(disputed) == Settled(disputed)
    assert reopened(LIVE) == Settled(LIVE)


def test_suspended_money_that_the_bank_took_is_suspended_again() -> None:
    paid = replace(LIVE, suspense_amount=500, calls=("excess_money",))
    lost = decided(heard(paid), "lost", 700)
    back = reopened(lost.payment)
    assert (back.payment.spare_amount, back.payment.sale_amount) == (500, 3_300)
    assert set(back.payment.calls) == {"chargeback", "excess_money"}
    assert balances(lost, back) == {}


def test_a_loss_beyond_what_was_here_is_undone_with_its_cover() -> None:
    before = replace(LIVE, refunded_amount=500, refunds=("f1",))
    lost = decided(heard(before), "lost", 3_300)
    assert lost.payment.lost_amount == 500
    come = settle_answer(lost.payment, None, Captured(amount=200, captured_at=AT, receipt_id="r2"), AT, CARD)
    assert (come.payment.lost_amount, come.payment.held_amount) == (300, 0)
    back = reopened(come.payment)
    assert (back.payment.lost_amount, back.payment.held_amount, back.payment.state) == (0, 3_000, "captured")
    assert balances(lost, come, back) == {"receivable": 200, "suspense": -200}
    assert told_back(back) == [(2_800, 2_800, True), (200, 2_800, True)]
    assert set(back.payment.calls) == {"chargeback", "excess_money"}


def test_money_here_again_explains_what_went_out_after_the_loss() -> None:
    lost = decided(heard(LIVE), "lost", 3_300)
    out = settle_answer(lost.payment, None, Refunded(refund_ref="c1", amount=300), AT, CARD)
    assert (out.payment.lost_amount, "refund_unexplained" in out.payment.calls) == (300, True)
    back = reopened(out.payment)
    assert (back.payment.lost_amount, back.payment.held_amount) == (0, 3_000)
    assert "refund_unexplained" not in back.payment.calls
    assert balances(lost, out, back) == {"refunds": 300, "receivable": -300}


def test_a_receipt_taken_back_meanwhile_is_no_longer_a_loss() -> None:
    lost = decided(heard(LIVE), "lost", 3_300)
    gone = settle_answer(lost.payment, None, Reversed(receipt_id="r1", amount=3_300), AT, CARD)
    assert gone.payment.lost_amount == 3_300
    back = reopened(gone.payment)
    assert (back.payment.lost_amount, back.payment.held_amount) == (0, 0)
    assert balances(lost, gone, back) == {"sales": 3_300, "receivable": -3_300}


def test_a_cancelled_order_returns_what_the_decision_left() -> None:
    ended = order_wishes.cancel(heard(LIVE), AT).payment
    lost = decided(ended, "lost", 3_300).payment
    assert lost.state == "refunded"
    back = reopened(lost)
    assert (back.payment.state, back.requests) == ("captured", ())
    won = decided(back.payment, "won")
    assert (won.payment.state, won.requests[0].amount) == ("refunding", 3_300)


def test_late_money_not_lost_goes_back_once_it_is_decided() -> None:
    late = payment("expired", suspense_amount=300, receipts=("r1",), calls=("late_money",), number=NUMBER)
    lost = decided(heard(late, replace(OPEN, amount=300)), "lost", 300).payment
    assert (lost.state, lost.held_amount) == ("refunded", 0)
    back = reopened(lost)
    assert (back.payment.state, back.requests) == ("refunding", ())
    assert set(back.payment.calls) == {"chargeback", "late_money"}
    assert decided(back.payment, "won").requests == (NewRequest("refund", 300, 2),)


def test_short_money_not_lost_makes_the_order_short_again() -> None:
    short = payment("short", suspense_amount=1_000, receipts=("r1",), calls=("short_money",))
    lost = decided(heard(short, replace(OPEN, amount=1_000)), "lost", 1_000).payment
    assert (lost.state, lost.held_amount) == ("voided", 0)
    back = reopened(lost).payment
    assert (back.state, back.spare_amount, set(back.calls)) == ("short", 1_000, {"chargeback", "short_money"})


def test_a_loss_booked_before_its_parts_were_kept_is_taken_back() -> None:
    old = KnownChargeback(reference="d1", amount=3_300, state="lost")
    before = replace(
        LIVE,
        state="refunded",
        refunded_amount=2_800,
        beside_provider_amount=3_300,
        chargebacks=(old,),
        refunds=("f1", "chargeback:d1"),
        losses=(Loss("chargeback:d1", 500, "chargeback"),),
        calls=("chargeback_lost",),
    )
    back = reopened(before)
    assert (back.payment.state, back.payment.held_amount, back.payment.lost_amount) == ("captured", 3_300, 0)
    assert balances(back) == {"receivable": 3_300, "refunds": -2_800, "losses": -500}
    assert (back.payment.beside_provider_amount, back.payment.reported_refunds_amount) == (0, 0)
    again = decided(back.payment, "lost", 1_000)
    assert again.entries[0].subject == "chargeback:d1:1"


def test_the_provider_s_other_word_takes_the_place_of_staff_s() -> None:
    lost = decided(heard(LIVE), "lost", 500)
    won = settle_answer(lost.payment, None, replace(OPEN, state="won"), AT, CARD)
    assert (won.payment.state, won.payment.held_amount, won.payment.calls) == ("captured", 3_300, ())
    assert told_back(won) == [(500, 3_300, True)]
    assert balances(lost, won) == {}
    more = settle_answer(lost.payment, None, replace(OPEN, state="lost"), AT, CARD)
    assert (more.payment.held_amount, more.payment.charged_back_amount) == (0, 3_300)
    assert balances(lost, more) == {"refunds": 3_300, "receivable": -3_300}
    assert more.steps[0].because == "chargeback told lost"


def test_the_providers_word_for_staffs_decision_changes_nothing() -> None:
    lost = decided(heard(LIVE), "lost", 3_300).payment
    same = settle_answer(lost, None, replace(OPEN, state="lost"), AT, CARD)
    assert (same.steps, same.events, same.entries) == ((), (), ())
    assert with_standing(lost, same, AT).events == ()
    opened = settle_answer(lost, None, replace(OPEN, notice_id="n2"), AT, CARD)
    assert (opened.steps, opened.payment.state) == ((), "refunded"), "what is lost is no longer open"


def test_staffs_decision_outlasts_a_repeating_provider() -> None:
    told = heard(LIVE, replace(OPEN, state="lost"))
    corrected = decided(reopened(told).payment, "lost", 500).payment
    assert settle_answer(corrected, None, replace(OPEN, state="lost"), AT, CARD) == Settled(corrected)
    assert corrected.held_amount == 2_800


def test_a_sum_of_refunds_outlasts_a_loss_taken_back() -> None:
    part = settle_answer(LIVE, None, Refunded(refund_ref="c1", amount=800), AT, CARD).payment
    lost = decided(heard(part), "lost", 3_300).payment
    back = reopened(lost).payment
    assert (part.reported_refunds_amount, lost.reported_refunds_amount, back.reported_refunds_amount) == (
        800,
        800,
        800,
    )
    assert back.refunded_elsewhere_amount == 800


# ---------- money that was to go back pays for an order that goes on ----------


def all_given_back(one: Payment) -> Payment:
    amount = one.held_amount
    route: Any = "bank_transfer"
    return refund_rules.record_outside_refund(
        one, AT, ref="desk:1", amount=amount, route=route, note="", by="佐藤"
    ).payment


def test_a_live_order_is_paid_again_when_a_record_is_taken_back() -> None:
    given = all_given_back(LIVE)
    assert given.state == "refunded"
    back = refund_rules.take_back_refund(given, AT, ref="desk:1", by="佐藤").payment
    assert (back.state, back.sale_amount, back.calls) == ("captured", 3_300, ())
    assert back.provider_status == "売上確定済"
    assert order_wishes.cancel(back, AT).requests[0].amount == 3_300


def test_a_wrong_deposit_is_taken_back_after_its_wrong_refund() -> None:
    paid = payment("captured", number=NUMBER, captured_amount=3_300, receipts=("r1",))
    back = refund_rules.take_back_refund(all_given_back(paid), AT, ref="desk:1", by="佐藤").payment
    waits = deposit_rules.take_back_deposit(back, BANK, AT, receipt_id="r1", amount=3_300, by="佐藤").payment
    assert (waits.state, waits.held_amount) == ("waiting", 0)


def test_short_money_not_given_back_after_all_is_short_again() -> None:
    short = payment("short", suspense_amount=1_000, receipts=("r1",), calls=("short_money",))
    given = all_given_back(short)
    assert given.state == "voided"
    back = refund_rules.take_back_refund(given, AT, ref="desk:1", by="佐藤").payment
    assert (back.state, back.spare_amount, back.calls) == ("short", 1_000, ("short_money",))


@pytest.mark.parametrize(
    ("here", "sale", "spare"), [(3_300, 3_300, 0), (1_000, 1_000, 0), (4_000, 3_300, 700)]
)
def test_money_that_was_to_go_back_pays_for_the_order_at_a_wish(here: int, sale: int, spare: int) -> None:
    owed = payment("owed", suspense_amount=here, receipts=("r1",), calls=("late_money", "refund_failed"))
    kept = deposit_rules.keep_for_order(owed, BANK, AT, by="佐藤", send_mail=True)
    assert (kept.payment.state, kept.payment.sale_amount, kept.payment.spare_amount) == (
        "captured",
        sale,
        spare,
    )
    assert kept.payment.calls == (("excess_money",) if spare else ())
    assert balances(kept) == {"suspense": sale, "sales": -sale}
    (said,) = kept.events
    assert isinstance(said, PaymentCaptured)
    assert (said.amount, said.excess_amount, said.send_mail, said.by) == (sale, spare, True, "佐藤")


@pytest.mark.parametrize(
    "no",
    [
        {"order_cancelled": True},
        {"refund_requested_amount": 100},
        {"chargebacks": (KnownChargeback(reference="d1", amount=1),)},
        {"state": "voided"},
        {"suspense_amount": 0},
    ],
    ids=["cancelled", "under way", "disputed", "voided", "nothing here"],
)
def test_money_is_not_kept_where_it_has_to_go_back(no: dict[str, Any]) -> None:
    owed = replace(payment("owed", suspense_amount=3_300, receipts=("r1",)), **no)
    assert deposit_rules.keep_for_order(owed, BANK, AT, by="佐藤") == Settled(owed)


@pytest.mark.parametrize("state", ["authorized", "expired"])
def test_a_cancelled_order_calls_for_no_money_that_was_to_pay_it(state: Any) -> None:
    held = payment(state, authorization_id="a1", calls=("capture_failed", "authorization_ended"))
    ended = order_wishes.cancel(held, AT).payment
    assert ended.calls == ()
    old = replace(held, order_cancelled=True)
    assert call_rules.calls_to_mark_seen(old) == ("capture_failed", "authorization_ended")
    assert call_rules.calls_to_mark_seen(held) == ()


def test_a_capture_that_fails_after_the_cancellation_calls_none() -> None:
    ended = order_wishes.cancel(payment("capturing", authorization_id="a1"), AT).payment
    gone = settle_answer(ended, "capture", CaptureDeclined(reason="x"), AT, CARD).payment
    assert (gone.state, gone.calls) == ("declined", ())


def test_money_going_back_goes_on_once_a_person_saw_its_cause() -> None:
    waits = payment(
        "refunding",
        suspense_amount=300,
        receipts=("r1",),
        losses=(Loss("c1", 50, "refund"),),
        calls=("refund_unexplained",),
    )
    assert call_rules.mark_seen(waits, CARD, AT, by="佐藤").requests == (NewRequest("refund", 300),)


def test_short_money_of_the_sale_can_be_taken_for_the_whole() -> None:
    short = payment("short", captured_amount=1_000, receipts=("r1",))
    taken = deposit_rules.accept_short(short, CARD, AT, by="佐藤")
    assert (taken.payment.state, taken.payment.sale_amount, taken.entries) == ("captured", 1_000, ())


def test_what_is_left_goes_back_once_a_chargeback_beside_it_ends() -> None:
    refunding = payment("refunding", suspense_amount=300, receipts=("r1",))
    won = decided(heard(refunding, replace(OPEN, amount=300)), "won")
    assert won.requests == (NewRequest("refund", 300),)


def test_money_here_after_all_covers_what_a_bank_took_beyond_it() -> None:
    told = refund_rules.record_outside_refund(
        LIVE, AT, ref="o1", amount=1_000, route="bank_transfer", note="振込", by="佐藤"
    )
    lost = decided(heard(told.payment, replace(OPEN, amount=2_600)), "lost", 2_600)
    assert (lost.payment.held_amount, lost.payment.lost_amount) == (0, 300)
    back = refund_rules.take_back_refund(lost.payment, AT, ref="o1", by="佐藤")
    assert (back.payment.held_amount, back.payment.lost_amount) == (700, 0)
    assert balances(told, lost, back) == {"receivable": -2_600, "refunds": 2_600}


async def test_staff_let_a_live_order_keep_its_money_at_the_desk(shopping: Shopping, keys: Keys) -> None:
    await awaited(shopping)
    payments = shopping.payments
    sign_in(payments.browser, keys)
    day = today().isoformat()
    paid = {"amount": 3_300, "deposited_on": day, "receipt_id": "desk:" + "a" * 32, "send_mail": "true"}
    back = {"returned_amount": 3_300, "route": "bank_transfer", "note": "x", "refund_id": "desk:" + "b" * 32}
    assert (await press(payments, "N1", "deposit", **paid)).status_code == 303
    assert (await press(payments, "N1", "outside", **back)).status_code == 303
    again = paid | {"receipt_id": "desk:" + "c" * 32, "amount": 3_000}
    shopping.bank.go_wrong("refund", "decline")
    assert (await press(payments, "N1", "deposit", **again)).status_code == 303
    await payments.work()
    assert (await payments.payment("N1")).state == "owed"

    page = (await payments.browser.get("/desk/payments/N1")).text
    assert "返金せずに、お預かりしている¥3,000で入金済みにします。不足の¥300は請求しません。" in page
    kept = await press(payments, "N1", "keep", send_mail="true")

    assert kept.status_code == 303, kept.text
    seen = await payments.payment("N1")
    assert (seen.state, seen.sale_amount, seen.calls) == ("captured", 3_000, ())
    page = (await payments.browser.get("/desk/payments/N1")).text
    assert "お預かりしている代金で注文を続けることにしました" in page
    assert "返金せずに" not in page
