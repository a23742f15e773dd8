"""Konbini: a number once stock is held, six days and a little grace, money by itself, late money back."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest

from harness.keys import Keys
from payments.methods.konbini.chains import CHAINS, KONBINI
from payments.methods.konbini.method import Konbini
from payments.payment.rules.payment import Payment
from shared.clock import JAPAN, clock, now
from shared.events import (
    CaptureRejected,
    Event,
    MailAddressCorrected,
    PaymentCaptured,
    PaymentExpired,
    PaymentFailed,
    PaymentNumberIssued,
    PaymentRefunded,
    PaymentStandingChanged,
)
from shared.ids import new_id
from shared.shop.money_back import MONEY_BACK
from tests.payments.conftest import Shopping
from tests.payments.konbini_numbers import give_back_by_hand, issued, notify
from tests.payments.order_examples import cancelled, capture_requested, placed, reserved
from tests.payments.staff import press, sign_in

POLL = timedelta(minutes=11)
LOPPI = ["各種代金・料金お支払い", "各種代金お支払い", "のれん商店", "{number}", "8888"]
FAMI_PORT = ["代金支払い", "各種代金お支払い", "番号入力画面に進む", "{number}", "8888", "同意して利用する"]
REFUNDS = "SELECT state FROM payment_requests WHERE operation = 'refund' ORDER BY written_at"


async def kinds(shopping: Shopping) -> list[type[Event]]:
    """Return the kinds of all that was said, but for the standing."""
    said = [type(event) for event in await shopping.payments.said()]
    return [kind for kind in said if kind is not PaymentStandingChanged]


@pytest.mark.feature("KON-44", clause="no number before the hold")
async def test_no_number_before_stock_is_held(shopping: Shopping) -> None:
    await shopping.payments.hears(placed("N1", "konbini"))
    await shopping.payments.work()
    assert await kinds(shopping) == []
    await shopping.payments.hears(reserved("N1"), times=2)
    await shopping.payments.work()
    assert await kinds(shopping) == [PaymentNumberIssued]


@pytest.mark.feature("KON-15", "KON-23", "KON-24", "KON-25", "KON-26", "KON-27", "KON-38")
@pytest.mark.feature("KON-28", clause="instructions")
@pytest.mark.parametrize(
    ("chain", "name", "digits", "label", "confirmation", "steps"),
    [
        ("seven_eleven", "セブンイレブン", 13, "払込票番号", None, []),
        ("lawson", "ローソン", 11, "支払い番号", "8888", LOPPI),
        ("ministop", "ミニストップ", 11, "支払い番号", "8888", LOPPI),
        ("family_mart", "ファミリーマート", 11, "支払い番号", "8888", FAMI_PORT),
        (
            "seicomart",
            "セイコーマート",
            11,
            "オンライン決済番号",
            None,
            ["各種支払い", "{number}", "次に進む", "印刷"],
        ),
        ("daily_yamazaki", "デイリーヤマザキ", 11, "オンライン決済番号", None, []),
    ],
)
async def test_number_label_and_steps_are_those_of_the_chain(
    shopping: Shopping,
    chain: str,
    name: str,
    digits: int,
    label: str,
    confirmation: str | None,
    steps: list[str],
) -> None:
    payment = await issued(shopping, chain=chain)
    [said] = await shopping.payments.said(PaymentNumberIssued)
    assert isinstance(said, PaymentNumberIssued)
    assert len(said.number) == digits
    assert said.number.isdecimal()
    assert (said.number_label, said.confirmation_number, said.chain) == (label, confirmation, chain)
    assert said.chain_name == name

    page = (await shopping.payments.browser.get(payment.page_url)).text
    assert page.index(label) < page.index(said.number)
    told = page.replace(said.number, "")
    assert ("8888" in told, "<strong>確認番号 8888</strong>" in told) == (confirmation is not None,) * 2
    procedure = page.partition('class="procedure"')[2]
    places = [procedure.index(step.format(number=said.number)) for step in steps]
    assert places == sorted(places)


@pytest.mark.feature("KON-16", clause="expires six days after issue")
async def test_the_deadline_is_six_days_after_the_issue(shopping: Shopping) -> None:
    await shopping.payments.hears(placed("N1", "konbini"))
    clock.move(timedelta(days=1))
    await shopping.payments.hears(reserved("N1"))
    await shopping.payments.work()
    [said] = await shopping.payments.said(PaymentNumberIssued)
    assert isinstance(said, PaymentNumberIssued)
    assert abs(said.due_at - now() - timedelta(days=6)) < timedelta(minutes=1)


@pytest.mark.feature("PAY-19", clause="captured without operator")
@pytest.mark.feature("KON-43")
@pytest.mark.parametrize("chain", ["lawson", "online"])
async def test_a_payment_makes_the_order_paid_without_an_operator(shopping: Shopping, chain: str) -> None:
    payment = await issued(shopping, chain=chain)
    page = (await shopping.payments.browser.get(payment.page_url)).text
    assert ("でのお支払い手順" in page) is (chain != "online")
    await shopping.konbini.pay(payment)
    assert await notify(shopping) == [200]
    [captured] = await shopping.payments.said(PaymentCaptured)
    assert isinstance(captured, PaymentCaptured)
    assert (captured.amount, captured.source) == (3_300, "provider_notice")


async def test_a_notice_told_twice_is_stored_once_and_pays_once(shopping: Shopping) -> None:
    payment = await issued(shopping)
    await shopping.konbini.pay(payment)
    assert await notify(shopping, times=2) == [200, 200]
    assert await kinds(shopping) == [PaymentNumberIssued, PaymentCaptured]
    assert len(await shopping.payments.rows("SELECT 1 FROM notices")) == 1


async def test_a_forged_notice_is_refused_and_changes_nothing(shopping: Shopping) -> None:
    payment = await issued(shopping)
    await shopping.konbini.pay(payment)
    [(_, body)] = shopping.konbini.notices()
    answer = await shopping.payments.browser.post(
        "/payments/konbini/notices", content=body, headers={"X-Konbini-Signature": "0" * 64}
    )
    await shopping.payments.work()
    assert answer.status_code == 400
    assert await kinds(shopping) == [PaymentNumberIssued]
    assert await shopping.payments.rows("SELECT 1 FROM notices") == []


async def test_a_genuine_notice_without_money_changes_nothing(shopping: Shopping) -> None:
    payment = await issued(shopping)
    await shopping.konbini.pay(payment)
    notice = shopping.konbini.notices()
    ledger = shopping.konbini._ledger
    ledger._db.execute("delete from entries where kind = 'paid'")
    for headers, body in notice:
        await shopping.payments.browser.post("/payments/konbini/notices", content=body, headers=headers)
    await shopping.payments.work()
    assert await kinds(shopping) == [PaymentNumberIssued]


async def test_a_notice_that_never_comes_is_made_up_for_by_asking(shopping: Shopping) -> None:
    payment = await issued(shopping)
    await shopping.konbini.pay(payment, tell=False)
    clock.move(POLL)
    await shopping.payments.work()
    assert await kinds(shopping) == [PaymentNumberIssued, PaymentCaptured]


@pytest.mark.feature("KON-18")
@pytest.mark.parametrize(("seconds", "ends_as"), [(-1, PaymentCaptured), (0, PaymentExpired)])
async def test_grace_ends_exactly_twelve_hours_after_the_deadline(
    shopping: Shopping, seconds: int, ends_as: type[Event]
) -> None:
    payment = await issued(shopping)
    assert payment.number is not None
    limit = payment.number.due_at + timedelta(hours=12)
    clock.move(limit - now() + timedelta(seconds=seconds + 0.5 if seconds < 0 else seconds))
    if seconds < 0:
        await shopping.konbini.pay(payment, tell=False)
    clock.move(timedelta(seconds=1) if seconds < 0 else timedelta(0))
    await shopping.payments.work()
    assert await kinds(shopping) == [PaymentNumberIssued, ends_as]


async def test_nothing_expires_while_the_company_does_not_answer(shopping: Shopping) -> None:
    await issued(shopping)
    shopping.konbini.go_wrong("look_up", "silence")
    clock.move(timedelta(days=7))
    await shopping.payments.work()
    assert await kinds(shopping) == [PaymentNumberIssued]
    clock.move(timedelta(minutes=1))
    await shopping.payments.work()
    assert await kinds(shopping) == [PaymentNumberIssued, PaymentExpired]


REFUSALS = pytest.mark.parametrize(
    ("status", "code"), [(404, "not_found"), (422, "temporarily_unavailable"), (422, "no such code")]
)


def refuse_looks(shopping: Shopping, monkeypatch: pytest.MonkeyPatch, status: int, code: str) -> None:
    """Let the company refuse looks; what was paid stays paid."""
    konbini = shopping.payments.methods["konbini"]
    assert isinstance(konbini, Konbini)
    sends = konbini._http.send

    async def send(request: httpx.Request, **more: Any) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(status, json={"code": code}, request=request)
        return await sends(request, **more)

    monkeypatch.setattr(konbini._http, "send", send)


@REFUSALS
async def test_money_on_a_number_that_no_look_finds_is_not_lost(
    shopping: Shopping, monkeypatch: pytest.MonkeyPatch, status: int, code: str
) -> None:
    payment = await issued(shopping)
    await shopping.konbini.pay(payment)
    with monkeypatch.context() as patched:
        refuse_looks(shopping, patched, status, code)
        assert await notify(shopping) == [200]
        assert (await shopping.payments.payment("N1")).calls == ("answer_mismatch",)
        [notice] = await shopping.payments.rows("SELECT state, due_at FROM notices")
        assert notice.due_at is not None
        clock.move(timedelta(days=8))
        await shopping.payments.work()
        assert await kinds(shopping) == [PaymentNumberIssued]
    clock.move(timedelta(hours=2))
    await shopping.payments.work()
    assert await kinds(shopping) == [PaymentNumberIssued, PaymentCaptured]
    assert (await shopping.payments.payment("N1")).calls == ()


async def test_a_number_refused_in_unknown_words_is_asked_for_again(
    shopping: Shopping, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shopping.payments.hears(placed("N1", "konbini", choice={"chain": "lawson"}))
    konbini = shopping.payments.methods["konbini"]
    assert isinstance(konbini, Konbini)

    async def refuse(request: httpx.Request, **_: Any) -> httpx.Response:
        return httpx.Response(422, json={"code": "temporarily_unavailable"}, request=request)

    with monkeypatch.context() as patched:
        patched.setattr(konbini._http, "send", refuse)
        await shopping.payments.hears(reserved("N1"))
        await shopping.payments.work()
    assert (await shopping.payments.payment("N1")).state == "unknown"
    clock.move(timedelta(minutes=1))
    await shopping.payments.work()
    assert await kinds(shopping) == [PaymentNumberIssued]


async def found_after_its_deadline(shopping: Shopping, *, paid: bool = False, ended: bool = False) -> Payment:
    """The answer to the request for a number is lost, and the company is next asked after the number's deadline."""
    shopping.konbini.go_wrong("issue", "lost_answer")
    await shopping.payments.hears(placed("N1", "konbini"), reserved("N1"))
    await shopping.payments.work()
    unknown = await shopping.payments.payment("N1")
    assert unknown.state == "unknown"
    if paid:
        await shopping.konbini.pay(unknown)
    if ended:
        await shopping.payments.hears(cancelled("N1"))
    clock.move(timedelta(days=7))
    await shopping.payments.work()
    clock.move(timedelta(minutes=10))
    await shopping.payments.work()
    requests = "SELECT 1 FROM payment_requests WHERE due_at IS NOT NULL"
    assert await shopping.payments.rows(requests) == [], "nothing is asked for any more"
    return await shopping.payments.payment("N1")


