"""The standard form: four screens in order, input kept, methods with their reasons, one click to the order."""

import re
from urllib.parse import quote

import pytest

from harness.hearing import said
from harness.keys import Keys
from shared.database.transactions import Database
from shared.events import OrderPlaced, StockReserved
from tests.checkout.shopper import (
    MENU,
    ORDERER,
    ORIGIN,
    FakeMembers,
    Shopper,
    a_coupon,
    open_shop,
    shop_app,
)

SCREENS = ["お客様情報入力", "お届け先入力", "お支払い方法選択", "注文確認"]


def heading(shopper: Shopper) -> str:
    """Return the heading of the page."""
    return shopper.page.text.partition("<h1>")[2].partition("</h1>")[0]


@pytest.mark.feature("AP-12", "KON-05")
@pytest.mark.feature("KON-30", clause="no fee in the total")
async def test_the_four_screens_lead_to_an_unpaid_order(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db, price=1_000)
    await shopper.fills_cart("cup", 2)

    seen = []
    await shopper.opens("/order")
    seen.append(heading(shopper))
    for path, fields in (
        ("/order/customer", ORDERER),
        ("/order/delivery", {"deliver_to": "orderer"}),
        ("/order/payment", {"payment_kind": "konbini", "konbini-chain": "lawson"}),
    ):
        await shopper.sends(path, **fields)
        await shopper.opens(shopper.page.headers["location"])
        seen.append(heading(shopper))
    assert seen == SCREENS
    assert "¥2,550" in shopper.text
    assert "ローソン" in shopper.text
    assert "注文を確定する" in shopper.text

    await shopper.sends("/order/confirm", **shopper.confirmation)
    await shopper.opens(shopper.page.headers["location"])

    assert "ご注文ありがとうございます" in shopper.text
    placed, reserved = await said(shop_db)
    assert isinstance(placed, OrderPlaced)
    assert isinstance(reserved, StockReserved)
    assert (placed.payment_kind, placed.payment_choice) == ("konbini", {"chain": "lawson"})
    assert placed.amounts.total == 2_550
    assert placed.orderer.email == ORDERER["email"]
    assert placed.page_url.startswith(f"{ORIGIN}/orders/{placed.order_code}?key=")
    assert placed.payment_flow == "prepaid"
    async with shop_db.transaction() as tx:
        row = await tx.row("SELECT status, deposit, shipping FROM orders")
    assert row is not None
    assert tuple(row) == ("in_progress", "unpaid", "unshipped")


@pytest.mark.parametrize("path", ["/order/delivery", "/order/payment", "/order/confirm"])
async def test_no_screen_can_be_skipped(shop_db: Database, shopper: Shopper, path: str) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()

    await shopper.opens(path)

    assert heading(shopper) == SCREENS[0]


