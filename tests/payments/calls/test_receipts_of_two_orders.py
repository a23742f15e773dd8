"""Money that a provider told for one order and for another: nothing is done by it until a person has said whose it is."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from harness.eventually import eventually
from harness.keys import Keys
from harness.postgres import MakeDatabase
from harness.service_logs import service_logs
from payments.calls import rules as call_rules
from payments.deposits.rules import book_deposit
from payments.desk.call_labels import calls
from payments.desk.offers import offers
from payments.methods.konbini.simulator.driving import KonbiniDriver
from payments.methods.method import Shop
from payments.payment.locked_payments import end_mismatch_if_all_fits, settle_answers
from payments.payment.rules.answers import Answer, Captured, Issued, NoLongerReported, Refunded
from payments.payment.rules.contradictions.disown import disown, refunds_to_disown
from payments.payment.rules.payment import Payment
from payments.requests.provider_gate import ProviderGate
from payments.tables import metadata
from payments.watching.watch_payments import Watch, is_overdue
from shared.clock import clock, in_japan, now
from shared.due.work import DueRunner, DueWork
from shared.events import PaymentDeedDone, RefundTakenBack
from tests.payments.false_answers import FalseAnswers
from tests.payments.order_examples import cancelled, placed, reserved
from tests.payments.payment_examples import AT, BANK, KONBINI, NUMBER, PLACED, payment
from tests.payments.payments_service import ORIGIN, Payments, make_payments, served
from tests.payments.staff import press, sign_in


@dataclass
class Odd:
    """The service and a company that may tell of another number's receipt."""

    payments: Payments
    company: KonbiniDriver
    false_answers: FalseAnswers

    async def order(self, code: str) -> Payment:
        await self.payments.hears(placed(code, "konbini"), reserved(code))
        await self.payments.work()
        return await self.payments.payment(code)

    async def look(self, code: str) -> Payment:
        await press(self.payments, code, "look-up")
        await self.payments.work()
        return await self.payments.payment(code)


@pytest.fixture
async def odd(make_db: MakeDatabase, keys: Keys, tmp_path: Path) -> AsyncIterator[Odd]:
    db = await make_db("payments", metadata)
    company = KonbiniDriver()
    false_answers = FalseAnswers(company.app(tmp_path, f"{ORIGIN}/unused"))
    async with served(false_answers) as url:
        method = company.method(url, Shop(ORIGIN, sandbox=True))
        payments = make_payments(db, keys, tmp_path, method)
        sign_in(payments.browser, keys)
        async with payments.browser:
            yield Odd(payments, company, false_answers)
        await method.close()


def with_a_receipt(body: str) -> str:
    receipt = {"receipt_id": "kr_2", "amount": 3_300, "paid_at": now().isoformat()}
    return json.dumps({**json.loads(body), "receipts": [receipt]})


async def told_for_two(odd: Odd) -> tuple[Payment, Payment]:
    """One look at N1 lists the receipt of N2; later looks do not. N2 is looked at as it is."""
    mine, theirs = await odd.order("N1"), await odd.order("N2")
    odd.false_answers.tell("GET", mine.payment_id.hex, with_a_receipt)
    assert (await odd.look("N1")).state == "captured"
    odd.false_answers.tell("GET", theirs.payment_id.hex, with_a_receipt, times=1_000)
    odd.false_answers.tell("POST", f"/{theirs.refs['number_id']}/close$", with_a_receipt, times=1_000)
    return await odd.look("N1"), await look_with_a_runner(odd, "N2")


async def look_with_a_runner(odd: Odd, code: str) -> Payment:
    """Have a payment looked at by a worker that survives what cannot be written down."""
    await press(odd.payments, code, "look-up")
    await until_it_calls(odd, Watch(ProviderGate(odd.payments.methods)).due_work(concurrency=1), code)
    return await odd.payments.payment(code)


async def until_it_calls(odd: Odd, work: DueWork, code: str) -> None:
    import asyncio

    runner = DueRunner(work, odd.payments.db)
    running = asyncio.create_task(runner.run())

    async def called() -> bool:
        return "answer_mismatch" in (await odd.payments.payment(code)).calls

    await eventually(called)
    runner.stop()
    await running


async def test_a_receipt_that_is_told_no_more_calls_a_person(odd: Odd) -> None:
    mine, _ = await told_for_two(odd)
    assert (mine.state, mine.calls, mine.receipt_amounts_in_doubt) == (
        "captured",
        ("answer_mismatch",),
        {"kr_2": 0},
    )
    page = (await odd.payments.browser.get("/desk/payments/N1")).text
    assert "まだ発送しないでください" in page
    assert "この注文の入金ではない" in page


