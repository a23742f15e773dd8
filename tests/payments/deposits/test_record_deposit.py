"""Bank transfer is paid when staff say so; cash on delivery never passes through payments."""

import asyncio
import re
from datetime import date, timedelta
from uuid import UUID

import httpx
import pytest

from harness.hearing import said
from harness.keys import Keys
from payments.chargebacks.decide_chargeback import DecideChargeback
from payments.deposits.rules import book_deposit
from payments.payment.rules.drafting import Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from shared.clock import clock, in_japan, now
from shared.errors import Refused
from shared.events import (
    CaptureRejected,
    Event,
    PaymentCaptured,
    PaymentDeedDone,
    PaymentExpired,
    PaymentNumberIssued,
    PaymentRefunded,
    PaymentStandingChanged,
)
from shared.ids import new_id
from tests.payments.conftest import Shopping
from tests.payments.order_examples import cancelled, capture_requested, placed, reserved, shipped
from tests.payments.staff import press, sign_in
from tests.payments.transfers import awaited, today

ID = "desk:0123456789abcdef0123456789abcdef"


async def kinds(shopping: Shopping) -> list[type[Event]]:
    """Return the kinds of all that was said, but for the standing."""
    said = [type(event) for event in await shopping.payments.said()]
    return [kind for kind in said if kind is not PaymentStandingChanged]


@pytest.mark.feature("PAY-14", clause="manual deposit makes it paid")
@pytest.mark.feature("PAY-07", clause="paid as of that date")
async def test_staff_make_a_transfer_order_paid_with_the_date_they_saw(shopping: Shopping) -> None:
    await awaited(shopping)
    assert await kinds(shopping) == [PaymentNumberIssued]
    asked = capture_requested("N1", deposit_date=today(), send_mail=True)
    await shopping.payments.hears(asked, times=2)
    [captured] = await shopping.payments.said(PaymentCaptured)
    assert isinstance(captured, PaymentCaptured)
    assert (captured.amount, captured.source, captured.send_mail) == (3_300, "manual_deposit", True)
    assert in_japan(captured.captured_at).date() == today()


async def test_a_second_deposit_request_is_rejected(shopping: Shopping) -> None:
    await awaited(shopping)
    await shopping.payments.hears(capture_requested("N1"), capture_requested("N1"))
    assert await kinds(shopping) == [PaymentNumberIssued, PaymentCaptured, CaptureRejected]


@pytest.mark.parametrize(("member_id", "days"), [(None, 7), (new_id(), 14)], ids=["guest", "member"])
async def test_an_unpaid_transfer_expires_after_deadline_and_grace(
    shopping: Shopping, member_id: UUID | None, days: int
) -> None:
    await awaited(shopping, member_id=member_id)
    clock.move(timedelta(days=days + 2))
    await shopping.payments.work()
    assert await kinds(shopping) == [PaymentNumberIssued]
    clock.move(timedelta(days=1, minutes=1))
    await shopping.payments.work()
    assert await kinds(shopping) == [PaymentNumberIssued, PaymentExpired]


async def test_money_of_a_cancelled_transfer_order_is_transferred_back(shopping: Shopping) -> None:
    payment = await awaited(shopping)
    await shopping.payments.hears(capture_requested("N1"), cancelled("N1"))
    shopping.bank.go_wrong("refund", "lost_answer")
    await shopping.payments.work()
    clock.move(timedelta(minutes=5))
    await shopping.payments.work()
    [refunded] = await shopping.payments.said(PaymentRefunded)
    assert isinstance(refunded, PaymentRefunded)
    assert (refunded.amount, refunded.route) == (3_300, "bank_transfer")
    assert shopping.bank.returned(payment) == [3_300]


