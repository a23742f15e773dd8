"""After the order its page says what the buyer has to do now, by every way to pay."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from checkout.consumers import consumers
from harness.as_seen import BULK, as_seen
from harness.hearing import Hearing
from shared.clock import now
from shared.database.transactions import Database
from shared.events import PaymentCaptured, PaymentNumberIssued, PaymentRefunded, PaymentStandingChanged
from shared.ids import new_id
from tests.checkout.order_examples import number_issued, payment, place
from tests.checkout.shopper import Shopper

ACCOUNT = "のれん銀行 本店営業部 普通 1234567"
CODE = "N261128-1D29-3ZYG6SFW"


async def test_a_bank_transfer_shows_account_and_no_page_of_steps(
    shop_db: Database, shopper: Shopper
) -> None:
    shopper.sign_in("試験 花子")
    order = await place(shop_db, "transfer", CODE, member_id=shopper.member_id)
    await Hearing(consumers, shop_db).hears(
        PaymentNumberIssued(
            **payment(CODE, "bank_transfer"),
            amount=3_500,
            number=ACCOUNT,
            number_label="お振込先",
            chain="",
            due_at=now() + timedelta(days=14),
            page_url=order.page_url,
        )
    )

    await shopper.opens(f"/orders/{CODE}")
    assert f"お振込先 {ACCOUNT} お振込金額 ¥3,500 お支払い期限" in shopper.text
    assert "手順を見る" not in shopper.text
    assert "お支払い番号" not in shopper.text
    shopper.sign_in("店長 試験", staff="owner")
    await shopper.opens(f"/desk/orders/{CODE}")
    assert "決済ステータス 振込待ち" in shopper.text
    assert "お支払い先をお知らせしました" in shopper.text


async def test_another_chain_stands_on_the_order_page_and_at_the_desk(
    shop_db: Database, shopper: Shopper
) -> None:
    shopper.sign_in("試験 花子")
    await place(shop_db, "konbini", CODE, member_id=shopper.member_id)
    chosen = {"chain": "ministop", "chain_name": "ミニストップ", "confirmation_number": "8888"}
    anew = number_issued(CODE).model_copy(update={**chosen, "event_id": new_id(), "chosen_anew": True})
    await Hearing(consumers, shop_db).hears(number_issued(CODE), anew)

    await shopper.opens(f"/orders/{CODE}")
    assert "確認番号 8888" in shopper.text
    shopper.sign_in("店長 試験", staff="owner")
    await shopper.opens(f"/desk/orders/{CODE}")
    assert "お支払い先 ミニストップ" in shopper.text
    assert "お客様がお支払い先を変更しました" in shopper.text


async def test_a_number_paid_short_shows_the_rest_and_what_comes(shop_db: Database, shopper: Shopper) -> None:
    shopper.sign_in("試験 花子")
    await place(shop_db, "konbini", CODE, member_id=shopper.member_id)
    short = PaymentStandingChanged(
        **payment(CODE, "konbini"),
        revision=1,
        calls=("short_money",),
        expected_amount=3_500,
        suspense_amount=1_000,
    )
    await Hearing(consumers, shop_db).hears(number_issued(CODE), short)

    await shopper.opens(f"/orders/{CODE}")
    assert "ご注文金額 ¥3,500 ご入金済み ¥1,000 残りのお支払い金額 ¥2,500" in shopper.text
    assert "お店からご連絡します" in shopper.text
    assert "期限までにお支払いください" not in shopper.text


async def test_an_order_accepted_short_names_the_money_that_came(shop_db: Database, shopper: Shopper) -> None:
    shopper.sign_in("試験 花子")
    await place(shop_db, "konbini", CODE, member_id=shopper.member_id)
    about = payment(CODE, "konbini")
    told = PaymentStandingChanged(
        **about, revision=1, calls=("short_money",), expected_amount=3_500, suspense_amount=1_000
    )
    accepted = PaymentCaptured(**about, amount=1_000, captured_at=now(), source="admin")
    settled = PaymentStandingChanged(
        **about, revision=2, calls=(), expected_amount=3_500, captured_amount=1_000
    )
    await Hearing(consumers, shop_db).hears(number_issued(CODE), told, accepted, settled)

    await shopper.opens(f"/orders/{CODE}")
    assert "ご入金いただいた¥1,000でお支払い済みといたしました。" in shopper.text
    assert "差額（¥2,500）は、ご請求いたしません。" in shopper.text
    assert "ご請求しない差額 −¥2,500 お支払い合計 税込 ¥1,000" in shopper.text
    assert "お支払い合計 税込 ¥3,500" not in shopper.text


async def test_cash_on_delivery_names_the_money_to_have_ready(shop_db: Database, shopper: Shopper) -> None:
    shopper.sign_in("試験 花子")
    await place(shop_db, "cash_on_delivery", CODE, member_id=shopper.member_id)

    await shopper.opens(f"/orders/{CODE}")
    assert "商品のお受け取り時に ¥3,500 をお支払いください。" in shopper.text
    shopper.sign_in("店長 試験", staff="owner")
    await shopper.opens(f"/desk/orders/{CODE}")
    assert "決済ステータス 管理対象外" in shopper.text


async def test_a_search_from_any_list_of_the_desk_spans_all_orders(
    shop_db: Database, shopper: Shopper
) -> None:
    shopper.sign_in("店長 試験", staff="owner")
    await place(shop_db, "cash_on_delivery", "FOUND-1")
    await shopper.sends(
        BULK, **await as_seen(shopper.browser, BULK, {"action": "ship", "id": "FOUND-1", "confirmed": "true"})
    )
    await shopper.opens("/desk/orders")  # new orders, where it no longer is
    assert 'role="search"' in shopper.page.text
    assert shopper.field("tab") == "all"

    await shopper.opens("/desk/orders?tab=all&q=found-1")
    assert "FOUND-1" in shopper.text
    assert '<details class="drawer" data-remember="orders">' in shopper.page.text, "filters stay closed"


def account_until(due_in: timedelta, *, taken_for: timedelta = timedelta(days=3)) -> PaymentNumberIssued:
    """Return the account to pay to, which the order page has shown since."""
    due_at = now() + due_in
    return PaymentNumberIssued(
        **payment(CODE, "bank_transfer"),
        amount=3_500,
        number=ACCOUNT,
        number_label="お振込先",
        chain="",
        due_at=due_at,
        accepted_until=due_at + taken_for,
        page_url="http://127.0.0.1:8080/x",
    )


@pytest.mark.parametrize(
    ("days", "words"), [(-1, "までにご入金を確認できた場合は"), (-4, "お支払いがお済みの場合は")]
)
async def test_after_the_deadline_the_page_says_how_long_one_may_pay(
    shop_db: Database, shopper: Shopper, days: int, words: str
) -> None:
    shopper.sign_in("試験 花子")
    await place(shop_db, "transfer", CODE, member_id=shopper.member_id)
    hearing = Hearing(consumers, shop_db)
    await hearing.hears(account_until(timedelta(days=1)))
    await shopper.opens(f"/orders/{CODE}")
    assert "期限までにお支払いください" in shopper.text
    await hearing.hears(account_until(timedelta(days=days)))
    await shopper.opens(f"/orders/{CODE}")
    assert "お支払い期限切れ" in shopper.text
    assert "を過ぎました。" in shopper.text
    assert words in shopper.text
    assert "期限までに" not in shopper.text


async def test_the_buyer_reads_what_was_too_much_and_what_went_back(
    shop_db: Database, shopper: Shopper
) -> None:
    shopper.sign_in("試験 花子")
    await place(shop_db, "konbini", CODE, member_id=shopper.member_id)
    hearing = Hearing(consumers, shop_db)
    too_much: dict[str, Any] = {"expected_amount": 3_500, "captured_amount": 3_500, "suspense_amount": 2_500}
    about = payment(CODE, "konbini")
    await hearing.hears(
        number_issued(CODE),
        PaymentCaptured(**about, amount=3_500, captured_at=now(), source="provider_notice"),
        PaymentStandingChanged(**about, revision=1, calls=("excess_money",), **too_much),
    )
    await shopper.opens(f"/orders/{CODE}")
    assert "お支払いが¥2,500多くなっています。超過分は返金いたします。" in shopper.text
    await hearing.hears(
        PaymentRefunded(
            **about,
            refund_id=UUID(int=1),
            amount=2_500,
            spare_amount=2_500,
            remaining_amount=3_500,
            route="bank_transfer",
        ),
        PaymentStandingChanged(**about, revision=2, calls=(), refunded_amount=2_500, **too_much),
    )
    await shopper.opens(f"/orders/{CODE}")
    assert "お支払いの超過分 ¥2,500を銀行振込で返金しました。" in shopper.text
    assert "多くなっています" not in shopper.text
    assert "ご入金済み" in shopper.text
