"""A member's coupon on the pages of the order: chosen without JavaScript, priced here, refused with a reason."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from checkout.shop.rules import ShopSettings
from harness.hearing import said
from harness.keys import Keys
from shared.clock import now
from shared.database.transactions import Database
from shared.events import OrderPlaced
from shared.shop.settings.change_settings import change
from tests.checkout.shopper import FakeMembers, Shopper, a_coupon, open_shop, shop_app
from tests.checkout.wallet_order_form import form_of


@pytest.fixture
def members() -> FakeMembers:
    """Members, who answers what a test wants."""
    return FakeMembers()


@pytest.fixture
async def buyer(shop_db: Database, keys: Keys, members: FakeMembers) -> AsyncIterator[Shopper]:
    """A member with goods for ¥10,000 in the cart, in a shop where shipping is ¥800."""
    buyer = Shopper(shop_app(shop_db, keys, members), keys, name="会員 花子")
    await open_shop(shop_db, price=10_000)
    async with shop_db.transaction() as tx:
        dear = ShopSettings(shipping_fee=800, free_shipping_from=None)
        await change(tx, dear, by="試験", at=now())
    await buyer.fills_cart()
    yield buyer
    await buyer.browser.aclose()


def offers(members: FakeMembers, *coupons: dict[str, Any]) -> None:
    """Let members tell of these coupons."""
    members.answers["/api/members/me"] = {"points_available": 0, "coupons": list(coupons)}


@pytest.mark.parametrize("page", ["/order/confirm", "/order/amazon"])
async def test_usable_coupons_are_listed_as_radios_that_go_to_members(
    buyer: Shopper, members: FakeMembers, page: str
) -> None:
    ends = "2099-12-31T15:00:00+00:00"
    near, far = (
        a_coupon("percent_off", 10, name="一割引", expires_at=ends),
        a_coupon("free_shipping", name="送料なし"),
    )
    dear = a_coupon("amount_off", 900, name="高額限定", minimum=50_000)
    offers(members, near, far, dear)
    if page == "/order/amazon":
        buyer.carry_wallet()
        await buyer.opens(page)
    else:
        await buyer.goes_to_confirmation()

    for coupon, effect in ((near, "10％引き"), (far, "送料無料"), (dear, "¥900引き")):
        assert f'name="coupon" value="{coupon["issue_id"]}"' in buyer.page.text
        assert coupon["name"] in buyer.text
        assert effect in buyer.text
    assert f'value="{dear["issue_id"]}" disabled' in buyer.page.text
    assert "商品合計¥50,000以上でご利用いただけます" in buyer.text
    assert "2099/12/31まで" in buyer.text
    assert 'value="none" checked' in buyer.page.text
    assert f'name="next" value="{page}"' in buyer.page.text


@pytest.mark.parametrize(
    ("kind", "value", "discount", "shipping", "total"),
    [
        ("amount_off", 500, 500, 800, 10_300),
        ("percent_off", 10, 1_000, 800, 9_800),
        ("free_shipping", 0, 0, 0, 10_000),
    ],
)
async def test_each_kind_is_shown_and_taken_off_without_members_too(
    shop_db: Database, buyer: Shopper, kind: str, value: int, discount: int, shipping: int, total: int
) -> None:
    coupon = a_coupon(kind, value, name="試しの券")
    buyer.carry_benefit(points=0, coupon=coupon)

    await buyer.goes_to_confirmation()
    assert buyer.field("total") == str(total)
    assert "試しの券を利用" in buyer.text
    assert f'value="{coupon["issue_id"]}" checked' in buyer.page.text
    assert ("クーポン値引き" in buyer.text) == bool(discount)
    await buyer.sends("/order/confirm", **buyer.confirmation)

    [placed] = await said(shop_db)
    assert isinstance(placed, OrderPlaced)
    amounts = placed.amounts
    assert (amounts.coupon_discount, amounts.shipping, amounts.total) == (discount, shipping, total)
    assert placed.coupon == UUID(coupon["issue_id"])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"minimum": 10_001}, "商品合計¥10,001以上のご注文でご利用いただけます"),
        ({"expires_at": (now() - timedelta(minutes=1)).isoformat()}, "有効期限が過ぎました"),
    ],
)
async def test_a_coupon_that_does_not_apply_stops_the_order_with_why(
    shop_db: Database, buyer: Shopper, changes: dict[str, Any], reason: str
) -> None:
    buyer.carry_benefit(points=0, coupon=a_coupon("amount_off", 500, **changes))

    await buyer.goes_to_confirmation()
    await buyer.is_refused("/order/confirm", **buyer.confirmation)

    assert reason in buyer.text
    assert await said(shop_db) == []


@pytest.mark.parametrize("page", ["/order/confirm", "/order/amazon"])
@pytest.mark.parametrize("wish", ["coupon", "points"])
async def test_what_was_chosen_but_not_applied_is_never_dropped(
    shop_db: Database, buyer: Shopper, members: FakeMembers, page: str, wish: str
) -> None:
    coupon = a_coupon("amount_off", 500, name="五百円引")
    offers(members, coupon)
    if page == "/order/amazon":
        buyer.carry_wallet()
        await buyer.opens(page)
        confirmation = form_of(buyer)
    else:
        await buyer.goes_to_confirmation()
        confirmation = buyer.confirmation
    wished = {"coupon": coupon["issue_id"]} if wish == "coupon" else {"coupon": "none", "points": "３００"}
    answer = await buyer.sends(page, **confirmation | wished)

    assert (answer.status_code, answer.headers["location"]) == (307, "/members/benefits/reserve")
    assert await said(shop_db) == []
    await buyer.opens(page)
    assert "もう一度確定してください" in buyer.text


async def test_somebody_elses_coupon_takes_nothing_off(shop_db: Database, buyer: Shopper) -> None:
    coupon = a_coupon("amount_off", 500, name="他人の券")
    buyer.carry_benefit(member_id=str(UUID(int=9)), points=0, coupon=coupon)

    await buyer.goes_to_confirmation()

    assert buyer.field("total") == "10800"
    assert "他人の券" not in buyer.text


async def test_a_coupon_for_shipping_says_when_shipping_is_free_anyway(
    shop_db: Database, buyer: Shopper, members: FakeMembers
) -> None:
    async with shop_db.transaction() as tx:
        await change(tx, ShopSettings(), by="試験", at=now())
    offers(members, a_coupon("free_shipping"))

    await buyer.goes_to_confirmation()

    assert "このご注文の送料はすでに無料です" in buyer.text