async def test_a_number_found_after_its_deadline_ends_as_failed(shopping: Shopping) -> None:
    over = await found_after_its_deadline(shopping)
    assert (over.state, over.calls, over.number) == ("declined", (), None)
    assert await kinds(shopping) == [PaymentFailed]
    assert shopping.konbini._story(over)["closed_at"] is not None, "no till takes money for it"


async def test_a_cancelled_order_ends_with_its_number_unknown(shopping: Shopping) -> None:
    over = await found_after_its_deadline(shopping, ended=True)
    assert (over.state, over.calls) == ("voided", ())
    assert await kinds(shopping) == []


async def test_a_number_found_after_its_deadline_may_be_paid(shopping: Shopping) -> None:
    paid = await found_after_its_deadline(shopping, paid=True)
    assert (paid.state, paid.calls, paid.sale_amount) == ("captured", (), 3_300)
    assert await kinds(shopping) == [PaymentCaptured]


@pytest.mark.feature("KON-39", clause="refund opened")
@pytest.mark.feature("KON-20", clause="goes back by gift card or bank transfer")
async def test_money_after_the_cancellation_goes_back_without_a_sale(shopping: Shopping) -> None:
    payment = await issued(shopping)
    clock.move(timedelta(days=7))
    await shopping.payments.work()
    await shopping.payments.hears(cancelled("N1", "unpaid"))
    await shopping.konbini.pay(payment)
    await notify(shopping)
    assert await kinds(shopping) == [PaymentNumberIssued, PaymentExpired, PaymentRefunded]
    [refunded] = await shopping.payments.said(PaymentRefunded)
    assert isinstance(refunded, PaymentRefunded)
    assert (refunded.amount, refunded.route) == (3_300, "gift_card")
    assert shopping.konbini.returned(payment) == [3_300]
    accounts = await shopping.payments.rows("SELECT DISTINCT account FROM journal_lines ORDER BY 1")
    assert [row.account for row in accounts] == ["receivable", "suspense"]


