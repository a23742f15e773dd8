"""What methods are told of an order: the order as it was placed, and its parcels; and where that stays."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from harness.due_once import claim, perform
from harness.keys import Keys
from harness.postgres import MakeDatabase
from payments.calls import rules as call_rules
from payments.methods.cash_on_delivery import CashOnDelivery
from payments.payment.erase_snapshots import erase_snapshots
from payments.payment.rules import order_wishes
from payments.payment.rules.answers import Authorized, Captured, ShippingNoted, ShippingRefused, Unknown
from payments.payment.rules.order import OrderSnapshot, Parcel
from payments.payment.rules.payment import Payment
from payments.payment.rules.settling import settle_answer
from payments.requests.perform_requests import Requests
from payments.requests.provider_gate import ProviderGate
from payments.tables import metadata
from shared.clock import clock, now
from shared.events import PaymentCaptured, PaymentStandingChanged, Shipped, ShippedDestination
from shared.ids import new_id
from tests.payments.order_examples import cancelled, placed, shipped
from tests.payments.payment_examples import AT, payment
from tests.payments.payments_service import Payments, make_payments
from tests.payments.scripted import CARD, Scripted
from tests.payments.staff import press, sign_in

REPORTED = replace(CARD, parcels="reported")
SENT = ShippedDestination(
    destination_id=new_id(), ship_date=AT.date(), carrier="yamato", tracking_number="1234-5678"
)
PARCEL = Parcel(SENT.destination_id, SENT.ship_date, "yamato", "1234-5678")


def granted() -> Authorized:
    return Authorized(authorization_id="a1", amount=3_300, authorized_at=now())


def taken() -> Captured:
    return Captured(amount=3_300, captured_at=now(), receipt_id="r1")


def left(code: str, *sent: ShippedDestination, fully: bool = True) -> Shipped:
    return shipped(code, fully=fully, destinations=sent or (SENT,))


@pytest.fixture
def method() -> Scripted:
    return Scripted()


@pytest.fixture
async def service(
    method: Scripted, make_db: MakeDatabase, keys: Keys, tmp_path: Path
) -> AsyncIterator[Payments]:
    made = make_payments(await make_db("payments", metadata), keys, tmp_path, method, CashOnDelivery())
    yield made
    await made.browser.aclose()


async def ask(service: Payments, method: Scripted, *answers: Any) -> None:
    """Perform what is due once, with these answers."""
    method.script = list(answers)
    work = Requests(ProviderGate(service.methods)).due_work(concurrency=1)
    await perform(service.db, work, (await claim(service.db, work)).items)
    assert method.script == []


async def requests(service: Payments) -> list[tuple[str, int, str]]:
    rows = await service.rows("SELECT operation, sequence, state FROM payment_requests ORDER BY written_at")
    return [tuple(row) for row in rows]


async def test_a_method_is_handed_the_order_as_it_was_placed(service: Payments, method: Scripted) -> None:
    event = placed("N1", "scripted")
    await service.hears(event, times=2)
    await ask(service, method, granted())
    [known] = method.about
    assert known.order == OrderSnapshot(event.orderer, event.destinations, event.amounts)
    assert known.order.orderer.email == "hanako@example.jp"
    line = known.order.destinations[0].lines[0]
    assert (line.sku, line.name, line.quantity, line.unit_price) == ("yunomi", "白磁の湯呑", 1, 3_300)
    assert known.order.amounts.total == 3_300


async def test_personal_data_stays_in_one_table(service: Payments, method: Scripted, keys: Keys) -> None:
    method.terms = replace(REPORTED, parcels="kept")
    with capture_logs() as logs:
        await service.hears(placed("N1", "scripted"), placed("N2", "cash_on_delivery"), left("N1"))
        await ask(service, method, granted())
        await ask(service, method, taken())
        sign_in(service.browser, keys)
        await press(service, "N1", "part-refund", refund_amount="500", refund_reason="傷")
        await service.hears(cancelled("N1"))
    tables = [table.name for table in metadata.sorted_tables if table.name != "inbox"]
    for secret in ("hanako@example.jp", "09012345678", "神宮前"):
        found = {
            table
            for table in tables
            if await service.rows(f"SELECT 1 FROM {table} AS t WHERE t::text LIKE '%{secret}%'")
        }
        assert found == {"order_snapshots"}
        assert secret not in str(logs)
    rows = await service.rows("SELECT order_code FROM order_snapshots")
    assert [row.order_code for row in rows] == ["N1"], (
        "of an order about which nobody is asked nothing is kept"
    )
    known = method.about[-1]
    assert known.order is not None
    assert "花子" not in repr(known.order)
    assert "hanako" not in repr(known)
    assert "5678" not in repr(known)


async def test_an_order_from_before_is_paid_without_its_copy(service: Payments, method: Scripted) -> None:
    await service.hears(placed("N1", "scripted"))
    await service.rows("DELETE FROM order_snapshots RETURNING 1")
    await ask(service, method, granted())
    assert method.about[0].order is None
    assert (await service.payment("N1")).state == "authorized"


async def test_a_copy_that_cannot_be_read_holds_up_no_other(service: Payments, method: Scripted) -> None:
    await service.hears(placed("N1", "scripted"), placed("N2", "scripted"))
    await service.rows(
        "UPDATE order_snapshots SET snapshot = '{\"orderer\": \"花子\"}' WHERE order_code = 'N1' RETURNING 1"
    )
    with capture_logs() as logs:
        await ask(service, method, granted())
    assert [(await service.payment(code)).state for code in ("N1", "N2")] == ["requested", "authorized"]
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["payment.unreadable"]
    assert "花子" not in str(logs)


async def test_nothing_of_parcels_is_kept_unasked(service: Payments, method: Scripted) -> None:
    await service.hears(placed("N1", "scripted"))
    await ask(service, method, granted())
    await service.hears(left("N1"))
    assert (await service.payment("N1")).parcels == ()


async def test_the_capture_knows_the_parcels_that_left(service: Payments, method: Scripted) -> None:
    method.terms = replace(REPORTED, parcels="kept")
    await service.hears(placed("N1", "scripted"))
    await ask(service, method, granted())
    first = ShippedDestination(destination_id=new_id(), ship_date=AT.date())
    await service.hears(left("N1", first, fully=False), left("N1"))
    await ask(service, method, taken())
    bare = Parcel(first.destination_id, first.ship_date)
    assert method.about[-1].parcels == (bare, PARCEL)
    assert [one[0] for one in method.asked] == ["authorize", "capture"]
    assert len(await service.said(PaymentCaptured)) == 1


async def test_each_parcel_is_told_once_with_a_key_of_its_own(service: Payments, method: Scripted) -> None:
    method.terms = REPORTED
    await service.hears(placed("N1", "scripted"))
    await ask(service, method, granted())
    second = SENT.model_copy(update={"tracking_number": "2"})
    await service.hears(left("N1", fully=False), left("N1", SENT, second, fully=False))
    await ask(service, method, ShippingNoted(), Unknown(reason="timeout"))
    clock.move(timedelta(minutes=1))
    await ask(service, method, ShippingNoted())
    assert [one.tracking_number for one in method.parcels] == ["1234-5678", "2", "2"]
    keys = [key for operation, _, key in method.asked if operation == "tell_shipped"]
    assert (keys[1] == keys[2], len(set(keys))) == (True, 2)
    assert "look_up" not in [one[0] for one in method.asked], "told twice does no harm"
    assert await requests(service) == [
        ("authorize", 1, "done"),
        ("tell_shipped", 1, "done"),
        ("tell_shipped", 2, "done"),
    ]
    assert (await service.payment("N1")).state == "authorized", "how the money stands does not hang on it"


async def test_a_parcel_waits_for_the_first_word_about_the_money(service: Payments, method: Scripted) -> None:
    method.terms = REPORTED
    await service.hears(placed("N1", "scripted"), left("N1", fully=False))
    await ask(service, method, Unknown(reason="timeout"))
    assert method.parcels == []
    assert (await service.payment("N1")).state == "unknown"
    clock.move(timedelta(minutes=1))
    method.known = [(granted(),)]
    await ask(service, method)
    clock.move(timedelta(minutes=1))
    await ask(service, method, ShippingNoted())
    assert method.parcels == [PARCEL]


async def test_a_parcel_of_an_order_that_is_over_is_not_told(service: Payments, method: Scripted) -> None:
    method.terms = REPORTED
    await service.hears(placed("N1", "scripted"), left("N1", fully=False), cancelled("N1"))
    await ask(service, method)
    assert (await service.payment("N1")).state == "voided"
    clock.move(timedelta(minutes=1))
    await ask(service, method)
    assert method.parcels == []
    assert (await requests(service))[1] == ("tell_shipped", 1, "done")


async def test_a_parcel_that_is_not_taken_calls_a_person(
    service: Payments, method: Scripted, keys: Keys
) -> None:
    method.terms = REPORTED
    await service.hears(placed("N1", "scripted"))
    await ask(service, method, granted())
    await service.hears(left("N1", fully=False))
    await ask(service, method, ShippingRefused(reason="bad_number"))
    [told] = await service.said(PaymentStandingChanged)
    assert isinstance(told, PaymentStandingChanged)
    assert told.calls == ("shipping_untold",)
    sign_in(service.browser, keys)
    page = (await service.browser.get("/desk/payments/N1")).text
    for words in ("発送の報告が受け付けられませんでした", "発送の報告", "拒否"):
        assert words in page
    assert (await press(service, "N1", "seen")).status_code == 303
    assert (await service.payment("N1")).calls == ()


def test_nobody_is_told_of_parcels_of_a_free_order() -> None:
    free: Payment = payment("captured", amount=0)
    assert order_wishes.record_sent_parcels(free, [PARCEL], REPORTED, AT).payment == free
    assert order_wishes.record_sent_parcels(free, [PARCEL], REPORTED, AT).requests == ()


def test_a_refused_parcel_leaves_the_money_alone() -> None:
    held = payment("authorized", authorization_id="a1", parcels=(PARCEL,))
    settled = settle_answer(held, "tell_shipped", ShippingRefused(reason="x"), AT, REPORTED)
    assert (settled.payment.state, settled.requests, settled.events) == ("authorized", (), ())
    assert [step.because for step in settled.steps] == ["tell_shipped: ShippingRefused"]
    assert call_rules.calls_to_mark_seen(settled.payment) == ("shipping_untold",)


async def test_old_orders_are_erased_and_payments_stay(service: Payments) -> None:
    await service.hears(placed("N1", "scripted"))
    clock.move(timedelta(days=300))
    await service.hears(placed("N2", "scripted"))

    assert await erase_snapshots(service.db, days=301) == 0
    clock.move(timedelta(days=2))
    assert await erase_snapshots(service.db, days=301) == 1

    assert [row.order_code for row in await service.rows("SELECT order_code FROM order_snapshots")] == ["N2"]
    assert len(await service.rows("SELECT 1 FROM payments")) == 2
    with pytest.raises(ValueError, match="180 days"):
        await erase_snapshots(service.db, days=179)
