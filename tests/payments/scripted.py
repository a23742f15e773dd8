"""A method whose provider says what a test wrote down for it, in that order."""

import asyncio
from collections.abc import Sequence
from typing import Self

from payments.methods.method import Menu, Method, Notice, Shop
from payments.payment.rules.answers import Answer, Authorized, Captured
from payments.payment.rules.order import Parcel
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from shared.clock import now

CARD = Terms(flow="authorized", deposit="capture", capture_days_max=30)


class Scripted(Method):
    """``script``: what is answered next; ``known``: what a look-up finds. An exception is raised."""

    kind = "scripted"
    requests_at_once_max = 2

    def __init__(self, terms: Terms = CARD) -> None:
        self.terms = terms
        self.script: list[Answer | Exception] = []
        self.known: list[Sequence[Answer]] = []
        self.asked: list[tuple[str, int, str]] = []
        self.about: list[Payment] = []
        self.parcels: list[Parcel] = []
        self.silence = asyncio.Event()
        self.silence.set()

    @classmethod
    def from_environment(cls, shop: Shop) -> Self:
        """Not from settings."""
        return cls()

    def menu(self) -> Menu:
        """Return an entry for the menu."""
        return Menu(kind=self.kind, name="台本", group="card")

    async def authorize(self, payment: Payment, *, key: str) -> Answer:
        """Say what comes next."""
        return await self._say("authorize", payment, payment.amount, key)

    async def issue(self, payment: Payment, *, key: str) -> Answer:
        """Say what comes next."""
        return await self._say("issue", payment, payment.amount, key)

    async def capture(self, payment: Payment, *, amount: int, key: str) -> Answer:
        """Say what comes next."""
        return await self._say("capture", payment, amount, key)

    async def void(self, payment: Payment, *, key: str) -> Answer:
        """Say what comes next."""
        return await self._say("void", payment, payment.amount, key)

    async def refund(self, payment: Payment, *, amount: int, key: str) -> Answer:
        """Say what comes next."""
        return await self._say("refund", payment, amount, key)

    async def tell_shipped(self, payment: Payment, parcel: Parcel, *, key: str) -> Answer:
        """Say what comes next."""
        self.parcels.append(parcel)
        return await self._say("tell_shipped", payment, 0, key)

    async def look_up(self, payment: Payment) -> Sequence[Answer]:
        """Find what comes next, at last always the same."""
        self.asked.append(("look_up", payment.amount, ""))
        return self.known.pop(0) if len(self.known) > 1 else self.known[0] if self.known else ()

    async def read_notice(self, headers: object, body: bytes) -> Notice:
        """Believe everything: ``id:reference``."""
        notice_id, _, reference = body.decode().partition(":")
        return Notice(notice_id, reference or None)

    async def _say(self, operation: str, payment: Payment, amount: int, key: str) -> Answer:
        self.asked.append((operation, amount, key))
        self.about.append(payment)
        await self.silence.wait()
        answer = self.script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def granted(hold: str = "a1") -> Authorized:
    """All of the order's money is held, now."""
    return Authorized(authorization_id=hold, amount=3_300, authorized_at=now())


def taken(receipt: str = "r1") -> Captured:
    """All of the order's money is taken, now."""
    return Captured(amount=3_300, captured_at=now(), receipt_id=receipt)
