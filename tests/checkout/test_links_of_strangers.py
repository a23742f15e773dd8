"""The link of an order may come from anybody: it opens a page, and makes nobody the one who ordered."""

from uuid import UUID

import pytest

from harness.keys import Keys
from shared.database.transactions import Database
from tests.checkout.ordering_program import SORRY
from tests.checkout.shopper import ORDERER, Shopper, open_shop, shop_app

SOMEBODY_ELSE = UUID("0190f5fe-7c00-7a00-8000-0000000000bb")


async def order(shopper: Shopper, method: str = "bank_transfer", **choices: str) -> str:
    """Order a cup as a guest; return the order's code."""
    await shopper.fills_cart()
    await shopper.goes_to_confirmation(method, **choices)
    sent = await shopper.sends("/order/confirm", **shopper.confirmation)
    return str(sent.headers["location"].removeprefix("/orders/"))


async def link_to(db: Database, code: str) -> str:
    async with db.transaction() as tx:
        return f"/orders/{code}?key={await tx.value('SELECT page_key FROM orders WHERE code = :code', code=code)}"


async def test_an_opened_order_is_not_one_placed_with_the_browser(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    app = shop_app(shop_db, keys, limits={"guest_unpaid_orders_per_browser": 1})
    planted = await order(Shopper(app, keys))
    victim = Shopper(app, keys)
    await victim.opens(await link_to(shop_db, planted))
    assert (await victim.opens(f"/orders/{planted}")).status_code == 200, "its page goes on"
    assert planted not in (await victim.opens("/orders")).text
    own = await order(victim)
    listed = (await victim.opens("/orders")).text
    assert (own in listed, planted in listed) == (True, False), "an opened order counts for no limit"


async def test_an_order_that_was_looked_up_counts_for_no_limit(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    app = shop_app(shop_db, keys, limits={"guest_unpaid_orders_per_browser": 1})
    found = await order(Shopper(app, keys))
    guest = Shopper(app, keys)
    await guest.sends("/orders/find", code=found, contact=ORDERER["email"])
    assert (await guest.opens(f"/orders/{found}")).status_code == 200
    assert found not in (await guest.opens("/orders")).text
    assert (await order(guest)).startswith("N")


async def test_opened_orders_push_out_none_that_were_placed(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    app = shop_app(shop_db, keys)
    victim, stranger = Shopper(app, keys), Shopper(app, keys)
    own = await order(victim)
    planted = [await order(stranger) for _ in range(13)]
    for code in planted:
        await victim.opens(await link_to(shop_db, code))
    assert (await victim.opens(f"/orders/{own}")).status_code == 200
    assert own in (await victim.opens("/orders")).text
    assert (await victim.opens(f"/orders/{planted[0]}")).status_code == 404, "the oldest of those opened"


async def test_a_members_history_never_lists_an_opened_order(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    app = shop_app(shop_db, keys)
    planted = await order(Shopper(app, keys))
    member = Shopper(app, keys, name="会員 花子")
    await member.opens(await link_to(shop_db, planted))
    assert planted not in (await member.opens("/orders")).text


async def test_a_member_who_opens_an_order_leaves_nothing_behind(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    member = Shopper(shop_app(shop_db, keys), keys, name="会員 花子")
    own = await order(member)
    await member.opens(await link_to(shop_db, own))
    assert "noren_order" not in member.browser.cookies


async def failed_order(db: Database, shopper: Shopper) -> str:
    code = await order(shopper)
    async with db.transaction() as tx:
        await tx.execute("UPDATE orders SET payment = 'failed' WHERE code = :c", c=code)
        await tx.execute("UPDATE carts SET ordered_as = NULL WHERE ordered_as = :code", code=code)
    return code


@pytest.mark.parametrize("name", ["", "会員 花子"])
async def test_the_cart_of_a_link_stays_with_who_filled_it(shop_db: Database, keys: Keys, name: str) -> None:
    await open_shop(shop_db, skus=("cup", "bowl"))
    app = shop_app(shop_db, keys)
    stranger, victim = Shopper(app, keys), Shopper(app, keys, name=name)
    planted = await failed_order(shop_db, stranger)
    await victim.fills_cart("bowl")
    before = victim.browser.cookies["noren_cart"]
    await victim.opens(await link_to(shop_db, planted))
    assert "試験の品 cup" not in (await victim.opens("/cart")).text, "no goods without a press"
    await victim.sends(f"/orders/{planted}/again")
    await victim.opens("/cart")
    assert victim.browser.cookies["noren_cart"] == before
    assert "試験の品 cup" in victim.text
    await victim.sends("/order/customer", **{**ORDERER, "phone": "0399998888"})
    await stranger.opens("/cart")
    assert ("試験の品 cup" in stranger.text, "試験の品 bowl" in stranger.text) == (True, False)
    assert "0399998888" not in (await stranger.opens("/order/customer")).text


async def test_a_link_gives_up_nobodys_try_to_pay(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    app = shop_app(shop_db, keys)
    planted = await order(Shopper(app, keys))
    async with shop_db.transaction() as tx:
        await tx.execute("UPDATE placements SET confirm_path = '/payments/card/confirm'")
        await tx.execute(
            "UPDATE orders SET payment = 'awaited', placed_at = placed_at - interval '3 minutes'"
        )
    other = Shopper(app, keys)
    await other.opens(await link_to(shop_db, planted))
    assert "別のお支払い方法で注文する" not in other.text
    assert (await other.sends(f"/orders/{planted}/again")).status_code == 409
    async with shop_db.transaction() as tx:
        assert await tx.value("SELECT status FROM orders") != "cancelled"


async def test_the_limit_tells_a_guest_the_ways_out(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    guest = Shopper(shop_app(shop_db, keys, limits={"guest_unpaid_orders_per_browser": 1}), keys)
    await order(guest)
    assert await order(guest) == "/order/confirm"
    await guest.opens("/order/confirm")
    assert SORRY in guest.text
    for way in ("お支払い", "取り消し", "会員の方は、ログインすると"):
        assert way in guest.text
