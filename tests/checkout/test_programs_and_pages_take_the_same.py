"""Blanks in a body of JSON mean what they mean in a form: nothing was given."""

from typing import Any

import httpx
import pytest

from harness.keys import Keys
from shared.database.transactions import Database
from shared.ids import new_id
from tests.checkout.desk_client import desk_client
from tests.checkout.order_examples import order_row, place, stock_up
from tests.checkout.ordering_program import program
from tests.checkout.shopper import ORDERER, open_shop

BLANKS = (" ", "　", "\u200b", "\u3164", "\u2800")


async def order(client: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    client.cookies.clear()
    orderer = {name: value for name, value in {**ORDERER, **changes}.items() if value is not None}
    body = {
        "lines": [{"sku": "cup", "quantity": 1}],
        "orderer": orderer,
        "payment_kind": "bank_transfer",
    }
    return await client.post("/api/checkout/orders", json=body, headers={"Idempotency-Key": str(new_id())})


@pytest.mark.parametrize("field", ["name", "address1"])
async def test_an_order_without_a_name_or_address_to_see_is_refused(
    shop_db: Database, keys: Keys, field: str
) -> None:
    await open_shop(shop_db)
    async with program(shop_db, keys, {}) as client:
        for blank in BLANKS:
            answer = await order(client, **{field: blank})
            assert (answer.status_code, answer.json()["field"]) == (422, f"orderer.{field}"), ascii(blank)
            assert "入力してください" in answer.json()["detail"]


async def test_text_of_a_program_is_kept_without_blanks_around(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    async with program(shop_db, keys, {}) as client:
        code = (await order(client, name="　試験 花子 ", address2=" \u3164")).json()["order_code"]
    kept = await order_row(shop_db, code)
    assert (kept.orderer_name, kept.orderer_address2) == ("試験 花子", "")


async def test_kana_left_empty_and_left_out_are_alike(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    async with program(shop_db, keys, {}) as client:
        codes = [(await order(client, kana=kana)).json()["order_code"] for kana in ("", "　", None)]
    assert [(await order_row(shop_db, code)).orderer_kana for code in codes] == ["", "", ""]


async def test_a_reason_that_nobody_sees_cancels_nothing(shop_db: Database, keys: Keys) -> None:
    await stock_up(shop_db)
    await place(shop_db, "transfer", "P-1")
    async with desk_client(shop_db, keys) as desk:
        for blank in BLANKS:
            answer = await desk.post("/api/checkout/desk/orders/P-1/cancel", json={"note": blank})
            assert (answer.status_code, answer.json()["field"]) == (422, "note"), ascii(blank)
            form = {"note": blank, "staff_reason": "shop", "version": "1"}
            assert (await desk.post("/desk/orders/P-1/cancel", data=form)).status_code == 422
    assert (await order_row(shop_db, "P-1")).status == "in_progress"


async def test_versions_of_orders_that_are_not_asked_for_are_refused(shop_db: Database, keys: Keys) -> None:
    await stock_up(shop_db)
    await place(shop_db, "transfer", "P-1")
    async with desk_client(shop_db, keys) as desk:
        for deed in ("capture", "process"):
            body = {"order_codes": ["P-1"], "versions": {"P-2": 1}}
            answer = await desk.post(f"/api/checkout/desk/orders/{deed}", json=body)
            assert (answer.status_code, answer.json()["field"]) == (422, "versions")
            assert "P-2" in answer.json()["detail"]


async def test_one_parcel_ticked_twice_is_one(shop_db: Database, keys: Keys) -> None:
    await stock_up(shop_db)
    await place(shop_db, "cash_on_delivery", "P-1")
    async with shop_db.transaction() as tx:
        parcel = str(await tx.value("SELECT destination_id FROM order_destinations"))
    async with desk_client(shop_db, keys) as desk:
        version = (await order_row(shop_db, "P-1")).version
        form = {"destinations": [parcel, parcel], "version": str(version)}
        sent = await desk.post("/desk/orders/P-1/ship", data=form)
        assert sent.status_code == 303
        assert "1件のお届け先を発送済みにしました" in (await desk.get("/desk/orders/P-1")).text


async def test_an_order_or_parcel_to_ship_twice_is_refused(shop_db: Database, keys: Keys) -> None:
    await stock_up(shop_db)
    await place(shop_db, "cash_on_delivery", "P-1")
    order, parcel = {"order_code": "P-1"}, {"destination_id": str(new_id())}
    other = {"carrier": "yamato", "tracking_number": "123456789012"}
    bodies = {
        "orders": ([order, {**order, **other}], "P-1"),
        "orders.0.destinations": (
            [{**order, "destinations": [parcel, {**parcel, **other}]}],
            parcel["destination_id"],
        ),
    }
    async with desk_client(shop_db, keys) as desk:
        for field, (orders, double) in bodies.items():
            answer = await desk.post("/api/checkout/desk/orders/ship", json={"orders": orders})
            assert (answer.status_code, answer.json()["field"]) == (422, field)
            assert f"{double} が2回以上指定されています" in answer.json()["detail"]
    assert (await order_row(shop_db, "P-1")).shipping == "unshipped"


async def test_lines_of_a_program_end_as_those_of_a_form(shop_db: Database, keys: Keys) -> None:
    await stock_up(shop_db)
    await place(shop_db, "transfer", "P-1")
    async with desk_client(shop_db, keys) as desk:
        note = "お客様より電話。\r\n重複のため。"
        answer = await desk.post("/api/checkout/desk/orders/P-1/cancel", json={"note": note})
        assert answer.status_code == 200, answer.text
        state = (await desk.get("/api/checkout/desk/orders/P-1")).json()
    assert any("お客様より電話。\n重複のため。" in one["text"] for one in state["timeline"])
