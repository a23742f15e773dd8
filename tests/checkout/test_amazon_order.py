"""「ご注文手続き」: the wallet fills the page, the buyer corrects it, one click orders."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from checkout.orders.stored_order import buyer_of_order
from checkout.shop.rules import ShopSettings
from harness.as_seen import as_seen
from harness.hearing import said
from harness.keys import Keys
from shared.clock import now
from shared.database.transactions import Database
from shared.events import OrderPlaced
from shared.ids import new_id
from shared.shop.settings.change_settings import change
from shared.shop.statements import Issuer
from tests.checkout.order_examples import place
from tests.checkout.shopper import ADDRESS_A, ADDRESS_B, FakeMembers, Shopper, a_coupon, open_shop, shop_app
from tests.checkout.wallet_order_form import checkbox, form_of

NOT_CO_JP = "申し訳ございません、Amazon PayではAmazon.co.jpアカウントのみご利用可能です。"


async def the_order(db: Database) -> OrderPlaced:
    """Return the only order that was placed."""
    [placed] = [event for event in await said(db) if isinstance(event, OrderPlaced)]
    return placed


@pytest.fixture
async def buyer(shop_db: Database, shopper: Shopper) -> Shopper:
    """A guest with one thing in the cart who comes back from Amazon."""
    await open_shop(shop_db, price=5_000)
    await shopper.fills_cart()
    shopper.carry_wallet()
    return shopper


@pytest.mark.feature("AP-07", "AP-13")
async def test_the_orderer_is_the_first_address_delivery_the_chosen(
    shop_db: Database, buyer: Shopper
) -> None:
    await buyer.opens("/order/amazon")

    assert "ご注文手続き" in buyer.text
    assert buyer.field("name") == "財布 持子"
    assert buyer.field("email") == "mochiko@example.jp"
    assert [buyer.field(name) for name in ("postal_code", "address1", "phone")] == [
        ADDRESS_A[name] for name in ("postal_code", "address1", "phone")
    ]
    assert ADDRESS_B["address1"] in buyer.text
    assert "Visa ****1111" in buyer.text
    assert 'href="/payments/amazon_pay/change"' in buyer.page.text

    await buyer.sends("/order/amazon", **form_of(buyer))
    placed = await the_order(shop_db)
    assert buyer.page.headers["location"] == f"/payments/amazon_pay/confirm?order={placed.order_code}"
    assert placed.payment_kind == "amazon_pay"
    assert placed.payment_choice == {"checkout_session_id": "session-1"}
    assert placed.orderer.address1 == ADDRESS_A["address1"]
    assert placed.destinations[0].address.address1 == ADDRESS_B["address1"]
    assert (placed.wallet_kind, placed.wallet_buyer_id) == ("amazon_pay", "amzn1.account.TEST")
    kept = await buyer_of(shop_db, placed.order_code)
    assert kept == ("amazon_pay", "amzn1.account.TEST")


@pytest.mark.parametrize("under_the_login", [True, False])
async def test_only_a_wallet_of_the_member_may_link_by_the_order(
    shop_db: Database, buyer: Shopper, under_the_login: bool
) -> None:
    buyer.sign_in("会員 花子")
    await buyer.fills_cart()
    buyer.carry_wallet(**({"member_id": str(buyer.member_id)} if under_the_login else {}))
    await buyer.opens("/order/amazon")

    await buyer.sends("/order/amazon", **form_of(buyer))

    placed = await the_order(shop_db)
    assert (placed.member_id, placed.wallet_links) == (buyer.member_id, under_the_login)


async def buyer_of(db: Database, code: str) -> tuple[str | None, str | None]:
    """Return the wallet and the account with which an order was placed."""
    async with db.transaction() as tx:
        kept = await buyer_of_order(tx, code)
    assert kept is not None
    return kept.wallet_kind, kept.wallet_buyer_id


async def test_the_buyer_of_an_older_order_is_found(shop_db: Database) -> None:
    order = await place(shop_db, "card_like", "OLD-1")
    async with shop_db.transaction() as tx:
        await tx.execute("UPDATE orders SET amazon_buyer_id = 'amzn1.account.OLD'")

    assert await buyer_of(shop_db, order.order_code) == ("amazon_pay", "amzn1.account.OLD")


@pytest.mark.feature("AP-43", clause="one click places the order")
@pytest.mark.feature("AP-44", clause="one order")
async def test_one_click_orders_and_a_second_click_finds_that_order(
    shop_db: Database, buyer: Shopper
) -> None:
    await buyer.opens("/order/amazon")
    form = form_of(buyer)

    first = await buyer.sends("/order/amazon", **form)
    second = await buyer.sends("/order/amazon", **form)

    assert first.headers["location"] == second.headers["location"]
    assert len(await said(shop_db)) == 1


async def test_corrections_of_the_orderer_reach_order_and_registration(
    shop_db: Database, buyer: Shopper
) -> None:
    await buyer.opens("/order/amazon")

    await buyer.sends("/order/amazon", **form_of(buyer, phone="090-9999-8888"))

    placed = await the_order(shop_db)
    assert placed.orderer.phone == "09099998888"
    assert placed.registration is not None
    assert placed.registration.wallet_buyer_id == "amzn1.account.TEST"
    assert placed.member_id is None


async def test_corrections_are_kept_while_the_buyer_is_away_at_amazon(buyer: Shopper) -> None:
    await buyer.opens("/order/amazon")

    typed = form_of(buyer, phone="09099998888")
    del typed["register_member"]
    await buyer.sends("/order/amazon/typed", **typed)
    buyer.carry_wallet(address=ADDRESS_A)
    await buyer.opens("/order/amazon")

    assert buyer.field("phone") == "09099998888"
    assert "checked" not in checkbox(buyer)
    assert buyer.page.text.count(ADDRESS_A["address1"]) == 2


@pytest.mark.feature("AP-19")
async def test_the_registration_box_is_ticked_for_who_is_no_member(buyer: Shopper) -> None:
    await buyer.opens("/order/amazon")
    assert "checked" in checkbox(buyer)

    buyer.sign_in("会員 花子")
    await buyer.opens("/order/amazon")
    assert checkbox(buyer) == ""


@pytest.mark.feature("AP-20")
async def test_the_shop_may_show_the_box_unticked(shop_db: Database, buyer: Shopper) -> None:
    buyer.sign_in("店長", staff="owner")
    settings = {"shipping_fee": "550", "free_shipping_from": "5000", "registration_box_unticked": "true"}
    seen = await as_seen(buyer.browser, "/desk/orders/settings", settings)
    assert (await buyer.sends("/desk/orders/settings", **seen)).status_code == 303
    buyer.browser.cookies.delete("noren_session")

    await buyer.opens("/order/amazon")
    assert "checked" not in checkbox(buyer)

    await buyer.sends("/order/amazon", **form_of(buyer))
    assert (await the_order(shop_db)).registration is None


@pytest.mark.feature("AP-17")
async def test_an_account_of_another_marketplace_cannot_order(shop_db: Database, buyer: Shopper) -> None:
    await buyer.opens("/order/amazon")
    form = form_of(buyer)
    buyer.carry_wallet(error=NOT_CO_JP, buyer_id="", addresses=[], address=None)

    await buyer.opens("/order/amazon")
    assert NOT_CO_JP in buyer.text
    assert "注文を確定する" not in buyer.text

    await buyer.sends("/order/amazon", **form)
    assert NOT_CO_JP in buyer.text
    assert await said(shop_db) == []


@pytest.mark.feature("AP-15", clause="refused on the Amazon Pay page")
async def test_cash_on_delivery_cannot_be_used_here(shop_db: Database, buyer: Shopper) -> None:
    await buyer.opens("/order/amazon")
    assert "代金引換" not in buyer.text

    answer = await buyer.sends("/order/amazon", **form_of(buyer, payment_kind="cash_on_delivery"))

    assert answer.status_code == 422
    assert await said(shop_db) == []


@pytest.mark.feature("AP-18", clause="order exists")
async def test_a_guest_may_order_without_registering(shop_db: Database, buyer: Shopper) -> None:
    await buyer.opens("/order/amazon")

    await buyer.sends("/order/amazon", **form_of(buyer, register_member=""))

    placed = await the_order(shop_db)
    assert (placed.member_id, placed.registration) == (None, None)


@pytest.mark.feature("AP-23", clause="order of 4,500 without shipping")
async def test_points_and_a_free_shipping_coupon_come_off_the_amount(
    shop_db: Database, buyer: Shopper
) -> None:
    async with shop_db.transaction() as tx:
        dear = ShopSettings(shipping_fee=800, free_shipping_from=None)
        await change(tx, dear, by="試験", at=now())
    buyer.sign_in("会員 花子")
    reservation = str(new_id())
    coupon = a_coupon("free_shipping", name="送料無料クーポン")
    buyer.carry_benefit(reservation_id=reservation, points=500, coupon=coupon)

    await buyer.opens("/order/amazon")
    assert buyer.field("total") == "4500"
    await buyer.sends("/order/amazon", **form_of(buyer))

    placed = await the_order(shop_db)
    assert (placed.amounts.total, placed.amounts.shipping, placed.points_used) == (4_500, 0, 500)
    assert (placed.coupon, placed.benefit_reservation_id) == (UUID(coupon["issue_id"]), UUID(reservation))


@pytest.mark.feature("AP-25", clause="Amazon Pay")
async def test_shipping_is_the_same_as_on_the_standard_form(shop_db: Database, buyer: Shopper) -> None:
    await buyer.opens("/order/amazon")
    on_wallet_page = buyer.field("total")
    await buyer.goes_to_confirmation("bank_transfer")

    assert on_wallet_page == buyer.field("total") == "5000"


@pytest.mark.feature("PNT-02")
async def test_registration_points_are_spent_by_the_registering_order(shop_db: Database, keys: Keys) -> None:
    members = FakeMembers()
    members.answers["/api/members/point-rules"] = {"registration_points_usable_at_once": 500}
    members.answers["/api/members/amazon-links"] = {"state": "none"}
    buyer = Shopper(shop_app(shop_db, keys, members), keys)
    await open_shop(shop_db, price=5_000)
    await buyer.fills_cart()
    buyer.carry_wallet()
    await buyer.opens("/order/amazon")
    assert "会員登録と同時に500ポイントまでご利用いただけます" in buyer.text

    chosen = new_id()
    buyer.carry_benefit(member_id=str(chosen), registration=True)
    await buyer.opens("/order/amazon")
    assert buyer.field("total") == "4500"
    form = form_of(buyer)

    refused = await buyer.sends("/order/amazon", **{**form, "register_member": ""})
    assert refused.status_code == 409  # without registering the points are off, and so the total differs
    await buyer.sends("/order/amazon", **form)

    placed = await the_order(shop_db)
    assert placed.registration is not None
    assert placed.registration.member_id == chosen
    assert placed.points_used == 500


@pytest.mark.parametrize(
    "another",
    [
        {"email": "somebody.else@example.jp"},
        {"buyer_id": "amzn1.account.OTHER"},
        {"email": "", "buyer_id": ""},
    ],
)
async def test_points_of_another_account_or_address_are_refused(
    shop_db: Database, keys: Keys, another: dict[str, str]
) -> None:
    members = FakeMembers()
    members.answers["/api/members/point-rules"] = {"registration_points_usable_at_once": 500}
    members.answers["/api/members/amazon-links"] = {"state": "none"}
    buyer = Shopper(shop_app(shop_db, keys, members), keys)
    await open_shop(shop_db, price=5_000)
    await buyer.fills_cart()
    buyer.carry_wallet()
    buyer.carry_benefit(member_id=str(new_id()), registration=True, **another)
    await buyer.opens("/order/amazon")

    refused = await buyer.sends("/order/amazon", **form_of(buyer))

    assert refused.status_code == 422
    assert "会員登録される場合にご利用いただけます" in buyer.text
    async with shop_db.transaction() as tx:
        assert await tx.rows("SELECT 1 FROM orders") == []


@pytest.mark.parametrize("state", ["linked", "login_needed"])
async def test_a_buyer_whom_members_knows_is_sent_there_once(
    shop_db: Database, keys: Keys, state: str
) -> None:
    members = FakeMembers()
    members.answers["/api/members/amazon-links"] = {"state": state}
    buyer = Shopper(shop_app(shop_db, keys, members), keys)
    await open_shop(shop_db)
    await buyer.fills_cart()
    buyer.carry_wallet()

    answer = await buyer.opens("/order/amazon")
    assert answer.headers["location"] == "/members/amazon/arrive?next=%2Forder%2Famazon"
    assert "noren_wallet=" in members.asked[0].headers["cookie"]

    await buyer.opens("/order/amazon")  # back without a login: a guest
    assert "ご注文手続き" in buyer.text


@pytest.mark.parametrize(
    ("gap", "typed"),
    [
        ({"phone": ""}, {"delivery_phone": "+81 90-1234-5678"}),
        ({"phone": "-"}, {"delivery_phone": "090-1234-5678"}),
        ({"prefecture": ""}, {"delivery_prefecture": ADDRESS_B["prefecture"]}),
        ({"prefecture": "California"}, {"delivery_prefecture": ADDRESS_B["prefecture"]}),
        ({"postal_code": "23"}, {"delivery_postal_code": "231-0023"}),
        ({"name": "長" * 61}, {"delivery_name": "長い名前"}),
        ({"address1": "長" * 201}, {"delivery_address1": "短い住所 1-2"}),
    ],
)
async def test_what_the_wallet_leaves_open_is_asked_for_on_the_page(
    shop_db: Database, buyer: Shopper, gap: dict[str, str], typed: dict[str, str]
) -> None:
    buyer.carry_wallet(address={**ADDRESS_B, **gap})
    await buyer.opens("/order/amazon")
    [(box, text)] = typed.items()
    [open_field] = gap  # the one that the box is for
    assert re.findall(r'name="(delivery_[a-z0-9_]+)"', buyer.page.text) == [box]
    assert "お届け先に足りない項目があります" in buyer.text

    refused = await buyer.sends("/order/amazon", **form_of(buyer))
    assert refused.status_code == 422
    assert f'href="#f-delivery_{open_field}"' in buyer.page.text
    await buyer.sends("/order/amazon", **form_of(buyer, **typed))

    address = (await the_order(shop_db)).destinations[0].address.model_dump()
    kept = {"delivery_phone": "09012345678", "delivery_postal_code": "2310023"}.get(box, text)
    assert address == {**ADDRESS_B, open_field: kept}


async def test_a_wallet_without_an_address_has_all_of_it_asked_for(buyer: Shopper) -> None:
    buyer.carry_wallet(address=None)

    await buyer.opens("/order/amazon")

    asked = re.findall(r'name="delivery_([a-z0-9_]+)"', buyer.page.text)
    assert asked == ["name", "postal_code", "prefecture", "address1", "phone"]


async def test_what_the_wallet_knows_cannot_be_overwritten_by_hand(shop_db: Database, buyer: Shopper) -> None:
    await buyer.opens("/order/amazon")

    await buyer.sends("/order/amazon", **form_of(buyer, delivery_address1="どこか別の場所 1-1"))

    assert (await the_order(shop_db)).destinations[0].address.model_dump() == ADDRESS_B


async def test_what_was_typed_for_delivery_is_kept_for_that_address(buyer: Shopper) -> None:
    gap = {**ADDRESS_B, "phone": ""}
    buyer.carry_wallet(address=gap)
    await buyer.opens("/order/amazon")
    await buyer.sends("/order/amazon/typed", **form_of(buyer, delivery_phone="09012345678"))

    await buyer.opens("/order/amazon")
    assert buyer.field("delivery_phone") == "09012345678"
    buyer.carry_wallet(address={**gap, "address1": "別の町 1"})
    await buyer.opens("/order/amazon")
    assert buyer.field("delivery_phone") == ""


@pytest.mark.parametrize("changes", [{"address": ADDRESS_A}, {"instrument": "Amazonギフトカード"}])
async def test_a_choice_of_another_tab_is_shown_before_it_is_ordered(
    shop_db: Database, buyer: Shopper, changes: dict[str, Any]
) -> None:
    await buyer.opens("/order/amazon")
    form = form_of(buyer)
    buyer.carry_wallet(**changes)

    answer = await buyer.sends("/order/amazon", **form)

    assert answer.status_code == 409
    assert "お届け先またはお支払い方法が変更されています" in buyer.text
    delivery = buyer.page.text.partition('id="delivery-head"')[2].partition("</section>")[0]
    assert changes.get("address", ADDRESS_B)["address1"] in delivery
    assert await said(shop_db) == []
    assert (await buyer.sends("/order/amazon", **form_of(buyer))).status_code == 303


async def test_a_page_that_says_no_choice_orders_nothing(shop_db: Database, buyer: Shopper) -> None:
    await buyer.opens("/order/amazon")

    answer = await buyer.sends("/order/amazon", **form_of(buyer, shown=""))

    assert answer.status_code == 409
    assert await said(shop_db) == []


async def test_a_forged_or_missing_wallet_orders_nothing(shop_db: Database, buyer: Shopper) -> None:
    await buyer.opens("/order/amazon")
    form = form_of(buyer)
    buyer.browser.cookies.delete("noren_wallet")
    assert (await buyer.sends("/order/amazon", **form)).status_code == 409

    stranger = Issuer("payments", Ed25519PrivateKey.generate())
    claims = {"kind": "amazon_pay", "checkout_session_id": "session-1", "buyer_id": "x", "address": ADDRESS_B}
    forged = stranger.issue("wallet", claims, valid_for=timedelta(hours=1))
    buyer.browser.cookies.set("noren_wallet", forged)
    assert (await buyer.sends("/order/amazon", **form)).status_code == 409
    await buyer.opens("/order/amazon")
    assert buyer.page.url.path == "/cart"
    assert await said(shop_db) == []