@pytest.mark.feature("KON-45", clause="unpaid: refused")
async def test_an_unpaid_cancelled_number_is_closed_without_a_refund(shopping: Shopping) -> None:
    payment = await issued(shopping)
    await shopping.payments.hears(cancelled("N1"))
    await shopping.payments.work()
    assert (await shopping.payments.payment("N1")).state == "voided"
    assert shopping.konbini._story(payment)["closed_at"] is not None
    assert shopping.konbini.returned(payment) == []


async def test_a_payment_that_crosses_the_cancellation_goes_back(shopping: Shopping) -> None:
    payment = await issued(shopping)
    await shopping.konbini.pay(payment, tell=False)
    await shopping.payments.hears(cancelled("N1"))
    await shopping.payments.work()
    assert (await shopping.payments.payment("N1")).state == "refunded"
    assert shopping.konbini.returned(payment) == [3_300]
    assert PaymentCaptured not in await kinds(shopping)


async def test_too_little_waits_for_the_rest(shopping: Shopping) -> None:
    payment = await issued(shopping)
    await shopping.konbini.pay(payment, amount=1_000)
    await notify(shopping)
    seen = await shopping.payments.payment("N1")
    assert (seen.state, seen.suspense_amount, seen.calls) == ("waiting", 1_000, ("short_money",))
    await shopping.konbini.pay(payment, amount=2_300)
    await notify(shopping)
    seen = await shopping.payments.payment("N1")
    assert (seen.state, seen.captured_amount, seen.suspense_amount) == ("captured", 3_300, 0)


