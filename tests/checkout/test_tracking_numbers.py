"""Tracking numbers are taken as people type them, and refused where no carrier could know them."""

import pytest

from checkout.domain.tracking import checked_number, tracking_page
from shared.clock import now
from shared.database import Database
from shared.errors import Refused
from tests.checkout.order_examples import order_row, place
from tests.checkout.shopper import Shopper

CODE = "N261128-1D29-3ZYG6SFW"


@pytest.mark.parametrize(
    ("carrier", "typed", "stored"),
    [
        ("ヤマト運輸", "1234-5678-9013", "123456789013"),
        ("ヤマト運輸", "１２３４ー５６７８ー９０１３", "123456789013"),
        ("佐川急便", "1234 5678 9013", "123456789013"),
        ("日本郵便", "123456789013", "123456789013"),
        ("日本郵便", "12345678903", "12345678903"),
        ("日本郵便", "rr473124829jp", "RR473124829JP"),
        (None, "abc-1", "ABC1"),
    ],
)
def test_a_number_is_stored_as_its_carrier_knows_it(carrier: str | None, typed: str, stored: str) -> None:
    assert checked_number(carrier, typed) == stored


@pytest.mark.parametrize(
    ("carrier", "typed", "words"),
    [
        ("ヤマト運輸", "1234", "ヤマト運輸の送り状番号は12桁の数字で入力してください"),
        ("ヤマト運輸", "123456789012", "最後の数字が合いません"),
        ("佐川急便", "12345678901A", "佐川急便の送り状番号は12桁の数字で入力してください"),
        ("日本郵便", "1234567890", "11桁または12桁"),
        ("日本郵便", "RR473124828JP", "最後の数字が合いません"),
    ],
)
def test_a_number_of_no_parcel_is_refused_in_words(carrier: str, typed: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        checked_number(carrier, typed)
    assert (refused.value.field, refused.value.status) == ("tracking_number", 422)


def test_a_page_to_follow_the_parcel_exists_for_known_carriers_only() -> None:
    assert tracking_page("佐川急便", "123456789013") == (
        "https://k2k.sagawa-exp.co.jp/p/web/okurijosearch.do?okurijoNo=123456789013"
    )
    assert tracking_page(None, "123456789013") is None
    assert tracking_page("佐川急便", None) is None


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
    assert "NQ0010?id=123456789013" in shopper.page.text
