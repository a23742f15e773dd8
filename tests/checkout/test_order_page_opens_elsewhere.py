"""A guest sees an order again on another device: by the link in every mail, or by number and contact."""

from urllib.parse import urlsplit

import httpx
import pytest

from checkout.my_orders.look_ups import count_look_up
from harness.hearing import said
from harness.keys import Keys
from shared.clock import now
from shared.database.transactions import Database
from shared.errors import Refused
from shared.events import OrderPlaced
from tests.checkout.order_examples import order_row
from tests.checkout.shopper import ORDERER, Shopper, open_shop, shop_app


async def guest_order(db: Database, keys: Keys) -> OrderPlaced:
    """Place an order as a guest on the first device."""
    shopper = Shopper(shop_app(db, keys), keys)
    await shopper.fills_cart()
    await shopper.goes_to_confirmation()
    await shopper.sends("/order/confirm", **shopper.confirmation)
    placed = [event for event in await said(db) if isinstance(event, OrderPlaced)]
    return placed[-1]


def path_of(placed: OrderPlaced) -> str:
    parts = urlsplit(placed.page_url)
    return f"{parts.path}?{parts.query}"


async def test_the_link_of_a_mail_opens_its_order_alone(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    first, second = await guest_order(shop_db, keys), await guest_order(shop_db, keys)
    assert path_of(first).split("=")[1] != path_of(second).split("=")[1]
    phone = Shopper(shop_app(shop_db, keys), keys)

    page = await phone.opens(path_of(first))
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert first.order_code in phone.text
    assert set(phone.browser.cookies.keys()) == {"noren_order"}, "no session, no cart"
    assert (await phone.opens(f"/orders/{first.order_code}")).status_code == 200, "links of the page go on"
    assert (await phone.opens(f"/orders/{second.order_code}")).status_code == 404
    await phone.opens("/orders")
    assert second.order_code not in phone.text


async def test_who_opened_an_order_loses_it_when_its_key_changes(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    placed = await guest_order(shop_db, keys)
    phone = Shopper(shop_app(shop_db, keys), keys)
    await phone.opens(path_of(placed))
    async with shop_db.transaction() as tx:
        await tx.execute("UPDATE orders SET page_key = 'new'")

    assert (await phone.opens(f"/orders/{placed.order_code}")).status_code == 404
    assert (await phone.opens(f"/orders/{placed.order_code}?key=new")).status_code == 200
    assert (await phone.opens(f"/orders/{placed.order_code}")).status_code == 200


async def test_a_wrong_key_or_that_of_another_order_opens_nothing(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    first, second = await guest_order(shop_db, keys), await guest_order(shop_db, keys)
    phone = Shopper(shop_app(shop_db, keys), keys)
    key = path_of(second).split("=")[1]
    for wrong in (key, "", "%F0%9F%98%80", "x" * 500):
        page = await phone.opens(f"/orders/{first.order_code}?key={wrong}")
        assert page.status_code == 404
    assert not phone.browser.cookies


async def test_a_guest_finds_an_order_by_its_number_and_mail_or_phone(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    placed = await guest_order(shop_db, keys)
    for contact in (ORDERER["email"].upper(), "090-1111-2222", "＋81 90 1111 2222"):
        phone = Shopper(shop_app(shop_db, keys), keys)
        found = await phone.sends("/orders/find", code=f" {placed.order_code.lower()} ", contact=contact)
        assert found.headers["location"] == f"/orders/{placed.order_code}", phone.text
        assert (await phone.opens(f"/orders/{placed.order_code}")).status_code == 200


async def test_the_short_number_and_a_bare_code_find_an_order_too(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    placed = await guest_order(shop_db, keys)
    number = str((await order_row(shop_db, placed.order_code)).number)
    for typed in (
        number,
        f"００{number}",
        placed.order_code.replace("-", ""),
        placed.order_code.replace("-", "－"),
    ):
        phone = Shopper(shop_app(shop_db, keys), keys)
        found = await phone.sends("/orders/find", code=typed, contact=ORDERER["email"])
        assert found.headers["location"] == f"/orders/{placed.order_code}", phone.text
        wrong = await phone.sends("/orders/find", code=typed, contact="nobody@example.jp")
        assert wrong.status_code == 422


async def test_one_contact_cannot_be_tried_with_number_after_number(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    phone = Shopper(shop_app(shop_db, keys), keys)
    codes = [
        (await phone.sends("/orders/find", code=str(number), contact="nobody@example.jp")).status_code
        for number in range(20_001, 20_012)
    ]
    assert codes == [422] * 10 + [429]


async def test_another_spelling_of_a_contact_is_no_further_try(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    buyer = Shopper(shop_app(shop_db, keys), keys)
    await buyer.fills_cart()
    await buyer.goes_to_confirmation()
    await buyer.sends("/order/confirm", **buyer.confirmation)
    async with shop_db.transaction() as tx:
        number = await tx.value("SELECT number FROM orders")
    phone = Shopper(shop_app(shop_db, keys), keys)
    for spelling in ("0@9011112222", "090@11112222", "@09011112222"):
        answer = await phone.sends("/orders/find", code=str(number), contact=spelling)
        assert answer.status_code == 422, "a telephone number has no @"
    assert (await phone.sends("/orders/find", code=str(number), contact="090-1111-2222")).status_code == 303


async def test_an_unknown_number_and_a_wrong_contact_answer_alike(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    placed = await guest_order(shop_db, keys)
    phone = Shopper(shop_app(shop_db, keys), keys)

    async def answer(code: str) -> tuple[int, str]:
        page = await phone.sends("/orders/find", code=code, contact="nobody@example.jp")
        return page.status_code, phone.text.replace(code, "")

    known, unknown = await answer(placed.order_code), await answer("N261128-1D29-3ZYG6SFW")
    assert known == unknown
    assert known[0] == 422
    assert not phone.browser.cookies


async def test_guessing_is_paced_per_number_and_per_address(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    placed = await guest_order(shop_db, keys)

    def device(address: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=shop_app(shop_db, keys), client=(address, 1))
        headers = {"Origin": "http://127.0.0.1:8080", "Accept": "text/html"}
        return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", headers=headers)

    async def guess(browser: httpx.AsyncClient, code: str) -> int:
        fields = {"code": code, "contact": "nobody@example.jp"}
        return (await browser.post("/orders/find", data=fields)).status_code

    async with device("192.0.2.1") as one, device("192.0.2.2") as other:
        assert [await guess(one, placed.order_code) for _ in range(11)] == [422] * 10 + [429]
        found = await other.post(
            "/orders/find", data={"code": placed.order_code, "contact": ORDERER["email"]}
        )
        assert found.status_code == 303, "who guesses does not lock the buyer out"
        codes = [f"N261128-1D29-3ZYG6S{n:02}" for n in range(21)]
        assert [await guess(one, code) for code in codes] == [422] * 20 + [429]
        assert await guess(other, codes[0]) == 422


async def test_a_number_has_a_most_of_guesses_wherever_they_come_from(shop_db: Database) -> None:
    at = now()
    for client in range(10):
        for _ in range(10):
            async with shop_db.transaction() as tx:
                await count_look_up(tx, code="N1", client_address=f"192.0.2.{client}", at=at)
    async with shop_db.transaction() as tx:
        with pytest.raises(Refused, match="しばらくの間受け付けられません"):
            await count_look_up(tx, code="N1", client_address="192.0.2.99", at=at)
        await count_look_up(tx, code="N2", client_address="192.0.2.99", at=at)