async def test_too_little_for_a_cancelled_order_goes_back_all_the_same(
    shopping: Shopping,
) -> None:
    payment = await issued(shopping)
    await shopping.konbini.pay(payment, amount=1_000)
    await notify(shopping)
    await shopping.payments.hears(cancelled("N1"))
    await shopping.payments.work()
    seen = await shopping.payments.payment("N1")
    assert (seen.state, seen.held_amount, seen.refunded_amount) == ("refunded", 0, 1_000)
    assert shopping.konbini.returned(payment) == [1_000]


async def test_what_is_paid_twice_or_too_much_waits_in_suspense(shopping: Shopping) -> None:
    payment = await issued(shopping)
    await shopping.konbini.pay(payment, amount=4_000)
    await notify(shopping)
    await shopping.konbini.pay(payment)
    await notify(shopping)
    seen = await shopping.payments.payment("N1")
    assert (seen.state, seen.captured_amount, seen.suspense_amount) == ("captured", 3_300, 4_000)
    assert seen.calls == ("excess_money",)
    assert shopping.konbini.returned(payment) == []
    received = await shopping.payments.rows("SELECT sum(amount) AS total FROM receipts")
    assert received[0].total == sum(shopping.konbini.taken(payment))


@pytest.mark.parametrize("days", [1, 6, 20])
async def test_a_number_paid_twice_is_booked_although_no_notice_comes(shopping: Shopping, days: int) -> None:
    payment = await issued(shopping)
    await shopping.konbini.pay(payment)
    await notify(shopping)
    clock.move(timedelta(days=days - 1))
    await shopping.payments.work()
    await shopping.konbini.pay(payment, tell=False)
    clock.move(timedelta(days=max(1, 2 * (days - 6))))
    await shopping.payments.work()
    seen = await shopping.payments.payment("N1")
    assert (seen.state, seen.suspense_amount, seen.calls) == ("captured", 3_300, ("excess_money",))
    received = await shopping.payments.rows("SELECT sum(amount) AS total FROM receipts")
    assert received[0].total == sum(shopping.konbini.taken(payment)) == 6_600


