"""Amazon Pay inside the payments service: events in, events out, Amazon's ledger as the witness."""

import json
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from payments.methods.amazon_pay.method import AmazonPay
from payments.payment.rules.payment import Payment
from payments.shop.rules import CaptureSettings
from shared.clock import clock, now
from shared.events import (
    CaptureRejected,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentFailed,
    PaymentRefunded,
    PaymentVoided,
)
from shared.shop.settings.change_settings import change
from shared.shop.statements import Verifier
from tests.payments.amazon_pay.world import World
from tests.payments.order_examples import cancelled, capture_requested, placed, shipped
from tests.payments.staff import STAFF, sign_in

NOTICES = "/payments/amazon_pay/notices"
TEXT = "申し訳ございません、Amazon PayではAmazon.co.jpアカウントのみご利用可能です。"


async def test_an_order_is_authorized_shipped_and_captured(world: World) -> None:
    await world.order()
    assert await world.said() == [PaymentAuthorized]
    await world.payments.hears(shipped("N1"), times=2)
    await world.payments.work()

    assert await world.said() == [PaymentAuthorized, PaymentCaptured]
    assert await world.ledger("authorized") == [3_300]
    assert await world.ledger("captured") == [3_300]


async def test_the_amount_after_points_and_coupons_is_authorized(world: World) -> None:
    await world.order(total=4_500)

    [event] = await world.payments.said(PaymentAuthorized)
    assert isinstance(event, PaymentAuthorized)
    assert event.amount == 4_500
    assert await world.ledger("authorized") == [4_500]


@pytest.mark.parametrize(("operation", "mood"), [("capture", "lost_answer"), ("capture", "silence")])
async def test_a_capture_without_an_answer_is_captured_once(world: World, operation: str, mood: str) -> None:
    await world.order()
    world.amazon.go_wrong(operation, mood)
    await world.payments.hears(shipped("N1"))
    await world.payments.work()
    assert await world.said() == [PaymentAuthorized]
    await world.soon()

    assert await world.said() == [PaymentAuthorized, PaymentCaptured]
    assert await world.ledger("captured") == [3_300]


async def test_an_authorization_without_an_answer_is_found(world: World) -> None:
    world.amazon.go_wrong("authorize", "lost_answer")
    await world.order()
    await world.soon()

    assert await world.said() == [PaymentAuthorized]
    assert await world.ledger("authorized") == [3_300]


async def test_a_decline_fails_the_payment(world: World) -> None:
    world.amazon.go_wrong("authorize", "decline")
    await world.order()

    [failed] = await world.payments.said()
    assert isinstance(failed, PaymentFailed)
    assert failed.reason == "declined"


@pytest.mark.feature("AP-51")
async def test_a_cancelled_order_is_voided_or_after_capture_refunded(world: World) -> None:
    await world.order("N1")
    await world.order("N2", 5_000)
    await world.payments.hears(shipped("N2"))
    await world.payments.work()
    await world.payments.hears(cancelled("N1"), cancelled("N2"))
    await world.payments.work()
    await world.soon()

    said = await world.said()
    assert said.count(PaymentVoided) == said.count(PaymentRefunded) == 1
    assert await world.ledger("voided") == [3_300]
    assert await world.ledger("refunded") == [5_000]


async def voided_in_doubt(world: World) -> Payment:
    """The call that completes the session is lost, and the order cancelled before anybody knows of it."""
    world.amazon.go_wrong("authorize", "silence")
    await world.order()
    await world.payments.hears(cancelled("N1"))
    await world.soon()
    payment = await world.payments.payment("N1")
    assert payment.state == "voided"
    assert await world.ledger("authorized") == []
    return payment


async def a_late_call_arrives(world: World, payment: Payment) -> None:
    method = world.payments.methods["amazon_pay"]
    assert isinstance(method, AmazonPay)
    await method.client.complete_session(payment.choice["checkout_session_id"], payment.amount)
    assert await world.ledger("authorized") == [payment.amount]


@pytest.mark.feature("AP-51", clause="authorized: voided")
@pytest.mark.parametrize("mood", ["", "lost_answer", "silence"])
async def test_a_hold_that_appears_after_the_void_is_let_go_once(world: World, mood: str) -> None:
    payment = await voided_in_doubt(world)
    await a_late_call_arrives(world, payment)
    if mood:
        world.amazon.go_wrong("void", mood)
    for _ in range(3):
        await world.soon()

    assert await world.ledger("voided") == [3_300]
    [request] = await world.payments.rows("SELECT * FROM payment_requests WHERE operation = 'void'")
    assert (request.state, request.due_at) == ("done", None)
    seen = await world.payments.payment("N1")
    assert (seen.state, seen.calls) == ("voided", ())
    assert await world.said() == [], "nobody was told of a hold"


