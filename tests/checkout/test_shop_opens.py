"""A live shop takes orders once 特定商取引法に基づく表記 is whole; the last page before an order states its conditions."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from checkout.shop.identity import IdentitySettings
from checkout.shop.law import LawSettings
from checkout.shop.samples import sample_settings
from harness.as_seen import as_seen
from harness.keys import Keys
from shared.clock import now
from shared.database.transactions import Database
from shared.shop.settings.change_settings import change
from shared.shop.settings.group import Group
from shared.shop.settings.rows import read
from tests.checkout.shopper import (
    AMAZON_PAY,
    BANK_TRANSFER,
    CASH_ON_DELIVERY,
    KONBINI,
    MENU,
    Shopper,
    open_shop,
    shop_app,
)

NOT_OPEN = "ただいま開店準備中です。"
LAW = "/desk/shop/law"


@pytest.fixture
async def live(shop_db: Database, keys: Keys) -> AsyncIterator[Shopper]:
    """A buyer of a live shop."""
    shopper = Shopper(shop_app(shop_db, keys, live=True), keys)
    yield shopper
    await shopper.browser.aclose()


async def completes(db: Database, *, without: dict[type[Group], dict[str, Any]] | None = None) -> None:
    """Fill in everything that the law requires, without some."""
    async with db.transaction() as tx:
        for group in (IdentitySettings, LawSettings):
            wanted = {**dict(sample_settings(group)), **(without or {}).get(group, {})}
            await change(tx, group.model_validate(wanted), by="試験", at=now())


@pytest.mark.feature("SHO-02")
async def test_the_legal_page_names_each_method_with_its_own_days(
    shop_db: Database, shopper: Shopper
) -> None:
    transfer = {**BANK_TRANSFER, "when_paid": "ご注文から14日以内"}
    konbini = {**KONBINI, "when_paid": "お支払い番号の発行から6日以内", "fee": 330}
    await open_shop(shop_db, menu=(transfer, konbini))
    await completes(shop_db)
    await shopper.opens("/legal")

    assert "銀行振込：ご注文から14日以内。" in shopper.text
    assert f"{KONBINI['name']}：お支払い番号の発行から6日以内。" in shopper.text
    assert f"{KONBINI['name']}の手数料：¥330（税込）" in shopper.text
    heads = re.findall(r"<dt>([^<]*)</dt>", shopper.page.text)
    assert heads == [
        "販売業者",
        "運営統括責任者",
        "所在地",
        "電話番号",
        "メールアドレス",
        "登録番号",
        "販売価格",
        "商品代金以外の必要料金",
        "支払方法と支払時期",
        "引渡時期",
        "返品・交換",
        "キャンセル",
        "動作環境・販売条件",
    ]
    assert "振込手数料はお客様のご負担です" in shopper.text


@pytest.mark.feature("SHO-02")
@pytest.mark.parametrize(
    ("without", "label"),
    [
        ({LawSettings: {"returns": ""}}, "返品・交換"),
        ({LawSettings: {"delivery_time": ""}}, "引渡時期"),
        ({IdentitySettings: {"phone": ""}}, "電話番号"),
        ({IdentitySettings: {"seller": ""}}, "販売業者"),
    ],
)
async def test_a_live_shop_opens_no_cart_while_an_item_is_missing(
    shop_db: Database, live: Shopper, without: dict[type[Group], dict[str, Any]], label: str
) -> None:
    await open_shop(shop_db)
    await completes(shop_db, without=without)
    await live.fills_cart()
    await live.opens("/cart")
    assert NOT_OPEN in live.text
    assert 'href="/order"' not in live.page.text
    assert "/payments/amazon_pay/start" not in live.page.text
    await live.opens("/order/customer")
    assert live.page.url.path == "/cart"

    live.sign_in("店長 試験", staff="owner")
    await live.opens("/desk/shop" if IdentitySettings in without else LAW)
    assert f"未設定の項目：{label}。" in live.text


async def test_an_order_is_refused_that_comes_past_the_pages(shop_db: Database, live: Shopper) -> None:
    await open_shop(shop_db)
    await completes(shop_db)
    await live.fills_cart()
    await live.goes_to_confirmation()
    confirmation = live.confirmation
    async with shop_db.transaction() as tx:
        law = await read(tx, LawSettings)
        await change(tx, law.model_copy(update={"returns": ""}), by="試験", at=now())

    await live.sends("/order/confirm", **confirmation)
    async with shop_db.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM orders") == 0


async def test_the_api_of_a_shut_shop_says_why(shop_db: Database, live: Shopper) -> None:
    await open_shop(shop_db)
    body = {
        "lines": [{"sku": "cup", "quantity": 1}],
        "orderer": {
            "name": "試験 花子",
            "kana": "シケン ハナコ",
            "email": "hanako.shiken@example.jp",
            "postal_code": "1500001",
            "prefecture": "東京都",
            "address1": "渋谷区神宮前1-2-3",
            "phone": "09011112222",
        },
        "payment_kind": "cash_on_delivery",
    }
    answer = await live.browser.post(
        "/api/checkout/orders",
        json=body,
        headers={"Idempotency-Key": "k-12345678", "Accept": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "shop_not_open")


async def test_a_whole_live_shop_takes_the_order(shop_db: Database, live: Shopper) -> None:
    await open_shop(shop_db)
    await completes(shop_db)
    await live.fills_cart()
    await live.goes_to_confirmation()
    answer = await live.sends("/order/confirm", **live.confirmation)
    assert answer.headers["location"].startswith("/orders/")


async def test_without_a_method_a_live_shop_is_shut(shop_db: Database, live: Shopper) -> None:
    await open_shop(shop_db, menu=())
    await completes(shop_db)
    await live.fills_cart()
    await live.opens("/cart")
    assert NOT_OPEN in live.text


async def test_a_sandbox_takes_orders_without_any_text(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()
    await shopper.opens("/cart")
    assert NOT_OPEN not in shopper.text
    assert 'href="/order"' in shopper.page.text


async def test_texts_for_the_law_are_saved_and_taken_back(shop_db: Database, shopper: Shopper) -> None:
    await completes(shop_db)
    shopper.sign_in("店長 試験", staff="owner")
    texts = {**sample_settings(LawSettings).plain(), "returns": "返品は承りません。"}
    form = await as_seen(shopper.browser, LAW, texts)
    assert (await shopper.sends(LAW, **form)).status_code == 303
    await shopper.opens("/legal")
    assert "返品は承りません。" in shopper.text

    async with shop_db.transaction() as tx:
        last = await tx.value("SELECT max(change_id) FROM setting_changes")
    await shopper.sends(f"{LAW}/take-back", change=str(last))
    await shopper.opens("/legal")
    assert "不良品は到着後7日以内" in shopper.text


def conditions(page: str) -> dict[str, str]:
    """Return the conditions that stand before the button of the last page."""
    before, button, _ = page.partition("注文を確定する</button>")
    assert button, "no button"
    stated = before.partition('aria-label="ご注文の条件"')[2]
    pairs = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", stated, re.DOTALL)
    return {head: re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).strip() for head, text in pairs}


ITEMS = ["分量", "販売価格", "支払方法・時期", "引渡時期", "キャンセル", "返品・交換", "申込みの期間"]


@pytest.mark.feature("SHO-03")
@pytest.mark.parametrize("method", [KONBINI, BANK_TRANSFER, CASH_ON_DELIVERY], ids=lambda one: one["kind"])
async def test_the_last_page_of_the_form_states_all_conditions(
    shop_db: Database, shopper: Shopper, method: dict[str, Any]
) -> None:
    named = {**method, "when_paid": "ご注文から3日以内", "fee": 330}
    await open_shop(shop_db, menu=(named,))
    await completes(shop_db, without={LawSettings: {"offer_period": "12月25日まで"}})
    await shopper.fills_cart(quantity=2)
    choices = {"chain": "lawson"} if method is KONBINI else {}
    await shopper.goes_to_confirmation(method["kind"], **choices)

    stated = conditions(shopper.page.text)
    assert list(stated) == ITEMS
    assert stated["分量"].startswith("合計2点")
    assert stated["販売価格"] == "お支払い合計 ¥2,880（税込。商品合計 ¥2,000、送料 ¥550、手数料 ¥330）"
    assert stated["支払方法・時期"] == f"{method['name']}：ご注文から3日以内"
    assert "発送します" in stated["引渡時期"]
    assert "発送前であれば承ります" in stated["キャンセル"]
    assert stated["申込みの期間"] == "12月25日まで"


@pytest.mark.feature("SHO-03")
async def test_the_page_of_a_wallet_states_all_conditions(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db, menu=MENU)
    await completes(shop_db)
    await shopper.fills_cart()
    shopper.carry_wallet()
    await shopper.opens("/order/amazon")

    stated = conditions(shopper.page.text)
    assert list(stated) == ITEMS[:-1]
    assert stated["支払方法・時期"].startswith(f"{AMAZON_PAY['name']}：ご注文時にお手続きいただきます")