async def test_an_excess_returned_by_staff_is_booked_once(
    shopping: Shopping,
) -> None:
    payment = await issued(shopping)
    await shopping.konbini.pay(payment)
    await shopping.konbini.pay(payment, amount=1_300)
    await notify(shopping)
    for part, left, calls in ((1_000, 300, ("excess_money",)), (300, 0, ())):
        await give_back_by_hand(shopping, payment, part)
        for _ in range(2):
            clock.move(timedelta(days=1))
            await shopping.payments.work()
        seen = await shopping.payments.payment("N1")
        assert (seen.state, seen.captured_amount, seen.spare_amount) == ("captured", 3_300, left)
        assert seen.calls == calls
    assert seen.refunded_amount == sum(shopping.konbini.returned(payment)) == 1_300
    booked = await shopping.payments.rows(
        "SELECT account, sum(debit - credit) AS balance FROM journal_lines GROUP BY account"
    )
    assert {row.account: row.balance for row in booked if row.balance} == {
        "receivable": 3_300,
        "sales": -3_300,
    }
    told = await shopping.payments.said(PaymentRefunded)
    assert [(one.amount, one.spare_amount) for one in told if isinstance(one, PaymentRefunded)] == [
        (1_000, 1_000),
        (300, 300),
    ]
    last = (await shopping.payments.said(PaymentStandingChanged))[-1]
    assert isinstance(last, PaymentStandingChanged)
    assert (last.revision, last.calls, last.suspense_amount, last.refunded_amount) == (3, (), 1_300, 1_300)


async def test_an_order_cancelled_after_its_excess_returns_the_rest(
    shopping: Shopping,
) -> None:
    payment = await issued(shopping)
    await shopping.konbini.pay(payment, amount=4_000)
    await notify(shopping)
    await give_back_by_hand(shopping, payment, 700)
    clock.move(timedelta(days=1))
    await shopping.payments.work()
    await shopping.payments.hears(cancelled("N1"))
    await shopping.payments.work()
    seen = await shopping.payments.payment("N1")
    assert (seen.state, seen.held_amount, seen.calls) == ("refunded", 0, ())
    assert shopping.konbini.returned(payment) == [700, 3_300]


async def test_a_cancellation_returns_the_rest_after_a_part_by_staff(
    shopping: Shopping,
) -> None:
    payment = await issued(shopping)
    await shopping.konbini.pay(payment, amount=4_000)
    await notify(shopping)
    await give_back_by_hand(shopping, payment, 701)
    clock.move(timedelta(days=1))
    await shopping.payments.work()
    seen = await shopping.payments.payment("N1")
    assert (seen.state, seen.sale_amount, seen.calls) == ("captured", 3_299, ("refunded_elsewhere",))
    [told] = await shopping.payments.said(PaymentRefunded)
    assert isinstance(told, PaymentRefunded)
    assert (told.amount, told.spare_amount, told.remaining_amount) == (701, 700, 3_299)
    await shopping.payments.hears(cancelled("N1"))
    await shopping.payments.work()
    assert shopping.konbini.returned(payment) == [701, 3_299]
    assert (await shopping.payments.payment("N1")).state == "refunded"


async def test_staff_have_an_abandoned_number_looked_at_again(shopping: Shopping, keys: Keys) -> None:
    payment = await issued(shopping)
    await shopping.konbini.pay(payment, amount=4_000)
    await notify(shopping)
    for _ in range(20):
        clock.move(timedelta(days=10))
        await shopping.payments.work()
    assert [row.due_at for row in await shopping.payments.rows("SELECT due_at FROM payments")] == [None]
    await give_back_by_hand(shopping, payment, 700)
    sign_in(shopping.payments.browser, keys)
    assert (await shopping.payments.browser.post("/desk/payments/N1/look-up")).status_code == 303
    await shopping.payments.work()
    assert (await shopping.payments.payment("N1")).refunded_amount == 700
    assert [row.due_at for row in await shopping.payments.rows("SELECT due_at FROM payments")] == [None]


