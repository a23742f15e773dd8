"""Orders from the cart to their end, as people live them: through pages and mails only.

The browser here has no JavaScript, so each story also shows that one can buy without it. Konbini orders that are paid
and bank transfers go all the way in Chromium (test_pages_in_chromium.py).
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from harness.eventually import eventually
from proof.browser import Browser
from proof.observers import Outside
from proof.settled import settled
from proof.shopper import AmazonChoice, Person, Shopper
from proof.staff import Staff
from tests.journeys.dying import nothing_lost_nothing_doubled
from tests.journeys.in_the_browser import mails_about
from tests.journeys.stack import Stack

pytestmark = pytest.mark.broker

SKU, PRICE, FEE = "tenugui-asanoha", 1320, 550
TOTAL = PRICE + FEE
THANKS, NUMBER = "ありがとうございます", "お支払い番号"
SHIPPED, CANCELLED = "発送いたしました", "キャンセル"
PASSWORD = "tsubaki 1985 hanabi"
SECONDS_MAX = 120.0


@pytest.fixture
async def shopper(stack: Stack, outside: Outside) -> AsyncIterator[Shopper]:
    await stack.deliver(SKU, 3)
    async with Browser(stack.origin_url) as browser:
        yield Shopper(browser)


@pytest.fixture
async def staff(stack: Stack) -> AsyncIterator[Staff]:
    async with Browser(stack.origin_url) as browser:
        desk = Staff(browser)
        await desk.log_in()
        yield desk


async def shows(browser: Browser, address: str, *words: str) -> str:
    """Open a page again and again until it says all ``words``; return its text."""

    async def says() -> str | bool:
        await browser.open(address)
        return all(one in browser.text for one in words) and browser.text

    try:
        return str(await eventually(says, seconds=SECONDS_MAX, every=0.3))
    except AssertionError as late:
        raise AssertionError(f"{address} does not say {words}: {browser.text[:1500]}") from late


async def mailed(stack: Stack, code: str, subject: str) -> str:
    """Wait for the mail about an order; return its HTML. There must be one only."""
    found = await asyncio.to_thread(mails_about, stack.mail_url, code, subject)
    assert len(found) == 1, [one["subject"] for one in found]
    return str(found[0]["html"])


async def money(outside: Outside, code: str) -> list[int]:
    """The money that really came in at the providers for an order."""
    moved = [one for one in await outside.movements() if one.order_code == code]
    return [one.amount for one in moved if one.kind in {"captured", "paid"}]


async def held(outside: Outside, code: str) -> int:
    """Pieces that an order takes from what can be sold; other orders come and go as the days pass."""
    entries = "SELECT coalesce(-sum(available_change), 0) FROM stock_entries WHERE reference = $1"
    return int((await outside.rows("checkout", entries, code))[0][0])


@pytest.mark.feature("AP-08", "PNT-01", "PNT-02", "OPS-02")
async def test_2026_11_22_a_guest_from_amazon_registers_and_spends(
    stack: Stack, outside: Outside, shopper: Shopper, staff: Staff
) -> None:
    page = shopper.browser
    await shopper.put_in_cart(SKU)
    await shopper.arrive_from_amazon(AmazonChoice(account="misaki.tanaka@example.jp"))
    if page.page.select_one('[name="register_member"]') is None:
        pytest.skip("on a kept installation this buyer is a member already")
    await page.press("ポイントを使う", points="500")
    code = await shopper.confirm(register_member="true", phone="0398765432")
    await shows(page, f"/orders/{code}", "発送準備中", "¥1,370")

    await page.open("/members/login?next=/members/mypage")
    if page.url.endswith("/members/login?next=/members/mypage"):
        await page.follow("Amazonアカウントでログインする")
        if page.has_button("misaki.tanaka@example.jp"):
            await page.press("misaki.tanaka@example.jp")
        if page.has_button("続行"):
            await page.press("続行")
    await shows(page, "/members/mypage", "0398765432", "会員登録ポイント +500", "連携済み")
    assert page.text.count("会員登録ポイント +500") == 1
    await mailed(stack, code, THANKS)
    assert await money(outside, code) == []

    await shows(staff.browser, f"/desk/orders/{code}", "有効待ち", "承認")
    assert "完了" in await staff.ship(code)
    await shows(page, f"/orders/{code}", "発送済み")
    await shows(staff.browser, f"/desk/orders/{code}", "入金済み", "処理済み", "ポイントが有効になりました")
    assert await money(outside, code) == [TOTAL - 500]
    await mailed(stack, code, SHIPPED)
    core = ("order_placed.v1", "payment_authorized.v1", "shipped.v1", "payment_captured.v1")
    said = [one for one in await outside.said(*core) if one.correlation == code]
    assert [one.type for one in sorted(said, key=lambda one: one.occurred_at)] == list(core)


@pytest.mark.feature("KON-16", "KON-17", "KON-31", "KON-33", "NTF-12", "PNT-22", "OPS-13")
async def test_2026_11_28_an_unpaid_konbini_order_ends_and_returns_all(
    stack: Stack, outside: Outside, shopper: Shopper, staff: Staff
) -> None:
    page = shopper.browser
    email = f"kon{time.time_ns()}@example.jp"
    shopper.person = Person(email=email)
    await page.open("/members/signup")
    await page.press("会員登録する", name="椿 一郎", kana="ツバキ イチロウ", email=email, password=PASSWORD)
    await shows(page, "/members/mypage", "会員登録ポイント +500")
    await staff.make_points_valid(email)
    await shopper.put_in_cart(SKU)
    await shopper.fill_form("konbini", chain="lawson")
    await page.press("ポイントを使う", points="200")
    code = await shopper.confirm()
    text = await shows(page, f"/orders/{code}", "お支払い期限", "¥1,670")
    dates = re.search(r"ご注文日時 (\S+ \S+) .*お支払い期限 (\S+ \S+)", text)
    assert dates, text
    placed, due = (datetime.strptime(one, "%Y/%m/%d %H:%M") for one in dates.groups())  # noqa: DTZ007
    assert timedelta(days=6) <= due - placed <= timedelta(days=6, minutes=1)
    assert dates.group(2) in await mailed(stack, code, NUMBER)
    assert await held(outside, code) == 1
    await shows(page, "/members/mypage", "購入ポイント")

    try:
        await asyncio.to_thread(stack.move_clock, timedelta(days=6, hours=11))
        await settled(outside)  # within the grace nothing happens
        assert code not in [one.correlation for one in await outside.said("payment_expired.v1")]
        await asyncio.to_thread(stack.move_clock, timedelta(hours=1, minutes=5))

        async def over() -> bool:
            return code in [one.correlation for one in await outside.said("order_cancelled.v1")]

        await eventually(over, seconds=SECONDS_MAX)
        said = await outside.said("payment_expired.v1", "order_cancelled.v1")
        ends = [one.type for one in said if one.correlation == code]
        assert sorted(ends) == ["order_cancelled.v1", "payment_expired.v1"]
        assert await held(outside, code) == 0

        await page.open("/members/login")
        if page.has_button("ログイン"):
            await page.press("ログイン", email=email, password=PASSWORD)
        await shows(page, "/members/mypage", "ご利用可能 500", "有効待ち 0")
        await page.open("/orders")
        assert code not in page.text
        await asyncio.to_thread(stack.move_clock, timedelta(minutes=15))
        await mailed(stack, code, CANCELLED)
    finally:
        await asyncio.to_thread(stack.native.move_clock, 0)
        # What checkout does every few seconds was put off until a time that is days ahead again.
        await asyncio.to_thread(stack.stop, "checkout")
        await asyncio.to_thread(stack.start, "checkout")


async def test_2026_11_22_cash_on_delivery_is_shipped_without_payment(
    stack: Stack, outside: Outside, shopper: Shopper, staff: Staff
) -> None:
    await shopper.put_in_cart(SKU)
    code = await shopper.order_by_form("cash_on_delivery")
    await mailed(stack, code, THANKS)
    await shows(staff.browser, f"/desk/orders/{code}", "管理対象外")
    await staff.ship(code)
    await shows(shopper.browser, f"/orders/{code}", "発送済み")
    await mailed(stack, code, SHIPPED)
    payments = [one for one in await outside.said() if one.correlation == code and one.service == "payments"]
    assert payments == []
    assert await money(outside, code) == []


@pytest.mark.feature("AP-47")
async def test_2026_11_22_after_a_declined_card_another_method_works(
    stack: Stack, outside: Outside, shopper: Shopper
) -> None:
    page = shopper.browser
    await shopper.put_in_cart(SKU, quantity=2)
    choice = AmazonChoice(account="ichiro.suzuki@example.jp", instrument="****3434")
    await shopper.arrive_from_amazon(choice)
    await page.press("注文を確定する")
    refused = shopper.order_code()
    await shows(
        page, f"/orders/{refused}", "お支払いが完了しませんでした", "カートの商品はそのまま残っています"
    )
    await page.press("別のお支払い方法で注文する")
    await page.open("/cart")
    quantity = page.page.select_one('[name="quantity"]')
    assert quantity is not None and quantity["value"] == "2"

    code = await shopper.order_by_form("cash_on_delivery")
    assert code != refused
    await shows(page, f"/orders/{code}", "ご注文受付", f"¥{2 * PRICE + FEE:,}")
    assert await money(outside, refused) == []


async def test_after_all_these_days_every_promise_is_kept(outside: Outside) -> None:
    verdicts = await nothing_lost_nothing_doubled(outside)
    assert sum(verdict.looked_at for verdict in verdicts) > 0