async def test_the_desk_records_a_deposit_once_even_if_sent_twice(shopping: Shopping, keys: Keys) -> None:
    await awaited(shopping)
    sign_in(shopping.payments.browser, keys)
    form = {"amount": "1,000", "deposited_on": today().isoformat(), "receipt_id": ID}
    seen = await shopping.payments.payment("N1")
    for _ in range(2):
        answer = await press(shopping.payments, "N1", "deposit", **form | {"version": seen.version})
        assert answer.status_code == 303
    seen = await shopping.payments.payment("N1")
    assert (seen.state, seen.suspense_amount, seen.calls) == ("waiting", 1_000, ("short_money",))
    rest = form | {"amount": "2300", "receipt_id": ID.replace("0", "f")}
    late = await press(shopping.payments, "N1", "deposit", **rest | {"version": seen.version - 1})
    assert late.status_code == 409, "somebody else recorded a deposit meanwhile"
    assert "この決済は他の操作で更新されました。" in late.text
    assert (await shopping.payments.payment("N1")).suspense_amount == 1_000
    await press(shopping.payments, "N1", "deposit", **rest)
    assert (await shopping.payments.payment("N1")).captured_amount == 3_300


async def deeds_said(shopping: Shopping) -> list[str]:
    """Return what was said for the record of deeds."""
    told = await said(shopping.payments.db)
    return [event.subject for event in told if isinstance(event, PaymentDeedDone)]


async def test_a_deposit_under_a_known_id_is_said_and_booked_once(shopping: Shopping, keys: Keys) -> None:
    await awaited(shopping)
    sign_in(shopping.payments.browser, keys)
    form = {"amount": "1000", "deposited_on": today().isoformat(), "receipt_id": ID}
    for _ in range(2):
        assert (await press(shopping.payments, "N1", "deposit", **form)).status_code == 303
    yesterday = (today() - timedelta(days=1)).isoformat()
    for other in ({"amount": "2300"}, {"deposited_on": yesterday}):
        refused = await press(shopping.payments, "N1", "deposit", **form | other)
        assert (refused.status_code, "記録済みです" in refused.text) == (409, True), other
    assert len(await deeds_said(shopping)) == 1
    await press(shopping.payments, "N1", "deposit/take-back", ref=ID)
    gone = await press(shopping.payments, "N1", "deposit", **form)
    assert (gone.status_code, "記録済みです" in gone.text) == (409, True)
    assert len(await deeds_said(shopping)) == 2
    assert (await shopping.payments.payment("N1")).held_amount == 0


async def test_a_record_under_the_id_of_another_orders_is_refused(shopping: Shopping, keys: Keys) -> None:
    await awaited(shopping)
    await shopping.payments.hears(placed("N2", "bank_transfer"), reserved("N2"))
    await shopping.payments.work()
    sign_in(shopping.payments.browser, keys)
    form = {"amount": "1000", "deposited_on": today().isoformat(), "receipt_id": ID}
    assert (await press(shopping.payments, "N1", "deposit", **form)).status_code == 303
    refused = await press(shopping.payments, "N2", "deposit", **form)
    assert (refused.status_code, "記録済みです" in refused.text) == (409, True)
    assert (await shopping.payments.payment("N2")).held_amount == 0
    await press(shopping.payments, "N2", "deposit", **form | {"receipt_id": ID.replace("0", "e")})
    back = {"returned_amount": "700", "route": "bank_transfer", "note": "試験", "refund_id": ID}
    assert (await press(shopping.payments, "N1", "outside", **back)).status_code == 303
    assert (await press(shopping.payments, "N2", "outside", **back)).status_code == 409
    assert (await shopping.payments.payment("N2")).held_amount == 1_000


async def test_one_id_on_two_orders_at_once_books_one_deposit(shopping: Shopping, keys: Keys) -> None:
    await awaited(shopping)
    await shopping.payments.hears(placed("N2", "bank_transfer"), reserved("N2"))
    await shopping.payments.work()
    sign_in(shopping.payments.browser, keys)
    for digit in "abcde":
        form = {"amount": "10", "deposited_on": today().isoformat(), "receipt_id": ID.replace("0", digit)}
        both = (press(shopping.payments, code, "deposit", **form) for code in ("N1", "N2"))
        answers = await asyncio.gather(*both)
        assert sorted(answer.status_code for answer in answers) == [303, 409]