@pytest.mark.parametrize("ended", ["cancelled", "expired"])
async def test_money_for_a_number_that_is_over_returns_without_notice(shopping: Shopping, ended: str) -> None:
    payment = await issued(shopping)
    if ended == "cancelled":
        await shopping.payments.hears(cancelled("N1"))
    else:
        clock.move(timedelta(days=7))
    await shopping.payments.work()
    await shopping.konbini.pay(payment, tell=False)
    clock.move(timedelta(days=1))
    await shopping.payments.work()
    assert (await shopping.payments.payment("N1")).state == "refunded"
    assert shopping.konbini.returned(payment) == [3_300]


async def test_a_number_is_looked_at_for_thirty_days_past_its_deadline(
    shopping: Shopping,
) -> None:
    payment = await issued(shopping)
    await shopping.konbini.pay(payment)
    await notify(shopping)
    assert payment.number is not None
    end = payment.number.due_at + timedelta(hours=12, days=30)
    looks = []
    while (due_at := (await shopping.payments.rows("SELECT due_at FROM payments"))[0].due_at) is not None:
        looks.append(due_at)
        clock.move(due_at - now() + timedelta(seconds=1))
        await shopping.payments.work()
    assert looks[-1] == end
    assert 10 < len(looks) < 16
    pauses = [after - before for before, after in pairwise(looks)]
    assert all(pause < timedelta(days=1, minutes=1) for pause in pauses[:6])


async def test_the_last_look_is_made_again_until_the_company_answers(shopping: Shopping) -> None:
    payment = await issued(shopping)
    await shopping.konbini.pay(payment)
    await notify(shopping)
    await shopping.konbini.pay(payment, tell=False)
    shopping.konbini.go_wrong("look_up", "silence")
    clock.move(timedelta(days=60))
    await shopping.payments.work()
    assert (await shopping.payments.payment("N1")).suspense_amount == 0
    clock.move(timedelta(minutes=1))
    await shopping.payments.work()
    assert (await shopping.payments.payment("N1")).suspense_amount == 3_300


async def test_too_little_at_the_deadline_goes_back(shopping: Shopping) -> None:
    payment = await issued(shopping)
    await shopping.konbini.pay(payment, amount=1_000)
    await notify(shopping)
    clock.move(timedelta(days=7))
    await shopping.payments.work()
    assert (await shopping.payments.payment("N1")).state == "refunded"
    assert shopping.konbini.returned(payment) == [1_000]


async def failed_refund_of_a_part(shopping: Shopping) -> Payment:
    """A number paid in part ran out, and the company refused to give the part back."""
    payment = await issued(shopping)
    await shopping.konbini.pay(payment, amount=1_000)
    await notify(shopping)
    shopping.konbini.go_wrong("refund", "decline")
    clock.move(timedelta(days=7))
    await shopping.payments.work()
    return payment


async def test_a_part_that_cannot_go_back_is_owed_and_was_never_paid(shopping: Shopping, keys: Keys) -> None:
    payment = await failed_refund_of_a_part(shopping)
    await shopping.payments.hears(cancelled("N1", "unpaid"))
    clock.move(timedelta(days=1))
    await shopping.payments.work()
    seen = await shopping.payments.payment("N1")
    assert (seen.state, seen.captured_amount, seen.held_amount) == ("owed", 0, 1_000)
    assert "refund_failed" in seen.calls
    assert await kinds(shopping) == [PaymentNumberIssued, PaymentExpired]
    assert shopping.konbini.returned(payment) == []
    sign_in(shopping.payments.browser, keys)
    page = (await shopping.payments.browser.get("/desk/payments/N1")).text
    for words in ("要返金", "¥1,000を返金できませんでした。", "返金をもう一度依頼する"):
        assert words in page
    assert "入金済み" not in page
    assert "/desk/payments/N1" in (await shopping.payments.browser.get("/desk/payments?view=attention")).text


async def test_staff_have_a_refund_that_failed_tried_again(shopping: Shopping, keys: Keys) -> None:
    payment = await failed_refund_of_a_part(shopping)
    sign_in(shopping.payments.browser, keys)
    statuses = [(await press(shopping.payments, "N1", "refund")).status_code for _ in range(2)]
    assert statuses == [303, 409]
    await shopping.payments.work()
    seen = await shopping.payments.payment("N1")
    assert (seen.state, seen.held_amount, seen.calls) == ("refunded", 0, ())
    assert shopping.konbini.returned(payment) == [1_000]
    assert (await kinds(shopping))[-1] == PaymentRefunded
    assert "返金をもう一度依頼する" not in (await shopping.payments.browser.get("/desk/payments/N1")).text


