"""A buyer who has not paid yet is thanked for nothing, and finds the way to pay; who need not pay is not asked."""

import pytest

from checkout.consumers import consumers
from checkout.orders.cancel_order import cancel_order
from harness.hearing import Hearing, said
from shared.clock import now
from shared.database.transactions import Database
from shared.events import (
    OrderCancelled,
    OrderPlaced,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentFailed,
    PaymentRefunded,
)
from shared.ids import new_id
from tests.checkout.order_examples import number_issued, payment
from tests.checkout.payment_terms import on_menu
from tests.checkout.shopper import BANK_TRANSFER, ORDERER, Shopper, a_coupon, open_shop

CARD = {
    "kind": "card",
    "name": "クレジットカード",
    **on_menu("card_like"),
    "confirm_path": "/payments/card/confirm",
}
MISSING = "お支払いがまだ完了していません"
THANKS = "ご注文ありがとうございます"


async def order_by_card(db: Database, shopper: Shopper) -> str:
    """Confirm an order by card and close the tab at the provider's page; return its code."""
    await open_shop(db, menu=(CARD, BANK_TRANSFER))
    await shopper.fills_cart("cup", 2)
    await shopper.goes_to_confirmation("card")
    sent = await shopper.sends("/order/confirm", **shopper.confirmation)
    code = sent.headers["location"].split("order=")[1]
    assert sent.headers["location"] == f"/payments/card/confirm?order={code}"
    return code


def authorized(code: str) -> PaymentAuthorized:
    return PaymentAuthorized(
        **payment(code, "card"),
        authorization_id="A-1",
        amount=2_550,
        authorized_at=now(),
        provider_status="承認済",
    )


async def test_who_closed_the_tab_is_led_back_or_to_another_method(
    shop_db: Database, shopper: Shopper
) -> None:
    code = await order_by_card(shop_db, shopper)
    await shopper.opens(f"/orders/{code}")
    assert f"<h1>{MISSING}</h1>" in shopper.page.text
    assert THANKS not in shopper.text
    assert f'href="/payments/card/confirm?order={code}"' in shopper.page.text

    again = await shopper.sends(f"/orders/{code}/again")
    assert again.headers["location"] == "/cart"
    await shopper.opens("/cart")
    assert "試験の品 cup" in shopper.text
    cancelled = (await said(shop_db))[-1]
    assert isinstance(cancelled, OrderCancelled)
    assert (cancelled.reason, cancelled.by, cancelled.send_mail) == ("payment_failed", "お客様", False)
    async with shop_db.transaction() as tx:
        assert await tx.value("SELECT available FROM stock") == 100
    await shopper.goes_to_confirmation("bank_transfer")
    assert (await shopper.sends("/order/confirm", **shopper.confirmation)).status_code == 303
    assert len([event for event in await said(shop_db) if isinstance(event, OrderPlaced)]) == 2


async def order_by_wallet(db: Database, shopper: Shopper) -> str:
    """Confirm an order on the wallet's order page; return its code."""
    await open_shop(db)
    await shopper.fills_cart()
    shopper.carry_wallet()
    await shopper.opens("/order/amazon")
    fields = {**ORDERER, **shopper.confirmation, "shown": shopper.field("shown")}
    sent = await shopper.sends("/order/amazon", **fields)
    return sent.headers["location"].split("order=")[1]


async def test_who_just_came_back_from_the_wallet_is_not_asked_to_pay(
    shop_db: Database, shopper: Shopper
) -> None:
    code = await order_by_wallet(shop_db, shopper)
    await shopper.opens(f"/orders/{code}")
    assert f"<h1>{MISSING}</h1>" in shopper.page.text, "the session still waits for the buyer"
    assert "お支払いの手続きへ戻る" in shopper.text
    shopper.browser.cookies.delete("noren_wallet")  # as payments does when the buyer comes back
    await shopper.opens(f"/orders/{code}")
    assert "<h1>お支払いを確認しています</h1>" in shopper.page.text
    assert (MISSING in shopper.text, THANKS in shopper.text) == (False, False)
    async with shop_db.transaction() as tx:
        await tx.execute("UPDATE orders SET placed_at = placed_at - interval '3 minutes'")
    await shopper.opens(f"/orders/{code}")
    assert f"<h1>{MISSING}</h1>" in shopper.page.text
    assert "別のお支払い方法で注文する" in shopper.text
    assert "お支払いの手続きへ戻る" not in shopper.text, "there is no session to go back to"


async def test_a_yes_that_came_meanwhile_is_not_thrown_away(shop_db: Database, shopper: Shopper) -> None:
    code = await order_by_card(shop_db, shopper)
    await Hearing(consumers, shop_db).hears(authorized(code))
    assert (await shopper.sends(f"/orders/{code}/again")).status_code == 409
    await shopper.opens(f"/orders/{code}")
    assert THANKS in shopper.text
    assert MISSING not in shopper.text


