"""Orders placed while garbage runs through every queue: each event of theirs has to be heard in time."""

import asyncio
import time
from collections.abc import Mapping

from proof.browser import Browser
from proof.fuzz.roles import new_address
from proof.observers import Outside
from proof.shopper import Person, Shopper

ORDERS = 5
HEARD_SECONDS_MAX = 90.0


async def place_orders(outside: Outside, origin: str) -> Mapping[str, int]:
    """Place orders, then wait until every queue has heard what they said; ``late`` counts what it has not."""
    codes: list[str] = []
    for _ in range(ORDERS):
        async with Browser(origin) as browser:
            shopper = Shopper(browser, Person(email=new_address()))
            await shopper.put_in_cart()
            codes.append(await shopper.order_by_form("cash_on_delivery"))
    deadline = time.monotonic() + HEARD_SECONDS_MAX
    while True:
        wanted, missing = await _unheard(outside, codes)
        if not missing or time.monotonic() > deadline:
            return {"orders": len(codes), "heard": wanted - missing, "late": missing}
        await asyncio.sleep(1)


async def _unheard(outside: Outside, codes: list[str]) -> tuple[int, int]:
    hearers = await outside.broker.hearers()
    heard = await outside.heard()
    wanted = [
        (queue, event.event_id)
        for event in await outside.said()
        if event.correlation in codes
        for queue in hearers.get((event.service, event.type), ())
    ]
    return len(wanted), sum(one not in heard for one in wanted)
