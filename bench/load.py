"""Buyers and staff of the benchmark, in a separate process that writes its results as JSON to stdout.

    python -m bench.load < plan.json

The plan: ``checkout_url``, ``origin_url``, ``database_url`` (checkout's, read only), ``staff`` and ``members``
(session cookies), ``skus``, ``orders``, ``connections``, and ``rate`` (orders a second, 0 floods). Staff
ship whatever is authorized, up to a hundred orders a click, from the first order on.
"""

import asyncio
import json
import random
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import asyncpg

from proof.card import KIND
from proof.patience import AGAIN
from proof.wishes import wish

SHIP_AT_ONCE = 100
PAUSE_SECONDS = 0.1
LATE_SECONDS_MAX = 120
TRIES_MAX = 50
NO_ANSWER = 0
# A bug of the shop voids a run.
REFUSED_FOR_NOW = {NO_ANSWER, *AGAIN} - {500}
SHIPPED_BEFORE = "order_move_not_allowed"
READY_TO_SHIP = """
    SELECT code FROM orders WHERE status = 'in_progress' AND payment = 'authorized' AND shipping = 'unshipped'
    ORDER BY placed_at LIMIT $1
"""


@dataclass
class Seen:
    """What the clients saw. Moments are UNIX time in seconds."""

    asked_at: dict[str, float] = field(default_factory=dict)
    answer_seconds: list[float] = field(default_factory=list)
    ship_seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    started_at: float = 0.0
    placed_until: float = 0.0


class Shop:
    """The shop as its clients use it."""

    def __init__(self, plan: dict[str, Any], client: aiohttp.ClientSession) -> None:
        self.plan, self.client, self.seen = plan, client, Seen()
        self._random = random.Random(plan["seed"])  # noqa: S311 - which product somebody wants
        self.unshipped: set[str] = set()
        self.all_placed = False

    async def place(self, number: int) -> None:
        """Place one order; ask again with the same key where the shop says so."""
        plan = self.plan
        headers = {"Origin": plan["origin_url"], "Idempotency-Key": f"bench-{plan['seed']}-{number}"}
        member = self._random.choice([*plan["members"], None])
        if member is not None:
            headers["Cookie"] = f"noren_session={member}"
        wanted = self._wish(number)
        asked_at, told = time.time(), ""
        for _ in range(TRIES_MAX):
            status, told = await self._post("/api/checkout/orders", wanted, headers)
            if status == 201:
                code = json.loads(told)["order_code"]
                self.seen.asked_at[code] = asked_at
                self.seen.answer_seconds.append(time.time() - asked_at)
                self.unshipped.add(code)
                return
            if status not in REFUSED_FOR_NOW:
                self.seen.errors.append(f"{status} {told[:200]}")
                return
            await asyncio.sleep(PAUSE_SECONDS)
        self.seen.errors.append(f"gave up: {told[:200]}")

    async def _post(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> tuple[int, str]:
        """Return status and text of the answer; NO_ANSWER and why where the connection was lost."""
        try:
            async with self.client.post(path, json=body, headers=headers) as answer:
                return answer.status, await answer.text()
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
            return NO_ANSWER, type(error).__name__

    def _wish(self, number: int) -> dict[str, Any]:
        skus = self._random.sample(self.plan["skus"], k=self._random.choice((1, 1, 2)))
        return wish(KIND, dict.fromkeys(skus, 1), email=f"buyer{self.plan['seed']}-{number}@example.jp")

    async def flood(self) -> None:
        """Place all orders as fast as ``connections`` buyers can."""
        numbers = iter(range(self.plan["orders"]))

        async def buyer() -> None:
            for number in numbers:
                await self.place(number)

        await asyncio.gather(*(buyer() for _ in range(self.plan["connections"])))

    async def steady(self) -> None:
        """Place orders at a fixed rate, whether or not the earlier ones are answered."""
        started, rate = time.monotonic(), self.plan["rate"]
        async with asyncio.TaskGroup() as tasks:
            for number in range(self.plan["orders"]):
                await asyncio.sleep(max(0.0, started + number / rate - time.monotonic()))
                tasks.create_task(self.place(number))

    async def ship_all(self) -> None:
        """Be the staff: ship what is authorized until every order has left."""
        database = await asyncpg.connect(self.plan["database_url"])
        late_at = float("inf")
        while self.unshipped or not self.all_placed:
            if self.all_placed and late_at == float("inf"):
                late_at = time.monotonic() + LATE_SECONDS_MAX
            if time.monotonic() > late_at:
                self.seen.errors.append(f"{len(self.unshipped)} orders could not be shipped in time")
                break
            ready = await database.fetch(READY_TO_SHIP, SHIP_AT_ONCE)
            if ready:
                await self._ship([row["code"] for row in ready])
            else:
                await asyncio.sleep(PAUSE_SECONDS)
        await database.close()

    async def _ship(self, codes: list[str]) -> None:
        """Let parcels leave; ask again where no answer came, for they may have left or not."""
        orders = [
            {"order_code": code, "carrier": "yamato", "tracking_number": "123456789013"} for code in codes
        ]
        headers = {"Origin": self.plan["origin_url"], "Cookie": f"noren_session={self.plan['staff']}"}
        body = {"orders": orders, "send_mail": True}
        started, left_before = time.time(), False
        for _ in range(TRIES_MAX):
            status, told = await self._post("/api/checkout/desk/orders/ship", body, headers)
            if status != NO_ANSWER:
                break
            left_before = True
            await asyncio.sleep(PAUSE_SECONDS)
        if status != 200:
            self.seen.errors.append(f"ship: {status} {told[:200]}")
            await asyncio.sleep(PAUSE_SECONDS)
            return
        self.seen.ship_seconds.append(time.time() - started)
        for result in json.loads(told)["results"]:
            if result["ok"] or (left_before and result["code"] == SHIPPED_BEFORE):
                self.unshipped.discard(result["order_code"])
            else:
                self.seen.errors.append(f"ship: {result['code']}")


async def main() -> None:
    """Carry out the plan on stdin."""
    plan = json.loads(await asyncio.to_thread(sys.stdin.read))
    connector = aiohttp.TCPConnector(limit=plan["connections"] + 8)
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(plan["checkout_url"], connector=connector, timeout=timeout) as client:
        shop = Shop(plan, client)
        shop.seen.started_at = time.time()
        staff = asyncio.create_task(shop.ship_all())
        await (shop.steady() if plan["rate"] else shop.flood())
        shop.seen.placed_until = time.time()
        shop.all_placed = True
        await staff
    json.dump(vars(shop.seen), sys.stdout)


if __name__ == "__main__":
    import uvloop

    uvloop.run(main())
