"""Two clerks at once: the second is told, and nothing of the first is written over."""

from collections.abc import AsyncIterator

import httpx
import pytest

from checkout.tables import metadata
from harness.hearing import said
from harness.keys import Keys
from harness.postgres import MakeDatabase
from shared.database.transactions import Database
from tests.checkout.desk_client import desk_client
from tests.checkout.order_examples import order_row, place, timeline_titles

MEANWHILE = "他の操作で更新されました"


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


async def change(db: Database, desk: httpx.AsyncClient, code: str) -> None:
    """Be the clerk who is first."""
    await desk.post(
        f"/desk/orders/{code}/status", data={"status": "processed", "version": "1", "confirmed": "1"}
    )
    assert (await order_row(db, code)).version == 2


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("notes", {"text": "電話で確認"}),
        ("cancel", {"staff_reason": "shop", "note": "試験"}),
        ("ship", {}),
        ("status", {"status": "processed", "confirmed": "true"}),
        ("deposit", {"deposit_date": "2026-11-30", "confirmed": "true"}),
    ],
)
async def test_who_edits_an_outdated_order_is_told_and_loses_no_text(
    db: Database, desk: httpx.AsyncClient, path: str, fields: dict[str, str]
) -> None:
    order = await place(db, "cash_on_delivery" if path == "ship" else "transfer", "E-1")
    where = str(order.destinations[0].destination_id)
    await change(db, desk, "E-1")
    before = [event.type for event in await said(db)]
    answer = await desk.post(
        f"/desk/orders/E-1/{path}", data={**fields, "destinations": where, "version": "1"}
    )
    assert answer.status_code == 422
    assert MEANWHILE in answer.text
    assert all(text in answer.text for text in fields.values() if not text.isascii())
    assert [event.type for event in await said(db)] == before
    assert "メモ" not in await timeline_titles(db, "E-1")


async def test_an_edit_that_names_no_version_is_not_carried_out(
    db: Database, desk: httpx.AsyncClient
) -> None:
    order = await place(db, "transfer", "E-2")
    where = order.destinations[0].destination_id
    for path, fields in (
        ("notes", {"text": "電話で確認"}),
        ("reauthorize", {}),
        ("seen", {}),
        (f"tracking/{where}", {f"{where}-tracking_number": "1"}),
    ):
        assert (await desk.post(f"/desk/orders/E-2/{path}", data=fields)).status_code == 422
    assert (await order_row(db, "E-2")).version == 1


async def test_orders_that_changed_since_the_page_are_left_out(db: Database, desk: httpx.AsyncClient) -> None:
    for code in ("E-3", "E-4"):
        await place(db, "cash_on_delivery", code)
    asked = await desk.post("/desk/orders/bulk", data={"action": "ship", "id": ["E-3", "E-4"]})
    assert 'name="E-3-version" value="1"' in asked.text
    await change(db, desk, "E-3")
    sent = {
        "action": "ship",
        "id": ["E-3", "E-4"],
        "confirmed": "true",
        "E-3-version": "1",
        "E-4-version": "1",
    }
    unseen = {name: value for name, value in sent.items() if name != "E-4-version"}
    assert 'name="E-4-version" value="1"' in (await desk.post("/desk/orders/bulk", data=unseen)).text
    assert (await order_row(db, "E-4")).shipping == "unshipped"
    answer = await desk.post("/desk/orders/bulk", data=sent)
    assert "1件の処理が完了しました" in answer.text
    assert MEANWHILE in answer.text
    assert [(await order_row(db, code)).shipping for code in ("E-3", "E-4")] == ["unshipped", "shipped"]


async def test_programs_may_name_the_version_that_they_read(
    db: Database, desk: httpx.AsyncClient, program: httpx.AsyncClient
) -> None:
    await place(db, "transfer", "E-5")
    await change(db, desk, "E-5")
    for path, body in (
        ("ship", {"orders": [{"order_code": "E-5", "version": 1}]}),
        ("capture", {"order_codes": ["E-5"], "versions": {"E-5": 1}}),
        ("process", {"order_codes": ["E-5"], "versions": {"E-5": 1}}),
    ):
        answer = await program.post(f"/api/checkout/desk/orders/{path}", json=body)
        assert answer.json()["results"][0]["code"] == "order_changed_meanwhile"
    answer = await program.post("/api/checkout/desk/orders/E-5/cancel", json={"note": "試験", "version": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "order_changed_meanwhile")


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("process", {"order_codes": ["E-5"], "versions": {"E-5": "1"}}),
        ("process", {"order_codes": ["E-5"], "versions": {"E-5": True}}),
        ("ship", {"orders": [{"order_code": "E-5", "version": "1"}]}),
        ("ship", {"orders": [{"order_code": "E-5", "version": True}]}),
        ("capture", {"order_codes": ["E-5"], "deposit_date": "20261201"}),
        ("capture", {"order_codes": ["E-5"], "deposit_date": "2026-12-01T00:00:00"}),
        ("capture", {"order_codes": ["E-5"], "deposit_date": "1e3"}),
    ],
)
async def test_a_program_sends_versions_and_days_as_documented(
    program: httpx.AsyncClient, action: str, body: dict[str, object]
) -> None:
    answer = await program.post(f"/api/checkout/desk/orders/{action}", json=body)

    assert answer.status_code == 422, answer.text
