"""The cart holds what can be delivered, says what cannot, and leads to an order by two buttons."""

import re

import pytest

from checkout.storage.sample_catalogue import add_sample_catalogue, sample_products
from shared.database import Database
from tests.checkout.shopper import CASH_ON_DELIVERY, MENU, Shopper, open_shop


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
    assert "在庫は残り3点です" in shopper.page.text


async def test_stock_that_went_away_is_said_at_the_line_and_stops_the_order(
    shop_db: Database, shopper: Shopper
) -> None:
    await open_shop(shop_db, available=5)
    await shopper.fills_cart("cup", 4)
    async with shop_db.transaction() as tx:
        await tx.execute("UPDATE stock SET available = 2")

    await shopper.opens("/cart")

    assert "在庫は残り2点です。数量を変更してください。" in shopper.text
    assert "このサイトでお支払い" not in shopper.text
    await shopper.opens("/order")
    assert shopper.page.url.path == "/cart"


@pytest.mark.parametrize("quantity", ["-1", "100", "1e9", "1.5", "NaN", "いち"])
async def test_a_quantity_that_is_none_changes_nothing(
    shop_db: Database, shopper: Shopper, quantity: str
) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart("cup", 2)

    answer = await shopper.sends("/cart/lines/cup", quantity=quantity)

    assert answer.status_code == 303
    await shopper.opens("/cart")
    assert shopper.field("quantity") == "2"


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


async def test_the_shop_has_a_sample_catalogue_with_pictures(shop_db: Database, shopper: Shopper) -> None:
    async with shop_db.transaction() as tx:
        assert await add_sample_catalogue(tx) == len(sample_products())
        assert await add_sample_catalogue(tx) == 0

    await shopper.opens("/")
    shelf = shopper.text
    for product in sample_products():
        assert product["name"] in shelf
        picture = await shopper.browser.get(f"/static/shop/goods/{product['image']}")
        assert picture.headers["content-type"].startswith("image/svg+xml")
        page = await shopper.opens(f"/items/{product['sku']}")
        assert "カートに入れる" in page.text
    assert (await shopper.opens("/items/none")).status_code == 404