async def test_a_failed_payment_ends_the_order_and_the_buyer_is_told(
    shop_db: Database, shopper: Shopper
) -> None:
    code = await order_by_card(shop_db, shopper)
    await Hearing(consumers, shop_db).hears(PaymentFailed(**payment(code, "card"), reason="buyer_abandoned"))
    cancelled = (await said(shop_db))[-1]
    assert isinstance(cancelled, OrderCancelled)
    assert cancelled.send_mail is True
    await shopper.opens(f"/orders/{code}")
    assert "お支払いの手続きが途中で終了しました。" in shopper.text
    assert "別のお支払い方法で注文する" in shopper.text
    assert "data-cart-count>2<" in shopper.page.text, "the goods are in the cart again"
    assert "data-cart-count>2<" in (await shopper.opens("/")).text


async def test_how_a_payment_runs_travels_with_the_order(shop_db: Database, shopper: Shopper) -> None:
    await order_by_card(shop_db, shopper)
    [placed] = await said(shop_db)
    assert isinstance(placed, OrderPlaced)
    assert placed.payment_flow == "authorized"


async def test_a_konbini_order_says_that_its_number_is_on_the_way(
    shop_db: Database, shopper: Shopper
) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()
    await shopper.goes_to_confirmation("konbini", chain="lawson")
    sent = await shopper.sends("/order/confirm", **shopper.confirmation)
    await shopper.opens(sent.headers["location"])
    assert "お支払い番号を発行しています。" in shopper.text
    assert "お支払いを確認しています" not in shopper.text


async def test_a_cancelled_order_asks_for_nothing(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()
    await shopper.goes_to_confirmation("konbini", chain="lawson")
    sent = await shopper.sends("/order/confirm", **shopper.confirmation)
    code = sent.headers["location"].rsplit("/", 1)[1]
    await Hearing(consumers, shop_db).hears(number_issued(code))
    await shopper.opens(f"/orders/{code}")
    assert "12345678901" in shopper.text
    async with shop_db.transaction() as tx:
        await cancel_order(tx, order_code=code, note="試験", by="店長", at=now())
    await shopper.opens(f"/orders/{code}")
    assert "ご利用の" not in shopper.text
    for words in ("12345678901", "お支払い期限", "期限までに", THANKS):
        assert words not in shopper.text
    assert "ご注文はキャンセルされました。お支払いは必要ありません。" in shopper.text


async def test_the_buyer_reads_what_went_back_and_how(shop_db: Database, shopper: Shopper) -> None:
    code = await order_by_card(shop_db, shopper)
    hearing = Hearing(consumers, shop_db)
    await hearing.hears(
        authorized(code),
        PaymentCaptured(**payment(code, "card"), amount=2_550, captured_at=now(), source="shipped"),
    )
    async with shop_db.transaction() as tx:
        await cancel_order(tx, order_code=code, note="試験", by="店長", at=now())
    await shopper.opens(f"/orders/{code}")
    assert "お支払い済みの金額は返金いたします。" in shopper.text
    await hearing.hears(
        PaymentRefunded(
            **payment(code, "card"), refund_id=new_id(), amount=2_550, remaining_amount=0, route="gift_card"
        )
    )
    await shopper.opens(f"/orders/{code}")
    assert "お支払いは返金済みです。" in shopper.text
    assert "¥2,550をギフトカードで返金しました。" in shopper.text


@pytest.mark.parametrize("method", ["card", "bank_transfer"])
async def test_who_has_nothing_to_pay_is_sent_to_no_provider(
    shop_db: Database, shopper: Shopper, method: str
) -> None:
    await open_shop(shop_db, menu=(CARD, {**BANK_TRANSFER, "amount_min": 500}))
    shopper.sign_in("試験 花子")
    shopper.carry_benefit(points=1_550)
    await shopper.fills_cart()
    await shopper.goes_to_confirmation(method)
    assert "お支払い合計 税込 ¥0" in shopper.text
    sent = await shopper.sends("/order/confirm", **shopper.confirmation)
    assert sent.headers["location"].startswith("/orders/"), shopper.text
    code = sent.headers["location"].rsplit("/", 1)[1]
    await shopper.opens(f"/orders/{code}")
    assert THANKS in shopper.text
    await Hearing(consumers, shop_db).hears(
        PaymentCaptured(**payment(code, method), amount=0, captured_at=now(), source="manual_deposit")
    )
    await shopper.opens(f"/orders/{code}")
    assert "お支払いは不要です。発送の準備をしています。" in shopper.text


async def test_a_coupon_that_frees_the_shipping_is_named(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db)
    shopper.sign_in("試験 花子")
    shopper.carry_benefit(points=0, coupon=a_coupon("free_shipping", name="送料サービス"))
    await shopper.fills_cart()
    await shopper.goes_to_confirmation()
    assert "無料（「送料サービス」を利用）" in shopper.text
    sent = await shopper.sends("/order/confirm", **shopper.confirmation)
    await shopper.opens(sent.headers["location"])
    assert "「送料サービス」" in shopper.text
    [placed] = [event for event in await said(shop_db) if isinstance(event, OrderPlaced)]
    assert placed.coupon_name == "送料サービス"