async def test_a_refund_under_a_known_id_is_said_and_booked_once(shopping: Shopping, keys: Keys) -> None:
    await awaited(shopping)
    sign_in(shopping.payments.browser, keys)
    await press(
        shopping.payments, "N1", "deposit", amount=4_000, deposited_on=today().isoformat(), receipt_id=ID
    )
    form = {"returned_amount": "700", "route": "bank_transfer", "note": "lost", "refund_id": ID}
    for _ in range(2):
        assert (await press(shopping.payments, "N1", "outside", **form)).status_code == 303
    for other in ({"returned_amount": "1"}, {"route": "gift_card"}, {"note": "別の口座へ"}):
        refused = await press(shopping.payments, "N1", "outside", **form | other)
        assert (refused.status_code, "記録済みです" in refused.text) == (409, True), other
    _, returned = await deeds_said(shopping)
    assert "メモ lost" in returned, "what staff typed is said as they typed it"
    await press(shopping.payments, "N1", "outside/take-back", ref=ID)
    gone = await press(shopping.payments, "N1", "outside", **form)
    assert (gone.status_code, "記録済みです" in gone.text) == (409, True)
    assert len(await deeds_said(shopping)) == 3
    assert (await shopping.payments.payment("N1")).refunded_amount == 0


def test_a_chargeback_that_was_won_is_said_without_an_amount() -> None:
    won = DecideChargeback(version=1, reference="d1", state="won", lost_amount=500)
    assert won.shown_text() == "申し立て番号 d1、結果 勝訴"
    assert "¥500" in won.model_copy(update={"state": "lost"}).shown_text()


@pytest.mark.feature("PAY-13", clause="deposit step not offered")
async def test_cash_on_delivery_says_nothing_and_refuses_a_deposit(shopping: Shopping) -> None:
    await shopping.payments.hears(placed("N1", "cash_on_delivery"), reserved("N1"), shipped("N1"))
    await shopping.payments.work()
    assert await kinds(shopping) == []
    await shopping.payments.hears(capture_requested("N1"), cancelled("N1"))
    await shopping.payments.work()
    [rejected] = await shopping.payments.said()
    assert isinstance(rejected, CaptureRejected)
    assert rejected.reason == "not_managed"


def deposit(payment: Payment, terms: Terms, receipt_id: str = ID, day: date | None = None) -> Settled:
    return book_deposit(
        payment,
        terms,
        now(),
        amount=3_300,
        deposited_on=day or today(),
        receipt_id=receipt_id,
        send_mail=True,
        by="佐藤 店長",
    )


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        ("card", "not_by_hand", "このお支払い方法の入金は手動で記録できません。"),
        ("konbini", "automatic_only", "このお支払い方法の入金は自動で反映されます。手動では記録できません。"),
        ("cash_on_delivery", "not_managed", "代金引換の入金は管理していません。"),
    ],
)
async def test_a_deposit_is_refused_in_words_where_none_is_recorded(
    shopping: Shopping, kind: str, code: str, words: str
) -> None:
    await shopping.payments.hears(placed("N1", kind))
    with pytest.raises(Refused) as refused:
        deposit(await shopping.payments.payment("N1"), shopping.payments.methods[kind].terms)
    assert (refused.value.code, refused.value.message) == (code, words)


async def test_a_deposit_under_a_known_receipt_changes_nothing(shopping: Shopping) -> None:
    known = (await awaited(shopping)).changed(receipts=(ID,))
    assert deposit(known, shopping.payments.methods["bank_transfer"].terms) == Settled(known)


