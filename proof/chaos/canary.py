"""The time of a recovery: until all replicas are ready and a new order is authorized."""

import asyncio
import itertools
import time
from collections.abc import Awaitable
from dataclasses import dataclass

import httpx

from proof.browser import Browser
from proof.chaos.stage import NotInTime, Stage
from proof.load import Load, Order
from proof.patience import patiently
from proof.wishes import SKU, wish

WELL_AGAIN_SECONDS_MAX = 180.0
_numbers = itertools.count(1)


@dataclass
class Canary:
    """A buyer who has chosen a wallet before the fault, and orders as soon as it is over."""

    load: Load
    buyer: Browser

    @classmethod
    async def prepared(cls, load: Load) -> "Canary":
        """Visit the provider, up to the moment before 「注文を確定する」."""
        buyer = Browser(load.shop.origin_url, timeout_seconds=5)
        await patiently(lambda: load.choose_wallet(buyer), seconds=load.patience_seconds)
        return cls(load, buyer)

    async def sings(self) -> None:
        """Order, and go to the provider and back until it is authorized."""
        key = f"canary-{time.time_ns()}-{next(_numbers)}"
        answer = await self.load.places(self.buyer, key, wish("amazon_pay", {SKU: 1}))
        order = Order(answer["order_code"], "amazon_pay", answer["total"], answer["next_path"], self.buyer)
        await patiently(lambda: self.load.confirm_at_provider(order), seconds=WELL_AGAIN_SECONDS_MAX)


async def in_peace(load: Load) -> float:
    """Return how many seconds a canary's order takes from wish to authorization while nothing is broken."""
    canary = await Canary.prepared(load)
    began = time.monotonic()
    try:
        await canary.sings()
    finally:
        await canary.buyer.client.aclose()
    return time.monotonic() - began


@dataclass(frozen=True)
class Recovery:
    """Seconds until every replica said that it was ready, and until the canary's order was authorized."""

    ready: float
    authorized: float

    @property
    def seconds(self) -> float:
        """When both were so."""
        return max(self.ready, self.authorized)


async def well_again(stage: Stage, canary: Canary) -> Recovery:
    """Return after how many seconds from now all replicas are ready and the canary's order is authorized.

    Raises NotInTime if that takes more than three minutes.
    """
    began = time.monotonic()

    async def timed(work: Awaitable[None]) -> float:
        await work
        return time.monotonic() - began

    ready = stage.until(stage.all_ready, "all are ready", seconds=WELL_AGAIN_SECONDS_MAX)
    try:
        async with asyncio.timeout(WELL_AGAIN_SECONDS_MAX):
            return Recovery(*await asyncio.gather(timed(ready), timed(canary.sings())))
    except (TimeoutError, AssertionError, OSError, httpx.HTTPError) as error:
        raise NotInTime(f"not well: {await stage.complaints()}, {error}") from error
    finally:
        await canary.buyer.client.aclose()
