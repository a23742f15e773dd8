"""Every method with a simulator: success, decline, silence, lost answer, double and late notice, restart.

A new method is tested by this file before its author has written a test.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from harness.keys import Keys
from harness.postgres import MakeDatabase
from payments.methods.method import LooksUp, NoticeRefused, Shop
from payments.methods.registry import find_methods, known_kinds
from payments.payment.rules.answers import Captured, Refunded, Unknown
from payments.payment.rules.details import Disowned
from payments.payment.rules.reports.objects import disowned_object
from payments.tables import metadata
from shared.clock import clock
from shared.database.transactions import Database
from shared.events import (
    Event,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentFailed,
    PaymentNumberIssued,
    PaymentRefunded,
)
from tests.payments.methods.every_method import (
    Change,
    Trial,
    amounts_become,
    driven_kinds,
    in_dollars,
    of_another,
    trial,
)
from tests.payments.order_examples import cancelled, capture_requested, placed, shipped
from tests.payments.staff import press, sign_in

OPENED = (PaymentAuthorized, PaymentNumberIssued)
LATER = timedelta(minutes=15)


@pytest.fixture
async def db(make_db: MakeDatabase) -> Database:
    return await make_db("payments", metadata)


@pytest.fixture(params=driven_kinds())
async def tried(
    request: pytest.FixtureRequest, db: Database, keys: Keys, tmp_path: Path
) -> AsyncIterator[Trial]:
    async with trial(request.param, db, keys, tmp_path) as made:
        yield made


async def paid(tried: Trial, code: str) -> Sequence[Event]:
    """Bring the money of an order in, in the way of the method; return what was said about it."""
    payment = await tried.payments.payment(code)
    match tried.method.terms.deposit:
        case "capture":
            await tried.payments.hears(shipped(code))
        case "by_hand":
            await tried.driver.pay(payment)
            await tried.payments.hears(capture_requested(code))
        case _:
            await tried.driver.pay(payment)
    await tried.payments.work()
    await tried.post_notices()
    return await tried.payments.said(PaymentCaptured)


async def test_an_order_is_paid_and_the_provider_agrees(tried: Trial) -> None:
    payment = await tried.order("N1")
    assert len(await tried.payments.said(*OPENED)) == 1
    assert len(await paid(tried, "N1")) == 1
    assert tried.driver.taken(payment) == [payment.amount]


async def test_a_declined_opening_fails_the_payment(tried: Trial) -> None:
    if not tried.driver.first_call_is_asked:
        pytest.skip("nobody is asked")
    tried.driver.go_wrong(tried.opening, "decline")
    await tried.order("N1")
    assert [type(event) for event in await tried.payments.said()] == [PaymentFailed]


@pytest.mark.parametrize("mood", ["silence", "lost_answer"])
async def test_an_opening_without_an_answer_ends_once_and_well(tried: Trial, mood: str) -> None:
    if not tried.driver.first_call_is_asked:
        pytest.skip("nobody is asked")
    tried.driver.go_wrong(tried.opening, mood)
    await tried.order("N1")
    assert await tried.payments.said() == []
    clock.move(LATER)
    await tried.payments.work()
    await tried.driver.approve(await tried.payments.payment("N1"))
    clock.move(LATER)
    await tried.payments.work()
    assert len(await tried.payments.said(*OPENED)) == 1
    assert len(await paid(tried, "N1")) == 1


async def test_notices_told_twice_and_late_change_nothing_more(tried: Trial) -> None:
    if not tried.driver.sends_notices:
        pytest.skip("sends no notices")
    payment = await tried.order("N1")
    await paid(tried, "N1")
    await tried.post_notices(times=2)
    await tried.payments.hears(cancelled("N1"))
    await tried.payments.work()
    clock.move(LATER)
    await tried.payments.work()
    await tried.post_notices()
    assert len(await tried.payments.said(PaymentCaptured)) == 1
    assert len(await tried.payments.said(PaymentRefunded)) == 1
    assert tried.driver.returned(payment) == [payment.amount]


async def test_a_notice_with_a_changed_body_is_refused(tried: Trial) -> None:
    if not tried.driver.sends_notices:
        pytest.skip("sends no notices")
    await tried.order("N1")
    await paid(tried, "N1")
    headers, body = tried.driver.notices()[-1]
    with pytest.raises(NoticeRefused):
        await tried.method.read_notice({key.lower(): value for key, value in headers.items()}, body + b" x")


async def test_a_refund_whose_answer_is_lost_is_made_once(tried: Trial) -> None:
    payment = await tried.order("N1")
    await paid(tried, "N1")
    tried.driver.go_wrong("refund", "lost_answer")
    await tried.payments.hears(cancelled("N1"))
    await tried.payments.work()
    for _ in range(2):
        clock.move(LATER)
        await tried.payments.work()
    assert tried.driver.returned(payment) == [payment.amount]
    assert len(await tried.payments.said(PaymentRefunded)) == 1


async def test_parts_go_back_and_the_rest_when_the_order_ends(tried: Trial, keys: Keys) -> None:
    if not tried.method.terms.part_refunds:
        pytest.skip("gives nothing back in parts")
    payment = await tried.order("N1")
    await paid(tried, "N1")
    sign_in(tried.payments.browser, keys)
    for amount in (1_000, 700):
        form = {"refund_amount": amount, "refund_reason": "傷があったため"}
        assert (await press(tried.payments, "N1", "part-refund", **form)).status_code == 303
        await tried.payments.work()
        clock.move(LATER)
        await tried.payments.work()
    assert (await tried.payments.payment("N1")).state == "captured"
    await tried.payments.hears(cancelled("N1"))
    await tried.payments.work()
    clock.move(LATER)
    await tried.payments.work()
    assert tried.driver.returned(payment) == [1_000, 700, payment.amount - 1_700]
    assert (await tried.payments.payment("N1")).state == "refunded"


async def soon(tried: Trial, turns: int = 2) -> None:
    """Let some time pass, and the workers work."""
    for _ in range(turns):
        clock.move(LATER)
        await tried.payments.work()


async def test_a_refund_of_another_amount_calls_a_person(tried: Trial) -> None:
    payment = await tried.order("N1")
    await paid(tried, "N1")
    tried.meddler.let(amounts_become(1), "POST")
    await tried.payments.hears(cancelled("N1"))
    await tried.payments.work()
    doubted = await tried.payments.payment("N1")
    assert (doubted.calls, doubted.refunded_amount) == (("answer_mismatch",), 0)
    tried.meddler.stop()
    await soon(tried)
    seen = await tried.payments.payment("N1")
    assert (seen.state, seen.calls, seen.refunded_amount) == ("refunded", (), payment.amount)
    assert tried.driver.returned(payment) == [payment.amount]
    assert len(await tried.payments.said(PaymentRefunded)) == 1


async def test_no_more_is_sent_until_a_refund_is_explained(tried: Trial) -> None:
    payment = await tried.order("N1")
    await paid(tried, "N1")
    tried.meddler.let(amounts_become(1), "POST")
    await tried.payments.hears(cancelled("N1"))
    await tried.payments.work()
    tried.meddler.let(amounts_become(1), "POST", "GET")
    await soon(tried, turns=4)
    assert tried.driver.returned(payment) == [payment.amount]
    seen = await tried.payments.payment("N1")
    assert (seen.calls, seen.refunded_amount) == (("answer_mismatch",), 0)


@pytest.mark.parametrize("change", [amounts_become(-1), amounts_become(10**18), in_dollars])
async def test_money_that_cannot_be_is_not_booked(tried: Trial, change: Change) -> None:
    payment = await tried.order("N1")
    await paid(tried, "N1")
    before = await tried.payments.payment("N1")
    tried.driver.go_wrong("refund", "lost_answer")
    await tried.payments.hears(cancelled("N1"))
    await tried.payments.work()
    tried.meddler.let(change, "GET")
    await soon(tried)
    seen = await tried.payments.payment("N1")
    assert "answer_mismatch" in seen.calls
    assert seen.held_amount == before.held_amount
    tried.meddler.stop()
    clock.move(timedelta(hours=2))
    await tried.payments.work()
    assert (await tried.payments.payment("N1")).calls == ()
    assert tried.driver.returned(payment) == [payment.amount]


async def test_an_answer_about_another_payment_is_refused(tried: Trial) -> None:
    mine, other = await tried.order("N1"), await tried.order("N2")
    await paid(tried, "N1")
    refs = (await tried.payments.payment("N1")).refs
    tried.driver.go_wrong("refund", "lost_answer")
    await tried.payments.hears(cancelled("N1"))
    await tried.payments.work()
    tried.meddler.let(of_another(mine, other), "GET")
    await soon(tried)
    seen = await tried.payments.payment("N1")
    assert (seen.calls, seen.refunded_amount) == (("answer_mismatch",), 0)
    assert refs.items() <= seen.refs.items()
    tried.meddler.stop()
    clock.move(timedelta(hours=2))
    await tried.payments.work()
    assert tried.driver.returned(mine) == [mine.amount]
    assert (await tried.payments.payment("N1")).state == "refunded"


async def test_a_disowned_object_is_reported_as_long_as_it_is_there(tried: Trial) -> None:
    await tried.order("N1")
    await paid(tried, "N1")
    await tried.payments.hears(cancelled("N1"))
    await tried.payments.work()
    await soon(tried)
    payment = await tried.payments.payment("N1")
    assert isinstance(tried.method, LooksUp)
    reported = await tried.method.look_up(payment)
    refunds = {one.refund_ref for one in reported if isinstance(one, Refunded)}
    receipts = {one.receipt_id for one in reported if isinstance(one, Captured)}
    assert refunds
    for ref in refunds | receipts:
        disowned = {ref: Disowned("refund" if ref in refunds else "receipt")}
        refs = {name: value for name, value in payment.refs.items() if value != ref}
        elsewhere = payment.changed(disowned=disowned, refs=refs)
        again = await tried.method.look_up(elsewhere)
        assert ref in {disowned_object(elsewhere, one) for one in again}
        assert not any(isinstance(one, Unknown) for one in again)


async def test_money_that_is_reported_no_more_calls_a_person(tried: Trial, keys: Keys) -> None:
    """Looks report the payment as it was before the money came. Nothing is final until a person has decided."""
    if tried.method.terms.deposit == "by_hand":
        pytest.skip("staff report the money")
    sign_in(tried.payments.browser, keys)
    payment = await tried.order("N1")
    assert isinstance(tried.method, LooksUp)
    tried.meddler.remember()
    await tried.method.look_up(payment)
    tried.meddler.stop()
    await paid(tried, "N1")

    tried.meddler.repeat()
    await press(tried.payments, "N1", "look-up")
    await tried.payments.work()

    doubted = await tried.payments.payment("N1")
    assert (doubted.contradicted, doubted.held_amount) == (True, payment.amount)
    assert "answer_mismatch" in doubted.calls
    tried.meddler.stop()
    await press(tried.payments, "N1", "look-up")
    await tried.payments.work()
    assert (await tried.payments.payment("N1")).calls == ()


async def test_a_cancelled_unpaid_order_leaves_nothing_behind(tried: Trial) -> None:
    payment = await tried.order("N1")
    await tried.payments.hears(cancelled("N1"))
    await tried.payments.work()
    clock.move(LATER)
    await tried.payments.work()
    assert (await tried.payments.payment("N1")).state == "voided"
    assert tried.driver.taken(payment) == []


@pytest.mark.parametrize("kind", driven_kinds())
async def test_restarted_provider_and_service_go_on_where_they_were(
    kind: str, db: Database, keys: Keys, tmp_path: Path
) -> None:
    async with trial(kind, db, keys, tmp_path) as before:
        await before.order("N1")
    async with trial(kind, db, keys, tmp_path) as after:
        assert len(await paid(after, "N1")) == 1


@pytest.mark.parametrize("kind", driven_kinds())
async def test_the_page_that_a_number_leads_to_is_there(
    kind: str, db: Database, keys: Keys, tmp_path: Path
) -> None:
    async with trial(kind, db, keys, tmp_path) as tried:
        payment = await tried.order("N1")
        if payment.number is None:
            pytest.skip("has no number")
        if tried.method.has_number_page:
            assert (await tried.payments.browser.get(payment.page_url)).status_code == 200
        else:
            assert payment.page_url == placed("N1", kind).page_url, "the order's own page"


@pytest.mark.parametrize("kind", [kind for kind in known_kinds() if kind != "amazon_pay"])
def test_each_method_comes_from_the_environment_with_a_menu(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANDBOX", "true")
    method = find_methods([kind], Shop("http://shop.test", sandbox=True))[kind]
    menu = method.menu()
    assert (menu.kind, bool(menu.name)) == (kind, True)
    assert menu.authorized_at_order is (method.terms.flow == "authorized")
    assert menu.auto_captured is (method.terms.deposit == "automatic")
    assert menu.manual_deposit is (method.terms.deposit == "by_hand")
    assert (menu.confirm_path == method.go_path) is (method.terms.visit is not None)
    assert menu.deposit_mail is (method.terms.deposit_mail != "never")


@pytest.mark.parametrize("kind", ["konbini", "bank_transfer"])
def test_the_secret_of_the_simulator_is_refused_in_production(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SANDBOX", raising=False)
    with pytest.raises(ValueError, match="must be set"):
        find_methods([kind], Shop("https://shop.example", sandbox=False))


UNREADABLE = pytest.mark.parametrize(
    ("status", "code"), [(422, "temporarily_unavailable"), (404, "not_found")]
)


@UNREADABLE
async def test_a_refund_that_was_refused_and_made_is_found(tried: Trial, status: int, code: str) -> None:
    payment = await tried.order("N1")
    await paid(tried, "N1")
    tried.meddler.refuse(status, code, "POST")
    await tried.payments.hears(cancelled("N1"))
    await tried.payments.work()
    assert "refund_failed" not in (await tried.payments.payment("N1")).calls
    tried.meddler.stop()
    await soon(tried)
    seen = await tried.payments.payment("N1")
    assert (seen.state, seen.calls, seen.refunded_amount) == ("refunded", (), payment.amount)
    assert tried.driver.returned(payment) == [payment.amount]


@UNREADABLE
async def test_a_refused_look_is_no_answer(tried: Trial, status: int, code: str) -> None:
    await tried.order("N1")
    before = await tried.payments.payment("N1")
    tried.meddler.refuse(status, code, "GET")
    if tried.driver.sends_notices:
        await tried.driver.pay(before)
    clock.move(timedelta(days=20))
    await tried.payments.work()
    seen = await tried.payments.payment("N1")
    assert (seen.state, seen.held_amount) == (before.state, 0)
    tried.meddler.stop()
    if tried.driver.sends_notices:
        clock.move(timedelta(hours=2))
        await tried.payments.work()
        found = await tried.payments.payment("N1")
        assert (found.state, found.held_amount, found.calls) == ("captured", before.amount, ())