async def test_a_recorded_deposit_tells_day_and_wish_and_its_author(shopping: Shopping, keys: Keys) -> None:
    await awaited(shopping)
    sign_in(shopping.payments.browser, keys)
    asked = (await shopping.payments.browser.get("/desk/payments/N1")).text
    assert 'name="send_mail" value="true" checked' in asked, "as the order desk has it"
    form = {"amount": "3300", "deposited_on": today().isoformat(), "receipt_id": ID, "send_mail": "true"}
    await press(shopping.payments, "N1", "deposit", **form)
    [captured] = await shopping.payments.said(PaymentCaptured)
    assert isinstance(captured, PaymentCaptured)
    assert (captured.amount, captured.source, captured.send_mail) == (3_300, "manual_deposit", True)
    assert (captured.captured_on, captured.by) == (today(), "佐藤 店長"), "no time of day that nobody gave"
    page = (await shopping.payments.browser.get("/desk/payments/N1")).text
    assert "佐藤 店長" in page
    assert "スタッフが入金を記録しました" in page
    another = form | {"receipt_id": ID.replace("0", "e"), "version": "3"}
    again = await press(shopping.payments, "N1", "deposit", **another)
    assert again.status_code == 409
    assert "この決済は他の操作で更新されました。" in again.text


async def short_deposit(shopping: Shopping, keys: Keys) -> httpx.Response:
    """Record 1,000 of 3,300 yen at the desk, with the mail ticked; return the answer."""
    await awaited(shopping)
    sign_in(shopping.payments.browser, keys)
    form = {"amount": "1000", "deposited_on": today().isoformat(), "receipt_id": ID, "send_mail": "true"}
    return await press(shopping.payments, "N1", "deposit", **form)


async def test_a_short_deposit_says_that_no_mail_was_sent(shopping: Shopping, keys: Keys) -> None:
    before = "入金がご請求額に足りないときは送信しません。"
    answer = await short_deposit(shopping, keys)
    assert answer.status_code == 303
    page = (await shopping.payments.browser.get("/desk/payments/N1")).text
    assert "ご請求額に足りないため、メールは送信していません" in page
    assert before in page
    assert await shopping.payments.said(PaymentCaptured) == []


@pytest.mark.parametrize("mail", ["true", ""])
async def test_short_money_taken_for_the_whole_is_mailed_if_wished(
    shopping: Shopping, keys: Keys, mail: str
) -> None:
    await short_deposit(shopping, keys)
    page = (await shopping.payments.browser.get("/desk/payments/N1")).text
    assert 'id="f-accept-send_mail" name="send_mail" value="true" checked' in page
    answer = await press(shopping.payments, "N1", "accept", send_mail=mail)
    assert answer.status_code == 303
    [captured] = await shopping.payments.said(PaymentCaptured)
    assert isinstance(captured, PaymentCaptured)
    assert (captured.amount, captured.send_mail, captured.by) == (1_000, bool(mail), "佐藤 店長")
    again = await press(shopping.payments, "N1", "accept", send_mail=mail)
    assert again.status_code == 409
    page = (await shopping.payments.browser.get("/desk/payments/N1")).text
    assert "過入金を記録する" in page
    assert 'name="amount" type="text" value=""' in page, "nobody knows how much was too much"


@pytest.mark.parametrize("typed", ["0", "-1"])
async def test_a_deposit_of_nothing_or_less_is_asked_for_anew(
    shopping: Shopping, keys: Keys, typed: str
) -> None:
    await awaited(shopping)
    sign_in(shopping.payments.browser, keys)
    form = {"amount": typed, "deposited_on": today().isoformat(), "receipt_id": ID}
    answer = await press(shopping.payments, "N1", "deposit", **form)
    assert "入金額は1以上で入力してください" in answer.text