async def test_a_repeated_refund_leaves_out_what_staff_gave_back(shopping: Shopping, keys: Keys) -> None:
    payment = await failed_refund_of_a_part(shopping)
    await give_back_by_hand(shopping, payment, 1_000)
    sign_in(shopping.payments.browser, keys)
    assert (await press(shopping.payments, "N1", "refund")).status_code == 303
    await shopping.payments.work()
    seen = await shopping.payments.payment("N1")
    assert (seen.state, seen.held_amount, seen.calls) == ("refunded", 0, ())
    assert shopping.konbini.returned(payment) == [1_000]
    assert [one.state for one in await shopping.payments.rows(REFUNDS)] == ["declined", "declined"]


@pytest.mark.feature("PAY-06", clause="forced id refused")
async def test_staff_cannot_declare_a_konbini_order_paid(shopping: Shopping) -> None:
    await issued(shopping)
    await shopping.payments.hears(capture_requested("N1"))
    [rejected] = await shopping.payments.said(CaptureRejected)
    assert isinstance(rejected, CaptureRejected)
    assert rejected.reason == "automatic_only"


@pytest.mark.feature("KON-04")
@pytest.mark.feature("KON-41", clause="title of the page")
@pytest.mark.feature("KON-13", clause="link of the mail")
async def test_the_page_tells_number_steps_deadline_and_changes_chain(shopping: Shopping) -> None:
    payment = await issued(shopping)
    assert payment.number is not None
    page = (await shopping.payments.browser.get(payment.page_url)).text
    assert "お支払い方法について" in page
    assert page.index(payment.number.number) < page.index("8888")
    for step in ("各種代金・料金お支払い", "各種代金お支払い", "「のれん商店」を選びます"):
        assert step in page
    assert "au PAY" in page
    assert 'href="/orders/N1"' in page
    path = f"/payments/konbini/N1/chain?key={payment.page_key}"
    form = {"key": payment.page_key, "chain": "seven_eleven"}
    changed = await shopping.payments.browser.post(path, data=form, follow_redirects=True)
    assert payment.refs["number_13"] in changed.text
    assert "払込票番号" in changed.text
    assert "8888" not in changed.text.replace(payment.refs["number_13"], "")
    after = await shopping.payments.payment("N1")
    assert after.number is not None
    assert after.number.due_at == payment.number.due_at
    assert (await shopping.payments.browser.post(path, data=form | {"chain": "poplar"})).status_code == 422


async def test_another_chain_is_told_and_mailed_where_digits_differ(shopping: Shopping) -> None:
    payment = await issued(shopping)
    path = f"/payments/konbini/N1/chain?key={payment.page_key}"
    for chain in ("ministop", "ministop", "seven_eleven", "lawson"):
        await shopping.payments.browser.post(path, data={"key": payment.page_key, "chain": chain})
    first, *later = await shopping.payments.said(PaymentNumberIssued)
    assert isinstance(first, PaymentNumberIssued)
    told = [(one.chain_name, one.confirmation_number, one.send_mail) for one in later]  # type: ignore[attr-defined]
    assert told == [
        ("ミニストップ", "8888", False),
        ("セブンイレブン", None, True),
        ("ローソン", "8888", False),
    ], "the number of ローソン was mailed when it was issued"
    assert {one.due_at for one in later} == {first.due_at}  # type: ignore[attr-defined]
    assert later[1].number == payment.refs["number_13"]  # type: ignore[attr-defined]


async def test_too_many_changes_of_the_chain_are_refused_in_words(shopping: Shopping) -> None:
    payment = await issued(shopping)
    browser, path = shopping.payments.browser, f"/payments/konbini/N1/chain?key={payment.page_key}"
    for chain in ("ministop", "seven_eleven", "lawson", "ministop", "lawson"):
        await browser.post(path, data={"key": payment.page_key, "chain": chain})
    answer = await browser.post(path, data={"key": payment.page_key, "chain": "ministop"})

    assert answer.status_code == 303
    assert "1時間に5回まで" in (await browser.get(answer.headers["location"])).text
    assert len(await shopping.payments.said(PaymentNumberIssued)) == 6


