"""A steady load: orders begin at a fixed rate, whatever the shop does, by every method in turn."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from functools import partial

from proof.browser import Browser
from proof.load import CANCELLED, Cancelled, Load
from proof.patience import patiently
from proof.wishes import METHODS

AT_ONCE_MAX = 400
PIECES_MAX = 9_999  # as many as staff may book at once
# Each makes one order at a time, and every third order is a member's: enough of them for eighteen seconds each.
MEMBERS_MIN, MEMBERS_FOR_RATE = 12, 6


@dataclass
class Crowd:
    """``rate`` orders begin each second; ``pieces`` of each product are there for a round; ``troubles`` tells of those who lost their patience."""

    load: Load
    rate: float
    pieces: int = PIECES_MAX
    counts: Counter[str] = field(default_factory=Counter)
    begun: int = 0
    troubles: list[str] = field(default_factory=list)
    _skus: list[str] = field(default_factory=list)
    _inside: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def inside(self) -> int:
        """How many are ordering now."""
        return len(self._inside)

    async def opens(self) -> None:
        """Let staff and members in."""
        await self.load.opens(members=max(MEMBERS_MIN, int(self.rate * MEMBERS_FOR_RATE)))
        products = await self.load.outside.rows("checkout", "SELECT sku FROM stock ORDER BY sku")
        self._skus = [row["sku"] for row in products]

    async def fill_stock(self) -> None:
        """Let goods of every kind arrive, enough for one round."""
        for sku in self._skus:
            await patiently(
                partial(self.load.shop.deliver, sku, self.pieces), seconds=self.load.patience_seconds
            )

    async def run(self, stop: asyncio.Event) -> None:
        """Let orders begin until ``stop``, then wait until all who are inside have finished."""
        await self.fill_stock()
        loop = asyncio.get_running_loop()
        at = loop.time()
        while not stop.is_set():
            at += 1 / self.rate
            try:
                async with asyncio.timeout_at(at):
                    await stop.wait()
            except TimeoutError:
                self._let_in()
        if self._inside:
            await asyncio.wait(self._inside)

    def _let_in(self) -> None:
        if len(self._inside) >= AT_ONCE_MAX:
            # While the shop is away nobody else would queue for ever either.
            self.counts["left_out"] += 1
            return
        number = self.begun
        self.begun += 1
        self.counts["begun"] += 1
        task = asyncio.create_task(self._one(number))
        self._inside.add(task)
        task.add_done_callback(self._inside.discard)

    async def _one(self, number: int) -> None:
        method = METHODS[number % len(METHODS)]
        members = self.load.members
        member = members[number // 3 % len(members)] if number % 3 == 0 else None
        sku = self._skus[number % len(self._skus)]
        cancelled: Cancelled | None = self.load.fate.choice(CANCELLED) if number % 5 == 4 else None
        async with Browser(self.load.shop.origin_url) as buyer:
            try:
                await self.load.whole_order(method, member, cancelled=cancelled, buyer=buyer, lines={sku: 1})
            except Exception as error:
                self.troubles.append(f"{method}: {type(error).__name__}: {error}"[:400])
        whose = buyer if member is None else member.browser
        self.load.orders[:] = [order for order in self.load.orders if order.buyer is not whose]
        self.counts["finished"] += 1
