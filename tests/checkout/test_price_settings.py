"""Staff change the shipping fee at the desk; the shop follows at once, and who changed what is kept."""

from checkout.shop.rules import ShopSettings
from harness.as_seen import as_seen
from shared.database.transactions import Database
from shared.shop.settings.rows import read
from tests.checkout.shopper import Shopper, open_shop

SETTINGS = "/desk/orders/settings"


async def test_a_changed_fee_is_in_force_at_once_and_on_record(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db, price=1_000)
    await shopper.fills_cart()
    shopper.sign_in("店長 試験", staff="owner")

    form = {"shipping_fee": "８００円", "free_shipping_from": ""}
    assert (await shopper.sends(SETTINGS, **form)).status_code == 409
    await shopper.sends(SETTINGS, **await as_seen(shopper.browser, SETTINGS, form))

    await shopper.opens("/cart")
    assert "¥1,800" in shopper.text
    await shopper.opens(SETTINGS)
    assert "店長 試験 送料 ¥550 ¥800" in shopper.text
    assert "店長 試験 送料無料になる金額 ¥5,000 なし" in shopper.text


async def test_a_fee_out_of_bounds_is_refused_in_yen(shop_db: Database, shopper: Shopper) -> None:
    shopper.sign_in("店長 試験", staff="owner")
    below = await shopper.sends(SETTINGS, shipping_fee="-1", free_shipping_from="")
    assert (below.status_code, "送料は0円以上で入力してください" in shopper.text) == (422, True)
    above = await shopper.sends(SETTINGS, shipping_fee="100001", free_shipping_from="")
    assert (above.status_code, "送料は100,000円以下で入力してください" in shopper.text) == (422, True)


async def test_an_older_page_of_settings_does_not_win(shop_db: Database, shopper: Shopper) -> None:
    shopper.sign_in("店長 試験", staff="owner")
    await shopper.opens(SETTINGS)
    seen = shopper.field("version")
    await shopper.sends(SETTINGS, shipping_fee="800", free_shipping_from="5000", version=seen)

    late = await shopper.sends(SETTINGS, shipping_fee="550", free_shipping_from="3000", version=seen)

    assert late.status_code == 409
    assert "ほかのスタッフが設定を変更したため、保存していません。" in shopper.text
    assert shopper.field("free_shipping_from") == "3000"
    async with shop_db.transaction() as tx:
        settings = await read(tx, ShopSettings)
    assert (settings.shipping_fee, settings.free_shipping_from) == (800, 5_000)
    again = {"shipping_fee": "800", "free_shipping_from": "3000", "version": shopper.field("version")}
    assert (await shopper.sends(SETTINGS, **again)).status_code == 303


async def test_nobody_but_staff_changes_settings(shop_db: Database, shopper: Shopper) -> None:
    shopper.sign_in("会員 花子")
    assert (await shopper.sends(SETTINGS, shipping_fee="0")).status_code == 403

    shopper.browser.cookies.delete("noren_session")
    answer = await shopper.sends(SETTINGS, shipping_fee="0")
    assert (answer.status_code, "/desk/login" in answer.text) == (401, True)
    async with shop_db.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM settings") == 0
