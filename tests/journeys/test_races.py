"""Many do the same thing at the same moment, over HTTP: one of them wins, and everything still adds up.

The promises are checked after the races about money; they look at everything that was done in the ones before, too.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

import httpx
import pytest

from proof.browser import Browser
from proof.load import Load
from proof.member import PASSWORD
from proof.observers import Outside
from proof.patience import patiently
from proof.wishes import SKU, wish
from tests.journeys.dying import nothing_lost_nothing_doubled
from tests.journeys.stack import Stack

pytestmark = pytest.mark.broker

RARE = "noren-asa"
PORTION = 20  # more would cost too much for cash on delivery
SEVERAL = 6


async def at_once(count: int, act: Callable[[int], Awaitable[httpx.Response | None]]) -> Counter[int]:
    """Let ``count`` do the same when all are ready; return how often each status was answered."""
    barrier = asyncio.Barrier(count)

    async def one(number: int) -> int:
        await barrier.wait()
        answer = await act(number)
        return 0 if answer is None else answer.status_code

    return Counter(await asyncio.gather(*(one(number) for number in range(count))))


async def test_a_hundred_identical_confirmations_make_one_order(
    stack: Stack, outside: Outside, load: Load
) -> None:
    await stack.deliver(SKU, 1)
    key, wanted = f"race-{time.time_ns()}", wish("cash_on_delivery", {SKU: 1})
    async with Browser(stack.origin_url) as buyer:
        answers = await at_once(100, lambda _: load.asks(buyer, key, wanted))

        # Whoever did not get the answer at once (503 with Retry-After) gets the same one by asking again.
        assert set(answers) <= {201, 409, 425, 503}, answers
        assert answers[201] >= 1
        again = await load.places(buyer, key, wanted)
    rows = await outside.rows("checkout", "SELECT order_code FROM placements WHERE key = $1", key)
    assert [row["order_code"] for row in rows] == [again["order_code"]]


async def test_the_last_piece_is_sold_to_one_of_64_buyers(stack: Stack, outside: Outside, load: Load) -> None:
    left = await outside.databases["checkout"].value("SELECT available FROM stock WHERE sku = $1", RARE)
    async with Browser(stack.origin_url) as buyer:
        if left == 0:
            await stack.deliver(RARE, 1)
        while left > 1:
            portion = min(left - 1, PORTION)
            rest = wish("cash_on_delivery", {RARE: portion})
            await load.places(buyer, f"rest-{time.time_ns()}", rest)
            left -= portion
        moment = time.time_ns()

        async def buy(number: int) -> httpx.Response | None:
            wanted = wish("cash_on_delivery", {RARE: 1})
            key = f"last-{moment}-{number}"
            answer = await load.asks(buyer, key, wanted)
            while answer is None or answer.status_code == 503:
                answer = await load.asks(buyer, key, wanted)
            return answer

        answers = await at_once(64, buy)

    assert answers == {201: 1, 409: 63}
    assert await outside.databases["checkout"].value("SELECT available FROM stock WHERE sku = $1", RARE) == 0


async def test_points_set_aside_in_many_browsers_are_never_too_many(
    stack: Stack, outside: Outside, load: Load
) -> None:
    member = await load.registers()
    browsers = [await _log_in(stack, member.email) for _ in range(4)]
    rows = await outside.rows(
        "members",
        "SELECT b.* FROM point_balances b JOIN members m USING (member_id) WHERE m.email = $1",
        member.email,
    )
    active, half = rows[0]["active"], rows[0]["active"] // 2 + 1
    assert active > 0

    async def reserve(number: int) -> httpx.Response:
        return await browsers[number % 4].client.post(
            "/api/members/benefits",
            json={"points": half},
            # Each as from a browser of its own: nothing set aside before.
            headers={
                "Origin": stack.origin_url,
                "Cookie": f"noren_session={browsers[number % 4].client.cookies['noren_session']}",
            },
        )

    try:
        answers = await at_once(32, reserve)
    finally:
        for browser in [*browsers, member.browser]:
            await browser.client.aclose()

    assert answers == {200: 1, 409: 31}
    [row] = await outside.rows(
        "members",
        "SELECT b.* FROM point_balances b JOIN members m USING (member_id) WHERE m.email = $1",
        member.email,
    )
    assert (row["active"], row["held"]) == (active, half)


async def test_cancelling_while_the_money_is_taken_keeps_no_money(
    stack: Stack, outside: Outside, load: Load
) -> None:
    await load.log_in_at_desk()
    await stack.deliver(SKU, SEVERAL)
    orders = [await load.buys("amazon_pay") for _ in range(SEVERAL)]
    for order in orders:
        await patiently(partial(load.stands, order, payment="authorized"))

    # The parcel leaves, which takes the money, and the same moment staff cancel.
    await asyncio.gather(*(load.ships(order) for order in orders), *(load.cancels(order) for order in orders))
    await nothing_lost_nothing_doubled(outside)

    for order in orders:
        assert (await load.state(order.code))["status"] == "cancelled"
    kept = Counter[str]()
    for movement in await outside.movements():
        if movement.kind in {"captured", "refunded"}:
            kept[movement.order_code] += movement.amount * (1 if movement.kind == "captured" else -1)
    assert [kept[order.code] for order in orders] == [0] * SEVERAL


async def test_the_return_page_and_the_notice_settle_a_payment_once(
    stack: Stack, outside: Outside, load: Load
) -> None:
    await stack.deliver(SKU, SEVERAL)
    console = stack.simulator_urls["amazon_pay"]
    async with httpx.AsyncClient(base_url=console, trust_env=False, timeout=20) as provider:
        for early in ("notice:notice_early", "notice:notice_twice") * (SEVERAL // 2):
            answer = await provider.post("/console/behaviours", data={"target": "*", "behaviour": early})
            assert answer.is_redirect
    orders = await asyncio.gather(*(load.buys("amazon_pay") for _ in range(SEVERAL)))
    # And the buyer loads the page again and again.
    pages = [
        order.buyer.client.get(f"{stack.origin_url}{order.next_path}") for order in orders for _ in range(8)
    ]
    await asyncio.gather(*pages)

    for order in orders:
        await patiently(partial(load.stands, order, payment="authorized"))
    await nothing_lost_nothing_doubled(outside)
    authorized = Counter(
        movement.order_code for movement in await outside.movements() if movement.kind == "authorized"
    )
    assert [authorized[order.code] for order in orders] == [1] * SEVERAL
    events = Counter(event.correlation for event in await outside.said("payment_authorized.v1"))
    assert [events[order.code] for order in orders] == [1] * SEVERAL


async def _log_in(stack: Stack, email: str) -> Browser:
    browser = Browser(stack.origin_url)

    async def log_in() -> None:
        await browser.open("/members/login")
        await browser.press("ログイン", email=email, password=PASSWORD)
        if "noren_session" not in browser.client.cookies:
            raise ConnectionError(browser.text[:200])

    await patiently(log_in)
    return browser
