"""Members, and wallets without their yes, reserve no more stock than others: who they are is counted, not what they type."""

from uuid import UUID

import pytest
from fastapi import FastAPI

from harness.keys import Keys
from shared.database.transactions import Database
from shared.ids import new_id
from tests.checkout.ordering_program import SORRY, order, program, stored_orders
from tests.checkout.shopper import Shopper, open_shop, shop_app
from tests.checkout.wallet_order_form import form_of


async def test_members_have_a_limit_of_their_own(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    limits = {"guest_unpaid_orders_per_email": 1, "member_unpaid_orders": 2}
    async with program(shop_db, keys, {}) as stranger:
        for _ in range(3):
            assert (await order(stranger)).status_code == 201, "under the member's mail address"
    shopper = Shopper(shop_app(shop_db, keys, limits=limits), keys, name="試験 花子")
    ways = [await buys(shopper) for _ in range(3)]
    assert ways == ["/orders", "/orders", "/order"]


async def buys(shopper: Shopper, *, quantity: int = 1) -> str:
    """Order at a konbini what is in the cart and ``quantity`` more; return the first segments of where it leads."""
    if quantity:
        await shopper.fills_cart(quantity=quantity)
    await shopper.goes_to_confirmation("konbini", chain="lawson")
    sent = await shopper.sends("/order/confirm", **shopper.confirmation)
    return str(sent.headers["location"].rsplit("/", 1)[0])


async def test_a_member_is_counted_beside_all_others_of_the_house(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    app = shop_app(shop_db, keys, limits={"member_unpaid_orders": 2, "guest_unpaid_orders_per_address": 1})
    for number in range(12):
        neighbour = Shopper(app, keys)
        neighbour.member_id = UUID(int=number + 1)
        neighbour.sign_in("隣の 会員")
        assert await buys(neighbour) == "/orders"
    member = Shopper(app, keys, name="試験 花子")
    assert [await buys(member) for _ in range(3)] == ["/orders", "/orders", "/order"]
    assert await buys(Shopper(app, keys)) == "/orders", "proved members fill no limit of guests"


async def test_a_member_counts_as_a_guest_until_the_address_is_proved(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    app = shop_app(shop_db, keys, limits={"guest_unpaid_orders_per_address": 1, "guest_pieces_max": 5})
    member = Shopper(app, keys)
    member.sign_in("試験 花子", proved=False)
    assert await buys(member, quantity=6) == "/order"
    await member.opens("/order/confirm")
    assert "メールアドレスの確認前にご注文いただける数量は、1回のご注文につき合計5点まで" in member.text
    member.sign_in("試験 花子")
    assert await buys(member, quantity=0) == "/orders"
    member.sign_in("試験 花子", proved=False)
    assert [await buys(member) for _ in range(2)] == ["/orders", "/order"]
    await member.opens("/order/confirm")
    assert "マイページからメールアドレスを確認されると、ご注文いただけることがあります" in member.text


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"member_unpaid_pieces_max": 5}, "お支払い前にご注文いただける数量は、1回のご注文につき合計5点まで"),
        ({"member_unpaid_amount_max": 5_000}, "ご注文いただけるのは、合計¥5,000までです"),
    ],
)
async def test_a_proved_member_has_a_most_without_authorization(
    shop_db: Database, keys: Keys, limits: dict[str, int], told: str
) -> None:
    await open_shop(shop_db)
    member = Shopper(shop_app(shop_db, keys, limits=limits), keys, name="試験 花子")
    assert await buys(member, quantity=6) == "/order"
    await member.opens("/order/confirm")
    assert told in member.text
    assert await stored_orders(shop_db) == 0


async def buys_by_wallet(app: FastAPI, keys: Keys, buyer: str) -> str:
    """Order with a wallet in a browser that nobody has seen before."""
    shopper = Shopper(app, keys)
    await shopper.fills_cart()
    shopper.carry_wallet(checkout_session_id=str(new_id()), buyer_id=buyer)
    await shopper.opens("/order/amazon")
    sent = await shopper.sends("/order/amazon", **form_of(shopper))
    return str(sent.headers.get("location", shopper.text))


@pytest.mark.parametrize(
    ("limits", "buyers"),
    [
        ({"wallet_unpaid_orders": 2}, ("one", "one", "one")),
        ({"guest_unpaid_orders_per_address": 2}, ("one", "two", "three")),
    ],
)
async def test_wallets_that_never_said_yes_are_counted(
    shop_db: Database, keys: Keys, limits: dict[str, int], buyers: tuple[str, ...]
) -> None:
    await open_shop(shop_db)
    app = shop_app(shop_db, keys, limits=limits)
    ways = [await buys_by_wallet(app, keys, buyer) for buyer in buyers]
    assert [SORRY in way for way in ways] == [False, False, True]
    async with shop_db.transaction() as tx:
        await tx.execute("UPDATE orders SET payment = 'authorized'")
    assert SORRY not in await buys_by_wallet(app, keys, buyers[0])


async def test_unpaid_orders_hide_no_wallet_without_its_yes(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    app = shop_app(shop_db, keys, limits={"guest_unpaid_orders_per_address": 2})
    assert [await buys(Shopper(app, keys)) for _ in range(2)] == ["/orders", "/orders"]
    ways = [await buys_by_wallet(app, keys, f"buyer-{number}") for number in range(3)]
    assert [SORRY in way for way in ways] == [False, False, True]
