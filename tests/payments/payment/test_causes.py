"""What payments says follows from the event that asked for it, also where many share a commit, and by due work."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import count

import pytest

from harness.hearing import said
from harness.postgres import MakeDatabase
from harness.together import hear_together, statements_of
from harness.traces import causes, traced
from payments.methods.registry import Methods
from payments.orders.payments import OrderPayments
from payments.payment.rules.drafting import Settled
from payments.tables import metadata
from shared.clock import clock
from shared.database.transactions import Tx
from shared.events import CaptureRequested, Event, PaymentStandingChanged
from shared.messaging.consumers import Consumers
from tests.payments.order_examples import cancelled, capture_requested, placed, reserved, shipped
from tests.payments.payments_service import settings_for
from tests.payments.service_at_once import Service

CODES = ("N1", "N3", "N4")


class Watched(Service):
    """The service, and what it said since the last look."""

    seen: int = 0
    numbers = count()

    async def gets_notices_about(self, code: str) -> None:
        """Let the provider tell that something became of the payment of an order."""
        await self.gets_notices([code], self.numbers)

    async def says(self) -> Sequence[Event]:
        """Return what is new."""
        told = await said(self.db)
        new, self.seen = told[self.seen :], len(told)
        return new


@pytest.fixture
async def service(make_db: MakeDatabase) -> Watched:
    db = await make_db("payments", metadata)
    return Watched(db, settings_for(db.url))


async def test_an_order_of_nothing_is_the_cause_that_it_is_paid(service: Watched) -> None:
    heard = [traced(placed(code, "card", 0)) for code in CODES]
    await service.hears(heard)
    assert causes(await service.says(), heard) == [("PaymentCaptured", code) for code in CODES]


async def test_what_requests_find_follows_from_what_asked_for_them(service: Watched) -> None:
    orders = [traced(placed(code, "card")) for code in CODES]
    await service.hears(orders)
    await service.works()
    assert sorted(causes(await service.says(), orders)) == [("PaymentAuthorized", code) for code in CODES]
    parcels = [traced(shipped(code)) for code in CODES]
    await service.hears(parcels)
    await service.works()
    assert sorted(causes(await service.says(), parcels)) == [("PaymentCaptured", code) for code in CODES]
    ends = [traced(cancelled(code)) for code in CODES]
    await service.hears(ends)
    await service.works()
    assert sorted(causes(await service.says(), ends)) == [("PaymentRefunded", code) for code in CODES]


async def test_a_request_that_follows_an_answer_has_the_same_cause(service: Watched) -> None:
    await service.hears([traced(placed("N1", "card"))])
    [parcel] = parcels = [traced(shipped("N1"))]
    await service.hears(parcels)
    await service.works()
    async with service.db.transaction() as tx:
        rows = await tx.rows("SELECT operation, caused_by, traceparent FROM payment_requests")
    found = {row.operation: (row.caused_by, row.traceparent) for row in rows}
    assert found["capture"][0] != parcel.event_id, "the authorization was what asked for it"
    assert found["capture"] == found["authorize"]


async def test_of_two_wishes_in_a_batch_the_first_is_the_cause(service: Watched) -> None:
    await service.hears([traced(placed("N1", "card"))])
    await service.works()
    await service.says()
    first, second = (traced(capture_requested("N1")) for _ in range(2))
    await service.hears([first, second])
    async with service.db.transaction() as tx:
        row = await tx.row("SELECT caused_by FROM payment_requests WHERE operation = 'capture'")
    assert row is not None
    assert row.caused_by == first.event_id


async def test_what_a_look_finds_follows_from_what_moved_the_payment(service: Watched) -> None:
    await service.hears([traced(placed(code, "number")) for code in CODES])
    heard = [traced(reserved(code)) for code in CODES]
    await service.hears(heard)
    await service.works()
    assert sorted(causes(await service.says(), heard)) == [("PaymentNumberIssued", code) for code in CODES]
    for said_of_it in ("PaymentCaptured", "PaymentStandingChanged"):
        service.buyers_pay(["N1"])
        await service.gets_notices_about("N1")
        await service.works()
        assert causes(await service.says(), heard) == [(said_of_it, "N1")]
    clock.move(timedelta(days=8))
    await service.works()
    assert sorted(causes(await service.says(), heard)) == [("PaymentExpired", "N3"), ("PaymentExpired", "N4")]


callers = Consumers("payments")


@callers.on(CaptureRequested, opens=OrderPayments, says=[PaymentStandingChanged])
async def call_a_person(event: CaptureRequested, tx: Tx, payments: OrderPayments) -> None:
    """Ask for a person's eye; a second time that changes nothing."""
    payments.apply(event.order_code, lambda payment, _, __: Settled(payment.with_call("late_money")))


async def test_a_standing_follows_from_the_event_that_changed_it(service: Watched) -> None:
    await service.hears([traced(placed(code, "transfer")) for code in CODES])
    heard = [traced(capture_requested(code)) for code in ("N1", "N3", "N1", "N4")]
    with statements_of(service.db) as seen:
        await hear_together(service.db, callers, heard, {Methods: service.methods})
    told = await service.says()
    assert causes(told, heard) == [("PaymentStandingChanged", code) for code in CODES]
    assert {one.caused_by for one in told} == {heard[at].event_id for at in (0, 1, 3)}
    about_payments = [one for one in seen if "payments" in one]
    assert len(about_payments) == 2, "one statement locks all, one writes all"