async def test_the_page_tells_of_a_refund_as_the_order_page_does(shopping: Shopping) -> None:
    payment = await issued(shopping)
    await shopping.konbini.pay(payment)
    assert await notify(shopping) == [200]
    await shopping.payments.work()
    assert "お支払いを確認しました" in (await shopping.payments.browser.get(payment.page_url)).text
    await shopping.payments.hears(cancelled("N1"))
    assert MONEY_BACK["on_its_way"] in (await shopping.payments.browser.get(payment.page_url)).text
    await shopping.payments.work()
    assert (await shopping.payments.payment("N1")).state == "refunded"
    assert MONEY_BACK["given_back"] in (await shopping.payments.browser.get(payment.page_url)).text


async def test_the_page_opens_only_with_its_key(shopping: Shopping) -> None:
    await issued(shopping)
    for key in ("", "wrong", "あ"):
        answer = await shopping.payments.browser.get("/payments/konbini/N1", params={"key": key})
        assert answer.status_code == 404


async def test_a_corrected_address_ends_the_former_link(shopping: Shopping) -> None:
    payment = await issued(shopping)
    browser = shopping.payments.browser
    staff: dict[str, Any] = {"by_id": new_id(), "by": "店長", "ip": "192.0.2.1"}
    corrected = MailAddressCorrected(
        **staff, order_code="N1", email="hana@right.example", page_key="another-key-of-22-sign"
    )

    await shopping.payments.hears(corrected)

    assert (await browser.get(payment.page_url)).status_code == 404
    renewed = await shopping.payments.payment("N1")
    assert renewed.page_url.endswith("/payments/konbini/N1?key=another-key-of-22-sign")
    assert (await browser.get(renewed.page_url)).status_code == 200
    json = await browser.get("/api/payments/orders/N1", params={"key": payment.page_key})
    assert json.status_code == 404


async def test_one_key_opens_order_and_payment(shopping: Shopping) -> None:
    placed_with_key = placed("N1", "konbini").model_copy(
        update={"page_url": "http://shop.test/orders/N1?key=k1"}
    )
    await shopping.payments.hears(placed_with_key)
    assert (await shopping.payments.payment("N1")).page_key == "k1"


@pytest.mark.feature("KON-14")
@pytest.mark.parametrize(
    ("moment", "closed"),
    [
        ("2025-01-16 03:00", True),
        ("2025-01-16 03:30", True),
        ("2025-01-16 05:00", False),
        ("2025-01-16 02:59", False),
        ("2025-01-23 03:30", False),
        ("2025-02-20 03:30", False),
    ],
)
async def test_the_page_is_closed_in_the_maintenance_window(
    shopping: Shopping, moment: str, closed: bool
) -> None:
    payment = await issued(shopping)
    at = datetime.strptime(moment, "%Y-%m-%d %H:%M").replace(tzinfo=JAPAN)
    clock.move(at.astimezone(UTC) - now())
    answer = await shopping.payments.browser.get(payment.page_url)
    assert answer.status_code == (503 if closed else 200)
    assert ("お支払い方法について" in answer.text, "data-number" in answer.text) == (True, not closed)


@pytest.mark.feature("KON-29")
@pytest.mark.feature("KON-30", clause="fee of each chain is 0")
def test_six_chains_take_cash_and_no_fee() -> None:
    assert {chain.label for chain in KONBINI} == {
        "セブンイレブン",
        "ローソン",
        "ファミリーマート",
        "ミニストップ",
        "デイリーヤマザキ",
        "セイコーマート",
    }
    everywhere = {"PayPay", "auPay", "d払い", "Suica", "PASMO", "クレジットカード", "iD"}
    also = {
        "seven_eleven": {"nanaco"},
        "lawson": {"WAON"},
        "ministop": {"WAON"},
        "family_mart": {"WAON", "FamiPay"},
        "seicomart": {"WAON", "ペコマカード"},
        "daily_yamazaki": set(),
    }
    for chain in KONBINI:
        assert (chain.accepted, chain.fee) == (("現金",), 0)
        assert set(chain.refused) == everywhere | also[chain.name]
    assert CHAINS["online"].steps == ()