async def test_a_confirmation_too_early_names_the_next_screen(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()

    answer = await shopper.sends("/order/confirm", key="0" * 36, total="1550")

    assert answer.status_code == 409
    assert "先に「お客様情報入力」を入力してください。" in shopper.text
    assert await said(shop_db) == []


async def test_going_back_shows_what_was_typed(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()
    await shopper.goes_to_confirmation("konbini", chain="seven_eleven")

    await shopper.opens("/order/customer")
    assert shopper.field("address1") == ORDERER["address1"]
    await shopper.opens("/order/payment")
    assert 'value="konbini" checked' in shopper.page.text
    assert 'value="seven_eleven" selected' in shopper.page.text


async def test_errors_stand_at_their_fields_and_keep_the_input(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()

    wrong = {**ORDERER, "email": "hanako", "postal_code": "123"}
    page = await shopper.is_refused("/order/customer", **wrong)

    assert (page.status_code, page.request.method) == (200, "GET")
    assert "入力内容に誤りがあります（2か所）" in shopper.text
    assert "郵便番号は7桁の数字で入力してください" in shopper.text
    assert shopper.field("name") == ORDERER["name"]
    assert shopper.field("email") == "hanako"


async def test_going_back_after_an_error_shows_the_accepted_screen(
    shop_db: Database, shopper: Shopper
) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()
    await shopper.is_refused("/order/customer", **{**ORDERER, "email": "hanako"})
    await shopper.goes_to_confirmation()

    await shopper.opens("/order/customer")

    assert shopper.field("email") == ORDERER["email"]
    assert "誤りがあります" not in shopper.text


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("name", "花" * 61, "お名前は60文字以内で入力してください"),
        ("name", "花\u202e子", "お名前に使用できない文字（U+202E）が含まれています"),
        ("address1", "渋谷区\u2066", "住所1に使用できない文字（U+2066）が含まれています"),
        ("email", "太郎@example.jp", "「@」より前は半角英数字で入力してください"),
        ("email", "taro@localhost", "「@」より後ろをご確認ください"),
    ],
)
async def test_what_cannot_be_kept_or_mailed_is_refused_at_its_field(
    shop_db: Database, shopper: Shopper, field: str, typed: str, message: str
) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()

    page = await shopper.is_refused("/order/customer", **{**ORDERER, field: typed})

    assert f'id="e-{field}"' in page.text
    assert message in shopper.text


@pytest.mark.parametrize("email", ["taro..test.@docomo.ne.jp", ".abc@ezweb.ne.jp", "-abc@docomo.ne.jp"])
async def test_a_carriers_old_address_orders_as_it_is_written(
    shop_db: Database, shopper: Shopper, email: str
) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()
    await shopper.goes_to_confirmation()
    await shopper.sends("/order/customer", **{**ORDERER, "email": email, "name": "𠮷野 ①﨑髙😀"})
    await shopper.opens("/order/confirm")
    await shopper.sends("/order/confirm", **shopper.confirmation)

    [placed] = await said(shop_db)
    assert isinstance(placed, OrderPlaced)
    assert (placed.orderer.email, placed.orderer.name) == (email, "𠮷野 ①﨑髙😀")


async def test_no_method_chosen_is_asked_to_be_selected(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()
    await shopper.goes_to_confirmation()

    await shopper.is_refused("/order/payment")

    assert "お支払い方法を選択してください" in shopper.text


async def test_an_address_against_its_code_is_asked_about_and_ordered(
    shop_db: Database, shopper: Shopper
) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()
    await shopper.goes_to_confirmation()
    assert "住所をご確認ください" not in shopper.text
    for changes, question in (
        ({"prefecture": "大阪府"}, "郵便番号 150-0001 は東京都の番号です"),
        ({"postal_code": "0000000"}, "郵便番号 000-0000 が見つかりませんでした"),
    ):
        await shopper.sends("/order/customer", **{**ORDERER, **changes})
        await shopper.opens("/order/confirm")
        assert question in shopper.text

    assert (await shopper.sends("/order/confirm", **shopper.confirmation)).status_code == 303
    assert len(await said(shop_db)) == 1


async def test_the_summary_of_errors_follows_the_order_of_the_fields(
    shop_db: Database, shopper: Shopper
) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()
    page = (await shopper.is_refused("/order/customer", name="")).text
    listed = re.findall(r'href="#(f-[a-z0-9_]+)"', page)
    assert len(listed) > 3
    assert listed == sorted(listed, key=lambda name: page.index(f'id="{name}"'))


async def test_another_delivery_address_is_asked_for_only_when_wanted(
    shop_db: Database, shopper: Shopper
) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()
    await shopper.sends("/order/customer", **ORDERER)

    await shopper.is_refused("/order/delivery", deliver_to="other")
    assert "お届け先" in shopper.text
    assert "お名前を入力してください" in shopper.text
    other = {
        "other_name": "贈り先 次郎",
        "other_postal_code": "530-0001",
        "other_prefecture": "大阪府",
        "other_address1": "大阪市北区梅田1-1",
        "other_phone": "06-1234-5678",
    }
    assert (await shopper.sends("/order/delivery", deliver_to="other", **other)).status_code == 303
    await shopper.sends("/order/payment", payment_kind="cash_on_delivery")
    await shopper.opens("/order/confirm")
    await shopper.sends("/order/confirm", **shopper.confirmation)

    [placed] = await said(shop_db)
    assert isinstance(placed, OrderPlaced)
    assert placed.destinations[0].address.name == "贈り先 次郎"
    assert placed.destinations[0].address.postal_code == "5300001"
    assert placed.orderer.name == ORDERER["name"]


@pytest.mark.feature("KON-01", "KON-02")
@pytest.mark.feature("KON-08", clause="limit")
@pytest.mark.parametrize(("price", "offered"), [(300_000, True), (300_001, False)])
async def test_konbini_is_offered_up_to_its_limit_and_refused_beyond(
    shop_db: Database, shopper: Shopper, price: int, offered: bool
) -> None:
    await open_shop(shop_db, price=price)
    await shopper.fills_cart()
    await shopper.sends("/order/customer", **ORDERER)
    await shopper.sends("/order/delivery", deliver_to="orderer")

    await shopper.opens("/order/payment")
    assert "コンビニ・ATM・ネットバンキング・電子マネー払い" in shopper.text
    assert ("このご注文にはご利用頂けません" not in shopper.text) is offered
    # A submit forced past the page meets the same rule.
    answer = await shopper.sends("/order/payment", payment_kind="konbini", **{"konbini-chain": "lawson"})
    assert answer.headers["location"] == ("/order/confirm" if offered else "/order/payment")
    if not offered:
        await shopper.opens("/order/payment")
        assert "このご注文にはご利用頂けません" in shopper.text


async def test_a_choice_that_is_missing_is_asked_for_at_its_field(
    shop_db: Database, shopper: Shopper
) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()
    await shopper.sends("/order/customer", **ORDERER)
    await shopper.sends("/order/delivery", deliver_to="orderer")

    answer = await shopper.is_refused("/order/payment", payment_kind="konbini")

    assert shopper.text.count("お支払い先を選択してください") == 2  # in the summary and at the field
    assert 'value="konbini" checked' in answer.text
    assert '<a href="#f-konbini-chain">お支払い先を選択してください</a>' in answer.text
    assert 'id="f-konbini-chain"' in answer.text


async def test_a_wallet_cannot_be_forced_on_the_standard_form(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()
    await shopper.sends("/order/customer", **ORDERER)
    await shopper.sends("/order/delivery", deliver_to="orderer")

    await shopper.is_refused("/order/payment", payment_kind="amazon_pay")
    assert "このご注文にはご利用頂けません" in shopper.text


async def test_refused_points_are_explained_only_at_their_box(shop_db: Database, keys: Keys) -> None:
    members = FakeMembers()
    members.answers["/api/members/me"] = {**ORDERER, "points_available": 500, "coupons": []}
    shopper = Shopper(shop_app(shop_db, keys, members), keys, name="会員 花子")
    await open_shop(shop_db)
    await shopper.fills_cart()
    await shopper.goes_to_confirmation()
    why = "ご利用ポイントは0〜500の範囲で入力してください"
    shopper.browser.cookies.set("noren_toast", quote(f"stop\npoints\n600\n{why}"))

    page = (await shopper.opens("/order/confirm")).text

    assert page.count(why) == 1
    assert 'id="points-error" role="alert">' in page
    assert shopper.field("points") == "600"
    assert 'id="points"' in page


async def test_a_coupon_for_free_shipping_is_named_at_free_shipping(shop_db: Database, keys: Keys) -> None:
    shopper = Shopper(shop_app(shop_db, keys), keys, name="会員 花子")
    await open_shop(shop_db)
    await shopper.fills_cart()
    shopper.carry_benefit(points=0, coupon=a_coupon("free_shipping", name="送料無料の券"))
    await shopper.goes_to_confirmation()

    assert "無料（「送料無料の券」を利用）" in shopper.text


@pytest.mark.feature("AP-16")
@pytest.mark.feature("AP-15", clause="accepted on the standard form")
async def test_a_member_from_amazon_may_use_every_other_method(shop_db: Database, keys: Keys) -> None:
    members = FakeMembers()
    members.answers["/api/members/me"] = {**ORDERER, "points_available": 300}
    shopper = Shopper(shop_app(shop_db, keys, members), keys)
    shopper.sign_in("連携 花子", linked=True)
    await open_shop(shop_db)
    await shopper.fills_cart()

    await shopper.opens("/order/customer")
    assert shopper.field("email") == ORDERER["email"]
    await shopper.goes_to_confirmation("cash_on_delivery")
    assert "連携 花子 さん" in shopper.page.text
    assert "300ポイントまで" in shopper.text
    await shopper.opens("/order/payment")
    for method in MENU[1:]:
        assert str(method["name"]) in shopper.text
    await shopper.opens("/order/confirm")
    await shopper.sends("/order/confirm", **shopper.confirmation)

    [placed] = await said(shop_db)
    assert isinstance(placed, OrderPlaced)
    assert (placed.member_id, placed.payment_kind) == (shopper.member_id, "cash_on_delivery")


async def test_the_form_is_there_while_members_does_not_answer(shop_db: Database, shopper: Shopper) -> None:
    shopper.sign_in("会員 太郎")
    await open_shop(shop_db)
    await shopper.fills_cart()

    await shopper.opens("/order/customer")

    assert shopper.page.status_code == 200
    assert shopper.field("name") == "会員 太郎"


async def test_boxes_that_may_stay_empty_may_stay_empty(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()
    required = {**ORDERER, "kana": "", "address2": ""}
    await shopper.sends("/order/customer", **required)
    await shopper.sends("/order/delivery", deliver_to="orderer")
    await shopper.sends("/order/payment", payment_kind="cash_on_delivery")
    await shopper.opens("/order/confirm")

    await shopper.sends("/order/confirm", **shopper.confirmation)

    [placed] = await said(shop_db)
    assert isinstance(placed, OrderPlaced)
    assert (placed.orderer.kana, placed.orderer.address2) == ("", "")


async def test_a_total_other_than_the_one_shown_is_not_ordered(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db, price=1_000)
    await shopper.fills_cart()
    await shopper.goes_to_confirmation()
    shown = shopper.confirmation

    await shopper.is_refused("/order/confirm", **{**shown, "total": "1"})
    assert "¥1,550に変わりました" in shopper.text

    async with shop_db.transaction() as tx:
        await tx.execute("UPDATE products SET unit_price = 2000")
    await shopper.is_refused("/order/confirm", **shown)
    assert shopper.confirmation["total"] == "2550"
    assert await said(shop_db) == []


async def test_a_page_from_before_a_change_does_not_place_the_order(
    shop_db: Database, shopper: Shopper
) -> None:
    await open_shop(shop_db, skus=("cup", "pot"))
    await shopper.fills_cart("cup")
    await shopper.goes_to_confirmation()
    old = shopper.confirmation
    await shopper.sends("/cart/lines/cup", quantity="0")
    await shopper.fills_cart("pot")  # the same total, another product

    await shopper.is_refused("/order/confirm", **old)

    assert "カートまたは入力内容が変わりました" in shopper.text
    assert await said(shop_db) == []


@pytest.mark.parametrize("code", ["1500001", "150-0001", "１５０－０００１", "〒150ー0001"])
async def test_the_postal_code_knows_its_address(shopper: Shopper, code: str) -> None:
    town = {"prefecture": "東京都", "address1": "渋谷区神宮前"}
    assert (await shopper.opens(f"/api/checkout/postal/{code}")).json() == {**town, "towns": [town]}


async def test_a_postal_code_of_several_towns_offers_them_all(shopper: Shopper) -> None:
    one = (await shopper.opens("/api/checkout/postal/9218046")).json()
    assert (one["prefecture"], one["address1"]) == ("石川県", "金沢市")
    assert [town["address1"] for town in one["towns"]] == ["金沢市大桑町", "金沢市三小牛町"]

    other = (await shopper.opens("/api/checkout/postal/4980000")).json()
    assert (other["prefecture"], other["address1"]) == ("", "")
    assert [town["prefecture"] for town in other["towns"]] == ["愛知県", "三重県"]


async def test_a_postal_code_that_nobody_knows_is_said_to_be_so(shopper: Shopper) -> None:
    assert (await shopper.opens("/api/checkout/postal/0000000")).status_code == 404


@pytest.mark.feature("KON-42", clause="limit")
async def test_programs_get_a_reason_per_unsuitable_method(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db)

    offered = {
        each["kind"]: each for each in (await shopper.opens("/api/checkout/methods?total=300001")).json()
    }

    assert offered["konbini"]["reason"] == "limit"
    assert offered["konbini"]["message"] == "このご注文にはご利用頂けません"
    assert offered["bank_transfer"]["available"] is True


async def test_only_our_own_cookies_go_to_members(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()
    shopper.sign_in("会員 花子")
    sent = "; ".join(f"{name}={value}" for name, value in shopper.browser.cookies.items())
    strange = 'noren_x="\\377"; noren_wallet="\\377"; noren_wallet-1=a\xffb; noren_order=abc'

    page = await shopper.browser.get(
        "/order/customer", headers=[(b"cookie", f"{sent}; {strange}".encode("latin-1"))]
    )

    assert page.status_code == 200