async def test_a_receipt_booked_elsewhere_names_that_order(odd: Odd) -> None:
    # The log of an installation prints the error before the work hears of it.
    with service_logs():
        _, theirs = await told_for_two(odd)
    assert theirs.booked_elsewhere == {"kr_2": "N1"}
    page = (await odd.payments.browser.get("/desk/payments/N2")).text
    assert "注文N1に記録済みの入金が、この注文の入金としても" in page


async def test_staff_move_a_receipt_to_the_order_it_is_of(odd: Odd) -> None:
    await told_for_two(odd)

    assert (await press(odd.payments, "N2", "move", ref="kr_2")).status_code == 303
    await odd.look("N1")
    await odd.look("N2")

    mine, theirs = await odd.payments.payment("N1"), await odd.payments.payment("N2")
    assert (mine.state, mine.held_amount, mine.calls) == ("waiting", 0, ())
    assert (theirs.state, theirs.held_amount, theirs.calls) == ("captured", 3_300, ())
    [deed] = await odd.payments.said(PaymentDeedDone)
    assert isinstance(deed, PaymentDeedDone)
    assert (deed.order_code, "移しました" in deed.subject) == ("N2", True)


async def test_a_cancelled_order_gives_back_a_moved_receipt(odd: Odd) -> None:
    await told_for_two(odd)
    await odd.payments.hears(cancelled("N2"))
    await odd.payments.work()

    assert (await press(odd.payments, "N2", "move", ref="kr_2")).status_code == 303

    asked = await odd.payments.rows("SELECT amount FROM payment_requests WHERE operation = 'refund'")
    assert [row.amount for row in asked] == [3_300]


async def test_a_cancellation_ends_when_the_receipt_is_anothers(odd: Odd) -> None:
    await told_for_two(odd)
    await odd.payments.hears(cancelled("N2"))
    await odd.payments.work()

    assert (await press(odd.payments, "N2", "disown", ref="kr_2")).status_code == 303
    await odd.payments.work()
    clock.move(timedelta(hours=2))
    await odd.payments.work()

    ended = await odd.payments.payment("N2")
    assert (ended.state, ended.held_amount, ended.calls) == ("voided", 0, ())


async def test_a_receipt_is_moved_from_the_order_that_has_it_now(odd: Odd) -> None:
    await told_for_two(odd)
    third = await odd.order("N3")
    odd.false_answers.tell("GET", third.payment_id.hex, with_a_receipt, times=1_000)
    await look_with_a_runner(odd, "N3")
    assert (await press(odd.payments, "N2", "move", ref="kr_2")).status_code == 303

    assert (await press(odd.payments, "N3", "move", ref="kr_2")).status_code == 303

    held = [(await odd.payments.payment(code)).held_amount for code in ("N1", "N2", "N3")]
    assert held == [0, 0, 3_300]


async def test_a_moved_receipt_that_is_told_again_calls_a_person(odd: Odd) -> None:
    mine, _ = await told_for_two(odd)
    assert (await press(odd.payments, "N2", "move", ref="kr_2")).status_code == 303
    odd.false_answers.tell("GET", mine.payment_id.hex, with_a_receipt, times=1_000)

    told = await odd.look("N1")

    assert (told.held_amount, told.calls, told.booked_elsewhere) == (0, ("answer_mismatch",), {"kr_2": "N2"})
    assert (await press(odd.payments, "N1", "move", ref="kr_2")).status_code == 303
    held = [(await odd.payments.payment(code)).held_amount for code in ("N1", "N2")]
    assert held == [3_300, 0]
    assert (await odd.look("N1")).calls == ()


async def test_a_disowned_receipt_can_go_to_the_order_it_is_of(odd: Odd) -> None:
    await told_for_two(odd)
    assert (await press(odd.payments, "N1", "disown", ref="kr_2")).status_code == 303

    assert (await press(odd.payments, "N2", "move", ref="kr_2")).status_code == 303

    held = [(await odd.payments.payment(code)).held_amount for code in ("N1", "N2")]
    assert held == [0, 3_300]
    assert (await press(odd.payments, "N1", "count-again", ref="kr_2")).status_code == 409


async def test_staff_count_a_receipt_again_that_they_had_disowned(odd: Odd) -> None:
    mine, _ = await told_for_two(odd)
    assert (await press(odd.payments, "N1", "disown", ref="kr_2")).status_code == 303
    odd.false_answers.tell("GET", mine.payment_id.hex, with_a_receipt, times=1_000)
    assert (await odd.look("N1")).calls == ("receipt_nowhere", "answer_mismatch")
    assert "この注文の入金として数え直す" in (await odd.payments.browser.get("/desk/payments/N1")).text

    assert (await press(odd.payments, "N1", "count-again", ref="kr_2")).status_code == 303

    again = await odd.look("N1")
    assert (again.state, again.held_amount, again.calls) == ("captured", 3_300, ())


