"""試験用カード: one call authorizes, one call captures, as with any card. Not a method of the shop."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Self

import aiohttp

from payments.methods.method import Menu, Method, Shop
from payments.payment.rules.answers import Answer, Authorized, Captured, Refunded, Unknown, Voided
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms


class ProofCard(Method):
    """Speaks to ``proof.card.gateway``. The id of the payment is the charge's id, so a look-up always finds it."""

    kind = "proof_card"
    terms = Terms(flow="authorized", deposit="capture")
    requests_at_once_max = 64

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: aiohttp.ClientSession | None = None

    @classmethod
    def from_environment(cls, shop: Shop) -> Self:
        """Make the method; ``PROOF_CARD_URL`` is the gateway. Raises KeyError without it."""
        return cls(shop.environment["PROOF_CARD_URL"])

    def menu(self) -> Menu:
        """Return what checkout may offer."""
        return Menu(kind=self.kind, name="カード", group="card", authorized_at_order=True, bulk_capture=True)

    async def authorize(self, payment: Payment, *, key: str) -> Answer:
        """Hold the money."""
        return await self._ask(payment, "authorize", payment.amount, key)

    async def capture(self, payment: Payment, *, amount: int, key: str) -> Answer:
        """Take the money."""
        return await self._ask(payment, "capture", amount, key)

    async def void(self, payment: Payment, *, key: str) -> Answer:
        """Give the authorization back."""
        return await self._ask(payment, "void", 0, key)

    async def refund(self, payment: Payment, *, amount: int, key: str) -> Answer:
        """Give money back."""
        return await self._ask(payment, "refund", amount, key)

    async def look_up(self, payment: Payment) -> Sequence[Answer]:
        """Return what the gateway has done, oldest first."""
        try:
            async with self._session.get(f"/charges/{payment.payment_id.hex}") as answer:
                return [_meaning(entry) for entry in await answer.json()]
        except (aiohttp.ClientError, TimeoutError) as error:
            return (Unknown(reason=type(error).__name__),)

    async def _ask(self, payment: Payment, do: str, amount: int, key: str) -> Answer:
        wish = {"amount": amount, "key": key}
        try:
            async with self._session.post(f"/charges/{payment.payment_id.hex}/{do}", json=wish) as answer:
                if answer.status != 200:
                    return Unknown(reason=f"http_{answer.status}")
                return _meaning(await answer.json())
        except (aiohttp.ClientError, TimeoutError) as error:
            return Unknown(reason=type(error).__name__)

    @property
    def _session(self) -> aiohttp.ClientSession:
        """The client, made on first use: it belongs to the loop that runs then."""
        if self._client is None:
            # Let go of idle connections before the gateway does (five seconds): a call that meets its goodbye fails.
            connector = aiohttp.TCPConnector(limit=self.requests_at_once_max, keepalive_timeout=3)
            timeout = aiohttp.ClientTimeout(total=10)
            self._client = aiohttp.ClientSession(self._url, connector=connector, timeout=timeout)
        return self._client

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()


def _meaning(entry: dict[str, Any]) -> Answer:
    at = datetime.fromtimestamp(entry["at"], UTC)
    match entry["kind"]:
        case "authorized":
            return Authorized(
                authorization_id=entry["charge_id"],
                amount=entry["amount"],
                authorized_at=at,
                instrument="Visa ****1111",
            )
        case "captured":
            return Captured(amount=entry["amount"], captured_at=at, receipt_id=entry["key"])
        case "refunded":
            return Refunded(refund_ref=entry["key"], amount=entry["amount"])
        case _:
            return Voided()


METHOD = ProofCard