async def test_a_late_hold_is_awaited_only_while_its_session_lives(world: World) -> None:
    await voided_in_doubt(world)
    looks = 0
    due = "SELECT due_at FROM payment_requests WHERE due_at IS NOT NULL"
    while coming := await world.payments.rows(due):
        looks += 1
        clock.move(coming[0].due_at - clock.now() + timedelta(seconds=1))
        await world.payments.work()

    assert 5 < looks < 15
    placed_at = (await world.payments.payment("N1")).placed_at
    assert timedelta(days=1) < clock.now() - placed_at < timedelta(days=2)
    [request] = await world.payments.rows("SELECT * FROM payment_requests WHERE operation = 'void'")
    assert request.state == "done"


@pytest.mark.feature("AP-37")
@pytest.mark.feature("AP-40", clause="configured: order turns paid")
async def test_a_capture_in_the_console_reaches_the_order_by_notice(world: World) -> None:
    async with world.payments.db.transaction() as tx:
        await change(tx, CaptureSettings(capture_policy="in_provider_console"), by="staff", at=now())
    await world.order()
    await world.payments.hears(shipped("N1"))
    await world.payments.work()
    assert await world.ledger("captured") == []
    payment = await world.payments.payment("N1")
    await world.provider.post(f"/console/charges/{payment.refs['charge_id']}", data={"do": "capture"})
    assert await world.ledger("captured") == [3_300]
    assert await world.said() == [PaymentAuthorized]

    for _, body in world.amazon.notices():
        assert await world.posts(body) == 200
        assert await world.posts(body) == 200
    await world.payments.work()

    assert await world.said() == [PaymentAuthorized, PaymentCaptured]
    [captured] = await world.payments.said(PaymentCaptured)
    assert isinstance(captured, PaymentCaptured)
    assert captured.source == "provider_console"


@pytest.mark.feature("AP-38", clause="capture only while on")
@pytest.mark.parametrize(("policy", "calls"), [("in_provider_console", 0), ("by_staff", 1)])
async def test_the_desk_captures_only_where_the_provider_is_linked(
    world: World, policy: str, calls: int
) -> None:
    async with world.payments.db.transaction() as tx:
        await change(tx, CaptureSettings.model_validate({"capture_policy": policy}), by="staff", at=now())
    await world.order()
    await world.payments.hears(capture_requested("N1"), times=2)
    await world.payments.work()

    asked = (await world.provider.get("/ledger/calls")).json()["calls"]
    assert len([call for call in asked if call["operation"] == "capture"]) == calls
    assert len(await world.payments.said(PaymentCaptured)) == calls
    assert await world.ledger("captured") == [3_300] * calls


@pytest.mark.feature("AP-39", clause="rejected one second later")
async def test_a_capture_from_the_shop_is_refused_after_thirty_days(world: World) -> None:
    async with world.payments.db.transaction() as tx:
        await change(tx, CaptureSettings(capture_policy="by_staff"), by="staff", at=now())
    await world.order()
    payment = await world.payments.payment("N1")
    clock.move(payment.placed_at + timedelta(days=30, seconds=1) - clock.now())
    await world.payments.hears(capture_requested("N1"))
    await world.payments.work()

    rejected = (await world.payments.said(CaptureRejected))[0]
    assert isinstance(rejected, CaptureRejected)
    assert rejected.reason == "over_30_days"
    assert await world.payments.said(PaymentCaptured) == []
    assert await world.ledger("captured") == []


async def test_a_lost_notice_is_made_up_for_by_looking(world: World) -> None:
    await world.order()
    await world.amazon.pay(await world.payments.payment("N1"), tell=False)
    clock.move(timedelta(minutes=11))
    await world.payments.work()

    assert await world.said() == [PaymentAuthorized, PaymentCaptured]


async def test_a_forged_notice_is_refused_and_moves_nothing(world: World) -> None:
    await world.order()
    envelope = json.loads(world.amazon.notices()[0][1])
    other_topic = envelope | {"TopicArn": envelope["TopicArn"] + "x"}
    changed = envelope | {"Message": envelope["Message"].replace("CHARGE", "REFUND", 1)}
    other_host = envelope | {"SigningCertURL": "https://sns.evil.example/SimpleNotificationService-0abc.pem"}
    before = await world.payments.payment("N1")

    assert await world.posts(json.dumps(other_topic).encode()) == 403
    assert await world.posts(json.dumps(changed).encode()) == 400
    assert await world.posts(json.dumps(other_host).encode()) == 400
    assert await world.posts(b"{}") == 400
    await world.payments.work()
    assert await world.payments.payment("N1") == before
    assert await world.payments.rows("SELECT * FROM notices") == []


