"""How many unpaid orders one buyer may have open: each of them holds stock that others cannot buy."""

from collections.abc import Sequence
from dataclasses import dataclass

from checkout.domain.purchase import Purchase
from shared.errors import Refused


@dataclass(frozen=True, slots=True)
class HeldOrder:
    """An order that is not paid yet and holds stock; ``email`` in small letters."""

    code: str
    email: str
    client_address: str | None


@dataclass(frozen=True, slots=True)
class HoldLimits:
    """Open unpaid orders per e-mail address, browser and client address; 0 is no limit.

    Only prepaid orders count: the others are authorized at once, or end by themselves, or are paid at the door.
    Members have a limit of their own.
    """

    guest_email: int = 3
    guest_browser: int = 3
    guest_client: int = 20
    member: int = 10


class Holds:
    """The open unpaid orders of those who are ordering now, those of the same transaction included."""

    def __init__(self, limits: HoldLimits, held: Sequence[HeldOrder]) -> None:
        self._limits = limits
        self._held = list(held)

    def check(self, purchase: Purchase) -> None:
        """Raise Refused(too_many_unpaid_orders) if this buyer has as many as may be open."""
        limits = self._limits
        email = purchase.orderer.email.lower()
        if purchase.member_id is not None:
            self._refuse(limits.member, sum(one.email == email for one in self._held))
            return
        self._refuse(limits.guest_email, sum(one.email == email for one in self._held))
        self._refuse(limits.guest_browser, sum(one.code in purchase.earlier_orders for one in self._held))
        if purchase.client_address:
            here = sum(one.client_address == purchase.client_address for one in self._held)
            self._refuse(limits.guest_client, here)

    def add(self, purchase: Purchase, code: str) -> None:
        """Count an order that this transaction is about to store."""
        self._held.append(HeldOrder(code, purchase.orderer.email.lower(), purchase.client_address or None))

    @staticmethod
    def _refuse(limit: int, count: int) -> None:
        if limit and count >= limit:
            raise Refused(
                "too_many_unpaid_orders",
                f"お支払いがお済みでないご注文が{count}件あるため、新しいご注文をお受けできません。"
                "先のご注文のお支払いを済ませるか、お支払い期限が過ぎてから、もう一度お試しください。",
                status=429,
            )
