"""An authorization that ended: nothing leaves the house by mistake, and the way back stands on the page."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from checkout.consumers import consumers
from checkout.orders.cancel_order import cancel_order
from checkout.tables import metadata
from harness.as_seen import BULK, as_seen
from harness.hearing import Hearing, said
from harness.keys import Keys
from harness.postgres import MakeDatabase
from shared.clock import now
from shared.database.transactions import Database
from shared.errors import TryAgain
from shared.events import (
    AuthorizationEnded,
    HoldEndReason,
    OrderDeedDone,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentStandingChanged,
    PaymentVoided,
    ReauthorizationRequested,
    Shipped,
)
from tests.checkout.desk_client import desk_client
from tests.checkout.order_examples import order_row, payment, place, timeline_titles


@pytest.fixture
async def db(make_db: MakeDatabase) -> AsyncIterator[Database]:
    yield await make_db("checkout", metadata)


@pytest.fixture
async def desk(db: Database, keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    async with desk_client(db, keys) as client:
        yield client


@pytest.fixture
async def program(db: Database, keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    async with desk_client(db, keys, page=False) as client:
        yield client


@pytest.fixture
def hearing(db: Database) -> Hearing:
    return Hearing(consumers, db)


def authorized(code: str, authorization_id: str = "A-1") -> PaymentAuthorized:
    return PaymentAuthorized(
        **payment(code),
        authorization_id=authorization_id,
        amount=3_500,
        authorized_at=now(),
        provider_status="承認済",
    )


def ended(
    code: str, authorization_id: str = "A-1", reason: HoldEndReason = "expired", *, again: bool = True
) -> AuthorizationEnded:
    return AuthorizationEnded(
        **payment(code), authorization_id=authorization_id, reason=reason, may_reauthorize=again
    )


async def lapsed(db: Database, hearing: Hearing, code: str, *, again: bool = True) -> Any:
    """Store an order whose authorization ended; return it as placed."""
    order = await place(db, "card_like", code)
    await hearing.hears(authorized(code), ended(code, again=again))
    return order


async def test_an_order_whose_hold_ended_is_not_shipped_by_any_way(
    db: Database, desk: httpx.AsyncClient, program: httpx.AsyncClient, hearing: Hearing
) -> None:
    order = await lapsed(db, hearing, "L-1")
    row = await order_row(db, "L-1")
    assert (row.payment, row.deposit, row.status) == ("lapsed", "unpaid", "in_progress")
    page = (await desk.get("/desk/orders/L-1")).text
    for words in ("与信切れ", "R　再与信", "このままでは発送できません", "このまま発送する理由"):
        assert words in page
    assert "発送処理をしてください" not in page

    where = order.destinations[0].destination_id
    single = await desk.post(
        "/desk/orders/L-1/ship", data={"version": str(row.version), "destinations": str(where)}
    )
    assert single.status_code == 422
    assert "与信が切れているため発送できません" in single.text
    bulk = await desk.post(
        BULK, data=await as_seen(desk, BULK, {"action": "ship", "id": "L-1", "confirmed": "true"})
    )
    assert "与信が切れているため発送できません" in bulk.text
    answer = await program.post("/api/checkout/desk/orders/ship", json={"orders": [{"order_code": "L-1"}]})
    assert answer.json()["results"][0]["code"] == "payment_unsecured"
    money = await program.post("/api/checkout/desk/orders/capture", json={"order_codes": ["L-1"]})
    assert money.json()["results"][0]["code"] == "authorization_ended"
    assert await said(db) == []


async def test_shipping_without_a_hold_needs_a_reason_under_a_name(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    order = await lapsed(db, hearing, "L-2")
    fields = {
        "version": str((await order_row(db, "L-2")).version),
        "destinations": str(order.destinations[0].destination_id),
        "override_reason": "お客様から現金書留で受領済み",
    }
    assert (await desk.post("/desk/orders/L-2/ship", data=fields)).status_code == 303
    assert [type(event) for event in await said(db)] == [Shipped, OrderDeedDone]
    async with db.transaction() as tx:
        entry = await tx.row("SELECT text, by FROM timeline WHERE title = '確認のうえ発送しました'")
    assert entry is not None
    assert entry.by == "店長 試験"
    assert "お客様から現金書留で受領済み" in entry.text
    page = (await desk.get("/desk/orders/L-2")).text
    assert "すべての処理が完了しています" not in page
    assert "与信が切れています" in page


async def test_a_program_ships_it_with_a_reason_only(
    db: Database, program: httpx.AsyncClient, hearing: Hearing
) -> None:
    await lapsed(db, hearing, "L-3")
    wish = {"order_code": "L-3", "override_reason": " "}
    answer = await program.post("/api/checkout/desk/orders/ship", json={"orders": [wish]})
    assert answer.json()["results"][0]["ok"] is False
    wish["override_reason"] = "別途入金済み"
    answer = await program.post("/api/checkout/desk/orders/ship", json={"orders": [wish]})
    assert answer.json()["results"][0]["ok"] is True


async def test_staff_ask_for_a_new_hold_once_and_the_order_goes_on(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await lapsed(db, hearing, "L-4")
    version = str((await order_row(db, "L-4")).version)
    answer = await desk.post("/desk/orders/L-4/reauthorize", data={"version": version})
    assert answer.status_code == 303
    event, deed = await said(db)
    assert isinstance(event, ReauthorizationRequested)
    assert isinstance(deed, OrderDeedDone)
    assert event.by == "店長 試験"
    assert (await desk.post("/desk/orders/L-4/reauthorize", data={"version": version})).status_code == 409
    assert (
        "再与信を依頼しました。決済サービスの結果を待っています。"
        in (await desk.get("/desk/orders/L-4")).text
    )

    await hearing.hears(authorized("L-4", "A-2"))
    row = await order_row(db, "L-4")
    assert (row.payment, row.reauthorization_requested_at) == ("authorized", None)
    assert "発送処理をしてください" in (await desk.get("/desk/orders/L-4")).text


async def test_a_refused_new_hold_leaves_the_order_lapsed(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await lapsed(db, hearing, "L-5")
    version = str((await order_row(db, "L-5")).version)
    await desk.post("/desk/orders/L-5/reauthorize", data={"version": version})
    await hearing.hears(ended("L-5", reason="reauthorization_declined", again=False))
    row = await order_row(db, "L-5")
    assert (row.payment, row.may_reauthorize, row.reauthorization_requested_at) == ("lapsed", False, None)
    page = (await desk.get("/desk/orders/L-5")).text
    assert "このお支払いは再与信できません" in page
    assert "再与信が決済会社に断られました" in page
    assert "/reauthorize" not in page


async def test_an_end_that_comes_before_its_authorization_waits_for_it(
    db: Database, hearing: Hearing
) -> None:
    await place(db, "card_like", "L-6")
    with pytest.raises(TryAgain):
        await hearing.hears(ended("L-6"))
    await hearing.hears(authorized("L-6"), ended("L-6"))
    assert (await order_row(db, "L-6")).payment == "lapsed"
    with pytest.raises(TryAgain):
        await hearing.hears(ended("L-6", "A-2"))


async def test_the_end_of_an_earlier_hold_is_old_news_after_a_new_one(db: Database, hearing: Hearing) -> None:
    await place(db, "card_like", "L-7")
    await hearing.hears(authorized("L-7"), authorized("L-7", "A-2"), ended("L-7", "A-1"))
    assert (await order_row(db, "L-7")).payment == "authorized"
    assert (await timeline_titles(db, "L-7"))[-1] == "与信が切れました"
    await hearing.hears(ended("L-7", "A-2"))
    assert (await order_row(db, "L-7")).payment == "lapsed"


async def test_money_that_came_in_spite_of_it_makes_the_order_paid(db: Database, hearing: Hearing) -> None:
    await lapsed(db, hearing, "L-8")
    await hearing.hears(
        PaymentCaptured(**payment("L-8"), amount=3_500, captured_at=now(), source="provider_console")
    )
    row = await order_row(db, "L-8")
    assert (row.payment, row.deposit) == ("captured", "paid")


async def test_a_disputed_payment_is_not_shipped_without_a_reason(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    order = await place(db, "card_like", "L-9")
    await hearing.hears(
        authorized("L-9"),
        PaymentStandingChanged(
            **payment("L-9"), revision=1, calls=("chargeback",), expected_amount=3_500, respond_by=now()
        ),
    )
    page = (await desk.get("/desk/orders/L-9")).text
    assert "チャージバックの申し立てがあります。回答期限は" in page
    fields = {
        "version": str((await order_row(db, "L-9")).version),
        "destinations": str(order.destinations[0].destination_id),
    }
    answer = await desk.post("/desk/orders/L-9/ship", data=fields)
    assert answer.status_code == 422
    assert "チャージバックの申し立てがあるため発送できません" in answer.text


@pytest.mark.parametrize("first", ["void", "end"])
async def test_a_hold_let_go_is_asked_for_anew_like_one_that_ran_out(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing, first: str
) -> None:
    await place(db, "card_like", "L-10")
    await hearing.hears(authorized("L-10"))
    told = [PaymentVoided(**payment("L-10")), ended("L-10", reason="voided")]
    await hearing.hears(*(told if first == "void" else told[::-1]))
    row = await order_row(db, "L-10")
    assert (row.payment, row.may_reauthorize) == ("lapsed", True)
    page = (await desk.get("/desk/orders/L-10")).text
    assert "R　再与信" in page
    assert "決済の画面または決済会社の管理画面で取り消されました" in page
    answer = await desk.post("/desk/orders/L-10/reauthorize", data={"version": str(row.version)})
    assert answer.status_code == 303
    await hearing.hears(authorized("L-10", "A-2"))
    row = await order_row(db, "L-10")
    assert (row.payment, row.may_reauthorize) == ("authorized", False)
    bulk = await desk.post(
        BULK, data=await as_seen(desk, BULK, {"action": "ship", "id": "L-10", "confirmed": "true"})
    )
    assert bulk.status_code in (200, 303)
    assert (await order_row(db, "L-10")).shipping == "shipped"


async def test_a_void_after_the_cancellation_stays_a_void(db: Database, hearing: Hearing) -> None:
    await place(db, "card_like", "L-11")
    async with db.transaction() as tx:
        await cancel_order(tx, order_code="L-11", note="試験", by="店長", at=now())
    await hearing.hears(PaymentVoided(**payment("L-11")), authorized("L-11"), ended("L-11"))
    assert (await order_row(db, "L-11")).payment == "voided"
