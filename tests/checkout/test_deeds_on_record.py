"""Every deed at the order desk is told once for 操作の記録: the order, the person, the browser, and both states (STF-03)."""

from collections.abc import AsyncIterator

import httpx
import pytest

from checkout.tables import metadata
from harness.hearing import said
from harness.keys import Keys
from harness.postgres import MakeDatabase
from shared.clock import in_japan, now
from shared.database.transactions import Database
from shared.events import DeskEvent, OrderDeedDone, ShopSettingsChanged
from tests.checkout.desk_client import STAFF, desk_client
from tests.checkout.order_examples import order_row, place


@pytest.fixture
async def db(make_db: MakeDatabase) -> AsyncIterator[Database]:
    yield await make_db("checkout", metadata)


@pytest.fixture
async def desk(db: Database, keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    async with desk_client(db, keys, staff="owner") as client:
        client.headers["user-agent"] = "Mozilla/5.0 (Windows) Chrome/130"
        yield client


async def deeds(db: Database) -> list[DeskEvent]:
    return [event for event in await said(db) if isinstance(event, DeskEvent)]


@pytest.mark.feature("STF-03", clause="orders and money: one line for each deed")
async def test_each_deed_about_an_order_is_told_once(db: Database, desk: httpx.AsyncClient) -> None:
    await place(db, "transfer", "D-1")
    await place(db, "transfer", "D-2")
    today = f"{in_japan(now()):%Y-%m-%d}"
    for path, form in (
        ("D-1/notes", {"text": "お電話済み"}),
        ("D-1/cancel", {"staff_reason": "buyer"}),
        ("D-2/deposit", {"deposit_date": today, "confirmed": "true"}),
    ):
        seen = (await order_row(db, path[:3])).version
        answer = await desk.post(f"/desk/orders/{path}", data=form | {"version": str(seen)})
        assert answer.status_code == 303, answer.text
    noted = await deeds(db)
    assert [(type(one), one.order_code, one.subject) for one in noted] == [
        (OrderDeedDone, "D-1", "メモを追加しました"),
        (OrderDeedDone, "D-1", "注文をキャンセルしました"),
        (OrderDeedDone, "D-2", "入金処理を依頼しました"),
    ]
    cancelled = noted[1]
    assert (cancelled.by, cancelled.by_id, cancelled.device) == ("店長 試験", STAFF, "Windows Chrome")
    assert cancelled.before.startswith("通常処理")
    assert cancelled.after.startswith("キャンセル")


async def test_a_refused_deed_is_not_told(db: Database, desk: httpx.AsyncClient) -> None:
    await place(db, "transfer", "D-1")
    assert (await desk.post("/desk/orders/D-1/notes", data={"text": "", "version": "1"})).status_code == 422
    assert await deeds(db) == []


async def test_a_deed_for_many_orders_is_told_for_each_that_it_reached(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await place(db, "konbini", "K-1")
    await place(db, "transfer", "K-3")
    form = {"action": "capture", "id": ["K-1", "K-3"], "confirmed": "true"}
    versions = {"K-1-version": "1", "K-3-version": "1"}
    await desk.post("/desk/orders/bulk", data=form | versions)
    assert [one.order_code for one in await deeds(db)] == ["K-3"]


async def test_a_program_leaves_the_same_line(db: Database, keys: Keys) -> None:
    await place(db, "transfer", "P-1")
    async with desk_client(db, keys, staff="owner", page=False) as program:
        answer = await program.post(
            "/api/checkout/desk/orders/P-1/cancel",
            json={"note": "お客様のご依頼", "staff_reason": "buyer", "send_mail": False, "version": 1},
        )
    assert answer.status_code == 200, answer.text
    [noted] = await deeds(db)
    assert (noted.order_code, noted.subject) == ("P-1", "注文をキャンセルしました")


async def test_saved_searches_are_told_too(db: Database, desk: httpx.AsyncClient) -> None:
    await desk.post("/desk/orders/searches", data={"name": "未発送", "query": "tab=unshipped"})
    [noted] = await deeds(db)
    assert isinstance(noted, ShopSettingsChanged)
    assert (noted.subject, noted.after) == ("保存した検索「未発送」の保存", "未発送")


async def test_a_receipt_of_goods_that_is_sent_twice_is_told_once(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await place(db, "transfer", "S-1")
    async with db.transaction() as tx:
        sku = await tx.value("SELECT sku FROM stock LIMIT 1")
    form = {"pieces": "10", "cause": "仕入", "memo": "", "key": "0190f5fe-7c00-7a00-8000-0000000000c0"}
    for _ in range(2):
        assert (await desk.post(f"/desk/stock/{sku}", data=form)).status_code == 303
    [noted] = await deeds(db)
    assert noted.type == "stock_booked.v1"
    assert "10個" in noted.subject
    assert noted.before != noted.after
