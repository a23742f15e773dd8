"""The cart holds what can be delivered, says what cannot, and leads to an order by two buttons."""

import re
from pathlib import Path

import httpx
import pytest
from obstore.store import LocalStore

from checkout.product_desk.samples import add_sample_catalogue, sample_products
from harness.keys import Keys
from shared.database.transactions import Database
from shared.files.store import Files
from shared.web.parts import add_part
from tests.checkout.shopper import AMAZON_PAY, CASH_ON_DELIVERY, MENU, Shopper, open_shop, shop_app


async def test_an_empty_cart_says_how_to_fill_it(shopper: Shopper) -> None:
    await shopper.opens("/cart")

    assert "カートは空です" in shopper.text
    assert 'href="/"' in shopper.page.text


async def test_adding_changing_and_removing_work_without_script(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db, price=1_200)

    await shopper.fills_cart("cup", 2)
    await shopper.opens("/cart")
    assert "試験の品 cup" in shopper.text
    assert "¥2,400" in shopper.text

    await shopper.sends("/cart/lines/cup", quantity="３")  # full-width, as a Japanese keyboard gives it
    await shopper.opens("/cart")
    assert "¥3,600" in shopper.text

    await shopper.sends("/cart/lines/cup", quantity="0")
    await shopper.opens("/cart")
    assert "カートは空です" in shopper.text


async def test_more_than_there_is_cannot_be_added(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db, available=3)

    await shopper.fills_cart("cup", 5)
    await shopper.opens("/cart")

    assert shopper.field("quantity") == "3"
    assert "在庫が足りないため、「試験の品 cup」のカートの数量は3点です" in shopper.page.text


async def test_stock_that_went_away_is_said_and_stops_the_order(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db, available=5)
    await shopper.fills_cart("cup", 4)
    async with shop_db.transaction() as tx:
        await tx.execute("UPDATE stock SET available = 2")

    await shopper.opens("/cart")

    assert "在庫は残り2点です。数量を変更してください。" in shopper.text
    assert "このサイトでお支払い" not in shopper.text
    await shopper.opens("/order")
    assert shopper.page.url.path == "/cart"


WRONG = "数量は1〜99の数字で入力してください"
NO_QUANTITY = ["-1", "−3", "100", "200", "1e9", "1.5", "0.5", "NaN", "いち", "", "1 0"]


@pytest.mark.parametrize("quantity", NO_QUANTITY)
async def test_a_bad_quantity_is_refused_at_its_box_changing_nothing(
    shop_db: Database, shopper: Shopper, quantity: str
) -> None:
    await open_shop(shop_db, price=1_000)
    await shopper.fills_cart("cup", 2)

    page = await shopper.is_refused("/cart/lines/cup", quantity=quantity)

    assert WRONG in shopper.text
    assert shopper.field("quantity") == quantity
    assert 'aria-describedby="e-line-cup"' in page.text
    assert "¥2,000" in shopper.text
    await shopper.opens("/cart")
    assert shopper.field("quantity") == "2"


@pytest.mark.parametrize("quantity", NO_QUANTITY)
async def test_a_script_gets_the_message_and_the_true_amounts_in_place(
    shop_db: Database, shopper: Shopper, quantity: str
) -> None:
    await open_shop(shop_db, price=1_000)
    await shopper.fills_cart("cup", 2)

    answer = await changed_in_place(shopper, quantity)

    assert answer.status_code == 200
    assert WRONG in answer.text
    assert f'value="{quantity}"' in answer.text
    assert "¥2,000" in answer.text


async def test_more_than_the_stock_is_refused_and_amounts_stay_true(
    shop_db: Database, shopper: Shopper
) -> None:
    await open_shop(shop_db, price=1_000, available=5)
    await shopper.fills_cart("cup", 2)

    answer = await changed_in_place(shopper, "50")

    assert "在庫は残り5点です。数量を変更してください。" in answer.text
    assert "¥2,000" in answer.text
    assert "¥50,000" not in answer.text