async def said_after(odd: Odd, code: str, deed: str) -> str:
    """Do a deed about the receipt; return what the desk says then."""
    done = await press(odd.payments, code, deed, ref="kr_2")
    assert done.status_code == 303
    return (await odd.payments.browser.get(f"/desk/payments/{code}")).text


async def test_who_disowns_a_receipt_reads_where_it_is_booked(odd: Odd) -> None:
    await told_for_two(odd)

    page = await said_after(odd, "N2", "disown")

    assert "この入金は注文N1に記録されています" in page
    assert (await odd.payments.payment("N2")).calls == ()
    [deed] = await odd.payments.said(PaymentDeedDone)
    assert isinstance(deed, PaymentDeedDone)
    assert "注文N1に記録されています" in deed.subject


async def test_a_receipt_that_no_order_has_is_listed(odd: Odd) -> None:
    await told_for_two(odd)

    for code in ("N1", "N2"):
        page = await said_after(odd, code, "disown")
        assert "この入金は、どの注文にも記録されていません" in page
        assert ("この注文の入金だったときは" in page) is (code == "N1"), (
            "what was never booked here cannot be again"
        )
        assert (await odd.payments.payment(code)).calls == ("receipt_nowhere",)
    listed = (await odd.payments.browser.get("/desk/payments?tab=attention")).text
    assert listed.count("記録のない入金") >= 2

    await said_after(odd, "N1", "count-again")
    assert (await odd.payments.payment("N1")).calls == ()
    page = (await odd.payments.browser.get("/desk/payments/N2")).text
    assert "いま注文N1に記録されています" in page
    assert (await press(odd.payments, "N2", "seen")).status_code == 303
    assert (await odd.payments.payment("N2")).calls == ()


async def test_pages_tell_where_a_receipt_is_booked_now(odd: Odd) -> None:
    await told_for_two(odd)
    await said_after(odd, "N1", "disown")
    page = (await odd.payments.browser.get("/desk/payments/N2")).text
    assert "いまどの注文にも記録されていない入金が、この注文の入金としても" in page
    assert "注文N1に記録済みの" not in page
    assert "注文N1の入金記録を取り消し" not in page
    await said_after(odd, "N2", "move")

    page = (await odd.payments.browser.get("/desk/payments/N1")).text

    assert "数え直す" not in page
    assert "どの注文にも記録されて" not in page


async def test_a_receipt_that_found_its_order_calls_no_more(odd: Odd) -> None:
    await told_for_two(odd)
    await said_after(odd, "N1", "disown")

    await said_after(odd, "N2", "move")

    assert [(await odd.payments.payment(code)).calls for code in ("N1", "N2")] == [(), ()]


# ---------- pure ----------

PAID = settle_answers(
    payment("waiting", number=NUMBER),
    None,
    [Captured(amount=3_300, captured_at=PLACED, receipt_id="r1")],
    AT,
    KONBINI,
).payment


WAITS = payment("waiting", number=NUMBER)
SAME = Issued(number=NUMBER.number, number_label=NUMBER.label, due_at=NUMBER.due_at)
LATER = replace(SAME, due_at=NUMBER.due_at + timedelta(days=3))


@pytest.mark.parametrize("moved", [timedelta(0), timedelta(seconds=1)])
def test_the_same_deadline_told_again_changes_nothing(moved: timedelta) -> None:
    again = replace(SAME, due_at=NUMBER.due_at + moved)
    assert settle_answers(WAITS, None, [again], AT, KONBINI).payment == WAITS


def test_another_deadline_of_a_known_number_calls_a_person() -> None:
    told = settle_answers(WAITS, None, [LATER], AT, KONBINI)
    assert (told.payment.calls, told.payment.contradicted) == (("answer_mismatch",), True)
    assert [step.because for step in told.steps] == ["deadline told otherwise"]
    overdue = NUMBER.due_at + KONBINI.grace + timedelta(days=1)
    assert not is_overdue(told.payment, KONBINI, overdue), "nothing ends while the deadline is not certain"
    [(_, text)] = calls(told.payment, KONBINI)
    assert f"{in_japan(LATER.due_at):%Y/%m/%d %H:%M}" in text
    assert f"{in_japan(NUMBER.due_at):%Y/%m/%d %H:%M}" in text
    assert settle_answers(told.payment, None, [LATER], AT, KONBINI).steps == (), "once"


def test_the_first_deadline_told_again_ends_the_doubt() -> None:
    told = settle_answers(WAITS, None, [LATER], AT, KONBINI).payment
    fits = settle_answers(told, None, [SAME], AT, KONBINI)
    assert not fits.payment.reported_otherwise
    assert end_mismatch_if_all_fits(fits, [SAME], AT, KONBINI).payment.calls == ()


