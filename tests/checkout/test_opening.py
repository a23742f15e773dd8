"""開店準備 lists what keeps the shop from opening, from facts; each line leads to where it is done."""

import re
from typing import Any

import httpx
import orjson
import pytest

from checkout.order_desk.health_of_services import HealthOfServices
from checkout.shop.identity import IdentitySettings
from checkout.shop.law import LawSettings
from checkout.shop.samples import sample_settings
from checkout.static_pages.samples import add_sample_pages
from harness.keys import Keys
from shared.clock import now
from shared.database.transactions import Database
from shared.shop.settings.change_settings import change
from shared.web.parts import add_part
from tests.checkout.shopper import Shopper, open_shop, shop_app

PAGE = "/desk/shop/opening"
ACCEPTED = {"mail_accepted": 1, "mails_shop_refused": 0}


def at_the_desk(db: Database, keys: Keys, figures: dict[str, int] | None = None) -> Shopper:
    """Return a member of staff of a live shop whose notifications report ``figures``; None is no answer."""

    def answer(_: httpx.Request) -> httpx.Response:
        if figures is None:
            return httpx.Response(503)
        health: dict[str, Any] = {
            "service": "notifications",
            "unsent": 0,
            "late": {},
            "dead_letters": {},
            "figures": figures,
        }
        return httpx.Response(200, content=orjson.dumps(health))

    app = shop_app(db, keys, live=True)
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://notifications")
    add_part(app, HealthOfServices, HealthOfServices({"notifications": client}))
    staff = Shopper(app, keys)
    staff.sign_in("店員 試験", staff="staff")
    return staff


async def steps(staff: Shopper) -> dict[str, tuple[str, str, str]]:
    """Return path, state and what is left of each step."""
    await staff.opens(PAGE)
    rows = re.findall(
        r'<td><a href="([^"]*)">([^<]*)</a></td>\s*<td>(.*?)</td>\s*<td class="wraps">(.*?)</td>',
        staff.page.text,
        re.DOTALL,
    )
    return {title: (path, re.sub(r"<[^>]+>|\s", "", state), left) for path, title, state, left in rows}


async def test_a_fresh_shop_shows_everything_that_is_left(shop_db: Database, keys: Keys) -> None:
    staff = at_the_desk(shop_db, keys, {"mail_accepted": 0})
    found = await steps(staff)

    assert {title: (path, state) for title, (path, state, _) in found.items()} == {
        "店舗情報": ("/desk/shop", "必須"),
        "特定商取引法に基づく表記": ("/desk/shop/law", "必須"),
        "ご案内ページ": ("/desk/shop/pages", "確認"),
        "商品と在庫": ("/desk/products/new", "必須"),
        "お支払い方法": ("/desk/payments/settings", "必須"),
        "メールの送信": ("/desk/mails/preview", "確認"),
    }
    assert found["店舗情報"][2] == "ショップ名、販売業者、運営統括責任者、郵便番号、所在地、電話番号"
    assert found["ご案内ページ"][2] == "プライバシーポリシー、利用規約、返品条件、お問い合わせ"
    assert "あと4件で、ご注文を受け付けられます。" in staff.text


async def test_a_shop_that_is_ready_says_so(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    async with shop_db.transaction() as tx:
        await change(tx, sample_settings(IdentitySettings), by="試験", at=now())
        await change(tx, sample_settings(LawSettings), by="試験", at=now())
        await add_sample_pages(tx)
    staff = at_the_desk(shop_db, keys, ACCEPTED)
    found = await steps(staff)
    assert {state for _, state, _ in found.values()} == {"完了"}
    assert "開店の準備はすべて整っています。" in staff.text


async def test_goods_without_stock_cannot_be_bought(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db, available=0)
    found = await steps(at_the_desk(shop_db, keys, ACCEPTED))
    assert found["商品と在庫"] == ("/desk/stock", "必須", "販売中で在庫のある商品")


@pytest.mark.parametrize(
    "period",
    ["sale_from = now() + interval '1 day'", "sale_until = now() - interval '1 day'", "on_sale = false"],
)
async def test_goods_outside_their_period_cannot_be_bought(
    shop_db: Database, keys: Keys, period: str
) -> None:
    await open_shop(shop_db)
    staff = at_the_desk(shop_db, keys, ACCEPTED)
    assert (await steps(staff))["商品と在庫"][1] == "完了"
    async with shop_db.transaction() as tx:
        await tx.execute(f"UPDATE products SET {period}")
    assert (await steps(staff))["商品と在庫"][1:] == ("必須", "販売中で在庫のある商品")


@pytest.mark.parametrize(
    ("figures", "left"),
    [
        (None, "通知サービスが応答しません。時間をおいて開き直してください"),
        (
            {"mail_accepted": 1, "mails_shop_refused": 2},
            "メールサーバーがこのショップのメールを拒否しています（接続設定をご確認ください）",
        ),
    ],
)
async def test_mails_that_do_not_leave_are_told(
    shop_db: Database, keys: Keys, figures: dict[str, int] | None, left: str
) -> None:
    assert (await steps(at_the_desk(shop_db, keys, figures)))["メールの送信"][2] == left


async def test_buyers_do_not_see_what_is_left(shop_db: Database, keys: Keys) -> None:
    staff = at_the_desk(shop_db, keys, ACCEPTED)
    staff.sign_in("試験 花子")
    assert (await staff.opens(PAGE)).status_code == 403