async def test_a_change_in_place_brings_the_number_beside_the_basket(
    shop_db: Database, shopper: Shopper
) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart("cup", 9)

    for quantity, shown in (("4", "4"), ("0", "0")):
        answer = await changed_in_place(shopper, quantity)
        badge = re.search(r'id="cart-count"[^>]*hx-swap-oob="true">(\d+)<', answer.text)
        assert badge is not None
        assert badge[1] == shown
        await shopper.opens("/")
        assert re.search(rf'id="cart-count"[^>]*>{shown}<', shopper.page.text)


@pytest.mark.parametrize("quantity", ["0", *NO_QUANTITY])
async def test_a_wrong_quantity_stays_on_the_page_of_the_product(
    shop_db: Database, shopper: Shopper, quantity: str
) -> None:
    await open_shop(shop_db)

    await shopper.is_refused("/cart/items", sku="cup", quantity=quantity)

    assert shopper.page.url.path == "/items/cup"
    assert WRONG in shopper.text
    assert shopper.field("quantity") == quantity
    await shopper.opens("/cart")
    assert "カートは空です" in shopper.text


async def test_adding_beyond_the_limit_of_an_order_tells_no_stock(
    shop_db: Database, shopper: Shopper
) -> None:
    await open_shop(shop_db, available=112)
    await shopper.fills_cart("cup", 98)
    await shopper.fills_cart("cup", 5)

    await shopper.opens("/cart")

    assert "99点までご注文いただけます" in shopper.page.text
    assert "112" not in shopper.page.text
    assert "toast-wait" in shopper.page.text
    assert shopper.field("quantity") == "99"


@pytest.mark.parametrize(("path", "page"), [("/cart/items", "/cart"), ("/cart/lines/cup", "/cart")])
async def test_loading_the_address_of_a_form_shows_the_page_above_it(
    shopper: Shopper, path: str, page: str
) -> None:
    answer = await shopper.opens(path)

    assert (answer.status_code, answer.url.path) == (200, page)


async def changed_in_place(shopper: Shopper, quantity: str) -> httpx.Response:
    """Change the cup's line as the page's script does."""
    headers = {"HX-Request": "true"}
    return await shopper.browser.post("/cart/lines/cup", data={"quantity": quantity}, headers=headers)


async def test_after_the_login_a_member_finds_both_carts_joined(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db, skus=("cup", "pot"))
    app = shop_app(shop_db, keys)
    phone, laptop = Shopper(app, keys, name="会員 花子"), Shopper(app, keys)
    await phone.fills_cart("cup", 2)
    await laptop.fills_cart("pot", 1)
    laptop.sign_in("会員 花子")

    await laptop.opens("/cart")
    assert "試験の品 cup" in laptop.text
    assert "試験の品 pot" in laptop.text
    assert re.search(r'id="cart-count"[^>]*>3<', laptop.page.text)

    await phone.opens("/cart")
    assert "試験の品 pot" in phone.text
    await laptop.sends("/cart/lines/pot", quantity="0")
    await phone.opens("/cart")
    assert "試験の品 pot" not in phone.text


async def test_after_the_login_the_badge_asks_once_for_its_number(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db, skus=("cup", "pot"))
    app = shop_app(shop_db, keys)
    phone, laptop = Shopper(app, keys, name="会員 花子"), Shopper(app, keys)
    await phone.fills_cart("cup", 2)
    await laptop.opens("/")
    assert "/cart/count" not in laptop.page.text, "a guest's cart is the browser's own"
    laptop.sign_in("会員 花子")

    await laptop.opens("/")
    assert 'hx-get="/cart/count" hx-trigger="load"' in laptop.page.text
    badge = await laptop.opens("/cart/count")
    assert re.fullmatch(r'\s*<span[^>]* id="cart-count"[^>]*>2<span.*</span>\s*', badge.text)

    await laptop.opens("/")
    assert "/cart/count" not in laptop.page.text
    assert re.search(r'id="cart-count"[^>]*>2<', laptop.page.text)
    await laptop.fills_cart("pot", 1)
    await laptop.opens("/cart")
    assert re.search(r'id="cart-count"[^>]*>3<', laptop.page.text)


