"""Carriers and tracking numbers at the desk: codes in rows and events, names on pages and in what staff type."""

import pytest

from harness.hearing import said
from shared.clock import now
from shared.database.transactions import Database
from shared.events import Shipped
from tests.checkout.order_examples import order_row, place
from tests.checkout.shopper import Shopper

CODE = "N261128-1D29-3ZYG6SFW"


async def test_the_buyer_follows_the_parcel_from_the_order_page(shop_db: Database, shopper: Shopper) -> None:
    shopper.sign_in("店長 試験", staff="owner")
    order = await place(shop_db, "cash_on_delivery", CODE, member_id=shopper.member_id, placed_at=now())
    where = order.destinations[0].destination_id
    path = f"/desk/orders/{CODE}/tracking/{where}"
    number = {f"{where}-carrier": "ヤマト運輸", f"{where}-version": "1"}
    refused = await shopper.sends(path, **number, **{f"{where}-tracking_number": "1234"})
    assert refused.status_code == 422
    assert "12桁の数字で入力してください" in shopper.text
    saved = await shopper.sends(
        path, **number, **{f"{where}-tracking_number": "１２３４－５６７８－９０１３"}
    )
    assert saved.status_code == 303
    again = await shopper.sends(path, **number, **{f"{where}-tracking_number": "123456789024"})
    assert again.status_code == 422, "the second of two clerks is told"
    assert "他の操作で更新されました" in shopper.text
    assert (await order_row(shop_db, CODE)).version == 2

    await shopper.opens(f"/orders/{CODE}")
    assert "お問い合わせ番号 123456789013" in shopper.text
    assert "配送会社 ヤマト運輸" in shopper.text
    assert "NQ0010?id=123456789013" in shopper.page.text


@pytest.mark.parametrize(
    ("typed", "code", "shown"),
    [
        ("ヤマト運輸", "yamato", "ヤマト運輸"),
        ("sagawa", "sagawa", "佐川急便"),
        ("近所の配達", "近所の配達", "近所の配達"),
    ],
)
async def test_staff_type_a_carrier_and_events_say_its_code(
    shop_db: Database, shopper: Shopper, typed: str, code: str, shown: str
) -> None:
    shopper.sign_in("店長 試験", staff="owner")
    order = await place(shop_db, "cash_on_delivery", CODE, placed_at=now())
    where = order.destinations[0].destination_id
    path = f"/desk/orders/{CODE}/tracking/{where}"
    await shopper.sends(path, **{f"{where}-carrier": typed, f"{where}-version": "1"})
    await shopper.opens(f"/desk/orders/{CODE}")
    assert f'value="{shown}"' in shopper.page.text, "the box of 送付情報編集"
    assert f'<option value="{code}" selected>{shown}</option>' in shopper.page.text, "the ship step"

    await shopper.sends(f"/desk/orders/{CODE}/ship", version="2", destinations=str(where))
    [shipped] = [event for event in await said(shop_db) if isinstance(event, Shipped)]
    assert shipped.destinations[0].carrier == code
    await shopper.opens(f"/desk/orders/{CODE}")
    assert f"送り状番号 {shown} －" in shopper.text


async def test_what_looks_like_a_code_must_be_one(shop_db: Database, shopper: Shopper) -> None:
    shopper.sign_in("店長 試験", staff="owner")
    order = await place(shop_db, "cash_on_delivery", CODE, placed_at=now())
    where = order.destinations[0].destination_id
    path = f"/desk/orders/{CODE}/tracking/{where}"

    refused = await shopper.sends(path, **{f"{where}-carrier": "yamto", f"{where}-version": "1"})

    assert refused.status_code == 422
    assert "配送会社のコードは yamato、sagawa、japan_post のいずれかを入力してください" in shopper.text
