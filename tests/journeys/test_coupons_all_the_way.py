"""A coupon from the desk to the amount that Amazon authorizes, and back: through pages only, without JavaScript."""

import time
from collections.abc import AsyncIterator

import pytest

from harness.eventually import eventually
from proof.browser import Browser, NotOnThePage
from proof.member import PASSWORD
from proof.observers import Outside
from proof.promises import all_kept
from proof.settled import settled
from proof.shopper import Person, Shopper
from proof.staff import Staff
from tests.journeys.stack import Stack

pytestmark = pytest.mark.broker

SKU, PRICE, SHIPPING = "hashi-wajima", 5_000, 550
AMOUNT, PERCENT, FREE = "五百円引きクーポン", "一割引きクーポン", "送料無料クーポン"
SECONDS_MAX = 120.0


@pytest.fixture
async def staff(stack: Stack) -> AsyncIterator[Staff]:
    """Staff at the desk, while shipping always costs ¥550; afterwards as it was before."""
    async with Browser(stack.origin_url) as browser:
        desk = Staff(browser)
        await desk.log_in()
        await browser.open("/desk/orders/settings")
        before = {name: _value(browser, name) for name in ("shipping_fee", "free_shipping_from")}
        await browser.press("更新する", shipping_fee=str(SHIPPING), free_shipping_from="")
        try:
            yield desk
        finally:
            await browser.open("/desk/orders/settings")
            await browser.press("更新する", **before)


@pytest.fixture
async def member(stack: Stack, staff: Staff) -> AsyncIterator[Shopper]:
    """A new member with 500 points and two pairs of chopsticks, ¥5,000 each, in the cart."""
    await stack.deliver(SKU, 2)
    async with Browser(stack.origin_url) as page:
        shopper = Shopper(page, Person(email=f"coupon{time.time_ns()}@example.jp"))
        await page.open("/members/signup")
        fields = {"name": "椿 一郎", "kana": "ツバキ イチロウ", "email": shopper.person.email}
        await page.press("会員登録する", **fields, password=PASSWORD)
        await staff.make_points_valid(shopper.person.email)
        await page.open("/members/mypage")
        assert "お持ちのクーポンはありません" in page.text
        await shopper.put_in_cart(SKU, quantity=2)
        yield shopper


def _value(page: Browser, name: str) -> str:
    """What stands in a box of the page."""
    box = page.page.select_one(f'input[name="{name}"]')
    if box is None:
        raise NotOnThePage(f"no box {name!r} on {page.url}: {page.text[:500]}")
    return str(box.get("value", ""))


async def choose(page: Browser, coupon: str) -> int:
    """Tick a coupon by its name, press 「クーポンを使う」 and return the total that the page shows then."""
    for label in page.page.select("label.choice"):
        radio = label.select_one('input[name="coupon"]')
        if radio is not None and coupon in label.get_text(" "):
            await page.press("クーポンを使う", coupon=str(radio["value"]))
            return int(_value(page, "total"))
    raise NotOnThePage(f"no coupon {coupon!r} on {page.url}: {page.text[:1500]}")


async def shows(page: Browser, address: str, *words: str) -> None:
    """Open a page again and again until it says all ``words``."""

    async def says() -> bool:
        await page.open(address)
        return all(one in page.text for one in words)

    try:
        await eventually(says, seconds=SECONDS_MAX, every=0.3)
    except AssertionError as late:
        raise AssertionError(f"{address} does not say {words}: {page.text[:1500]}") from late


@pytest.mark.feature("AP-23", "CPN-01", "CPN-10")
async def test_points_and_coupons_lower_what_is_held_and_come_back(
    outside: Outside, member: Shopper, staff: Staff
) -> None:
    page, email = member.browser, member.person.email
    await staff.issue_coupon(email, name=AMOUNT, kind="amount_off", value=500)
    await staff.issue_coupon(email, name=PERCENT, kind="percent_off", value=10)
    await staff.issue_coupon(email, name=FREE, kind="free_shipping")

    # Goods for ¥10,000: each kind by itself.
    await member.arrive_from_amazon()
    totals = [await choose(page, coupon) for coupon in (AMOUNT, PERCENT, FREE)]
    assert totals == [9_500 + SHIPPING, 9_000 + SHIPPING, 10_000]

    # Goods for ¥5,000, 500 points, free shipping.
    await page.open("/cart")
    await page.press("変更", quantity="1")
    await page.open("/order/amazon")
    await page.press("ポイントを使う", points="500")
    assert _value(page, "total") == "4500"
    code = await member.confirm()
    await shows(page, f"/orders/{code}", "発送準備中", "¥4,500")
    [authorized] = [
        one.amount for one in await outside.movements() if (one.order_code, one.kind) == (code, "authorized")
    ]
    assert authorized == 4_500
    [order] = await outside.rows("checkout", "SELECT * FROM orders WHERE code = $1", code)
    assert (order["total"], order["shipping_fee"], order["points_used"]) == (4_500, 0, 500)

    await shows(staff.browser, f"/desk/orders/{code}", "クーポンを利用しました", FREE)
    await shows(page, "/members/mypage", f"{FREE} 送料無料 ご利用済み", "ご利用可能 0")
    await staff.cancel(code, "お客様のご都合")
    await shows(staff.browser, f"/desk/orders/{code}", "クーポンを元に戻しました")
    await shows(page, "/members/mypage", f"{FREE} 送料無料 利用できます", "ご利用可能 500")


async def test_a_coupon_works_on_the_four_screens_once(
    outside: Outside, member: Shopper, staff: Staff
) -> None:
    page = member.browser
    await staff.issue_coupon(member.person.email, name=PERCENT, kind="percent_off", value=10)

    await member.fill_form("cash_on_delivery")
    assert await choose(page, PERCENT) == 9_000 + SHIPPING
    code = await member.confirm()

    await shows(page, f"/orders/{code}", "クーポン値引き", "¥9,550")
    await shows(staff.browser, f"/desk/orders/{code}", "クーポンを利用しました", PERCENT)
    await member.put_in_cart(SKU)
    await member.fill_form("cash_on_delivery")
    assert PERCENT not in page.text
    await settled(outside)
    await all_kept(outside, "P1", "P2", "P3", "O5")