async def test_a_member_without_a_cart_is_asked_for_once(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    laptop = Shopper(shop_app(shop_db, keys), keys, name="会員 花子")
    assert ">0<" in (await laptop.opens("/cart/count")).text
    await laptop.opens("/")
    assert "/cart/count" not in laptop.page.text


async def test_a_members_cart_is_shown_to_nobody_after_the_logout(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    shopper = Shopper(shop_app(shop_db, keys), keys, name="会員 花子")
    await shopper.fills_cart("cup", 2)
    shopper.browser.cookies.delete("noren_session")

    await shopper.opens("/cart")
    assert "カートは空です" in shopper.text

    shopper.sign_in("会員 花子")
    await shopper.opens("/cart")
    assert "試験の品 cup" in shopper.text


async def test_a_withdrawn_product_cannot_be_added(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db)
    async with shop_db.transaction() as tx:
        await tx.execute("UPDATE products SET on_sale = false")

    assert (await shopper.sends("/cart/items", sku="cup", quantity="1")).status_code == 404


@pytest.mark.feature("AP-11", clause="enabled: both buttons")
async def test_the_cart_offers_both_buttons_while_amazon_pay_is_on(
    shop_db: Database, shopper: Shopper
) -> None:
    await open_shop(shop_db, menu=MENU)
    await shopper.fills_cart()

    await shopper.opens("/cart")

    buttons = shopper.page.text.partition('class="pay-buttons')[2].partition("</div>")[0]
    assert re.findall(r'<a class="button [^"]*" href="([^"]*)">([^<]*)</a>', buttons) == [
        ("/order", "このサイトでお支払い"),
        ("/payments/amazon_pay/start", "amazon pay"),
    ]


@pytest.mark.feature("AP-11", clause="enabled: both buttons")
async def test_the_wallets_button_keeps_its_label_in_every_shop(shop_db: Database, shopper: Shopper) -> None:
    renamed = {**AMAZON_PAY, "name": "アマゾンのお支払い", "button_label": "amazon pay"}
    await open_shop(shop_db, menu=(CASH_ON_DELIVERY, renamed))
    await shopper.fills_cart()

    await shopper.opens("/cart")

    assert 'href="/payments/amazon_pay/start">amazon pay</a>' in shopper.page.text
    assert "アマゾンのお支払いでは、登録済みのお届け先" in shopper.text


@pytest.mark.feature("AP-11", clause="disabled: the first only")
@pytest.mark.feature("AP-46")
async def test_the_cart_offers_one_button_while_amazon_pay_is_off(
    shop_db: Database, shopper: Shopper
) -> None:
    await open_shop(shop_db, menu=(CASH_ON_DELIVERY,))
    await shopper.fills_cart()

    await shopper.opens("/cart")

    assert "このサイトでお支払い" in shopper.text
    assert "amazon" not in shopper.page.text.lower().partition("<main")[2]
    await shopper.goes_to_confirmation()
    await shopper.opens("/order/payment")
    assert "Amazon" not in shopper.text


async def test_the_shop_has_a_sample_catalogue_with_pictures(
    shop_db: Database, keys: Keys, tmp_path: Path
) -> None:
    files = Files(LocalStore(tmp_path))
    app = shop_app(shop_db, keys)
    add_part(app, Files, files)
    shopper = Shopper(app, keys)
    assert await add_sample_catalogue(shop_db, files) == len(sample_products())
    assert await add_sample_catalogue(shop_db, files) == 0

    await shopper.opens("/")
    shelf = shopper.text
    for product in sample_products():
        assert product.name in shelf
        page = await shopper.opens(f"/items/{product.sku}")
        assert "カートに入れる" in page.text
        shown = re.search(r'src="(/shop/goods/[^"]+)"', page.text)
        assert shown is not None
        picture = await shopper.browser.get(shown[1])
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/webp")
    assert (await shopper.opens("/items/none")).status_code == 404


async def test_the_order_lists_its_goods_as_the_cart_did(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db, skus=("apron", "cup"))
    await shopper.fills_cart("cup")
    await shopper.fills_cart("apron")
    await shopper.goes_to_confirmation()
    sent = await shopper.sends("/order/confirm", **shopper.confirmation)
    page = (await shopper.opens(sent.headers["location"])).text
    assert page.index("試験の品 cup") < page.index("試験の品 apron")