def test_staff_keep_the_deadline_that_the_buyer_was_told() -> None:
    told = settle_answers(WAITS, None, [LATER], AT, KONBINI).payment
    [offer] = [one for one in offers(told, KONBINI) if one.path == "seen"]
    assert "お客様にお知らせしたお支払い期限" in offer.confirm
    seen = call_rules.mark_seen(told, KONBINI, AT, by="佐藤").payment
    assert (seen.calls, seen.number) == ((), NUMBER)
    assert settle_answers(seen, None, [LATER], AT, KONBINI).payment == seen
    assert is_overdue(seen, KONBINI, NUMBER.due_at + KONBINI.grace)


def test_money_ends_the_doubt_about_a_deadline() -> None:
    told = settle_answers(WAITS, None, [LATER], AT, KONBINI).payment
    came: list[Answer] = [LATER, Captured(amount=3_300, captured_at=PLACED, receipt_id="r1")]
    paid = end_mismatch_if_all_fits(settle_answers(told, None, came, AT, KONBINI), came, AT, KONBINI).payment
    assert (paid.state, paid.calls, paid.contradicted) == ("captured", (), False)


def test_a_receipt_told_no_more_is_taken_out_once_it_is_seen() -> None:
    gone = settle_answers(PAID, None, [NoLongerReported(receipts=("r1",))], AT, KONBINI).payment
    assert (gone.state, gone.calls) == ("captured", ("answer_mismatch",))
    seen = call_rules.mark_seen(gone, KONBINI, AT, by="佐藤").payment
    assert (seen.state, seen.held_amount, seen.calls) == ("waiting", 0, ())


def test_a_refund_told_no_more_calls_a_person() -> None:
    back = settle_answers(PAID, None, [Refunded(refund_ref="p1", amount=3_300)], AT, KONBINI).payment
    gone = settle_answers(back, None, [NoLongerReported(refunds=("p1",))], AT, KONBINI).payment
    assert gone.contradicted
    assert "answer_mismatch" in gone.calls


def test_a_payout_that_was_not_for_the_order_is_disowned() -> None:
    waits = payment("waiting", number=NUMBER)
    paid = book_deposit(
        waits,
        BANK,
        AT,
        amount=3_300,
        deposited_on=in_japan(AT).date(),
        receipt_id="desk:1",
        send_mail=False,
        by="佐藤",
    ).payment
    told = Refunded(refund_ref="p1", amount=3_300, route="bank_transfer")
    back = settle_answers(paid, None, [told], AT, BANK).payment
    assert back.state == "refunded"
    assert refunds_to_disown(back) == {}, "a refund that fits is a fact"
    doubted = settle_answers(back, None, [NoLongerReported(refunds=("p1",))], AT, BANK).payment

    disowned = disown(doubted, BANK, AT, ref="p1", by="佐藤")
    ended = disowned.payment

    routes = [event.route for event in disowned.events if isinstance(event, RefundTakenBack)]
    assert routes == ["bank_transfer"]
    assert (ended.state, ended.held_amount, ended.refunded_amount) == ("captured", 3_300, 0)
    assert settle_answers(ended, None, [NoLongerReported(refunds=("p1",))], AT, BANK).payment == ended


def test_a_disowned_refund_no_longer_calls_as_one_made_elsewhere() -> None:
    back = settle_answers(PAID, None, [Refunded(refund_ref="p1", amount=300)], AT, KONBINI).payment
    assert back.calls == ("refunded_elsewhere",)
    doubted = settle_answers(back, None, [NoLongerReported(refunds=("p1",))], AT, KONBINI).payment
    ended = disown(doubted, KONBINI, AT, ref="p1", by="佐藤").payment
    assert (ended.state, ended.held_amount, ended.calls) == ("captured", 3_300, ())


def test_a_disowned_receipt_seen_again_once_calls_no_more() -> None:
    gone = settle_answers(PAID, None, [NoLongerReported(receipts=("r1",))], AT, KONBINI).payment
    gone_elsewhere = disown(gone, KONBINI, AT, ref="r1", by="佐藤").payment
    assert (gone_elsewhere.state, gone_elsewhere.calls) == ("waiting", ("receipt_nowhere",))
    disowned = call_rules.mark_seen(gone_elsewhere, KONBINI, AT, by="佐藤").payment
    again = Captured(amount=3_300, captured_at=PLACED, receipt_id="r1")

    told = settle_answers(disowned, None, [again], AT, KONBINI).payment
    assert (told.held_amount, told.calls, told.contradicted) == (0, ("answer_mismatch",), True)

    seen = call_rules.mark_seen(told, KONBINI, AT, by="佐藤").payment
    assert settle_answers(seen, None, [again], AT, KONBINI).payment == seen
    assert (seen.state, seen.calls) == ("waiting", ())
