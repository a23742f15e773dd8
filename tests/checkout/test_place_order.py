"""Placing an order: once per key, never more than there is, never at a price of the buyer's making."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from asyncpg import CheckViolationError

from checkout.consumers import consumers
from checkout.orders.cancel_order import cancel_order
from harness.hearing import Hearing, said
from harness.keys import Keys
from shared.clock import now
from shared.database.transactions import Database
from shared.events import OrderPlaced, PaymentFailed
from shared.ids import new_id
from tests.checkout.shopper import ORDERER, ORIGIN, Shopper, open_shop, shop_app

ORDERS = "/api/checkout/orders"
LEDGER = (
    "SELECT s.sku, s.available, s.reserved, sum(e.available_change) AS explained,"
    " sum(e.reserved_change) AS still_reserved FROM stock s JOIN stock_entries e USING (sku) GROUP BY s.sku"
)


@pytest.fixture
async def program(shop_db: Database, keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    """A program without cookies, as a load test is."""
    transport = httpx.ASGITransport(app=shop_app(shop_db, keys))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        yield client


def wanted(quantity: int = 1, **changes: Any) -> dict[str, Any]:
    """Return the body of an order by cash on delivery."""
    body = {
        "lines": [{"sku": "cup", "quantity": quantity}],
        "orderer": ORDERER,
        "payment_kind": "cash_on_delivery",
    }
    return {**body, **changes}


async def orders(
    program: httpx.AsyncClient, body: dict[str, Any], *, key: str | None = None
) -> httpx.Response:
    """Place an order as a program without a cookie jar."""
    program.cookies.clear()
    return await program.post(ORDERS, json=body, headers={"Idempotency-Key": key or str(new_id())})


async def count(db: Database, table: str = "orders") -> int:
    """Return how many rows there are."""
    async with db.transaction() as tx:
        number: int = await tx.value(f"SELECT count(*) FROM {table}")
    return number


async def check_ledger(db: Database) -> None:
    """Check that the ledger explains what is available and what is held (P4)."""
    async with db.transaction() as tx:
        for row in await tx.rows(LEDGER):
            assert (row.available, row.reserved) == (row.explained, row.still_reserved)
            assert row.available >= 0


@pytest.mark.feature("AP-44", clause="one order")
async def test_a_hundred_identical_confirmations_make_one_order(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db, available=100)
    shopper = Shopper(shop_app(shop_db, keys), keys)
    await shopper.fills_cart("cup", 2)
    await shopper.goes_to_confirmation()
    form = shopper.confirmation

    answers = await asyncio.gather(*(shopper.browser.post("/order/confirm", data=form) for _ in range(100)))

    assert {answer.status_code for answer in answers} == {303}
    [path] = {answer.headers["location"] for answer in answers}
    assert [f"/orders/{event.correlation}" for event in await said(shop_db)] == [path]
    assert await count(shop_db) == 1
    async with shop_db.transaction() as tx:
        assert await tx.value("SELECT available FROM stock") == 98
    await check_ledger(shop_db)


async def test_fifty_pieces_and_two_hundred_buyers_sell_exactly_fifty(
    shop_db: Database, program: httpx.AsyncClient
) -> None:
    await open_shop(shop_db, available=50)

    answers = await asyncio.gather(*(orders(program, wanted()) for _ in range(200)))

    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(201), statuses.count(409)) == (50, 150)
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "sold_out"
    assert await count(shop_db) == len(await said(shop_db)) == 50
    async with shop_db.transaction() as tx:
        assert tuple(await tx.row("SELECT available, reserved FROM stock") or ()) == (0, 50)
    await check_ledger(shop_db)


async def test_orders_of_the_same_products_never_block_each_other(
    shop_db: Database, program: httpx.AsyncClient
) -> None:
    await open_shop(shop_db, skus=("cup", "pot"), available=100)
    forth = wanted(lines=[{"sku": "cup", "quantity": 1}, {"sku": "pot", "quantity": 1}])
    back = wanted(lines=[{"sku": "pot", "quantity": 1}, {"sku": "cup", "quantity": 1}])

    answers = await asyncio.gather(*(orders(program, body) for body in [forth, back] * 20))

    assert {answer.status_code for answer in answers} == {201}
    await check_ledger(shop_db)


async def test_an_order_that_cannot_be_filled_holds_nothing(
    shop_db: Database, program: httpx.AsyncClient
) -> None:
    await open_shop(shop_db, skus=("cup", "pot"), available=3)

    lines = [{"sku": "cup", "quantity": 2}, {"sku": "pot", "quantity": 4}]
    answer = await orders(program, wanted(lines=lines))

    assert answer.status_code == 409
    assert "「試験の品 pot」の在庫は残り3点です。" in answer.json()["detail"]
    assert await count(shop_db) == await count(shop_db, "placements") == 0
    await check_ledger(shop_db)


async def test_the_same_key_with_another_body_changes_nothing(
    shop_db: Database, program: httpx.AsyncClient
) -> None:
    await open_shop(shop_db)

    first = await orders(program, wanted(), key="key-00000001")
    again = await orders(program, wanted(), key="key-00000001")
    other = await orders(program, wanted(quantity=2), key="key-00000001")

    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert other.status_code == 422
    assert other.json()["code"] == "key_reused"
    assert await count(shop_db) == 1


async def test_a_refused_order_leaves_its_key_free(shop_db: Database, program: httpx.AsyncClient) -> None:
    await open_shop(shop_db, available=1)

    assert (await orders(program, wanted(quantity=2), key="key-00000002")).status_code == 409
    assert (await orders(program, wanted(quantity=1), key="key-00000002")).status_code == 201


@pytest.mark.parametrize(
    "changes",
    [
        {"total": 1},
        {"points": 500},
        {"status": "processed"},
        {"member_id": str(new_id())},
        {"lines": [{"sku": "cup", "quantity": 1, "unit_price": 1}]},
        {"lines": [{"sku": "cup", "quantity": 0}]},
        {"lines": [{"sku": "cup", "quantity": -1}]},
        {"lines": [{"sku": "cup", "quantity": 10**9}]},
        {"lines": [{"sku": "cup", "quantity": 1.5}]},
        {"lines": [{"sku": "cup", "quantity": "１"}]},
        {"lines": [{"sku": "cup", "quantity": 1}] * 10_000},
        {"lines": []},
        {"lines": [{"sku": "none", "quantity": 1}]},
        {"payment_kind": "none"},
        {"payment_kind": "amazon_pay"},
        {"orderer": {**ORDERER, "email": "a\r\nBcc: b@example.jp"}},
        {"orderer": {**ORDERER, "prefecture": "California"}},
    ],
)
async def test_what_a_client_may_not_say_is_refused(
    shop_db: Database, program: httpx.AsyncClient, changes: dict[str, Any]
) -> None:
    await open_shop(shop_db)

    answer = await orders(program, wanted(**changes))

    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert await count(shop_db) == 0


@pytest.mark.parametrize("text", ["a" * 40_000, "a\u0301\u0316" * 13_000, "a.b@" * 10_000])
async def test_a_text_of_forty_thousand_letters_is_refused_unread(
    program: httpx.AsyncClient, text: str
) -> None:
    fields = ("name", "kana", "email", "postal_code", "prefecture", "address1", "phone")
    began = time.process_time()
    answer = await orders(program, wanted(orderer={**ORDERER, **dict.fromkeys(fields, text)}))

    assert answer.status_code == 422
    told = {one["field"].removeprefix("orderer.") for one in answer.json()["errors"]}
    assert told == set(fields)
    # Each of them, searched in quadratic time, would take minutes.
    assert time.process_time() - began < 10


async def test_a_program_may_insist_on_a_total(shop_db: Database, program: httpx.AsyncClient) -> None:
    await open_shop(shop_db, price=1_000)

    wrong = await orders(program, wanted(expected_total=1_000))
    right = await orders(program, wanted(expected_total=1_550))

    assert (wrong.status_code, wrong.json()["code"]) == (409, "total_changed")
    assert (right.status_code, right.json()["total"]) == (201, 1_550)


async def test_a_missing_key_is_asked_for(shop_db: Database, program: httpx.AsyncClient) -> None:
    await open_shop(shop_db)

    assert (await program.post(ORDERS, json=wanted())).status_code == 422


async def test_points_set_aside_for_somebody_else_are_refused(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db)
    shopper.sign_in("会員 花子")
    shopper.carry_benefit(member_id=str(new_id()))

    answer = await shopper.browser.post(ORDERS, json=wanted(), headers={"Idempotency-Key": "key-00000003"})

    assert (answer.status_code, answer.json()["code"]) == (422, "benefit_of_another")


async def test_an_order_spends_what_its_browser_kept_for_it(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db, price=5_000)
    shopper.sign_in("会員 花子")
    shopper.carry_benefit()
    shopper.browser.cookies.set("noren_cart_count", "2")

    answer = await shopper.browser.post(ORDERS, json=wanted(), headers={"Idempotency-Key": "key-00000006"})

    count, benefit = answer.headers.get_list("set-cookie")
    assert count.startswith("noren_cart_count=0;")
    assert benefit.startswith('noren_benefit="";')
    assert "Max-Age=0" in benefit


async def test_a_program_is_sent_no_cookie_that_it_does_not_keep(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db)
    shopper.sign_in("会員 花子")

    answer = await shopper.browser.post(ORDERS, json=wanted(), headers={"Idempotency-Key": "key-00000007"})

    assert answer.status_code == 201
    assert "set-cookie" not in answer.headers


async def test_points_set_aside_once_pay_one_order_only(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db, price=5_000)
    shopper.sign_in("会員 花子")
    shopper.carry_benefit()
    carried = shopper.browser.cookies["noren_benefit"]

    answers = []
    for key in ("key-00000004", "key-00000005"):
        shopper.browser.cookies.set("noren_benefit", carried)
        answers.append(await shopper.browser.post(ORDERS, json=wanted(), headers={"Idempotency-Key": key}))

    assert answers[0].json()["total"] == 4_500
    assert (answers[1].status_code, answers[1].json()["code"]) == (409, "benefit_used")
    assert await count(shop_db) == 1


async def test_an_expired_or_tampered_benefit_takes_nothing_off(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db, price=5_000)
    shopper.sign_in("会員 花子")
    shopper.carry_benefit(points=500)
    head, body, signature = shopper.browser.cookies["noren_benefit"].split(".")
    for bad in (f"{head}.{body}x.{signature}", f"{head}.{body}.{signature[:-4]}AAAA"):
        shopper.browser.cookies.set("noren_benefit", bad)
        answer = await shopper.browser.post(
            ORDERS,
            json=wanted(expected_total=4_500),
            headers={"Idempotency-Key": str(new_id())},
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "total_changed")


async def test_a_lost_answer_is_found_again_by_its_key(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    shopper = Shopper(shop_app(shop_db, keys), keys)
    first = await shopper.browser.post(ORDERS, json=wanted(), headers={"Idempotency-Key": "key-00000006"})
    stranger = Shopper(shop_app(shop_db, keys), keys)  # the same program, which never read the answer

    again = await stranger.browser.post(ORDERS, json=wanted(), headers={"Idempotency-Key": "key-00000006"})

    assert again.json() == first.json()
    read = await stranger.browser.get(f"{ORDERS}/{first.json()['order_code']}")
    assert read.json()["lines"] == [{"sku": "cup", "quantity": 1, "unit_price": 1_000}]


async def test_trouble_of_the_database_is_tried_again_as_a_whole(
    shop_db: Database, program: httpx.AsyncClient
) -> None:
    await open_shop(shop_db)
    async with shop_db.transaction() as tx:
        # The first try meets a serialization failure, the second is let through.
        await tx.execute("CREATE SEQUENCE tries")
        await tx.execute(
            "CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF nextval('tries') = 1 THEN RAISE EXCEPTION 'busy' USING ERRCODE = '40001'; END IF;"
            " RETURN NEW; END $$"
        )
        await tx.execute(
            "CREATE TRIGGER fail_once BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION fail_once()"
        )

    assert (await orders(program, wanted())).status_code == 201
    assert await count(shop_db) == 1
    await check_ledger(shop_db)


async def test_a_database_that_stays_busy_names_a_time_to_come_back(
    shop_db: Database, program: httpx.AsyncClient
) -> None:
    await open_shop(shop_db)
    async with shop_db.transaction() as tx:
        await tx.execute(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'busy' USING ERRCODE = '40P01'; END $$"
        )
        await tx.execute("CREATE TRIGGER fail BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION fail()")

    answer = await orders(program, wanted())

    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["retry-after"].isdigit()
    assert await count(shop_db, "placements") == 0


async def test_stock_cannot_go_below_nothing_whoever_writes_it(shop_db: Database) -> None:
    await open_shop(shop_db, available=1)

    with pytest.raises(CheckViolationError, match="stock_available_not_negative"):
        async with shop_db.transaction() as tx:
            await tx.execute("UPDATE stock SET available = available - 2")


@pytest.mark.feature("AP-47")
async def test_a_failed_payment_returns_the_cart_and_other_methods(
    shop_db: Database, shopper: Shopper
) -> None:
    await open_shop(shop_db, available=10)
    await shopper.fills_cart("cup", 2)
    shopper.carry_wallet()
    await shopper.opens("/order/amazon")
    fields = ("key", "total", "shown", "name", "email", "postal_code", "address1", "phone")
    form = {name: shopper.field(name) for name in fields}
    await shopper.sends("/order/amazon", **form, prefecture="東京都")
    [placed] = await said(shop_db)
    assert isinstance(placed, OrderPlaced)

    failed = PaymentFailed(
        order_code=placed.order_code, payment_id=new_id(), payment_kind="amazon_pay", reason="declined"
    )
    await Hearing(consumers, shop_db).hears(failed, times=2)

    await shopper.opens(f"/orders/{placed.order_code}")
    assert "お支払い方法が承認されませんでした。" in shopper.text
    assert "別のお支払い方法で注文する" in shopper.text
    await shopper.sends(f"/orders/{placed.order_code}/again")
    await shopper.opens("/cart")
    assert shopper.field("quantity") == "2"
    await check_ledger(shop_db)

    await shopper.goes_to_confirmation("cash_on_delivery")
    await shopper.sends("/order/confirm", **shopper.confirmation)
    await shopper.opens(shopper.page.headers["location"])
    assert "ご注文ありがとうございます" in shopper.text
    assert await count(shop_db) == 2
    await check_ledger(shop_db)


async def test_a_cancelled_order_gives_its_stock_back_once(
    shop_db: Database, program: httpx.AsyncClient
) -> None:
    await open_shop(shop_db, available=10)
    code = (await orders(program, wanted(quantity=4))).json()["order_code"]

    async with shop_db.transaction() as tx:
        await cancel_order(tx, order_code=code, note="", by="店長", at=now())

    async with shop_db.transaction() as tx:
        assert tuple(await tx.row("SELECT available, reserved FROM stock") or ()) == (10, 0)
    await check_ledger(shop_db)


async def test_an_order_is_shown_to_nobody_else(shop_db: Database, keys: Keys, shopper: Shopper) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()
    await shopper.goes_to_confirmation()
    await shopper.sends("/order/confirm", **shopper.confirmation)
    path = shopper.page.headers["location"]
    stranger = Shopper(shop_app(shop_db, keys), keys, name="別の 会員")

    theirs, none = await stranger.opens(path), await stranger.opens("/orders/N261122-0000-00000000")

    assert theirs.status_code == none.status_code == 404
    assert stranger.text.count("ご注文が見つかりません") == 1
    assert (await shopper.opens(path)).status_code == 200
    await shopper.opens("/orders")
    assert path.removeprefix("/orders/") in shopper.text
    assert "受付番号 100" in shopper.text