async def test_money_in_and_out_adds_up_in_page_list_and_file(shopping: Shopping, keys: Keys) -> None:
    await awaited(shopping)
    sign_in(shopping.payments.browser, keys)
    form = {"amount": "4000", "deposited_on": today().isoformat(), "receipt_id": ID}
    await press(shopping.payments, "N1", "deposit", **form)
    back = {"returned_amount": "700", "route": "bank_transfer", "note": "口座へ"}
    await press(shopping.payments, "N1", "outside", refund_id="desk:" + "b" * 32, **back)
    [told] = await shopping.payments.said(PaymentRefunded)
    assert isinstance(told, PaymentRefunded)
    assert (told.amount, told.spare_amount, told.by) == (700, 700, "佐藤 店長")
    browser = shopping.payments.browser
    page = (await browser.get("/desk/payments/N1")).text
    rows = re.findall(r"<dt>(入金額|うち仮受金|返金額|お預かり中)</dt><dd>([^<]*)", page)
    amounts = {"入金額": "¥4,000", "うち仮受金": "¥700", "返金額": "¥700", "お預かり中": "¥3,300"}
    assert dict(rows) == amounts
    listed = (await browser.get("/desk/payments")).text
    assert listed.count(">¥700<") == 2
    file = (await browser.get("/desk/payments/export.csv")).content.decode("utf-8-sig").splitlines()
    assert file[0].endswith("金額,入金額,うち仮受金,返金額")
    assert file[1].endswith(",3300,4000,700,700")


async def test_an_answer_of_the_provider_names_who_had_asked(shopping: Shopping, keys: Keys) -> None:
    await awaited(shopping)
    sign_in(shopping.payments.browser, keys)
    form = {"amount": "4000", "deposited_on": today().isoformat(), "receipt_id": ID}
    await press(shopping.payments, "N1", "deposit", **form)
    await press(shopping.payments, "N1", "refund-spare")
    await shopping.payments.work()
    [told] = await shopping.payments.said(PaymentRefunded)
    assert isinstance(told, PaymentRefunded)
    assert (told.amount, told.by) == (700, "佐藤 店長")


@pytest.mark.parametrize(
    ("days", "words"),
    [(1, "入金日は今日までの日付で入力してください"), (-1, "入金日は注文日以降の日付で入力してください")],
)
async def test_a_deposit_is_dated_neither_ahead_nor_before_the_order(
    shopping: Shopping, keys: Keys, days: int, words: str
) -> None:
    await awaited(shopping)
    sign_in(shopping.payments.browser, keys)
    day = today() + timedelta(days=days)
    form = {"amount": "3300", "deposited_on": day.isoformat(), "receipt_id": ID}
    answer = await press(shopping.payments, "N1", "deposit", **form)
    assert answer.status_code == 422
    assert words in answer.text
    await shopping.payments.hears(capture_requested("N1", deposit_date=day))
    assert await kinds(shopping) == [PaymentNumberIssued, CaptureRejected]
    assert (await shopping.payments.payment("N1")).held_amount == 0


async def test_an_excess_transfer_given_back_by_staff_is_booked_once(shopping: Shopping, keys: Keys) -> None:
    payment = await awaited(shopping)
    sign_in(shopping.payments.browser, keys)
    form = {"amount": "4000", "deposited_on": today().isoformat(), "receipt_id": ID}
    await press(shopping.payments, "N1", "deposit", **form)
    assert payment.refs["transfer_id"] in (await shopping.payments.browser.get("/desk/payments/N1")).text
    bank = httpx.AsyncClient(transport=httpx.ASGITransport(shopping.bank._app), base_url="http://bank")
    payout = {"name": "ヤマダ タロウ", "amount": "700", "reference": payment.refs["transfer_id"]}
    assert (await bank.post("/console/payouts", data=payout)).status_code == 303
    for _ in range(2):
        clock.move(timedelta(days=1))
        await shopping.payments.work()
    seen = await shopping.payments.payment("N1")
    assert (seen.state, seen.refunded_amount, seen.calls) == ("captured", 700, ())
    [_, paid, back] = await shopping.payments.said(PaymentNumberIssued, PaymentCaptured, PaymentRefunded)
    assert isinstance(paid, PaymentCaptured)
    assert (paid.amount, paid.excess_amount, paid.by) == (3_300, 700, "佐藤 店長")
    assert isinstance(back, PaymentRefunded)
    assert (back.amount, back.spare_amount, back.remaining_amount, back.by) == (700, 700, 3_300, "")
    await shopping.payments.hears(cancelled("N1"))
    await shopping.payments.work()
    assert shopping.bank.returned(payment) == [700, 3_300]
