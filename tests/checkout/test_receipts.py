"""A receipt of a paid order is a simplified qualified invoice, and there is none before the money came."""

from typing import Any

import pytest

from checkout.consumers import consumers
from checkout.shop.identity import IdentitySettings
from harness.hearing import Hearing
from shared.clock import now
from shared.database.transactions import Database
from shared.events import PaymentCaptured, PaymentRefunded
from shared.ids import new_id
from shared.shop.settings.change_settings import change
from tests.checkout.order_examples import payment, place
from tests.checkout.shopper import Shopper, open_shop

NUMBER = "T1040001999003"


async def order_mixed(db: Database, shopper: Shopper) -> str:
    """Order two cups and a packet of tea by bank transfer: ¥3,790. Return the code."""
    await open_shop(db, price=1_080, skus=("cup", "tea"))
    async with db.transaction() as tx:
        await tx.execute("UPDATE products SET tax_class = 'reduced' WHERE sku = 'tea'")
    await shopper.fills_cart("cup", 2)
    await shopper.fills_cart("tea")
    await shopper.goes_to_confirmation("bank_transfer")
    answer = await shopper.sends("/order/confirm", **shopper.confirmation)
    code: str = answer.headers["location"].split("?")[0].split("/")[2]
    return code


def paid(code: str, **changes: Any) -> PaymentCaptured:
    """Return what payments says when the money came."""
    values = {"amount": 3_790, "captured_at": now(), "source": "provider_notice", **changes}
    return PaymentCaptured(**payment(code, "bank_transfer"), **values)


@pytest.mark.feature("TAX-03", clause="receipt of a mixed order")
async def test_a_receipt_of_a_mixed_order_has_all_six_items(shop_db: Database, shopper: Shopper) -> None:
    identity = IdentitySettings(
        seller="暖簾商事株式会社", address="東京都渋谷区1-1", registration_number=NUMBER
    )
    async with shop_db.transaction() as tx:
        await change(tx, identity, by="店長 試験", at=now())
    code = await order_mixed(shop_db, shopper)
    await Hearing(consumers, shop_db).hears(paid(code))

    await shopper.opens(f"/orders/{code}")
    assert "領収書発行" in shopper.text
    await shopper.opens(f"/orders/{code}/receipt")

    for part in (
        f"発行者 暖簾商事株式会社 店舗 オンラインショップ 所在地 東京都渋谷区1-1 登録番号 {NUMBER}",
        "領収日 20",
        "試験の品 tea ※ ¥1,080 × 1点",
        "領収金額 税込 ¥3,790",
        "10％対象 うち消費税 ¥246 ¥2,710",
        "8％対象 ※ うち消費税 ¥80 ¥1,080",
        "※は軽減税率対象",
        "試験 花子 様",
        "銀行振込により領収いたしました。",
    ):
        assert part in shopper.text
    assert "試験の品 cup ※" not in shopper.text
    own = shopper.text.partition("印刷する")[0]
    shopper.sign_in("店長 試験", staff="owner")
    await shopper.opens(f"/desk/orders/{code}")
    assert "領収書を見る" in shopper.text
    await shopper.opens(f"/desk/orders/{code}/receipt")
    assert shopper.text.partition("印刷する")[0] == own


async def test_without_a_registration_number_the_paper_says_so(shop_db: Database, shopper: Shopper) -> None:
    code = await order_mixed(shop_db, shopper)
    await Hearing(consumers, shop_db).hears(paid(code))

    await shopper.opens(f"/orders/{code}/receipt")

    assert "登録番号の記載がないため、適格簡易請求書ではありません。" in shopper.text


async def test_no_receipt_before_the_money_came_or_after_it_left(shop_db: Database, shopper: Shopper) -> None:
    code = await order_mixed(shop_db, shopper)
    hearing = Hearing(consumers, shop_db)

    await shopper.opens(f"/orders/{code}")
    assert "領収書発行" not in shopper.text
    answer = await shopper.opens(f"/orders/{code}/receipt")
    assert (answer.status_code, "ご入金の確認後に発行できます。" in shopper.text) == (409, True)

    await hearing.hears(paid(code))
    refund = PaymentRefunded(
        **payment(code, "bank_transfer"),
        refund_id=new_id(),
        amount=500,
        remaining_amount=3_290,
        route="bank_transfer",
    )
    await hearing.hears(refund)
    assert (await shopper.opens(f"/orders/{code}/receipt")).status_code == 409


async def test_an_order_that_knows_no_taxes_has_no_receipt(shop_db: Database, shopper: Shopper) -> None:
    order = await place(shop_db, "transfer", "N-20261122-0009")
    await Hearing(consumers, shop_db).hears(paid(order.order_code, amount=3_500))
    shopper.sign_in("店長 試験", staff="owner")

    assert (await shopper.opens("/desk/orders/N-20261122-0009")).status_code == 200
    assert "領収書を見る" not in shopper.text
    assert (await shopper.opens("/desk/orders/N-20261122-0009/receipt")).status_code == 409


async def test_a_stranger_gets_no_receipt(shop_db: Database, shopper: Shopper) -> None:
    code = await order_mixed(shop_db, shopper)
    await Hearing(consumers, shop_db).hears(paid(code))
    shopper.browser.cookies.clear()

    assert (await shopper.opens(f"/orders/{code}/receipt")).status_code == 404
    answer = await shopper.opens(f"/desk/orders/{code}/receipt")
    assert answer.status_code == 401 or "ログイン" in answer.text
