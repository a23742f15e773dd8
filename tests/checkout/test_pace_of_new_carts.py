"""A client without cookies gets a new cart with each request: guests of one address open only so many."""

from datetime import timedelta

import httpx
from fastapi import FastAPI

from harness.keys import Keys
from shared import clock
from shared.database.transactions import Database
from tests.checkout.shopper import ORIGIN, Shopper, open_shop, shop_app

MOST = 3


def app_of(db: Database, keys: Keys) -> FastAPI:
    """A shop whose guests open MOST new carts from one address."""
    return shop_app(db, keys, limits={"guest_new_carts_per_address": MOST})


async def opened(app: FastAPI, *, address: str = "192.0.2.7", times: int = 1) -> list[int]:
    """Put a cup into ``times`` new carts from ``address``; return the answers."""
    answers = []
    for _ in range(times):
        transport = httpx.ASGITransport(app, client=(address, 1))
        async with httpx.AsyncClient(
            transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN, "Accept": "text/html"}
        ) as browser:
            answer = await browser.post("/cart/items", data={"sku": "cup", "quantity": "1"})
            answers.append(answer.status_code)
    return answers


async def carts(db: Database) -> int:
    async with db.transaction() as tx:
        return int(await tx.value("SELECT count(*) FROM carts"))


async def test_one_address_opens_only_so_many_carts(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    app = app_of(shop_db, keys)

    assert await opened(app, times=MOST + 2) == [303] * MOST + [429] * 2

    assert await carts(shop_db) == MOST
    assert await opened(app, address="192.0.2.8") == [303], "another address has a count of its own"
    clock.clock.move(timedelta(minutes=10))
    assert await opened(app) == [303], "ten minutes later there is room again"
    async with shop_db.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM new_carts") == 1, "what no longer counts is deleted"


async def test_the_refusal_of_a_new_cart_says_what_to_do(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    app = app_of(shop_db, keys)
    await opened(app, address="127.0.0.1", times=MOST)
    guest = Shopper(app, keys)

    refused = await guest.sends("/cart/items", sku="cup", quantity="1")

    assert refused.status_code == 429
    assert "10分ほど待ってからお試しください。会員の方は、ログインすると" in refused.text


async def test_a_browser_with_a_cart_and_a_member_have_no_pace(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    app = app_of(shop_db, keys)
    guest, member = Shopper(app, keys), Shopper(app, keys, name="会員 花子")
    await guest.fills_cart("cup", 1)
    await opened(app, address="127.0.0.1", times=MOST)

    for _ in range(MOST):
        await guest.fills_cart("cup", 1)
    await member.fills_cart("cup", 1)

    assert await carts(shop_db) == MOST + 1