async def test_a_notice_of_what_nobody_did_changes_nothing(world: World) -> None:
    """A genuine notice of the authorization comes again after the capture: the state does not go back."""
    await world.order()
    [(_, early), *_] = world.amazon.notices()
    await world.payments.hears(shipped("N1"))
    await world.payments.work()
    assert await world.posts(early) == 200
    await world.payments.work()

    assert (await world.payments.payment("N1")).state == "captured"
    assert await world.said() == [PaymentAuthorized, PaymentCaptured]


async def test_an_early_notice_waits_for_the_answer_it_overtook(world: World) -> None:
    world.amazon.go_wrong("authorize", "lost_answer")
    await world.order()
    for _, body in world.amazon.notices():
        assert await world.posts(body) == 200
    await world.payments.work()
    await world.soon()

    assert await world.said() == [PaymentAuthorized]


async def test_amazon_payments_are_listed_under_their_own_method(world: World) -> None:
    await world.order()
    payment = await world.payments.payment("N1")

    assert payment.method == "amazon_pay"
    menu = (await world.payments.browser.get("/api/payments/methods")).json()["methods"]
    assert [entry["kind"] for entry in menu] == ["amazon_pay"]


async def buyer_at_amazon(world: World, account: str) -> dict[str, object]:
    """From 「amazon pay」 through Amazon's pages to the wallet statement in the browser."""
    shop = world.payments.browser
    entry = await shop.get("/payments/amazon_pay/start")
    login = (await world.provider.get(entry.headers["location"])).headers["location"]
    chosen = await world.provider.post(login, data={"account": account})
    if account != "john":
        choice = {"do": "continue", "address": "hanako-home", "instrument": "visa"}
        chosen = await world.provider.post(chosen.headers["location"], data=choice)
    parts = urlsplit(chosen.headers["location"])
    arrived = await shop.get(f"{parts.path}?{parts.query}")
    assert arrived.headers["location"] == "/order/amazon"
    pieces = shop.cookies["noren_wallet"]
    if pieces[1:2] == "~":
        count, pieces = int(pieces[0]), pieces[2:]
        pieces += "".join(shop.cookies[f"noren_wallet-{index}"] for index in range(1, count))
    return Verifier(world.keys.jwks).verify("wallet", pieces)


@pytest.mark.feature("AP-43", clause="authorized without further input")
@pytest.mark.parametrize("member_id", [None, STAFF])
async def test_a_buyer_goes_all_the_way_by_the_pages(world: World, member_id: UUID | None) -> None:
    wallet = await buyer_at_amazon(world, "hanako")
    choice = {"checkout_session_id": str(wallet["checkout_session_id"])}
    shop = world.payments.browser
    if member_id is None:
        codes = world.keys.issuers["checkout"].issue("order", {"codes": ["N1"]}, valid_for=timedelta(days=1))
        shop.cookies.set("noren_order", codes)
    else:
        sign_in(shop, world.keys, staff=None)
    await world.payments.hears(placed("N1", "amazon_pay", choice=choice, member_id=member_id))
    assert (await shop.get("/payments/amazon_pay/confirm?order=N1&turn=1")).status_code == 200
    await world.payments.work()
    away = (await shop.get("/payments/amazon_pay/confirm?order=N1&turn=2")).headers["location"]
    back = urlsplit(
        (await world.provider.get(urlsplit(away)._replace(scheme="", netloc="").geturl())).headers["location"]
    )
    assert (await shop.get(f"{back.path}?{back.query}")).status_code == 200
    await world.payments.work()

    done = await shop.get(f"{back.path}?{back.query}&turn=1")

    assert done.headers["location"] == "/orders/N1"
    assert await world.said() == [PaymentAuthorized]
    assert await world.ledger("authorized") == [3_300]


async def test_ordering_with_a_foreign_account_ends_in_a_failure(world: World) -> None:
    wallet = await buyer_at_amazon(world, "john")
    assert wallet["error"] == TEXT
    choice = {"checkout_session_id": str(wallet["checkout_session_id"])}
    await world.payments.hears(placed("N1", "amazon_pay", choice=choice))
    await world.payments.work()

    [failed] = await world.payments.said()
    assert isinstance(failed, PaymentFailed)
    assert failed.reason == "marketplace_not_supported"
