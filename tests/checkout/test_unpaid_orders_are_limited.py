"""Stock is not held for ever by those who do not pay: unpaid orders of one buyer are counted first."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from harness.hearing import said
from harness.keys import Keys
from shared.database import Database
from shared.ids import new_id
from tests.checkout.shopper import ORDERER, ORIGIN, Shopper, open_shop, shop_app

SORRY = "お支払いがお済みでないご注文が3件あるため、新しいご注文をお受けできません。"


def program(
    db: Database, keys: Keys, limits: Mapping[str, int], *, address: str = "192.0.2.1"
) -> httpx.AsyncClient:
    """Return a program without a cookie jar of its own, at ``address``."""
    transport = httpx.ASGITransport(app=shop_app(db, keys, limits=limits), client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url=ORIGIN)


async def order(client: httpx.AsyncClient, *, key: str = "", **changes: Any) -> httpx.Response:
    client.cookies.clear()
    email = changes.pop("email", ORDERER["email"])
    body = {
        "lines": [{"sku": "cup", "quantity": 1}],
        "orderer": {**ORDERER, "email": email},
        "payment_kind": "bank_transfer",
        **changes,
    }
    headers = {"Idempotency-Key": key or str(new_id())}
    return await client.post("/api/checkout/orders", json=body, headers=headers)


async def test_a_guest_has_three_unpaid_orders_per_address_of_mail_even_at_the_same_moment(
    shop_db: Database, keys: Keys
) -> None:
    await open_shop(shop_db)
    async with program(shop_db, keys, {"guest_unpaid_orders_per_email": 3}) as client:
        answers = await asyncio.gather(*(order(client, key=f"same-moment-{n}") for n in range(10)))
        assert sorted(answer.status_code for answer in answers) == [201] * 3 + [429] * 7
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert refused.json()["code"] == "too_many_unpaid_orders"
        assert SORRY in refused.json()["detail"]
        assert (await order(client, email=ORDERER["email"].upper())).status_code == 429
        taken = next(n for n, answer in enumerate(answers) if answer.status_code == 201)
        again = await order(client, key=f"same-moment-{taken}")
        assert again.json() == answers[taken].json(), "a repeated request finds its order"
        assert (await order(client, payment_kind="cash_on_delivery")).status_code == 201
        assert (await order(client, email="other@example.jp")).status_code == 201
    async with shop_db.transaction() as tx:
        assert await tx.value("SELECT available FROM stock") == 95
        await tx.execute("UPDATE orders SET deposit = 'paid' WHERE payment_kind = 'bank_transfer'")
    async with program(shop_db, keys, {"guest_unpaid_orders_per_email": 3}) as client:
        assert (await order(client)).status_code == 201, "who has paid may order again"


async def test_one_address_of_the_network_has_a_limit_too(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    limits = {"guest_unpaid_orders_per_address": 2}
    async with (
        program(shop_db, keys, limits) as here,
        program(shop_db, keys, limits, address="192.0.2.2") as there,
    ):
        codes = [(await order(here, email=f"b{n}@example.jp")).status_code for n in range(3)]
        assert codes == [201, 201, 429]
        assert (await order(there, email="b9@example.jp")).status_code == 201


async def test_one_browser_is_told_in_words_before_anything_is_stored(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    shopper = Shopper(shop_app(shop_db, keys, limits={"guest_unpaid_orders_per_browser": 3}), keys)
    for _ in range(4):
        await shopper.fills_cart()
        await shopper.goes_to_confirmation("konbini", chain="lawson")
        await shopper.sends("/order/confirm", **shopper.confirmation)
    await shopper.opens("/order/confirm")
    assert SORRY in shopper.text
    async with shop_db.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM orders") == 3
        assert await tx.value("SELECT count(*) FROM placements") == 3
    assert len(await said(shop_db)) == 6


async def test_members_have_a_limit_of_their_own(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    limits = {"guest_unpaid_orders_per_email": 1, "member_unpaid_orders": 2}
    shopper = Shopper(shop_app(shop_db, keys, limits=limits), keys, name="試験 花子")
    ways = []
    for _ in range(3):
        await shopper.fills_cart()
        await shopper.goes_to_confirmation("konbini", chain="lawson")
        sent = await shopper.sends("/order/confirm", **shopper.confirmation)
        ways.append(sent.headers["location"].rsplit("/", 1)[0])
    assert ways == ["/orders", "/orders", "/order"]


async def test_a_transfer_has_the_most_and_the_least_that_the_menu_says(
    shop_db: Database, keys: Keys
) -> None:
    menu = (
        {"kind": "bank_transfer", "name": "銀行振込", "manual_deposit": True, "amount_max": 2_000},
        {"kind": "konbini", "name": "コンビニ払い", "auto_captured": True, "amount_min": 2_000},
    )
    await open_shop(shop_db, price=1_000, menu=menu)
    async with program(shop_db, keys, {}) as client:
        assert (await order(client)).status_code == 201
        much = await order(client, lines=[{"sku": "cup", "quantity": 2}])
        assert (much.status_code, much.json()["code"]) == (422, "method_unavailable")
        little = await order(client, payment_kind="konbini")
        assert little.status_code == 422
        assert "お支払い金額が¥2,000未満のためご利用いただけません" in little.json()["detail"]
