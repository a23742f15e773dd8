"""Amazon Pay inside the payments service, and a buyer between them."""

from dataclasses import dataclass
from datetime import timedelta

import httpx

from harness.keys import Keys
from payments.methods.amazon_pay.simulator.driving import AmazonDriver
from shared.clock import clock
from shared.events import Event
from tests.payments.order_examples import placed
from tests.payments.payments_service import Payments

NOTICES = "/payments/amazon_pay/notices"


@dataclass
class World:
    """The service, Amazon, and a buyer between them."""

    payments: Payments
    amazon: AmazonDriver
    provider: httpx.AsyncClient
    keys: Keys

    async def order(self, code: str = "N1", total: int = 3_300) -> None:
        """The buyer confirms, and agrees on Amazon's page."""
        await self.payments.hears(placed(code, "amazon_pay", total, choice=self.amazon.choice()))
        await self.payments.work()
        await self.amazon.approve(await self.payments.payment(code))
        await self.payments.work()

    async def soon(self) -> None:
        """Workers look again at what they had put off."""
        clock.move(timedelta(minutes=2))
        await self.payments.work()

    async def said(self) -> list[type[Event]]:
        """What the service said."""
        return [type(event) for event in await self.payments.said()]

    async def posts(self, body: bytes) -> int:
        """Amazon posts a notice; answers the status."""
        return (await self.payments.browser.post(NOTICES, content=body)).status_code

    async def ledger(self, kind: str) -> list[int]:
        """Amounts of one kind in Amazon's ledger."""
        rows = (await self.provider.get("/ledger")).json()["entries"]
        return [row["amount"] for row in rows if row["kind"] == kind]
